//! protocol/modulkassa.md 6.1 items 20 to 26: register, queue, fiscal information, failures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Shop, document, with};
use serde_json::{Value, json};

const HALF_DAY: Duration = Duration::from_secs(12 * 60 * 60);

fn number(info: &Value, field: &str) -> i64 {
    info[field].as_i64().unwrap_or_else(|| panic!("{field} in {info}"))
}

async fn fiscal_info(shop: &Shop, document: &Value) -> Value {
    shop.submit_until(document, "COMPLETED").await.json()["fiscalInfo"].clone()
}

#[tokio::test]
async fn item_20_register_states_and_a_time_that_moves_or_stands() {
    let shop = Shop::open().await;
    for (state, word) in [("ready", "READY"), ("failed", "FAILED"), ("disabled", "DISABLED")] {
        shop.switch("register_state", state);
        let reply = shop.call("GET", "/fn/v1/status", "").await;
        assert_eq!(reply.text("status"), word);
        assert!(reply.text("dateTime").ends_with("+00:00"));
    }
    shop.switch("register_state", "associated");
    let never_seen = shop.call("GET", "/fn/v1/status", "").await;
    assert_eq!(never_seen.text("status"), "ASSOCIATED");
    assert!(never_seen.json().get("dateTime").is_none());
    shop.switch("register_state", "ready");
    let time = async || shop.call("GET", "/fn/v1/status", "").await.text("dateTime");
    let before = time().await;
    shop.emulator.advance(HALF_DAY);
    let moved = time().await;
    assert_ne!(before, moved);
    shop.switch("freeze_register_time", true);
    let frozen = time().await;
    shop.emulator.advance(HALF_DAY);
    assert_eq!(time().await, frozen);
}

#[tokio::test]
async fn item_20_a_point_may_have_a_register_state_of_its_own() {
    let shop = Shop::open().await;
    let account = json!({ "login": shop.part("/account/login") });
    let seed =
        json!({ "account": account, "retail_point": { "id": shop.point(), "register_state": "failed" } });
    shop.emulator.seed(common::NAME, seed).unwrap();
    assert_eq!(shop.call("GET", "/fn/v1/status", "").await.text("status"), "FAILED");
    let other = common::association_of(&shop.other());
    let reply = shop.call_as(&other, "GET", "/fn/v1/status", "").await;
    assert_eq!(reply.text("status"), "READY");
}

#[tokio::test]
async fn item_21_every_state_in_turn_and_the_end_by_switch() {
    let shop = Shop::open().await;
    shop.submit_until(&document("a"), "COMPLETED").await;
    let whole = json!(["QUEUED", "PENDING", "PRINTED", "COMPLETED"]);
    assert_eq!(shop.stored("a")["history"], whole);
    shop.switch("final_state", "printed");
    shop.submit_until(&document("b"), "PRINTED").await;
    shop.submit_until(&document("c"), "PRINTED").await;
    // The poll that printed c was after the one that could have completed b.
    assert_eq!(shop.stored("b")["history"], json!(["QUEUED", "PENDING", "PRINTED"]));
}

