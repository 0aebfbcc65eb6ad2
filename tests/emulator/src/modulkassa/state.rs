//! A document in the vendor's hands: its state and how that is told.

use std::sync::Arc;

use serde::Serialize;
use time::OffsetDateTime;

use super::dates;
use super::document::Receipt;
use super::register::{Fiscal, FiscalInfo};
use super::switches::{RegisterState, Switches};

const QUEUED_MESSAGE: &str = "Document queued for printing";
const DELIVERED_MESSAGE: &str = "Document successfully completed with callback";

/// The types of failure (protocol/modulkassa.md 3.3).
pub const FAILURE_TYPES: &[&str] =
    &["FN_MEMORY_OVERFLOW", "FN_EXPIRED", "FN_GENERIC_FAILURE", NON_FN_FAILURE];

/// A failure that is not the fiscal storage's.
pub const NON_FN_FAILURE: &str = "NON_FN_FAILURE";

/// The life cycle of a document (protocol/modulkassa.md 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Accepted, waits.
    Queued,
    /// Taken by the register.
    Pending,
    /// Recorded.
    Printed,
    /// Recorded, the shop has not answered 200 yet.
    WaitForCallback,
    /// Recorded, and delivered if asked for.
    Completed,
    /// Failed; may be re-queued.
    Failed,
    /// Back in the queue.
    Requeued,
}

/// Why a document failed.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// One of [`FAILURE_TYPES`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Human text.
    pub message: String,
}

/// One document with everything that happened to it.
#[derive(Debug)]
pub struct StoredDocument {
    /// What the shop sent.
    pub receipt: Arc<Receipt>,
    /// Where it is in its life.
    pub status: Status,
    /// When it came there.
    pub changed: OffsetDateTime,
    /// Every status it had, in order.
    pub history: Vec<Status>,
    /// What the register recorded.
    pub fiscal: Option<Arc<Fiscal>>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Whether the shop answered a callback with 200.
    pub delivered: bool,
    /// How many times a callback was sent.
    pub callback_attempts: u32,
    /// Why the last callback did not succeed.
    pub callback_problem: Option<String>,
}

/// `DocumentStatus` on the wire (protocol/modulkassa.md 3.3).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentStatus<'a> {
    status: Status,
    fn_state: &'static str,
    fiscal_info: Option<FiscalInfo<'a>>,
    failure_info: Option<&'a Failure>,
    message: Option<&'a str>,
    time_status_changed: String,
}

impl StoredDocument {
    /// A document that was accepted now.
    pub fn queued(receipt: Receipt, now: OffsetDateTime) -> Self {
        Self {
            receipt: Arc::new(receipt),
            status: Status::Queued,
            changed: now,
            history: vec![Status::Queued],
            fiscal: None,
            failure: None,
            delivered: false,
            callback_attempts: 0,
            callback_problem: None,
        }
    }

    /// Goes over to another state.
    pub fn turn(&mut self, status: Status, now: OffsetDateTime) {
        self.status = status;
        self.changed = now;
        self.history.push(status);
    }

    /// The form on the wire.
    pub fn told(&self, switches: &Switches, register: RegisterState) -> DocumentStatus<'_> {
        DocumentStatus {
            status: self.status,
            fn_state: register.word(),
            fiscal_info: self.fiscal.as_ref().map(|fiscal| fiscal.info(switches)),
            failure_info: self.failure.as_ref(),
            message: self.message(),
            time_status_changed: dates::with_offset(self.changed),
        }
    }

    fn message(&self) -> Option<&str> {
        match self.status {
            Status::Queued | Status::Pending | Status::Requeued => Some(QUEUED_MESSAGE),
            Status::Failed => self.failure.as_ref().map(|failure| failure.message.as_str()),
            Status::Completed if self.delivered => Some(DELIVERED_MESSAGE),
            Status::Printed | Status::WaitForCallback | Status::Completed => None,
        }
    }
}
