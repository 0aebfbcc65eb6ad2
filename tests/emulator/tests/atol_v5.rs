//! protocol/atol.md 4.1 items 11 to 15: the v5 schema and its rules.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cloud;

use cloud::{MARK, Shop, correction_v5, sale_v4, sale_v5, with, without};
use serde_json::{Value, json};

fn long(count: usize) -> Value {
    json!("x".repeat(count))
}

#[tokio::test]
async fn item_11_v5_refuses_unknown_properties() {
    let shop = Shop::v5().await;
    let cases = [
        ("/colour", json!(1), "NoAdditionalPropertiesAllowed: #/colour"),
        ("/receipt/colour", json!(1), "NoAdditionalPropertiesAllowed: #/receipt.colour"),
        (
            "/receipt/items/0/measurement_unit",
            json!("x"),
            "NoAdditionalPropertiesAllowed: #/receipt.items[0].measurement_unit",
        ),
        ("/receipt/company/name", json!("x"), "NoAdditionalPropertiesAllowed: #/receipt.company.name"),
        (
            "/receipt/agent_info",
            json!({ "type": "attorney" }),
            "NoAdditionalPropertiesAllowed: #/receipt.agent_info",
        ),
        (
            "/receipt/items/1/mark_code",
            json!({ "ean14": "x" }),
            "NoAdditionalPropertiesAllowed: #/receipt.items[1].mark_code.ean14",
        ),
    ];
    shop.expect("sell", sale_v5, &cases).await;
}

#[tokio::test]
async fn item_11_newer_fields_and_rates_by_revision() {
    let shop = Shop::v5().await;
    let newer = [
        ("/source_id", json!(7), "NoAdditionalPropertiesAllowed: #/source_id"),
        ("/receipt/internet", json!(true), "NoAdditionalPropertiesAllowed: #/receipt.internet"),
        ("/receipt/timezone", json!(2), "NoAdditionalPropertiesAllowed: #/receipt.timezone"),
        (
            "/receipt/cashless_payments",
            json!([{ "sum": 1, "method": 0, "id": "x" }]),
            "NoAdditionalPropertiesAllowed: #/receipt.cashless_payments",
        ),
        (
            "/receipt/items/1/wholesale",
            json!(false),
            "NoAdditionalPropertiesAllowed: #/receipt.items[1].wholesale",
        ),
        (
            "/receipt/items/1/planned_status",
            json!(1),
            "NoAdditionalPropertiesAllowed: #/receipt.items[1].planned_status",
        ),
        ("/receipt/items/0/vat/type", json!("vat5"), "NotInEnumeration: #/receipt.items[0].vat.type"),
        ("/receipt/items/0/vat/type", json!("vat122"), "NotInEnumeration: #/receipt.items[0].vat.type"),
    ];
    let accepted: Vec<_> = newer.iter().map(|(pointer, value, _)| (*pointer, value.clone(), "")).collect();
    shop.expect("sell", sale_v5, &accepted).await;
    let bad = [
        ("/receipt/timezone", json!(12), "NumberTooBig: #/receipt.timezone"),
        ("/receipt/items/1/planned_status", json!(0), "NumberTooSmall: #/receipt.items[1].planned_status"),
    ];
    shop.expect("sell", sale_v5, &bad).await;
    shop.switch("v5_revision", "3.5");
    shop.expect("sell", sale_v5, &newer).await;
}

#[tokio::test]
async fn item_12_the_root_fits_the_operation() {
    let shop = Shop::v5().await;
    let missing = ["PropertyRequired: #/correction", "NoAdditionalPropertiesAllowed: #/receipt"];
    assert_eq!(shop.violations("sell_refund_correction", &sale_v5("a")).await, missing);
    let missing = ["PropertyRequired: #/receipt", "NoAdditionalPropertiesAllowed: #/correction"];
    assert_eq!(shop.violations("buy_refund", &correction_v5("a")).await, missing);
}

