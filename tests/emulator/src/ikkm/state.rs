//! What a device is and knows (protocol/ikkm.md 6.1 items E7, E11 to E15), and the conditions for a
//! fiscal call.

use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use time::{Duration, OffsetDateTime};

use super::codes::{
    BATTERY_LOW, BUSY, Code, NOT_SENIOR, OFFLINE_TOO_LONG, OTHER_CASHIER, PRINTER, SHIFT_TOO_LONG,
};
use super::items::Row;
use super::keys::Keys;
use super::money::Tiyn;
use super::printer::Printer;
use super::seeding::Seeded;
use super::shifts::Shifts;
use super::switches::Switches;
use super::tables::Tables;
use super::user::{Role, User};
use crate::ledger::Kind;

/// The longest time without the operator of fiscal data (protocol/ikkm.md 4 item -4).
const MAX_OFFLINE: Duration = Duration::hours(72);

const ONLINE_CODES: u32 = 1_000_000_000;

/// One document that was registered.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its number.
    pub number: u64,
    /// What it records.
    pub kind: Kind,
    /// The key that made it; None when it was made by hand.
    pub key: Option<String>,
    /// When it was made.
    pub created: OffsetDateTime,
    /// When it was sent to the operator of fiscal data.
    pub submitted: Option<OffsetDateTime>,
    /// The operator's receipt code; empty before it is sent.
    pub online_code: String,
    /// Its shift.
    pub shift: u64,
    /// Its total.
    pub total: Tiyn,
    /// The code of its tax.
    pub tax: u64,
    /// Its rows with their codes.
    pub rows: Vec<(u64, Row)>,
    /// Who made it, if not the shop.
    pub by: Option<&'static str>,
}

/// Everything about one device.
#[derive(Debug)]
pub struct State {
    /// The keys.
    pub keys: Keys,
    /// Everything registered, in order (protocol/ikkm.md 6.1 item E7).
    pub documents: Vec<Document>,
    /// The number of the last document.
    pub last_number: u64,
    /// The number of the last receipt; 0 on a new device.
    pub last_receipt: u64,
    /// The code of the last row of a receipt.
    pub last_row: u64,
    /// The shifts.
    pub shifts: Shifts,
    /// Cash in the drawer (protocol/ikkm.md 6.1 item E12).
    pub drawer: Tiyn,
    /// Goods, taxes, cashiers.
    pub tables: Tables,
    /// The printer.
    pub printer: Printer,
    /// Who is logged in.
    pub user: User,
    /// Whether the battery is low.
    pub battery_low: bool,
    /// The code of the block by the operator of fiscal data.
    pub ofd_block: Option<u8>,
    /// Since when the operator of fiscal data cannot be reached.
    pub offline_since: Option<OffsetDateTime>,
    /// A bank payment or the like runs until then.
    pub busy_until: Option<Instant>,
    /// Whether a registration is under way (protocol/ikkm.md 6.1 item E19).
    pub working: bool,
    /// How many times the device was started.
    pub boot: u64,
    /// When the last request came that was not too early (protocol/ikkm.md 6.1 item E20).
    pub last_request: Option<Instant>,
    online_codes: StdRng,
}

impl State {
    /// A device as it is seeded.
    pub fn new(seeded: &Seeded) -> Self {
        Self {
            keys: Keys::new(seeded.random, seeded.key.clone()),
            documents: Vec::new(),
            last_number: seeded.last_receipt,
            last_receipt: seeded.last_receipt,
            last_row: 0,
            shifts: Shifts::default(),
            drawer: seeded.drawer,
            tables: Tables::seeded(),
            printer: Printer::default(),
            user: User::seeded(),
            battery_low: false,
            ofd_block: None,
            offline_since: None,
            busy_until: None,
            working: false,
            boot: 0,
            last_request: None,
            online_codes: StdRng::seed_from_u64(seeded.random),
        }
    }

    /// The device starts anew (protocol/ikkm.md 3.3 item 3).
    pub fn reboot(&mut self, switches: &Switches) {
        self.boot += 1;
        self.working = false;
        self.busy_until = None;
        self.printer.forget_last();
        if switches.repeat_volatile {
            self.keys.forget();
        }
        if !switches.key_survives_reboot {
            self.keys.move_on(switches);
        }
    }

    /// Refuses while something runs (protocol/ikkm.md 3.9).
    pub fn free(&self) -> Result<(), Code> {
        let bank = self.busy_until.is_some_and(|end| Instant::now() < end);
        if self.working || bank { Err(BUSY) } else { Ok(()) }
    }

    /// Refuses when the device cannot work (protocol/ikkm.md 6.1 item E8, from the block to the
    /// printer).
    pub fn ready(&self, now: OffsetDateTime) -> Result<(), Code> {
        self.linked(now)?;
        self.shift_fits(now)?;
        self.powered()?;
        self.printer_ready()
    }

    /// Refuses when the operator of fiscal data stands in the way.
    pub fn linked(&self, now: OffsetDateTime) -> Result<(), Code> {
        if let Some(code) = self.ofd_block {
            return Err(Code::blocked(code));
        }
        let too_long = self.offline_since.is_some_and(|since| now - since > MAX_OFFLINE);
        if too_long { Err(OFFLINE_TOO_LONG) } else { Ok(()) }
    }

    /// Refuses when the shift is too old or somebody else's.
    pub fn shift_fits(&self, now: OffsetDateTime) -> Result<(), Code> {
        match self.shifts.open() {
            Some(shift) if shift.is_too_long(now) => Err(SHIFT_TOO_LONG),
            Some(shift) if shift.cashier != self.user.id => Err(OTHER_CASHIER),
            _ => Ok(()),
        }
    }

    /// Refuses when the battery is low.
    pub fn powered(&self) -> Result<(), Code> {
        if self.battery_low { Err(BATTERY_LOW) } else { Ok(()) }
    }

    /// Refuses when there is no paper.
    pub fn printer_ready(&self) -> Result<(), Code> {
        if self.printer.no_paper { Err(PRINTER) } else { Ok(()) }
    }

    /// Refuses a plain cashier (protocol/ikkm.md 6.1 item E15).
    pub fn senior(&self) -> Result<(), Code> {
        if self.user.role == Role::Cashier { Err(NOT_SENIOR) } else { Ok(()) }
    }

    /// A receipt code from the operator of fiscal data; zeros in front matter
    /// (protocol/ikkm.md 5.9).
    pub fn online_code(&mut self) -> String {
        format!("{:09}", self.online_codes.random_range(0..ONLINE_CODES))
    }

    /// The operator of fiscal data can be reached again: everything is sent
    /// (protocol/ikkm.md 6.1 item E14).
    pub fn reconnect(&mut self, now: OffsetDateTime) {
        self.offline_since = None;
        for index in 0..self.documents.len() {
            if self.documents[index].submitted.is_none() {
                self.documents[index].online_code = self.online_code();
                self.documents[index].submitted = Some(now);
            }
        }
    }
}
