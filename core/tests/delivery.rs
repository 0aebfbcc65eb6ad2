//! Exactly once, against the emulator: its ledger is the judge.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::{Bench, error, ok, receipt};
use kassa::journal::Journals;
use serde_json::{Value, json};
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_sent_that_ended_is_given_its_whole_time_to_arrive() {
    let settle = Duration::from_millis(300);
    let bench = Bench::new().await;
    let till = bench.client_with(json!({"settle_ms": settle.as_millis() as u64}));
    ok(&till, "enqueue", json!({"receipts": [receipt("order-1")]})).await;
    let journal = Journals::default().open(&bench.journal(), None).unwrap();
    let queued = journal.find(&till.about().register, "order-1").await.unwrap().unwrap();
    journal.begin(&queued, None).await.unwrap();
    // It began long ago, but nobody knows when it sent: that may have been a moment ago.
    sleep(settle).await;
    let taken_over = Instant::now();
    ok(&till, "register", receipt("order-1")).await;
    assert!(taken_over.elapsed() >= settle, "{:?}", taken_over.elapsed());
    let steps = ok(&till, "journal", json!({"id": "order-1"})).await["steps"].to_string();
    assert!(steps.contains("taken over"), "{steps}");
    ok(&till, "wait", json!({"id": "order-1"})).await;
    assert_eq!(bench.emulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_to_be_not_taken_stays_queued_and_may_be_sent_again() {
    for (status, kind) in [(401, "auth"), (403, "auth"), (429, "limited")] {
        let bench = Bench::new().await;
        let till = bench.client();
        bench.fault(
            json!({"vendor": "modulkassa", "route": "submit", "when": "before_record", "do": "status",
            "status": status, "retry_after_s": 7}),
        );
        let refused = error(&till, "register", receipt("order-1")).await;
        assert_eq!(refused["kind"], kind);
        assert_eq!(refused["outcome"], "not_registered");
        if status == 429 {
            assert_eq!(refused["retry_after_ms"], 7_000);
        }
        assert_eq!(ok(&till, "status", json!({"id": "order-1"})).await["state"], "queued");
        ok(&till, "register", receipt("order-1")).await;
        assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
        assert_eq!(bench.emulator.ledger().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_document_is_final_and_says_why() {
    let bench = Bench::new().await;
    let till = bench.client();
    bench.switch("sum_mismatch", json!("400"));
    bench.switch("check_inn", json!(true));
    let mut wrong = receipt("order-1");
    wrong["cashier"] = json!({"name": "K", "tax_id": "123456789012"});
    let refused = error(&till, "register", wrong.clone()).await;
    assert_eq!(
        (refused["kind"].clone(), refused["outcome"].clone()),
        (json!("refused"), json!("not_registered"))
    );
    assert_eq!(refused["vendor"]["http_status"], 400);
    // A repeat gives the recorded verdict without asking again.
    let sent = bench.requests("POST", "/doc");
    assert_eq!(error(&till, "register", wrong).await["code"], "refused");
    assert_eq!(bench.requests("POST", "/doc"), sent);
    assert!(bench.emulator.ledger().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_that_the_vendor_calls_an_error_is_success() {
    for duplicate in ["409", "400"] {
        let bench = Bench::new().await;
        bench.switch("duplicate", json!(duplicate));
        ok(&bench.client(), "register", receipt("order-1")).await;
        // Another journal that knows nothing: the worst case of a lost disk.
        let other = bench.client_with(json!({"journal": "memory:"}));
        ok(&other, "register", receipt("order-1")).await;
        assert_eq!(ok(&other, "wait", json!({"id": "order-1"})).await["state"], "registered");
        assert_eq!(bench.emulator.ledger().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_document_answered_by_a_gateway_is_no_proof() {
    let bench = Bench::new().await;
    let till = bench.client();
    bench.fault(json!({"vendor": "modulkassa", "route": "submit", "when": "after_record", "do": "drop"}));
    bench.fault(json!({"vendor": "modulkassa", "route": "status", "when": "before_record", "do": "status",
        "status": 404, "body": "<html>no such page</html>", "content_type": "text/html"}));
    assert_eq!(error(&till, "register", receipt("order-1")).await["code"], "in_doubt");
    assert_eq!(ok(&till, "resolve", json!({"id": "order-1"})).await["attempts"], 1);
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    assert_eq!(bench.emulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn probe_never_sends_and_complete_does() {
    let bench = Bench::new().await;
    let till = bench.client();
    bench.fault(json!({"vendor": "modulkassa", "route": "submit", "when": "before_record", "do": "drop"}));
    bench.fault(json!({"vendor": "modulkassa", "route": "status", "when": "before_record", "do": "status"}));
    assert_eq!(error(&till, "register", receipt("order-1")).await["code"], "in_doubt");
    let probed = ok(&till, "resolve", json!({"id": "order-1", "mode": "probe"})).await;
    assert_eq!((probed["state"].clone(), probed["attempts"].clone()), (json!("queued"), json!(1)));
    assert!(bench.emulator.ledger().is_empty());
    ok(&till, "resolve", json!({"id": "order-1", "mode": "complete"})).await;
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    assert_eq!(bench.emulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_can_decide_what_the_machine_cannot() {
    let bench = Bench::new().await;
    let till = bench.client();
    bench.fault(
        json!({"vendor": "modulkassa", "route": "*", "when": "before_record", "do": "status", "times": null}),
    );
    assert_eq!(error(&till, "register", receipt("order-1")).await["code"], "in_doubt");
    let verdict =
        json!({"id": "order-1", "verdict": {"on_record": false, "by": "Anna", "note": "not in the cabinet"}});
    assert_eq!(ok(&till, "resolve", verdict.clone()).await["state"], "failed");
    assert_eq!(error(&till, "resolve", verdict).await["code"], "verdict_not_wanted");
    assert_eq!(error(&till, "register", receipt("order-1")).await["code"], "withdrawn_by_person");
    let page = ok(&till, "journal", json!({"id": "order-1"})).await;
    let notes: Vec<_> =
        page["steps"].as_array().unwrap().iter().map(|s| s["note"].as_str().unwrap()).collect();
    assert!(notes.last().unwrap().contains("Anna"), "{notes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_does_not_withdraw_what_the_vendor_has_in_its_queue() {
    let bench = Bench::new().await;
    bench.emulator.switch("modulkassa", "tick_ms", json!(600_000)).unwrap();
    let till = bench.client();
    assert_eq!(ok(&till, "register", receipt("order-1")).await["state"], "accepted");
    let verdict = json!({"id": "order-1", "verdict": {"on_record": false, "by": "Anna"}});
    let refused = error(&till, "resolve", verdict.clone()).await;
    assert_eq!(
        (&refused["code"], &refused["outcome"]),
        (&json!("verdict_not_wanted"), &json!("unknown")),
        "{refused}"
    );
    // Where the vendor cannot be asked, the person's word is all that there is.
    let gone = bench.client_with(json!({"timeout_ms": 400}));
    bench.fault(json!({"vendor": "modulkassa", "route": "status", "when": "before_record", "do": "drop",
        "times": 100}));
    assert_eq!(ok(&gone, "resolve", verdict).await["state"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outbox_brings_everything_on_record() {
    let bench = Bench::new().await;
    let till = bench.client();
    bench.fault(
        json!({"vendor": "modulkassa", "route": "submit", "when": "after_record", "do": "drop", "skip": 3}),
    );
    let receipts: Vec<Value> = (0..150).map(|n| receipt(&format!("order-{n:03}"))).collect();
    let enqueued = ok(&till, "enqueue", json!({"receipts": receipts})).await;
    assert_eq!(enqueued["entries"].as_array().unwrap().len(), 150);
    assert!(bench.emulator.requests().is_empty());
    let mut left = 150;
    for _ in 0..20 {
        let delivered = ok(&till, "deliver", json!({"time_limit_ms": 20_000, "all": true})).await;
        left = delivered["left"].as_u64().unwrap();
        if left == 0 {
            break;
        }
    }
    assert_eq!(left, 0);
    let mut keys: Vec<_> = bench.emulator.ledger().into_iter().map(|entry| entry.receipt_key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!((keys.len(), bench.emulator.ledger().len()), (150, 150));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_calls_for_one_receipt_at_once_send_it_once() {
    let bench = Bench::new().await;
    let (one, two) = (bench.client(), bench.client());
    bench.fault(
        json!({"vendor": "modulkassa", "route": "submit", "when": "answer", "do": "delay", "delay_ms": 100}),
    );
    let (a, b) =
        tokio::join!(ok(&one, "register", receipt("order-1")), ok(&two, "register", receipt("order-1")));
    assert_eq!(a["vendor_document_id"], b["vendor_document_id"]);
    assert_eq!(bench.requests("POST", "/doc"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_may_withdraw_what_was_never_sent_and_not_put_it_on_record() {
    let bench = Bench::new().await;
    let till = bench.client();
    ok(&till, "enqueue", json!({"receipts": [receipt("order-1")]})).await;
    let verdict =
        |on_record: bool| json!({"id": "order-1", "verdict": {"on_record": on_record, "by": "Anna"}});
    let refused = error(&till, "resolve", verdict(true)).await;
    assert_eq!(
        (&refused["code"], &refused["outcome"]),
        (&json!("verdict_not_wanted"), &json!("not_registered"))
    );
    assert_eq!(ok(&till, "status", json!({"id": "order-1"})).await["state"], "queued");
    assert_eq!(ok(&till, "resolve", verdict(false)).await["state"], "failed");
    assert_eq!(bench.sales(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_was_changed_behind_the_library_is_not_sent_and_blocks_nothing() {
    let bench = Bench::new().await;
    let till = bench.client();
    ok(&till, "enqueue", json!({"receipts": [receipt("order-1"), receipt("order-2")]})).await;
    let path = bench.folder.path().join("journal.sqlite");
    let other = rusqlite::Connection::open(&path).unwrap();
    let sql = "UPDATE documents SET request = CAST(replace(request, 'order', 'other') AS BLOB) WHERE receipt_id = 'order-1'";
    assert_eq!(other.execute(sql, []).unwrap(), 1);
    let delivered = ok(&till, "deliver", json!({"receipts": true})).await;
    assert_eq!(delivered["errors"][0]["receipt_id"], "order-1", "{delivered}");
    assert_eq!(delivered["errors"][0]["error"]["code"], "entry_damaged", "{delivered}");
    assert_eq!(ok(&till, "wait", json!({"id": "order-2"})).await["state"], "registered");
    let refused = error(&till, "register", receipt("order-1")).await;
    assert_eq!((&refused["kind"], &refused["outcome"]), (&json!("in_doubt"), &json!("unknown")));
    assert_eq!(bench.emulator.ledger().len(), 1);
    let verdict = json!({"id": "order-1", "verdict": {"on_record": false, "by": "Ann"}});
    assert_eq!(ok(&till, "resolve", verdict).await["state"], "failed");
}
