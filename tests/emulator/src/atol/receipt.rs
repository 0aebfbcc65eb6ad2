//! What the registers need to know of a document that passed validation.

use rust_decimal::{Decimal, RoundingStrategy};

use super::operations::{Operation, Protocol};
use super::reading::{self, Raw};

/// Amounts have kopecks.
pub const MONEY_DECIMALS: u32 = 2;

const CASHLESS: u8 = 1;

/// A document in the registers' eyes.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The protocol it came by.
    pub protocol: Protocol,
    /// `company.inn`.
    pub tax_id: String,
    /// `company.sno`, if it is told.
    pub tax_system: Option<String>,
    /// `items`; none in a v4 correction.
    pub items: Vec<Item>,
    /// Kind and amount of each payment.
    pub payments: Vec<(u8, Decimal)>,
    /// Receipt-level `vats`.
    pub vats: Vec<Vat>,
    /// `total`, if there is one.
    pub stated: Option<Decimal>,
    /// The real total: the sum of the items, or of the payments.
    pub total: Decimal,
    /// `ism_optional`.
    pub ism_optional: bool,
}

/// One item.
#[derive(Debug, Clone)]
pub struct Item {
    /// Price.
    pub price: Decimal,
    /// Quantity.
    pub quantity: Decimal,
    /// Sum.
    pub sum: Decimal,
    /// VAT, if it is told.
    pub vat: Option<Vat>,
    /// The marking code as it was sent.
    pub mark: Option<String>,
}

/// A kind of VAT with its amount, if that is told.
#[derive(Debug, Clone)]
pub struct Vat {
    /// The word.
    pub word: String,
    /// The amount.
    pub sum: Option<Decimal>,
}

/// Reads a valid document; None when its amounts are beyond what can be summed.
pub fn read(body: Raw<'_>, operation: &Operation, protocol: Protocol) -> Option<Receipt> {
    let root = reading::at(body, &[operation.root()])?;
    let items: Vec<Item> =
        reading::array_at(root, &["items"]).into_iter().map(item).collect::<Option<_>>()?;
    let mut goods = Decimal::ZERO;
    for item in &items {
        goods = goods.checked_add(item.sum)?;
    }
    let mut payments = Vec::new();
    let mut paid = Decimal::ZERO;
    for payment in reading::array_at(root, &["payments"]) {
        let stated = reading::number_at(payment, &["sum"]);
        let kind = reading::number_at(payment, &["type"]).and_then(|kind| u8::try_from(kind).ok());
        // No sum: the receipt's total, cashless (protocol/atol.md 2.6).
        let payment = stated.map_or((CASHLESS, goods), |sum| (kind.unwrap_or(CASHLESS), sum));
        paid = paid.checked_add(payment.1)?;
        payments.push(payment);
    }
    Some(Receipt {
        protocol,
        tax_id: reading::text_at(root, &["company", "inn"])?,
        tax_system: reading::text_at(root, &["company", "sno"]),
        total: if items.is_empty() { paid } else { goods },
        items,
        payments,
        vats: reading::array_at(root, &["vats"]).into_iter().filter_map(vat).collect(),
        stated: reading::number_at(root, &["total"]),
        ism_optional: reading::at(body, &["ism_optional"]).and_then(reading::flag).unwrap_or_default(),
    })
}

fn item(raw: Raw<'_>) -> Option<Item> {
    let (price, quantity) = (reading::number_at(raw, &["price"])?, reading::number_at(raw, &["quantity"])?);
    let sum = match reading::number_at(raw, &["sum"]) {
        Some(sum) => sum,
        None => rounded(price.checked_mul(quantity)?),
    };
    let codes = reading::at(raw, &["mark_code"]).and_then(reading::object);
    let mark = codes.and_then(|codes| codes.into_values().next().and_then(reading::text));
    let vat = reading::at(raw, &["vat"]).and_then(vat);
    Some(Item { price, quantity, sum, vat, mark })
}

fn vat(raw: Raw<'_>) -> Option<Vat> {
    Some(Vat { word: reading::text_at(raw, &["type"])?, sum: reading::number_at(raw, &["sum"]) })
}

/// An amount in whole kopecks.
pub fn rounded(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(MONEY_DECIMALS, RoundingStrategy::MidpointAwayFromZero)
}

/// An amount with two decimals.
pub fn money(amount: Decimal) -> String {
    let places = MONEY_DECIMALS as usize;
    format!("{amount:.places$}")
}
