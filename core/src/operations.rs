//! The closed table of operations: name, request, response, doc. JSON in, envelope out.
//!
//! The table is the single source for what the facades offer and the documentation shows; see
//! `describe`.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use schemars::Schema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::chance::fallible;
use crate::client::Client;
use crate::error::{Code, Error, ErrorBody, Kind, Result};
use crate::input::schema_of;
use crate::messages::{
    Callback, CallbackReading, Capabilities, Deliver, Delivered, Enqueue, Enqueued, Export, Exported, Health,
    JournalPage, JournalQuery, Metrics, Nothing, Prune, Pruned, ReceiptKey, Resolve, Validation, Wait,
};
use crate::receipt::Receipt;
use crate::registration::Registration;
use crate::vendors::{VENDORS, VendorInfo};

/// A row of the table.
pub struct Operation {
    /// Name; the method's name in every language.
    pub name: &'static str,
    /// What it does, in sentences.
    pub doc: &'static str,
    /// True where it may change what is on the fiscal record.
    pub fiscal: bool,
    /// JSON Schema of the request.
    pub request: fn() -> Schema,
    /// JSON Schema of the response.
    pub response: fn() -> Schema,
    /// Reads the request, does it, writes the response.
    pub run: Run,
}

type Run = for<'a> fn(&'a Client, &'a str) -> BoxFuture<'a, Result<Box<RawValue>>>;

/// For `operation!`: it may change what is on the fiscal record.
pub(crate) const FISCAL: bool = true;
/// For `operation!`: it leaves the fiscal record as it is.
pub(crate) const HARMLESS: bool = false;

/// Writes a row: `operation!("name", FISCAL, function, Request => Response, "doc")`.
macro_rules! operation {
    ($name:literal, $fiscal:ident, $run:path, $request:ty => $response:ty, $doc:literal) => {
        $crate::operations::Operation {
            name: $name,
            doc: $doc,
            fiscal: $crate::operations::$fiscal,
            request: $crate::input::schema_of::<$request>,
            response: $crate::input::schema_of::<$response>,
            run: |client, text| {
                Box::pin(async move {
                    let request: $request = $crate::input::read(text)?;
                    let response: $response = $run(client, request).await?;
                    $crate::operations::written(&response)
                })
            },
        }
    };
}
pub(crate) use operation;

/// The operations that every vendor has.
pub const SHARED: &[Operation] = &[
    operation!("capabilities", HARMLESS, Client::capabilities, Nothing => Capabilities,
        "What this vendor can do. Nothing is sent."),
    operation!("validate", HARMLESS, Client::validate, Receipt => Validation,
        "Checks a receipt and computes its totals. Nothing is sent or written down."),
    operation!("register", FISCAL, Client::register, Receipt => Registration,
        "Puts a receipt on the fiscal record, exactly once. The same id with the same content continues or gives \
         back what is known; with other content it is a conflict. Fails unless the receipt is `registered`, or \
         `accepted` into the vendor's queue (then `wait`)."),
    operation!("status", HARMLESS, Client::status, ReceiptKey => Registration,
        "What became of a receipt; asks the vendor where that is not final. Nothing is sent that could make a \
         document."),
    operation!("wait", HARMLESS, Client::wait, Wait => Registration,
        "Asks for the status until it is final or the time is up; gives back the last one either way."),
    operation!("resolve", FISCAL, Client::resolve, Resolve => Registration,
        "Settles a receipt in doubt: `complete` brings it on record, `probe` only finds out, `verdict` writes down \
         what a person found out."),
    operation!("enqueue", HARMLESS, Client::enqueue, Enqueue => Enqueued,
        "Writes receipts into the journal, durably, and returns; `deliver` sends them."),
    operation!("deliver", FISCAL, Client::deliver_pending, Deliver => Delivered,
        "Moves everything in the journal forward: queued, accepted and in doubt, as far as it gets in the time."),
    operation!("journal", HARMLESS, Client::journal, JournalQuery => JournalPage,
        "What the journal knows: a list, or one receipt with every step. With `verify` the whole record is checked: \
         every event against its hash, every entry against its last event."),
    operation!("export", HARMLESS, Client::export, Export => Exported,
        "Pages of the journal with every step of every receipt and the hashes of the record, to be kept elsewhere."),
    operation!("prune", HARMLESS, Client::prune, Prune => Pruned,
        "Removes old receipts that are final from the journal, never one that is not. What is left can still be \
         verified. The ids are forgotten: a repeat of one would be a new sale."),
    operation!("parse_callback", HARMLESS, Client::parse_callback, Callback => CallbackReading,
        "Reads what the vendor sent to `callback_url`. It proves nothing; ask for the `status`."),
    operation!("health", HARMLESS, Client::health, Nothing => Health,
        "Whether the vendor and its cash register are ready."),
    operation!("metrics", HARMLESS, Client::metrics, Nothing => Metrics,
        "Calls, errors and times of this client, and what the journal holds."),
];

