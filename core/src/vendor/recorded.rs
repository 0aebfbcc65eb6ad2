//! What a vendor has on record, to be held against the journal. Plain data, and the comparison that vendors with a
//! look-up by document share.

use super::{Context, Finding, Mode, Vendor};
use crate::journal::Entry;
use crate::receipt::Kind;
use crate::receipt::days::Days;
use crate::receipt::money::Amount;

/// A document as the vendor has it; what it does not tell is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Its number.
    pub number: Option<String>,
    /// Its kind.
    pub kind: Option<Kind>,
    /// Its total.
    pub total: Option<Amount>,
}

/// What the vendor tells of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is on record.
    OnRecord(Recorded),
    /// It is not, for this reason.
    NotOnRecord(String),
    /// Nothing, for this reason.
    Nothing(String),
}

/// A sum that the vendor counts and that is not what the journal comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherSum {
    /// What is counted.
    pub what: String,
    /// What the journal comes to.
    pub journal: String,
    /// What the vendor has.
    pub vendor: String,
}

/// What the vendor tells of a time.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Of entries: the caller's id, and what is told.
    pub entries: Vec<(String, Told)>,
    /// Documents that no entry is of.
    pub strangers: Vec<Recorded>,
    /// Sums that differ.
    pub sums: Vec<OtherSum>,
    /// What cannot be told, for a person.
    pub untold: Vec<String>,
}

/// What is asked for.
pub struct Asked<'a> {
    /// Entries of these days that are registered or failed.
    pub entries: &'a [Entry],
    /// All entries that could be of documents of these days.
    pub nearby: &'a [Entry],
    /// The days.
    pub days: Days,
}

/// Asks about each entry by itself, as long as the time of the call lasts.
pub async fn each(vendor: &dyn Vendor, context: &Context<'_>, entries: &[Entry]) -> Record {
    let mut record = Record::default();
    for (done, entry) in entries.iter().enumerate() {
        if context.budget.left().is_zero() {
            let left = entries.len() - done;
            record
                .untold
                .push(format!("the time of the call ran out before {left} receipts were asked about"));
            break;
        }
        // One that was never sent is not there.
        if entry.attempts == 0 {
            continue;
        }
        if entry.vendor_document_id.is_none() {
            let why = "the vendor gave no id for it: only a person can compare it";
            record.entries.push((entry.receipt_id.clone(), Told::Nothing(why.into())));
            continue;
        }
        let step = vendor.settle(context, entry, Mode::Probe).await;
        let told = match step.finding {
            Finding::Registered { fiscal, .. } => Told::OnRecord(Recorded {
                number: fiscal.document_number,
                kind: step.kind,
                total: fiscal.total,
            }),
            Finding::Failed { failure, .. } => Told::NotOnRecord(failure.message),
            Finding::Absent => Told::NotOnRecord("the vendor does not know it".into()),
            Finding::Accepted { .. } => Told::NotOnRecord("the vendor has it in its queue".into()),
            Finding::NotTaken(error) | Finding::Unknown(error) => Told::Nothing(error.message),
        };
        record.entries.push((entry.receipt_id.clone(), told));
    }
    record
}
