//! Modulkassa fact sheet 6.1, items 11 to 19: reading and checking documents.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Shop, document, with};
use serde_json::{Value, json};

/// The status of the answer to a document with one value changed.
async fn answer_to(shop: &Shop, id: &str, pointer: &str, value: Value) -> u16 {
    shop.submit(&with(document(id), pointer, value)).await.status
}

async fn refuses(shop: &Shop, cases: Vec<(&str, Value)>) {
    for (pointer, value) in cases {
        let shown = value.to_string();
        let reply = shop.submit(&with(document("refused"), pointer, value)).await;
        assert_eq!(reply.status, 400, "{pointer} {shown}");
        let field = pointer.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap();
        assert!(reply.text("message").contains(field), "{pointer}: {}", reply.body);
    }
    assert_eq!(shop.status("refused").await.status, 404);
}

async fn accepts(shop: &Shop, cases: Vec<(&str, Value)>) {
    for (index, (pointer, value)) in cases.into_iter().enumerate() {
        let shown = value.to_string();
        let id = format!("accepted-{index}");
        assert_eq!(answer_to(shop, &id, pointer, value).await, 200, "{pointer} {shown}");
    }
}

#[tokio::test]
async fn item_11_both_versions_accept_a_document() {
    let shop = Shop::open().await;
    for (id, version) in [("one", "v1"), ("two", "v2")] {
        let body = document(id).to_string();
        let reply = shop.call("POST", &format!("/fn/{version}/doc"), &body).await;
        assert_eq!((reply.status, reply.text("status").as_str()), (200, "QUEUED"));
        shop.until_status(id, "COMPLETED").await;
    }
    assert_eq!(shop.emulator.ledger().len(), 2);
}

#[tokio::test]
async fn item_12_numbers_as_text_text_as_numbers_nulls_and_strangers() {
    let shop = Shop::open().await;
    let body = r#"{"id": 77, "docNum": 100234, "docType": "SALE", "printReceipt": "true",
        "checkoutDateTime": "2025-09-14T15:29:40Z", "email": "a@b", "responseURL": null, "taxMode": null,
        "stranger": {"x": [1]}, "DocType": 5,
        "inventPositions": [{"name": 5, "price": "350.50", "quantity": "1.000", "vatTag": "1105", "measure": "pcs", "discSum": null}],
        "moneyPositions": [{"paymentType": "CARD", "sum": 3.505e2}]}"#;
    assert_eq!(shop.call("POST", "/fn/v1/doc", body).await.status, 200);
    shop.until_status("77", "COMPLETED").await;
    let entry = &shop.emulator.ledger()[0];
    assert_eq!((entry.number.as_str(), entry.total.as_str()), ("100234", "350.50"));
    let wrong_case = body.replace("\"docType\"", "\"documentType\"").replace("77", "78");
    assert_eq!(shop.call("POST", "/fn/v1/doc", &wrong_case).await.status, 400);
}

#[tokio::test]
async fn item_13_required_fields() {
    let shop = Shop::open().await;
    let fields = [
        "/id",
        "/docNum",
        "/docType",
        "/checkoutDateTime",
        "/email",
        "/inventPositions",
        "/moneyPositions",
        "/inventPositions/0/name",
        "/inventPositions/0/price",
        "/inventPositions/0/quantity",
        "/inventPositions/0/vatTag",
        "/moneyPositions/0/paymentType",
        "/moneyPositions/0/sum",
    ];
    refuses(&shop, fields.iter().map(|field| (*field, Value::Null)).collect()).await;
    refuses(&shop, vec![("/inventPositions", json!([])), ("/moneyPositions", json!([]))]).await;
}

