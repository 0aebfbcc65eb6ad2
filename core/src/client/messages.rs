//! What the shared operations take and give back. Plain data; the table of operations and the
//! documentation are made of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::metrics::OperationMetrics;
use crate::delivery::Progress;
use crate::error::{ErrorBody, Result, Violation};
use crate::journal::audit::{ChainBreak, Head};
use crate::journal::chain::hex;
use crate::journal::{Entry, Step};
use crate::receipt::marking::{Element, MarkingKind, Reading, Repair};
use crate::receipt::money::Amount;
use crate::receipt::registration::{Fiscal, Registration, State};
use crate::receipt::{Kind, Receipt};

/// Receipts in one `enqueue`.
pub(crate) const MOST_ENQUEUED: usize = 10_000;
/// Entries in one page of `journal`.
pub(crate) const MOST_LISTED: usize = 1_000;
/// Entries in one page of `export`.
pub(crate) const MOST_EXPORTED: usize = 200;

/// What `open` tells a facade.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct About {
    /// Which vendor.
    pub vendor: String,
    /// Stable name of the cash register.
    pub register: String,
    /// Where the journal is; never with a password.
    pub journal: String,
    /// True where the journal survives the end of the process.
    pub durable: bool,
}

/// What `validate` found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Validation {
    /// True where `register` would send it.
    pub valid: bool,
    /// Total of the items; absent where it cannot be computed.
    pub total: Option<String>,
    /// Total of the payments.
    pub paid: Option<String>,
    /// Everything that is wrong.
    pub violations: Vec<Violation>,
    /// What the vendor would take but a shop should look at.
    pub warnings: Vec<Violation>,
}

impl Validation {
    /// Of a receipt that cannot even be made.
    pub(super) fn refused(violations: Vec<Violation>) -> Self {
        Self { valid: false, total: None, paid: None, violations, warnings: Vec::new() }
    }
}

/// A marking code to be read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkingCode {
    /// The code as scanned.
    #[schemars(extend("format" = "any"), length(min = 1, max = 255))]
    pub code: String,
}

/// A marking code that was read. One that cannot be read is an error that names the place.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MarkingReading {
    /// What it is.
    pub kind: MarkingKind,
    /// The code itself, with the separators of GS1 as ASCII 29: what a receipt's `marking.code` may be given as.
    pub code: String,
    /// The elements of a GS1 code, in their order; of others none.
    pub elements: Vec<Element>,
    /// What was put right.
    pub repairs: Vec<Repair>,
    /// What is odd about it and was left as it is.
    pub doubts: Vec<String>,
}

impl From<Reading> for MarkingReading {
    fn from(reading: Reading) -> Self {
        let Reading { kind, code, elements, repairs, doubts } = reading;
        Self { kind, code, elements, repairs, doubts }
    }
}

/// Which receipt to wait for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// The caller's id.
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub id: String,
    /// How long, in milliseconds; absent means the time of a call.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub timeout_ms: Option<u64>,
}

/// How to settle a receipt in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResolveMode {
    /// It is still wanted: bring it on record.
    Complete,
    /// Only find out; nothing is sent.
    Probe,
}

/// What a person found out about a receipt whose fate is not known. One that is `queued` may be withdrawn with
/// `on_record` false, and in no other way be decided on: it was never sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// True where it is on the fiscal record.
    pub on_record: bool,
    /// Who says so; kept in the journal.
    #[schemars(length(min = 1, max = 128))]
    pub by: String,
    /// Why; kept in the journal.
    #[schemars(length(max = 1_000))]
    pub note: Option<String>,
    /// Fiscal data that the person read.
    pub fiscal: Option<Fiscal>,
}

/// How to settle a receipt; without `mode` and `verdict` it is completed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// The caller's id.
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub id: String,
    /// What may be done.
    pub mode: Option<ResolveMode>,
    /// What a person found out; then nothing is sent. Of a document that the vendor accepted it is asked once more
    /// before "not on record".
    pub verdict: Option<Verdict>,
    /// A key that a person read or set on the cash register (iKKM).
    #[schemars(with = "Option<String>", length(min = 1, max = 20))]
    pub key: Option<SecretString>,
}

/// Receipts for the journal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Enqueue {
    /// The receipts; with one mistake in any of them none is written down.
    #[schemars(length(min = 1, max = MOST_ENQUEUED))]
    pub receipts: Vec<Receipt>,
}

/// A receipt in the journal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Queued {
    /// The caller's id.
    pub receipt_id: String,
    /// Where it stands; a repeat may be further than `queued`.
    pub state: State,
}

/// A receipt that is not in the journal, and why.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct QueueError {
    /// The caller's id.
    pub receipt_id: String,
    /// Why.
    pub error: ErrorBody,
}

