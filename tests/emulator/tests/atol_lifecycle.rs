//! protocol/atol.md 4.1 items 16, 25 and 26: from registration to the fiscal document.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cloud;

use cloud::{Shop, sale_v4, sale_v5};
use kassa_emulator::{Action, Fault, Kind, When};
use serde_json::{Value, json};

#[tokio::test]
async fn item_16_an_accepted_document_waits_with_a_uuid_in_moscow_time() {
    let shop = Shop::v4().await;
    let before = shop.emulator.now().to_offset(time::macros::offset!(+3));
    let accepted = shop.sell(&sale_v4("a")).await;
    let uuid = uuid::Uuid::parse_str(&accepted.text("/uuid")).unwrap();
    assert_eq!((accepted.status, uuid.get_version_num()), (200, 4));
    assert_eq!(accepted.text("/uuid"), uuid.to_string());
    assert_eq!((accepted.text("/status"), accepted.at("/error")), ("wait".into(), Value::Null));
    let (hour, stamp) = (before.hour(), accepted.text("/timestamp"));
    assert!(stamp.ends_with(char::is_numeric) && stamp.len() == 19, "{stamp}");
    let shown: u8 = stamp[11..13].parse().unwrap();
    assert!(shown == hour || shown == (hour + 1) % 24, "{stamp}");
    shop.switch("utc_offset_hours", if hour < 12 { 10 } else { -9 });
    let moved: u8 = shop.sell(&sale_v4("b")).await.text("/timestamp")[11..13].parse().unwrap();
    assert!((i16::from(moved) - i16::from(shown)).abs() >= 5, "{moved} {shown}");
}

#[tokio::test]
async fn item_25_a_v4_sale_is_recorded_once_with_exact_amounts() {
    let shop = Shop::v4().await;
    let done = shop.through("sell", &sale_v4("ord-1")).await;
    assert_eq!(done.text("/status"), "done");
    assert!(done.body.contains("\"total\":649.85,"), "{}", done.body);
    let entry = &shop.ledger()[0];
    let told =
        (entry.vendor.as_str(), entry.register.as_str(), entry.receipt_key.as_str(), entry.number.as_str());
    assert_eq!(told, ("atol", "demo-shop-ru_1001", "ord-1", "ord-1"));
    assert_eq!((entry.kind, entry.total.as_str(), entry.lines), (Kind::Sell, "649.85", 2));
    assert_eq!(entry.fiscal_document_number, done.at("/payload/fiscal_document_number").to_string());
    assert_eq!(entry.fiscal_sign, done.at("/payload/fiscal_document_attribute").to_string());
}

#[tokio::test]
async fn item_26_an_answer_lost_after_the_record_is_found_again_by_error_33() {
    for (shop, body) in [(Shop::v4().await, sale_v4("a")), (Shop::v5().await, sale_v5("a"))] {
        let fault = Fault::new("atol", "submit", Action::Drop).when(When::AfterRecord);
        shop.emulator.add_fault(fault).unwrap();
        assert!(shop.try_call("POST", &shop.of_group("sell"), &body.to_string()).await.is_none());
        let again = shop.sell(&body).await;
        assert_eq!(again.error(), (400, 33));
        let done = shop.finished(&again.text("/uuid")).await;
        assert_eq!((done.text("/status"), shop.ledger().len()), ("done".into(), 1));
    }
}

#[tokio::test]
async fn item_26_a_request_lost_before_the_record_leaves_nothing() {
    let shop = Shop::v5().await;
    shop.fault(json!({ "route": "submit", "do": "drop", "match": "a" }));
    let path = shop.of_group("sell");
    assert!(shop.try_call("POST", &path, &sale_v5("a").to_string()).await.is_none());
    assert!(shop.ledger().is_empty());
    assert_eq!(shop.through("sell", &sale_v5("a")).await.text("/status"), "done");
}
