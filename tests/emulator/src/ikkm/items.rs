//! `itemdata`: positions and discounts of a receipt (protocol/ikkm.md 2.5).

use serde::Deserialize;

use super::codes::{BAD_ITEMS, Code};
use super::money::{Tiyn, money, quantity};

/// Above so many rows the operator of fiscal data gets one (protocol/ikkm.md 2.5).
pub const MAX_ROWS: usize = 79;

/// A quantity of one, in thousandths.
pub const ONE: i64 = 1000;

/// One row of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The name.
    pub name: String,
    /// How many, in thousandths.
    pub quantity: i64,
    /// The price of one.
    pub price: Tiyn,
    /// The sum; below zero for a discount.
    pub sum: Tiyn,
}

impl Row {
    /// A row with one of something.
    pub fn one(name: &str, sum: Tiyn) -> Self {
        Self { name: name.to_owned(), quantity: ONE, price: sum, sum }
    }

    /// Whether it takes away from the sum.
    pub fn is_discount(&self) -> bool {
        self.sum < 0
    }
}

/// A row as it is sent: every value is a string.
#[derive(Debug, Deserialize)]
struct Sent {
    name: String,
    price: Option<String>,
    qty: Option<String>,
    sum: Option<String>,
    discount: Option<String>,
}

/// Reads `itemdata`.
pub fn read(json: &str) -> Result<Vec<Row>, Code> {
    let sent: Vec<Sent> = serde_json::from_str(json).map_err(|_| BAD_ITEMS)?;
    sent.into_iter().map(|row| row.read().ok_or(BAD_ITEMS)).collect()
}

impl Sent {
    fn read(self) -> Option<Row> {
        match (self.price, self.qty, self.sum, self.discount) {
            (Some(price), Some(qty), Some(sum), None) => {
                let (quantity, price, sum) = (quantity(&qty)?, money(&price)?, money(&sum)?);
                Some(Row { name: self.name, quantity, price, sum })
            }
            (None, None, None, Some(discount)) => Some(Row::one(&self.name, -money(&discount)?)),
            _ => None,
        }
    }
}
