//! What came of a cell, and of all of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::judge;

/// Counts of one cell or of many.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// Receipts asked for.
    pub receipts: usize,
    /// Fault rules that struck.
    pub faults: u64,
    /// Clients killed at their step.
    pub kills: usize,
    /// Receipts that are on record, as the library says.
    pub registered: usize,
    /// Receipts left in doubt, by the reason for which that is allowed.
    pub in_doubt: BTreeMap<String, usize>,
    /// What the judge found.
    pub found: judge::Count,
}

impl Count {
    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        self.receipts += other.receipts;
        self.faults += other.faults;
        self.kills += other.kills;
        self.registered += other.registered;
        for (reason, count) in &other.in_doubt {
            *self.in_doubt.entry(reason.clone()).or_default() += count;
        }
        self.found.add(&other.found);
    }

    /// What the last line of a run says of it, and what else it says.
    pub fn summary(&self, mut more: Value) -> Value {
        for (name, count) in [
            ("receipts", self.receipts),
            ("kills", self.kills),
            ("registered", self.registered),
            ("in_doubt", self.all_in_doubt()),
            ("lost", self.found.lost),
            ("doubled", self.found.doubled),
            ("wrong", self.found.wrong),
            ("traces", self.found.traces),
            ("trace_violations", self.found.trace_violations),
        ] {
            more[name] = json!(count);
        }
        more["faults"] = json!(self.faults);
        more
    }

    /// The counts in a line of a cell.
    pub fn line(&self) -> String {
        format!(
            "{:>6} receipts{:>6} faults{:>5} kills{:>7} registered{:>3} lost{:>3} doubled{:>3} wrong",
            self.receipts,
            self.faults,
            self.kills,
            self.registered,
            self.found.lost,
            self.found.doubled,
            self.found.wrong
        )
    }

    /// Receipts left in doubt.
    pub fn all_in_doubt(&self) -> usize {
        self.in_doubt.values().sum()
    }
}
