//! ATOL's document calls (protocol/atol.md 2.4, 2.10 to 2.13) and what each answer proves.

use reqwest::Method;
use serde::Deserialize;
use uuid::Uuid;

use super::config::NAME;
use super::errors::{self, Remedy};
use super::map::rfc3339;
use super::token::Service;
use super::vendor::Atol;
use crate::address;
use crate::error::{Code, Error, Outcome, Result, VendorFault};
use crate::journal::{Entry, now_ms};
use crate::receipt::money::Amount;
use crate::receipt::registration::{Fiscal, Raw, State};
use crate::transport::lenient::{self, Scalar, object_or_null};
use crate::transport::{Answer, Request, join};
use crate::vendor::budget::Budget;
use crate::vendor::{Context, Finding, KnownBy, Mode, StepResult};

/// For how long the service is sure to know an id and a uuid: a week of the 30 days (protocol/atol.md 2.11).
const KEPT_MS: i64 = 7 * 24 * 3_600 * 1_000;

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

    fn kind(&self) -> &str {
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
    #[serde(deserialize_with = "object_or_null")]
    pub error: Option<Fault>,
    #[serde(deserialize_with = "object_or_null")]
    pub payload: Option<Payload>,
    pub external_id: Scalar,
}

impl Report {
    /// The report in a body.
    pub fn read(body: &[u8], status: u16) -> Result<Self> {
        lenient::object(body).map_err(|why| {
            let message = format!("the answer ({status}) cannot be read: {why}");
            Error::new(Code::AnswerNotUnderstood, message)
        })
    }

    /// The id of the document: a UUID (protocol/atol.md 2.10), or none at all.
    pub fn uuid(&self) -> Option<String> {
        Uuid::try_parse(self.uuid.0.as_deref()?).ok().map(|uuid| uuid.to_string())
    }

    /// The error, where there is one: some reports of success have one of the type `none`.
    fn fault(&self) -> Option<&Fault> {
        self.error.as_ref().filter(|fault| fault.kind() != "none")
    }
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
    pub async fn submit(&self, context: &Context<'_>, entry: &Entry) -> StepResult {
        let text = String::from_utf8_lossy(&entry.request);
        let Some((operation, body)) = text.split_once('\n') else {
            let message = "the journal has lost the operation";
            return Finding::Unknown(Error::new(Code::JournalDamaged, message)).into();
        };
        let group = match self.group() {
            Ok(group) => group,
            Err(error) => return Finding::NotTaken(error).into(),
        };
        let url = join(&self.version, &[group, operation]);
        let request =
            Request::new(Method::POST, format!("{{}}/{operation}"), url).json(body.as_bytes().to_vec());
        let answer = match self.sent(context, Service::Documents, Budget::for_document, &request).await {
            Err(error) => return Finding::NotTaken(error).into(),
            Ok(Err(failure)) => return Finding::from(failure).into(),
            Ok(Ok(answer)) => answer,
        };
        match submitted(&answer, entry.state) {
            Submitted::Told(finding) => StepResult::from(match finding {
                Finding::NotTaken(why) => Finding::NotTaken(why.after(answer.retry_after_ms)),
                Finding::Unknown(why) => Finding::Unknown(why.after(answer.retry_after_ms)),
                finding => finding,
            })
            .hiding(&answer.sent),
            Submitted::Known(uuid) => self.known(context, entry, uuid, answer.raw()).await,
        }
    }

    /// The service has a document under our id (error 33, protocol/atol.md 2.12). It may be another program's, so
    /// its report is asked for. Where this was the answer to the first send, it is not ours unless it is the
    /// same; after a doubt it is taken for ours until the report says otherwise.
    async fn known(&self, context: &Context<'_>, entry: &Entry, uuid: String, raw: Raw) -> StepResult {
        // Now, or when the doubt began.
        let is_first = match entry.state {
            State::InDoubt => entry.raw.as_ref().is_some_and(says_known),
            state => state == State::Sending,
        };
        match self.told_of(context, entry, &uuid).await {
            (registered @ Finding::Registered { .. }, _) => {
                let known_by = if is_first { KnownBy::KeyBefore } else { KnownBy::Key };
                StepResult { known_by, ..registered.into() }
            }
            _ if is_first => {
                let message = "the service has a document under this id; whether it is this one is known once that is \
                               on record";
                let unknown = Finding::Unknown(Error::new(Code::InDoubt, message));
                StepResult { evidence: Some(raw), ..unknown.into() }
            }
            _ => Finding::Accepted { document_id: Some(uuid), raw }.into(),
        }
    }

