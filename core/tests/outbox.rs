//! The outbox: what `deliver` does first, what it leaves for later, what ends a pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::{Bench, ikassa, ok, receipt, roubles};
use kassa::Client;
use serde_json::{Value, json};

async fn enqueue(till: &Client, receipts: Vec<Value>) {
    let queued = ok(till, "enqueue", json!({"receipts": receipts})).await;
    assert_eq!(queued["errors"], json!([]), "{queued}");
}

/// Names of the items on record, in order.
fn sold(bench: &Bench) -> Vec<String> {
    let ledger = bench.emulator.ledger().into_iter();
    ledger.filter_map(|entry| entry.content?.items.first().cloned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_waits_for_its_next_try_and_is_tried_at_once_where_a_person_says_so() {
    let bench = Bench::new().await;
    let till = bench.client_with(json!({"retry_ms": 60_000}));
    enqueue(&till, vec![receipt("order-1")]).await;
    bench.fault(json!({"vendor": "modulkassa", "route": "submit", "do": "status", "status": 429, "when": "before_record"}));
    let first = ok(&till, "deliver", json!({"receipts": true})).await;
    assert_eq!((&first["left"], &first["errors"][0]["error"]["code"]), (&json!(1), &json!("limited")));
    let line = &first["receipts"][0];
    assert_eq!((&line["receipt_id"], &line["state"]), (&json!("order-1"), &json!("queued")));
    assert!(line["message"].is_string());
    let sent = bench.requests("POST", "/v2/doc");
    let second = ok(&till, "deliver", json!({})).await;
    assert_eq!((&second["left"], &second["errors"]), (&json!(1), &json!([])));
    assert_eq!(bench.requests("POST", "/v2/doc"), sent);
    let third = ok(&till, "deliver", json!({"all": true})).await;
    assert_eq!(third["accepted"].as_u64().unwrap() + third["registered"].as_u64().unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendor_is_given_the_time_that_it_asks_for() {
    let bench = Bench::new().await;
    let till = bench.client_with(json!({"retry_ms": 0}));
    enqueue(&till, vec![receipt("order-1"), receipt("order-2")]).await;
    let slow = json!({"vendor": "modulkassa", "route": "submit", "do": "status", "status": 429, "retry_after_s": 1, "when": "before_record"});
    bench.fault(slow);
    let started = std::time::Instant::now();
    ok(&till, "deliver", json!({"time_limit_ms": 200})).await;
    // Nobody is asked before, and then both go.
    loop {
        let left = ok(&till, "deliver", json!({"time_limit_ms": 2_000})).await;
        if left["errors"] == json!([]) && bench.requests("POST", "/v2/doc") >= 3 {
            break;
        }
        assert!(started.elapsed().as_secs() < 20, "{left}");
    }
    assert!(started.elapsed().as_millis() >= 900, "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordered_register_sells_in_the_order_of_arrival() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    ok(&till, "open_shift", json!({})).await;
    let ids: Vec<String> = (0..20).map(|number| format!("order-{}", 99 - number)).collect();
    enqueue(&till, ids.iter().map(|id| roubles(id, "cash")).collect()).await;
    let done = ok(&till, "deliver", json!({"time_limit_ms": 20_000})).await;
    assert_eq!((&done["registered"], &done["left"]), (&json!(20), &json!(0)));
    assert_eq!(sold(&bench), ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_go_does_not_block_what_is_behind_it() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({"retry_ms": 600_000}));
    ok(&till, "open_shift", json!({})).await;
    // The drawer is empty: a refund in cash has to wait. The vendor refuses the longer name for good.
    let mut refund = roubles("refund", "cash");
    refund["kind"] = json!("sell_refund");
    bench.emulator.switch("ikassa", "cashier_max_16", json!(true)).unwrap();
    let mut poison = roubles("poison", "cash");
    poison["cashier"] = json!({"name": "A name of more than sixteen letters"});
    enqueue(&till, vec![refund, poison, roubles("order-1", "cash"), roubles("order-2", "cash")]).await;
    let done = ok(&till, "deliver", json!({})).await;
    assert_eq!(done["registered"], 2);
    assert_eq!((&done["failed"], &done["left"]), (&json!(1), &json!(1)));
    let failed = ok(&till, "status", json!({"id": "poison"})).await;
    assert_eq!(failed["failure"]["vendor"]["code"], "kernel.validation");
    // There is cash now.
    let later = ok(&till, "deliver", json!({"all": true})).await;
    assert_eq!((&later["registered"], &later["left"]), (&json!(1), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_cannot_be_reached_ends_the_pass() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    ok(&till, "open_shift", json!({})).await;
    enqueue(&till, (0..50).map(|number| roubles(&format!("order-{number}"), "cash")).collect()).await;
    let gone =
        ikassa(&bench, json!({"base_url": "http://127.0.0.1:1", "accounts_url": bench.emulator.url()}));
    let done = ok(&gone, "deliver", json!({})).await;
    assert_eq!(done["left"], 50);
    assert_eq!(done["errors"].as_array().unwrap().len(), 3, "{done}");
    assert_eq!(ok(&till, "deliver", json!({"all": true, "time_limit_ms": 30_000})).await["registered"], 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_the_outbox() {
    let bench = Bench::new().await;
    let first = bench.client();
    let second = bench.client();
    let ids: BTreeSet<String> = (0..200).map(|number| format!("order-{number}")).collect();
    enqueue(&first, ids.iter().map(|id| receipt(id)).collect()).await;
    let request = json!({"time_limit_ms": 20_000});
    let (one, other) = tokio::join!(ok(&first, "deliver", request.clone()), ok(&second, "deliver", request));
    let forward = |done: &Value| done["accepted"].as_u64().unwrap() + done["registered"].as_u64().unwrap();
    assert!(forward(&one) > 0 && forward(&other) > 0, "{one} {other}");
    assert_eq!((&one["errors"], &other["errors"]), (&json!([]), &json!([])));
    assert_eq!(bench.requests("POST", "/v2/doc"), 200);
    for id in &ids {
        let request = json!({"id": id, "timeout_ms": 20_000});
        assert_eq!(ok(&first, "wait", request).await["state"], "registered");
    }
    assert_eq!(bench.emulator.ledger().len(), 200);
}
