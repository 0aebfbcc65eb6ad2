//! protocol/ikkm.md 6.2: scripted faults.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod device;

use std::time::{Duration, Instant};

use device::{Kkm, REGISTER, get_request, sale, until};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn fault_drop_before_the_record_then_a_replay_registers_once() {
    let kkm = Kkm::open().await;
    kkm.fault(json!({ "route": "register", "when": "before_record", "do": "drop" }));
    let key = kkm.key();
    assert!(kkm.try_sale_with(&key, 100).await.is_none());
    assert_eq!((kkm.ledger().len(), kkm.key()), (0, key.clone()));
    assert_eq!(kkm.sale_with(&key, 100).await.status, 200);
    assert_eq!(kkm.ledger().len(), 1);
}

#[tokio::test]
async fn fault_drop_after_the_record_then_a_replay_is_a_repeat() {
    let kkm = Kkm::open().await;
    kkm.deposit(1000).await;
    for (route, path, rest) in [
        ("register", "/api", "&sale=5&cash=5"),
        ("deposit", "/apideposit/", "&cash=5"),
        ("withdraw", "/apiwithdraw/", "&cash=5"),
    ] {
        kkm.fault(json!({ "route": route, "when": "after_record", "do": "drop" }));
        let target = format!("{path}?key={}{rest}", kkm.key());
        assert!(kkm.try_get(&target).await.is_none());
        let again = kkm.get(&target).await;
        assert_eq!((again.status, again.new_key()), (203, kkm.key()), "{route}");
    }
    assert_eq!(kkm.ledger().len(), 4);
}

#[tokio::test]
async fn fault_after_the_record_waits_for_a_call_that_succeeds() {
    let kkm = Kkm::open().await;
    kkm.fault(json!({ "route": "register", "when": "after_record", "do": "drop" }));
    assert_eq!(kkm.api("sale=5&cash=4").await.code(), -10);
    assert!(kkm.try_sale_with(&kkm.key(), 5).await.is_none());
}

#[tokio::test]
async fn fault_a_connection_closed_before_it_is_read() {
    let kkm = Kkm::open().await;
    kkm.fault(json!({ "route": "*", "do": "drop", "skip": 100 }));
    kkm.fault(json!({ "route": "connect", "do": "drop" }));
    assert!(kkm.try_sale_with(&kkm.key(), 5).await.is_none());
    assert!(kkm.emulator.requests().is_empty());
    assert_eq!(kkm.sale_with(&kkm.key(), 5).await.status, 200);
    assert_eq!(kkm.emulator.faults()[0].skip, 99);
}

#[tokio::test]
async fn fault_a_slow_registration_keeps_the_device_busy_even_without_its_client() {
    let kkm = Kkm::open().await;
    kkm.fault(json!({ "route": "register", "when": "before_record", "do": "delay", "delay_ms": 150 }));
    let target = sale(&kkm.key(), 100);
    let mut stream = TcpStream::connect(kkm.address()).await.unwrap();
    stream.write_all(get_request(&target).as_bytes()).await.unwrap();
    until("the device works", || kkm.device()["busy"] == true).await;
    drop(stream);
    assert_eq!(kkm.get(&target).await.code(), -2);
    until("the sale is recorded", || kkm.ledger().len() == 1).await;
    assert_eq!(kkm.get(&target).await.status, 203);
    assert_eq!(kkm.ledger().len(), 1);
}

