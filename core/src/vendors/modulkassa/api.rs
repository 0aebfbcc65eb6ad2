//! Modulkassa's calls (protocol/modulkassa.md 1.3, 1.4) and what each answer proves.

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::config::NAME;
use super::status::{DocumentStatus, ServiceStatus};
use super::vendor::Modulkassa;
use super::{claim, map, wire};
use crate::config::Credentials;
use crate::error::{Code, Error, Result, VendorFault};
use crate::journal::Entry;
use crate::transport::{Answer, Request, join, lenient, plain_refusal};
use crate::vendor::{Context, Exchanged, Finding, KnownBy, StepResult};

/// Name of the secret that `associate` leaves in the journal.
const ASSOCIATION: &str = "association";

impl Modulkassa {
    fn url(&self, segments: &[&str]) -> Url {
        join(&self.base, segments)
    }

    /// The credentials of the association: the configuration's, else those in the journal.
    async fn association(&self, context: &Context<'_>) -> Result<Credentials> {
        if let Some(credentials) = &self.config.credentials {
            return Ok(credentials.clone());
        }
        let kept = context.secrets.secret(&self.register, ASSOCIATION).await?;
        let missing =
            || Error::new(Code::CredentialsMissing, "call `associate` first, or configure `credentials`");
        let kept = kept.ok_or_else(missing)?;
        let (name, password) = kept.expose_secret().split_once('\n').ok_or_else(missing)?;
        Ok(Credentials { user_name: name.into(), password: SecretString::from(password) })
    }

    fn account(&self) -> Result<Credentials> {
        let missing =
            || Error::new(Code::CredentialsMissing, "this call needs `account` in the configuration");
        let account = self.config.account.as_ref().ok_or_else(missing)?;
        Ok(Credentials { user_name: account.login.clone(), password: account.password.clone() })
    }

    async fn exchange(&self, context: &Context<'_>, request: Request) -> Exchanged<Answer> {
        self.transport.send(&request, context.for_question()?).await
    }

    /// A call that can make a document.
    async fn exchange_document(&self, context: &Context<'_>, request: Request) -> Exchanged<Answer> {
        self.transport.send(&request, context.for_document()?).await
    }

    /// A call that changes nothing on the fiscal record: a whole answer or an error.
    async fn ask(&self, context: &Context<'_>, request: Request) -> Result<Answer> {
        taken(self.exchange(context, request).await?)
    }

    /// E1: associates with the retail point and keeps the new password in the journal.
    pub async fn associate(
        &self,
        context: &Context<'_>,
        retail_point: &str,
        client_id: Option<&str>,
    ) -> Result<wire::Association> {
        let mut url = self.url(&["v1", "associate", retail_point]);
        if let Some(client_id) = client_id {
            url.query_pairs_mut().append_pair("clientId", client_id);
        }
        let request = Request::new(Method::POST, "v1/associate/{}", url).basic(&self.account()?);
        let (association, secret) = associated(&self.ask(context, request).await?)?;
        context.secrets.keep_secret(&self.register, ASSOCIATION, Some(secret)).await?;
        Ok(association)
    }

    /// E2: ends the association and forgets its password.
    pub async fn dissociate(&self, context: &Context<'_>) -> Result<()> {
        let request = Request::new(Method::DELETE, "v1/associate", self.url(&["v1", "associate"]));
        self.ask(context, request.basic(&self.association(context).await?)).await?;
        context.secrets.keep_secret(&self.register, ASSOCIATION, None).await
    }

    /// E3.
    pub async fn service_status(&self, context: &Context<'_>) -> Result<ServiceStatus> {
        let request = Request::new(Method::GET, "v1/status", self.url(&["v1", "status"]));
        let answer = self.ask(context, request.basic(&self.association(context).await?)).await?;
        service_status(&answer)
    }

    /// The vendor's view of the retail points of the account, or of one (protocol/modulkassa.md 1.4).
    pub async fn retail_points(&self, context: &Context<'_>, id: Option<&str>) -> Result<Answer> {
        let mut base = self.base.clone();
        if let Ok(mut path) = base.path_segments_mut() {
            path.pop_if_empty().pop();
        }
        let url = match id {
            Some(id) => join(&base, &["v1", "retail-point", id]),
            None => join(&base, &["v1", "retail-points"]),
        };
        self.ask(context, Request::new(Method::GET, "v1/retail-points", url).basic(&self.account()?)).await
    }

    /// E5 as the caller wants to see it, and what it says of the document.
    pub async fn document_status(
        &self,
        context: &Context<'_>,
        id: &str,
    ) -> Result<(DocumentStatus, StepResult)> {
        let answer = self.ask(context, self.status_request(context, id).await?).await?;
        Ok((document_status(&answer, id)?, understood(&answer)))
    }

