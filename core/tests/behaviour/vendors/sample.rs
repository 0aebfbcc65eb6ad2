//! The sample: knows a document by an id of ours, and says of what it does not take that it is kept nowhere.

use serde_json::json;

use crate::common::receipt;
use crate::row::{Row, no_opening, nothing};

pub const ROW: Row = Row {
    vendor: "sample",
    config: |emulator| {
        let mut config = emulator.config("sample");
        // What was sent and came to nothing arrives within this time.
        config["settle_ms"] = json!(300);
        config
    },
    prepare: nothing,
    opening: no_opening,
    sale: receipt,
    submit: "submit",
    is_submit: |request| request.method == "POST" && request.path == "/sample/documents",
    calls_of_a_sale: 1,
    refused: |emulator, id| {
        let refusal = json!({"vendor": "sample", "route": "submit", "do": "status", "status": 400});
        emulator.add_fault(serde_json::from_value(refusal).unwrap()).unwrap();
        receipt(id)
    },
    strange: || {
        let error = json!({"error": "melted", "message": "it is hot"}).to_string();
        let other = json!({"id": "not ours", "status": "failed"}).to_string();
        vec![
            json!({"body": json!({"status": "melted"}).to_string()}),
            json!({"route": "status", "body": json!({"status": "melted"}).to_string()}),
            json!({"status": 400, "body": error}),
            json!({"body": other}),
            json!({"route": "status", "body": other}),
        ]
    },
    may_stay_in_doubt: &[],
};
