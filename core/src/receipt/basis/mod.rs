//! A receipt that builds on one before it: a refund on its sale, a settlement on its prepayment, a correction on what
//! was wrong. The shop gives ids and quantities; lines, VAT and sums are those on record. No I/O.

mod correct;
mod refund;
mod settle;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use time::Date;

use super::distribute::Adjustments;
use super::money::{Amount, Quantity};
use super::place::Country;
use super::{Kind, MOST_LINES, Receipt, VendorReceipt};
use crate::error::{Code, Error, Result, Violation, violation};

/// The receipt whose goods come back, and which of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundOf {
    /// Its id.
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub id: String,
    /// What comes back; absent means all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = MOST_LINES))]
    pub lines: Vec<RefundLine>,
}

/// A line that comes back, whole or in part.
#[skip_serializing_none]
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundLine {
    /// Its place in the `items` of the receipt that is refunded; the first is 0.
    pub item: u32,
    /// How much of it; absent means all of the line.
    pub quantity: Option<Quantity>,
    /// How much money for it; absent means its share of what the line cost.
    pub sum: Option<Amount>,
}

/// What the journal knows of the receipt that another one builds on.
pub struct Known<'a> {
    /// The receipt as it was given.
    pub receipt: Receipt,
    /// The day that it is of.
    pub day: Date,
    /// Its fiscal sign.
    pub sign: Option<String>,
    /// The receipts that build on it and are on record, or may come there.
    pub others: &'a [Receipt],
    /// Prepaid money that was set off and came back with refunds of the settlements.
    pub returned: Amount,
}

/// What the register is that the receipt is for.
#[derive(Clone, Copy)]
pub struct For {
    /// What its lines may have.
    pub adjustments: Adjustments,
    /// Its smallest sum, in hundredths.
    pub unit: u64,
    /// Its country.
    pub country: Country,
    /// Today.
    pub today: Date,
}

/// Which receipt another one builds on, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis<'a> {
    /// Its goods come back.
    Refund(&'a str),
    /// What was prepaid with it is set off.
    Settlement(&'a str),
    /// It is corrected.
    Correction(&'a str),
}

impl<'a> Basis<'a> {
    /// The receipt's id.
    pub const fn id(self) -> &'a str {
        match self {
            Basis::Refund(id) | Basis::Settlement(id) | Basis::Correction(id) => id,
        }
    }

    /// The field that names it.
    pub const fn path(self) -> &'static str {
        match self {
            Basis::Refund(_) => "/refund_of/id",
            Basis::Settlement(_) => "/settles",
            Basis::Correction(_) => "/corrects",
        }
    }
}

/// The parts of a receipt that are made from the one it builds on, and the field that names that one.
pub struct Made {
    path: &'static str,
    parts: Vec<&'static str>,
}

impl Made {
    /// Puts what is wrong with a part that the caller did not give to the field that the caller gave.
    pub fn tell(&self, violations: &mut [Violation]) {
        let is_made = |path: &str| {
            let mut names = path.split('/').skip(1);
            names.next().is_some_and(|part| self.parts.contains(&part))
        };
        for found in violations.iter_mut().filter(|found| is_made(&found.path)) {
            found.message =
                format!("`{}` of the receipt that is made from it: {}", found.path, found.message);
            found.path = self.path.to_owned();
        }
    }
}

impl Receipt {
    /// What will be made for this request; nothing where it builds on no receipt.
    pub fn made(&self) -> Made {
        let Some(basis) = self.basis().ok().flatten() else { return Made { path: "", parts: Vec::new() } };
        let absent = [
            ("items", self.items.is_empty()),
            ("payments", self.payments.is_empty()),
            ("customer", self.customer.is_none()),
            ("cashier", self.cashier.is_none()),
            ("company", self.company.is_none()),
            ("currency", self.currency.is_none()),
            ("correction", self.correction.is_none() && self.corrects.is_some()),
            ("vendor", self.vendor.is_none()),
        ];
        let parts = absent.into_iter().filter(|(_, is_absent)| *is_absent).map(|(part, _)| part).collect();
        Made { path: basis.path(), parts }
    }

