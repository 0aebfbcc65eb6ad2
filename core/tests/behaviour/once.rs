//! A sale is one document, whatever is asked about it.

use serde_json::{Value, json};

use crate::common::{call, error, ok};
use crate::row::Row;
use crate::shop::Shop;

/// The same id again gives the same registration; nothing is sent for it.
pub async fn a_sale_comes_on_record_once(row: &'static Row) {
    let shop = Shop::open(row).await;
    let first = shop.sold(&shop.sale("order-1")).await;
    assert_eq!((&first["state"], &first["attempts"]), (&json!("registered"), &json!(1)), "{first}");
    assert_eq!(first["fiscal"]["total"], "290.00", "{first}");
    let sent = shop.submits();
    for client in [&shop.till, &shop.client(json!({}))] {
        assert_eq!(ok(client, "register", shop.sale("order-1")).await, first);
        assert_eq!(ok(client, "status", json!({"id": "order-1"})).await, first);
    }
    assert_eq!((sent, shop.submits(), shop.sales().len()), (1, 1, 1));
    assert_eq!(shop.sales()[0].total, "290.00");
}

/// And its outcome is that of the receipt which has the id.
pub async fn the_same_id_with_other_content_is_a_conflict(row: &'static Row) {
    let shop = Shop::open(row).await;
    let mut other = shop.sale("order-1");
    other["items"][0]["name"] = json!("Cup");
    let queue = json!({"receipts": [shop.sale("order-1")]});
    ok(&shop.till, "enqueue", queue).await;
    let early = error(&shop.till, "register", other.clone()).await;
    assert_eq!(
        (&early["kind"], &early["outcome"]),
        (&json!("conflict"), &json!("not_registered")),
        "{early}"
    );
    assert_eq!(shop.submits(), 0);
    shop.sold(&shop.sale("order-1")).await;
    let late = error(&shop.till, "register", other).await;
    assert_eq!((&late["kind"], &late["outcome"]), (&json!("conflict"), &json!("registered")), "{late}");
    assert_eq!((shop.submits(), shop.sales().len()), (1, 1));
    // The same content in another spelling is the same content.
    let mut same = shop.sale("order-1");
    same["items"][0]["price"] = json!(150);
    same["print"] = json!(false);
    ok(&shop.till, "register", same).await;
}

/// It failed for good: kind, outcome and advice say so, now and later, and a new id sells.
pub async fn a_refused_document_is_final(row: &'static Row) {
    let shop = Shop::open(row).await;
    let wrong = (row.refused)(&shop.bench.emulator, "order-1");
    let first = call(&shop.till, "register", wrong.clone()).await;
    if first["error"].is_null() {
        ok(&shop.till, "wait", json!({"id": "order-1", "timeout_ms": 10_000})).await;
    }
    let kept = shop.kept("order-1").await;
    assert_eq!(kept["state"], "failed", "{first} {kept}");
    shop.holds(&first, &kept);
    let sent = shop.submits();
    let again = error(&shop.till, "register", wrong).await;
    assert_eq!((&again["kind"], &again["outcome"]), (&json!("refused"), &json!("not_registered")), "{again}");
    assert!(!again["message"].as_str().unwrap().is_empty() && again["vendor"].is_object(), "{again}");
    shop.holds(&json!({"error": again}), &kept);
    assert_eq!((shop.submits(), shop.sales().len()), (sent, 0));
    shop.bench.emulator.clear_faults();
    assert_eq!(shop.sold(&shop.sale("order-2")).await["state"], "registered");
    assert_eq!(shop.sales().len(), 1);
}

/// Of a receipt in doubt `status` finds out what can be known, and nothing comes on record through it.
pub async fn status_asks_and_makes_no_document(row: &'static Row) {
    for when in ["before_record", "after_record"] {
        let shop = Shop::open(row).await;
        shop.sold(&shop.sale("order-0")).await;
        shop.fault(json!({"when": when, "do": "drop"}));
        // Nobody answers a question about it. The rule before this one hides its own call from it.
        let skip = row.calls_of_a_sale - u64::from(when == "before_record");
        shop.fault(json!({"route": "*", "when": "before_record", "do": "drop", "skip": skip, "times": null}));
        let doubt = error(&shop.till, "register", shop.sale("order-1")).await;
        assert_eq!((&doubt["code"], &doubt["outcome"]), (&json!("in_doubt"), &json!("unknown")), "{doubt}");
        shop.bench.emulator.clear_faults();
        let sent = shop.submits();
        let status: Value = ok(&shop.till, "status", json!({"id": "order-1"})).await;
        let expected: &[&str] = match when {
            "before_record" => &["queued", "in_doubt"],
            _ => &["accepted", "registered", "in_doubt"],
        };
        assert!(expected.contains(&status["state"].as_str().unwrap()), "{when}: {status}");
        // Where the document is there, some vendors are asked by its own bytes: they make no second one.
        assert!(when == "after_record" || shop.submits() == sent, "{status}");
        assert_eq!(shop.sold(&shop.sale("order-1")).await["state"], "registered");
        assert_eq!(shop.sales().len(), 2, "{when}");
    }
}