#[tokio::test]
async fn item_13_v5_timestamps_pass_the_pattern() {
    let shop = Shop::v5().await;
    let bad = "PatternMismatch: #/timestamp";
    let cases = [
        ("/timestamp", json!("31.02.2026 23:59:59"), ""),
        ("/timestamp", json!("14.02.2026 24:00:00"), bad),
        ("/timestamp", json!("14.02.2126 09:00:00"), bad),
        ("/timestamp", json!("14.2.2026 09:00:00"), bad),
        ("/timestamp", json!("14.02.2026 09:00"), bad),
        ("/timestamp", json!("2026-02-14T09:00:00"), bad),
        ("/receipt/items/0/vat/type", json!("vat18"), "NotInEnumeration: #/receipt.items[0].vat.type"),
    ];
    shop.expect("sell", sale_v5, &cases).await;
    shop.switch("hour_24", true);
    let midnight = with(sale_v5("midnight"), "/timestamp", json!("14.02.2026 24:00:00"));
    assert_eq!(shop.sell(&midnight).await.status, 200);
    shop.switch("refuse_vat20", true);
    let case =
        [("/receipt/items/0/vat/type", json!("vat120"), "NotInEnumeration: #/receipt.items[0].vat.type")];
    shop.expect("buy", sale_v5, &case).await;
}

#[tokio::test]
async fn item_14_what_v5_requires() {
    let shop = Shop::v5().await;
    let required = [
        "client",
        "company",
        "company/email",
        "company/sno",
        "company/inn",
        "company/payment_address",
        "items",
        "payments",
        "total",
        "items/0/name",
        "items/0/price",
        "items/0/quantity",
        "items/0/measure",
        "items/0/sum",
        "items/0/payment_method",
        "items/0/payment_object",
        "items/0/vat",
        "items/0/vat/type",
        "payments/0/type",
        "payments/0/sum",
        "items/0/supplier_info",
        "items/0/supplier_info/inn",
        "items/0/supplier_info/name",
        "items/0/supplier_info/phones",
        "items/0/agent_info/type",
        "items/0/agent_info/paying_agent/phones",
        "items/1/mark_code",
        "items/1/mark_processing_mode",
    ];
    for path in required {
        let dotted = path.replace("items/", "items[").replace("payments/0", "payments[0]");
        let dotted = dotted.replace("[0/", "[0].").replace("[1/", "[1].").replace('/', ".");
        let body = without(sale_v5("a"), &format!("/receipt/{path}"));
        assert_eq!(
            shop.violations("sell", &body).await,
            [format!("PropertyRequired: #/receipt.{dotted}")],
            "{path}"
        );
    }
    let attorney = with(sale_v5("b"), "/receipt/items/0/agent_info/type", json!("attorney"));
    let attorney = with(attorney, "/receipt/items/0/supplier_info", json!({ "inn": "7700000016" }));
    assert_eq!(shop.sell(&attorney).await.status, 200);
    shop.switch("v5_table_optional", true);
    let optional = without(sale_v5("c"), "/receipt/items/0/agent_info/paying_agent/phones");
    let optional = with(optional, "/receipt/vats", json!([{ "type": "none" }]));
    assert_eq!(shop.sell(&optional).await.status, 200);
    shop.switch("v5_table_optional", false);
    let violations = shop.violations("sell", &with(optional, "/external_id", json!("d"))).await;
    assert_eq!(violations.len(), 2, "{violations:?}");
}

