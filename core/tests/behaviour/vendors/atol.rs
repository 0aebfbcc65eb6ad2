//! ATOL Online, protocol v5: knows a document by an id of ours and takes the same bytes again.

use kassa_emulator::Emulator;
use serde_json::{Value, json};

use crate::common::receipt;
use crate::row::{Row, no_opening, nothing};

pub const ROW: Row = Row {
    vendor: "atol",
    config: |emulator| config(emulator, "v5"),
    prepare: nothing,
    opening: no_opening,
    sale: receipt,
    submit: "submit",
    is_submit: |request| request.method == "POST" && request.path.ends_with("/sell"),
    calls_of_a_sale: 1,
    refused: |emulator, id| {
        let failure = json!({"vendor": "atol", "route": "submit", "do": "fail", "failure_type": "driver", "failure_code": 2});
        emulator.add_fault(serde_json::from_value(failure).unwrap()).unwrap();
        receipt(id)
    },
    strange: || {
        let error =
            json!({"error": {"code": 987, "type": "system", "text": "?"}, "status": "fail"}).to_string();
        let melted = json!({"uuid": "1", "status": "melted", "error": null}).to_string();
        vec![
            json!({"body": json!({"status": "melted"}).to_string()}),
            json!({"status": 400, "body": error}),
            json!({"route": "report", "body": melted}),
        ]
    },
    may_stay_in_doubt: &[],
};

/// The configuration of the group that speaks a version of the protocol.
pub fn config(emulator: &Emulator, protocol: &str) -> Value {
    let described = emulator.description()["vendors"]["atol"].clone();
    let others = described["others"].as_array().cloned().unwrap_or_default();
    let mut all = std::iter::once(described["config"].clone()).chain(others);
    let mut config = all.find(|config| config["protocol"] == protocol).unwrap();
    config["poll_ms"] = json!(50);
    config
}
