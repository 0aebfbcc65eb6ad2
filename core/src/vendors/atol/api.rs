//! ATOL's document calls (protocol/atol.md 2.4, 2.10 to 2.13) and what each answer proves.

use reqwest::Method;

use super::errors::{self, Remedy};
use super::report::{Asked, Report, told};
use super::token::Service;
use super::vendor::Atol;
use crate::error::{Code, Error, Outcome, Result};
use crate::journal::{Entry, now_ms};
use crate::receipt::Kind;
use crate::receipt::registration::{Raw, State};
use crate::transport::{Answer, Request, join};
use crate::vendor::budget::Budget;
use crate::vendor::{Context, Finding, KnownBy, Mode, StepResult};

/// For how long the service is sure to know an id and a uuid: a week of the 30 days (protocol/atol.md 2.11).
const KEPT_MS: i64 = 7 * 24 * 3_600 * 1_000;

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
                let asked = Asked { uuid, ours: Some(&entry.receipt_id), kind: kind_of(&entry.request) };
                let finding = match Report::read(&answer) {
                    Ok(report) => told(&report, asked, raw.clone(), answer.status),
                    Err(error) => Finding::Unknown(error),
                };
                let finding = match finding {
                    Finding::Unknown(why) => Finding::Unknown(why.after(answer.retry_after_ms)),
                    finding => finding,
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

/// The kind of the document of a request: its first line is the operation.
pub fn kind_of(request: &[u8]) -> Option<Kind> {
    let operation = request.split(|byte| *byte == b'\n').next()?;
    Kind::ALL.iter().copied().find(|kind| kind.word().as_bytes() == operation)
}

/// The service's own error of an answer.
fn row_of(raw: &Raw) -> Option<errors::Row> {
    Report::in_body(raw.text().as_bytes()).ok()?.fault()?.of_service()
}

/// True for an answer with error 33: the service knew the id.
fn says_known(raw: &Raw) -> bool {
    row_of(raw).is_some_and(|row| row.remedy == Remedy::Known)
}

/// True for an answer with error 30: the service does not know the uuid.
pub fn says_unknown(raw: Option<&Raw>) -> bool {
    let report = raw.and_then(|raw| Report::in_body(raw.text().as_bytes()).ok());
    report.is_some_and(|report| {
        // A report that has a uuid may tell what a cash register said.
        let row = report
            .fault()
            .and_then(|fault| if report.uuid().is_none() { fault.of_service() } else { fault.row(200) });
        row.is_some_and(|row| (row.error_type, row.code) == ("system", 30))
    })
}

/// True where the uuid that we have is not that of the document: the service does not know it, or has another
/// document under it.
fn is_wrong_uuid(raw: Option<&Raw>, entry: &Entry, uuid: &str) -> bool {
    let report = raw.and_then(|raw| Report::in_body(raw.text().as_bytes()).ok());
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
    let report = Report::in_body(&answer.body).ok();
    let row = report.as_ref().and_then(Report::fault).and_then(|fault| fault.row(answer.status));
    row.is_some_and(|row| row.remedy == Remedy::Token)
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
    let report = match Report::read(answer) {
        Ok(report) => report,
        Err(error) => return Submitted::Told(Finding::Unknown(error)),
    };
    let Some(fault) = report.fault() else {
        return Submitted::Told(match report.uuid() {
            Some(uuid) if answer.status < 300 => Finding::Accepted { document_id: Some(uuid), raw },
            _ => {
                let message = format!("the answer has neither a uuid nor an error ({})", answer.seen());
                Finding::Unknown(Error::new(Code::AnswerNotUnderstood, message))
            }
        });
    };
    let error = fault.error(answer.status);
    // What a cash register says, or that there was no time, is known of a document that the service has.
    // Without a type, with the status of a success, nothing but that the service has it is believed.
    let has_it = |row: &errors::Row| matches!(row.remedy, Remedy::Known | Remedy::Wait);
    let row = fault.row(answer.status).or_else(|| fault.of_service().filter(has_it));
    let row = row.filter(|row| row.error_type == "system");
    Submitted::Told(match (row.map(|row| (row.remedy, row.outcome)), report.uuid()) {
        (Some((Remedy::Known, _)), Some(uuid)) => return Submitted::Known(uuid),
        // Not finished yet, says the service of a document that it has.
        (Some((Remedy::Wait, _)), Some(uuid)) => Finding::Accepted { document_id: Some(uuid), raw },
        (Some((Remedy::Correct, Outcome::NotRegistered)), None) if state == State::Sending => {
            fault.refused(answer.status, raw)
        }
        (Some((_, Outcome::NotRegistered)), None) => Finding::NotTaken(error),
        _ => Finding::Unknown(error),
    })
}
