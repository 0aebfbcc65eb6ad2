//! What every call of ATOL Online starts from and the answers that all of them give.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use rand::RngExt;
use time::OffsetDateTime;
use url::form_urlencoded;
use uuid::Builder;

use super::errors::{BAD_REQUEST, EXPIRED_TOKEN, MISSING_TOKEN, Refusal, ServiceError, UNDEFINED};
use super::group::Group;
use super::switches::{BadJson, Switches};
use super::tokens::{BadToken, Service};
use super::{Atol, NAME, dates};
use crate::answers::Answer;
use crate::faults::{Action, Call, Stage};

const TOKEN_HEADER: &str = "Token";
const TOKEN_PARAMETER: &str = "token";
const JSON_TYPE: &str = "application/json";

/// One call: what came with it, and under which switches it is answered.
pub struct Asked {
    /// The vendor.
    pub atol: Arc<Atol>,
    /// The switches when the call came.
    pub switches: Arc<Switches>,
    /// The present moment.
    pub now: OffsetDateTime,
    /// The form of error answers.
    pub refusal: Refusal,
    /// The parameters of the query, decoded.
    pub query: Vec<(String, String)>,
    /// Whether the body says that it is JSON.
    pub is_json: bool,
    token: Option<String>,
}

impl FromRequestParts<Arc<Atol>> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, atol: &Arc<Atol>) -> Result<Self, Infallible> {
        let (switches, now) = (atol.switches(), atol.frame.clock.now());
        let refusal = Refusal {
            ids: switches.error_ids,
            error_id: Builder::from_random_bytes(atol.error_ids.lock().random()).into_uuid(),
            timestamp: dates::wire(now, switches.utc_offset_hours),
        };
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query: Vec<(String, String)> = query.into_owned().collect();
        let in_query = query.iter().find(|(name, _)| name == TOKEN_PARAMETER).map(|(_, value)| value.clone());
        let in_header = parts.headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok());
        let token = in_header.map(str::to_owned).or(in_query);
        let is_json = is_json(&parts.headers);
        Ok(Self { atol: atol.clone(), switches, now, refusal, query, is_json, token })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(JSON_TYPE)
}

impl Asked {
    /// Does the call with the scripted faults around it.
    pub async fn serve(&self, route: &str, keys: Vec<String>, work: impl Future<Output = Answer>) -> Answer {
        let call = Call { vendor: NAME, route, keys };
        let scripted = |status| self.refusal.scripted(status);
        self.atol.frame.serve(call, scripted, work).await
    }

    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// An error of the service.
    pub fn refused(&self, error: &ServiceError) -> Answer {
        self.refusal.says(error)
    }

    /// The error of a body that is not JSON (protocol/atol.md 4.1 item 4).
    pub fn bad_json(&self) -> Answer {
        match self.switches.bad_json {
            BadJson::Undefined => self.refused(&UNDEFINED),
            BadJson::BadRequest => self.refused(&BAD_REQUEST),
        }
    }

    /// Whose token the call has; the header wins over the query (protocol/atol.md 4.1 item 8).
    pub fn login(&self, service: Service, route: &str, keys: Vec<String>) -> Result<String, Answer> {
        let call = Call { vendor: NAME, route, keys };
        let scripted = self.atol.frame.faults.take(&call, Stage::Token);
        let mut accounts = self.atol.accounts.write();
        let token = self.token.as_deref();
        for fault in scripted {
            match fault.action {
                Action::ExpireToken => accounts.tokens.expire(token.unwrap_or_default(), self.now),
                _ => accounts.tokens.forget(token.unwrap_or_default()),
            }
        }
        let shared = self.switches.tokens_shared;
        accounts.tokens.login(service, token, self.now, shared).map_err(|bad| match bad {
            BadToken::Unknown => self.refused(&MISSING_TOKEN),
            BadToken::Expired => self.refused(&EXPIRED_TOKEN),
        })
    }

    /// A group, if it is the user's.
    pub fn group(&self, login: &str, code: &str) -> Option<Arc<Group>> {
        let accounts = self.atol.accounts.read();
        accounts.groups_of(login).find(|group| group.code == code).cloned()
    }
}
