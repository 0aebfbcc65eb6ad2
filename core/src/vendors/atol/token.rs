//! The token (protocol/atol.md 1.2, 2.3): one a login and service, in the journal, shared by all workers.
//!
//! It is asked for under a lease, so that many workers starting at once make one request; it is
//! asked for anew when the service says that it has ended, and before its 24 hours are over.

use async_trait::async_trait;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::api::{Fault, fault_error, is_token_refused};
use super::errors::Remedy;
use super::vendor::Atol;
use crate::error::{Code, Result};
use crate::journal::now_ms;
use crate::transport::lenient::{self, Scalar};
use crate::transport::{Answer, Request, can_be_sent, join, no_login};
use crate::vendor::budget::TimeFor;
use crate::vendor::token::Login;
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
        Some(LogIn { error: Some(fault), .. }) => {
            // What is wrong here is the login, or the service does not work.
            let code = match fault.row().map(|row| row.remedy) {
                Some(Remedy::Vendor | Remedy::Again | Remedy::Wait) => Code::Unreachable,
                _ => Code::CredentialsRefused,
            };
            Err(answer.sent.error(fault_error(&fault, answer.status).with_code(code)))
        }
        Some(LogIn { token: Scalar(Some(token)), .. }) if answer.status < 400 && can_be_sent(&token) => {
            Ok(token.into())
        }
        _ => Err(no_login(answer)),
    }
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
        let Some((since, token)) = kept.expose_secret().split_once('\n') else { return Ok(None) };
        let age = since.parse::<i64>().ok().map(|since| now_ms().saturating_sub(since));
        let young = age.is_some_and(|age| (0..RENEW_AFTER_MS).contains(&age));
        let is_refused = refused.is_some_and(|refused| refused.expose_secret() == token);
        Ok((young && !is_refused && can_be_sent(token)).then(|| SecretString::from(token)))
    }

    async fn renewed(&self, context: &Context<'_>, _: Option<&SecretString>) -> Result<SecretString> {
        let token = self.atol.log_in(context, &self.url).await?;
        let text = format!("{}\n{}", now_ms(), token.expose_secret());
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