/// What `enqueue` did.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Enqueued {
    /// Receipts that are in the journal.
    pub entries: Vec<Queued>,
    /// Receipts that are not: ids used before with other content, or a journal that failed.
    pub errors: Vec<QueueError>,
}

/// How long to deliver.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    /// When the last receipt may begin, in milliseconds from now; absent means the time of a call. Each
    /// receipt has the time of a whole call from its own beginning.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub time_limit_ms: Option<u64>,
    /// Also what waits for its next try.
    #[serde(default)]
    pub all: bool,
    /// Also a line for each receipt: `receipts` of the answer.
    #[serde(default)]
    pub receipts: bool,
}

/// What `deliver` did with a receipt.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeliveredReceipt {
    /// The caller's id.
    pub receipt_id: String,
    /// Where it stands now; absent where the journal did not tell.
    pub state: Option<State>,
    /// Number of the fiscal document, once it is on record.
    pub document_number: Option<String>,
    /// What kept it from going on.
    pub message: Option<String>,
}

/// How far `deliver` counts what is left: a pass over a short queue and over one of millions cost the same.
pub const MOST_COUNTED: u64 = 10_000;

/// What `deliver` did.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Delivered {
    /// Came on record.
    pub registered: u64,
    /// In the vendor's queue.
    pub accepted: u64,
    /// Failed for good.
    pub failed: u64,
    /// Still in doubt.
    pub in_doubt: u64,
    /// Not final in the journal afterwards. 10000 means as many or more; `metrics` counts them all.
    pub left: u64,
    /// What kept receipts from going on; the first 1000.
    pub errors: Vec<QueueError>,
    /// With `receipts`: a line for each receipt that was worked on; the first 1000.
    pub receipts: Vec<DeliveredReceipt>,
}

impl Delivered {
    pub(crate) fn count(&mut self, receipt_id: String, result: Result<Progress>, tell: bool) {
        let (entry, error) = match result {
            Ok(Progress { entry, stopped_by }) => (Some(entry), stopped_by),
            Err(error) => (None, Some(error)),
        };
        match entry.as_ref().map(|entry| entry.state) {
            Some(State::Registered) => self.registered += 1,
            Some(State::Accepted) => self.accepted += 1,
            Some(State::Failed) => self.failed += 1,
            Some(State::InDoubt | State::Sending) => self.in_doubt += 1,
            Some(State::Queued) | None => {}
        }
        if tell && self.receipts.len() < MOST_LISTED {
            self.receipts.push(DeliveredReceipt {
                receipt_id: receipt_id.clone(),
                state: entry.as_ref().map(|entry| entry.state),
                document_number: entry.and_then(|entry| entry.fiscal?.document_number),
                message: error.as_ref().map(|error| error.message.clone()),
            });
        }
        if let Some(error) = error.filter(|_| self.errors.len() < MOST_LISTED) {
            self.errors.push(QueueError { receipt_id, error: error.into() });
        }
    }
}

/// Which entries of the journal.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalQuery {
    /// One receipt, with every step.
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub id: Option<String>,
    /// Only this state.
    pub state: Option<State>,
    /// Only this kind. Documents of the vendor's own form and movements of cash have none.
    pub kind: Option<Kind>,
    /// Only receipts with this total.
    pub total: Option<Amount>,
    /// Only what was written down at this time or later (RFC 3339).
    #[schemars(extend("format" = "date-time"))]
    pub since: Option<String>,
    /// Only what was written down before this time (RFC 3339).
    #[schemars(extend("format" = "date-time"))]
    pub until: Option<String>,
    /// Only receipts that build on the receipt with this id: its refunds, its settlement, its corrections.
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub basis: Option<String>,
    /// Only what arrived after the receipt with this id: `next` of the page before.
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub after: Option<String>,
    /// At most so many (1000).
    #[schemars(range(min = 1, max = MOST_LISTED))]
    pub limit: Option<u32>,
    /// Checks the whole record of the cash register too: `chain` of the answer.
    #[serde(default)]
    pub verify: bool,
}

/// A page of the journal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalPage {
    /// Entries in the order of their arrival.
    pub entries: Vec<JournalEntry>,
    /// With `id`: every step that was taken, oldest first.
    pub steps: Vec<JournalStep>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<String>,
    /// With `verify`: whether the record of the cash register is whole.
    pub chain: Option<Chain>,
}

/// The hash-chained record of a cash register. Keep `events` and `last_hash` elsewhere: a later
/// check then also proves that nobody wrote the whole record anew.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Chain {
    /// Events that were ever chained; each write to an entry is one.
    pub events: i64,
    /// Events at its beginning that `prune` removed; they cannot be checked any more.
    pub pruned_events: i64,
    /// Hash of the last event (SHA-256 in hex), which stands for all before it.
    pub last_hash: String,
    /// The first place where it is not whole; null where it is.
    pub broken_at: Option<ChainBreak>,
}

