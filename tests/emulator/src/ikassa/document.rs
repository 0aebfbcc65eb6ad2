//! A document of a register, before and after it is on the record (protocol/ikassa.md 2.9).

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::body::{Header, Item, Modifier, Payment};
use super::kinds::DocumentKind;
use super::money::two_decimals;
use crate::clock::rfc3339;
use crate::ledger::{Content, LedgerEntry, LedgerPayment};

/// What is going to be recorded.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its kind.
    pub kind: &'static DocumentKind,
    /// Its header.
    pub header: Header,
    /// The positions of a sale or a refund.
    pub items: Vec<Item>,
    /// The receipt-level modifiers.
    pub modifiers: Vec<Modifier>,
    /// The payments.
    pub payments: Vec<Payment>,
    /// The total in kopecks.
    pub total: i64,
    /// How the cash in the drawer changes.
    pub cash: i64,
    /// The change that was given.
    pub change: i64,
    /// The uid of the document that it annuls.
    pub rolls_back: Option<String>,
    /// Who makes it, if not the shop.
    pub by: Option<&'static str>,
    /// The paths of fields that look wrong and are let through.
    pub warnings: Vec<String>,
}

impl Draft {
    /// A document with a sum and nothing else.
    pub fn plain(kind: &'static DocumentKind, header: Header, total: i64) -> Self {
        Self {
            kind,
            header,
            items: Vec::new(),
            modifiers: Vec::new(),
            payments: Vec::new(),
            total,
            cash: kind.cash_sign * total,
            change: 0,
            rolls_back: None,
            by: None,
            warnings: Vec::new(),
        }
    }

    /// The beginning or the end of a shift.
    pub fn of_shift(kind: &'static DocumentKind, by: Option<&'static str>) -> Self {
        let header =
            Header { cashier: String::new(), currency: String::new(), attrs: serde_json::Map::new() };
        Self { by, ..Self::plain(kind, header, 0) }
    }
}

/// A document on the record.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its uid.
    pub uid: String,
    /// Its number, if its kind is numbered.
    pub number: Option<u64>,
    /// When it was made.
    pub at: OffsetDateTime,
    /// The number of its shift.
    pub shift: u64,
    /// What it says.
    pub draft: Draft,
    /// Whether it was annulled.
    pub rolled_back: bool,
    /// How many times its page was asked for with `Authorization`.
    pub render_authorizations: u64,
}

impl Document {
    /// What the vendor tells of it; the shape is invented (protocol/ikassa.md 2.9).
    pub fn shown(&self) -> Value {
        let Draft { header, .. } = &self.draft;
        json!({
            "uid": self.uid,
            "number": self.number,
            "kind": self.draft.kind.word,
            "shift": self.shift,
            "at": rfc3339(self.at),
            "header": { "cashier": header.cashier, "currency": header.currency, "@attrs": header.attrs },
            "items": self.draft.items,
            "modifiers": self.draft.modifiers,
            "payments": self.draft.payments,
            "sum": self.draft.total,
            "change": self.draft.change,
            "rolledBack": self.rolled_back,
            "rollsBack": self.draft.rolls_back,
        })
    }

    /// The same for a test, with what the vendor does not tell.
    pub fn listed(&self, register: &str) -> Value {
        let mut shown = self.shown();
        shown["register"] = register.into();
        shown["by"] = self.draft.by.into();
        shown["warnings"] = self.draft.warnings.clone().into();
        shown["render_authorizations"] = self.render_authorizations.into();
        shown
    }

    /// The entry for the ledger.
    pub fn entry(&self, vendor: &str, register: &str) -> LedgerEntry {
        let Draft { kind, header, items, payments, rolls_back, by, .. } = &self.draft;
        let number = self.number.map(|number| number.to_string()).unwrap_or_default();
        let payment =
            |payment: &Payment| LedgerPayment { kind: payment.kind, sum: two_decimals(payment.sum) };
        LedgerEntry {
            vendor: vendor.to_owned(),
            register: register.to_owned(),
            receipt_key: self.uid.clone(),
            number: number.clone(),
            kind: kind.ledger,
            total: two_decimals(self.draft.total),
            lines: items.len(),
            fiscal_document_number: number,
            fiscal_sign: self.uid.clone(),
            at: rfc3339(self.at),
            by: by.map(str::to_owned),
            content: Some(Content {
                cashier: header.cashier.clone(),
                currency: header.currency.clone(),
                attrs: header.attrs.clone(),
                items: items.iter().map(|item| item.name.clone()).collect(),
                payments: payments.iter().map(payment).collect(),
                rolls_back: rolls_back.clone(),
            }),
        }
    }
}
