//! The virtual cash register of a retail point: counters, shifts, fiscal information.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::RawValue;
use time::{Duration, OffsetDateTime, UtcOffset};

use super::dates;
use super::document::{Receipt, money};
use super::schema::DocType;
use super::switches::Switches;

/// A shift older than this is closed and another opened (protocol/modulkassa.md 3.6).
pub const LONGEST_SHIFT: Duration = Duration::hours(24);

const HIGH_BIT: u32 = 1 << 31;
const HIGH_MARKS_OF_FOUR: u32 = 3;

/// Counters and identity of one register.
#[derive(Debug)]
pub struct Register {
    kkt_number: String,
    fn_number: String,
    registration_number: String,
    offset: UtcOffset,
    marks: StdRng,
    shift_number: u32,
    shift_opened: Option<OffsetDateTime>,
    check_number: u32,
    fn_doc_number: u32,
}

/// One fiscal document as the register recorded it.
#[derive(Debug, Clone)]
pub struct Fiscal {
    /// Number of the shift.
    pub shift_number: u32,
    /// Number of the receipt within the shift.
    pub check_number: u32,
    /// Number of the fiscal document.
    pub fn_doc_number: u32,
    /// Fiscal sign.
    pub fn_doc_mark: u32,
    /// When it was recorded.
    pub at: OffsetDateTime,
    /// Total.
    pub total: Decimal,
    /// What it is.
    pub doc_type: &'static DocType,
    /// The text of the QR code.
    pub qr: String,
    kkt_number: String,
    fn_number: String,
    registration_number: String,
}

/// `fiscalInfo` on the wire (protocol/modulkassa.md 3.3).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FiscalInfo<'a> {
    shift_number: u32,
    check_number: u32,
    kkt_number: &'a str,
    fn_number: &'a str,
    fn_doc_number: u32,
    fn_doc_mark: u32,
    date: String,
    sum: Option<Box<RawValue>>,
    check_type: &'static str,
    qr: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ecr_registration_number: Option<&'a str>,
}

impl Register {
    /// A register whose numbers follow from the seed.
    pub fn new(seed: u64, offset: UtcOffset) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        Self {
            kkt_number: format!("1990{:08}", random.random_range(0..100_000_000_u32)),
            fn_number: format!("99604403{:08}", random.random_range(0..100_000_000_u32)),
            registration_number: format!("000{:013}", random.random_range(0..10_000_000_000_000_u64)),
            offset,
            shift_number: random.random_range(1..100),
            shift_opened: None,
            check_number: 0,
            fn_doc_number: random.random_range(100..10_000),
            marks: random,
        }
    }

    /// Records a receipt (protocol/modulkassa.md 6.1 item 24).
    pub fn fiscalize(&mut self, receipt: &Receipt, now: OffsetDateTime) -> Fiscal {
        if self.shift_opened.is_none_or(|opened| now - opened > LONGEST_SHIFT) {
            self.shift_opened = Some(now);
            self.shift_number += 1;
            self.check_number = 0;
        }
        self.check_number += 1;
        self.fn_doc_number += 1;
        let mark = self.mark();
        let qr = format!(
            "t={}&s={}&fn={}&i={:010}&fp={mark}&n={}",
            dates::qr_local(now, self.offset),
            money(receipt.total),
            self.fn_number,
            self.fn_doc_number,
            receipt.doc_type.qr_n,
        );
        Fiscal {
            shift_number: self.shift_number,
            check_number: self.check_number,
            fn_doc_number: self.fn_doc_number,
            fn_doc_mark: mark,
            at: now,
            total: receipt.total,
            doc_type: receipt.doc_type,
            qr,
            kkt_number: self.kkt_number.clone(),
            fn_number: self.fn_number.clone(),
            registration_number: self.registration_number.clone(),
        }
    }

    /// Above `i32::MAX` three times of four, so that a narrow integer is found out.
    fn mark(&mut self) -> u32 {
        let any = self.marks.random_range(1..HIGH_BIT);
        let high = self.marks.random_range(0..4_u32) < HIGH_MARKS_OF_FOUR;
        if high { any | HIGH_BIT } else { any }
    }
}

impl Fiscal {
    /// The form on the wire under these switches.
    pub fn info(&self, switches: &Switches) -> FiscalInfo<'_> {
        let total = money(self.total);
        let sum = if switches.sum_as_string { format!("\"{total}\"") } else { total };
        FiscalInfo {
            shift_number: self.shift_number,
            check_number: self.check_number,
            kkt_number: &self.kkt_number,
            fn_number: &self.fn_number,
            fn_doc_number: self.fn_doc_number,
            fn_doc_mark: self.fn_doc_mark,
            date: dates::fiscal(self.at, switches.date_format),
            sum: RawValue::from_string(sum).ok(),
            check_type: self.doc_type.check_type,
            qr: &self.qr,
            ecr_registration_number: (!switches.omit_registration_number)
                .then_some(self.registration_number.as_str()),
        }
    }
}
