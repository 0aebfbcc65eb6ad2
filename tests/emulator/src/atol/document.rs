//! A document in the vendor's hands and its report (protocol/atol.md 2.11).

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

use super::dates;
use super::errors::{ErrorBody, FAIL, NOT_READY, Refusal, WAIT};
use super::kkt::Fiscal;
use super::operations::Operation;
use super::receipt::Receipt;
use super::switches::{ErrorIds, Switches};

const DONE: &str = "done";
const DAEMON: &str = "emu-agent-1";
const FNS_SITE: &str = "www.nalog.gov.ru";
/// First OFD, one of those that give links.
const OFD_INN: &str = "7709364346";
const OFD_PAGE: &str = "https://consumer.1-ofd-test.ru/v1";
const MASK_WARNING: &str = "callback_url не соответствует маске";

/// Why a register did not record a document (protocol/atol.md 2.14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `type`.
    pub kind: String,
    /// `code`.
    pub code: i64,
    /// `text`.
    pub text: String,
}

/// How a document ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// When.
    pub at: OffsetDateTime,
    /// The register that had it.
    pub device_code: String,
    /// What was recorded, or why not.
    pub result: Result<Arc<Fiscal>, Failure>,
    /// The checks of its marking codes.
    pub marks: Vec<MarkResult>,
    /// The error's id, for the switch that wants one.
    pub error_id: Uuid,
}

/// One document with everything that happened to it.
#[derive(Debug)]
pub struct Stored {
    /// The id that the service gave.
    pub uuid: Uuid,
    /// The shop's id.
    pub external_id: String,
    /// What it is.
    pub operation: &'static Operation,
    /// What it says.
    pub receipt: Arc<Receipt>,
    /// `service.callback_url`.
    pub callback_url: Option<String>,
    /// Whether that fails the mask.
    pub bad_callback: bool,
    /// When it was accepted.
    pub accepted: OffsetDateTime,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// How many times a callback was sent.
    pub callback_attempts: u32,
    /// Why the last callback did not succeed.
    pub callback_problem: Option<String>,
}

/// `marks_result[]` (protocol/atol.md 2.8.6).
#[derive(Debug, Clone, Serialize)]
pub struct MarkResult {
    /// The place of the item, from 0.
    pub position: usize,
    /// The code as it was sent.
    pub mark_code: String,
    /// The bits of the check.
    pub result: u8,
}

#[derive(Debug, Serialize)]
struct Warnings {
    callback_url: &'static str,
}

#[derive(Debug, Serialize)]
struct Payload<'a> {
    total: Option<Box<RawValue>>,
    fns_site: &'static str,
    fn_number: &'a str,
    shift_number: u32,
    receipt_datetime: String,
    fiscal_receipt_number: u32,
    fiscal_document_number: u32,
    ecr_registration_number: &'a str,
    fiscal_document_attribute: u32,
    ofd_inn: &'static str,
    ofd_receipt_url: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    marks_result: &'a [MarkResult],
}

/// The report of a finished document, and the body of its callback.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    uuid: Uuid,
    error: Option<ErrorBody>,
    warnings: Option<Warnings>,
    status: &'static str,
    payload: Option<Payload<'a>>,
    timestamp: String,
    group_code: &'a str,
    daemon_code: &'static str,
    device_code: &'a str,
    external_id: &'a str,
    callback_url: &'a str,
}

/// The report of a document that is not finished.
#[derive(Debug, Serialize)]
pub struct Waiting<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<Uuid>,
    status: &'static str,
    error: ErrorBody,
    warnings: Option<Warnings>,
    timestamp: String,
    callback_url: &'a str,
}

impl Stored {
    /// `done`, `fail` or `wait`.
    pub fn status(&self) -> &'static str {
        match self.outcome.as_ref().map(|outcome| outcome.result.is_ok()) {
            Some(true) => DONE,
            Some(false) => FAIL,
            None => WAIT,
        }
    }

    /// Whether it failed.
    pub fn failed(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.result.is_err())
    }

    /// The report, once it is finished (protocol/atol.md 4.1 items 20, 25 and 29).
    pub fn report<'a>(&'a self, group_code: &'a str, switches: &Switches) -> Option<Report<'a>> {
        let outcome = self.outcome.as_ref()?;
        Some(Report {
            uuid: self.uuid,
            error: outcome.result.as_ref().err().map(|failure| told(failure, outcome.error_id, switches)),
            warnings: self.warnings(),
            status: self.status(),
            payload: outcome.result.as_ref().ok().map(|fiscal| self.payload(fiscal, outcome, switches)),
            timestamp: dates::wire(outcome.at, switches.utc_offset_hours),
            group_code,
            daemon_code: DAEMON,
            device_code: &outcome.device_code,
            external_id: &self.external_id,
            callback_url: self.callback_url.as_deref().unwrap_or_default(),
        })
    }

    /// What a report is before that (protocol/atol.md 4.1 item 28).
    pub fn waiting(&self, switches: &Switches, refusal: &Refusal) -> Waiting<'_> {
        Waiting {
            uuid: switches.wait_has_uuid.then_some(self.uuid),
            status: WAIT,
            error: refusal.body(&NOT_READY, NOT_READY.text.to_owned()),
            warnings: self.warnings(),
            timestamp: refusal.timestamp.clone(),
            callback_url: self.callback_url.as_deref().unwrap_or_default(),
        }
    }

    fn warnings(&self) -> Option<Warnings> {
        self.bad_callback.then_some(Warnings { callback_url: MASK_WARNING })
    }

    fn payload<'a>(&'a self, fiscal: &'a Fiscal, outcome: &'a Outcome, switches: &Switches) -> Payload<'a> {
        let (drive, sign, number) = (&fiscal.fn_number, fiscal.sign, fiscal.document);
        Payload {
            total: literal(self.receipt.total),
            fns_site: FNS_SITE,
            fn_number: drive,
            shift_number: fiscal.shift,
            receipt_datetime: dates::wire(fiscal.at, switches.utc_offset_hours),
            fiscal_receipt_number: fiscal.receipt,
            fiscal_document_number: number,
            ecr_registration_number: &fiscal.registration_number,
            fiscal_document_attribute: sign,
            ofd_inn: OFD_INN,
            ofd_receipt_url: format!("{OFD_PAGE}?fn={drive}&fp={sign}&i={number}"),
            marks_result: &outcome.marks,
        }
    }
}

/// The shortest number, so that a whole amount is an integer literal (protocol/atol.md 2.11).
fn literal(amount: Decimal) -> Option<Box<RawValue>> {
    RawValue::from_string(amount.normalize().to_string()).ok()
}

fn told(failure: &Failure, error_id: Uuid, switches: &Switches) -> ErrorBody {
    ErrorBody {
        error_id: (switches.error_ids == ErrorIds::Always).then_some(error_id),
        code: failure.code,
        text: failure.text.clone(),
        kind: failure.kind.clone(),
    }
}
