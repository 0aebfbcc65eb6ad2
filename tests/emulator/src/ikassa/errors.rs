//! The errors of the API (iKassa fact sheet 2.12, 6.4) and of OAuth (1.2.5), as tables. Only
//! `kernel.shift.opened` is known to exist; all other codes of the API are invented.

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::json;

use super::switches::{Switches, Unauthorized};
use crate::answers::Answer;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

/// Answers of the gateway in front, for faults.
const GATEWAY: std::ops::RangeInclusive<u16> = 502..=504;

/// The HTTP status of an error of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Http {
    Fixed(u16),
    ShiftOpened,
    Refusal,
}

/// One error of the API.
#[derive(Debug, PartialEq, Eq)]
pub struct ApiError {
    /// `code`.
    pub code: &'static str,
    http: Http,
    message: &'static str,
}

const fn api(code: &'static str, http: Http, message: &'static str) -> ApiError {
    ApiError { code, http, message }
}

/// No register is bound (6.4 item 3).
pub static DEVICE_MISSING: ApiError =
    api("kernel.device.missing", Http::Fixed(409), "No cash register is bound");
/// The only code that is known (2.12).
pub static SHIFT_OPENED: ApiError = api("kernel.shift.opened", Http::ShiftOpened, "Shift is already open");
/// No shift is open (6.4 items 6, 7).
pub static SHIFT_CLOSED: ApiError = api("kernel.shift.closed", Http::Refusal, "Shift is closed");
/// The shift has no documents (6.4 item 6).
pub static SHIFT_EMPTY: ApiError = api("kernel.shift.empty", Http::Refusal, "Shift has no documents");
/// The shift is too long (2.10).
pub static SHIFT_EXPIRED: ApiError = api("kernel.shift.expired", Http::Refusal, "Shift is too long");
/// There is cash in the drawer (6.4 item 6).
pub static CASH_LEFT: ApiError = api("kernel.cashin.not_empty", Http::Refusal, "Cash is left in the drawer");
/// There is too little cash in the drawer (6.4 items 8, 9).
pub static CASH_SHORT: ApiError =
    api("kernel.cashin.not_enough", Http::Refusal, "Not enough cash in the drawer");
/// The shift has no deposit yet (7 question 14).
pub static DEPOSIT_MISSING: ApiError = api("kernel.cashin.required", Http::Refusal, "Deposit cash first");
/// Not the last document (6.4 item 10).
pub static NOT_LAST: ApiError =
    api("kernel.document.not_last", Http::Refusal, "Only the last document can be rolled back");
/// A document of a kind or of a shift that is not rolled back (6.4 item 10).
pub static NOT_ROLLED_BACK: ApiError =
    api("kernel.document.not_allowed", Http::Refusal, "This document cannot be rolled back");
/// Rolled back already (6.4 item 10).
pub static ROLLED_BACK: ApiError =
    api("kernel.document.rolled_back", Http::Refusal, "Document is already rolled back");
/// No such document (6.4 item 11).
pub static NOT_FOUND: ApiError = api("kernel.document.not_found", Http::Fixed(404), "No such document");
/// The body is not JSON (6.4 item 15).
pub static MALFORMED: ApiError = api("kernel.request.malformed", Http::Fixed(400), "Body is not JSON");
/// The body is too large (6.4 item 15).
pub static TOO_LARGE: ApiError = api("kernel.request.too_large", Http::Fixed(413), "Body is over 1 MiB");
/// A rule of 6.5 is broken.
pub static INVALID: ApiError = api("kernel.validation", Http::Fixed(400), "");
/// What a fault asks for with a status that has no code of its own.
static SCRIPTED: ApiError = api("kernel.error", Http::Fixed(500), "Scripted error");

/// A call of the API that is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    error: &'static ApiError,
    message: Option<String>,
}

impl From<&'static ApiError> for Refusal {
    fn from(error: &'static ApiError) -> Self {
        Self { error, message: None }
    }
}

impl Refusal {
    /// A broken rule; the text begins with the path in the JSON.
    pub fn invalid(message: String) -> Self {
        Self { error: &INVALID, message: Some(message) }
    }

    /// The text for a person.
    pub fn message(&self) -> &str {
        self.message.as_deref().unwrap_or(self.error.message)
    }

