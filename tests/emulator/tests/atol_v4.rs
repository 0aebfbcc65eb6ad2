//! protocol/atol.md 4.1 items 11 to 13 and 15: the v4 schema and its rules.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cloud;

use cloud::{Shop, correction_v4, sale_v4, sale_v5, with, without};
use serde_json::{Value, json};

fn long(count: usize) -> Value {
    json!("x".repeat(count))
}

#[tokio::test]
async fn item_11_v4_ignores_unknown_properties() {
    let shop = Shop::v4().await;
    let cases = [
        ("/receipt/colour", json!(1), ""),
        ("/receipt/items/0/measure", json!("x"), ""),
        ("/ism_optional", json!("x"), ""),
    ];
    shop.expect("sell", sale_v4, &cases).await;
}

#[tokio::test]
async fn item_12_the_root_fits_the_operation() {
    let shop = Shop::v4().await;
    let violations = shop.violations("sell_correction", &sale_v4("a")).await;
    assert_eq!(violations, ["PropertyRequired: #/correction"]);
    assert_eq!(shop.violations("sell", &correction_v4("a")).await, ["PropertyRequired: #/receipt"]);
    assert_eq!(shop.sell(&json!([])).await.error(), (400, 32));
}

#[tokio::test]
async fn item_13_v4_timestamps_are_any_text_and_18_percent_is_for_refunds() {
    let shop = Shop::v4().await;
    let cases = [
        ("/timestamp", json!("2026-03-13T10:20:30+03:00"), ""),
        ("/timestamp", json!(""), "StringTooShort: #/timestamp"),
        ("/timestamp", json!("absent"), "PropertyRequired: #/timestamp"),
        ("/receipt/items/0/vat/type", json!("vat18"), "NotInEnumeration: #/receipt.items[0].vat.type"),
        ("/receipt/vats/1/type", json!("vat118"), "NotInEnumeration: #/receipt.vats[1].type"),
        ("/receipt/items/0/vat/type", json!("vat22"), ""),
        ("/receipt/items/0/vat/type", json!("vat9"), "NotInEnumeration: #/receipt.items[0].vat.type"),
    ];
    shop.expect("sell", sale_v4, &cases).await;
    shop.expect("buy", sale_v4, &cases[3..5]).await;
    let refund =
        [("/receipt/items/0/vat/type", json!("vat118"), ""), ("/receipt/vats/1/type", json!("vat18"), "")];
    shop.expect("sell_refund", sale_v4, &refund).await;
    shop.expect("buy_refund", sale_v4, &refund).await;
    shop.switch("v4_revision", "5.15");
    let word = with(sale_v4("x"), "/receipt/items/0/vat/type", json!("vat22"));
    assert_eq!(shop.violations("sell", &word).await, ["NotInEnumeration: #/receipt.items[0].vat.type"]);
    shop.switch("refuse_vat20", true);
    assert_eq!(shop.violations("sell", &sale_v4("x")).await.len(), 2);
    assert_eq!(shop.submit("sell_refund", &sale_v4("x")).await.status, 200);
}

#[tokio::test]
async fn item_15_all_violations_are_in_one_text() {
    let shop = Shop::v4().await;
    let body = without(sale_v4("a"), "/receipt/client");
    let body = with(body, "/receipt/total", json!(-1));
    let body = with(body, "/receipt/items/1/price", json!("99"));
    let reply = shop.sell(&body).await;
    let all = [
        "PropertyRequired: #/receipt.client",
        "NumberExpected: #/receipt.items[1].price",
        "NumberTooSmall: #/receipt.total",
    ];
    assert_eq!(
        reply.text("/error/text"),
        format!("Ошибка валидации входного чека. Ошибочные поля : {}", all.join(", "))
    );
    assert_eq!((reply.text("/status").as_str(), reply.has("/uuid")), ("fail", false));
    shop.switch("violation_separator", "; ");
    assert!(shop.sell(&body).await.text("/error/text").ends_with(&all.join("; ")));
}

