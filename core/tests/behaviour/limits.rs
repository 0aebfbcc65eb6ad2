//! Time and size: every call ends with an envelope, and the host lives on.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::common::{call, error};
use crate::drip::Drip;
use crate::row::Row;
use crate::shop::{CALL_MS, Shop};

/// More than the library reads of an answer.
const TOO_LARGE: usize = 9 << 20;
/// What a call may take longer than its time, on a busy machine.
const SLACK: Duration = Duration::from_secs(3);

/// A byte now and then keeps no call alive.
pub async fn an_answer_without_end_ends_with_the_call(row: &'static Row) {
    let shop = Shop::open(row).await;
    let drip = Drip::before(&shop.address()).await;
    let till = shop.client_at(&drip.url);
    call(&till, "register", shop.sale("order-0")).await;
    shop.sold(&shop.sale("order-0")).await;
    // Each call of a sale in turn, the one that brings it on record first.
    for passes in (0..row.calls_of_a_sale).rev() {
        drip.after(passes);
        let id = format!("order-{}", passes + 1);
        let started = Instant::now();
        let envelope = call(&till, "register", shop.sale(&id)).await;
        assert!(started.elapsed() < Duration::from_millis(CALL_MS) + SLACK, "{:?}", started.elapsed());
        let kept = shop.kept(&id).await;
        assert!(["queued", "in_doubt"].contains(&kept["state"].as_str().unwrap()), "{envelope} {kept}");
        shop.holds(&envelope, &kept);
        drip.after(u64::MAX);
        assert_eq!(shop.sold(&shop.sale(&id)).await["state"], "registered");
    }
    assert_eq!(shop.sales().len() as u64, 1 + row.calls_of_a_sale);
}

/// 9 MiB are no answer.
pub async fn an_answer_that_is_too_large_is_not_read(row: &'static Row) {
    let shop = Shop::open(row).await;
    let body = "x".repeat(TOO_LARGE);
    shop.fault(json!({"when": "after_record", "do": "status", "status": 200, "body": body}));
    assert_eq!(shop.sold(&shop.sale("order-1")).await["state"], "registered");
    assert_eq!(shop.sales().len(), 1);
}

/// What is left of a call does not suffice for a second exchange, so none begins; a call without time
/// begins none at all. Later calls bring the sale on record, once.
pub async fn too_little_time_sends_nothing_more(row: &'static Row) {
    let shop = Shop::open(row).await;
    shop.fault(json!({"when": "before_record", "do": "drop", "delay_ms": CALL_MS / 2}));
    let stopped = error(&shop.till, "register", shop.sale("order-1")).await;
    let kept = shop.kept("order-1").await;
    assert!(["queued", "in_doubt"].contains(&kept["state"].as_str().unwrap()), "{stopped} {kept}");
    shop.holds(&json!({"error": stopped}), &kept);
    assert_eq!((shop.submits(), shop.sales().len()), (1, 0), "{stopped}");
    assert_eq!(shop.sold(&shop.sale("order-1")).await["state"], "registered");
    let hasty = call(&shop.client(json!({"timeout_ms": 1})), "register", shop.sale("order-2")).await;
    assert!(hasty["ok"].is_object() || hasty["error"].is_object(), "{hasty}");
    assert_eq!(shop.sold(&shop.sale("order-2")).await["state"], "registered");
    assert_eq!(shop.sales().len(), 2, "{hasty}");
}
