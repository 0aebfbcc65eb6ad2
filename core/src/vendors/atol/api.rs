//! ATOL's document calls (fact sheet 2.4, 2.10 to 2.13) and what each answer proves.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;

use super::errors::{self, Remedy};
use super::map::rfc3339;
use super::token::Service;
use super::{Atol, NAME};
use crate::error::{Code, Error, Outcome, Result, VendorFault};
use crate::http::{Answer, Failure, Reach, Request, join};
use crate::journal::Entry;
use crate::lenient::Scalar;
use crate::money::Amount;
use crate::registration::{Failure as Refusal, Fiscal, Raw};
use crate::vendors::{Context, Told};

/// The error object (2.13). Every member may be absent.
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

/// Answer to a registration, report and callback (2.10, 2.11).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Report {
    pub uuid: Scalar,
    pub status: Scalar,
    pub error: Option<Fault>,
    pub payload: Option<Payload>,
    pub external_id: Scalar,
}

/// Fiscal data (2.11).
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

/// A call that changes nothing and got no whole answer.
pub fn no_answer(failure: Failure) -> Error {
    failure.into_error()
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
pub fn fault_error(fault: &Fault, status: u16, outcome: Outcome) -> Error {
    let said = fault.text.0.as_deref().unwrap_or("no text");
    let error = match fault.row() {
        Some(row) => {
            Error::new(row.remedy.code(), format!("{} ({said}); {}", row.english, row.remedy.advice()))
        }
        None => Error::new(Code::AnswerNotUnderstood, format!("an error that is not documented: {said}")),
    };
    error.with_outcome(outcome).with_vendor(vendor_fault(fault, status))
}

fn refusal(fault: &Fault, status: u16) -> Refusal {
    let error = fault_error(fault, status, Outcome::NotRegistered);
    let code = fault.row().map_or(Code::FiscalizationFailed, |row| row.remedy.code());
    Refusal { code: code.name().into(), message: error.message, vendor: error.vendor.map(|fault| *fault) }
}

impl Atol {
    /// Sends a request with the token; where the service does not take that, once more with a new
    /// one. A refused token means that nothing was looked at.
    pub async fn with_token(
        &self,
        context: &Context<'_>,
        service: Service,
        request: impl Fn() -> Request,
    ) -> Result<std::result::Result<Answer, Failure>> {
        let mut token = self.token(context, service, None).await?;
        for last in [false, true] {
            let timeout = context.timeout();
            if timeout < Duration::from_millis(1) {
                let message = "the time for the call ran out before the request".into();
                return Ok(Err(Failure { reach: Reach::NotSent, message }));
            }
            let sent = self.transport.send(&request().header("token", token.clone()), timeout).await;
            match &sent {
                Ok(answer) if !last && is_token_refused(answer) => {
                    token = self.token(context, service, Some(&token)).await?;
                }
                _ => return Ok(sent),
            }
        }
        Err(Error::new(Code::Internal, "no request was sent"))
    }

    /// Registers a document, once. Sending the same again is harmless: the service knows the id.
    pub async fn submit(&self, context: &Context<'_>, entry: &Entry) -> Told {
        let text = String::from_utf8_lossy(&entry.request);
        let Some((operation, body)) = text.split_once('\n') else {
            return Told::Unknown(Error::new(Code::JournalDamaged, "the journal has lost the operation"));
        };
        let group = match self.group() {
            Ok(group) => group,
            Err(error) => return Told::NotTaken(error),
        };
        let url = join(&self.version, &[group, operation]);
        let request = || Request::new(Method::POST, url.clone()).json(body.as_bytes().to_vec());
        let answer = match self.with_token(context, Service::Documents, request).await {
            Err(error) => return Told::NotTaken(error),
            Ok(Err(failure)) if failure.reach == Reach::NotSent => {
                return Told::NotTaken(failure.into_error());
            }
            Ok(Err(failure)) => return Told::Unknown(Error::new(Code::NoAnswer, failure.message)),
            Ok(Ok(answer)) => answer,
        };
        registered(&answer)
    }

    /// Asks for the result of a document.
    pub async fn report(&self, context: &Context<'_>, uuid: &str) -> Result<Answer> {
        let url = join(&self.version, &[self.group()?, "report", uuid]);
        let sent =
            self.with_token(context, Service::Documents, || Request::new(Method::GET, url.clone())).await?;
        sent.map_err(|failure| Error::new(Code::NoAnswer, failure.message))
    }
}

fn is_token_refused(answer: &Answer) -> bool {
    let report: Report = serde_json::from_slice(&answer.body).unwrap_or_default();
    report.error.and_then(|fault| fault.row()).is_some_and(|row| row.remedy == Remedy::Token)
}

/// What the answer to a registration proves: body first, status second (4.3, rule 1).
fn registered(answer: &Answer) -> Told {
    let raw = Raw::from_body(&answer.body);
    let Ok(report) = serde_json::from_slice::<Report>(&answer.body) else {
        return match answer.status {
            429 => Told::NotTaken(Error::new(Code::Limited, "the vendor asks to slow down (429)")),
            status => {
                let message = format!("the answer ({status}) cannot be read");
                Told::Unknown(Error::new(Code::AnswerNotUnderstood, message))
            }
        };
    };
    let uuid = report.uuid.0.clone().filter(|uuid| !uuid.is_empty());
    let Some(fault) = &report.error else {
        return match uuid {
            Some(_) if answer.status < 300 => Told::Accepted { document_id: uuid, raw },
            _ => {
                Told::Unknown(Error::new(Code::AnswerNotUnderstood, "the answer has neither uuid nor error"))
            }
        };
    };
    let remedy = fault.row().map(|row| (row.remedy, row.outcome));
    match (remedy, uuid) {
        // Known already: this very document, sent before (2.12).
        (Some((Remedy::Known, _)), Some(uuid)) => Told::Accepted { document_id: Some(uuid), raw },
        (Some((Remedy::Correct, Outcome::NotRegistered)), _) => {
            Told::Failed { failure: refusal(fault, answer.status), raw: Some(raw) }
        }
        (Some((_, Outcome::NotRegistered)), _) => {
            Told::NotTaken(fault_error(fault, answer.status, Outcome::NotRegistered))
        }
        _ => Told::Unknown(fault_error(fault, answer.status, Outcome::Unknown)),
    }
}

/// What a report or callback says (2.11).
pub fn told(report: &Report, raw: Raw, status: u16) -> Told {
    let document_id = report.uuid.0.clone();
    match (report.status.0.as_deref(), &report.error) {
        (Some("done"), None) => {
            let fiscal = report.payload.as_ref().map(fiscal).unwrap_or_default();
            Told::Registered { document_id, fiscal: Box::new(fiscal), raw }
        }
        (Some("fail"), Some(fault)) if fault.number() != Some(30) || fault.kind() != "system" => {
            Told::Failed { failure: refusal(fault, status), raw: Some(raw) }
        }
        (Some("wait"), _) => Told::Accepted { document_id, raw },
        (_, Some(fault)) => Told::Unknown(fault_error(fault, status, Outcome::Unknown)),
        (_, None) => Told::Unknown(Error::new(Code::AnswerNotUnderstood, "the report has no known status")),
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
