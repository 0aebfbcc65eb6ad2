//! A document that the vendor accepted and then forgot: after its time for reports only a person can tell (row 83 of
//! `found`). The clock of the process is turned, so it has a binary of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, atol, ok, receipt};
use kassa::faults::turn_clock;
use serde_json::json;

const DAY_MS: i64 = 24 * 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn row_83_after_its_time_an_accepted_document_is_a_persons_matter() {
    let bench = Bench::new().await;
    bench.emulator.switch("atol", "registers_on", json!(false)).unwrap();
    let till = atol(&bench, "v5", json!({}));
    ok(&till, "register", receipt("order-1")).await;
    turn_clock(40 * DAY_MS);
    bench.emulator.advance_s(40 * DAY_MS / 1_000);
    let key = json!({"id": "order-1"});
    let wait = json!({"id": "order-1", "timeout_ms": 100});
    for (operation, request) in [("status", &key), ("resolve", &key), ("wait", &wait)] {
        let told = ok(&till, operation, request.clone()).await;
        assert_eq!(told["state"], "accepted", "{operation}: {told}");
        let notice = told["notice"].as_str().unwrap();
        assert!(notice.contains("cabinet") && notice.contains("verdict"), "{operation}: {told}");
    }
    // Never sent a second time.
    assert_eq!(bench.requests("POST", "/sell"), 1);
    let verdict = json!({"id": "order-1", "verdict": {"on_record": false, "by": "Anna"}});
    assert_eq!(ok(&till, "resolve", verdict).await["state"], "failed");
    turn_clock(0);
}
