//! Modulkassa: knows a document by an id of ours.

use serde_json::json;

use crate::common::receipt;
use crate::row::{Row, no_opening, nothing};

pub const ROW: Row = Row {
    vendor: "modulkassa",
    config: |emulator| {
        let mut config = emulator.config("modulkassa");
        // What was sent and came to nothing arrives within this time.
        config["settle_ms"] = json!(300);
        config
    },
    prepare: nothing,
    opening: no_opening,
    sale: receipt,
    submit: "submit",
    is_submit: |request| request.method == "POST" && request.path.ends_with("/doc"),
    calls_of_a_sale: 1,
    refused: |emulator, id| {
        // A taxpayer number whose check digit is wrong.
        emulator.switch("modulkassa", "check_inn", true).unwrap();
        let mut wrong = receipt(id);
        wrong["cashier"] = json!({"name": "K", "tax_id": "123456789012"});
        wrong
    },
    strange: || {
        let melted = json!({"status": "MELTED"}).to_string();
        vec![json!({"body": melted}), json!({"route": "status", "body": melted})]
    },
    may_stay_in_doubt: &[],
};