    async fn status_request(&self, context: &Context<'_>, id: &str) -> Result<Request> {
        let request = Request::new(Method::GET, "v1/doc/{}/status", self.url(&["v1", "doc", id, "status"]));
        Ok(request.basic(&self.association(context).await?))
    }

    /// E6, sent once. `failed` is why the document failed before.
    pub async fn requeue(&self, context: &Context<'_>, entry: &Entry) -> StepResult {
        // Not put back: it is as failed as before.
        let as_before = |error: Error| match entry.failure.clone() {
            Some(failure) => Finding::Failed { failure, raw: entry.raw.clone() },
            None => Finding::Unknown(error),
        };
        let credentials = match self.association(context).await {
            Ok(credentials) => credentials,
            Err(error) => return as_before(error).into(),
        };
        let url = self.url(&["v1", "doc", document_of(entry), "re-queue"]);
        let request = Request::new(Method::PUT, "v1/doc/{}/re-queue", url).basic(&credentials);
        match self.exchange_document(context, request).await {
            Err(failure) if failure.is_not_sent() => as_before(failure.into()).into(),
            Err(failure) => Finding::from(failure).into(),
            Ok(answer) => put_back(&answer),
        }
    }

    /// E4, sent once, byte for byte as it stands in the journal. Only answers in the vendor's own form prove that
    /// it was not taken; a page of a gateway, a 404 or an answer without a body prove nothing.
    pub async fn submit(&self, context: &Context<'_>, entry: &Entry) -> StepResult {
        let credentials = match self.association(context).await {
            Ok(credentials) => credentials,
            Err(error) => return Finding::NotTaken(error).into(),
        };
        let version = self.config.version().path();
        let request = Request::new(Method::POST, "doc", self.url(&[version, "doc"]))
            .basic(&credentials)
            .json(entry.request.clone());
        let answer = match self.exchange_document(context, request).await {
            Ok(answer) => answer,
            Err(failure) => return Finding::from(failure).into(),
        };
        match submitted(&answer) {
            Some(told) => told,
            None => self.after_refusal(context, entry, &answer).await,
        }
    }

    /// Tells a refused document from one that the vendor has had for long.
    async fn after_refusal(&self, context: &Context<'_>, entry: &Entry, refused: &Answer) -> StepResult {
        let error = refusal(refused);
        let result = self.look_up(context, document_of(entry)).await;
        match result.finding {
            // "Conflict" may mean that it is known: a register that does not know it yet proves nothing so soon.
            Finding::Absent if refused.status == 409 => Finding::Unknown(error).into(),
            Finding::Absent => {
                let raw = refused.raw();
                Finding::failed(error.with_code(Code::Refused), raw).into()
            }
            Finding::Registered { .. } => StepResult { known_by: KnownBy::KeyBefore, ..result },
            Finding::Unknown(_) => Finding::Unknown(error).into(),
            _ => result,
        }
    }

    /// E5 as proof. Only the vendor's own 404 says that a document never arrived; a page of some
    /// gateway does not.
    pub async fn look_up(&self, context: &Context<'_>, id: &str) -> StepResult {
        let request = match self.status_request(context, id).await {
            Ok(request) => request,
            Err(error) => return Finding::Unknown(error).into(),
        };
        match self.exchange(context, request).await {
            Err(failure) => Finding::Unknown(Error::new(Code::NoAnswer, failure.message)).into(),
            Ok(answer) => looked_up(&answer),
        }
    }
}

/// An answer of success, else its error.
fn taken(answer: Answer) -> Result<Answer> {
    match answer.status {
        200..=299 => Ok(answer),
        _ => Err(refusal(&answer)),
    }
}

/// The association of an answer, and what is kept of it.
pub(super) fn associated(answer: &Answer) -> Result<(wire::Association, SecretString)> {
    // It holds a password.
    let association: wire::Association = parsed_as(answer, answer.seen_of_login())?;
    let (Some(name), Some(password)) = (&association.user_name.0, &association.password.0) else {
        return Err(Error::new(Code::AnswerNotUnderstood, "the association has no user name or password"));
    };
    let secret = SecretString::from(format!("{name}\n{password}"));
    Ok((association, secret))
}

/// E3, read.
pub(super) fn service_status(answer: &Answer) -> Result<ServiceStatus> {
    ServiceStatus::read(parsed(answer)?, answer.raw()).map(|status| status.hiding(&answer.sent))
}

/// E5 of the document `id`, read.
pub(super) fn document_status(answer: &Answer, id: &str) -> Result<DocumentStatus> {
    DocumentStatus::read(id, parsed(answer)?, answer.raw()).map(|status| status.hiding(&answer.sent))
}

