//! The calls of the accounts host (protocol/ikassa.md 1.2, 1.3, 6.2).

use std::collections::HashMap;

use axum::body::Bytes;
use serde::Serialize;
use url::form_urlencoded;

use super::NAME;
use super::asked::Asked;
use super::calls::DEVICE_CODE;
use super::codes::Consent;
use super::errors::shown;
use super::grants::Tokens;
use super::oauth_errors::{INVALID_CLIENT, INVALID_REQUEST, OAuthError, SLOW_DOWN, UNSUPPORTED_GRANT};
use super::operator::CABINET;
use super::scripted::Host;
use super::state::State;
use crate::answers::Answer;
use crate::faults::{Action, Call, Stage, TOKEN_ROUTE};

/// What is required only with a switch (protocol/ikassa.md 6.2 item 2).
const DEVICE_FIELDS: [&str; 5] = ["scope", "_os", "_osVer", "_device", "_app"];

type Form = HashMap<String, String>;
type Granted = Result<Tokens, &'static OAuthError>;
type Grant = fn(&Asked, &Form, &mut State) -> Granted;

/// The grants by `grant_type` (protocol/ikassa.md 3.7).
const GRANTS: &[(&str, Grant)] = &[
    ("urn:ietf:params:oauth:grant-type:device_code", by_device_code),
    ("refresh_token", by_refresh_token),
    ("client_credentials", by_credentials),
];

#[derive(Debug, Serialize)]
struct DeviceAnswer {
    device_code: String,
    user_code: String,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_uri: Option<String>,
}

/// `POST /oauth/device/code` (protocol/ikassa.md 1.2.1).
pub async fn device_code(asked: Asked, body: Bytes) -> Answer {
    let form = form(&asked, &body);
    let work = async {
        let mut state = asked.ikassa.state.lock();
        match new_code(&asked, &form, &mut state) {
            Ok(answer) => shown(&answer),
            Err(error) => error.answer(&asked.switches),
        }
    };
    asked.serve(Host::Accounts, DEVICE_CODE, keys(&form), work).await
}

/// `POST /oauth/token` (protocol/ikassa.md 1.2.2, 1.2.3, 1.3).
pub async fn token(asked: Asked, body: Bytes) -> Answer {
    let form = form(&asked, &body);
    let work = async {
        let mut state = asked.ikassa.state.lock();
        match granted(&asked, &form, &mut state) {
            Ok(tokens) => shown(&tokens),
            Err(error) => error.answer(&asked.switches),
        }
    };
    asked.serve(Host::Accounts, TOKEN_ROUTE, keys(&form), work).await
}

/// The fields of a form; none when the body does not say that it is one
/// (protocol/ikassa.md 6.2 item 1).
fn form(asked: &Asked, body: &[u8]) -> Form {
    if asked.is_form { form_urlencoded::parse(body).into_owned().collect() } else { Form::new() }
}

/// What `match` of a fault rule looks at.
fn keys(form: &Form) -> Vec<String> {
    let named = ["client_id", "device_code", "refresh_token"].into_iter();
    named.filter_map(|name| form.get(name).cloned()).collect()
}

fn field<'a>(form: &'a Form, name: &str) -> Result<&'a str, &'static OAuthError> {
    form.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or(&INVALID_REQUEST)
}

fn client<'a>(form: &'a Form, state: &State) -> Result<&'a str, &'static OAuthError> {
    let known = form.get("client_id").filter(|id| state.clients.contains_key(*id));
    known.map(String::as_str).ok_or(&INVALID_CLIENT)
}

fn new_code(asked: &Asked, form: &Form, state: &mut State) -> Result<DeviceAnswer, &'static OAuthError> {
    let client_id = client(form, state)?;
    if asked.switches.strict_device_fields {
        DEVICE_FIELDS.iter().try_for_each(|name| field(form, name).map(drop))?;
    }
    let (device_code, user_code) = state.codes.issue(client_id, asked.now, &asked.switches);
    let usual = state.usual_register().filter(|_| asked.switches.auto_approve);
    // A code that has expired already cannot be approved, and that is all that can go wrong here.
    let approved = |number| state.codes.answer(&user_code, Consent::Approved(number), asked.now).ok();
    if usual.and_then(approved).is_some()
        && let Some(register) = usual.and_then(|number| state.register(number))
    {
        register.bound = true;
    }
    let rich = !asked.switches.minimal_device_response;
    Ok(DeviceAnswer {
        device_code,
        user_code,
        expires_in: asked.switches.device_expires_in,
        interval: rich.then_some(asked.switches.interval),
        verification_uri: rich.then(|| format!("http://{}/_emulator/devices/{CABINET}/approve", asked.host)),
    })
}

fn granted(asked: &Asked, form: &Form, state: &mut State) -> Granted {
    spoil(asked, form, state)?;
    client(form, state)?;
    let wanted = field(form, "grant_type")?;
    let (_, grant) = GRANTS.iter().find(|(name, _)| *name == wanted).ok_or(&UNSUPPORTED_GRANT)?;
    grant(asked, form, state)
}

/// Rules that strike the code or the refresh token of the call, or that slow a poll down
/// (protocol/ikassa.md 6.6).
fn spoil(asked: &Asked, form: &Form, state: &mut State) -> Result<(), &'static OAuthError> {
    let call = Call { vendor: NAME, route: TOKEN_ROUTE, keys: keys(form) };
    let words = || ["device_code", "refresh_token"].into_iter().filter_map(|name| form.get(name));
    for fault in asked.ikassa.frame.faults.take(&call, Stage::Token) {
        if fault.action == Action::SlowDown {
            return Err(&SLOW_DOWN);
        }
        for word in words() {
            if fault.action == Action::ExpireToken {
                state.codes.expire(word, asked.now);
                state.grants.expire(word, asked.now);
            } else {
                state.codes.forget(word);
                state.grants.forget(word);
            }
        }
    }
    Ok(())
}

fn by_device_code(asked: &Asked, form: &Form, state: &mut State) -> Granted {
    let (client_id, code) = (client(form, state)?, field(form, "device_code")?);
    let register = state.codes.poll(code, client_id, asked.now, &asked.switches)?;
    Ok(state.grants.log_in(client_id, register, asked.now, &asked.switches))
}

fn by_refresh_token(asked: &Asked, form: &Form, state: &mut State) -> Granted {
    let (client_id, token) = (client(form, state)?, field(form, "refresh_token")?);
    state.grants.refresh(token, client_id, asked.now, &asked.switches)
}

fn by_credentials(asked: &Asked, form: &Form, state: &mut State) -> Granted {
    if !asked.switches.client_credentials {
        return Err(&UNSUPPORTED_GRANT);
    }
    let client_id = client(form, state)?;
    let secret = form.get("client_secret");
    if state.clients.get(client_id).is_none_or(|client| Some(&client.secret) != secret) {
        return Err(&INVALID_CLIENT);
    }
    let audience = field(form, "audience")?;
    let drives = asked.switches.client_credentials_drive;
    let register = state.register_of_taxpayer(audience).filter(|_| drives);
    Ok(state.grants.by_credentials(client_id, register, asked.now, &asked.switches))
}
