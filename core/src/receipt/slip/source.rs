//! What a slip is made of: a receipt, what became of it, and how the caller wants to see that.

use time::OffsetDateTime;

use super::data::{Row, Weight};
use super::words::{Language, Said as _, Word};
use crate::receipt::fields::{Field, Treatment};
use crate::receipt::money::Amount;
use crate::receipt::place::{Country, Place};
use crate::receipt::registration::{Fiscal, Registration, State};
use crate::receipt::{Receipt, VendorReceipt};

/// What a slip is made of.
pub struct Source<'a> {
    /// The receipt, as it was sent.
    pub receipt: &'a Receipt,
    /// What became of it.
    pub registration: &'a Registration,
    /// What the vendor does with each field.
    pub fields: fn(Field) -> Treatment,
    /// Where the cash register stands.
    pub place: Place,
    /// The currency of a receipt that names none.
    pub currency: Option<&'a str>,
    /// When the shop wrote it down.
    pub at: OffsetDateTime,
    /// The language.
    pub language: Language,
    /// Whether the buyer's name, number and contact are shown.
    pub customer: bool,
}

/// The language of a slip where none is asked for: Russian is read in all three countries.
pub const fn language_of(country: Country) -> Language {
    match country {
        Country::Russia | Country::Belarus | Country::Kazakhstan => Language::Ru,
    }
}

impl Source<'_> {
    /// True for a document on record. Only of that there is a copy.
    pub fn is_copy(&self) -> bool {
        self.registration.state == State::Registered
    }

    /// The fiscal data, of a document on record only.
    pub(super) fn fiscal(&self) -> Option<Fiscal> {
        self.is_copy().then(|| self.registration.fiscal.clone().unwrap_or_default())
    }

    /// True where the field reaches the vendor.
    pub(super) fn carries(&self, field: Field) -> bool {
        !matches!((self.fields)(field), Treatment::Warned(_))
    }

    pub(super) fn said(&self, word: Word) -> &'static str {
        word.said(self.language)
    }

    pub(super) fn fact(&self, word: Word, value: &str) -> Row {
        Row::pair(self.said(word), value, Weight::Plain)
    }

    pub(super) fn sum(&self, word: Word, sum: Amount, weight: Weight) -> Row {
        Row::pair(self.said(word), &sum.to_string(), weight)
    }

    /// What only its vendor has of the receipt.
    pub(super) fn extras(&self) -> VendorReceipt {
        self.receipt.vendor.clone().unwrap_or_default().of(&self.registration.vendor)
    }

    /// A fact of the receipt, where it has it and the vendor carries it.
    pub(super) fn carried(&self, word: Word, field: Field, value: Option<&str>) -> Option<Row> {
        value.filter(|_| self.carries(field)).map(|value| self.fact(word, value))
    }
}