#[tokio::test]
async fn item_14_limits_and_lists_of_a_v5_receipt() {
    let shop = Shop::v5().await;
    let cases = [
        ("/receipt/client", json!({}), "NotAnyOf: #/receipt.client"),
        ("/receipt/client", json!({ "email": "none" }), ""),
        ("/receipt/client/phone", json!("none"), ""),
        ("/receipt/client/phone", json!("79990000001"), "PatternMismatch: #/receipt.client.phone"),
        ("/receipt/client/birthdate", json!("1.1.2000"), "PatternMismatch: #/receipt.client.birthdate"),
        ("/receipt/client/document_code", json!("21"), ""),
        ("/receipt/client/document_code", json!("23"), "NotInEnumeration: #/receipt.client.document_code"),
        ("/receipt/cashier_inn", json!("7700000016"), "PatternMismatch: #/receipt.cashier_inn"),
        ("/receipt/items/0/name", long(129), "StringTooLong: #/receipt.items[0].name"),
        ("/receipt/items/0/price", json!(42_949_672.96), "NumberTooBig: #/receipt.items[0].price"),
        ("/receipt/items/0/price", json!(0.001), "NumberNotMultipleOf: #/receipt.items[0].price"),
        ("/receipt/items/0/quantity", json!(100_000), "NumberTooBig: #/receipt.items[0].quantity"),
        ("/receipt/items/0/quantity", json!(99_999.999), ""),
        ("/receipt/items/0/quantity", json!(0.0005), "NumberTooSmall: #/receipt.items[0].quantity"),
        ("/receipt/items/0/quantity", json!(1.0005), "NumberNotMultipleOf: #/receipt.items[0].quantity"),
        ("/receipt/items/0/measure", json!(255), ""),
        ("/receipt/items/0/measure", json!(13), "NotInEnumeration: #/receipt.items[0].measure"),
        ("/receipt/items/0/measure", json!("0"), "IntegerExpected: #/receipt.items[0].measure"),
        ("/receipt/items/0/sum", Value::Null, "NumberExpected: #/receipt.items[0].sum"),
        ("/receipt/items/0/payment_object", json!(28), "NotInEnumeration: #/receipt.items[0].payment_object"),
        ("/receipt/items/0/payment_object", json!(30), ""),
        ("/receipt/items/0/country_code", json!("64"), "StringTooShort: #/receipt.items[0].country_code"),
        (
            "/receipt/items/0/agent_info/type",
            json!("agent"),
            "NotInEnumeration: #/receipt.items[0].agent_info.type",
        ),
        (
            "/receipt/items/0/agent_info/paying_agent/operation",
            long(25),
            "StringTooLong: #/receipt.items[0].agent_info.paying_agent.operation",
        ),
        ("/receipt/items/0/agent_info/paying_agent/phones/0", json!("+"), ""),
        (
            "/receipt/items/0/agent_info/paying_agent/phones/0",
            long(18),
            "PatternMismatch: #/receipt.items[0].agent_info.paying_agent.phones[0]",
        ),
        ("/receipt/items/0/supplier_info/inn", json!("000000000000"), ""),
        ("/receipt/payments/0/sum", json!(-0.01), "NumberTooSmall: #/receipt.payments[0].sum"),
        ("/receipt/total", json!(100_000_000.01), "NumberTooBig: #/receipt.total"),
        (
            "/receipt/operating_check_props",
            json!({ "name": "1", "value": "x", "timestamp": "14.02.2026 09:00:00" }),
            "PatternMismatch: #/receipt.operating_check_props.name",
        ),
        (
            "/receipt/operating_check_props",
            json!({ "name": "0", "value": "x", "timestamp": "14.02.2026" }),
            "PatternMismatch: #/receipt.operating_check_props.timestamp",
        ),
        (
            "/receipt/sectoral_check_props",
            json!([{ "federal_id": "073", "date": "14.02.2026", "number": "1", "value": "x" }]),
            "",
        ),
        (
            "/receipt/sectoral_check_props",
            json!([{ "federal_id": "074", "date": "14.02.2026", "number": "1", "value": "x" }]),
            "PatternMismatch: #/receipt.sectoral_check_props[0].federal_id",
        ),
        (
            "/receipt/items/0/sectoral_item_props",
            json!([{ "federal_id": "001", "date": "14.02.2026", "number": "1" }]),
            "PropertyRequired: #/receipt.items[0].sectoral_item_props[0].value",
        ),
        ("/ism_optional", json!("true"), "BooleanExpected: #/ism_optional"),
    ];
    shop.expect("sell", sale_v5, &cases).await;
    let dear = with(sale_v5("dear"), "/receipt/items/0/price", json!(30_000_000));
    let dear = with(dear, "/receipt/items/0/quantity", json!(2));
    assert_eq!(shop.violations("sell", &dear).await, ["NumberTooBig: #/receipt.items[0].price"]);
    let form = shop.violations("sell", &sale_v4("a")).await;
    assert_eq!(form.len(), 6, "{form:?}");
}

#[tokio::test]
async fn item_14_marking_codes_of_every_kind() {
    let shop = Shop::v5().await;
    let path = "#/receipt.items[1].mark_code";
    let of = |kind: &str, violation: &str| format!("{violation}: {path}.{kind}");
    let (short, long_, pattern) = ("StringTooShort", "StringTooLong", "PatternMismatch");
    let bad = [
        ("unknown", long(33), long_),
        ("ean8", json!("1234567"), pattern),
        ("ean13", json!("12345678901x"), pattern),
        ("itf14", json!("123456789012345"), long_),
        ("gs10", long(39), long_),
        ("gs1m", json!("not base64!"), "Base64Expected"),
        ("gs1m", json!("A".repeat(204)), long_),
        ("short", long(39), long_),
        ("fur", json!("RU-430301-ABC"), pattern),
        ("egais20", long(33), long_),
        ("egais30", long(13), short),
    ];
    for (kind, value, violation) in bad {
        let body = with(sale_v5("a"), "/receipt/items/1/mark_code", json!({ kind: value }));
        assert_eq!(shop.violations("sell", &body).await, [of(kind, violation)], "{kind}");
    }
    let good = [
        ("unknown", long(32)),
        ("ean8", json!("12345678")),
        ("ean13", json!("1234567890123")),
        ("itf14", json!("12345678901234")),
        ("gs10", long(38)),
        ("gs1m", json!(MARK)),
        ("short", long(38)),
        ("fur", json!("RU-430301-ABC1234567")),
        ("egais20", long(23)),
        ("egais30", long(14)),
    ];
    for (kind, value) in good {
        let body = with(sale_v5(kind), "/receipt/items/1/mark_code", json!({ kind: value }));
        assert_eq!(shop.sell(&body).await.status, 200, "{kind}");
    }
    for codes in [json!({}), json!({ "ean8": "12345678", "short": "x" })] {
        let body = with(sale_v5("a"), "/receipt/items/1/mark_code", codes);
        assert_eq!(shop.violations("sell", &body).await, [format!("NotOneOf: {path}")]);
    }
}

