//! What is remembered: receipts, attempts, secrets, leases.
//!
//! An engine stores and finds; it decides nothing. What a state means and which one may follow is
//! in `delivery.rs`. Every write is durable when its call returns (for a durable engine).

pub mod audit;
pub mod chain;
mod lease;
mod memory;
mod postgres;
pub(crate) mod sqlite;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Serialize;
use tokio::time::Instant;

use audit::Audit;
pub use lease::Lease;
pub use memory::Memory;
use postgres::Place;
pub use postgres::Postgres;
pub use sqlite::Sqlite;

use crate::error::{Code, Error, Outcome, Result};
use crate::faults::clock_offset_ms;
use crate::receipt::registration::{Failure, Fiscal, Raw, Registration, State};

/// What shall be sent, written down before anything is.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Stable name of the cash register: vendor and the vendor's own id.
    pub register: String,
    /// The caller's id.
    pub receipt_id: String,
    /// Which vendor.
    pub vendor: &'static str,
    /// The operation that wants it: `register` or `send_document`.
    pub operation: &'static str,
    /// SHA-256 of the content; tells a repeat from a conflict.
    pub fingerprint: String,
    /// The exact bytes to be sent.
    pub request: Vec<u8>,
    /// The key under which the vendor knows the document, where the client chooses it.
    pub vendor_document_id: Option<String>,
}

/// What the journal knows of a receipt.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Stable name of the cash register.
    pub register: String,
    /// The caller's id.
    pub receipt_id: String,
    /// Which vendor.
    pub vendor: String,
    /// The operation that wanted it.
    pub operation: String,
    /// SHA-256 of the content.
    pub fingerprint: String,
    /// The exact bytes to be sent.
    pub request: Vec<u8>,
    /// The key under which the vendor knows the document.
    pub vendor_document_id: Option<String>,
    /// Where it stands.
    pub state: State,
    /// How often it was sent.
    pub attempts: u32,
    /// What the attempt under way is bound to at the vendor (a key, readings before it): the
    /// vendor's own JSON, which may hold secrets and is never shown.
    pub binding: Option<String>,
    /// Fiscal data, once it is on record.
    pub fiscal: Option<Fiscal>,
    /// Why it is not on record, where it failed.
    pub failure: Option<Failure>,
    /// The vendor's last answer.
    pub raw: Option<Raw>,
    /// When it was written down, milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it last changed, milliseconds since 1970.
    pub updated_at_ms: i64,
    /// Grows with each write; a write stands only on the revision that its writer read.
    pub revision: u64,
    /// Order of arrival in the journal.
    pub number: i64,
    /// `deliver` leaves it alone before this time, milliseconds since 1970; 0 means at once. It
    /// holds until the next write.
    pub due_at_ms: i64,
}

impl Entry {
    /// The entry as the caller sees it.
    pub fn registration(&self) -> Registration {
        Registration {
            receipt_id: self.receipt_id.clone(),
            vendor: self.vendor.clone(),
            state: self.state,
            vendor_document_id: self.vendor_document_id.clone(),
            attempts: self.attempts,
            fiscal: self.fiscal.clone(),
            failure: self.failure.clone(),
            raw: self.raw.clone(),
        }
    }

    fn from_intent(intent: &Intent, begin: Begin<'_>, now: i64) -> Self {
        Self {
            register: intent.register.clone(),
            receipt_id: intent.receipt_id.clone(),
            vendor: intent.vendor.into(),
            operation: intent.operation.into(),
            fingerprint: intent.fingerprint.clone(),
            request: intent.request.clone(),
            vendor_document_id: intent.vendor_document_id.clone(),
            state: if begin.is_some() { State::Sending } else { State::Queued },
            attempts: u32::from(begin.is_some()),
            binding: begin.flatten().map(str::to_owned),
            fiscal: None,
            failure: None,
            raw: None,
            created_at_ms: now,
            updated_at_ms: now,
            revision: 1,
            number: 0,
            due_at_ms: 0,
        }
    }
}

/// Whether an attempt begins with an intent, and what it is bound to.
pub type Begin<'a> = Option<Option<&'a str>>;

/// What `intend` found.
#[derive(Clone, Debug)]
pub enum Intended {
    /// The receipt is new and now written down.
    New(Entry),
    /// The id was written down before; nothing was changed.
    Found(Entry),
}

/// The end of a step: where the entry stands now and what is known.
#[derive(Clone, Debug)]
pub struct Conclusion {
    /// The new state.
    pub state: State,
    /// The document's id at the vendor, if the step told one.
    pub vendor_document_id: Option<String>,
    /// Fiscal data, if the step told any.
    pub fiscal: Option<Fiscal>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// The vendor's answer, if there was one.
    pub raw: Option<Raw>,
    /// Secrets that changed with it, written in the same stroke.
    pub secrets: Vec<(&'static str, SecretString)>,
    /// What the step was and what came of it, for a person.
    pub note: String,
    /// `deliver` leaves the entry alone before this time, milliseconds since 1970; 0 means at once.
    pub due_at_ms: i64,
}

/// A step that was taken for a receipt.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// The attempt it belongs to; 0 before the first.
    pub attempt: u32,
    /// The state after the step.
    pub state: State,
    /// What the step was and what came of it.
    pub note: String,
    /// Its place in the chain of the register; absent while it is not chained.
    pub event: Option<i64>,
    /// Hash of the entry's content after it.
    pub content: Vec<u8>,
    /// Hash of the chain with it at the end; absent while it is not chained.
    pub hash: Option<Vec<u8>>,
}

