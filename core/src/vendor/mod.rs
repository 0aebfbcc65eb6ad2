//! The port: what a vendor is to the rest of the library, and what its operations work with.

pub mod budget;
pub mod desk;
pub mod identity;
pub mod messages;
pub mod operation;
#[cfg(feature = "testing")]
pub mod reading;
pub mod recorded;
pub mod token;

use std::any::Any;
use std::time::Duration;

use async_trait::async_trait;
use schemars::Schema;
use secrecy::SecretString;
use serde::Deserialize;
use time::OffsetDateTime;

use crate::config::Common;
use crate::error::{Code, Error, Result, Violation};
use crate::journal::{Entry, Secrets};
use crate::receipt::fields::{Field, Treatment};
use crate::receipt::letters::Letters;
use crate::receipt::money::Amount;
use crate::receipt::place::Country;
use crate::receipt::registration::{Failure, Fiscal, Raw};
use crate::receipt::vat::Seller;
use crate::receipt::{Kind, Receipt};
use crate::transport::lenient::{unreadable, without_mark};
use crate::transport::{NoExchange, Sent, Transports};
use budget::Budget;
use desk::Desk;
use identity::{Identity, RegisterName};
use messages::{Callback, CallbackReading, Capabilities, Health};
use operation::Operation;
use recorded::{Asked, Record};

/// A row of the table of vendors.
pub struct VendorInfo {
    /// Name in configurations and envelopes.
    pub name: &'static str,
    /// What it is, for the documentation.
    pub summary: &'static str,
    /// Where its cash registers stand.
    pub country: Country,
    /// Time for a whole call in milliseconds, unless the configuration says otherwise.
    pub call_timeout_ms: u64,
    /// JSON Schema of its configuration.
    pub config: fn() -> Schema,
    /// Reads a configuration and makes the vendor of it. Opens no connection.
    pub open: fn(&str, &Transports) -> Result<Opened>,
    /// What becomes of each field of a receipt.
    pub fields: fn(Field) -> Treatment,
    /// Which letters its fiscal record holds.
    pub letters: Letters,
    /// The operations that only this vendor has.
    pub operations: &'static [Operation<dyn Desk>],
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

/// What one step with the vendor found out about a document.
#[derive(Debug)]
pub enum Finding {
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

impl Finding {
    /// Not on record, for good; the error says why.
    pub fn failed(error: Error, raw: impl Into<Option<Raw>>) -> Self {
        let (code, vendor) = (error.code.name().into(), error.vendor.map(|fault| *fault));
        Self::Failed { failure: Failure { code, message: error.message, vendor }, raw: raw.into() }
    }
}

impl From<NoExchange> for Finding {
    /// What an exchange that could have made a document proves when it ended without a whole answer.
    fn from(failure: NoExchange) -> Self {
        if failure.is_not_sent() { Self::NotTaken(failure.into()) } else { Self::Unknown(failure.into()) }
    }
}

/// How it is known that the document of an answer is this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// By an id that the vendor made for this very document.
    OwnId,
    /// By a key of ours, which another program may have used for another document.
    Key,
    /// By a key of ours that was told to be on record in answer to the first send: it may be this document, or
    /// an earlier one with the same key.
    AtOnce,
    /// By a key of ours that the vendor knew before anything was sent from here.
    KeyBefore,
}

/// What a document is, as far as an answer can be held against it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Its kind.
    pub kind: Option<Kind>,
    /// Its total.
    pub total: Option<Amount>,
}

/// What a step found out, and what changed with it. All of it is written in one stroke.
#[derive(Debug)]
pub struct StepResult {
    /// What it found out about the document.
    pub finding: Finding,
    /// How it is known that this is about the document.
    pub known_by: KnownBy,
    /// The kind of the document on record, where the answer tells it.
    pub kind: Option<Kind>,
    /// Secrets that the vendor changed.
    pub secrets: Vec<(&'static str, SecretString)>,
    /// What a person needs to give a verdict, where the document stays in doubt.
    pub evidence: Option<Raw>,
}

impl From<Finding> for StepResult {
    fn from(finding: Finding) -> Self {
        Self { finding, known_by: KnownBy::Key, kind: None, secrets: Vec::new(), evidence: None }
    }
}

impl StepResult {
    /// The same without what the exchange sent.
    #[must_use]
    pub fn hiding(self, sent: &Sent) -> Self {
        let finding = match self.finding {
            Finding::Failed { failure, raw } => Finding::Failed { failure: sent.failure(failure), raw },
            Finding::NotTaken(error) => Finding::NotTaken(sent.error(error)),
            Finding::Unknown(error) => Finding::Unknown(sent.error(error)),
            Finding::Registered { document_id, fiscal, raw } => Finding::Registered {
                document_id: sent.record(document_id),
                fiscal: sent.record(fiscal),
                raw,
            },
            Finding::Accepted { document_id, raw } => {
                Finding::Accepted { document_id: sent.record(document_id), raw }
            }
            Finding::Absent => Finding::Absent,
        };
        Self { finding, ..self }
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
    /// Secrets that rotate and leases, shared by all workers.
    pub secrets: &'a dyn Secrets,
    /// The time that the call has.
    pub budget: Budget,
}

/// What came of an exchange, or why it had no end.
pub type Exchanged<T> = std::result::Result<T, NoExchange>;

impl Context<'_> {
    /// Time for an exchange that makes no document.
    pub fn for_question(&self) -> Exchanged<Duration> {
        self.budget.for_question().ok_or_else(NoExchange::not_begun)
    }

