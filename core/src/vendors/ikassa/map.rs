//! Receipt to sale and refund, and drawer requests to their documents (protocol/ikassa.md 2.5 to 2.8, 6.5).
//! No I/O. Money goes out in whole hundredths and quantities in whole thousandths, without loss.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_with::skip_serializing_none;

use super::codes;
use super::config::IkassaConfig;
use super::document::{Call, Document, Effect};
use crate::error::{Code, Violation, violation};
use crate::receipt::ikassa::{ItemExtras, ModifierText, PositionCode, ReceiptExtras, Section};
use crate::receipt::money::Amount;
use crate::receipt::{Item, Kind, PaymentType, Receipt};
use crate::vendor::look_up;

/// Which call records which kind.
pub const KINDS: &[(Kind, Call)] = &[(Kind::Sell, Call::Sale), (Kind::SellRefund, Call::Refund)];

/// A receipt of whole sums from here on is looked at: it may be counted in kopecks.
const LARGE: &str = "10000";

fn extras(receipt: &Receipt) -> Option<&ReceiptExtras> {
    receipt.vendor.as_ref()?.ikassa.as_ref()
}

fn item_extras(item: &Item) -> Option<&ItemExtras> {
    item.vendor.as_ref()?.ikassa.as_ref()
}

fn cashier<'a>(receipt: &'a Receipt, config: &'a IkassaConfig) -> Option<&'a str> {
    let own = receipt.cashier.as_ref().map(|cashier| cashier.name.as_str());
    own.or(config.cashier.as_deref()).filter(|name| !name.trim().is_empty())
}

/// Everything that the vendor would refuse (protocol/ikassa.md 6.5).
pub fn violations(receipt: &Receipt, config: &IkassaConfig) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut wrong = |path: String, code, message: &str| found.push(violation(path, code, message));
    if look_up(KINDS, &receipt.kind).is_none() {
        wrong("/kind".into(), Code::NotForThisVendor, "iKassa has `sell` and `sell_refund` only");
    }
    let currency = receipt.currency.as_deref().unwrap_or(config.currency());
    if !codes::CURRENCIES.contains(&currency) {
        wrong("/currency".into(), Code::NotForThisVendor, "iKassa records BYN, USD, EUR and RUB");
    }
    if cashier(receipt, config).is_none() {
        let message = "iKassa wants a cashier's name: give `cashier` here or in the configuration";
        wrong("/cashier".into(), Code::MissingField, message);
    }
    if receipt.total().is_some_and(Amount::is_zero) {
        wrong("/items".into(), Code::OutOfRange, "the total must be more than 0");
    }
    if receipt.kind == Kind::SellRefund {
        let message = "iKassa's refund has adjustments of lines only; `distribute` puts it on the lines";
        for (path, given) in [("/discount", receipt.discount), ("/surcharge", receipt.surcharge)] {
            if given.is_some() {
                wrong(path.into(), Code::NotForThisVendor, message);
            }
        }
    }
    for (index, item) in receipt.items.iter().enumerate() {
        item_violations(item, config, &mut |field: &str, code, message: &str| {
            wrong(format!("/items/{index}/{field}"), code, message);
        });
    }
    for (index, payment) in receipt.payments.iter().enumerate() {
        if look_up(codes::PAYMENTS, &payment.payment_type).is_none() {
            let message = "iKassa has cash, card and other";
            wrong(format!("/payments/{index}/type"), Code::NotForThisVendor, message);
        }
        if payment.sum.is_zero() {
            wrong(format!("/payments/{index}/sum"), Code::OutOfRange, "must be more than 0");
        }
        let is_cash = payment.payment_type == PaymentType::Cash;
        let earlier = receipt.payments[..index].iter().any(|p| p.payment_type == PaymentType::Cash);
        if config.checks_limits() && is_cash && earlier {
            wrong(format!("/payments/{index}/type"), Code::DuplicateField, "one payment in cash at most");
        }
    }
    found
}

/// What the vendor would take but a shop should look at: sums that may be counted in kopecks.
pub fn warnings(receipt: &Receipt) -> Vec<Violation> {
    let is_large =
        Amount::parse(LARGE).is_ok_and(|large| receipt.total().is_some_and(|total| total >= large));
    let mut sums = receipt.items.iter().map(|item| item.price);
    if !is_large
        || !sums.all(Amount::is_whole)
        || !receipt.payments.iter().all(|payment| payment.sum.is_whole())
    {
        return Vec::new();
    }
    let message = "every sum is whole and together they are large: sums are in roubles, `\"100.00\"` or `\"100\"`, and \
                   the library makes the kopecks of them";
    vec![violation("/items", Code::OutOfRange, message)]
}

