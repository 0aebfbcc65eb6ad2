//! The errors of OAuth (protocol/ikassa.md 1.2.5), as a table.

use serde::Serialize;

use super::errors::said;
use super::switches::Switches;
use crate::answers::Answer;

/// One error of OAuth (protocol/ikassa.md 1.2.5).
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
pub static SERVER_ERROR: OAuthError = oauth("server_error", "scripted error");

#[derive(Serialize)]
struct OAuthBody {
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'static str>,
}

impl OAuthError {
    /// The answer that carries it (protocol/ikassa.md 6.2 items 1, 4, 7).
    pub fn answer(&self, switches: &Switches) -> Answer {
        let status = if *self == INVALID_CLIENT { switches.invalid_client_status } else { 400 };
        self.with_status(status, switches)
    }

    /// The same with any status, for faults.
    pub fn with_status(&self, status: u16, switches: &Switches) -> Answer {
        let error_description = (!switches.omit_error_description).then_some(self.description);
        said(status, &OAuthBody { error: self.error, error_description })
    }
}
