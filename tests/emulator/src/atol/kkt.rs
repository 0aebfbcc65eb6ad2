//! One cash register (KKT) of a group: counters, shift, what is not sent to the OFD yet
//! (protocol/atol.md 4.1 items 25, 34 and 35).

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use super::switches::Switches;

/// A shift older than this is closed and another opened.
const LONGEST_SHIFT: Duration = Duration::hours(24);
const HIGH_BIT: u32 = 1 << 31;

/// One register.
#[derive(Debug)]
pub struct Kkt {
    /// The factory number; leading zeros matter.
    pub serial: String,
    /// The registration number, 16 digits.
    pub registration_number: String,
    /// The internal number, such as `KKT900417`.
    pub device_code: String,
    /// The number of the fiscal drive, 16 digits.
    pub fn_number: String,
    /// When the fiscal drive was activated.
    pub activated: OffsetDateTime,
    /// Number of the last fiscal document.
    pub documents: u32,
    /// Number of the shift that is open, or was.
    pub shift: u32,
    /// Number of the last receipt of that shift.
    pub receipts: u32,
    /// Documents that the OFD does not have.
    pub unsent: u32,
    /// When the first of them came to be.
    pub first_unsent: Option<OffsetDateTime>,
    /// Whether it is on, whatever the switch says.
    pub on: Option<bool>,
    /// `networkErrorCode` of its own, whatever the switch says.
    pub network: Option<u8>,
    /// Attributes that monitoring shows in place of the true ones.
    pub shown: Map<String, Value>,
    /// Attributes that monitoring leaves out.
    pub hidden: Vec<String>,
    shift_opened: Option<OffsetDateTime>,
    signs: StdRng,
}

/// What a register recorded.
#[derive(Debug, Clone)]
pub struct Fiscal {
    /// Number of the receipt in the shift.
    pub receipt: u32,
    /// Number of the shift.
    pub shift: u32,
    /// Number of the fiscal document.
    pub document: u32,
    /// The fiscal sign.
    pub sign: u32,
    /// When it was recorded.
    pub at: OffsetDateTime,
    /// Number of the fiscal drive.
    pub fn_number: String,
    /// Registration number of the register.
    pub registration_number: String,
}

impl Kkt {
    /// A register whose numbers follow from the seed.
    pub fn new(seed: u64, now: OffsetDateTime) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let device = random.random_range(0..1_000_000_u32);
        Self {
            serial: format!("0010690{:07}", random.random_range(0..10_000_000_u32)),
            registration_number: format!("000000{:010}", random.random_range(0..10_000_000_000_u64)),
            device_code: format!("KKT{device:06}"),
            fn_number: format!("99990789{:08}", random.random_range(0..100_000_000_u32)),
            activated: now - Duration::days(random.random_range(30..300)),
            documents: random.random_range(100..10_000),
            shift: random.random_range(1..100),
            receipts: random.random_range(1..100),
            unsent: 0,
            first_unsent: None,
            on: None,
            network: None,
            shown: Map::new(),
            hidden: Vec::new(),
            shift_opened: None,
            signs: random,
        }
    }

    /// Whether it works on documents.
    pub fn works(&self, switches: &Switches) -> bool {
        self.on.unwrap_or(switches.registers_on)
    }

    /// Whether its shift is open; a shift ends by itself.
    pub fn shift_is_open(&self, now: OffsetDateTime) -> bool {
        self.shift_opened.is_some_and(|opened| now - opened < LONGEST_SHIFT)
    }

    /// Closes the shift.
    pub fn close_shift(&mut self) {
        self.shift_opened = None;
    }

    /// The state of its network.
    pub fn network_code(&self, switches: &Switches) -> u8 {
        self.network.unwrap_or(switches.network_error_code)
    }

    /// Sends what waits for the OFD, if the network is well.
    pub fn send_to_ofd(&mut self, switches: &Switches) {
        if self.network_code(switches) == 0 {
            self.unsent = 0;
            self.first_unsent = None;
        }
    }

    /// Records a document.
    pub fn fiscalize(&mut self, now: OffsetDateTime, switches: &Switches) -> Fiscal {
        if !self.shift_is_open(now) {
            self.shift_opened = Some(now);
            self.shift += 1;
            self.receipts = 0;
        }
        self.receipts += 1;
        self.documents += 1;
        self.unsent += 1;
        self.first_unsent.get_or_insert(now);
        self.send_to_ofd(switches);
        Fiscal {
            receipt: self.receipts,
            shift: self.shift,
            document: self.documents,
            sign: self.sign(),
            at: now,
            fn_number: self.fn_number.clone(),
            registration_number: self.registration_number.clone(),
        }
    }

    /// Every second sign is above `i32::MAX`, so that a narrow integer is found out.
    fn sign(&mut self) -> u32 {
        let any = self.signs.random_range(1..HIGH_BIT);
        if self.documents.is_multiple_of(2) { any | HIGH_BIT } else { any }
    }
}
