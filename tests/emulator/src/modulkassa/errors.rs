//! Error answers in the form of the vendor.

use axum::http::StatusCode;
use serde_json::json;
use time::OffsetDateTime;

use super::dates;
use super::switches::ErrorBodies;
use crate::answers::Answer;

/// `Content-Type` of every JSON answer (protocol/modulkassa.md 6.1 item 4).
pub const JSON: &str = "application/json;charset=UTF-8";

const FIRST_GATEWAY_STATUS: u16 = 502;
const LAST_GATEWAY_STATUS: u16 = 504;

/// What every error answer needs to know.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// What error answers carry.
    pub bodies: ErrorBodies,
    /// The path as the client sent it.
    pub path: String,
    /// The present moment.
    pub now: OffsetDateTime,
}

impl Refusal {
    /// An error answer of the vendor, in Spring form or empty (protocol/modulkassa.md 3.8).
    pub fn says(&self, status: StatusCode, message: &str) -> Answer {
        if self.bodies == ErrorBodies::None {
            return Answer::empty(status);
        }
        let body = json!({
            "timestamp": dates::millis_no_colon(self.now),
            "status": status.as_u16(),
            "error": status.canonical_reason().unwrap_or_default(),
            "message": message,
            "path": self.path,
        });
        Answer::new(status, JSON, body.to_string())
    }

    /// The answer for a status that a fault asks for: HTML from the gateway in front for 502 to
    /// 504, the vendor's own form for the others.
    pub fn scripted(&self, status: u16) -> Answer {
        let code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let reason = code.canonical_reason().unwrap_or_default();
        if (FIRST_GATEWAY_STATUS..=LAST_GATEWAY_STATUS).contains(&status) {
            let title = format!("{status} {reason}");
            let page = format!(
                "<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
            );
            return Answer::new(code, "text/html", page);
        }
        self.says(code, reason)
    }
}
