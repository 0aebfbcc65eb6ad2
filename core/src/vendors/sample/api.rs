//! The sample's calls (protocol/sample.md 1) and what each answer proves.

use reqwest::Method;
use serde::Deserialize;
use url::Url;

use super::config::NAME;
use crate::config::Credentials;
use crate::error::{Code, Error, Result, VendorFault};
use crate::journal::Entry;
use crate::receipt::money::Amount;
use crate::receipt::registration::Fiscal;
use crate::transport::{Answer, Request, Transport, join, lenient, plain_refusal};
use crate::vendor::messages::Health;
use crate::vendor::{Context, Finding};

/// What an answer says (protocol/sample.md 1, 3, 4); nothing where its body is not the vendor's.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    ready: bool,
    id: Option<String>,
    status: Option<String>,
    number: Option<String>,
    sign: Option<String>,
    recorded_at: Option<String>,
    total: Option<String>,
    code: Option<String>,
    error: Option<String>,
    message: Option<String>,
}

/// The calls of one client.
pub struct Api {
    pub transport: Transport,
    pub base: Url,
    pub credentials: Credentials,
}

impl Api {
    fn request(&self, method: Method, route: &'static str, path: &[&str]) -> Request {
        Request::new(method, route, join(&self.base, path)).basic(&self.credentials)
    }

    /// E1, sent once, byte for byte as it stands in the journal.
    pub async fn submit(&self, context: &Context<'_>, entry: &Entry) -> Finding {
        let request = self.request(Method::POST, "documents", &["documents"]).json(entry.request.clone());
        let sent = match context.for_document() {
            Ok(time) => self.transport.send(&request, time).await,
            Err(not_begun) => Err(not_begun),
        };
        match sent {
            Ok(answer) => match (answer.status, said(&answer).error.as_deref()) {
                (200, _) => told(&answer, entry),
                (400, Some("bad_document")) => Finding::failed(refusal(&answer), answer.raw()),
                (401, Some("bad_credentials")) | (429, Some("slow_down")) => {
                    Finding::NotTaken(refusal(&answer))
                }
                _ => Finding::Unknown(refusal(&answer)),
            },
            Err(failure) => failure.into(),
        }
    }

    /// E2 as proof: only the vendor's own 404 says that a document never arrived.
    pub async fn look_up(&self, context: &Context<'_>, entry: &Entry) -> Finding {
        let id = entry.vendor_document_id.as_deref().unwrap_or(&entry.receipt_id);
        match self.ask(context, "documents/{}", &["documents", id]).await {
            Ok(answer) => match (answer.status, said(&answer).error.as_deref()) {
                (200, _) => told(&answer, entry),
                (404, Some("unknown_document")) => Finding::Absent,
                _ => Finding::Unknown(refusal(&answer)),
            },
            Err(error) => Finding::Unknown(error),
        }
    }

    /// E3.
    pub async fn health(&self, context: &Context<'_>) -> Result<Health> {
        let answer = self.ask(context, "health", &["health"]).await?;
        match (answer.status, said(&answer)) {
            (200, Said { ready, message: Some(message), .. }) => {
                Ok(Health { ready, message, raw: Some(answer.raw()) })
            }
            _ => Err(refusal(&answer)),
        }
    }

    /// A call that makes no document.
    async fn ask(&self, context: &Context<'_>, route: &'static str, path: &[&str]) -> Result<Answer> {
        let request = self.request(Method::GET, route, path);
        Ok(self.transport.send(&request, context.for_question()?).await?)
    }
}

fn said(answer: &Answer) -> Said {
    lenient::object(&answer.body).unwrap_or_default()
}

/// What a status proves. One of another document, or with a word that is not known, proves nothing.
fn told(answer: &Answer, entry: &Entry) -> Finding {
    let (said, raw) = (said(answer), answer.raw());
    let is_ours = said.id == entry.vendor_document_id;
    match said.status.as_deref().filter(|_| is_ours) {
        Some("queued") => Finding::Accepted { document_id: None, raw },
        Some("done") => Finding::Registered { document_id: None, fiscal: Box::new(fiscal(said)), raw },
        Some("failed") => {
            let why = said.message.as_deref().unwrap_or("the cash register gave no reason");
            Finding::failed(Error::new(Code::FiscalizationFailed, why).with_vendor(fault(answer)), raw)
        }
        _ => Finding::Unknown(refusal(answer)),
    }
}

fn fiscal(said: Said) -> Fiscal {
    let total = said.total.and_then(|total| Amount::parse(&total).ok());
    let (document_number, sign, registered_at) = (said.number, said.sign, said.recorded_at);
    Fiscal { document_number, sign, registered_at, total, ..Fiscal::default() }
}

/// An answer as an error.
fn refusal(answer: &Answer) -> Error {
    let fault = fault(answer);
    let error = plain_refusal(answer).unwrap_or_else(|| {
        let code = if answer.status == 400 { Code::Refused } else { Code::AnswerNotUnderstood };
        let reason = fault.message.as_deref().unwrap_or("nothing that its protocol knows");
        Error::new(code, format!("the vendor answered ({}): {reason}", answer.status))
    });
    error.with_vendor(fault)
}

fn fault(answer: &Answer) -> VendorFault {
    let Said { error, code, message, .. } = said(answer);
    VendorFault { name: NAME.into(), code: error.or(code), message, http_status: Some(answer.status) }
}