    /// Time for an exchange that can make a document: a whole one, or none is begun.
    pub fn for_document(&self) -> Exchanged<Duration> {
        self.budget.for_document().ok_or_else(NoExchange::not_begun)
    }
}

/// An answer of the vendor as JSON; `what` names it in the error. See `lenient::object` for one that must be an
/// object.
pub fn read<'a, T: Deserialize<'a>>(what: &str, body: &'a [u8]) -> Result<T> {
    serde_json::from_slice(without_mark(body)).map_err(|error| {
        Error::new(Code::AnswerNotUnderstood, format!("{what} cannot be read: {}", unreadable(&error)))
    })
}

/// The value of a key in a table of codes.
pub fn look_up<K: PartialEq, V: Copy>(table: &[(K, V)], key: &K) -> Option<V> {
    table.iter().find(|(known, _)| known == key).map(|(_, value)| *value)
}

/// Words about what to do with the id, in English and Russian: no table of a vendor has them.
#[cfg(test)]
pub const ABOUT_THE_ID: &[&str] =
    &["new id", "same id", "another id", "register it", "новым ид", "новый ид", "тем же ид", "другим ид"];

/// A vendor. What it cannot do answers `unsupported`.
#[async_trait]
pub trait Vendor: Any + Send + Sync {
    /// Name in configurations and envelopes.
    fn name(&self) -> &'static str;

    /// Stable name of the cash register; the journal and the document keys stand on it.
    fn register(&self) -> &str;

    /// The same name, where the journal may have it under another: see `RegisterName`.
    fn called(&self) -> Option<&RegisterName> {
        None
    }

    /// Who the cash register is at the vendor, by the configuration. No I/O. The journal keeps it and nothing is
    /// sent once it is another.
    fn identity(&self) -> Identity;

    /// What else is the same cash register's wherever it is met: the journal knows it under one name only.
    fn marks(&self) -> Vec<String> {
        Vec::new()
    }

    /// Secrets of the one cash register, worth nothing once it is another.
    fn forgets(&self) -> &'static [&'static str] {
        &[]
    }

    /// The currency of a receipt that names none.
    fn currency(&self) -> Option<String> {
        self.capabilities().currencies.into_iter().next()
    }

    /// What may not happen at the same time.
    fn exclusive(&self) -> Exclusive;

    /// How long after a lost answer the vendor's "I do not know it" is believed.
    fn settle_after(&self) -> Duration;

    /// The least time between two requests to the cash register: it is kept to itself for so long after a
    /// call.
    fn request_gap(&self) -> Duration {
        Duration::ZERO
    }

    /// The longest that one exchange may take, where a whole call may take `call`: two thirds, so that a
    /// lost answer can still be looked up within the call.
    fn exchange_timeout(&self, call: Duration) -> Duration {
        call * 2 / 3
    }

    /// The least pause between two questions about a document.
    fn poll_pause(&self) -> Duration {
        Duration::from_millis(100)
    }

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Everything that is wrong with a receipt for this vendor, beside the fields that it never carries.
    fn violations(&self, receipt: &Receipt) -> Vec<Violation>;

    /// What the vendor would take but a shop should look at, beside the fields that it never carries.
    fn warnings(&self, _receipt: &Receipt) -> Vec<Violation> {
        Vec::new()
    }

    /// The smallest sum that the cash register knows, in hundredths.
    fn smallest_sum(&self) -> u64 {
        1
    }

    /// What decides its VAT, beside the receipt's own words.
    fn seller(&self, receipt: &Receipt) -> Seller {
        let tax_system = receipt.company.as_ref().and_then(|company| company.tax_system);
        Seller { tax_system, ..Seller::default() }
    }

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
    async fn send(&self, context: &Context<'_>, entry: &Entry) -> StepResult;

    /// Finds out what became of an entry whose answer was lost, or where an accepted one stands.
    /// In `Probe` mode nothing may come on record through it.
    async fn settle(&self, context: &Context<'_>, entry: &Entry, mode: Mode) -> StepResult;

    /// What the document of an entry is, read from the bytes that are sent. What is not known of it is not
    /// compared with what the vendor has on record.
    fn claim(&self, _entry: &Entry) -> Claim {
        Claim::default()
    }

    /// Puts the entry's failed document back into the vendor's queue, once.
    async fn put_back(&self, _context: &Context<'_>, _entry: &Entry) -> StepResult {
        let message = "this vendor puts no document back into a queue";
        Finding::NotTaken(Error::new(Code::Unsupported, message)).into()
    }

    /// True where all that the vendor can tell of an entry in doubt is known and does not settle it:
    /// only a person's verdict is left, and later documents do not wait for that.
    fn is_left_to_a_person(&self, _entry: &Entry) -> bool {
        false
    }

    /// The operation that annuls a document, where it has one. Its entries build on what they annul.
    fn annulment(&self) -> Option<&'static str> {
        None
    }

    /// What it has on record of these days, as far as it can tell. Nothing is sent that could make a document.
    async fn recorded(&self, _context: &Context<'_>, _asked: &Asked<'_>) -> Result<Record> {
        Err(Error::new(Code::Unsupported, "this vendor does not tell what it has on record"))
    }

    /// Takes a key that a person read or set on the cash register.
    async fn learn_key(&self, _context: &Context<'_>, _key: SecretString) -> Result<()> {
        Err(Error::new(Code::Unsupported, "this vendor has no key that a person could tell"))
    }

    /// Whether the vendor and its cash register are ready.
    async fn health(&self, context: &Context<'_>) -> Result<Health>;

    /// Reads what the vendor sent to the shop's callback address. No I/O.
    fn read_callback(&self, _callback: &Callback) -> Result<CallbackReading> {
        Err(Error::new(Code::Unsupported, "this vendor calls nobody back"))
    }
}
