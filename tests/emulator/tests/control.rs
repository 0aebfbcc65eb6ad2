//! protocol/modulkassa.md 6.1 item 29: the control API.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Shop, association_of, document, until, with};
use serde_json::{Value, json};

#[tokio::test]
async fn item_29_requests_are_listed_as_received() {
    let shop = Shop::open().await;
    shop.control("GET", "ledger", "").await;
    let body = document("a").to_string();
    shop.call("POST", "/fn//v1/doc?x=1&y=%20", &body).await;
    shop.raw(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n\xff\xfe")
        .await;
    let listed = shop.control("GET", "requests", "").await.json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let first = &listed[0];
    let expected = json!([0, "POST", "/fn//v1/doc", "x=1&y=%20", body]);
    let got = json!([first["index"], first["method"], first["path"], first["query"], first["body"]]);
    assert_eq!(got, expected);
    let headers = first["headers"].as_array().unwrap();
    let authorization = headers.iter().find(|header| header[0] == "authorization").unwrap();
    assert!(authorization[1].as_str().unwrap().starts_with("Basic "));
    assert_eq!((&listed[1]["body_base64"], &listed[1]["body"]), (&json!("//4="), &Value::Null));
    assert_eq!(listed[1]["index"], 1);
}

#[tokio::test]
async fn item_29_ledger_and_documents_over_http() {
    let shop = Shop::open().await;
    let done = shop.submit_until(&document("a"), "COMPLETED").await.json();
    let ledger = shop.control("GET", "ledger", "").await.json();
    let info = &done["fiscalInfo"];
    let expected = json!([{
        "vendor": "modulkassa", "register": shop.point(), "receipt_key": "a", "number": "WEB-a", "kind": "sell",
        "total": "350.50", "lines": 1, "fiscal_document_number": info["fnDocNumber"].to_string(),
        "fiscal_sign": info["fnDocMark"].to_string(), "at": ledger[0]["at"],
    }]);
    assert_eq!(ledger, expected);
    let documents = shop.control("GET", "documents", "").await.json();
    let first = &documents["modulkassa"][0];
    assert_eq!((&first["id"], &first["document"]["status"]), (&json!("a"), &json!("COMPLETED")));
}

#[tokio::test]
async fn item_29_faults_are_listed_cleared_and_checked() {
    let shop = Shop::open().await;
    let rule = json!({ "vendor": "modulkassa", "route": "status", "do": "drop", "times": 3 });
    shop.control("POST", "faults", &rule.to_string()).await;
    let who = shop.association();
    assert!(shop.try_call(&who, "GET", "/fn/v1/doc/a/status", "").await.is_none());
    let listed = shop.control("GET", "faults", "").await.json();
    assert_eq!(listed["faults"][0]["times"], 2);
    let cleared = shop.control("DELETE", "faults", "").await;
    assert_eq!(cleared.json(), json!({ "faults": [] }));
    let wrong = [
        ("/vendor", json!("nobody"), "nobody"),
        ("/route", json!("submitt"), "submitt"),
        ("/do", json!("explode"), "explode"),
        ("/when", json!("later"), "later"),
        ("/do", json!("fail"), "route"),
        ("/do", json!("twice"), "route"),
        ("/do", json!("delay"), "delay_ms"),
        ("/times", json!(0), "times"),
        ("/status", json!(42), "status"),
        ("/failure_type", json!("FN_LOST"), "failure_type"),
        ("/tims", json!(1), "tims"),
    ];
    for (pointer, value, named) in wrong {
        let rules = json!([rule, with(rule.clone(), pointer, value)]);
        let reply = shop.control("POST", "faults", &rules.to_string()).await;
        assert_eq!(reply.status, 400, "{pointer}");
        assert!(reply.text("error").contains(named), "{}", reply.body);
    }
    assert!(shop.emulator.faults().is_empty());
}

#[tokio::test]
async fn item_29_switches_by_name() {
    let shop = Shop::open().await;
    let all = shop.control("GET", "switches", "").await.json();
    assert_eq!(all["modulkassa"]["duplicate"], "status");
    let patch = json!({ "vendor": "modulkassa", "duplicate": 409, "tick_ms": "7", "instant": "true" });
    let after = shop.control("POST", "switches", &patch.to_string()).await.json();
    let names = ["duplicate", "tick_ms", "instant"].map(|name| after["modulkassa"][name].clone());
    assert_eq!(names, [json!("409"), json!(7), json!(true)]);
    let wrong = [
        (json!({ "vendor": "modulkassa", "duplicat": "409" }), "duplicat"),
        (json!({ "vendor": "modulkassa", "duplicate": "410" }), "duplicate"),
        (json!({ "vendor": "nobody" }), "nobody"),
        (json!({ "duplicate": "409" }), "vendor"),
    ];
    for (patch, named) in wrong {
        let reply = shop.control("POST", "switches", &patch.to_string()).await;
        assert_eq!(reply.status, 400);
        assert!(reply.text("error").contains(named), "{}", reply.body);
    }
}

#[tokio::test]
async fn item_29_the_clock_moves_both_ways() {
    let shop = Shop::open().await;
    let before = shop.emulator.now();
    let reply = shop.control("POST", "clock", r#"{"advance_s": 86400}"#).await;
    assert!(reply.text("now").contains('T'));
    assert!((shop.emulator.now() - before).whole_hours() == 24);
    shop.control("POST", "clock", r#"{"advance_s": -172800}"#).await;
    assert!((before - shop.emulator.now()).whole_hours() == 23);
    assert_eq!(shop.control("POST", "clock", r#"{"advance": 1}"#).await.status, 400);
}

#[tokio::test]
async fn item_29_reset_brings_everything_back_and_keeps_the_config() {
    let shop = Shop::open_with(&[("duplicate", json!("409"))]).await;
    let description = shop.emulator.description();
    shop.submit_until(&document("a"), "COMPLETED").await;
    let path = format!("/fn/v1/associate/{}", shop.point());
    shop.call_as(&shop.account(), "POST", &path, "").await;
    shop.switch("duplicate", "400");
    shop.switch("error_bodies", "none");
    shop.emulator.advance_s(1_000_000);
    shop.fault(json!({ "vendor": "modulkassa", "route": "*", "do": "drop", "times": null }));
    assert_eq!(shop.control("POST", "reset", "").await.json(), description);
    assert!(shop.emulator.ledger().is_empty() && shop.emulator.requests().is_empty());
    assert!(shop.emulator.faults().is_empty());
    assert_eq!(shop.emulator.switches()["modulkassa"]["duplicate"], "409");
    assert_eq!(shop.emulator.switches()["modulkassa"]["error_bodies"], "spring");
    assert_eq!(shop.status("a").await.status, 404);
    shop.submit_until(&document("a"), "COMPLETED").await;
    assert_eq!(shop.emulator.ledger().len(), 1);
}

#[tokio::test]
async fn item_29_what_was_under_way_at_a_reset_leaves_no_trace() {
    let shop = Shop::open().await;
    let rule = json!({ "vendor": "modulkassa", "route": "submit", "do": "delay", "delay_ms": 50 });
    shop.fault(rule);
    shop.submit(&document("waiting")).await;
    shop.fault(json!({ "vendor": "modulkassa", "route": "submit", "do": "delay", "delay_ms": 50 }));
    let late = document("late");
    let (reply, ()) = tokio::join!(shop.try_submit(&late), async {
        until("the request has arrived", || shop.emulator.requests().len() >= 2).await;
        shop.emulator.reset();
    });
    assert!(reply.is_none());
    shop.submit_until(&document("next"), "COMPLETED").await;
    let keys: Vec<_> = shop.emulator.ledger().into_iter().map(|entry| entry.receipt_key).collect();
    assert_eq!(keys, ["next"]);
}

#[tokio::test]
async fn item_29_a_seeded_account_gets_a_config_that_works() {
    let shop = Shop::open().await;
    let seed = json!({
        "vendor": "modulkassa", "account": { "login": "third@shop.example", "password": "пароль" },
        "retail_point": { "name": "Третья", "utc_offset_hours": 7 },
    });
    let config = shop.control("POST", "seed", &seed.to_string()).await.json()["config"].clone();
    let who = association_of(&config);
    assert_eq!(shop.call_as(&who, "GET", "/fn/v1/status", "").await.status, 200);
    let path = format!("/fn/v1/associate/{}", config["retail_point_id"].as_str().unwrap());
    let reply = shop.call_as("third@shop.example:пароль", "POST", &path, "").await;
    assert_eq!((reply.status, reply.text("name").as_str()), (200, "Третья"));
    let who = format!("{}:{}", reply.text("userName"), reply.text("password"));
    shop.call_as(&who, "POST", "/fn/v2/doc", &document("a").to_string()).await;
    until("the new point has a worker", || shop.emulator.ledger().len() == 1).await;
    let wrong = json!({ "vendor": "modulkassa", "acount": {} });
    assert_eq!(shop.control("POST", "seed", &wrong.to_string()).await.status, 400);
}

#[tokio::test]
async fn a_page_in_a_browser_drives_nothing() {
    let shop = Shop::open().await;
    let own = shop.emulator.url().trim_start_matches("http://").to_owned();
    let json = "Content-Type: application/json\r\n";
    for (headers, status) in [
        (format!("Host: {own}\r\n{json}"), 200),
        (format!("Host: localhost:1\r\n{json}"), 200),
        (format!("Host: [::1]\r\n{json}"), 200),
        (format!("Host: {own}\r\nOrigin: http://{own}\r\n{json}"), 200),
        (format!("Host: {own}\r\nOrigin: https://evil.example\r\n{json}"), 403),
        (format!("Host: {own}\r\nOrigin: null\r\n{json}"), 403),
        (format!("Host: rebound.evil.example\r\n{json}"), 421),
        (format!("Host: {own}\r\nContent-Type: text/plain\r\n"), 415),
        (format!("Host: {own}\r\nContent-Type: application/x-www-form-urlencoded\r\n"), 415),
        (format!("Host: {own}\r\n"), 415),
    ] {
        let request = format!(
            "POST /_emulator/clock HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: 16\r\n\r\n{{\"advance_s\": 1}}"
        );
        let answer = String::from_utf8(shop.raw(request.as_bytes()).await).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{headers}: {answer}");
    }
}