fn item_violations(item: &Item, config: &IkassaConfig, wrong: &mut dyn FnMut(&str, Code, &str)) {
    if item.quantity.decimals() > 3 {
        wrong("quantity", Code::TooManyDecimals, "iKassa takes 3 decimals at most");
    }
    if item.vat.is_some_and(|vat| look_up(codes::VATS, &vat).is_none()) {
        wrong("vat", Code::VatNotAllowed, "iKassa has none, 0, 10, 20 and 25");
    }
    let Some(extras) = item_extras(item) else { return };
    if extras.code.as_ref().is_some_and(|code| code.given() != 1) {
        let message = "give one of `code`, `gtin`, `service`, `prepayment`";
        wrong("vendor/ikassa/code", Code::WrongValue, message);
    }
    let number = extras.third_party_tax_id.as_deref();
    if config.checks_limits() && number.is_some_and(|number| !is_tax_id(number)) {
        let message = "a UNP has 9 digits, or 2 letters and 7 digits";
        wrong("vendor/ikassa/third_party_tax_id", Code::WrongFormat, message);
    }
    if let Some(fields) = &extras.fields {
        match serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(fields.text()) {
            Ok(fields) if fields.keys().any(|name| POSITION_FIELDS.contains(&name.as_str())) => {
                let message = "may not repeat a field that the library writes itself";
                wrong("vendor/ikassa/fields", Code::DuplicateField, message);
            }
            Ok(_) => {}
            Err(_) => wrong("vendor/ikassa/fields", Code::WrongType, "must be object"),
        }
    }
}

fn is_tax_id(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let letters: Vec<char> = text.chars().take(2).collect();
    let tail = text.char_indices().nth(2).map_or("", |(at, _)| &text[at..]);
    text.chars().count() == 9
        && digits(tail)
        && (letters.iter().all(char::is_ascii_digit) || letters.iter().all(|letter| letter.is_alphabetic()))
}

#[skip_serializing_none]
#[derive(Serialize)]
struct Header<'a> {
    cashier: &'a str,
    /// Absent in a rollback (protocol/ikassa.md 2.8).
    currency: Option<&'a str>,
    #[serde(rename = "@attrs")]
    attributes: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct ReceiptBody<'a> {
    header: Header<'a>,
    items: Vec<Box<RawValue>>,
    payments: Vec<Payment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    modifiers: Vec<Modifier<'a>>,
}

#[derive(Serialize)]
struct Payment {
    #[serde(rename = "type")]
    payment_type: u8,
    sum: i64,
}

#[skip_serializing_none]
#[derive(Serialize)]
struct Modifier<'a> {
    modifier: i64,
    name: Option<&'a str>,
    group: Option<&'a str>,
}

/// The names that `Position` writes.
const POSITION_FIELDS: &[&str] =
    &["name", "price", "quantity", "tax", "section", "tpTaxNumber", "modifiers", "code"];

#[skip_serializing_none]
#[derive(Serialize)]
struct Position<'a> {
    name: &'a str,
    price: i64,
    quantity: i64,
    tax: Option<&'static str>,
    section: Option<&'a Section>,
    #[serde(rename = "tpTaxNumber")]
    third_party_tax_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    modifiers: Vec<Modifier<'a>>,
    code: Option<&'a PositionCode>,
}

/// The discount comes first, as a negative number (protocol/ikassa.md 2.6).
fn modifiers<'a>(
    discount: Option<Amount>,
    surcharge: Option<Amount>,
    texts: (Option<&'a ModifierText>, Option<&'a ModifierText>),
) -> Option<Vec<Modifier<'a>>> {
    let mut modifiers = Vec::new();
    for (sum, sign, text) in [(discount, -1, texts.0), (surcharge, 1, texts.1)] {
        let Some(sum) = sum.filter(|sum| !sum.is_zero()) else { continue };
        let modifier = sum.hundredths().filter(|sum| *sum <= codes::LARGEST_MODIFIER)? * sign;
        let name = text.and_then(|text| text.name.as_deref());
        let group = text.and_then(|text| text.group.as_deref());
        modifiers.push(Modifier { modifier, name, group });
    }
    Some(modifiers)
}

