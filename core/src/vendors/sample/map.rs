//! Receipt to the sample's document (protocol/sample.md 2). No I/O.

use serde_json::{Value, json};

use crate::error::{Code, Violation, violation};
use crate::receipt::money::Amount;
use crate::receipt::{Kind, PaymentType, Receipt, Vat};
use crate::vendor::{Claim, look_up};

/// The only currency.
pub const CURRENCY: &str = "RUB";
/// `kind`: the shared word and the vendor's.
pub const KINDS: &[(Kind, &str)] = &[(Kind::Sell, "sale"), (Kind::SellRefund, "refund")];
/// `type` of a payment.
pub const PAYMENTS: &[(PaymentType, &str)] = &[(PaymentType::Cash, "cash"), (PaymentType::Card, "card")];
/// `vat`.
pub const RATES: &[(Vat, &str)] =
    &[(Vat::None, "exempt"), (Vat::Vat0, "0"), (Vat::Vat10, "10"), (Vat::Vat20, "20"), (Vat::Vat22, "22")];

/// Everything about a receipt that the sample cannot carry.
pub fn violations(receipt: &Receipt) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut refuse = |is_wrong: bool, path: String, code, message: &str| {
        found.extend(is_wrong.then(|| violation(path, code, message)));
    };
    let (none, rate) = (Code::NotForThisVendor, Code::VatNotAllowed);
    refuse(look_up(KINDS, &receipt.kind).is_none(), "/kind".into(), none, "the sample sells and takes back");
    for (index, payment) in receipt.payments.iter().enumerate() {
        let is_unknown = look_up(PAYMENTS, &payment.payment_type).is_none();
        refuse(is_unknown, format!("/payments/{index}/type"), none, "the sample takes cash and cards");
    }
    for (index, item) in receipt.items.iter().enumerate() {
        let at = |field: &str| format!("/items/{index}/{field}");
        let is_unknown = item.vat.is_some_and(|rate| look_up(RATES, &rate).is_none());
        refuse(item.vat.is_none(), at("vat"), Code::MissingField, "`vat` is required; `none` means exempt");
        refuse(is_unknown, at("vat"), rate, "the sample does not know this rate");
        refuse(item.quantity.decimals() > 3, at("quantity"), Code::TooManyDecimals, "3 decimals at most");
    }
    found
}

/// The document for a receipt without violations.
pub fn document(receipt: &Receipt, id: &str) -> Option<Value> {
    let mut lines = Vec::new();
    for item in &receipt.items {
        lines.push(json!({"name": item.name, "price": item.price, "quantity": item.quantity,
            "total": item.total()?, "vat": look_up(RATES, &item.vat?)?}));
    }
    let mut payments = Vec::new();
    for payment in &receipt.payments {
        payments.push(json!({"type": look_up(PAYMENTS, &payment.payment_type)?, "sum": payment.sum}));
    }
    let (kind, total) = (look_up(KINDS, &receipt.kind)?, receipt.total()?);
    Some(json!({"id": id, "kind": kind, "lines": lines, "payments": payments, "total": total}))
}

/// What a document is, read from the bytes that are sent: what is on record is held against it.
pub fn claim(request: &[u8]) -> Claim {
    let sent: serde_json::Value = serde_json::from_slice(request).unwrap_or_default();
    Claim { kind: None, total: sent["total"].as_str().and_then(|total| Amount::parse(total).ok()) }
}
