//! Modulkassa's calls (protocol/modulkassa.md 1.3, 1.4) and what each answer proves.

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use url::Url;

use super::config::NAME;
use super::status::{DocumentStatus, ServiceStatus};
use super::vendor::Modulkassa;
use super::{map, wire};
use crate::config::Credentials;
use crate::error::{Code, Error, Result, VendorFault};
use crate::journal::Entry;
use crate::receipt::registration::Raw;
use crate::transport::{Answer, Request, join, plain_refusal};
use crate::vendor::{Context, Exchanged, Finding};

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
        let answer = self.exchange(context, request).await?;
        match answer.status {
            200..=299 => Ok(answer),
            _ => Err(refusal(&answer)),
        }
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
        let request = Request::new(Method::POST, url).basic(&self.account()?);
        let association: wire::Association = parsed(&self.ask(context, request).await?)?;
        let (Some(name), Some(password)) = (&association.user_name.0, &association.password.0) else {
            return Err(Error::new(
                Code::AnswerNotUnderstood,
                "the association has no user name or password",
            ));
        };
        let secret = SecretString::from(format!("{name}\n{password}"));
        context.secrets.keep_secret(&self.register, ASSOCIATION, Some(secret)).await?;
        Ok(association)
    }

    /// E2: ends the association and forgets its password.
    pub async fn dissociate(&self, context: &Context<'_>) -> Result<()> {
        let request = Request::new(Method::DELETE, self.url(&["v1", "associate"]));
        self.ask(context, request.basic(&self.association(context).await?)).await?;
        context.secrets.keep_secret(&self.register, ASSOCIATION, None).await
    }

    /// E3.
    pub async fn service_status(&self, context: &Context<'_>) -> Result<ServiceStatus> {
        let request = Request::new(Method::GET, self.url(&["v1", "status"]));
        let answer = self.ask(context, request.basic(&self.association(context).await?)).await?;
        ServiceStatus::read(parsed(&answer)?, Raw::from_body(&answer.body))
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
        self.ask(context, Request::new(Method::GET, url).basic(&self.account()?)).await
    }

    /// E5 as the caller wants to see it.
    pub async fn document_status(&self, context: &Context<'_>, id: &str) -> Result<DocumentStatus> {
        let answer = self.ask(context, self.status_request(context, id).await?).await?;
        DocumentStatus::read(id, parsed(&answer)?, Raw::from_body(&answer.body))
    }

    async fn status_request(&self, context: &Context<'_>, id: &str) -> Result<Request> {
        let request = Request::new(Method::GET, self.url(&["v1", "doc", id, "status"]));
        Ok(request.basic(&self.association(context).await?))
    }

    /// E6, sent once.
    pub async fn requeue(&self, context: &Context<'_>, id: &str) -> Finding {
        let credentials = match self.association(context).await {
            Ok(credentials) => credentials,
            Err(error) => return Finding::NotTaken(error),
        };
        let request = Request::new(Method::PUT, self.url(&["v1", "doc", id, "re-queue"])).basic(&credentials);
        match self.exchange_document(context, request).await {
            Err(failure) => failure.into(),
            Ok(answer) => match answer.status {
                200..=299 => understood(&answer),
                400..=499 => Finding::NotTaken(refusal(&answer)),
                _ => Finding::Unknown(refusal(&answer)),
            },
        }
    }

    /// E4, sent once, byte for byte as it stands in the journal.
    pub async fn submit(&self, context: &Context<'_>, entry: &Entry) -> Finding {
        let credentials = match self.association(context).await {
            Ok(credentials) => credentials,
            Err(error) => return Finding::NotTaken(error),
        };
        let version = self.config.document_version.unwrap_or_default().path();
        let request = Request::new(Method::POST, self.url(&[version, "doc"]))
            .basic(&credentials)
            .json(entry.request.clone());
        let answer = match self.exchange_document(context, request).await {
            Ok(answer) => answer,
            Err(failure) => return failure.into(),
        };
        match answer.status {
            200..=299 => understood(&answer),
            401 | 403 | 429 => Finding::NotTaken(refusal(&answer)),
            // No such address, says somebody: a gateway may say so after the vendor took it.
            404 | 405 => Finding::Unknown(refusal(&answer)),
            // Refused, or known already: what a repeated id gives is not documented (protocol/modulkassa.md
            // 3.7).
            400..=499 => self.after_refusal(context, entry, &answer).await,
            _ => Finding::Unknown(refusal(&answer)),
        }
    }

    /// Tells a refused document from one that the vendor has had for long.
    async fn after_refusal(&self, context: &Context<'_>, entry: &Entry, refused: &Answer) -> Finding {
        let error = refusal(refused);
        let id = entry.vendor_document_id.as_deref().unwrap_or(&entry.receipt_id);
        match self.look_up(context, id).await {
            Finding::Absent => Finding::failed(error.with_code(Code::Refused), Raw::from_body(&refused.body)),
            Finding::Unknown(_) => Finding::Unknown(error),
            known => known,
        }
    }

    /// E5 as proof. Only the vendor's own 404 says that a document never arrived; a page of some
    /// gateway does not.
    pub async fn look_up(&self, context: &Context<'_>, id: &str) -> Finding {
        let request = match self.status_request(context, id).await {
            Ok(request) => request,
            Err(error) => return Finding::Unknown(error),
        };
        match self.exchange(context, request).await {
            Err(failure) => Finding::Unknown(Error::new(Code::NoAnswer, failure.message)),
            Ok(answer) => match answer.status {
                200..=299 => understood(&answer),
                404 if is_the_vendors(&answer) => Finding::Absent,
                _ => Finding::Unknown(refusal(&answer)),
            },
        }
    }
}

