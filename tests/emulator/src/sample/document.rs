//! A document as it comes (protocol/sample.md 2), and what the vendor tells of it (protocol/sample.md 3).

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ledger::{Kind, LedgerEntry};

/// A document. Nothing may be missing, nothing may be added.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The client's id.
    pub id: uuid::Uuid,
    kind: Word,
    lines: Vec<Line>,
    payments: Vec<Payment>,
    total: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Sale,
    Refund,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    price: String,
    quantity: String,
    total: String,
    vat: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    #[serde(rename = "type")]
    kind: String,
    sum: String,
}

/// A decimal text with so many decimals at most, or exactly as many where it is an amount.
fn decimal(text: &str, most: u32, exactly: bool) -> Result<Decimal, String> {
    let number: Decimal = text.parse().map_err(|_| format!("{text:?} is not a decimal"))?;
    let fits = number.scale() == most || (!exactly && number.scale() < most);
    if fits && !number.is_sign_negative() { Ok(number) } else { Err(format!("{text:?}: {most} decimals")) }
}

fn amount(text: &str) -> Result<Decimal, String> {
    decimal(text, 2, true)
}

fn one_of(word: &str, words: &[&str]) -> Result<(), String> {
    if words.contains(&word) { Ok(()) } else { Err(format!("{word:?} is not one of {words:?}")) }
}

impl Document {
    /// Reads a document; an error says why it is none.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let document: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let (mut lines, mut payments) = (Decimal::ZERO, Decimal::ZERO);
        for line in &document.lines {
            one_of(&line.vat, &["0", "10", "20", "22", "exempt"])?;
            let full = amount(&line.price)? * decimal(&line.quantity, 3, false)?;
            let total = amount(&line.total)?;
            if line.name.is_empty() || total > full.round_dp(2) + Decimal::new(1, 2) {
                return Err(format!("a line of {total} has no name or is more than price and quantity give"));
            }
            lines += total;
        }
        for payment in &document.payments {
            one_of(&payment.kind, &["cash", "card"])?;
            payments += amount(&payment.sum)?;
        }
        let total = amount(&document.total)?;
        if document.lines.is_empty() || lines != total || payments != total {
            return Err(format!("the lines are {lines}, the payments {payments}, the total {total}"));
        }
        Ok(document)
    }
}

/// What became of a document.
#[derive(Debug, Clone)]
pub enum Fate {
    /// On record.
    Recorded(Box<LedgerEntry>),
    /// Not on record: the cash register's code and words.
    Failed(String, String),
}

/// A document that was taken.
#[derive(Debug, Clone)]
pub struct Stored {
    /// As it came.
    pub document: Document,
    /// What became of it.
    pub fate: Fate,
    /// How often its status was asked for; the first answers say that it is queued.
    pub asked: u32,
}

impl Stored {
    /// Its status.
    pub fn told(&self, queued: bool) -> Value {
        let id = self.document.id;
        match &self.fate {
            _ if queued => json!({ "id": id, "status": "queued" }),
            Fate::Recorded(entry) => json!({
                "id": id, "status": "done", "number": entry.fiscal_document_number,
                "sign": entry.fiscal_sign, "recorded_at": entry.at, "total": entry.total,
            }),
            Fate::Failed(code, message) => {
                json!({ "id": id, "status": "failed", "code": code, "message": message })
            }
        }
    }
}

/// The entry that a document makes in the ledger; `number` is the cash register's.
pub fn recorded(document: &Document, register: &str, number: usize, sign: u64, at: String) -> LedgerEntry {
    LedgerEntry {
        vendor: super::NAME.to_owned(),
        register: register.to_owned(),
        receipt_key: document.id.to_string(),
        number: document.id.to_string(),
        kind: match document.kind {
            Word::Sale => Kind::Sell,
            Word::Refund => Kind::SellRefund,
        },
        total: document.total.clone(),
        lines: document.lines.len(),
        fiscal_document_number: number.to_string(),
        fiscal_sign: sign.to_string(),
        at,
        by: None,
        content: None,
    }
}
