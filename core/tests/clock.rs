//! The wait before "not there" is believed is kept by a clock that nobody can set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::{Bench, error, ok, receipt};
use kassa::faults::turn_clock;
use serde_json::json;

const HOUR_MS: i64 = 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_does_not_shorten_the_wait_before_an_absence_is_believed() {
    for step in [HOUR_MS, -HOUR_MS, 24 * HOUR_MS] {
        let bench = Bench::new().await;
        bench.fault(json!({"vendor": "modulkassa", "route": "submit", "do": "drop"}));
        let settle = Duration::from_millis(2_000);
        let impatient = bench.client_with(json!({"timeout_ms": 900, "settle_ms": 2_000}));
        let doubt_began = Instant::now();
        assert_eq!(error(&impatient, "register", receipt("order-1")).await["code"], "in_doubt");
        turn_clock(step);
        let till = bench.client_with(json!({"timeout_ms": 9_000, "settle_ms": 2_000}));
        let sale = ok(&till, "register", receipt("order-1")).await;
        assert_eq!(sale["attempts"], 2, "{step}: {sale}");
        // The system tells the time since the start in hundredths of a second.
        assert!(
            doubt_began.elapsed() + Duration::from_millis(20) >= settle,
            "{step}: {:?}",
            doubt_began.elapsed()
        );
        turn_clock(0);
        assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
        assert_eq!(bench.emulator.ledger().len(), 1);
    }
}
