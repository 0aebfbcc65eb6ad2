//! What the vendor says of its service and of a document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::api::document_of;
use super::{map, wire};
use crate::error::{Code, Error, Result};
use crate::journal::Entry;
use crate::receipt::registration::{Failure, Fiscal, Raw, State};
use crate::transport::{Sent, lenient};
use crate::vendor::Finding;

/// Age in seconds from which the cash register is taken to be offline: it reports every 5 s
/// (protocol/modulkassa.md 3.6).
const STALE_AFTER_S: i64 = 60;

/// State of the fiscalization service.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceStatus {
    /// `READY`, `ASSOCIATED` (the cash register never reported), `FAILED` (documents are queued) or
    /// `DISABLED`, as the vendor words it.
    pub status: String,
    /// When the cash register last reported (RFC 3339).
    pub reported_at: Option<String>,
    /// Seconds since then, by this machine's clock.
    pub age_s: Option<i64>,
    /// True for `READY` that is not stale.
    pub is_ready: bool,
    /// True where the last report is so old that the cash register is offline.
    pub is_stale: bool,
    /// The vendor's words.
    pub message: Option<String>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// A document as the vendor sees it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DocumentStatus {
    /// The document's id at the vendor.
    pub document_id: String,
    /// The vendor's word: `QUEUED`, `PENDING`, `PRINTED`, `WAIT_FOR_CALLBACK`, `COMPLETED`, `FAILED`,
    /// `REQUEUED`, or one that came later.
    pub status: String,
    /// What it means; absent for a word that is not known.
    pub state: Option<State>,
    /// State of the fiscalization service at that time.
    pub service_state: Option<String>,
    /// Fiscal data, once it is on record.
    pub fiscal: Option<Fiscal>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// The vendor's words.
    pub message: Option<String>,
    /// When the status last changed (RFC 3339).
    pub changed_at: Option<String>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

impl ServiceStatus {
    pub(super) fn read(status: wire::ServiceStatus, raw: Raw) -> Result<Self> {
        let Some(word) = map::word(&status.status) else {
            return Err(Error::new(Code::AnswerNotUnderstood, "the answer has no `status`"));
        };
        let reported_at = status.date_time.0.as_deref().and_then(map::rfc3339);
        let reported = reported_at.as_deref().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        let age_s = reported.map(|time| (OffsetDateTime::now_utc() - time).whole_seconds().max(0));
        let is_stale = age_s.is_some_and(|age| age > STALE_AFTER_S);
        Ok(Self {
            is_ready: word == "READY" && !is_stale,
            status: word,
            reported_at,
            age_s,
            is_stale,
            message: status.message.0,
            raw: Some(raw),
        })
    }

    /// The vendor's words without what the request carried.
    pub(super) fn hiding(self, sent: &Sent) -> Self {
        Self { status: sent.hidden(&self.status).into_owned(), message: hidden(self.message, sent), ..self }
    }

    pub(super) fn summary(&self) -> String {
        let stale = if self.is_stale { ", and the cash register has not reported since" } else { "" };
        let said = self.message.as_ref().map_or_else(String::new, |message| format!(": {message}"));
        format!("{}{said}{stale}", self.status)
    }
}

fn hidden(said: Option<String>, sent: &Sent) -> Option<String> {
    said.map(|said| sent.hidden(&said).into_owned())
}

impl DocumentStatus {
    /// The vendor's words without what the request carried.
    pub(super) fn hiding(self, sent: &Sent) -> Self {
        Self {
            status: sent.hidden(&self.status).into_owned(),
            service_state: hidden(self.service_state, sent),
            failure: self.failure.map(|failure| sent.failure(failure)),
            message: hidden(self.message, sent),
            fiscal: sent.record(self.fiscal),
            ..self
        }
    }

    /// The last answer that the journal keeps of a document.
    pub(super) fn of(entry: &Entry) -> Result<Self> {
        let raw = entry.raw.clone().unwrap_or_else(|| Raw::from_body(b"{}"));
        let status = lenient::object(raw.text().as_bytes())
            .map_err(|error| Error::new(Code::AnswerNotUnderstood, error))?;
        Self::read(document_of(entry), status, raw)
    }

    pub(super) fn read(id: &str, status: wire::DocumentStatus, raw: Raw) -> Result<Self> {
        let Some(word) = map::word(&status.status) else {
            return Err(Error::new(Code::AnswerNotUnderstood, "the answer has no `status`"));
        };
        let state = map::told(&status, &raw).and_then(|told| match told {
            Finding::Registered { .. } => Some(State::Registered),
            Finding::Accepted { .. } => Some(State::Accepted),
            Finding::Failed { .. } => Some(State::Failed),
            Finding::Absent | Finding::NotTaken(_) | Finding::Unknown(_) => None,
        });
        Ok(Self {
            document_id: id.into(),
            state,
            service_state: map::word(&status.fn_state),
            fiscal: status.fiscal_info.as_ref().map(map::fiscal),
            failure: (state == Some(State::Failed)).then(|| map::failure(&status)),
            message: status.message.0.clone(),
            changed_at: status.time_status_changed.0.as_deref().and_then(map::rfc3339),
            status: word,
            raw: Some(raw),
        })
    }
}