#[tokio::test]
async fn item_13_words_and_limits() {
    let shop = Shop::open().await;
    let long = |length: usize| Value::String("я".repeat(length));
    let agent = |part: Value| json!({ "types": ["attorney"], "payingAgent": part });
    refuses(
        &shop,
        vec![
            ("/docType", json!("SELL")),
            ("/taxMode", json!("OSN")),
            ("/printReceipt", json!("perhaps")),
            ("/inventPositions", json!({})),
            ("/inventPositions/0", json!("text")),
            ("/inventPositions/0/vatTag", json!(1108)),
            ("/inventPositions/0/paymentObject", json!("non_operating_gain")),
            ("/inventPositions/0/paymentMethod", json!("full")),
            ("/inventPositions/0/price", json!(-0.01)),
            ("/inventPositions/0/price", json!("much")),
            ("/inventPositions/0/price", json!("1_0")),
            ("/inventPositions/0/quantity", json!(0)),
            ("/inventPositions/0/discSum", json!(-1)),
            ("/inventPositions/0/vatSum", json!(-1)),
            ("/inventPositions/0/originCountryCode", json!("6430")),
            ("/inventPositions/0/productMark", long(256)),
            ("/inventPositions/0/agentInfo", json!({ "types": ["AGENT"] })),
            ("/inventPositions/0/supplierInfo", json!({ "phones": ["+7 495 000"] })),
            ("/moneyPositions/0/paymentType", json!("card")),
            ("/moneyPositions/0/sum", json!(-1)),
            ("/textToPrint", long(3001)),
            ("/cashierName", long(65)),
            ("/cashierPosition", long(65)),
            ("/agentInfo", agent(json!({ "operation": "x".repeat(25) }))),
            ("/agentInfo", agent(json!({ "phones": [format!("+{}", "7".repeat(19))] }))),
        ],
    )
    .await;
    accepts(&shop, vec![
        ("/inventPositions/0/price", json!(0)),
        ("/inventPositions/0/vatTag", json!(1114)),
        ("/inventPositions/0/paymentObject", json!("non-operating_gain")),
        ("/inventPositions/0/productMark", long(255)),
        ("/textToPrint", long(3000)),
        ("/cashierName", long(64)),
        ("/agentInfo", agent(json!({ "operation": "x".repeat(24), "phones": [format!("+{}", "7".repeat(18))] }))),
        ("/inventPositions/0/industryRequisite", json!({ "foivId": "030", "docDateTime": "2023-11-21T00:00:00", "docNumber": "1944", "docData": "UUID=x" })),
    ])
    .await;
}

#[tokio::test]
async fn item_14_dates_in_every_form_seen() {
    let shop = Shop::open().await;
    let good = ["", "Z", "+03:00", "+0300", ".1Z", ".123Z", ".123456+0300", ".1234567+03:00", ".123456789"];
    let good = good.map(|tail| json!(format!("2025-09-14T15:29:40{tail}")));
    accepts(&shop, good.into_iter().map(|date| ("/checkoutDateTime", date)).collect()).await;
    let bad = [
        "yesterday",
        "2025-09-14",
        "2025-13-14T15:29:40Z",
        "2025-09-14T25:29:40Z",
        "2025-09-14 15:29:40",
        "2025-09-14T15:29:40.Z",
        "2025-09-14T15:29:40.1234567890Z",
        "2025-09-14T15:29:40+3",
        "2025-09-14T15:29:40+99:00",
    ];
    refuses(&shop, bad.iter().map(|date| ("/checkoutDateTime", json!(date))).collect()).await;
}

#[tokio::test]
async fn item_15_contact_is_an_address_or_a_phone() {
    let shop = Shop::open().await;
    accepts(&shop, vec![("/email", json!("a@b.example")), ("/email", json!("+79990001122"))]).await;
    let bad = ["buyer", "@shop", "a@", "a b@shop", "a@b@c", "89990001122", "+7999000112", "+799900011223"];
    refuses(&shop, bad.iter().map(|contact| ("/email", json!(contact))).collect()).await;
    shop.switch("check_contact", false);
    assert_eq!(answer_to(&shop, "odd", "/email", json!("buyer")).await, 200);
}

#[tokio::test]
async fn item_16_inn_by_length_and_on_demand_by_checksum() {
    let shop = Shop::open().await;
    refuses(
        &shop,
        vec![
            ("/clientInn", json!("123")),
            ("/cashierInn", json!("12345678901a")),
            ("/inventPositions/0/supplierInfo", json!({ "inn": "12345678901" })),
        ],
    )
    .await;
    assert_eq!(answer_to(&shop, "a", "/cashierInn", json!("123456789012")).await, 200);
    shop.switch("check_inn", true);
    refuses(&shop, vec![("/cashierInn", json!("123456789012")), ("/clientInn", json!("7707083894"))]).await;
    accepts(&shop, vec![("/clientInn", json!("7707083893")), ("/cashierInn", json!("500100732259"))]).await;
}

#[tokio::test]
async fn item_17_a_difference_of_sums_fails_at_the_register() {
    let shop = Shop::open().await;
    let wrong = with(document("a"), "/moneyPositions/0/sum", json!(350.49));
    let failed = shop.submit_until(&wrong, "FAILED").await.json();
    assert_eq!(failed["failureInfo"]["type"], "NON_FN_FAILURE");
    assert_eq!(failed["fiscalInfo"], Value::Null);
    assert!(shop.emulator.ledger().is_empty());
    shop.switch("sum_mismatch", "400");
    assert_eq!(shop.submit(&with(wrong, "/id", json!("b"))).await.status, 400);
}

