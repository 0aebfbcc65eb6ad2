//! The time of a call: no call leaves its own receipt in doubt because its time was short.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::{Bench, atol, call, ikassa, ok, receipt, roubles};
use futures_util::future::join_all;
use kassa_emulator::Kind;
use serde_json::{Value, json};

fn slow(bench: &Bench, vendor: &str, route: &str, delay_ms: u64) {
    bench.fault(json!({"vendor": vendor, "route": route, "when": "answer", "do": "delay",
        "delay_ms": delay_ms, "times": null}));
}

async fn with_open_shift(bench: &Bench, changes: Value) -> kassa::Client {
    let till = ikassa(bench, changes);
    ok(&till, "open_shift", json!({})).await;
    till
}

fn sales(bench: &Bench) -> usize {
    bench.emulator.ledger().iter().filter(|entry| entry.kind == Kind::Sell).count()
}

/// iKassa's defaults, a tenth of each: a call of 6 s, an answer in 100 ms.
#[tokio::test(flavor = "multi_thread")]
async fn passes_over_a_long_queue_leave_none_in_doubt() {
    let bench = Bench::new().await;
    let till = with_open_shift(&bench, json!({"timeout_ms": 6_000})).await;
    slow(&bench, "ikassa", "*", 100);
    let receipts: Vec<Value> = (0..300).map(|n| roubles(&format!("order-{n:03}"), "card")).collect();
    ok(&till, "enqueue", json!({"receipts": receipts})).await;
    let mut registered = 0;
    for _ in 0..3 {
        let started = Instant::now();
        let pass = ok(&till, "deliver", json!({})).await;
        assert_eq!((&pass["in_doubt"], &pass["errors"]), (&json!(0), &json!([])), "{pass}");
        assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
        registered += pass["registered"].as_u64().unwrap();
    }
    assert!(registered > 30, "{registered}");
    assert_eq!(sales(&bench) as u64, registered);
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_that_wait_for_one_cash_register_are_registered_or_not_begun() {
    let bench = Bench::new().await;
    let till = with_open_shift(&bench, json!({"timeout_ms": 12_000})).await;
    slow(&bench, "ikassa", "sale", 1_500);
    let ids: Vec<String> = (0..12).map(|n| format!("order-{n}")).collect();
    let answers = join_all(ids.iter().map(|id| call(&till, "register", roubles(id, "card")))).await;
    let mut registered = 0;
    for (id, answer) in ids.iter().zip(&answers) {
        let entry = ok(&till, "journal", json!({})).await["entries"].to_string();
        match answer["error"]["code"].as_str() {
            None => registered += 1,
            Some("busy" | "not_begun") => {
                assert_eq!(answer["error"]["outcome"], "not_registered", "{id}: {answer}");
            }
            Some(_) => panic!("{id}: {answer}"),
        }
        assert!(!entry.contains("in_doubt"), "{entry}");
    }
    let sold = sales(&bench);
    assert!(registered >= 3 && registered == sold, "{registered} {sold}");
    // What was not begun goes on under the same id.
    for id in &ids {
        ok(&till, "register", roubles(id, "card")).await;
    }
    assert_eq!(sales(&bench), ids.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn new_receipts_go_before_questions_about_accepted_ones() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({"retry_ms": 0}));
    bench.emulator.switch("atol", "registers_on", json!(false)).unwrap();
    let receipts: Vec<Value> = (0..400).map(|n| receipt(&format!("order-{n:03}"))).collect();
    ok(&till, "enqueue", json!({"receipts": receipts})).await;
    let first = ok(&till, "deliver", json!({"time_limit_ms": 60_000})).await;
    assert_eq!((&first["left"], &first["errors"]), (&json!(400), &json!([])), "{first}");
    let receipts: Vec<Value> = (0..5).map(|n| receipt(&format!("new-{n}"))).collect();
    ok(&till, "enqueue", json!({"receipts": receipts})).await;
    slow(&bench, "atol", "report", 150);
    ok(&till, "deliver", json!({"time_limit_ms": 400})).await;
    for n in 0..5 {
        let entry = ok(&till, "journal", json!({"id": format!("new-{n}")})).await["entries"][0].clone();
        assert_eq!(entry["registration"]["state"], "accepted", "{entry}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_keeps_to_its_own_limit() {
    let bench = Bench::new().await;
    let till = bench.client_with(json!({"timeout_ms": 30_000}));
    assert_eq!(ok(&till, "register", receipt("order-1")).await["state"], "accepted");
    slow(&bench, "modulkassa", "status", 6_000);
    let started = Instant::now();
    let waited = ok(&till, "wait", json!({"id": "order-1", "timeout_ms": 500})).await;
    assert!(started.elapsed() < Duration::from_millis(700), "{:?}", started.elapsed());
    assert_eq!(waited["state"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_gives_back_what_is_known_where_another_worker_has_the_receipt() {
    let bench = Bench::new().await;
    let till = bench.client_with(json!({"timeout_ms": 30_000}));
    assert_eq!(ok(&till, "register", receipt("order-1")).await["state"], "accepted");
    slow(&bench, "modulkassa", "status", 3_000);
    let started = Instant::now();
    let other = call(&till, "status", json!({"id": "order-1"}));
    let waited = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let waited = ok(&till, "wait", json!({"id": "order-1", "timeout_ms": 500})).await;
        (waited["state"].clone(), started.elapsed())
    };
    let (_, (state, took)) = tokio::join!(other, waited);
    assert!(took < Duration::from_millis(800), "{took:?}");
    assert_eq!(state, "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_takes_the_time_leaves_the_receipt_queued() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({"timeout_ms": 3_000}));
    bench.fault(
        json!({"vendor": "atol", "route": "token", "when": "answer", "do": "delay", "delay_ms": 1_500}),
    );
    let answer = call(&till, "register", receipt("order-1")).await;
    let told = (&answer["error"]["code"], &answer["error"]["outcome"], &answer["error"]["kind"]);
    assert_eq!(told, (&json!("not_begun"), &json!("not_registered"), &json!("busy")), "{answer}");
    assert_eq!(ok(&till, "status", json!({"id": "order-1"})).await["state"], "queued");
    assert_eq!(bench.requests("POST", "/sell"), 0);
    assert_eq!(ok(&till, "register", receipt("order-1")).await["state"], "accepted");
}
