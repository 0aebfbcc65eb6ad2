//! Shifts with their counters, and the totals that never start anew
//! (protocol/ikkm.md 5.5, 5.8, 6.1 item E13).

use time::{Duration, OffsetDateTime};

use super::money::Tiyn;
use crate::ledger::Kind;

/// The longest shift (protocol/ikkm.md 4 item -3).
const MAX_SHIFT: Duration = Duration::hours(24);

/// The fiscal operations in the order of the documentation.
pub const OPERATIONS: [Kind; 4] = [Kind::Sell, Kind::Buy, Kind::SellRefund, Kind::BuyRefund];

/// How many and how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counter {
    /// How many documents.
    pub count: u64,
    /// Their sum.
    pub sum: Tiyn,
}

impl Counter {
    fn add(&mut self, sum: Tiyn) {
        self.count += 1;
        self.sum += sum;
    }
}

/// Counters of a shift, or of the whole life of a device.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counters {
    operations: [Counter; OPERATIONS.len()],
    /// Deposits.
    pub cash_in: Counter,
    /// Withdrawals.
    pub cash_out: Counter,
}

impl Counters {
    /// Counts a document.
    pub fn add(&mut self, kind: Kind, sum: Tiyn) {
        match kind {
            Kind::Deposit => self.cash_in.add(sum),
            Kind::Withdraw => self.cash_out.add(sum),
            _ => {
                if let Some(index) = OPERATIONS.iter().position(|known| *known == kind) {
                    self.operations[index].add(sum);
                }
            }
        }
    }

    /// The counter of an operation.
    pub fn of(&self, kind: Kind) -> Counter {
        let index = OPERATIONS.iter().position(|known| *known == kind);
        index.map(|index| self.operations[index]).unwrap_or_default()
    }

    /// Income: sales less returns, less purchases that were not returned.
    pub fn revenue(&self) -> Tiyn {
        let sum = |kind| self.of(kind).sum;
        sum(Kind::Sell) - sum(Kind::SellRefund) - sum(Kind::Buy) + sum(Kind::BuyRefund)
    }
}

/// One shift.
#[derive(Debug, Clone)]
pub struct Shift {
    /// Its number, from 1.
    pub id: u64,
    /// When it was opened.
    pub opened: OffsetDateTime,
    /// When it was closed.
    pub closed: Option<OffsetDateTime>,
    /// Who opened it.
    pub cashier: u64,
    /// All totals when it was opened.
    pub at_open: Counters,
    /// Its own counters.
    pub counters: Counters,
    /// Cash in the drawer when it was closed.
    pub cash_at_close: Option<Tiyn>,
    /// Whether it is in the archive.
    pub archived: bool,
}

impl Shift {
    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether it is open for too long (-3).
    pub fn is_too_long(&self, now: OffsetDateTime) -> bool {
        self.is_open() && now - self.opened > MAX_SHIFT
    }
}

/// All shifts and all totals.
#[derive(Debug, Default)]
pub struct Shifts {
    all: Vec<Shift>,
    /// The totals of the device's life.
    pub totals: Counters,
}

impl Shifts {
    /// Every shift, the oldest first.
    pub fn all(&self) -> &[Shift] {
        &self.all
    }

    /// The last shift, open or not.
    pub fn last(&self) -> Option<&Shift> {
        self.all.last()
    }

    /// The open shift.
    pub fn open(&self) -> Option<&Shift> {
        self.last().filter(|shift| shift.is_open())
    }

    /// A shift by its number.
    pub fn find(&self, id: &str) -> Option<&Shift> {
        let id: u64 = id.parse().ok()?;
        self.all.iter().find(|shift| shift.id == id)
    }

    /// Opens a shift unless one is open; its number.
    pub fn open_for(&mut self, cashier: u64, now: OffsetDateTime) -> u64 {
        if self.open().is_none() {
            let id = self.last().map_or(1, |shift| shift.id + 1);
            self.all.push(Shift {
                id,
                opened: now,
                closed: None,
                cashier,
                at_open: self.totals,
                counters: Counters::default(),
                cash_at_close: None,
                archived: false,
            });
        }
        self.last().map_or(0, |shift| shift.id)
    }

    /// Counts a document in the open shift.
    pub fn count(&mut self, kind: Kind, sum: Tiyn) {
        self.totals.add(kind, sum);
        if let Some(shift) = self.all.last_mut() {
            shift.counters.add(kind, sum);
        }
    }

    /// Closes the shift, if one is open.
    pub fn close(&mut self, drawer: Tiyn, now: OffsetDateTime) {
        if let Some(shift) = self.all.last_mut().filter(|shift| shift.is_open()) {
            shift.closed = Some(now);
            shift.cash_at_close = Some(drawer);
        }
    }

    /// Puts a closed shift into the archive; whether it is there now.
    pub fn archive(&mut self, id: u64) -> bool {
        let found = self.all.iter_mut().find(|shift| shift.id == id && !shift.is_open());
        found.map(|shift| shift.archived = true).is_some()
    }
}