#[tokio::test]
async fn item_21_oldest_first() {
    let shop = Shop::open_with(&[("register_state", json!("failed"))]).await;
    for id in ["a", "b", "c", "d"] {
        shop.submit(&document(id)).await;
    }
    shop.switch("register_state", "ready");
    shop.until_status("d", "COMPLETED").await;
    let keys: Vec<_> = shop.emulator.ledger().into_iter().map(|entry| entry.receipt_key).collect();
    assert_eq!(keys, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn item_21_polls_come_at_the_pace_of_the_switch() {
    let shop = Shop::open_with(&[("tick_ms", json!(600_000))]).await;
    shop.submit(&document("a")).await;
    let shown = shop.status("a").await;
    assert_eq!(shown.text("status"), "QUEUED");
    assert!(shop.emulator.ledger().is_empty());
}

#[tokio::test]
async fn item_22_instant_answers_completed_with_the_fiscal_information() {
    let shop = Shop::open_with(&[("instant", json!(true))]).await;
    let reply = shop.submit(&document("a")).await.json();
    assert_eq!(reply["status"], "COMPLETED");
    assert!(number(&reply["fiscalInfo"], "fnDocNumber") > 0);
    assert_eq!(shop.emulator.ledger().len(), 1);
    shop.switch("register_state", "failed");
    assert_eq!(shop.submit(&document("b")).await.text("status"), "QUEUED");
}

#[tokio::test]
async fn item_23_documents_wait_while_the_register_does_not_work() {
    for (switch, hindered, free) in [
        ("register_state", json!("associated"), json!("ready")),
        ("register_state", json!("failed"), json!("ready")),
        ("register_state", json!("disabled"), json!("ready")),
        ("freeze_register_time", json!(true), json!(false)),
    ] {
        let shop = Shop::open_with(&[(switch, hindered.clone())]).await;
        let reply = shop.submit(&document("a")).await;
        assert_eq!((reply.status, reply.text("status").as_str()), (200, "QUEUED"));
        // An instant submit polls the register on the spot, and nothing moves.
        shop.switch("instant", true);
        assert_eq!(shop.submit(&document("b")).await.text("status"), "QUEUED", "{hindered}");
        assert!(shop.emulator.ledger().is_empty());
        shop.switch(switch, free);
        shop.until_status("a", "COMPLETED").await;
    }
}

#[tokio::test]
async fn item_24_counters_go_up_and_shifts_change_after_a_day() {
    let shop = Shop::open().await;
    let mut last = fiscal_info(&shop, &document("first")).await;
    assert_eq!(number(&last, "checkNumber"), 1);
    // Half days between the receipts, how many shifts on, number within the shift.
    let rows = [("a", 0, 0, 2), ("b", 1, 0, 3), ("c", 2, 1, 1), ("d", 1, 0, 2), ("e", 7, 1, 1)];
    for (id, half_days, shifts, check) in rows {
        shop.emulator.advance(HALF_DAY * half_days);
        let info = fiscal_info(&shop, &document(id)).await;
        assert_eq!(number(&info, "fnDocNumber"), number(&last, "fnDocNumber") + 1, "{id}");
        let later = number(&info, "shiftNumber") - number(&last, "shiftNumber");
        assert_eq!((later, number(&info, "checkNumber")), (shifts, check), "{id}");
        last = info;
    }
}

#[tokio::test]
async fn item_24_fiscal_information_and_the_qr_code_agree() {
    let shop = Shop::open().await;
    let info = fiscal_info(&shop, &document("a")).await;
    let text = |field: &str| info[field].as_str().unwrap().to_owned();
    assert_eq!((text("fnNumber").len(), text("ecrRegistrationNumber").len()), (16, 16));
    assert!(!text("kktNumber").is_empty());
    // `date` is UTC, `t` is the local time of the point, three hours ahead.
    let date = text("date");
    let day_hour = |text: &str| (text[..8].to_owned(), text[9..11].parse::<u32>().unwrap());
    let qr = text("qr");
    let t = qr.strip_prefix("t=").unwrap().split('&').next().unwrap();
    let (_, utc_hour) = day_hour(&date.replace('-', ""));
    assert_eq!(day_hour(t).1, (utc_hour + 3) % 24);
    let rest = format!(
        "s=350.50&fn={}&i={:010}&fp={}&n=1",
        text("fnNumber"),
        number(&info, "fnDocNumber"),
        number(&info, "fnDocMark"),
    );
    assert_eq!(qr.split_once('&').unwrap().1, rest);
}

#[tokio::test]
async fn item_24_fiscal_signs_are_often_beyond_31_bits_and_follow_the_seed() {
    let signs = async || {
        let shop = Shop::open_with(&[("instant", json!(true))]).await;
        for index in 0..40 {
            shop.submit(&document(&index.to_string())).await;
        }
        let signs = shop.emulator.ledger().into_iter().map(|e| e.fiscal_sign.parse::<u32>().unwrap());
        signs.collect::<Vec<_>>()
    };
    let once = signs().await;
    assert_eq!(once, signs().await);
    let high = once.iter().filter(|sign| **sign > i32::MAX as u32).count();
    assert!((20..40).contains(&high), "{high}");
}

#[tokio::test]
async fn item_24_formats_by_switch() {
    let shop = Shop::open().await;
    let reply = shop.submit_until(&document("a"), "COMPLETED").await;
    assert!(reply.body.contains("\"sum\":350.50,"), "{}", reply.body);
    assert!(reply.json()["fiscalInfo"]["date"].as_str().unwrap().ends_with("+00:00"));
    shop.switch("sum_as_string", true);
    shop.switch("date_format", "millis_no_colon");
    shop.switch("omit_registration_number", true);
    let info = shop.status("a").await.json()["fiscalInfo"].clone();
    assert_eq!(info["sum"], "350.50");
    assert!(info["date"].as_str().unwrap().ends_with(".000+0000"));
    assert!(info.get("ecrRegistrationNumber").is_none());
}

#[tokio::test]
async fn item_24_check_types_qr_numbers_and_kinds() {
    let shop = Shop::open().await;
    let rows = [
        ("SALE", "SALE", 1, "sell"),
        ("RETURN", "RETURN", 2, "sell_refund"),
        ("BUY", "PURCHASE", 3, "buy"),
        ("BUY_RETURN", "RETURN_PURCHASE", 4, "buy_refund"),
        ("SALE_CORRECTION", "SALE_CORRECTION", 1, "sell_correction"),
        ("SALE_RETURN_CORRECTION", "RETURN_CORRECTION", 2, "sell_refund_correction"),
        ("BUY_CORRECTION", "PURCHASE_CORRECTION", 3, "buy_correction"),
        ("BUY_RETURN_CORRECTION", "RETURN_PURCHASE_CORRECTION", 4, "buy_refund_correction"),
    ];
    let info = json!({ "reason": "INDEPENDENT", "documentDate": "2025-08-30T00:00:00" });
    for (doc_type, check_type, n, kind) in rows {
        let typed = with(document(doc_type), "/docType", json!(doc_type));
        let fiscal = fiscal_info(&shop, &with(typed, "/correctionInfo", info.clone())).await;
        assert_eq!(fiscal["checkType"], check_type);
        assert!(fiscal["qr"].as_str().unwrap().ends_with(&format!("&n={n}")));
        let last = shop.emulator.ledger().pop().unwrap();
        assert_eq!(serde_json::to_value(last.kind).unwrap(), kind);
    }
}

#[tokio::test]
async fn item_25_messages_and_the_time_of_change() {
    let shop = Shop::open_with(&[("register_state", json!("failed"))]).await;
    let queued = shop.submit(&document("a")).await;
    assert_eq!(queued.text("message"), "Document queued for printing");
    assert_eq!(queued.text("fnState"), "FAILED");
    shop.emulator.advance(HALF_DAY);
    assert_eq!(shop.status("a").await.text("timeStatusChanged"), queued.text("timeStatusChanged"));
    shop.switch("register_state", "ready");
    let done = shop.until_status("a", "COMPLETED").await;
    assert_ne!(done.text("timeStatusChanged"), queued.text("timeStatusChanged"));
    assert!(done.text("timeStatusChanged").ends_with("+00:00"));
}

#[tokio::test]
async fn item_26_four_failures_and_the_way_back() {
    let shop = Shop::open().await;
    let types = ["FN_MEMORY_OVERFLOW", "FN_EXPIRED", "FN_GENERIC_FAILURE", "NON_FN_FAILURE"];
    for failure in types {
        shop.fault(json!({
            "vendor": "modulkassa", "route": "submit", "do": "fail", "match": format!("WEB-{failure}"),
            "failure_type": failure, "failure_message": "FN lifetime is over",
        }));
        let failed = shop.submit_until(&document(failure), "FAILED").await.json();
        let expected = json!({ "type": failure, "message": "FN lifetime is over" });
        assert_eq!((&failed["failureInfo"], &failed["fiscalInfo"]), (&expected, &Value::Null));
        assert_eq!(failed["message"], "FN lifetime is over");
        assert!(shop.emulator.ledger().iter().all(|entry| entry.receipt_key != failure));
        let requeued = shop.requeue(failure).await;
        assert_eq!((requeued.status, requeued.text("status").as_str()), (200, "REQUEUED"));
        assert_eq!(requeued.json()["failureInfo"], Value::Null);
        shop.until_status(failure, "COMPLETED").await;
    }
    assert_eq!(shop.emulator.ledger().len(), types.len());
}

#[tokio::test]
async fn item_26_failures_first_in_first_out_and_requeue_only_from_failed() {
    let shop = Shop::open().await;
    shop.fault(json!({ "vendor": "modulkassa", "route": "*", "do": "fail", "times": 2, "skip": 1 }));
    for (id, end) in [("a", "COMPLETED"), ("b", "FAILED"), ("c", "FAILED"), ("d", "COMPLETED")] {
        shop.submit_until(&document(id), end).await;
    }
    assert_eq!(shop.requeue("a").await.status, 400);
    shop.switch("requeue_answer", "queued");
    assert_eq!(shop.requeue("b").await.text("status"), "QUEUED");
    shop.until_status("b", "COMPLETED").await;
    assert_eq!(shop.requeue("b").await.status, 400);
}