/// Every operation of a vendor.
pub fn of(vendor: &VendorInfo) -> impl Iterator<Item = &'static Operation> {
    SHARED.iter().chain(vendor.operations)
}

/// The row of an operation. The rows for the bindings' own tests are found but never shown.
fn find(vendor: &VendorInfo, name: &str) -> Option<&'static Operation> {
    #[cfg(feature = "testing")]
    if let Some(row) = crate::testing::OPERATIONS.iter().find(|row| row.name == name) {
        return Some(row);
    }
    of(vendor).find(|row| row.name == name)
}

pub(crate) fn written<T: Serialize>(response: &T) -> Result<Box<RawValue>> {
    fallible("answer_written")?;
    serde_json::value::to_raw_value(response)
        .map_err(|error| Error::new(Code::Internal, format!("the response cannot be written: {error}")))
}

#[derive(Serialize)]
struct Envelope {
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorBody>,
}

/// The envelope of a result: `{"ok": ...}` or `{"error": {...}}`.
pub fn envelope(result: Result<Box<RawValue>>) -> String {
    let (ok, error) = match result {
        Ok(response) => (Some(response), None),
        Err(error) => (None, Some(error.into())),
    };
    serde_json::to_string(&Envelope { ok, error }).unwrap_or_else(|_| UNWRITABLE.into())
}

const UNWRITABLE: &str = r#"{"error":{"code":"internal","kind":"internal","message":"the envelope cannot be written","advice":"A defect of this library. Please report it.","outcome":"unknown","retry_after_ms":null,"violations":[],"vendor":null}}"#;

/// The error of a panic: after it nobody knows what was sent.
pub fn panicked(cause: &(dyn std::any::Any + Send)) -> Error {
    let text =
        cause.downcast_ref::<&str>().copied().or_else(|| cause.downcast_ref::<String>().map(String::as_str));
    let message = format!("panic: {}", text.unwrap_or("no message"));
    Error::new(Code::Internal, message).with_outcome(crate::error::Outcome::Unknown)
}

/// Carries out an operation by its name. Never fails and never panics: an envelope always.
pub async fn dispatch(client: &Client, operation: &str, request: &str) -> String {
    let started = std::time::Instant::now();
    let found = find(client.info, operation);
    let result = match found {
        None => Err(unknown_operation(client, operation)),
        Some(row) => match AssertUnwindSafe((row.run)(client, request)).catch_unwind().await {
            Ok(result) => result,
            Err(cause) => Err(panicked(&*cause)),
        },
    };
    client.counters.count(found.map_or("unknown", |row| row.name), started.elapsed(), result.as_ref().err());
    envelope(result)
}

fn unknown_operation(client: &Client, operation: &str) -> Error {
    let name: String = operation.chars().take(60).collect();
    let known = of(client.info).map(|row| row.name).collect::<Vec<_>>().join(", ");
    let message = format!("{} has no operation `{name}`; there are {known}", client.info.name);
    Error::new(Code::OperationUnknown, message)
}

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

/// Everything that the facades and the documentation are made of, as JSON: version, vendors with
/// their configurations, operations with their schemas, kinds, codes.
pub fn describe() -> String {
    let row = |vendor: Option<&'static str>, operation: &Operation| OperationRow {
        name: operation.name,
        vendor,
        fiscal: operation.fiscal,
        doc: operation.doc,
        request: (operation.request)(),
        response: (operation.response)(),
    };
    let own = |vendor: &&'static VendorInfo| {
        let name = vendor.name;
        vendor.operations.iter().map(move |operation| row(Some(name), operation))
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
        operations: of(vendor).map(|operation| operation.name).collect(),
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
            .map(|operation| row(None, operation))
            .chain(VENDORS.iter().flat_map(own))
            .collect(),
        error: schema_of::<ErrorBody>(),
    };
    serde_json::to_string(&description).unwrap_or_else(|_| "{}".into())
}
