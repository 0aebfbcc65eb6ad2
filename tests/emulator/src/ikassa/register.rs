//! A cash register at the vendor: its shift, drawer and documents (protocol/ikassa.md 6.3, 6.4).

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::NAME;
use super::counters::{Till, is_paid};
use super::document::{Document, Draft};
use super::errors::{
    CASH_LEFT, CASH_SHORT, DEPOSIT_MISSING, Refusal, SHIFT_CLOSED, SHIFT_EMPTY, SHIFT_EXPIRED, SHIFT_OPENED,
};
use super::kinds::{CLOSE_SHIFT, DEPOSIT, OPEN_SHIFT};
use super::shift::{Closing, Shift};
use super::switches::Switches;
use crate::frame::Frame;

/// What every change of a register needs from outside.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Clock and ledger.
    pub frame: &'a Frame,
    /// The switches.
    pub switches: &'a Switches,
    /// The present moment.
    pub now: OffsetDateTime,
}

/// One register.
#[derive(Debug)]
pub struct Register {
    /// The nine-digit number of the state control system.
    pub number: u32,
    /// The taxpayer number of its owner.
    pub unp: String,
    /// Whether it is bound in the cabinet.
    pub bound: bool,
    /// Everything on the record, in order.
    pub documents: Vec<Document>,
    /// The last shift, open or not.
    pub shift: Option<Shift>,
    last_number: u64,
    random: StdRng,
}

impl Register {
    /// A register that never worked; its uids follow from the seed.
    pub fn new(number: u32, unp: String, bound: bool, seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed.wrapping_add(number.into()));
        Self { number, unp, bound, documents: Vec::new(), shift: None, last_number: 0, random }
    }

    /// The number as text.
    pub fn id(&self) -> String {
        format!("{:09}", self.number)
    }

    /// What the vendor tells of the shift: `{}` before the first one, which is invented
    /// (protocol/ikassa.md 6.4 item 4).
    pub fn shift_shown(&self, switches: &Switches) -> Value {
        self.shift.as_ref().map_or_else(|| json!({}), |shift| shift.shown(switches))
    }

    /// The document with the highest number.
    pub fn last_numbered(&self) -> Option<&Document> {
        self.documents.iter().rev().find(|document| document.number.is_some())
    }

    /// A document by its uid, in either case of letters (protocol/ikassa.md 2.9).
    pub fn find(&mut self, uid: &str) -> Option<&mut Document> {
        self.documents.iter_mut().find(|document| document.uid.eq_ignore_ascii_case(uid))
    }

    /// Opens a shift (protocol/ikassa.md 6.4 item 5).
    pub fn open_shift(&mut self, around: Around<'_>, by: Option<&'static str>) -> Result<(), Refusal> {
        if self.shift.as_ref().is_some_and(Shift::is_open) {
            return Err((&SHIFT_OPENED).into());
        }
        let last = self.shift.take();
        let number = last.as_ref().map_or(1, |shift| shift.number + 1);
        let left = last.filter(|_| around.switches.drawer_carries_over).map(|shift| shift.tills);
        let carried = |(currency, till): (String, Till)| (currency, Till::with(till.cash));
        let has_cash = |(_, till): &(String, Till)| till.cash != 0;
        let tills: BTreeMap<_, _> =
            left.unwrap_or_default().into_iter().filter(has_cash).map(carried).collect();
        self.shift = Some(Shift::begin(number, around.now, tills));
        self.record(around, Draft::of_shift(&OPEN_SHIFT, by));
        Ok(())
    }

    /// Closes the shift: the Z report (protocol/ikassa.md 6.4 item 6).
    pub fn close_shift(&mut self, around: Around<'_>, by: Option<&'static str>) -> Result<(), Refusal> {
        let shift = self.open_one()?;
        if around.switches.require_empty_drawer && shift.has_cash() {
            return Err((&CASH_LEFT).into());
        }
        if around.switches.refuse_empty_shift && shift.documents == 0 {
            return Err((&SHIFT_EMPTY).into());
        }
        let number = shift.number;
        let uid = self.record(around, Draft::of_shift(&CLOSE_SHIFT, by)).uid.clone();
        if let Some(shift) = &mut self.shift {
            shift.closing = Some(Closing { uid, number });
        }
        Ok(())
    }

    /// Refuses while no shift takes documents (protocol/ikassa.md 6.4 item 7, 2.10).
    pub fn takes_documents(&self, around: Around<'_>) -> Result<(), Refusal> {
        let shift = self.open_one()?;
        if shift.is_too_long(around.now, around.switches) {
            return Err((&SHIFT_EXPIRED).into());
        }
        Ok(())
    }

    /// Puts a document on the record, with its effect on drawer and counters
    /// (protocol/ikassa.md 6.4 items 8, 9).
    pub fn accept(&mut self, around: Around<'_>, draft: Draft) -> Result<&Document, Refusal> {
        self.takes_documents(around)?;
        let Some(shift) = &mut self.shift else {
            return Err((&SHIFT_CLOSED).into());
        };
        if around.switches.deposit_first && is_paid(draft.kind) && !shift.has_deposit {
            return Err((&DEPOSIT_MISSING).into());
        }
        let cash = shift.cash(&draft.header.currency).saturating_add(draft.cash);
        if cash < 0 {
            return Err((&CASH_SHORT).into());
        }
        shift.documents += 1;
        shift.has_deposit |= *draft.kind == DEPOSIT;
        let till = shift.tills.entry(draft.header.currency.clone()).or_default();
        till.cash = cash;
        if !is_paid(draft.kind) {
            till.count(draft.kind, draft.total);
        }
        let cash_type = around.switches.cash_type;
        for payment in &draft.payments {
            let change = if payment.kind == cash_type { draft.change } else { 0 };
            till.count_paid(draft.kind, payment.kind, cash_type, payment.sum - change);
        }
        Ok(self.record(around, draft))
    }

    fn open_one(&self) -> Result<&Shift, Refusal> {
        self.shift.as_ref().filter(|shift| shift.is_open()).ok_or_else(|| (&SHIFT_CLOSED).into())
    }

    /// 16 random digits and 8 of the register (protocol/ikassa.md 6.3).
    fn uid(&mut self) -> String {
        format!("{:016X}{:08X}", self.random.random::<u64>(), self.number)
    }

    fn record(&mut self, around: Around<'_>, draft: Draft) -> &Document {
        let of_shift = [&OPEN_SHIFT, &CLOSE_SHIFT].contains(&draft.kind);
        let numbered = !of_shift || around.switches.number_of_shift_documents;
        self.last_number += u64::from(numbered);
        let document = Document {
            uid: self.uid(),
            number: numbered.then_some(self.last_number),
            at: around.now,
            shift: self.shift.as_ref().map_or(0, |shift| shift.number),
            draft,
            rolled_back: false,
            render_authorizations: 0,
        };
        around.frame.ledger.record(document.entry(NAME, &self.id()));
        let index = self.documents.len();
        self.documents.push(document);
        &self.documents[index]
    }
}
