//! An entry and what can happen to it: plain data, and the rules that every engine keeps.

use std::fmt::Display;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::keys::{is_closed, missing};
use super::steady::SteadyTime;
use crate::error::{Code, Error, Outcome, Result};
use crate::faults::clock_offset_ms;
use crate::receipt::Receipt;
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
    /// What earlier versions would have kept as the same content.
    pub earlier: Vec<Vec<u8>>,
    /// The exact bytes to be sent.
    pub request: Vec<u8>,
    /// The key under which the vendor knows the document, where the client chooses it.
    pub vendor_document_id: Option<String>,
    /// The receipt as the caller gave it, as JSON; absent for a document of the vendor's own form.
    pub receipt: Option<String>,
    /// Id of the receipt that it builds on: the sale of a refund, the prepayment of a settlement.
    pub basis: Option<String>,
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
    /// The receipt as the caller gave it, as JSON. Absent for a document of the vendor's own form, and in journals from
    /// before it was kept.
    pub receipt: Option<String>,
    /// Id of the receipt that it builds on.
    pub basis: Option<String>,
    /// The key under which the vendor knows the document.
    pub vendor_document_id: Option<String>,
    /// Where it stands.
    pub state: State,
    /// How often it was sent.
    pub attempts: u32,
    /// What the attempt under way is bound to at the vendor: a key, or readings from before it. This is JSON
    /// of the vendor's own; it may hold secrets and is never shown.
    pub binding: Option<String>,
    /// Fiscal data, once it is on record.
    pub fiscal: Option<Fiscal>,
    /// Why it is not on record, where it failed.
    pub failure: Option<Failure>,
    /// What a person should know of it; each step sets it anew.
    pub notice: Option<String>,
    /// Since when its fate is not known; absent where it is known, or since a machine that does not tell.
    pub doubt_since: Option<SteadyTime>,
    /// The vendor's last answer.
    pub raw: Option<Raw>,
    /// When it was written down, milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it last changed, milliseconds since 1970.
    pub updated_at_ms: i64,
    /// Grows with each write. A write counts only if the entry still has the revision that its writer read.
    pub revision: u64,
    /// Order of arrival in the journal.
    pub number: i64,
    /// `deliver` leaves it alone before this time, milliseconds since 1970; 0 means at once. Each write sets it.
    pub due_at_ms: i64,
}

impl Entry {
    /// What the attempt under way is bound to. Fails where the journal has lost it, or where no key opens it.
    pub fn bound<T: DeserializeOwned>(&self) -> Result<T> {
        let kept = self.binding.as_deref().unwrap_or_default();
        if is_closed(kept) {
            return Err(missing(kept));
        }
        serde_json::from_str(kept).map_err(|_| {
            let message = format!("the journal has lost what the attempt of {} is bound to", self.receipt_id);
            Error::new(Code::JournalDamaged, message)
        })
    }

    /// The receipt as it was given, where the journal holds it. It is not held against the fingerprint.
    pub fn given(&self) -> Option<Receipt> {
        self.receipt.as_deref().and_then(|text| serde_json::from_str(text).ok())
    }

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
            notice: self.notice.clone(),
            raw: self.raw.clone(),
        }
    }

    pub(super) fn from_intent(intent: &Intent, begin: Begin<'_>, now: i64) -> Self {
        Self {
            register: intent.register.clone(),
            receipt_id: intent.receipt_id.clone(),
            vendor: intent.vendor.into(),
            operation: intent.operation.into(),
            fingerprint: intent.fingerprint.clone(),
            request: intent.request.clone(),
            receipt: intent.receipt.clone(),
            basis: intent.basis.clone(),
            vendor_document_id: intent.vendor_document_id.clone(),
            state: if begin.is_some() { State::Sending } else { State::Queued },
            attempts: u32::from(begin.is_some()),
            binding: begin.flatten().map(str::to_owned),
            fiscal: None,
            failure: None,
            notice: None,
            doubt_since: None,
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
    /// What a person should know of it.
    pub notice: Option<String>,
    /// Since when its fate is not known, where it is not.
    pub doubt_since: Option<SteadyTime>,
    /// The vendor's answer, if there was one.
    pub raw: Option<Raw>,
    /// Secrets that changed with it, written in the same write.
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
    /// Only those that are due before this time, milliseconds since 1970, and those that were written more
    /// than a minute after it: the clock was set back since, and their due time means nothing.
    pub due_before_ms: Option<i64>,
    /// Only the document that the vendor knows by this id.
    pub document: Option<String>,
    /// Only those that build on the receipt with this id.
    pub basis: Option<String>,
    /// Only those that were written down at this time or later, milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Only those that were written down before this time, milliseconds since 1970.
    pub until_ms: Option<i64>,
    /// Only those that arrived after the receipt with this id.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// The time now, milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX).saturating_add(clock_offset_ms())
}

/// If an entry was written more than this after now, the clock was set back. Clocks of several hosts differ
/// by less.
pub(super) const CLOCK_AHEAD_MS: i64 = 60_000;

/// See `Filter::due_before_ms`.
pub(super) fn is_due(entry: &Entry, time: i64) -> bool {
    entry.due_at_ms < time || entry.updated_at_ms > time.saturating_add(CLOCK_AHEAD_MS)
}

/// An entry whose next attempt begins now.
pub(super) fn begun(entry: &Entry, binding: Option<&str>) -> Entry {
    Entry {
        state: State::Sending,
        attempts: entry.attempts + 1,
        binding: binding.map(str::to_owned),
        notice: None,
        updated_at_ms: now_ms(),
        revision: entry.revision + 1,
        due_at_ms: 0,
        ..entry.clone()
    }
}

pub(super) fn superseded(entry: &Entry) -> Error {
    let message = format!("another process wrote {} since it was read here", entry.receipt_id);
    Error::new(Code::Superseded, message).with_outcome(Outcome::Unknown)
}

pub(super) fn unknown_cursor(receipt_id: &str) -> Error {
    let message = format!("`after`: the journal has no receipt {receipt_id} of this register");
    Error::new(Code::ReceiptUnknown, message)
}

pub(super) fn too_new(journal: impl Display, found: i64, known: i64) -> Error {
    let message =
        format!("journal {journal} has schema {found}; this library knows {known} and touched nothing");
    Error::new(Code::JournalTooNew, message)
}

pub(super) const BEGIN_NOTE: &str = "attempt begins";

pub(super) const fn intent_note(begin: bool) -> &'static str {
    if begin { "written down; attempt begins" } else { "written down" }
}

pub(super) fn busy(name: &str) -> Error {
    Error::new(Code::Busy, format!("another call works on {name} and did not end in time"))
}

/// Applies a conclusion to an entry. What it does not tell stays as it was.
pub(super) fn concluded(entry: &Entry, conclusion: &Conclusion, now: i64) -> Entry {
    let told = conclusion.clone();
    Entry {
        state: told.state,
        vendor_document_id: told.vendor_document_id.or_else(|| entry.vendor_document_id.clone()),
        fiscal: told.fiscal.or_else(|| entry.fiscal.clone()),
        failure: told.failure,
        notice: told.notice,
        doubt_since: told.doubt_since,
        raw: told.raw.or_else(|| entry.raw.clone()),
        updated_at_ms: now,
        revision: entry.revision + 1,
        due_at_ms: told.due_at_ms,
        ..entry.clone()
    }
}
