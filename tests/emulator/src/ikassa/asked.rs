//! What every call of iKassa starts from.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use axum::http::request::Parts;
use time::OffsetDateTime;
use url::form_urlencoded;

use super::errors::{DEVICE_MISSING, Refusal, unauthorized};
use super::register::{Around, Register};
use super::scripted::{Host, scripted};
use super::state::State;
use super::switches::Switches;
use super::{Ikassa, NAME};
use crate::answers::Answer;
use crate::faults::{Action, Call, Stage};

const FORM: &str = "application/x-www-form-urlencoded";
const BEARER: &str = "bearer ";

/// One call: what came with it, and under which switches it is answered.
pub struct Asked {
    /// The vendor.
    pub ikassa: Arc<Ikassa>,
    /// The switches when the call came.
    pub switches: Arc<Switches>,
    /// The present moment.
    pub now: OffsetDateTime,
    /// The host that was called, for links to itself.
    pub host: String,
    /// Whether the body says that it is a form.
    pub is_form: bool,
    /// Whether there is any `Authorization`.
    pub has_authorization: bool,
    query: Vec<(String, String)>,
    bearer: String,
}

impl FromRequestParts<Arc<Ikassa>> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, ikassa: &Arc<Ikassa>) -> Result<Self, Infallible> {
        let header = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let text = |name| header(name).unwrap_or_default();
        let kind = text(CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        Ok(Self {
            ikassa: ikassa.clone(),
            switches: ikassa.switches(),
            now: ikassa.frame.clock.now(),
            host: text(HOST).to_owned(),
            is_form: kind.eq_ignore_ascii_case(FORM),
            has_authorization: parts.headers.contains_key(AUTHORIZATION),
            query: query.into_owned().collect(),
            bearer: bearer(text(AUTHORIZATION)),
        })
    }
}

/// The token of `Authorization: Bearer`; empty when there is none.
fn bearer(header: &str) -> String {
    let scheme = header.get(..BEARER.len()).filter(|scheme| scheme.eq_ignore_ascii_case(BEARER));
    scheme.and_then(|_| header.get(BEARER.len()..)).unwrap_or_default().trim().to_owned()
}

impl Asked {
    /// Does a call with the scripted faults around it.
    pub async fn serve(
        &self,
        host: Host,
        route: &str,
        keys: Vec<String>,
        work: impl Future<Output = Answer>,
    ) -> Answer {
        let call = Call { vendor: NAME, route, keys };
        let refusal = |status| scripted(host, status, &self.switches);
        self.ikassa.frame.serve(call, refusal, work).await
    }

    /// A call of the API, with or without a register (protocol/ikassa.md 6.4 item 1).
    pub async fn serve_api(
        &self,
        route: &str,
        mut keys: Vec<String>,
        work: impl FnOnce(Option<&mut Register>, Around<'_>) -> Result<Answer, Refusal>,
    ) -> Answer {
        let seen = self.ikassa.state.lock().grants.register_of(&self.bearer, self.now);
        keys.extend(seen.ok().flatten().map(|number| number.to_string()));
        let token_keys = keys.clone();
        let all = async {
            let mut state = self.ikassa.state.lock();
            self.spoil_token(&mut state, route, token_keys);
            let Ok(number) = state.grants.register_of(&self.bearer, self.now) else {
                return unauthorized(&self.switches);
            };
            let register = number.and_then(|number| state.register(number)).filter(|register| register.bound);
            work(register, self.around()).unwrap_or_else(|refusal| refusal.answer(&self.switches))
        };
        self.serve(Host::Api, route, keys, all).await
    }

    /// A call of the API that needs a bound register (protocol/ikassa.md 6.4 item 3).
    pub async fn serve_register(
        &self,
        route: &str,
        keys: Vec<String>,
        work: impl FnOnce(&mut Register, Around<'_>) -> Result<Answer, Refusal>,
    ) -> Answer {
        let bound = |register: Option<&mut Register>, around: Around<'_>| {
            work(register.ok_or(&DEVICE_MISSING)?, around)
        };
        self.serve_api(route, keys, bound).await
    }

    /// What a register needs from outside.
    pub fn around(&self) -> Around<'_> {
        Around { frame: &self.ikassa.frame, switches: &self.switches, now: self.now }
    }

    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Rules that end the access token before it is looked at (protocol/ikassa.md 6.6).
    fn spoil_token(&self, state: &mut State, route: &str, keys: Vec<String>) {
        let call = Call { vendor: NAME, route, keys };
        for fault in self.ikassa.frame.faults.take(&call, Stage::Token) {
            match fault.action {
                Action::ExpireToken => state.grants.expire(&self.bearer, self.now),
                _ => state.grants.forget(&self.bearer),
            }
        }
    }
}
