//! protocol/modulkassa.md 6.1 item 28: scripted faults.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::{Shop, document, request, until};
use kassa_emulator::{Action, Fault, When};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn item_28_drop_before_the_record_leaves_nothing() {
    let shop = Shop::open().await;
    shop.emulator.add_fault(Fault::new("modulkassa", "submit", Action::Drop)).unwrap();
    let path = "/fn/v2/doc";
    let bytes = request(&shop.association(), "POST", path, &document("a").to_string());
    assert_eq!(shop.raw(bytes.as_bytes()).await, b"");
    assert_eq!(shop.status("a").await.status, 404);
    assert_eq!(shop.submit(&document("a")).await.status, 200);
}

#[tokio::test]
async fn item_28_drop_after_the_record_loses_only_the_answer() {
    let shop = Shop::open().await;
    let fault = Fault::new("modulkassa", "submit", Action::Drop).when(When::AfterRecord);
    shop.emulator.add_fault(fault).unwrap();
    assert!(shop.try_submit(&document("a")).await.is_none());
    shop.until_status("a", "COMPLETED").await;
    assert_eq!(shop.submit(&document("a")).await.text("status"), "COMPLETED");
    assert_eq!(shop.emulator.ledger().len(), 1);
}

#[tokio::test]
async fn item_28_after_the_record_waits_for_a_call_that_recorded_something() {
    let shop = Shop::open().await;
    shop.fault(json!({ "vendor": "modulkassa", "route": "submit", "when": "after_record", "do": "drop" }));
    assert_eq!(shop.call("POST", "/fn/v2/doc", "{}").await.status, 400);
    assert!(shop.try_submit(&document("a")).await.is_none());
    shop.fault(json!({ "vendor": "modulkassa", "route": "submit", "when": "answer", "do": "drop" }));
    let who = shop.association();
    assert!(shop.try_call(&who, "POST", "/fn/v2/doc", "{}").await.is_none());
}

#[tokio::test]
async fn item_28_a_lost_answer_to_associate_still_rotates_the_password() {
    let shop = Shop::open().await;
    shop.fault(json!({ "vendor": "modulkassa", "route": "associate", "when": "after_record", "do": "drop" }));
    let path = format!("/fn/v1/associate/{}", shop.point());
    assert!(shop.try_call(&shop.account(), "POST", &path, "").await.is_none());
    assert_eq!(shop.call("GET", "/fn/v1/status", "").await.status, 401);
}

#[tokio::test]
async fn item_28_cut_sends_half_of_the_promised_body() {
    let shop = Shop::open().await;
    shop.fault(json!({ "vendor": "modulkassa", "route": "submit", "do": "cut" }));
    let reply = shop.submit(&document("a")).await;
    let promised: usize = reply.header("content-length").unwrap().parse().unwrap();
    assert_eq!((reply.status, reply.body.len()), (200, promised / 2));
    assert!(reply.body.starts_with("{\"status\":\"QUEUED\""));
    shop.until_status("a", "COMPLETED").await;
}

#[tokio::test]
async fn item_28_garbage_and_empty_answers_are_200() {
    let shop = Shop::open().await;
    shop.fault(json!({ "vendor": "modulkassa", "route": "service_status", "do": "garbage" }));
    shop.fault(json!({ "vendor": "modulkassa", "route": "service_status", "do": "empty" }));
    let garbage = shop.call("GET", "/fn/v1/status", "").await;
    assert_eq!(garbage.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&garbage.body).is_err());
    let empty = shop.call("GET", "/fn/v1/status", "").await;
    assert_eq!((empty.status, empty.body.as_str(), empty.header("content-length")), (200, "", Some("0")));
    assert_eq!(shop.call("GET", "/fn/v1/status", "").await.text("status"), "READY");
}

#[tokio::test]
async fn item_28_statuses_in_the_form_of_vendor_and_gateway() {
    let shop = Shop::open().await;
    for status in [400, 401, 403, 404, 429, 500, 502, 503, 504] {
        shop.fault(json!({
            "vendor": "modulkassa", "route": "submit", "do": "status", "status": status, "retry_after_s": 7,
        }));
        let reply = shop.submit(&document("a")).await;
        assert_eq!((reply.status, reply.header("retry-after")), (status, Some("7")));
        if status < 502 {
            assert_eq!(
                (reply.json()["status"].clone(), reply.text("path")),
                (status.into(), "/api/fn/v2/doc".into())
            );
        } else {
            assert_eq!(reply.header("content-type"), Some("text/html"));
            assert!(reply.body.starts_with("<html>"));
        }
    }
    shop.fault(json!({
        "vendor": "modulkassa", "route": "submit", "do": "status", "body": "down", "content_type": "text/plain",
    }));
    let own = shop.submit(&document("a")).await;
    assert_eq!(
        (own.status, own.body.as_str(), own.header("content-type")),
        (502, "down", Some("text/plain"))
    );
    assert_eq!(shop.status("a").await.status, 404);
}

