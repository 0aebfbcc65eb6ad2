//! What came of a cell, and of all of them.

use std::collections::BTreeMap;

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

    /// Receipts left in doubt.
    pub fn all_in_doubt(&self) -> usize {
        self.in_doubt.values().sum()
    }
}