/// Groups of states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Group {
    /// Every state.
    #[default]
    All,
    /// Those that are not final.
    Unfinished,
    /// Those that are still to be brought to the vendor: not final and not in its queue.
    Undelivered,
    /// Those whose fate at the vendor is not known.
    Unsettled,
}

impl Group {
    /// The states of the group.
    pub const fn states(self) -> &'static [State] {
        match self {
            Group::All => State::ALL,
            Group::Unfinished => &[State::Queued, State::Sending, State::InDoubt, State::Accepted],
            Group::Undelivered => &[State::Queued, State::Sending, State::InDoubt],
            Group::Unsettled => &[State::Sending, State::InDoubt],
        }
    }
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this state.
    pub state: Option<State>,
    /// Only states of this group.
    pub group: Group,
    /// Only those that are due before this time, milliseconds since 1970, or whose due time comes from
    /// a clock that was more than a minute ahead of it: the clock was set back since.
    pub due_before_ms: Option<i64>,
    /// Only those that arrived after the receipt with this id.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// A journal engine.
#[async_trait]
pub trait Journal: Audit + Secrets {
    /// True where the entries survive the end of the process.
    fn is_durable(&self) -> bool;

    /// Writes an intent down unless its id is known for this register. With `begin` the first
    /// attempt begins in the same write: state `sending`, attempts 1.
    async fn intend(&self, intent: &Intent, begin: Begin<'_>) -> Result<Intended>;

    /// Writes intents down, all of them in one write or none; no attempt begins. The answers are in
    /// the order of the intents.
    async fn intend_all(&self, intents: &[Intent]) -> Result<Vec<Intended>>;

    /// The entry of a receipt.
    async fn find(&self, register: &str, receipt_id: &str) -> Result<Option<Entry>>;

    /// Begins an attempt: state `sending`, one attempt more, bound to `binding`. Fails with
    /// `superseded` where another write came since `entry` was read.
    async fn begin(&self, entry: &Entry, binding: Option<&str>) -> Result<Entry>;

    /// Writes down what came of a step. Fails with `superseded` where another write came since
    /// `entry` was read.
    async fn conclude(&self, entry: &Entry, conclusion: &Conclusion) -> Result<Entry>;

    /// Entries of a register in the order of their arrival. Fails with `receipt_unknown` where
    /// `after` is no receipt of it.
    async fn list(&self, register: &str, filter: &Filter) -> Result<Vec<Entry>>;

    /// The steps taken for a receipt, oldest first.
    async fn steps(&self, register: &str, receipt_id: &str) -> Result<Vec<Step>>;

    /// How many entries of a register are in each state.
    async fn counts(&self, register: &str) -> Result<BTreeMap<&'static str, u64>>;

    /// How many entries of a register are not final, counted up to `at_most`.
    async fn unfinished(&self, register: &str, at_most: u64) -> Result<u64>;
}

/// What workers share beside the entries: secrets that rotate, and leases.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// A secret that rotates, such as a password that the vendor made.
    async fn secret(&self, register: &str, name: &str) -> Result<Option<SecretString>>;

    /// Keeps a secret; `None` forgets it.
    async fn keep_secret(&self, register: &str, name: &str, value: Option<SecretString>) -> Result<()>;

    /// Waits for the right to work on `name` until `deadline`, then fails with `busy`. A name begins
    /// with a word for its kind; a call may hold leases of several kinds, and one of each.
    async fn lease(&self, name: &str, deadline: Instant) -> Result<Lease> {
        self.lease_for(name, deadline, Duration::ZERO).await
    }

    /// As `lease`, for a holder who must be sure of it for `time` ahead: `holds_for(time)` is true
    /// while the engine can renew the lease.
    async fn lease_for(&self, name: &str, deadline: Instant, time: Duration) -> Result<Lease>;
}

/// Where journals can be, for messages.
const PLACES: &str = "must be \"sqlite:PATH\", \"postgres://USER:PASSWORD@HOST/DATABASE\" or \"memory:\"";

/// What is wrong with the place of a journal. It repeats nothing of it: it may hold a password.
pub(crate) fn mistake(place: &str) -> Option<&'static str> {
    match place {
        "memory:" => None,
        place if place.starts_with("sqlite:") => None,
        place if Place::is_meant(place) => Place::read(place).err(),
        _ => Some(PLACES),
    }
}