#[tokio::test]
async fn item_28_a_status_after_the_record_hides_a_document_that_came_to_be() {
    let shop = Shop::open().await;
    shop.fault(json!({ "vendor": "modulkassa", "route": "submit", "do": "status", "when": "after_record" }));
    assert_eq!(shop.submit(&document("a")).await.status, 502);
    shop.until_status("a", "COMPLETED").await;
}

#[tokio::test]
async fn item_28_a_client_that_hangs_up_during_a_delay_still_gets_its_document() {
    let shop = Shop::open().await;
    shop.fault(json!({ "vendor": "modulkassa", "route": "submit", "when": "before_record", "do": "delay", "delay_ms": 100 }));
    let address = shop.emulator.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let bytes = request(&shop.association(), "POST", "/fn/v2/doc", &document("a").to_string());
    stream.write_all(bytes.as_bytes()).await.unwrap();
    until("the request has arrived", || !shop.emulator.requests().is_empty()).await;
    drop(stream);
    until("the document comes to be", || shop.emulator.ledger().len() == 1).await;
}

#[tokio::test]
async fn item_28_a_delay_holds_the_answer_back() {
    let shop = Shop::open().await;
    shop.fault(json!({ "vendor": "modulkassa", "route": "submit", "when": "after_record", "do": "delay", "delay_ms": 80 }));
    let started = Instant::now();
    assert_eq!(shop.submit(&document("a")).await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn item_28_skip_times_match_and_for_ever() {
    let shop = Shop::open().await;
    shop.fault(json!({ "vendor": "modulkassa", "route": "status", "do": "status", "skip": 1, "times": 2, "match": "WEB-b" }));
    shop.submit(&document("a")).await;
    shop.submit(&document("b")).await;
    let mut seen = Vec::new();
    for id in ["a", "b", "b", "a", "b", "b"] {
        seen.push(shop.status(id).await.status);
    }
    assert_eq!(seen, [200, 200, 502, 200, 502, 200]);
    shop.fault(json!({ "vendor": "modulkassa", "route": "*", "do": "drop", "times": null }));
    for _ in 0..5 {
        assert!(shop.try_submit(&document("c")).await.is_none());
    }
    assert_eq!(shop.emulator.faults()[0].times, None);
    shop.emulator.clear_faults();
    assert_eq!(shop.submit(&document("c")).await.status, 200);
}

#[tokio::test]
async fn item_28_delays_go_on_to_the_next_rule() {
    let shop = Shop::open().await;
    let rules = json!([
        { "vendor": "modulkassa", "route": "submit", "do": "delay", "delay_ms": 1 },
        { "vendor": "modulkassa", "route": "submit", "do": "status", "status": 503 },
    ]);
    assert_eq!(shop.control("POST", "faults", &rules.to_string()).await.status, 200);
    assert_eq!(shop.submit(&document("a")).await.status, 503);
    assert!(shop.emulator.faults().is_empty());
}

#[tokio::test]
async fn item_28_every_route_can_be_struck() {
    let shop = Shop::open().await;
    let point = shop.point();
    let calls = [
        ("submit", "POST", "/fn/v1/doc".to_owned()),
        ("status", "GET", "/fn/v1/doc/a/status".to_owned()),
        ("requeue", "PUT", "/fn/v1/doc/a/re-queue".to_owned()),
        ("service_status", "GET", "/fn/v1/status".to_owned()),
        ("associate", "POST", format!("/fn/v1/associate/{point}")),
        ("dissociate", "DELETE", "/fn/v1/associate".to_owned()),
        ("retail_point", "GET", format!("/api/v1/retail-point/{point}")),
        ("retail_point", "GET", "/api/v1/retail-points".to_owned()),
    ];
    for (route, method, path) in calls {
        shop.fault(json!({ "vendor": "modulkassa", "route": route, "do": "status", "status": 418 }));
        assert_eq!(shop.call(method, &path, "").await.status, 418, "{route}");
    }
}