    /// The receipt that this one builds on. More than one is a mistake.
    pub fn basis(&self) -> Result<Option<Basis<'_>>> {
        let named = [
            self.refund_of.as_ref().map(|of| Basis::Refund(&of.id)),
            self.settles.as_deref().map(Basis::Settlement),
            self.corrects.as_deref().map(Basis::Correction),
        ];
        let mut named = named.into_iter().flatten();
        let (basis, another) = (named.next(), named.next());
        let wrong = |at: Basis<'_>, message: &str| {
            Err(Error::invalid(vec![violation(at.path(), Code::WrongValue, message)]))
        };
        match (basis, another) {
            (Some(_), Some(another)) => wrong(another, "a receipt builds on one other at most"),
            (Some(basis), None) if basis.id() == self.id => {
                wrong(basis, "a receipt does not build on itself")
            }
            _ => Ok(basis),
        }
    }

    /// The receipt with what it has from the one that it builds on. What it says itself comes first.
    pub fn built(self, known: &Known<'_>, register: For) -> Result<Self> {
        let built = if let Some(of) = self.refund_of.clone() {
            refund::built(self, &of, known, register)
        } else if self.settles.is_some() {
            settle::built(self, known, register)
        } else if self.corrects.is_some() {
            correct::built(self, known)
        } else {
            return Ok(self);
        }?;
        // What does not divide into prices is split, as `distribute` does it.
        if built.total() == built.paid() {
            return Ok(built.distributed(register.adjustments, register.unit)?.receipt);
        }
        Ok(built)
    }

    /// The request with what an earlier call made of the same request, which the journal has. Where they are not the
    /// same, the fingerprints will differ.
    #[must_use]
    pub fn repeated(mut self, kept: &Receipt) -> Self {
        if let (Some(of), Some(before)) = (&mut self.refund_of, &kept.refund_of)
            && of.lines.len() == before.lines.len()
        {
            for (line, before) in of.lines.iter_mut().zip(&before.lines) {
                line.quantity = line.quantity.or(before.quantity);
                line.sum = line.sum.or(before.sum);
            }
        }
        if self.items.is_empty() {
            self.items.clone_from(&kept.items);
        }
        let is_set_off = self.settles.is_some() && self.payments.len() < kept.payments.len();
        if self.payments.is_empty() || is_set_off {
            self.payments.clone_from(&kept.payments);
        }
        self.correction = match (self.correction, kept.correction.clone()) {
            (Some(mut own), Some(before)) => {
                own.fiscal_sign = own.fiscal_sign.or(before.fiscal_sign);
                Some(own)
            }
            (own, before) => own.or(before),
        };
        self.with_people_of(kept)
    }

    /// Takes over who bought and who sold, and what else is of the deal and not of the paper.
    fn with_people_of(mut self, other: &Receipt) -> Self {
        self.customer = self.customer.or_else(|| other.customer.clone());
        self.cashier = self.cashier.or_else(|| other.cashier.clone());
        self.company = self.company.or_else(|| other.company.clone());
        self.currency = self.currency.or_else(|| other.currency.clone());
        self.vendor = self.vendor.or_else(|| other.vendor.clone().map(VendorReceipt::of_the_deal));
        self
    }

    /// Fails unless the receipt is of one of these kinds.
    fn of_kind(&self, kinds: &[Kind], why: &str) -> std::result::Result<(), Violation> {
        if kinds.contains(&self.kind) {
            return Ok(());
        }
        let words: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.word())).collect();
        Err(violation("/kind", Code::WrongValue, format!("must be {}, because {why}", words.join(" or "))))
    }
}

/// More than is left of the receipt that another one builds on.
fn exceeded(message: String) -> Error {
    Error::new(Code::BasisExceeded, message)
}

impl VendorReceipt {
    /// Without what belonged to one paper: its number, its printed text, the money that was handed over, and without
    /// what was said of its sums.
    fn of_the_deal(mut self) -> Self {
        if let Some(own) = &mut self.modulkassa {
            (own.document_number, own.text_to_print) = (None, None);
        }
        if let Some(own) = &mut self.ikkm {
            (own.cash_received, own.print_text) = (None, None);
        }
        if let Some(own) = &mut self.atol {
            (own.vats, own.cashless_payments, own.operating_check_props) = (None, None, None);
        }
        if let Some(own) = &mut self.ikassa {
            (own.discount, own.surcharge) = (None, None);
        }
        self
    }
}
