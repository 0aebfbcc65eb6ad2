//! The bodies of document calls after they passed the rules (protocol/ikassa.md 2.5 to 2.8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `header`.
#[derive(Debug, Clone, Deserialize)]
pub struct Header {
    /// Who sells.
    pub cashier: String,
    /// The currency; not sent with a rollback.
    #[serde(default)]
    pub currency: String,
    /// Free attributes.
    #[serde(default, rename = "@attrs")]
    pub attrs: Map<String, Value>,
}

/// The body of a deposit or withdrawal.
#[derive(Debug, Deserialize)]
pub struct CashBody {
    /// `header`.
    pub header: Header,
    /// In kopecks.
    pub sum: i64,
}

/// The body of a rollback.
#[derive(Debug, Deserialize)]
pub struct RollbackBody {
    /// `header`.
    pub header: Header,
    /// The number of the last document.
    pub number: i64,
}

/// The body of a sale or a refund.
#[derive(Debug, Deserialize)]
pub struct ReceiptBody {
    /// `header`.
    pub header: Header,
    /// The positions.
    pub items: Vec<Item>,
    /// The payments.
    pub payments: Vec<Payment>,
    /// Discount and surcharge of the whole receipt.
    #[serde(default)]
    pub modifiers: Vec<Modifier>,
}

/// A position.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Item {
    /// What is sold.
    pub name: String,
    /// Kopecks for one.
    pub price: i64,
    /// Thousandths.
    pub quantity: i64,
    /// Percents of VAT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Value>,
    /// The department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<Value>,
    /// The taxpayer for whom it is sold.
    #[serde(default, rename = "tpTaxNumber", skip_serializing_if = "Option::is_none")]
    pub tp_tax_number: Option<String>,
    /// Discount and surcharge of the line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<Modifier>,
    /// What kind of code it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Value>,
}

/// A discount (below zero) or a surcharge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Modifier {
    /// In kopecks.
    pub modifier: i64,
    /// The printed name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A payment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Payment {
    /// How it is paid (protocol/ikassa.md 3.2).
    #[serde(rename = "type")]
    pub kind: u8,
    /// In kopecks.
    pub sum: i64,
}
