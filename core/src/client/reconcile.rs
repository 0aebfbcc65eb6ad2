//! The journal held against the shop's orders and against the vendor's record. It changes nothing on record.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Client;
use crate::error::Result;
use crate::journal::Entry;
use crate::receipt::Kind;
use crate::receipt::days::Days;
use crate::receipt::money::Amount;
use crate::receipt::registration::State;
use crate::receipt::words::words;
use crate::vendor::Exclusive;
use crate::vendor::desk::Desk as _;
use crate::vendor::recorded::{Asked, Record, Recorded, Told};

/// Orders in one `reconcile`.
pub(crate) const MOST_ORDERS: usize = 10_000;

/// What to compare.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reconcile {
    /// Ids of receipts that the shop expects.
    #[serde(default)]
    #[schemars(length(max = MOST_ORDERS))]
    pub ids: Vec<String>,
    /// The first day whose receipts are compared with the vendor's record; absent means the first one there is.
    #[schemars(extend("format" = "date"))]
    pub since: Option<String>,
    /// The last day; absent means today.
    #[schemars(extend("format" = "date"))]
    pub until: Option<String>,
    /// False to leave the vendor alone: only the journal is looked at then.
    #[serde(default = "yes")]
    pub vendor: bool,
}

const fn yes() -> bool {
    true
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Reconciliation {
    /// Of `ids`: those that the journal has no receipt for.
    pub missing: Vec<String>,
    /// Receipts of `ids`, or without them of the days, that are not final.
    pub unsettled: Vec<Unfinished>,
    /// The same that failed.
    pub failed: Vec<Unfinished>,
    /// How many of them are on record.
    pub registered: u64,
    /// What differs between the journal and the vendor's record.
    pub differences: Vec<Difference>,
    /// How many receipts of the days the vendor told something of.
    pub compared: u64,
    /// What could not be compared, and why.
    pub not_compared: Vec<String>,
}

/// A receipt that is not on record.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Unfinished {
    /// The caller's id.
    pub receipt_id: String,
    /// Where it stands.
    pub state: State,
    /// Why, where that is known.
    pub message: Option<String>,
}

words! {
    /// What differs between the journal and the vendor's record.
    DifferenceKind {
        /// The journal has it as registered, and the vendor does not have it on record.
        NotOnRecord "not_on_record",
        /// The vendor has it on record, and the journal as failed.
        OnRecord "on_record",
        /// The vendor has a document that the journal does not know: another program's or a person's.
        NotInJournal "not_in_journal",
        /// The totals differ.
        TotalDiffers "total_differs",
        /// The kinds differ.
        KindDiffers "kind_differs",
        /// The numbers differ.
        NumberDiffers "number_differs",
        /// A sum that the vendor counts is not what the journal comes to.
        SumDiffers "sum_differs",
    }
}

/// A difference between the journal and the vendor's record.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// What differs.
    pub kind: DifferenceKind,
    /// The caller's id, where it is about a receipt of the journal.
    pub receipt_id: Option<String>,
    /// Number of the vendor's document, where there is one.
    pub document_number: Option<String>,
    /// What the journal has.
    pub journal: Option<String>,
    /// What the vendor has.
    pub vendor: Option<String>,
    /// In words.
    pub message: String,
}

impl Client {
    /// See the table of operations.
    pub async fn reconcile(&self, request: Reconcile) -> Result<Reconciliation> {
        let days = Days::read(request.since.as_deref(), request.until.as_deref())?;
        let register = self.delivery.register().await?;
        let mut found = Reconciliation::default();
        for id in request.ids.iter().collect::<BTreeSet<_>>() {
            match self.delivery.journal.find(register, id).await? {
                Some(entry) => found.count(&entry),
                None => found.missing.push(id.clone()),
            }
        }
        let (mut entries, mut nearby) = (Vec::new(), Vec::new());
        self.each_of(days, |entry, receipt, day| {
            if days.have(day) {
                if let Err(damaged) = receipt {
                    found.not_compared.push(damaged.message);
                }
                if request.ids.is_empty() {
                    found.count(entry);
                }
                if entry.state.is_final() {
                    entries.push(entry.clone());
                }
            }
            nearby.push(entry.clone());
            Ok(())
        })
        .await?;
        if request.vendor {
            let asked = Asked { entries: &entries, nearby: &nearby, days };
            match self.recorded(&asked).await {
                Ok(record) => found.compare(&entries, record),
                // What the journal tells is told all the same.
                Err(error) => found.not_compared.push(error.message),
            }
        }
        Ok(found)
    }

    /// What the vendor has, asked while no document of the cash register is under way where their order matters.
    async fn recorded(&self, asked: &Asked<'_>) -> Result<Record> {
        let context = self.delivery.context();
        if self.delivery.vendor.exclusive() == Exclusive::Document {
            return self.delivery.vendor.recorded(&context, asked).await;
        }
        let lease = self.delivery.lease("", &context).await?;
        let record = self.delivery.vendor.recorded(&context, asked).await;
        self.delivery.release(lease).await;
        record
    }
}

