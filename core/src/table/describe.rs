//! What the library is, as data: the source of the facades and of the reference.

use schemars::Schema;
use serde::Serialize;

use crate::client::operations::{SHARED, names};
use crate::error::{Code, ErrorBody, Kind};
use crate::input::schema_of;
use crate::vendor::VendorInfo;
use crate::vendor::operation::Operation;
use crate::vendors::VENDORS;

#[derive(Serialize)]
struct Description {
    version: &'static str,
    kinds: Vec<Kind>,
    codes: Vec<CodeRow>,
    vendors: Vec<VendorRow>,
    operations: Vec<OperationRow>,
    error: Schema,
}

#[derive(Serialize)]
struct CodeRow {
    code: &'static str,
    kind: Kind,
    advice: &'static str,
}

#[derive(Serialize)]
struct VendorRow {
    name: &'static str,
    summary: &'static str,
    config: Schema,
    operations: Vec<&'static str>,
}

#[derive(Serialize)]
struct OperationRow {
    name: &'static str,
    /// `null` for an operation that every vendor has.
    vendor: Option<&'static str>,
    fiscal: bool,
    doc: &'static str,
    request: Schema,
    response: Schema,
}

impl OperationRow {
    fn of<Worker: ?Sized>(vendor: Option<&'static str>, operation: &Operation<Worker>) -> Self {
        Self {
            name: operation.name,
            vendor,
            fiscal: operation.fiscal,
            doc: operation.doc,
            request: (operation.request)(),
            response: (operation.response)(),
        }
    }
}

/// Everything that the facades and the documentation are made of, as JSON: version, vendors with
/// their configurations, operations with their schemas, kinds, codes.
pub fn describe() -> String {
    let own = |vendor: &&'static VendorInfo| {
        let name = vendor.name;
        vendor.operations.iter().map(move |operation| OperationRow::of(Some(name), operation))
    };
    let mut kinds: Vec<Kind> = Vec::new();
    for code in Code::ALL {
        if !kinds.contains(&code.kind()) {
            kinds.push(code.kind());
        }
    }
    let vendor = |vendor: &&'static VendorInfo| VendorRow {
        name: vendor.name,
        summary: vendor.summary,
        config: (vendor.config)(),
        operations: names(vendor).collect(),
    };
    let description = Description {
        version: env!("CARGO_PKG_VERSION"),
        kinds,
        codes: Code::ALL
            .iter()
            .map(|code| CodeRow { code: code.name(), kind: code.kind(), advice: code.advice() })
            .collect(),
        vendors: VENDORS.iter().map(vendor).collect(),
        operations: SHARED
            .iter()
            .map(|operation| OperationRow::of(None, operation))
            .chain(VENDORS.iter().flat_map(own))
            .collect(),
        error: schema_of::<ErrorBody>(),
    };
    serde_json::to_string(&description).unwrap_or_else(|_| "{}".into())
}
