//! protocol/modulkassa.md 6.1 items 11 to 16: reading and checking documents.

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
