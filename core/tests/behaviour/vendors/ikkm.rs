//! iKKM: no key of ours but one of the device's, that changes with every sale.

use serde_json::json;

use crate::common::tenge;
use crate::row::Row;

pub const ROW: Row = Row {
    vendor: "ikkm",
    config: |emulator| {
        let mut config = emulator.config("ikkm");
        // What was sent and came to nothing arrives within this time.
        config["settle_ms"] = json!(600);
        config["pace_ms"] = json!(0);
        config
    },
    prepare: |emulator| {
        emulator.switch("ikkm", "pace_ms", 0).unwrap();
        let register = emulator.config("ikkm")["register"].as_str().unwrap().to_owned();
        // Only they are told what others sold.
        emulator.operate(&register, "user", json!({"role": "senior"})).unwrap();
    },
    // For refunds.
    opening: || vec![("deposit", json!({"id": "morning", "sum": "10000"}))],
    sale: tenge,
    submit: "register",
    is_submit: |request| request.path == "/api",
    calls_of_a_sale: 1,
    refused: |_, id| {
        let mut wrong = tenge(id);
        wrong["vendor"] = json!({"ikkm": {"tax_code": "99"}});
        wrong
    },
    strange: || {
        vec![
            json!({"body": "OK", "content_type": "text/html"}),
            json!({"status": 400, "body": "-12345", "content_type": "text/html"}),
            json!({"status": 206, "body": "{body}", "content_type": "text/html"}),
        ]
    },
    may_stay_in_doubt: &[],
};
