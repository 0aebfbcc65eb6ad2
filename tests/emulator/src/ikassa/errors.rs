//! The errors of the API (protocol/ikassa.md 2.12, 6.4), as a table, and the answers that carry
//! them. Only `kernel.shift.opened` is known to exist; all other codes are invented.

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::json;

use super::switches::{Switches, Unauthorized};
use crate::answers::Answer;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

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

/// No register is bound (protocol/ikassa.md 6.4 item 3).
pub static DEVICE_MISSING: ApiError =
    api("kernel.device.missing", Http::Fixed(409), "No cash register is bound");
/// The only code that is known (protocol/ikassa.md 2.12).
pub static SHIFT_OPENED: ApiError = api("kernel.shift.opened", Http::ShiftOpened, "Shift is already open");
/// No shift is open (protocol/ikassa.md 6.4 items 6, 7).
pub static SHIFT_CLOSED: ApiError = api("kernel.shift.closed", Http::Refusal, "Shift is closed");
/// The shift has no documents (protocol/ikassa.md 6.4 item 6).
pub static SHIFT_EMPTY: ApiError = api("kernel.shift.empty", Http::Refusal, "Shift has no documents");
/// The shift is too long (protocol/ikassa.md 2.10).
pub static SHIFT_EXPIRED: ApiError = api("kernel.shift.expired", Http::Refusal, "Shift is too long");
/// There is cash in the drawer (protocol/ikassa.md 6.4 item 6).
pub static CASH_LEFT: ApiError = api("kernel.cashin.not_empty", Http::Refusal, "Cash is left in the drawer");
/// There is too little cash in the drawer (protocol/ikassa.md 6.4 items 8, 9).
pub static CASH_SHORT: ApiError =
    api("kernel.cashin.not_enough", Http::Refusal, "Not enough cash in the drawer");
/// The shift has no deposit yet (protocol/ikassa.md 7 item 14).
pub static DEPOSIT_MISSING: ApiError = api("kernel.cashin.required", Http::Refusal, "Deposit cash first");
/// Not the last document (protocol/ikassa.md 6.4 item 10).
pub static NOT_LAST: ApiError =
    api("kernel.document.not_last", Http::Refusal, "Only the last document can be rolled back");
/// A document of a kind or of a shift that is not rolled back (protocol/ikassa.md 6.4 item 10).
pub static NOT_ROLLED_BACK: ApiError =
    api("kernel.document.not_allowed", Http::Refusal, "This document cannot be rolled back");
/// Rolled back already (protocol/ikassa.md 6.4 item 10).
pub static ROLLED_BACK: ApiError =
    api("kernel.document.rolled_back", Http::Refusal, "Document is already rolled back");
/// No such document (protocol/ikassa.md 6.4 item 11).
pub static NOT_FOUND: ApiError = api("kernel.document.not_found", Http::Fixed(404), "No such document");
/// The body is not JSON (protocol/ikassa.md 6.4 item 15).
pub static MALFORMED: ApiError = api("kernel.request.malformed", Http::Fixed(400), "Body is not JSON");
/// The body is too large (protocol/ikassa.md 6.4 item 15).
pub static TOO_LARGE: ApiError = api("kernel.request.too_large", Http::Fixed(413), "Body is over 1 MiB");
/// A rule of the validation table is broken (protocol/ikassa.md 6.5).
pub static INVALID: ApiError = api("kernel.validation", Http::Fixed(400), "");

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

/// The body of an error (protocol/ikassa.md 2.12).
#[derive(Serialize)]
pub struct Coded<'a> {
    code: &'a str,
    message: &'a str,
}

/// The body of an error.
pub fn coded<'a>(code: &'a str, message: &'a str) -> Coded<'a> {
    Coded { code, message }
}

/// 401 in one of its two forms (protocol/ikassa.md 6.4 item 1).
pub fn unauthorized(switches: &Switches) -> Answer {
    match switches.unauthorized {
        Unauthorized::A => said(401, &coded("auth.unauthorized", "Access token is not valid")),
        Unauthorized::B => said(401, &json!({ "error": "unauthorized" })),
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

/// A JSON body with any status.
pub fn said(status: u16, body: &impl Serialize) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    match serde_json::to_vec(body) {
        Ok(bytes) => Answer::new(status, JSON, bytes),
        Err(error) => Answer::new(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
    }
}