fn position(item: &Item) -> Option<Box<RawValue>> {
    let extras = item_extras(item);
    let texts = (extras.and_then(|e| e.discount.as_ref()), extras.and_then(|e| e.surcharge.as_ref()));
    let position = Position {
        name: &item.name,
        price: item.price.hundredths()?,
        quantity: item.quantity.thousandths()?,
        tax: item.vat.map_or(Some(None), |vat| look_up(codes::VATS, &vat))?,
        section: extras.and_then(|e| e.section.as_ref()),
        third_party_tax_id: extras.and_then(|e| e.third_party_tax_id.as_deref()),
        modifiers: modifiers(item.discount, item.surcharge, texts)?,
        code: extras.and_then(|e| e.code.as_ref()),
    };
    let mut text = serde_json::to_string(&position).ok()?;
    let fields = extras.and_then(|e| e.fields.as_ref());
    let more = fields.and_then(|fields| fields.text().trim().strip_prefix('{')?.strip_suffix('}'));
    if let Some(more) = more.map(str::trim).filter(|more| !more.is_empty()) {
        text.truncate(text.len() - 1);
        text.push_str(&format!(",{more}}}"));
    }
    RawValue::from_string(text).ok()
}

/// The document of a receipt without violations.
pub fn document(receipt: &Receipt, config: &IkassaConfig) -> Option<Document> {
    let call = look_up(KINDS, &receipt.kind)?;
    let none = BTreeMap::new();
    let extras = extras(receipt);
    let currency = receipt.currency.as_deref().unwrap_or(config.currency());
    let texts = (extras.and_then(|e| e.discount.as_ref()), extras.and_then(|e| e.surcharge.as_ref()));
    let payments = receipt.payments.iter().map(|payment| {
        let payment_type = look_up(codes::PAYMENTS, &payment.payment_type)?;
        Some(Payment { payment_type, sum: payment.sum.hundredths()? })
    });
    let body = ReceiptBody {
        header: Header {
            cashier: cashier(receipt, config)?,
            currency: Some(currency),
            attributes: extras.map_or(&none, |e| &e.attributes),
        },
        items: receipt.items.iter().map(position).collect::<Option<_>>()?,
        payments: payments.collect::<Option<_>>()?,
        modifiers: modifiers(receipt.discount, receipt.surcharge, texts)?,
    };
    let mut parts = BTreeMap::new();
    for payment in &receipt.payments {
        *parts.entry(payment.payment_type.word().to_owned()).or_insert(0) += payment.sum.hundredths()?;
    }
    let types: Vec<&str> = parts.keys().map(String::as_str).collect();
    let cash = parts.get(PaymentType::Cash.word()).copied().unwrap_or(0);
    let effect = Effect {
        composition: format!("{} {}", call.word(), types.join("+")),
        currency: currency.into(),
        cash: cash * call.direction(),
        total: receipt.total()?.hundredths()?,
        parts,
    };
    Some(Document { call, effect: Some(effect), body: serde_json::to_string(&body).ok()? })
}

/// The document of cash put into the drawer or taken out of it (protocol/ikassa.md 2.5).
pub fn cash_document(
    call: Call,
    sum: Amount,
    currency: &str,
    cashier: &str,
    attributes: &BTreeMap<String, String>,
) -> Option<Document> {
    #[derive(Serialize)]
    struct Body<'a> {
        header: Header<'a>,
        sum: i64,
    }
    let sum = sum.hundredths()?;
    let body = Body { header: Header { cashier, currency: Some(currency), attributes }, sum };
    let effect = Effect {
        composition: call.word().into(),
        currency: currency.into(),
        cash: sum * call.direction(),
        total: sum,
        parts: BTreeMap::new(),
    };
    Some(Document { call, effect: Some(effect), body: serde_json::to_string(&body).ok()? })
}

/// The document that annuls the last one (protocol/ikassa.md 2.8). `undone` is what that one did, where it is
/// known.
pub fn rollback_document(
    number: u64,
    cashier: &str,
    attributes: &BTreeMap<String, String>,
    undone: Option<&Effect>,
) -> Option<Document> {
    #[derive(Serialize)]
    struct Body<'a> {
        header: Header<'a>,
        number: u64,
    }
    let body = Body { header: Header { cashier, currency: None, attributes }, number };
    Some(Document {
        call: Call::Rollback,
        effect: undone.map(Effect::undone),
        body: serde_json::to_string(&body).ok()?,
    })
}