#[tokio::test]
async fn item_17_positions_are_rounded_to_kopecks_one_by_one() {
    let shop = Shop::open().await;
    let position = |price: &str, quantity: &str, discount: &str| json!({ "name": "x", "price": price, "quantity": quantity, "discSum": discount, "vatTag": 1103 });
    // 0.321 x 99.99 = 32.09679, twice; 0.5 x 0.01 = 0.005 goes up; 1500 x 2 - 150.
    let positions = json!([
        position("99.99", "0.321", "0"),
        position("99.99", "0.321", "0"),
        position("0.01", "0.5", "0"),
        position("1500.00", "2.000", "150.00"),
    ]);
    let payments = json!([
        { "paymentType": "PREPAID", "sum": "1000" }, { "paymentType": "CARD", "sum": "914.21" },
        { "paymentType": "CARD", "sum": "1000" },
    ]);
    let whole = with(with(document("a"), "/inventPositions", positions), "/moneyPositions", payments);
    shop.submit_until(&whole, "COMPLETED").await;
    let entry = &shop.emulator.ledger()[0];
    assert_eq!((entry.total.as_str(), entry.lines), ("2914.21", 4));
}

#[tokio::test]
async fn item_11_a_document_with_everything() {
    let shop = Shop::open().await;
    let body = r#"{"id": "full", "docNum": "WEB-100235", "docType": "SALE", "checkoutDateTime": "2025-09-14T15:29:55+03:00",
        "email": "+79990001122", "printReceipt": true, "textToPrint": "Спасибо за заказ", "cashierName": "Кассирова К.К.",
        "cashierInn": "770012345606", "cashierPosition": "Кассир", "taxMode": "COMMON", "clientName": "ООО Пример", "clientInn": "7700123459",
        "inventPositions": [
            {"inventCode": "SKU-77", "barcode": "4600000000017", "name": "Мёд 1 кг", "price": 1500.00, "quantity": 2.000, "discSum": 150.00,
             "vatTag": 1103, "vatSum": 259.09, "paymentObject": "commodity", "paymentMethod": "full_payment", "originCountryCode": "643",
             "productMark": "0104600000000017215AbCdEfGhIjK"},
            {"name": "Доставка", "price": 350.50, "quantity": 1, "vatTag": 1105, "paymentObject": "service", "paymentMethod": "full_payment",
             "agentInfo": {"types": ["commission_agent"], "moneyTransferOperator": {"phones": ["+74950001122"], "name": "О", "address": "А", "inn": "9901002000"}},
             "supplierInfo": {"name": "ООО Перевоз", "inn": "9901002000", "phones": ["+74950001122"]}}],
        "moneyPositions": [{"paymentType": "PREPAID", "sum": 1000.00}, {"paymentType": "CARD", "sum": 2200.50}]}"#;
    assert_eq!(shop.call("POST", "/api/fn/v2/doc", body).await.status, 200);
    let done = shop.until_status("full", "COMPLETED").await;
    assert!(done.body.contains("\"sum\":3200.50,"), "{}", done.body);
}

#[tokio::test]
async fn a_document_of_many_megabytes_is_read() {
    let shop = Shop::open().await;
    let position = document("a")["inventPositions"][0].clone();
    let positions = vec![position; 40_000];
    let payments = json!([{ "paymentType": "CARD", "sum": "14020000" }]);
    let big = with(document("a"), "/inventPositions", json!(positions));
    let big = with(big, "/moneyPositions", payments);
    shop.submit_until(&big, "COMPLETED").await;
    assert_eq!(shop.emulator.ledger()[0].total, "14020000.00");
}

#[tokio::test]
async fn item_18_corrections_need_their_grounds() {
    let shop = Shop::open().await;
    let correction = |info: Value| {
        let info = with(document("c"), "/correctionInfo", info);
        with(info, "/docType", json!("SALE_CORRECTION"))
    };
    let date = "2025-08-30T00:00:00";
    let bad = [
        Value::Null,
        json!({ "reason": "INDEPENDENT" }),
        json!({ "documentDate": date }),
        json!({ "reason": "WHIM", "documentDate": date }),
        json!({ "reason": "INDEPENDENT", "documentDate": "then" }),
        json!({ "reason": "BY_ORDER", "documentDate": date }),
    ];
    for info in bad {
        assert_eq!(shop.submit(&correction(info.clone())).await.status, 400, "{info}");
    }
    let good = json!({ "reason": "BY_ORDER", "documentDate": date, "documentNum": "17-04/2211", "fiscalSign": "1234567890" });
    shop.submit_until(&correction(good), "COMPLETED").await;
    let independent = json!({ "reason": "INDEPENDENT", "documentDate": date });
    assert_eq!(shop.submit(&with(correction(independent), "/id", json!("d"))).await.status, 200);
}

#[tokio::test]
async fn item_19_a_repeated_id_never_makes_a_second_fiscal_document() {
    let shop = Shop::open().await;
    let done = shop.submit_until(&document("a"), "COMPLETED").await;
    let again = shop.submit(&document("a")).await;
    assert_eq!((again.status, again.json()), (200, done.json()));
    for (answer, status) in [("409", 409), ("400", 400)] {
        shop.switch("duplicate", answer);
        assert_eq!(shop.submit(&document("a")).await.status, status);
    }
    shop.submit_until(&document("b"), "COMPLETED").await;
    assert_eq!(shop.emulator.ledger().len(), 2);
}
