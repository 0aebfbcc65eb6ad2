//! The token (protocol/atol.md 1.2, 2.3): one a login and service, in the journal, shared by all workers.
//!
//! It is asked for under a lease, so that many workers starting at once make one request; it is
//! asked for anew when the service says that it has ended, before its 24 hours are over, and with another password than
//! the one that it was got with.

use async_trait::async_trait;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::api::is_token_refused;
use super::errors::Remedy;
use super::report::Fault;
use super::vendor::Atol;
use crate::error::{Code, Error, Result};
use crate::journal::now_ms;
use crate::transport::lenient::{self, Scalar};
use crate::transport::{Answer, Request, can_be_sent, join, no_login};
use crate::vendor::budget::TimeFor;
use crate::vendor::token::{Login, mark};
use crate::vendor::{Context, Exchanged};

/// Name of the secret.
const TOKEN: &str = "token";
/// Age from which a token is asked for anew: 24 h less a margin for calls under way.
const RENEW_AFTER_MS: i64 = (24 * 60 - 5) * 60 * 1_000;

/// One of the vendor's services, each with a token of its own.
#[derive(Clone, Copy)]
pub enum Service {
    /// Registration of documents.
    Documents,
    /// Monitoring of the cash registers.
    Monitoring,
}

#[derive(Deserialize)]
struct LogIn {
    #[serde(default)]
    token: Scalar,
    error: Option<Fault>,
}

/// The log-in to one service.
struct ServiceLogin<'a> {
    atol: &'a Atol,
    place: String,
    url: Url,
}

impl Atol {
    /// Sends a request with the token of the service.
    pub async fn sent(
        &self,
        context: &Context<'_>,
        service: Service,
        time: TimeFor,
        request: &Request,
    ) -> Result<Exchanged<Answer>> {
        let (name, url) = match service {
            Service::Documents => (self.config.protocol().path(), join(&self.version, &["getToken"])),
            Service::Monitoring => ("monitoring", join(&self.monitoring, &["auth", "v1", "gettoken"])),
        };
        // By address too: a token of the emulator is none of the vendor's.
        let place = format!("atol-token:{}:{name}:{}", url.host_str().unwrap_or_default(), self.config.login);
        ServiceLogin { atol: self, place, url }.send(&self.transport, context, time, request).await
    }

    async fn log_in(&self, context: &Context<'_>, url: &Url) -> Result<SecretString> {
        let body =
            serde_json::json!({ "login": self.config.login, "pass": self.config.password.expose_secret() });
        let request = Request::new(Method::POST, "getToken", url.clone())
            .json(body.to_string().into_bytes())
            .hiding(&self.config.password);
        token_in(&self.transport.send(&request, context.for_question()?).await?)
    }
}

/// The token of an answer to a log-in.
pub(super) fn token_in(answer: &Answer) -> Result<SecretString> {
    let parsed: Option<LogIn> = lenient::object(&answer.body).ok();
    match parsed {
        Some(LogIn { error: Some(fault), .. }) => Err(answer.sent.error(refused(&fault, answer))),
        Some(LogIn { token: Scalar(Some(token)), .. }) if answer.status < 400 && can_be_sent(&token) => {
            Ok(token.into())
        }
        _ => Err(no_login(answer)),
    }
}

/// The error of a log-in: the service has no time, or something is wrong with login or password. Nothing was
/// sent behind it.
fn refused(fault: &Fault, answer: &Answer) -> Error {
    let row = fault.of_service();
    let (said, meaning) = (fault.said(), row.map_or("an error that is not documented", |row| row.english));
    let (code, message) = match (answer.status, row.map(|row| row.remedy)) {
        (429, _) => (Code::Limited, format!("the service asks to slow down ({said})")),
        (500.., _) | (_, Some(Remedy::Vendor | Remedy::Again | Remedy::Wait)) => {
            (Code::Unreachable, format!("the service gives no token now: {meaning} ({said})"))
        }
        (_, Some(remedy @ (Remedy::Access | Remedy::Token))) => {
            (Code::CredentialsRefused, format!("{meaning} ({said}); {}", remedy.advice()))
        }
        // Here it is of the log-in, whatever it means of a document.
        _ => (
            Code::CredentialsRefused,
            format!("the service does not take the log-in ({said}); correct login and password"),
        ),
    };
    let error = Error::new(code, message).with_vendor(fault.of_vendor(answer.status));
    error.after(answer.retry_after_ms)
}

#[async_trait]
impl Login for ServiceLogin<'_> {
    fn place(&self) -> String {
        self.place.clone()
    }

    async fn kept(
        &self,
        context: &Context<'_>,
        refused: Option<&SecretString>,
    ) -> Result<Option<SecretString>> {
        let Some(kept) = context.secrets.secret(&self.place, TOKEN).await? else { return Ok(None) };
        // Earlier versions kept no mark: such a token is asked for anew.
        let mut parts = kept.expose_secret().splitn(3, '\n');
        let (Some(since), Some(kept_mark), Some(token)) = (parts.next(), parts.next(), parts.next()) else {
            return Ok(None);
        };
        if kept_mark != mark(token, &self.atol.config.password) {
            return Ok(None);
        }
        let age = since.parse::<i64>().ok().map(|since| now_ms().saturating_sub(since));
        let young = age.is_some_and(|age| (0..RENEW_AFTER_MS).contains(&age));
        let is_refused = refused.is_some_and(|refused| refused.expose_secret() == token);
        Ok((young && !is_refused && can_be_sent(token)).then(|| SecretString::from(token)))
    }

    async fn renewed(&self, context: &Context<'_>, _: Option<&SecretString>) -> Result<SecretString> {
        let token = self.atol.log_in(context, &self.url).await?;
        let mark = mark(token.expose_secret(), &self.atol.config.password);
        let text = format!("{}\n{mark}\n{}", now_ms(), token.expose_secret());
        context.secrets.keep_secret(&self.place, TOKEN, Some(text.into())).await?;
        Ok(token)
    }

    fn with(&self, request: Request, token: &SecretString) -> Request {
        // A service that repeats the log-in elsewhere is the same service.
        request.header("token", token.clone()).hiding(&self.atol.config.password)
    }

    fn is_refused(&self, answer: &Answer) -> bool {
        is_token_refused(answer)
    }
}