impl Reconciliation {
    fn count(&mut self, entry: &Entry) {
        let message = entry.failure.as_ref().map(|failure| failure.message.clone());
        let message = message.or_else(|| entry.notice.clone());
        let unfinished = Unfinished { receipt_id: entry.receipt_id.clone(), state: entry.state, message };
        match entry.state {
            State::Registered => self.registered += 1,
            State::Failed => self.failed.push(unfinished),
            _ => self.unsettled.push(unfinished),
        }
    }

    fn compare(&mut self, entries: &[Entry], record: Record) {
        let by_id: BTreeMap<&str, &Entry> =
            entries.iter().map(|entry| (entry.receipt_id.as_str(), entry)).collect();
        for (id, told) in record.entries {
            let Some(entry) = by_id.get(id.as_str()) else { continue };
            let is_registered = entry.state == State::Registered;
            match told {
                Told::Nothing(why) => {
                    self.not_compared.push(format!("{id}: {why}"));
                    continue;
                }
                Told::OnRecord(recorded) if is_registered => self.compare_with(entry, &recorded),
                Told::OnRecord(recorded) => {
                    let message = format!("{id} failed by the journal, and the vendor has it on record");
                    self.differences.push(Difference {
                        journal: Some(entry.state.word().into()),
                        vendor: recorded.total.map(|total| total.to_string()),
                        document_number: recorded.number,
                        ..Difference::of(DifferenceKind::OnRecord, Some(&id), message)
                    });
                }
                Told::NotOnRecord(why) if is_registered => {
                    let message = format!("{id} is registered by the journal, and not on record: {why}");
                    self.differences.push(Difference {
                        journal: total(entry).map(|total| total.to_string()),
                        ..Difference::of(DifferenceKind::NotOnRecord, Some(&id), message)
                    });
                }
                Told::NotOnRecord(_) => {}
            }
            self.compared += 1;
        }
        for stranger in record.strangers {
            let what = stranger.kind.map_or("document", Kind::word);
            let sum = stranger.total.map_or_else(String::new, |total| format!(" of {total}"));
            let number = stranger.number.clone().unwrap_or_else(|| "without a number".into());
            let message = format!("the vendor has a `{what}` {number}{sum} that the journal does not know");
            self.differences.push(Difference {
                vendor: stranger.total.map(|total| total.to_string()),
                document_number: stranger.number,
                ..Difference::of(DifferenceKind::NotInJournal, None, message)
            });
        }
        for sum in record.sums {
            let message =
                format!("{}: the journal comes to {}, the vendor has {}", sum.what, sum.journal, sum.vendor);
            self.differences.push(Difference {
                journal: Some(sum.journal),
                vendor: Some(sum.vendor),
                ..Difference::of(DifferenceKind::SumDiffers, None, message)
            });
        }
        self.not_compared.extend(record.untold);
    }

    fn compare_with(&mut self, entry: &Entry, recorded: &Recorded) {
        let number = entry.fiscal.as_ref().and_then(|fiscal| fiscal.document_number.clone());
        let kind = entry.given().map(|receipt| receipt.kind.word().to_owned());
        let text = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
        let pairs = [
            (DifferenceKind::TotalDiffers, "total", text(total(entry)), text(recorded.total)),
            (DifferenceKind::KindDiffers, "kind", kind, recorded.kind.map(|kind| kind.word().to_owned())),
            (DifferenceKind::NumberDiffers, "number", number, recorded.number.clone()),
        ];
        let id = &entry.receipt_id;
        for (kind, word, journal, vendor) in pairs {
            // What one side does not tell is not compared.
            let (Some(ours), Some(theirs)) = (journal, vendor) else { continue };
            if ours != theirs {
                let message = format!("the {word} of {id} is {ours} in the journal and {theirs} on record");
                self.differences.push(Difference {
                    journal: Some(ours),
                    vendor: Some(theirs),
                    document_number: recorded.number.clone(),
                    ..Difference::of(kind, Some(id), message)
                });
            }
        }
    }
}

impl Difference {
    fn of(kind: DifferenceKind, receipt_id: Option<&str>, message: String) -> Self {
        let receipt_id = receipt_id.map(str::to_owned);
        Self { kind, receipt_id, document_number: None, journal: None, vendor: None, message }
    }
}

/// What the journal has as the total on record: what was sent, else what the vendor told.
fn total(entry: &Entry) -> Option<Amount> {
    let told = entry.fiscal.as_ref().and_then(|fiscal| fiscal.total);
    entry.given().and_then(|receipt| receipt.total()).or(told)
}