/// A DocumentStatus with a known status; anything else proves nothing.
fn understood(answer: &Answer) -> Finding {
    let raw = Raw::from_body(&answer.body);
    let status = parsed::<wire::DocumentStatus>(answer);
    match status.map(|status| map::told(&status, &raw)) {
        Ok(Some(told)) => told,
        Ok(None) => {
            Finding::Unknown(Error::new(Code::AnswerNotUnderstood, "the answer has no known `status`"))
        }
        Err(error) => Finding::Unknown(error),
    }
}

/// The vendor's errors have no body or the JSON one of 3.8, which repeats the HTTP status.
fn is_the_vendors(answer: &Answer) -> bool {
    let repeats = |fault: wire::Fault| fault.status.0 == Some(answer.status.to_string());
    answer.body.is_empty() || serde_json::from_slice(&answer.body).is_ok_and(repeats)
}

fn parsed<T: DeserializeOwned>(answer: &Answer) -> Result<T> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        let message = format!("the answer ({}) cannot be read: {error}", answer.status);
        Error::new(Code::AnswerNotUnderstood, message).with_vendor(fault(answer))
    })
}

/// What the vendor says in an answer that is no success. A body that is not its own is not shown.
fn fault(answer: &Answer) -> VendorFault {
    let said: wire::Fault = serde_json::from_slice(&answer.body).unwrap_or_default();
    VendorFault {
        name: NAME.into(),
        code: said.error.0,
        message: said.message.0,
        http_status: Some(answer.status),
    }
}

fn refusal(answer: &Answer) -> Error {
    let fault = fault(answer);
    let error = plain_refusal(answer).unwrap_or_else(|| {
        let said = fault.message.as_deref().unwrap_or("without a reason");
        let (code, what) = match answer.status {
            400 | 409 | 422 => (Code::Refused, "the vendor refused the request"),
            404 => (Code::NotFound, "the vendor does not know it"),
            _ => (Code::AnswerNotUnderstood, "the vendor answered"),
        };
        let mut error = Error::new(code, format!("{what} ({}): {said}", answer.status));
        error.retry_after_ms = answer.retry_after_ms;
        error
    });
    error.with_vendor(fault)
}
