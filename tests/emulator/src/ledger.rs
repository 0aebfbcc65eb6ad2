//! The fiscal documents that came to be, of all vendors, in order: the judge of every test.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a fiscal document records, in the words that all vendors share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The shop sells.
    Sell,
    /// The shop gives money back for a sale.
    SellRefund,
    /// The shop buys from a person.
    Buy,
    /// The shop gets money back for a purchase.
    BuyRefund,
    /// Correction of a sale.
    SellCorrection,
    /// Correction of a refund of a sale.
    SellRefundCorrection,
    /// Correction of a purchase.
    BuyCorrection,
    /// Correction of a refund of a purchase.
    BuyRefundCorrection,
    /// Cash put into the drawer.
    Deposit,
    /// Cash taken out of the drawer.
    Withdraw,
    /// Cash given to a customer against a card (iKassa).
    CardWithdraw,
    /// An earlier document is annulled (iKassa).
    Rollback,
    /// The shift begins (iKassa).
    OpenShift,
    /// The shift ends: the Z report (iKassa).
    CloseShift,
}

/// One payment of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPayment {
    /// The vendor's number for how it was paid.
    #[serde(rename = "type")]
    pub kind: u8,
    /// How much, with two decimals.
    pub sum: String,
}

/// What a document says, so that a test can find it where there is no id of the shop's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// Who sold.
    pub cashier: String,
    /// The currency; empty where there is none.
    pub currency: String,
    /// The free attributes of the header.
    pub attrs: Map<String, Value>,
    /// The names of the items, in order.
    pub items: Vec<String>,
    /// The payments, in order.
    pub payments: Vec<LedgerPayment>,
    /// The fiscal sign of the document that this one annuls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolls_back: Option<String>,
}

/// One fiscal document that came to be at a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The vendor's name, as in the config.
    pub vendor: String,
    /// What stands for the register at this vendor (Modulkassa: the retail point's id, iKKM: the serial
    /// number, ATOL: the group code, iKassa: the nine digits of the register).
    pub register: String,
    /// The vendor-side id of the document (Modulkassa: `id`, iKKM: the web-api key,
    /// ATOL: `external_id`, iKassa: `uid`).
    pub receipt_key: String,
    /// Its number (Modulkassa: the shop's `docNum`, iKKM: the device's receipt number,
    /// ATOL: `external_id`, iKassa: `number`, empty for a document without one).
    pub number: String,
    /// What it records.
    pub kind: Kind,
    /// Its total with two decimals, such as `290.00`.
    pub total: String,
    /// How many lines (goods, services) it has.
    pub lines: usize,
    /// The number of the fiscal document in the fiscal storage, as text.
    pub fiscal_document_number: String,
    /// The fiscal sign, as text.
    pub fiscal_sign: String,
    /// When it came to be, by the virtual clock, RFC 3339.
    pub at: String,
    /// Who made it, when it was not the shop: an operator at the device, another program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What it says, where the vendor has no id of the shop's (iKassa).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
}

/// All fiscal documents in the order in which they came to be.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<Vec<LedgerEntry>>,
}

impl Ledger {
    /// Records a fiscal document.
    pub fn record(&self, entry: LedgerEntry) {
        self.entries.lock().push(entry);
    }

    /// A copy of everything recorded.
    pub fn entries(&self) -> Vec<LedgerEntry> {
        self.entries.lock().clone()
    }

    /// A copy of what was recorded after the first `known`.
    pub fn entries_after(&self, known: usize) -> Vec<LedgerEntry> {
        self.entries.lock().get(known..).map(<[LedgerEntry]>::to_vec).unwrap_or_default()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.entries.lock().clear();
    }
}
