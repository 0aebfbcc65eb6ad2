//! A shift of a register (protocol/ikassa.md 2.4, 2.10, 6.3).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};

use super::counters::Till;
use super::switches::Switches;

/// The record of a shift that was closed.
#[derive(Debug, Clone)]
pub struct Closing {
    /// The uid of the Z report.
    pub uid: String,
    /// Its number.
    pub number: u64,
}

/// One shift, open or closed.
#[derive(Debug, Clone)]
pub struct Shift {
    /// Its number, from 1.
    pub number: u64,
    /// When it was opened.
    pub opened: OffsetDateTime,
    /// The Z report, once it is closed.
    pub closing: Option<Closing>,
    /// Drawer and counters by currency.
    pub tills: BTreeMap<String, Till>,
    /// How many documents it has.
    pub documents: usize,
    /// Whether cash was put into the drawer.
    pub has_deposit: bool,
}

impl Shift {
    /// A shift that begins now, with these drawers.
    pub fn begin(number: u64, opened: OffsetDateTime, tills: BTreeMap<String, Till>) -> Self {
        Self { number, opened, closing: None, tills, documents: 0, has_deposit: false }
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.closing.is_none()
    }

    /// Whether it takes no more documents (protocol/ikassa.md 2.10).
    pub fn is_too_long(&self, now: OffsetDateTime, switches: &Switches) -> bool {
        switches.max_shift_hours > 0 && now - self.opened >= Duration::hours(switches.max_shift_hours)
    }

    /// Cash in the drawer.
    pub fn cash(&self, currency: &str) -> i64 {
        self.tills.get(currency).map_or(0, |till| till.cash)
    }

    /// Whether there is cash in any currency.
    pub fn has_cash(&self) -> bool {
        self.tills.values().any(|till| till.cash != 0)
    }

    /// What the vendor tells of it (protocol/ikassa.md 6.4 item 4).
    pub fn shown(&self, switches: &Switches) -> Value {
        let document = self.closing.as_ref().map(|closing| {
            if switches.rich_answers {
                json!({ "uid": closing.uid, "number": closing.number })
            } else {
                json!({ "uid": closing.uid })
            }
        });
        let of_currency = |(currency, till): (&String, &Till)| {
            (currency.clone(), json!({ "attributes": till.attributes(switches.more_counters) }))
        };
        let counters: Map<String, Value> = self.tills.iter().map(of_currency).collect();
        json!({ "document": document, "counters": counters })
    }
}
