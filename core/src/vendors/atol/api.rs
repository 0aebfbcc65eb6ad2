//! ATOL's document calls (protocol/atol.md 2.4, 2.10 to 2.13) and what each answer proves.

use reqwest::Method;
use serde::Deserialize;

use super::config::NAME;
use super::errors::{self, Remedy};
use super::map::rfc3339;
use super::token::Service;
use super::vendor::Atol;
use crate::error::{Code, Error, Outcome, Result, VendorFault};
use crate::journal::Entry;
use crate::receipt::money::Amount;
use crate::receipt::registration::{Fiscal, Raw};
use crate::transport::lenient::Scalar;
use crate::transport::{Answer, Request, join};
use crate::vendor::budget::Budget;
use crate::vendor::{Context, Finding};

/// The error object (protocol/atol.md 2.13). Every member may be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fault {
    pub code: Scalar,
    pub text: Scalar,
    #[serde(rename = "type")]
    pub error_type: Scalar,
}

impl Fault {
    pub fn number(&self) -> Option<i64> {
        self.code.0.as_deref()?.parse().ok()
    }

    pub fn kind(&self) -> &str {
        self.error_type.0.as_deref().unwrap_or("unknown")
    }

    pub fn row(&self) -> Option<errors::Row> {
        errors::find(self.kind(), self.number()?)
    }
}

/// Answer to a registration, report and callback (protocol/atol.md 2.10, 2.11).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Report {
    pub uuid: Scalar,
    pub status: Scalar,
    pub error: Option<Fault>,
    pub payload: Option<Payload>,
    pub external_id: Scalar,
}

/// Fiscal data (protocol/atol.md 2.11).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Payload {
    pub fiscal_receipt_number: Scalar,
    pub shift_number: Scalar,
    pub receipt_datetime: Scalar,
    pub total: Scalar,
    pub fn_number: Scalar,
    pub ecr_registration_number: Scalar,
    pub fiscal_document_number: Scalar,
    pub fiscal_document_attribute: Scalar,
    pub ofd_receipt_url: Scalar,
}

fn vendor_fault(fault: &Fault, status: u16) -> VendorFault {
    let number = fault.number().map_or_else(|| "?".into(), |number| number.to_string());
    VendorFault {
        name: NAME.into(),
        code: Some(format!("{}/{number}", fault.kind())),
        message: fault.text.0.clone(),
        http_status: Some(status),
    }
}

/// The vendor's error as ours, with what to do.
pub fn fault_error(fault: &Fault, status: u16) -> Error {
    let said = fault.text.0.as_deref().unwrap_or("no text");
    let error = match fault.row() {
        Some(row) => {
            Error::new(row.remedy.code(), format!("{} ({said}); {}", row.english, row.remedy.advice()))
        }
        None => Error::new(Code::AnswerNotUnderstood, format!("an error that is not documented: {said}")),
    };
    error.with_vendor(vendor_fault(fault, status))
}

fn refused(fault: &Fault, status: u16, raw: Raw) -> Finding {
    let code = fault.row().map_or(Code::FiscalizationFailed, |row| row.remedy.code());
    Finding::failed(fault_error(fault, status).with_code(code), raw)
}

impl Atol {
    /// Registers a document, once. Sending the same again is harmless: the service knows the id.
    pub async fn submit(&self, context: &Context<'_>, entry: &Entry) -> Finding {
        let text = String::from_utf8_lossy(&entry.request);
        let Some((operation, body)) = text.split_once('\n') else {
            return Finding::Unknown(Error::new(Code::JournalDamaged, "the journal has lost the operation"));
        };
        let group = match self.group() {
            Ok(group) => group,
            Err(error) => return Finding::NotTaken(error),
        };
        let url = join(&self.version, &[group, operation]);
        let request = Request::new(Method::POST, url).json(body.as_bytes().to_vec());
        match self.sent(context, Service::Documents, Budget::for_document, &request).await {
            Err(error) => Finding::NotTaken(error),
            Ok(Err(failure)) => failure.into(),
            Ok(Ok(answer)) => match registered(&answer) {
                Finding::NotTaken(why) => Finding::NotTaken(why.after(answer.retry_after_ms)),
                Finding::Unknown(why) => Finding::Unknown(why.after(answer.retry_after_ms)),
                finding => finding,
            },
        }
    }