/// What the answer to E6 proves.
pub(super) fn put_back(answer: &Answer) -> StepResult {
    match answer.status {
        200..=299 => match understood(answer) {
            // A status from before: whether it was put back is asked for once more.
            StepResult { finding: Finding::Failed { failure, .. }, .. } => {
                Finding::Unknown(Error::new(Code::InDoubt, failure.message)).into()
            }
            told => told,
        },
        // Something on the way may have sent it twice, and this is the answer to the second: it is asked where the
        // document stands.
        _ => Finding::Unknown(refusal(answer)).into(),
    }
}

/// What the answer to a first E4 proves. `None`: refused, or known already, which the status of the document tells;
/// what a repeated id gives is not documented (protocol/modulkassa.md 3.7).
pub(super) fn submitted(answer: &Answer) -> Option<StepResult> {
    Some(match answer.status {
        // What is on record already is another's, unless it is the same.
        200..=299 => match understood(answer) {
            result @ StepResult { finding: Finding::Registered { .. }, .. } => {
                StepResult { known_by: KnownBy::AtOnce, ..result }
            }
            result => result,
        },
        401 | 403 | 429 if is_in_its_form(answer) => Finding::NotTaken(refusal(answer)).into(),
        400 | 409 | 422 if is_in_its_form(answer) => return None,
        _ => Finding::Unknown(refusal(answer)).into(),
    })
}

/// What the answer to E5 proves.
pub(super) fn looked_up(answer: &Answer) -> StepResult {
    match answer.status {
        200..=299 => understood(answer),
        404 if answer.body.is_empty() || is_in_its_form(answer) => Finding::Absent.into(),
        _ => Finding::Unknown(refusal(answer)).into(),
    }
}

/// The id under which the vendor knows the document.
pub fn document_of(entry: &Entry) -> &str {
    entry.vendor_document_id.as_deref().unwrap_or(&entry.receipt_id)
}

/// A DocumentStatus with a known status; anything else proves nothing.
fn understood(answer: &Answer) -> StepResult {
    told(answer).hiding(&answer.sent)
}

fn told(answer: &Answer) -> StepResult {
    let raw = answer.raw();
    let status: wire::DocumentStatus = match parsed(answer) {
        Ok(status) => status,
        Err(error) => return Finding::Unknown(error).into(),
    };
    let Some(finding) = map::told(&status, &raw) else {
        let said = map::word(&status.status).unwrap_or_default();
        let message = format!("the answer has no known `status`, or one without what is on record: {said:?}");
        return Finding::Unknown(Error::new(Code::AnswerNotUnderstood, message)).into();
    };
    let kind = status.fiscal_info.as_ref().and_then(|info| claim::kind(&info.check_type));
    StepResult { kind, ..finding.into() }
}

/// The form that the vendor's errors have in practice: JSON that repeats the HTTP status as a number and names it in
/// `error` (protocol/modulkassa.md 3.8). What gateways write, RFC 9457 too, has no `error`.
fn is_in_its_form(answer: &Answer) -> bool {
    #[derive(Deserialize)]
    struct Own {
        status: u16,
        #[serde(rename = "error")]
        _error: String,
    }
    lenient::object(&answer.body).is_ok_and(|own: Own| own.status == answer.status)
}

fn parsed<T: DeserializeOwned>(answer: &Answer) -> Result<T> {
    parsed_as(answer, answer.seen())
}

/// The same; `seen` is what is shown of an answer that cannot be read.
fn parsed_as<T: DeserializeOwned>(answer: &Answer, seen: String) -> Result<T> {
    lenient::object(&answer.body)
        .map_err(|why| answer.sent.error(answer.unreadable(&why, &seen).with_vendor(fault(answer))))
}

/// What the vendor says in an answer that is no success, with the fields that it names.
fn fault(answer: &Answer) -> VendorFault {
    let said: wire::Fault = lenient::object(&answer.body).unwrap_or_default();
    VendorFault {
        name: NAME.into(),
        message: said.said(),
        code: said.error.0,
        http_status: Some(answer.status),
    }
}

fn refusal(answer: &Answer) -> Error {
    let fault = fault(answer);
    let error = plain_refusal(answer).unwrap_or_else(|| {
        let said = fault.message.clone().unwrap_or_else(|| answer.seen());
        let (code, what) = match answer.status {
            400 | 409 | 422 => (Code::Refused, "the vendor refused the request"),
            404 => (Code::NotFound, "the vendor does not know it"),
            _ => (Code::AnswerNotUnderstood, "the vendor answered"),
        };
        let error = Error::new(code, format!("{what} ({}): {said}", answer.status));
        error.after(answer.retry_after_ms)
    });
    answer.sent.error(error.with_vendor(fault))
}