/// The place of a journal without its password.
pub(crate) fn shown(place: &str) -> String {
    match Place::read(place) {
        Ok(read) if Place::is_meant(place) => read.shown().into(),
        _ => place.into(),
    }
}

/// An address and the file of roots to trust for it.
type Served = (String, Option<String>);

/// The journals of a process: clients with the same place share one. One that no client uses any more
/// stays open for the next, until a journal at another place is opened.
#[derive(Default)]
pub struct Journals {
    files: Mutex<HashMap<String, Arc<Sqlite>>>,
    servers: Mutex<HashMap<Served, Arc<Postgres>>>,
}

impl Journals {
    /// Opens the journal at `place`: `sqlite:PATH`, `postgres://...` or `memory:`. `ca_file` is one
    /// more root to trust. A data base is first connected to when the journal is used.
    pub fn open(&self, place: &str, ca_file: Option<&str>) -> Result<Arc<dyn Journal>> {
        if let Some(path) = place.strip_prefix("sqlite:") {
            return self.file(path);
        }
        if Place::is_meant(place) {
            return self.server(place, ca_file);
        }
        match mistake(place) {
            None => Ok(Arc::new(Memory::default())),
            Some(mistake) => Err(Error::new(Code::ConfigInvalid, format!("journal: {mistake}"))),
        }
    }

    fn file(&self, path: &str) -> Result<Arc<dyn Journal>> {
        let mut open = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(journal) = open.get(path)
            && journal.is_same_file()
        {
            return Ok(journal.clone());
        }
        let journal = Arc::new(Sqlite::open(path.as_ref())?);
        open.retain(|_, other| Arc::strong_count(other) > 1);
        open.insert(path.into(), journal.clone());
        Ok(journal)
    }

    fn server(&self, place: &str, ca_file: Option<&str>) -> Result<Arc<dyn Journal>> {
        let key = (place.to_owned(), ca_file.map(str::to_owned));
        let mut open = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(journal) = open.get(&key) {
            return Ok(journal.clone());
        }
        let read = Place::read(place)
            .map_err(|mistake| Error::new(Code::ConfigInvalid, format!("journal: {mistake}")))?;
        let journal = Arc::new(Postgres::open(&read, ca_file)?);
        open.retain(|_, other| Arc::strong_count(other) > 1);
        open.insert(key, journal.clone());
        Ok(journal)
    }

    /// Closes every file until it is next needed. See `sqlite::before_fork`.
    #[cfg(feature = "host")]
    pub(crate) fn let_go(&self) {
        for journal in self.files.lock().unwrap_or_else(PoisonError::into_inner).values() {
            journal.let_go();
        }
    }
}

/// The time now, milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX).saturating_add(clock_offset_ms())
}

/// An entry that was written so much later than now was written by a clock that was set back since:
/// its due time means nothing. Clocks of several hosts differ by less.
const CLOCK_AHEAD_MS: i64 = 60_000;

/// See `Filter::due_before_ms`.
fn is_due(entry: &Entry, time: i64) -> bool {
    entry.due_at_ms < time || entry.updated_at_ms > time.saturating_add(CLOCK_AHEAD_MS)
}

/// An entry whose next attempt begins now.
fn begun(entry: &Entry, binding: Option<&str>) -> Entry {
    Entry {
        state: State::Sending,
        attempts: entry.attempts + 1,
        binding: binding.map(str::to_owned),
        updated_at_ms: now_ms(),
        revision: entry.revision + 1,
        due_at_ms: 0,
        ..entry.clone()
    }
}

fn superseded(entry: &Entry) -> Error {
    let message = format!("another process wrote {} since it was read here", entry.receipt_id);
    Error::new(Code::Superseded, message).with_outcome(Outcome::Unknown)
}

fn unknown_cursor(receipt_id: &str) -> Error {
    Error::new(
        Code::ReceiptUnknown,
        format!("`after`: the journal has no receipt {receipt_id} of this register"),
    )
}

/// The text in which engines store a value, and over which contents are hashed.
fn json<T: Serialize>(value: Option<&T>) -> Option<String> {
    value.and_then(|value| serde_json::to_string(value).ok())
}

const BEGIN_NOTE: &str = "attempt begins";

const fn intent_note(begin: bool) -> &'static str {
    if begin { "written down; attempt begins" } else { "written down" }
}

fn busy(name: &str) -> Error {
    Error::new(Code::Busy, format!("another call works on {name} and did not end in time"))
}

/// Applies a conclusion to an entry: what was not told stays as it was.
fn concluded(entry: &Entry, conclusion: &Conclusion, now: i64) -> Entry {
    let told = conclusion.clone();
    Entry {
        state: told.state,
        vendor_document_id: told.vendor_document_id.or_else(|| entry.vendor_document_id.clone()),
        fiscal: told.fiscal.or_else(|| entry.fiscal.clone()),
        failure: told.failure,
        raw: told.raw.or_else(|| entry.raw.clone()),
        updated_at_ms: now,
        revision: entry.revision + 1,
        due_at_ms: told.due_at_ms,
        ..entry.clone()
    }
}
