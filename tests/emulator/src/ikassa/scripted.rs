//! The answers for statuses that faults ask for (protocol/ikassa.md 6.6).

use axum::http::StatusCode;
use serde_json::json;

use super::errors::{coded, page, said, unauthorized};
use super::oauth_errors::SERVER_ERROR;
use super::switches::Switches;
use crate::answers::Answer;

/// Answers of the gateway in front.
const GATEWAY: std::ops::RangeInclusive<u16> = 502..=504;

/// An error of the API that has no code of its own. Invented.
const CODE: &str = "kernel.error";
const MESSAGE: &str = "Scripted error";

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
        (Host::Api, _) => said(status, &coded(CODE, MESSAGE)),
    }
}