    /// Asks where a document stands that the service accepted.
    pub async fn ask(&self, context: &Context<'_>, entry: &Entry, uuid: &str, mode: Mode) -> StepResult {
        let (finding, answer) = self.told_of(context, entry, uuid).await;
        // A uuid that came with error 33 after a doubt may be another program's.
        let known = entry.raw.clone().filter(says_known);
        match finding {
            Finding::Accepted { document_id, raw } => {
                Finding::Accepted { document_id, raw: known.unwrap_or(raw) }.into()
            }
            // The uuid is unknown or another's: the same document again tells the right one. Not once reports
            // are not kept any more: then the service might not know the id either, and would make a second
            // document.
            Finding::Unknown(_)
                if is_wrong_uuid(answer.as_ref(), entry, uuid)
                    && mode == Mode::Complete
                    && is_young(entry) =>
            {
                self.submit(context, entry).await
            }
            Finding::Unknown(_) if says_unknown(answer.as_ref()) && !is_young(entry) => {
                let message = "the service keeps reports for 30 days and does not tell what became of it any more: look \
                               at the receipts in the vendor's cabinet and give `resolve` a verdict";
                Finding::Unknown(Error::new(Code::AnswerNotUnderstood, message)).into()
            }
            finding => {
                let evidence = answer.filter(|_| known.is_none());
                let known_by = if known.is_some() { KnownBy::Key } else { KnownBy::OwnId };
                StepResult { known_by, evidence, ..finding.into() }
            }
        }
    }

    /// What the report of a document says of an entry, and the report.
    async fn told_of(&self, context: &Context<'_>, entry: &Entry, uuid: &str) -> (Finding, Option<Raw>) {
        match self.report(context, uuid).await {
            Err(error) => (Finding::Unknown(error), None),
            Ok(answer) => {
                let raw = answer.raw();
                let finding = match Report::read(&answer.body, answer.status) {
                    Ok(report) => told(&report, Some(&entry.receipt_id), uuid, raw.clone(), answer.status),
                    Err(error) => Finding::Unknown(error.after(answer.retry_after_ms)),
                };
                (StepResult::from(finding).hiding(&answer.sent).finding, Some(raw))
            }
        }
    }

    /// Asks for the result of a document.
    pub async fn report(&self, context: &Context<'_>, uuid: &str) -> Result<Answer> {
        let url = join(&self.version, &[self.group()?, "report", uuid]);
        let request = Request::new(Method::GET, "{}/report/{}", url);
        Ok(self.sent(context, Service::Documents, Budget::for_question, &request).await??)
    }
}

fn row_of(raw: &Raw) -> Option<errors::Row> {
    Report::read(raw.text().as_bytes(), 0).ok()?.fault()?.row()
}

/// True for an answer with error 33: the service knew the id.
fn says_known(raw: &Raw) -> bool {
    row_of(raw).is_some_and(|row| row.remedy == Remedy::Known)
}

/// True for an answer with error 30: the service does not know the uuid.
pub fn says_unknown(raw: Option<&Raw>) -> bool {
    raw.and_then(row_of).is_some_and(|row| (row.error_type, row.code) == ("system", 30))
}

/// True where the uuid that we have is not that of the document: the service does not know it, or has another
/// document under it.
fn is_wrong_uuid(raw: Option<&Raw>, entry: &Entry, uuid: &str) -> bool {
    let report = raw.and_then(|raw| Report::read(raw.text().as_bytes(), 0).ok());
    let is_anothers = report.is_some_and(|report| {
        report.uuid().as_deref() == Some(uuid)
            && report.external_id.0.is_some_and(|id| id != entry.receipt_id)
    });
    is_anothers || says_unknown(raw)
}

/// True where the service still knows every uuid that it gave.
fn is_young(entry: &Entry) -> bool {
    (0..KEPT_MS).contains(&now_ms().saturating_sub(entry.created_at_ms))
}

