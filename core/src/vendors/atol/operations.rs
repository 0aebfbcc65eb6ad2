//! The operations that only ATOL Online has (protocol/atol.md 1, 2.11, 2.13).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::api::{self, Report};
use super::errors;
use super::monitoring::{Kkt, Kkts};
use super::vendor::Atol;
use crate::error::{Code, Error, Outcome, Result};
use crate::receipt::Kind;
use crate::receipt::registration::{Failure, Fiscal, Raw, Registration, State};
use crate::receipt::same;
use crate::vendor::desk::{self, Desk, Named, Wanted};
use crate::vendor::messages::Nothing;
use crate::vendor::operation::{Operation, operation};
use crate::vendor::{Finding, StepResult};

/// The rows of this vendor in the table of operations.
pub const OPERATIONS: &[Operation<dyn Desk>] = &[
    operation!("kkts", HARMLESS, kkts, KktsRequest => Kkts, "Cash registers of the login, a page of them."),
    operation!("kkt", HARMLESS, kkt, KktRequest => Kkt, "One cash register, by its factory serial number."),
    operation!("send_document", FISCAL, send_document, SendProtocolDocument => Registration,
        "Sends the protocol's own JSON (v4 or v5, as configured), for what the shared receipt cannot say. Its \
         `external_id` is the idempotency key; the delivery is the same as for `register`."),
    operation!("document_report", HARMLESS, document_report, ReportKey => DocumentReport,
        "The vendor's own report of a document. The journal stays as it is (see `status` for that), unless it has as \
         failed what is on record or in the vendor's queue."),
    operation!("error_codes", HARMLESS, error_codes, Nothing => ErrorCodes,
        "What the vendor's error codes mean and what to do, in English and Russian. Nothing is sent."),
];

/// Which page of cash registers.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KktsRequest {
    /// At most so many; the vendor's default is not documented.
    #[schemars(range(min = 1, max = 10_000))]
    pub limit: Option<u32>,
    /// Leave out so many.
    #[schemars(range(min = 0))]
    pub offset: Option<u32>,
}

/// Which cash register.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KktRequest {
    /// Factory serial number; leading zeros matter.
    #[schemars(length(min = 1, max = 64))]
    pub serial_number: String,
}

/// The protocol's own document.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendProtocolDocument {
    /// Operation: the kind of the receipt, spelt as ours.
    pub operation: Kind,
    /// The document as the protocol has it; its `external_id` is a text.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub document: Box<RawValue>,
}

/// Which document; give one of the two.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportKey {
    /// The receipt's id in our journal.
    #[schemars(length(min = 1, max = 128))]
    pub id: Option<String>,
    /// The vendor's uuid of the document.
    #[schemars(length(min = 1, max = 128))]
    pub uuid: Option<String>,
}

/// A document as the vendor reports it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DocumentReport {
    /// The vendor's uuid.
    pub uuid: Option<String>,
    /// The caller's id.
    pub external_id: Option<String>,
    /// What the report says.
    pub state: State,
    /// Fiscal data, once it is on record.
    pub fiscal: Option<Fiscal>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// The vendor's errors.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErrorCodes {
    /// The table.
    pub errors: Vec<ErrorMeaning>,
}

/// One of the vendor's errors. A code is unique only together with its type.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErrorMeaning {
    /// Type: `system`, `driver`, `timeout`, `agent`, `unknown`.
    #[serde(rename = "type")]
    pub error_type: String,
    /// Code within the type.
    pub code: i64,
    /// What it means.
    pub message: String,
    /// The same in Russian.
    pub message_ru: String,
    /// What to do.
    pub advice: String,
    /// The same in Russian.
    pub advice_ru: String,
    /// Our code for it.
    pub kassa_code: String,
    /// Whether the document is on record when the error answers its registration.
    pub outcome: Outcome,
}

async fn kkts(desk: &dyn Desk, request: KktsRequest) -> Result<Kkts> {
    let vendor: &Atol = desk.of()?;
    vendor.kkts(&desk.context(), request.limit, request.offset).await
}

async fn kkt(desk: &dyn Desk, request: KktRequest) -> Result<Kkt> {
    let vendor: &Atol = desk.of()?;
    vendor.kkt(&desk.context(), &request.serial_number).await
}

async fn send_document(desk: &dyn Desk, request: SendProtocolDocument) -> Result<Registration> {
    let vendor: &Atol = desk.of()?;
    vendor.group()?;
    let id = desk::own_id(&request.document, "external_id")?;
    let word = request.operation.word();
    let bytes = format!("{word}\n{}", request.document.get()).into_bytes();
    desk.deliver(Wanted {
        operation: "send_document",
        id,
        content: format!("{word}\n{}", same::document(request.document.get())).into_bytes(),
        earlier: vec![bytes.clone()],
        request: bytes,
        ..Wanted::default()
    })
    .await
}

async fn document_report(desk: &dyn Desk, request: ReportKey) -> Result<DocumentReport> {
    let vendor: &Atol = desk.of()?;
    let named = desk.named(request.id, request.uuid, "uuid").await?;
    match reported(desk, vendor, &named).await {
        Ok(report) => Ok(report),
        Err(error) => Err(desk.look_up_failed(&named, error).await),
    }
}

async fn reported(desk: &dyn Desk, vendor: &Atol, named: &Named) -> Result<DocumentReport> {
    let (ours, uuid) = match named {
        Named::Ours(entry) => (Some(entry.receipt_id.as_str()), entry.vendor_document_id.clone()),
        Named::Theirs(uuid) => (None, Some(uuid.clone())),
    };
    let uuid = uuid.ok_or_else(|| {
        let id = ours.unwrap_or_default();
        Error::new(Code::ReceiptUnknown, format!("the vendor gave no uuid for {id} yet"))
    })?;
    let answer = vendor.report(&desk.context(), &uuid).await?;
    let report = Report::read(&answer.body, answer.status)?;
    let raw = answer.raw();
    let told = api::told(&report, ours, &uuid, raw.clone(), answer.status);
    let finding = StepResult::from(told).hiding(&answer.sent).finding;
    let (state, fiscal, failure) = match &finding {
        Finding::Registered { fiscal, .. } => (State::Registered, Some((**fiscal).clone()), None),
        Finding::Failed { failure, .. } => (State::Failed, None, Some(failure.clone())),
        Finding::Unknown(error) | Finding::NotTaken(error) => {
            // What the service does not know: it forgets reports after 30 days.
            let is_forgotten = api::says_unknown(Some(&raw));
            return Err(if is_forgotten { error.clone().with_code(Code::NotFound) } else { error.clone() });
        }
        Finding::Accepted { .. } | Finding::Absent => (State::Accepted, None, None),
    };
    if let Named::Ours(entry) = named {
        desk.learned(&entry.receipt_id, finding.into()).await?;
    }
    Ok(DocumentReport {
        uuid: Some(uuid),
        external_id: report.external_id.0,
        state,
        fiscal,
        failure,
        raw: Some(raw),
    })
}

async fn error_codes(_: &dyn Desk, _: Nothing) -> Result<ErrorCodes> {
    let meaning = |row: errors::Row| ErrorMeaning {
        error_type: row.error_type.into(),
        code: row.code,
        message: row.english.into(),
        message_ru: row.russian.into(),
        advice: row.remedy.advice().into(),
        advice_ru: row.remedy.advice_ru().into(),
        kassa_code: row.remedy.code().name().into(),
        outcome: row.outcome,
    };
    Ok(ErrorCodes { errors: errors::all().map(meaning).collect() })
}