#[tokio::test]
async fn fault_a_late_answer_does_not_stop_a_repeat() {
    let kkm = Kkm::open().await;
    kkm.fault(json!({ "route": "register", "when": "after_record", "do": "delay", "delay_ms": 200 }));
    let (target, started) = (sale(&kkm.key(), 100), Instant::now());
    let (late, ()) = tokio::join!(kkm.get(&target), async {
        until("the sale is recorded", || kkm.ledger().len() == 1).await;
        assert_eq!(kkm.get(&target).await.status, 203);
        assert!(started.elapsed() < Duration::from_millis(200));
    });
    assert_eq!(late.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn fault_every_part_of_an_answer_can_be_cut() {
    let kkm = Kkm::open().await;
    for part in ["status_line", "headers", "body", "length"] {
        kkm.fault(json!({ "route": "register", "when": "after_record", "do": "cut", "part": part }));
        let raw = kkm.try_raw(get_request(&sale(&kkm.key(), 5)).as_bytes()).await.unwrap();
        let text = String::from_utf8(raw).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let key = kkm.key();
        let (expected_body, length) = match part {
            "status_line" => {
                assert_eq!(text, "HTTP/1.");
                continue;
            }
            "headers" => ("", "8"),
            "body" => (&key[..4], "8"),
            _ => (key.as_str(), "15"),
        };
        assert_eq!(body, expected_body, "{part}");
        assert!(head.contains(&format!("Content-Length: {length}\r\n")), "{part}: {head}");
    }
    assert_eq!(kkm.ledger().len(), 4);
}

#[tokio::test]
async fn fault_a_reboot_before_or_after_the_record() {
    let kkm = Kkm::open().await;
    for (when, recorded, replay) in [("before_record", 0, 200), ("after_record", 1, 400)] {
        kkm.emulator.reset();
        kkm.switch("pace_ms", 0);
        kkm.fault(json!({ "route": "register", "when": when, "do": "reboot" }));
        let key = kkm.key();
        assert!(kkm.try_sale_with(&key, 5).await.is_none());
        assert_eq!(kkm.ledger().len(), recorded, "{when}");
        let again = kkm.sale_with(&key, 5).await;
        assert_eq!(again.status, replay, "{when}");
        assert_eq!(kkm.ledger().len(), 1);
    }
    let lookup = kkm.call(&format!("/dump/transaction/{}", kkm.ledger()[0].receipt_key), "").await;
    assert_eq!(lookup.json()["docid"], "1", "the journal outlives a reboot");
    kkm.fault(json!({ "route": "register", "when": "after_record", "do": "reboot" }));
    kkm.switch("repeat_volatile", false);
    let key = kkm.key();
    assert!(kkm.try_sale_with(&key, 5).await.is_none());
    assert_eq!(kkm.sale_with(&key, 5).await.status, 203);
}

#[tokio::test]
async fn fault_busy_so_many_times() {
    let kkm = Kkm::open().await;
    kkm.fault(json!({ "route": "register", "do": "busy", "times": 3 }));
    let key = kkm.key();
    for _ in 0..3 {
        assert_eq!(kkm.sale_with(&key, 5).await.told(), (400, "busy".into(), "-2".into()));
    }
    assert_eq!(kkm.sale_with(&key, 5).await.status, 200);
}

#[tokio::test]
async fn fault_another_program_takes_the_key_first() {
    let kkm = Kkm::open().await;
    kkm.fault(json!({ "route": "register", "do": "other_writer" }));
    let key = kkm.key();
    let foreign = kkm.sale_with(&key, 500).await;
    assert_eq!(foreign.told(), (203, "1".into(), kkm.key()));
    let ledger = kkm.ledger();
    assert_eq!((ledger.len(), ledger[0].total.as_str()), (1, "100.00"));
    assert_eq!((ledger[0].by.as_deref(), &ledger[0].receipt_key), (Some("other_writer"), &key));
    assert_eq!(kkm.sale_with(&kkm.key(), 500).await.told(), (200, "2".into(), kkm.key()));
}

#[tokio::test]
async fn fault_another_program_sells_before_the_replay() {
    let kkm = Kkm::open().await;
    kkm.fault(json!({ "route": "register", "when": "after_record", "do": "other_writer" }));
    kkm.fault(json!({ "route": "register", "when": "after_record", "do": "drop" }));
    let key = kkm.key();
    assert!(kkm.try_sale_with(&key, 500).await.is_none());
    assert_eq!(kkm.sale_with(&key, 500).await.code(), -1);
    let by: Vec<_> = kkm.ledger().into_iter().map(|entry| entry.by).collect();
    assert_eq!(by, [None, Some("other_writer".to_owned())]);
}

#[tokio::test]
async fn fault_codes_that_leave_the_outcome_open() {
    let kkm = Kkm::open().await;
    for (body, told) in [(Some("-6"), "-6"), (None, "-99")] {
        let mut rule = json!({ "route": "register", "when": "after_record", "do": "status", "status": 400 });
        if let Some(body) = body {
            rule["body"] = json!(body);
        }
        kkm.fault(rule);
        let key = kkm.key();
        assert_eq!(kkm.sale_with(&key, 5).await.body(), told);
        assert_eq!(kkm.sale_with(&key, 5).await.status, 203);
    }
    assert_eq!(kkm.ledger().len(), 2);
}

#[tokio::test]
async fn fault_reason_phrases() {
    let kkm = Kkm::open().await;
    let struck = async |reason: &str| {
        kkm.fault(json!({ "route": "register", "when": "after_record", "do": "status", "status": 200, "reason": reason }));
        let reply = kkm.sale_with(&kkm.key(), 5).await;
        assert_eq!((reply.status, reply.body()), (200, kkm.key().as_str()));
        reply.reason.unwrap()
    };
    let long = "7".repeat(300);
    for reason in ["", "OK", "Чек", "a\u{1}b", &long] {
        assert_eq!(struck(reason).await, reason.as_bytes());
    }
    assert_eq!(struck("№{reason}").await, "№6".as_bytes());
    kkm.switch("cause", "russian_windows1251");
    assert_eq!(struck("Чек №{reason}").await, b"\xd7\xe5\xea \xb97");
}

#[tokio::test]
async fn fault_bodies() {
    let kkm = Kkm::open().await;
    for (template, before, after) in
        [("{body}\n", "", "\n"), ("\u{feff}{body}", "\u{feff}", ""), ("  {body} ", "  ", " ")]
    {
        kkm.fault(json!({ "route": "register", "when": "after_record", "do": "status", "status": 200, "body": template }));
        let reply = kkm.sale_with(&kkm.key(), 5).await;
        assert_eq!(reply.body(), format!("{before}{}{after}", kkm.key()));
        assert_eq!(reply.header("content-length"), Some(reply.body.len().to_string().as_str()));
    }
    let key = kkm.key();
    kkm.fault(json!({ "route": "register", "when": "after_record", "do": "status", "status": 200, "body": "{key}" }));
    assert_eq!(kkm.sale_with(&key, 5).await.body(), key, "the key that was sent");
    kkm.fault(json!({ "route": "register", "when": "after_record", "do": "empty" }));
    assert_eq!(kkm.sale_with(&kkm.key(), 5).await.told(), (200, "5".into(), String::new()));
    kkm.fault(json!({ "route": "register", "when": "after_record", "do": "garbage" }));
    let garbage = kkm.sale_with(&kkm.key(), 5).await;
    assert!(garbage.status == 200 && std::str::from_utf8(&garbage.body).is_err());
    kkm.fault(json!({ "route": "check", "do": "status", "status": 404 }));
    let html = kkm.call("/apicheck", "").await;
    assert_eq!((html.status, html.header("content-type")), (404, Some("text/html")));
    assert_eq!((html.reason().as_str(), html.body()), ("Not Found", "<html>404 Not Found</html>"));
    kkm.fault(json!({ "route": "check", "do": "status" }));
    assert_eq!(kkm.call("/apicheck", "").await.status, 502);
    assert_eq!(kkm.ledger().len(), 6);
}

#[tokio::test]
async fn fault_200_where_203_is_due_and_the_reverse() {
    let kkm = Kkm::open().await;
    let key = kkm.key();
    kkm.fault(json!({ "route": "register", "when": "after_record", "do": "status", "status": 203 }));
    assert_eq!(kkm.sale_with(&key, 5).await.told(), (203, "1".into(), kkm.key()));
    kkm.fault(json!({ "route": "register", "when": "after_record", "do": "status", "status": 200 }));
    assert_eq!(kkm.sale_with(&key, 5).await.told(), (200, "1".into(), kkm.key()));
    assert_eq!(kkm.ledger().len(), 1);
}

#[tokio::test]
async fn fault_every_route_can_be_struck() {
    let kkm = Kkm::open().await;
    for (route, path) in [
        ("register", "/api"),
        ("deposit", "/apideposit/"),
        ("withdraw", "/apiwithdraw/"),
        ("check", "/apicheck"),
        ("print_last", "/apicheck/printLastDocument"),
        ("info", "/apicheck/getInfo"),
        ("print", "/apiprint"),
        ("bank", "/apibank/"),
        ("z_report", "/apizreport"),
        ("x_report", "/apixreport"),
        ("items", "/dump/table/items"),
        ("catalog", "/dump/table/catalog"),
        ("taxes", "/dump/table/taxes"),
        ("cashiers", "/dump/table/cashiers"),
        ("shifts", "/dump/table/shifts"),
        ("cheques", "/dump/table/shifts/1/cheques"),
        ("sales", "/dump/table/shifts/1/sales"),
        ("report", "/dump/table/shifts/1/report"),
        ("transaction", "/dump/transaction/1"),
    ] {
        kkm.fault(json!({ "route": route, "do": "status", "status": 418 }));
        assert_eq!(kkm.call(path, "").await.status, 418, "{route}");
    }
}

#[tokio::test]
async fn fault_rules_for_one_device_or_one_key() {
    let kkm = Kkm::open().await;
    let key = kkm.key();
    kkm.fault(json!({ "route": "register", "do": "busy", "match": "nobody", "times": null }));
    kkm.fault(json!({ "route": "check", "do": "busy", "match": REGISTER }));
    assert_eq!(kkm.call("/apicheck", "").await.code(), -2);
    kkm.sell(5).await;
    kkm.fault(json!({ "route": "transaction", "do": "drop", "match": key }));
    assert_eq!(kkm.call("/dump/transaction/1", "").await.code(), -7);
    assert!(kkm.try_get(&format!("/dump/transaction/{key}?key={}", kkm.key())).await.is_none());
}

#[tokio::test]
async fn fault_rules_that_cannot_strike_are_refused() {
    let kkm = Kkm::open().await;
    let vendors = ["ikkm", "ikkm", "ikkm", "ikkm", "modulkassa", "modulkassa", "modulkassa"];
    let rules = [
        (json!({ "route": "registr", "do": "drop" }), "route"),
        (json!({ "route": "*", "do": "fail" }), "do"),
        (json!({ "route": "connect", "do": "status" }), "do"),
        (json!({ "route": "register", "do": "delay" }), "delay_ms"),
        (json!({ "route": "submit", "do": "busy" }), "do"),
        (json!({ "route": "submit", "do": "reboot" }), "do"),
        (json!({ "route": "connect", "do": "drop" }), "route"),
    ];
    for (vendor, (mut rule, named)) in vendors.into_iter().zip(rules) {
        rule["vendor"] = json!(vendor);
        let reply = kkm.control("POST", "faults", &rule.to_string()).await;
        let error = reply.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(reply.status == 400 && error.starts_with(named), "{rule}: {error}");
    }
}
