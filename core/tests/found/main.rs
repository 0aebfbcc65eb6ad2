//! Small inputs that once gave a wrong, silent or unhelpful result, from public reports of people who do this job. The
//! number in a test's name is the row's in the list of 29 November 2026; a row that another file tests is named there.
//!
//! | rows | file |
//! |---|---|
//! | 1 to 4, 13, 85 | `marking.rs`, `marked_goods.rs` |
//! | 6, 14 | `vat.rs` |
//! | 7, 9, 12 | `exact.rs`, the cases |
//! | 8 | `fields.rs` |
//! | 60 to 63, 66, 68, 69 | `hostile.rs`, `bad_input.rs` |
//! | 70, 88 | the emulator's `control.rs`, `atol_v5.rs`, `atol_registers.rs` |
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod atol;
mod devices;
mod receipts;

use common::{Bench, ok};
use kassa::Client;
use serde_json::{Value, json};

/// This in place of the vendor's answer, once; nothing is recorded.
fn answers_instead(bench: &Bench, vendor: &str, route: &str, status: u16, body: &str, more: Value) {
    let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
    let mut fault = json!({"vendor": vendor, "route": route, "when": "before_record", "do": "status",
        "status": status, "body": body, "content_type": kind});
    fault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bench.fault(fault);
}

/// Paths of what `validate` finds in a list.
async fn found_in(till: &Client, list: &str, receipt: &Value) -> Vec<String> {
    let validation = ok(till, "validate", receipt.clone()).await;
    let found = validation[list].as_array().unwrap().iter();
    found.map(|one| one["path"].as_str().unwrap().to_owned()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
