//! The token (fact sheet 1.2, 2.3): one a login and service, in the journal, shared by all workers.
//!
//! It is asked for under a lease, so that many workers starting at once make one request; it is
//! asked for anew when the service says that it has ended, and before its 24 hours are over.

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::Atol;
use super::api::{self, Fault, fault_error};
use crate::error::{Code, Error, Outcome, Result};
use crate::http::{Request, can_be_sent, join};
use crate::journal::now_ms;
use crate::lenient::Scalar;
use crate::vendors::Context;

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
struct Answer {
    #[serde(default)]
    token: Scalar,
    #[serde(default)]
    error: Option<Fault>,
}

impl Atol {
    fn token_place(&self, service: Service) -> (String, Url) {
        let (name, url) = match service {
            Service::Documents => (self.config.protocol().path(), join(&self.version, &["getToken"])),
            Service::Monitoring => ("monitoring", join(&self.monitoring, &["auth", "v1", "gettoken"])),
        };
        // By address too: a token of the emulator is none of the vendor's.
        (format!("atol-token:{}:{name}:{}", url.host_str().unwrap_or_default(), self.config.login), url)
    }

    /// A token that is good as far as we know. `refused` is one that the service did not take.
    pub async fn token(
        &self,
        context: &Context<'_>,
        service: Service,
        refused: Option<&SecretString>,
    ) -> Result<SecretString> {
        let (place, url) = self.token_place(service);
        if let Some(token) = kept(context, &place, refused).await? {
            return Ok(token);
        }
        let _lease = context.journal.lease(&place, context.deadline).await?;
        // Another worker may have been quicker.
        if let Some(token) = kept(context, &place, refused).await? {
            return Ok(token);
        }
        let token = self.log_in(context, url).await?;
        let text = format!("{}\n{}", now_ms(), token.expose_secret());
        context.journal.keep_secret(&place, TOKEN, Some(text.into())).await?;
        Ok(token)
    }

    async fn log_in(&self, context: &Context<'_>, url: Url) -> Result<SecretString> {
        let body =
            serde_json::json!({ "login": self.config.login, "pass": self.config.password.expose_secret() });
        let request = Request::new(Method::POST, url).json(body.to_string().into_bytes());
        let answer = self.transport.send(&request, context.timeout()).await.map_err(api::no_answer)?;
        let parsed: Option<Answer> = serde_json::from_slice(&answer.body).ok();
        match parsed {
            Some(Answer { error: Some(fault), .. }) => {
                let refused = fault_error(&fault, answer.status, Outcome::NotRegistered);
                // Whatever the vendor calls it, what is wrong here is the login.
                Err(Error { code: Code::CredentialsRefused, ..refused })
            }
            Some(Answer { token: Scalar(Some(token)), .. }) if answer.status < 400 && can_be_sent(&token) => {
                Ok(token.into())
            }
            _ => {
                let message = format!("the log-in answered {} without a token", answer.status);
                Err(Error::new(Code::AnswerNotUnderstood, message))
            }
        }
    }
}

async fn kept(
    context: &Context<'_>,
    place: &str,
    refused: Option<&SecretString>,
) -> Result<Option<SecretString>> {
    let Some(kept) = context.journal.secret(place, TOKEN).await? else { return Ok(None) };
    let Some((since, token)) = kept.expose_secret().split_once('\n') else { return Ok(None) };
    let young = since.parse::<i64>().is_ok_and(|since| (0..RENEW_AFTER_MS).contains(&(now_ms() - since)));
    let is_refused = refused.is_some_and(|refused| refused.expose_secret() == token);
    Ok((young && !is_refused && can_be_sent(token)).then(|| SecretString::from(token)))
}
