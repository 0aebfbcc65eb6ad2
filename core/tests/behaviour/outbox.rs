//! The outbox, at every vendor.

use serde_json::{Value, json};

use crate::common::ok;
use crate::row::Row;
use crate::shop::Shop;

const RECEIPTS: usize = 20;

/// Twenty receipts, an answer lost among them: twenty documents.
pub async fn what_was_enqueued_comes_on_record(row: &'static Row) {
    let shop = Shop::open(row).await;
    shop.fault(json!({"when": "after_record", "do": "drop", "skip": 3}));
    let receipts: Vec<Value> = (0..RECEIPTS).map(|number| shop.sale(&format!("order-{number}"))).collect();
    let queued = ok(&shop.till, "enqueue", json!({"receipts": receipts})).await;
    assert_eq!(queued["entries"].as_array().unwrap().len(), RECEIPTS, "{queued}");
    assert_eq!(shop.submits(), 0);
    let mut left = json!(RECEIPTS);
    for _ in 0..20 {
        let delivered = ok(&shop.till, "deliver", json!({"time_limit_ms": 5_000, "all": true})).await;
        left = delivered["left"].clone();
        if left == 0 {
            break;
        }
    }
    assert_eq!(left, 0);
    for number in 0..RECEIPTS {
        assert_eq!(shop.kept(&format!("order-{number}")).await["state"], "registered");
    }
    let mut numbers: Vec<_> = shop.sales().into_iter().map(|sale| sale.fiscal_document_number).collect();
    assert_eq!(numbers.len(), RECEIPTS);
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), RECEIPTS);
}