pub fn is_token_refused(answer: &Answer) -> bool {
    row_of(&answer.raw()).is_some_and(|row| row.remedy == Remedy::Token)
}

/// What the answer to a registration is.
pub(super) enum Submitted {
    /// It says what became of the document.
    Told(Finding),
    /// It says that there is a document under the id already, with its uuid.
    Known(String),
}

/// What the answer to a registration proves: body first, status second (protocol/atol.md 4.3, rule 1). The
/// refusal of a repeat says nothing of the first send.
pub(super) fn submitted(answer: &Answer, state: State) -> Submitted {
    let raw = answer.raw();
    let report = match Report::read(&answer.body, answer.status) {
        Ok(report) => report,
        Err(error) => return Submitted::Told(Finding::Unknown(error)),
    };
    let Some(fault) = report.fault() else {
        return Submitted::Told(match report.uuid() {
            Some(uuid) if answer.status < 300 => Finding::Accepted { document_id: Some(uuid), raw },
            _ => {
                let message = format!("the answer ({}) has neither a uuid nor an error", answer.status);
                Finding::Unknown(Error::new(Code::AnswerNotUnderstood, message))
            }
        });
    };
    let error = fault_error(fault, answer.status);
    // What a cash register says, or that there was no time, is known of a document that the service has.
    let row = fault.row().filter(|row| row.error_type == "system");
    Submitted::Told(match (row.map(|row| (row.remedy, row.outcome)), report.uuid()) {
        (Some((Remedy::Known, _)), Some(uuid)) => return Submitted::Known(uuid),
        // Not finished yet, says the service of a document that it has.
        (Some((Remedy::Wait, _)), Some(uuid)) => Finding::Accepted { document_id: Some(uuid), raw },
        (Some((Remedy::Correct, Outcome::NotRegistered)), None) if state == State::Sending => {
            refused(fault, answer.status, raw)
        }
        (Some((_, Outcome::NotRegistered)), None) => Finding::NotTaken(error),
        _ => Finding::Unknown(error),
    })
}

/// What a report or callback says (protocol/atol.md 2.11) of the document `uuid`, whose id with the caller is
/// `ours` where that is known.
pub fn told(report: &Report, ours: Option<&str>, uuid: &str, raw: Raw, status: u16) -> Finding {
    let not_understood = |message: String| Finding::Unknown(Error::new(Code::AnswerNotUnderstood, message));
    let is_named = report.uuid().is_some_and(|told| told.eq_ignore_ascii_case(uuid));
    let is_anothers = (report.uuid.0.is_some() && !is_named)
        || matches!((&report.external_id.0, ours), (Some(told), Some(ours)) if told != ours);
    if is_anothers {
        return not_understood("the report is about another document".into());
    }
    let document_id = Some(uuid.to_owned());
    match (report.status.0.as_deref(), report.fault()) {
        (Some("done"), None) => match report.payload.as_ref().map(fiscal) {
            Some(fiscal) if is_named && fiscal.document_number.is_some() && fiscal.sign.is_some() => {
                Finding::Registered { document_id, fiscal: Box::new(fiscal), raw }
            }
            _ => not_understood("the report says `done` and not of which document on record".into()),
        },
        (Some("wait"), _) => Finding::Accepted { document_id, raw },
        (Some("fail"), Some(fault))
            if is_named
                && status < 300
                && !says_on_record(report)
                && fault.row().is_some_and(|row| row.ends_a_document()) =>
        {
            refused(fault, status, raw)
        }
        (_, Some(fault)) => Finding::Unknown(fault_error(fault, status)),
        (Some("fail"), None) => not_understood("the report says `fail` without a reason".into()),
        (_, None) => not_understood("the report has no known status".into()),
    }
}

/// True for a report with the number or the sign of a document: whatever else it says, one is on record.
fn says_on_record(report: &Report) -> bool {
    let fiscal = report.payload.as_ref().map(fiscal);
    fiscal.is_some_and(|fiscal| fiscal.document_number.is_some() || fiscal.sign.is_some())
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
        url: payload.ofd_receipt_url.0.as_deref().and_then(address::link),
    }
}