impl Chain {
    pub(crate) fn of(head: &Head, broken_at: Option<ChainBreak>) -> Self {
        Self {
            events: head.events,
            pruned_events: head.pruned_events,
            last_hash: hex(&head.last_hash),
            broken_at,
        }
    }
}

/// What the journal knows of a receipt.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalEntry {
    /// The operation that wanted it.
    pub operation: String,
    /// What it records, where it is a receipt that the journal holds.
    pub kind: Option<Kind>,
    /// Its total, where it is such a receipt.
    pub total: Option<Amount>,
    /// The receipt that it builds on.
    pub basis: Option<String>,
    /// When it was written down (RFC 3339).
    pub created_at: String,
    /// When it last changed (RFC 3339).
    pub updated_at: String,
    /// What became of it.
    pub registration: Registration,
}

impl JournalEntry {
    pub(crate) fn of(entry: &Entry) -> Self {
        let receipt = entry.given();
        Self {
            operation: entry.operation.clone(),
            kind: receipt.as_ref().map(|receipt| receipt.kind),
            total: receipt.as_ref().and_then(Receipt::total),
            basis: entry.basis.clone(),
            created_at: rfc3339(entry.created_at_ms),
            updated_at: rfc3339(entry.updated_at_ms),
            registration: entry.registration(),
        }
    }
}

/// A step that was taken for a receipt.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalStep {
    /// When (RFC 3339).
    pub at: String,
    /// The attempt it belongs to; 0 before the first.
    pub attempt: u32,
    /// The state after it.
    pub state: State,
    /// What it was and what came of it.
    pub note: String,
    /// Its place in the chain of the cash register; null while it is not chained.
    pub event: Option<i64>,
    /// Hash of the entry's content after it (SHA-256 in hex).
    pub content: String,
    /// Hash of the chain with it at the end; null while it is not chained.
    pub hash: Option<String>,
}

impl JournalStep {
    pub(crate) fn of(step: Step) -> Self {
        Self {
            at: rfc3339(step.at_ms),
            attempt: step.attempt,
            state: step.state,
            note: step.note,
            event: step.event,
            content: hex(&step.content),
            hash: step.hash.map(|hash| hex(&hash)),
        }
    }
}

/// Which part of the journal to export.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// Only what arrived after the receipt with this id: `next` of the page before.
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub after: Option<String>,
    /// At most so many entries (200).
    #[schemars(range(min = 1, max = MOST_EXPORTED))]
    pub limit: Option<u32>,
}

/// A page of the journal, to be kept elsewhere.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Exported {
    /// Entries in the order of their arrival.
    pub entries: Vec<ExportedEntry>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<String>,
    /// Where the chain of the cash register stands; it is not checked, see `journal` for that.
    pub chain: ChainEnd,
}

/// Where the chain of a cash register stands.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChainEnd {
    /// Events that were ever chained.
    pub events: i64,
    /// Hash of the last one (SHA-256 in hex).
    pub last_hash: String,
    /// Events at its beginning that `prune` removed.
    pub pruned_events: i64,
    /// Hash of the last one that was removed: the chain begins after it.
    pub pruned_hash: String,
}

impl ChainEnd {
    pub(crate) fn of(head: &Head) -> Self {
        Self {
            events: head.events,
            last_hash: hex(&head.last_hash),
            pruned_events: head.pruned_events,
            pruned_hash: hex(&head.pruned_hash),
        }
    }
}

/// An entry with everything that was done for it. The request itself stays in the journal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExportedEntry {
    /// Order of arrival; numbers may have gaps.
    pub number: i64,
    /// SHA-256 of what the caller gave.
    pub fingerprint: String,
    /// The entry.
    pub entry: JournalEntry,
    /// Every step that was taken, oldest first.
    pub steps: Vec<JournalStep>,
}

/// What to remove from the journal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prune {
    /// Receipts that are final and last changed before this time (RFC 3339), which is past. A
    /// repeat of a removed id would be a new sale: leave what a shop could still repeat.
    #[schemars(extend("format" = "date-time"))]
    pub before: String,
}

/// What was removed from the journal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Pruned {
    /// Entries.
    pub entries: u64,
    /// Events at the beginning of the chain. Those after the first one of any entry that is left
    /// stay until that entry goes.
    pub events: u64,
    /// False where the time of the call ran out before the end; call again.
    pub complete: bool,
    /// Where the chain stands now.
    pub chain: ChainEnd,
}

/// Counters of this client.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Metrics {
    /// By operation.
    pub operations: BTreeMap<String, OperationMetrics>,
    /// Entries of the journal by state.
    pub journal: BTreeMap<String, u64>,
}

fn rfc3339(ms: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}
