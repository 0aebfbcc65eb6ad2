//! The counters of a shift in one currency. Only `$.cashin.sum` is known to exist
//! (protocol/ikassa.md 2.4); all the others are invented and shown with the switch `more_counters`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::kinds::{DocumentKind, REFUND, SALE};

/// The only counter that is known: the cash in the drawer now.
const CASH: &str = "$.cashin.sum";

/// The invented counters; each has a `.sum` and a `.count`.
const INVENTED: &[&str] = &[
    "sale.cash",
    "sale.cashless",
    "sale.other",
    "refund.cash",
    "refund.cashless",
    "refund.other",
    "deposit",
    "withdraw",
    "chWithdraw",
    "rollback",
];

/// The middle of the name of a counter of sales or refunds.
const PAYMENTS: [&str; 3] = ["cash", "cashless", "other"];
const CARD: usize = 1;
const OTHER: usize = 2;
const OTHER_TYPE: u8 = 2;

#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    sum: i64,
    count: u64,
}

/// The drawer and the counters of one currency in one shift.
#[derive(Debug, Clone, Default)]
pub struct Till {
    /// Cash in the drawer, in kopecks.
    pub cash: i64,
    counters: BTreeMap<String, Counter>,
}

impl Till {
    /// A drawer with cash from the shift before.
    pub fn with(cash: i64) -> Self {
        Self { cash, ..Self::default() }
    }

    /// Counts a document without payments.
    pub fn count(&mut self, kind: &DocumentKind, sum: i64) {
        self.add(kind.word.to_owned(), sum);
    }

    /// Counts one kind of payment of a sale or a refund.
    pub fn count_paid(&mut self, kind: &DocumentKind, payment: u8, cash_type: u8, sum: i64) {
        let place = match payment {
            cash if cash == cash_type => 0,
            OTHER_TYPE => OTHER,
            _ => CARD,
        };
        self.add(format!("{}.{}", kind.word, PAYMENTS[place]), sum);
    }

    fn add(&mut self, name: String, sum: i64) {
        let counter = self.counters.entry(name).or_default();
        counter.sum = counter.sum.saturating_add(sum);
        counter.count += 1;
    }

    /// `attributes`.
    pub fn attributes(&self, more: bool) -> Map<String, Value> {
        let mut attributes = Map::new();
        attributes.insert(CASH.to_owned(), self.cash.into());
        for name in INVENTED.iter().filter(|_| more) {
            let counter = self.counters.get(*name).copied().unwrap_or_default();
            attributes.insert(format!("$.{name}.sum"), counter.sum.into());
            attributes.insert(format!("$.{name}.count"), counter.count.into());
        }
        attributes
    }
}

/// Whether a kind is counted by payment.
pub fn is_paid(kind: &DocumentKind) -> bool {
    *kind == SALE || *kind == REFUND
}
