//! What a vendor is: a folder with its calls, its wire types, its mapping and its code tables.
//! No vendor imports another. Adding one is a folder and a line in `VENDORS`.

pub mod atol;
pub mod ikassa;
pub mod ikkm;
pub mod modulkassa;

use std::any::Any;
use std::time::Duration;

use async_trait::async_trait;
use schemars::Schema;
use secrecy::SecretString;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::client::Shared;
use crate::config::Common;
use crate::error::{Code, Error, Result, Violation};
use crate::journal::{Entry, Journal};
use crate::messages::{Callback, CallbackReading, Capabilities, Health};
use crate::operations::Operation;
use crate::receipt::Receipt;
use crate::registration::{Failure, Fiscal, Raw};

/// Every vendor there is.
pub const VENDORS: &[&VendorInfo] = &[&modulkassa::INFO, &ikkm::INFO, &atol::INFO, &ikassa::INFO];

/// A row of the table of vendors.
pub struct VendorInfo {
    /// Name in configurations and envelopes.
    pub name: &'static str,
    /// What it is, for the documentation.
    pub summary: &'static str,
    /// Time for a whole call in milliseconds, unless the configuration says otherwise.
    pub call_timeout_ms: u64,
    /// JSON Schema of its configuration.
    pub config: fn() -> Schema,
    /// Reads a configuration and makes the vendor of it. Opens no connection.
    pub open: fn(&str, &Shared) -> Result<Opened>,
    /// The operations that only this vendor has.
    pub operations: &'static [Operation],
}

/// A vendor made from its configuration, and the part of that which all vendors share.
pub struct Opened {
    /// The vendor.
    pub vendor: Box<dyn Vendor>,
    /// The shared part of its configuration.
    pub common: Common,
}

/// Exact bytes to be sent, and the key under which the vendor will know the document.
pub struct Prepared {
    /// The request as it goes on the wire.
    pub request: Vec<u8>,
    /// The vendor's key, where the client chooses it.
    pub vendor_document_id: Option<String>,
}

/// What one step with the vendor told.
#[derive(Debug)]
pub enum Told {
    /// On the fiscal record.
    Registered {
        /// The document's id at the vendor, where the vendor chooses it.
        document_id: Option<String>,
        /// Fiscal data.
        fiscal: Box<Fiscal>,
        /// The answer as it came.
        raw: Raw,
    },
    /// In the vendor's queue.
    Accepted {
        /// The document's id at the vendor, where the vendor chooses it.
        document_id: Option<String>,
        /// The answer as it came.
        raw: Raw,
    },
    /// Not on record, for good.
    Failed {
        /// Why.
        failure: Failure,
        /// The answer as it came.
        raw: Option<Raw>,
    },
    /// The vendor has no such document: what was sent never arrived. From `settle` only.
    Absent,
    /// Conclusively not taken this time; it may be sent again later.
    NotTaken(Error),
    /// It is not known what became of it.
    Unknown(Error),
}

/// What a step told, and what changed with it. All of it is written in one stroke.
#[derive(Debug)]
pub struct Learned {
    /// What it told of the document.
    pub told: Told,
    /// Secrets that the vendor changed.
    pub secrets: Vec<(&'static str, SecretString)>,
    /// What a person needs to give a verdict, where the document stays in doubt.
    pub evidence: Option<Raw>,
}

impl From<Told> for Learned {
    fn from(told: Told) -> Self {
        Self { told, secrets: Vec::new(), evidence: None }
    }
}

/// What a call may do with a document in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is wanted: bring it on record.
    Complete,
    /// Only find out; nothing is sent that could make a document.
    Probe,
}

/// What documents of one vendor may be worked on at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusive {
    /// The vendor knows each document by a key of ours: one call a document at a time.
    Document,
    /// The order matters or there is no key: one call a cash register at a time.
    Register,
}

/// What a vendor's call works with.
pub struct Context<'a> {
    /// The journal, for secrets that rotate.
    pub journal: &'a dyn Journal,
    /// When the whole call must have ended.
    pub deadline: Instant,
    /// The longest that one exchange may take.
    pub exchange_timeout: Duration,
}

impl Context<'_> {
    /// Time that one exchange may take now.
    pub fn timeout(&self) -> Duration {
        self.exchange_timeout.min(self.deadline.saturating_duration_since(Instant::now()))
    }
}

/// A vendor. What it cannot do answers `unsupported`.
#[async_trait]
pub trait Vendor: Any + Send + Sync {
    /// Name in configurations and envelopes.
    fn name(&self) -> &'static str;

    /// Stable name of the cash register; the journal and the document keys stand on it.
    fn register(&self) -> &str;

    /// What may not happen at the same time.
    fn exclusive(&self) -> Exclusive;

    /// How long after a lost answer the vendor's "I do not know it" is believed.
    fn settle_after(&self) -> Duration;

    /// How long the cash register is kept to itself after a call: its least time between requests.
    fn hold_after(&self) -> Duration {
        Duration::ZERO
    }

    /// The least pause between two questions about a document.
    fn poll_pause(&self) -> Duration {
        Duration::from_millis(100)
    }

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Everything about a receipt that this vendor cannot carry.
    fn violations(&self, receipt: &Receipt, at: OffsetDateTime) -> Vec<Violation>;

    /// What the vendor would take but a shop should look at.
    fn warnings(&self, receipt: &Receipt) -> Vec<Violation>;

    /// The exact request for a receipt without violations. No I/O.
    fn prepare(&self, receipt: &Receipt, at: OffsetDateTime) -> Result<Prepared>;

    /// True where an attempt is bound to something at the vendor that `bind` finds out.
    fn binds(&self) -> bool {
        false
    }

    /// What the next attempt is bound to; written down before it is sent.
    async fn bind(&self, _context: &Context<'_>) -> Result<Option<String>> {
        Ok(None)
    }

    /// Sends the entry's request, once.
    async fn send(&self, context: &Context<'_>, entry: &Entry) -> Learned;

    /// Finds out what became of an entry whose answer was lost, or where an accepted one stands.
    /// In `Probe` mode nothing may come on record through it.
    async fn settle(&self, context: &Context<'_>, entry: &Entry, mode: Mode) -> Learned;

    /// True where all that the vendor can tell of an entry in doubt is known and does not settle it:
    /// only a person's verdict is left, and later documents do not wait for that.
    fn is_left_to_a_person(&self, _entry: &Entry) -> bool {
        false
    }

    /// Whether it has surcharges, and discounts on the whole receipt.
    fn has_adjustments(&self) -> bool {
        false
    }

    /// Takes a key that a person read or set on the cash register.
    async fn learn_key(&self, _context: &Context<'_>, _key: SecretString) -> Result<()> {
        Err(Error::new(Code::Unsupported, "this vendor has no key that a person could tell"))
    }

    /// Whether the vendor and its cash register are ready.
    async fn health(&self, context: &Context<'_>) -> Result<Health>;

    /// Reads what the vendor sent to the shop's callback address. No I/O.
    fn read_callback(&self, callback: &Callback) -> Result<CallbackReading>;
}