    /// Asks for the result of a document.
    pub async fn report(&self, context: &Context<'_>, uuid: &str) -> Result<Answer> {
        let url = join(&self.version, &[self.group()?, "report", uuid]);
        let request = Request::new(Method::GET, url);
        Ok(self.sent(context, Service::Documents, Budget::for_question, &request).await??)
    }
}

/// What the answer to a registration proves: body first, status second (protocol/atol.md 4.3, rule 1).
fn registered(answer: &Answer) -> Finding {
    let raw = Raw::from_body(&answer.body);
    let Ok(report) = serde_json::from_slice::<Report>(&answer.body) else {
        return match answer.status {
            429 => Finding::NotTaken(Error::new(Code::Limited, "the vendor asks to slow down (429)")),
            status => {
                let message = format!("the answer ({status}) cannot be read");
                Finding::Unknown(Error::new(Code::AnswerNotUnderstood, message))
            }
        };
    };
    let uuid = report.uuid.0.clone().filter(|uuid| !uuid.is_empty());
    let Some(fault) = &report.error else {
        return match uuid {
            Some(_) if answer.status < 300 => Finding::Accepted { document_id: uuid, raw },
            _ => Finding::Unknown(Error::new(
                Code::AnswerNotUnderstood,
                "the answer has neither uuid nor error",
            )),
        };
    };
    let remedy = fault.row().map(|row| (row.remedy, row.outcome));
    match (remedy, uuid) {
        // Known already: this very document, sent before (protocol/atol.md 2.12).
        (Some((Remedy::Known, _)), Some(uuid)) => Finding::Accepted { document_id: Some(uuid), raw },
        (Some((Remedy::Correct, Outcome::NotRegistered)), _) => refused(fault, answer.status, raw),
        (Some((_, Outcome::NotRegistered)), _) => Finding::NotTaken(fault_error(fault, answer.status)),
        _ => Finding::Unknown(fault_error(fault, answer.status)),
    }
}

/// What a report or callback says (protocol/atol.md 2.11).
pub fn told(report: &Report, raw: Raw, status: u16) -> Finding {
    let document_id = report.uuid.0.clone();
    match (report.status.0.as_deref(), &report.error) {
        (Some("done"), None) => {
            let fiscal = report.payload.as_ref().map(fiscal).unwrap_or_default();
            Finding::Registered { document_id, fiscal: Box::new(fiscal), raw }
        }
        (Some("fail"), Some(fault)) if fault.number() != Some(30) || fault.kind() != "system" => {
            refused(fault, status, raw)
        }
        (Some("wait"), _) => Finding::Accepted { document_id, raw },
        (_, Some(fault)) => Finding::Unknown(fault_error(fault, status)),
        (_, None) => {
            Finding::Unknown(Error::new(Code::AnswerNotUnderstood, "the report has no known status"))
        }
    }
}

/// Fiscal data of a report. Members that are absent stay absent.
pub fn fiscal(payload: &Payload) -> Fiscal {
    Fiscal {
        document_number: payload.fiscal_document_number.0.clone(),
        sign: payload.fiscal_document_attribute.0.clone(),
        storage_number: payload.fn_number.0.clone(),
        register_number: payload.ecr_registration_number.0.clone(),
        serial_number: None,
        shift_number: payload.shift_number.0.clone(),
        receipt_number: payload.fiscal_receipt_number.0.clone(),
        registered_at: payload.receipt_datetime.0.as_deref().and_then(rfc3339),
        total: payload.total.0.as_deref().and_then(|total| Amount::parse(total).ok()),
        qr: None,
        url: payload.ofd_receipt_url.0.clone(),
    }
}
