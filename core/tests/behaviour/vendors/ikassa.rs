//! iKassa: no key at all. The drawer's counter proves what became of cash, nothing what became of a card.

use serde_json::json;

use crate::common::roubles;
use crate::row::{Row, nothing};

pub const ROW: Row = Row {
    vendor: "ikassa",
    config: |emulator| {
        let mut config = emulator.config("ikassa");
        // What was sent and came to nothing arrives within this time.
        config["settle_ms"] = json!(600);
        config
    },
    prepare: nothing,
    opening: || vec![("open_shift", json!({}))],
    sale: |id| roubles(id, "cash"),
    submit: "sale",
    is_submit: |request| request.method == "POST" && request.path.ends_with("doc.sale"),
    // The counters are read before it.
    calls_of_a_sale: 2,
    refused: |emulator, id| {
        emulator.switch("ikassa", "cashier_max_16", true).unwrap();
        let mut wrong = roubles(id, "cash");
        wrong["cashier"] = json!({"name": "A name of more than sixteen letters"});
        wrong
    },
    strange: || {
        let melted = json!({"status": "melted"}).to_string();
        vec![
            json!({"body": melted}),
            json!({"status": 500, "body": melted}),
            json!({"route": "shift", "body": melted}),
        ]
    },
    may_stay_in_doubt: &["card"],
};
