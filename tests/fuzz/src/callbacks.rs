//! What a stranger may send to a shop's callback address. An input is a line with the vendor and the form (`query`,
//! `url`, `body`, or `request` for the whole request of the operation), then what was sent.

use kassa::vendors::VENDORS;
use serde_json::{Value, json};

use crate::bytes::{line, words};
use crate::envelope::Envelope;
use crate::exchange::cases;
use crate::record::{self, Given};
use crate::till;

/// Any callback gives an envelope, and success only where one says so in the vendor's form.
pub fn callbacks(data: &[u8]) {
    let (head, sent) = line(data);
    let words = words(head);
    let vendor = till::meant(words.first().map_or("", String::as_str));
    let sent = String::from_utf8_lossy(sent);
    let form = words.get(1).map_or("", String::as_str);
    let request = match form {
        "request" => sent.clone().into_owned(),
        "query" | "url" => json!({form: sent}).to_string(),
        _ => json!({"body": sent}).to_string(),
    };
    let client = till::client(&till::config(vendor, till::NOWHERE));
    let envelope = Envelope::held(&till::called(&client, "parse_callback", &request), &request);
    let Envelope::Ok(reading) = envelope else { return };
    let reading: Value = match serde_json::from_str(reading.get()) {
        Ok(reading) => reading,
        // Numbers that only a text can hold.
        Err(_) => return,
    };
    if reading["success"] == json!(true) && !matches!(form, "request" | "query" | "url") {
        let given = Given { status: 200, reason: Vec::new(), body: sent.as_bytes().to_vec() };
        assert!(record::confirms(vendor, &given), "{vendor} takes for a success: {sent}");
    }
    assert!(reading["registration"].is_null(), "nothing was registered: {reading}");
}

/// Every published callback, and the same to the other vendors.
pub fn corpus() -> Vec<Vec<u8>> {
    let mut made = Vec::new();
    for vendor in VENDORS.iter().map(|vendor| vendor.name).filter(|name| till::NAMES.contains(name)) {
        for case in cases(vendor) {
            for step in case["steps"].as_array().into_iter().flatten() {
                if step["operation"] != "parse_callback" {
                    continue;
                }
                for form in ["query", "url", "body"] {
                    if let Some(text) = step["request"][form].as_str() {
                        made.push(format!("{vendor} {form}\n{text}").into_bytes());
                    }
                }
                made.push(format!("{vendor} request\n{}", step["request"]).into_bytes());
            }
        }
    }
    made
}