#[tokio::test]
async fn item_15_limits_and_lists_of_a_v4_receipt() {
    let shop = Shop::v4().await;
    let agent = |kind: &str| json!({ "type": kind });
    let cases = [
        ("/external_id", long(129), "StringTooLong: #/external_id"),
        ("/external_id", json!("absent"), "PropertyRequired: #/external_id"),
        ("/receipt/client", json!({}), "NotAnyOf: #/receipt.client"),
        ("/receipt/client", json!({ "email": "" }), "NotAnyOf: #/receipt.client"),
        ("/receipt/client", json!({ "phone": "9990000001" }), ""),
        ("/receipt/client/email", long(65), "StringTooLong: #/receipt.client.email"),
        ("/receipt/client/inn", json!("77000000160"), "PatternMismatch: #/receipt.client.inn"),
        ("/receipt/company/inn", json!("absent"), "PropertyRequired: #/receipt.company.inn"),
        ("/receipt/company/sno", json!("absent"), ""),
        ("/receipt/company/sno", json!("OSN"), "NotInEnumeration: #/receipt.company.sno"),
        ("/receipt/items", json!([]), "TooFewItems: #/receipt.items"),
        ("/receipt/items", json!({}), "ArrayExpected: #/receipt.items"),
        ("/receipt/items/0", json!(1), "ObjectExpected: #/receipt.items[0]"),
        ("/receipt/items/0/name", long(128), ""),
        ("/receipt/items/0/name", long(129), "StringTooLong: #/receipt.items[0].name"),
        ("/receipt/items/0/price", json!(250.001), "NumberNotMultipleOf: #/receipt.items[0].price"),
        ("/receipt/items/0/price", json!(-1), "NumberTooSmall: #/receipt.items[0].price"),
        ("/receipt/items/0/price", json!(10_000_000_000_u64), ""),
        ("/receipt/items/0/price", json!(10_000_000_001_u64), "NumberTooBig: #/receipt.items[0].price"),
        ("/receipt/items/0/quantity", json!(0.000001), ""),
        ("/receipt/items/0/quantity", json!(0), "NumberTooSmall: #/receipt.items[0].quantity"),
        ("/receipt/items/0/sum", Value::Null, ""),
        ("/receipt/items/0/measurement_unit", long(17), "StringTooLong: #/receipt.items[0].measurement_unit"),
        ("/receipt/items/0/nomenclature_code", json!("44 4D 00 01"), ""),
        ("/receipt/items/0/nomenclature_code", json!("4600000000001"), ""),
        ("/receipt/items/0/nomenclature_code", json!("010460000000000121N4vq7Zk2Tb1aX"), ""),
        (
            "/receipt/items/0/nomenclature_code",
            json!("nonsense"),
            "PatternMismatch: #/receipt.items[0].nomenclature_code",
        ),
        (
            "/receipt/items/0/payment_method",
            json!("cash"),
            "NotInEnumeration: #/receipt.items[0].payment_method",
        ),
        ("/receipt/items/0/payment_object", json!("non-operating_gain"), ""),
        ("/receipt/items/0/payment_object", json!(1), "StringExpected: #/receipt.items[0].payment_object"),
        ("/receipt/items/0/country_code", json!("64x"), "PatternMismatch: #/receipt.items[0].country_code"),
        ("/receipt/items/0/excise", json!(-0.01), "NumberTooSmall: #/receipt.items[0].excise"),
        (
            "/receipt/items/0/agent_info",
            agent("attorney"),
            "PropertyRequired: #/receipt.items[0].supplier_info",
        ),
        ("/receipt/agent_info", agent("attorney"), "PropertyRequired: #/receipt.supplier_info"),
        ("/receipt/payments", json!([]), "TooFewItems: #/receipt.payments"),
        (
            "/receipt/payments",
            json!(vec![json!({ "type": 1, "sum": 1 }); 11]),
            "TooManyItems: #/receipt.payments",
        ),
        ("/receipt/payments/0/type", json!(10), "NumberTooBig: #/receipt.payments[0].type"),
        ("/receipt/payments/0/type", json!(1.5), "IntegerExpected: #/receipt.payments[0].type"),
        ("/receipt/payments/0/sum", Value::Null, ""),
        (
            "/receipt/vats",
            json!(vec![json!({ "type": "none", "sum": 0 }); 7]),
            "TooManyItems: #/receipt.vats",
        ),
        ("/receipt/vats/0/sum", Value::Null, ""),
        ("/receipt/total", json!("649.85"), "NumberExpected: #/receipt.total"),
        ("/receipt/cashier", long(65), "StringTooLong: #/receipt.cashier"),
        ("/receipt/device_number", json!(""), "StringTooShort: #/receipt.device_number"),
        ("/receipt/internet", json!(1), "BooleanExpected: #/receipt.internet"),
        (
            "/receipt/additional_user_props/value",
            json!("absent"),
            "PropertyRequired: #/receipt.additional_user_props.value",
        ),
        (
            "/receipt/cashless_payments",
            json!([{ "sum": 1, "method": 256, "id": "x" }]),
            "NumberTooBig: #/receipt.cashless_payments[0].method",
        ),
        (
            "/service",
            json!({ "callback_url": "http://h/".to_owned() + &"x".repeat(248) }),
            "StringTooLong: #/service.callback_url",
        ),
        ("/source_id", json!(10), "NumberTooBig: #/source_id"),
    ];
    shop.expect("sell", sale_v4, &cases).await;
    let many = with(
        sale_v4("many"),
        "/receipt/items",
        json!(vec![sale_v4("x")["receipt"]["items"][0].clone(); 101]),
    );
    assert_eq!(shop.violations("sell", &many).await, ["TooManyItems: #/receipt.items"]);
    shop.switch("v4_table_limits", false);
    shop.expect("sell", sale_v4, &[("/receipt/items/0/name", long(129), "")]).await;
    assert_eq!(shop.sell(&many).await.status, 200);
}