    /// The error's `code`.
    pub fn code(&self) -> &'static str {
        self.error.code
    }

    /// The answer that carries it.
    pub fn answer(&self, switches: &Switches) -> Answer {
        let status = match self.error.http {
            Http::Fixed(status) => status,
            Http::ShiftOpened => switches.shift_opened_status,
            Http::Refusal => switches.refusal_status,
        };
        said(status, &coded(self.error.code, self.message()))
    }
}

#[derive(Serialize)]
struct Coded<'a> {
    code: &'a str,
    message: &'a str,
}

fn coded<'a>(code: &'a str, message: &'a str) -> Coded<'a> {
    Coded { code, message }
}

/// One error of OAuth (1.2.5).
#[derive(Debug, PartialEq, Eq)]
pub struct OAuthError {
    /// `error`.
    pub error: &'static str,
    description: &'static str,
}

const fn oauth(error: &'static str, description: &'static str) -> OAuthError {
    OAuthError { error, description }
}

/// The human has not answered yet.
pub static PENDING: OAuthError = oauth("authorization_pending", "user has not confirmed yet");
/// Two polls were too close.
pub static SLOW_DOWN: OAuthError = oauth("slow_down", "polls are too frequent");
/// The device code has expired.
pub static EXPIRED: OAuthError = oauth("expired_token", "device code has expired");
/// The human refused.
pub static DENIED: OAuthError = oauth("access_denied", "user has refused");
/// The code or token is unknown, used or revoked.
pub static INVALID_GRANT: OAuthError = oauth("invalid_grant", "code or token is not valid");
/// The client is unknown.
pub static INVALID_CLIENT: OAuthError = oauth("invalid_client", "unknown client");
/// A field is missing.
pub static INVALID_REQUEST: OAuthError = oauth("invalid_request", "a required field is missing");
/// There is no such grant.
pub static UNSUPPORTED_GRANT: OAuthError = oauth("unsupported_grant_type", "unknown grant type");
/// What a fault asks for.
static SERVER_ERROR: OAuthError = oauth("server_error", "scripted error");

#[derive(Serialize)]
struct OAuthBody {
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'static str>,
}

impl OAuthError {
    /// The answer that carries it (6.2 items 1, 4, 7).
    pub fn answer(&self, switches: &Switches) -> Answer {
        let status = if *self == INVALID_CLIENT { switches.invalid_client_status } else { 400 };
        self.with_status(status, switches)
    }

    fn with_status(&self, status: u16, switches: &Switches) -> Answer {
        let error_description = (!switches.omit_error_description).then_some(self.description);
        said(status, &OAuthBody { error: self.error, error_description })
    }
}

/// 401 in one of its two forms (6.4 item 1).
pub fn unauthorized(switches: &Switches) -> Answer {
    match switches.unauthorized {
        Unauthorized::A => said(401, &coded("auth.unauthorized", "Access token is not valid")),
        Unauthorized::B => said(401, &json!({ "error": "unauthorized" })),
    }
}

/// Which of the three hosts answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// OAuth.
    Accounts,
    /// The cash register API.
    Api,
    /// Receipt pages.
    Receipts,
}

/// The answer for a status that a fault asks for: a page from the gateway in front for 502 to
/// 504, an empty object for a success, the host's own form for the others.
pub fn scripted(host: Host, status: u16, switches: &Switches) -> Answer {
    let title = StatusCode::from_u16(status).ok().and_then(|known| known.canonical_reason());
    let title = format!("{status} {}", title.unwrap_or_default());
    match (host, status) {
        (_, 200..=399) => said(status, &json!({})),
        (_, status) if GATEWAY.contains(&status) => page(status, format!("<html><h1>{title}</h1></html>")),
        (Host::Receipts, _) => page(status, format!("<html><h1>{title}</h1></html>")),
        (Host::Accounts, _) => SERVER_ERROR.with_status(status, switches),
        (Host::Api, 401) => unauthorized(switches),
        (Host::Api, _) => said(status, &coded(SCRIPTED.code, SCRIPTED.message)),
    }
}

/// 200 with a JSON body.
pub fn shown(body: &impl Serialize) -> Answer {
    said(200, body)
}

/// A page of HTML.
pub fn page(status: u16, html: String) -> Answer {
    Answer::new(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY), HTML, html)
}

fn said(status: u16, body: &impl Serialize) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    match serde_json::to_vec(body) {
        Ok(bytes) => Answer::new(status, JSON, bytes),
        Err(error) => Answer::new(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
    }
}