#[tokio::test]
async fn item_14_rules_of_marked_items() {
    let shop = Shop::v5().await;
    let half =
        |numerator: i64, denominator: i64| json!({ "numerator": numerator, "denominator": denominator });
    let cases = [
        (
            "/receipt/items/1/mark_processing_mode",
            json!(0),
            "StringExpected: #/receipt.items[1].mark_processing_mode",
        ),
        (
            "/receipt/items/1/mark_processing_mode",
            json!("1"),
            "PatternMismatch: #/receipt.items[1].mark_processing_mode",
        ),
        ("/receipt/items/1/mark_quantity", half(1, 2), ""),
        (
            "/receipt/items/1/mark_quantity",
            half(2, 2),
            "NumberTooBig: #/receipt.items[1].mark_quantity.numerator",
        ),
        (
            "/receipt/items/1/mark_quantity",
            half(0, 2),
            "NumberTooSmall: #/receipt.items[1].mark_quantity.numerator",
        ),
        ("/receipt/items/0/mark_quantity", half(1, 2), "PropertyRequired: #/receipt.items[0].mark_code"),
    ];
    shop.expect("sell", sale_v5, &cases).await;
    let weighed = with(sale_v5("w"), "/receipt/items/1/measure", json!(11));
    let part = with(weighed.clone(), "/receipt/items/1/mark_quantity", half(1, 2));
    let measure = ["NotInEnumeration: #/receipt.items[1].measure"];
    assert_eq!(shop.violations("sell", &part).await, measure);
    let wholesale = with(sale_v5("s"), "/receipt/items/1/wholesale", json!(true));
    let missing = [
        "NumberTooSmall: #/receipt.items[1].quantity",
        "PropertyRequired: #/receipt.items[1].sectoral_item_props",
    ];
    assert_eq!(shop.violations("sell", &wholesale).await, missing);
    assert_eq!(shop.sell(&weighed).await.status, 200);
    shop.switch("v5_marked_item_is_one_piece", true);
    assert_eq!(shop.violations("sell", &weighed).await, measure);
    shop.switch("v5_planned_status_required", true);
    assert_eq!(
        shop.violations("sell", &sale_v5("p")).await,
        ["PropertyRequired: #/receipt.items[1].planned_status"]
    );
    let known = with(sale_v5("q"), "/receipt/items/1/planned_status", json!(1));
    assert_eq!(shop.sell(&known).await.status, 200);
}

#[tokio::test]
async fn item_15_v5_corrections_of_all_four_kinds() {
    let shop = Shop::v5().await;
    let cases = [
        ("/correction/client", json!("absent"), ""),
        ("/correction/client", json!({}), ""),
        ("/correction/items", json!("absent"), "PropertyRequired: #/correction.items"),
        ("/correction/total", json!("absent"), "PropertyRequired: #/correction.total"),
        ("/correction/company/email", json!("absent"), "PropertyRequired: #/correction.company.email"),
        ("/correction/correction_info", json!("absent"), "PropertyRequired: #/correction.correction_info"),
        (
            "/correction/correction_info/base_number",
            long(33),
            "StringTooLong: #/correction.correction_info.base_number",
        ),
        (
            "/correction/correction_info/base_date",
            json!("14.02.26"),
            "PatternMismatch: #/correction.correction_info.base_date",
        ),
        (
            "/correction/items/0/supplier_info",
            json!({}),
            "PropertyRequired: #/correction.items[0].supplier_info.inn",
        ),
    ];
    for word in ["sell_correction", "buy_correction", "sell_refund_correction", "buy_refund_correction"] {
        shop.expect(word, correction_v5, &cases).await;
    }
}
