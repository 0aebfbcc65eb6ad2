//! What the library is, as data: the source of the facades and of the reference.

use serde_json::{Value, json};

use super::dispatch::{envelope, panicked};
use crate::client::operations::{SHARED, names};
use crate::error::{Code, ErrorBody, Kind};
use crate::faults::may_fail;
use crate::input::schema_of;
use crate::vendor::VendorInfo;
use crate::vendor::operation::Operation;
use crate::vendors::VENDORS;

/// A row of the operations; `vendor` is `null` for one that every vendor has.
fn operation_row<Worker: ?Sized>(vendor: Option<&str>, operation: &Operation<Worker>) -> Value {
    json!({
        "name": operation.name,
        "vendor": vendor,
        "fiscal": operation.fiscal,
        "doc": operation.doc,
        "request": (operation.request)(),
        "response": (operation.response)(),
    })
}

/// Everything that the facades and the documentation are made of, as JSON: version, vendors with
/// their configurations, operations with their schemas, kinds, codes. Never panics: an envelope with an error then.
pub fn describe() -> String {
    let described = std::panic::catch_unwind(|| {
        may_fail("describe")?;
        Ok(description())
    });
    described.unwrap_or_else(|cause| Err(panicked(&*cause))).unwrap_or_else(|error| envelope(Err(error)))
}

fn description() -> String {
    let mut kinds: Vec<Kind> = Vec::new();
    for code in Code::ALL {
        if !kinds.contains(&code.kind()) {
            kinds.push(code.kind());
        }
    }
    let code = |code: &Code| json!({ "code": code.name(), "kind": code.kind(), "advice": code.advice() });
    let vendor = |vendor: &&VendorInfo| {
        json!({
            "name": vendor.name,
            "summary": vendor.summary,
            "config": (vendor.config)(),
            "operations": names(vendor).collect::<Vec<_>>(),
        })
    };
    let mut operations: Vec<Value> = SHARED.iter().map(|row| operation_row(None, row)).collect();
    for vendor in VENDORS {
        operations.extend(vendor.operations.iter().map(|row| operation_row(Some(vendor.name), row)));
    }
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "kinds": kinds,
        "codes": Code::ALL.iter().map(code).collect::<Vec<_>>(),
        "vendors": VENDORS.iter().map(vendor).collect::<Vec<_>>(),
        "operations": operations,
        "error": schema_of::<ErrorBody>(),
    })
    .to_string()
}
