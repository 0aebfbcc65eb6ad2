//! The calls that give a token (protocol/atol.md 1.2, 2.3, 4.1 items 5 to 9).

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::Method;
use serde::Serialize;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value};

use super::accounts::Login;
use super::asked::Asked;
use super::calls::{TOKEN, not_found};
use super::checker::Checker;
use super::checks::{Check, Shape, may, must};
use super::errors::{
    BAD_AUTH_REQUEST, INVALID_AUTH, OTHER_PROTOCOL, USER_BLOCKED, WRONG_LOGIN, WRONG_MEDIA_TYPE, shown,
};
use super::operations::Protocol;
use super::switches::AuthValidation;
use super::tokens::Service;
use super::{patterns, reading};
use crate::answers::Answer;

const CREDENTIALS: Shape = Shape {
    fields: &[
        must("login", Check::Pattern(100, patterns::login)),
        must("pass", Check::Text(1, 100)),
        may("source", Check::Pattern(100, patterns::source)),
    ],
    open: true,
};

#[derive(Debug, Serialize)]
struct Issued<'a> {
    error: Option<()>,
    token: String,
    timestamp: &'a str,
}

/// `getToken` of registration.
pub async fn token(asked: Asked, method: Method, Path(version): Path<String>, body: Bytes) -> Answer {
    match Protocol::named(&version) {
        Some(protocol) => serve(&asked, &method, Some(protocol), &body).await,
        None => not_found(&asked),
    }
}

/// `gettoken` of monitoring.
pub async fn monitoring_token(asked: Asked, method: Method, body: Bytes) -> Answer {
    serve(&asked, &method, None, &body).await
}

async fn serve(asked: &Asked, method: &Method, protocol: Option<Protocol>, body: &[u8]) -> Answer {
    let from_query = || {
        let fields: Map<String, Value> =
            asked.query.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        to_raw_value(&fields).ok()
    };
    let in_query = if method == Method::GET { from_query() } else { None };
    let credentials = in_query.as_deref().or_else(|| reading::body(body));
    let login = credentials.and_then(|raw| reading::text_at(raw, &["login"])).unwrap_or_default();
    let work = async {
        if method != Method::GET && !asked.is_json {
            return asked.refused(&WRONG_MEDIA_TYPE);
        }
        let Some(credentials) = credentials else {
            return asked.bad_json();
        };
        let mut checker = Checker::new(&asked.switches);
        checker.object(&CREDENTIALS, credentials, "");
        if let Some(violations) = checker.verdict() {
            let error = match asked.switches.auth_validation {
                AuthValidation::Receipt => &INVALID_AUTH,
                AuthValidation::Request => &BAD_AUTH_REQUEST,
            };
            return asked.refusal.about(error, &violations);
        }
        let password = reading::text_at(credentials, &["pass"]).unwrap_or_default();
        issue(asked, protocol, &login, &password)
    };
    asked.serve(TOKEN, vec![login.clone()], work).await
}

fn issue(asked: &Asked, protocol: Option<Protocol>, login: &str, password: &str) -> Answer {
    let mut accounts = asked.atol.accounts.write();
    match accounts.log_in(login, password, protocol) {
        Login::Welcome => {}
        Login::Wrong => return asked.refused(&WRONG_LOGIN),
        Login::Blocked => return asked.refused(&USER_BLOCKED),
        Login::OtherProtocol => return asked.refused(&OTHER_PROTOCOL),
    }
    let service = protocol.map_or(Service::Monitoring, |_| Service::Registration);
    let token = accounts.tokens.issue(service, login, asked.now, &asked.switches);
    shown(&Issued { error: None, token, timestamp: &asked.refusal.timestamp })
}