#[tokio::test]
async fn item_15_float_noise_is_no_kopeck() {
    let shop = Shop::v4().await;
    for noise in ["649.850000000000006", "649.85000000000000000000000000000000000001"] {
        let body = sale_v4("a").to_string().replace("\"total\":649.85", &format!("\"total\":{noise}"));
        let reply = shop.call("POST", &shop.of_group("sell"), &body).await;
        assert!(reply.text("/error/text").ends_with("NumberNotMultipleOf: #/receipt.total"), "{reply:?}");
    }
    for (id, same) in [("b", "64985e-2"), ("c", "649.85000")] {
        let body = sale_v4(id).to_string().replace("\"total\":649.85", &format!("\"total\":{same}"));
        assert_eq!(shop.call("POST", &shop.of_group("sell"), &body).await.status, 200, "{same}");
    }
}

#[tokio::test]
async fn item_15_the_limits_of_the_older_v4_document() {
    let shop = Shop::open("v4", &[("v4_revision", json!("5.15"))]).await;
    let cases = [
        ("/receipt/items/0/price", json!(42_949_672.95), ""),
        ("/receipt/items/0/price", json!(42_949_672.96), "NumberTooBig: #/receipt.items[0].price"),
        ("/receipt/items/0/quantity", json!(0.0001), "NumberTooSmall: #/receipt.items[0].quantity"),
        ("/receipt/items/0/quantity", json!(1.0001), "NumberNotMultipleOf: #/receipt.items[0].quantity"),
        ("/receipt/total", json!(100_000_000.01), "NumberTooBig: #/receipt.total"),
    ];
    shop.expect("sell", sale_v4, &cases).await;
}

#[tokio::test]
async fn item_15_what_only_the_v4_tables_require() {
    let shop = Shop::v4().await;
    let cases =
        [("/receipt/company/email", json!("absent"), ""), ("/receipt/items/0/vat", json!("absent"), "")];
    shop.expect("sell", sale_v4, &cases).await;
    shop.switch("v4_table_required", true);
    let cases = [
        ("/receipt/company/email", json!("absent"), "PropertyRequired: #/receipt.company.email"),
        ("/receipt/items/0/vat", json!("absent"), "PropertyRequired: #/receipt.items[0].vat"),
    ];
    shop.expect("sell", sale_v4, &cases).await;
}

#[tokio::test]
async fn item_15_v4_corrections() {
    let shop = Shop::v4().await;
    let cases = [
        ("/correction/vats", json!("absent"), "PropertyRequired: #/correction.vats"),
        ("/correction/payments", json!("absent"), "PropertyRequired: #/correction.payments"),
        ("/correction/correction_info", json!("absent"), "PropertyRequired: #/correction.correction_info"),
        (
            "/correction/correction_info/type",
            json!("order"),
            "NotInEnumeration: #/correction.correction_info.type",
        ),
        (
            "/correction/correction_info/base_date",
            json!("31.02.2026"),
            "PatternMismatch: #/correction.correction_info.base_date",
        ),
        (
            "/correction/correction_info/base_date",
            json!("2026-02-10"),
            "PatternMismatch: #/correction.correction_info.base_date",
        ),
        ("/correction/correction_info/base_number", json!("absent"), ""),
        ("/correction/internet", json!(true), "PropertyRequired: #/correction.client"),
        (
            "/correction/client",
            json!({ "phone": "79990000001" }),
            "PatternMismatch: #/correction.client.phone",
        ),
        ("/correction/client", json!({ "email": "a@b" }), ""),
    ];
    shop.expect("sell_correction", correction_v4, &cases).await;
    shop.expect("buy_correction", correction_v4, &cases).await;
    for word in ["sell_refund_correction", "buy_refund_correction"] {
        assert_eq!(shop.submit(word, &correction_v4("z")).await.error(), (400, 31), "{word}");
    }
    let online = with(correction_v4("o"), "/correction/internet", json!(true));
    let nobody = with(online.clone(), "/correction/client", json!({}));
    assert_eq!(shop.violations("sell_correction", &nobody).await, ["NotAnyOf: #/correction.client"]);
    let by_self = |id: &str| {
        with(
            without(correction_v4(id), "/correction/correction_info/base_number"),
            "/correction/correction_info/type",
            json!("self"),
        )
    };
    let by_order = |id: &str| without(correction_v4(id), "/correction/correction_info/base_number");
    let missing = ["PropertyRequired: #/correction.correction_info.base_number"];
    shop.switch("v4_base_number", "instruction");
    assert_eq!(shop.violations("sell_correction", &by_order("p")).await, missing);
    assert_eq!(shop.submit("sell_correction", &by_self("p")).await.status, 200);
    shop.switch("v4_base_number", "required");
    assert_eq!(shop.violations("sell_correction", &by_self("q")).await, missing);
}

#[tokio::test]
async fn item_15_only_the_first_element_may_be_checked() {
    let shop = Shop::v4().await;
    let body = with(sale_v4("a"), "/receipt/vats/1/type", json!("vat9"));
    assert_eq!(shop.violations("sell", &body).await, ["NotInEnumeration: #/receipt.vats[1].type"]);
    shop.switch("check_every_element", false);
    assert_eq!(shop.sell(&body).await.status, 200);
    let broken = with(sale_v4("b"), "/receipt/items/1", json!(1));
    assert_eq!(shop.sell(&broken).await.error(), (400, 1));
    assert_eq!(
        shop.violations("sell", &sale_v5("c")).await.first().unwrap(),
        "StringExpected: #/receipt.items[0].payment_object"
    );
}
