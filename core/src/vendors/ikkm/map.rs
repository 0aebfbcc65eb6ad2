//! Receipt to the device's parameters (protocol/ikkm.md 2). No I/O. The key is not among them: it is bound
//! to an attempt and stands in front of them.

use serde::Serialize;

use super::config::{Amounts, IkkmConfig};
use super::print;
use crate::error::{Code, Violation, violation};
use crate::receipt::ikkm::ReceiptExtras;
use crate::receipt::money::Amount;
use crate::receipt::{Kind, PaymentType, Receipt};
use crate::vendor::look_up;

/// Most rows of `itemdata`; beyond them the device loses all of them silently (protocol/ikkm.md 2.5).
const MOST_ROWS: usize = 79;
/// Largest amount, in tenge (protocol/ikkm.md 2.1). Whether it is inclusive is not documented; we take it to
/// be.
const LARGEST_AMOUNT: &str = "20000000";
/// The only currency.
pub const CURRENCY: &str = "KZT";
/// Name of a discount row; the word is free (protocol/ikkm.md 2.5).
const DISCOUNT: &str = "Скидка";

/// Operation parameters (protocol/ikkm.md 2.1).
pub const OPERATIONS: &[(Kind, &str)] = &[
    (Kind::Sell, "sale"),
    (Kind::Buy, "buy"),
    (Kind::SellRefund, "saleReturn"),
    (Kind::BuyRefund, "buyReturn"),
];

/// Payment parameters (protocol/ikkm.md 2.1).
pub const PAYMENTS: &[(PaymentType, &str)] = &[
    (PaymentType::Cash, "cash"),
    (PaymentType::Card, "bank"),
    (PaymentType::Tare, "tara"),
    (PaymentType::Credit, "credit"),
];

fn extras(receipt: &Receipt) -> Option<&ReceiptExtras> {
    receipt.vendor.as_ref().and_then(|vendor| vendor.ikkm.as_ref())
}

/// The amount that is sent: without a tax that the device puts on top of it (protocol/ikkm.md 2.2, 6.1 item E11).
fn amount(receipt: &Receipt) -> Option<Amount> {
    let on_top = receipt.surcharge.filter(|_| receipt.has_tax_on_top());
    receipt.total()?.minus(on_top.unwrap_or_default())
}

/// What is wrong with a surcharge, which only the tax on top of a sale is.
fn surcharge_fault(receipt: &Receipt) -> Option<(Code, &'static str)> {
    let is_given = receipt.surcharge.is_some_and(|surcharge| !surcharge.is_zero());
    match (receipt.has_tax_on_top(), is_given) {
        (true, _) if receipt.kind != Kind::Sell => {
            Some((Code::NotForThisVendor, "a tax on top is known of sales only"))
        }
        (true, false) => Some((Code::MissingField, "give the tax that the device puts on top")),
        (false, true) => Some((
            Code::NotForThisVendor,
            "iKKM has no surcharges; `distribute` puts it on the lines, and a tax on top is said by \
             `vendor.ikkm.tax_on_top`",
        )),
        _ => None,
    }
}

/// Everything that the device would refuse (protocol/ikkm.md 2.6).
pub fn violations(receipt: &Receipt, config: &IkkmConfig) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut wrong = |path: String, code, message: &str| found.push(violation(path, code, message));
    if look_up(OPERATIONS, &receipt.kind).is_none() {
        wrong("/kind".into(), Code::NotForThisVendor, "iKKM has no corrections");
    }
    if let Some((code, message)) = surcharge_fault(receipt) {
        wrong("/surcharge".into(), code, message);
    }
    let total = receipt.total().unwrap_or_default();
    if total.is_zero() || Amount::parse(LARGEST_AMOUNT).is_ok_and(|most| total > most) {
        wrong("/items".into(), Code::OutOfRange, "the total must be more than 0 and at most 20000000");
    }
    for (index, item) in receipt.items.iter().enumerate() {
        if item.quantity.decimals() > 3 {
            let path = format!("/items/{index}/quantity");
            wrong(path, Code::TooManyDecimals, "iKKM takes 3 decimals at most");
        }
    }
    let whole_only = config.amounts.unwrap_or_default() == Amounts::Whole;
    if whole_only && !total.is_whole() {
        let sums = receipt.items.iter().enumerate().filter_map(|(index, item)| Some((index, item.total()?)));
        match sums.into_iter().find(|(_, line)| !line.is_whole()) {
            Some((index, line)) => {
                wrong(format!("/items/{index}"), Code::TooManyDecimals, &not_whole(total, line));
            }
            None => {
                let is_whole = receipt.discount.is_none_or(Amount::is_whole);
                let path = if is_whole { "/surcharge" } else { "/discount" };
                wrong(path.into(), Code::TooManyDecimals, "this device takes whole tenge");
            }
        }
    }
    for (index, payment) in receipt.payments.iter().enumerate() {
        if look_up(PAYMENTS, &payment.payment_type).is_none() {
            wrong(
                format!("/payments/{index}/type"),
                Code::NotForThisVendor,
                "iKKM has cash, card, tare and credit",
            );
        }
        if payment.sum.is_zero() {
            wrong(format!("/payments/{index}/sum"), Code::OutOfRange, "must be more than 0");
        }
        if whole_only && !payment.sum.is_whole() {
            let message = "this device takes whole tenge; see `amounts` in the configuration";
            wrong(format!("/payments/{index}/sum"), Code::TooManyDecimals, message);
        }
        if receipt.payments[..index].iter().any(|earlier| earlier.payment_type == payment.payment_type) {
            wrong(format!("/payments/{index}/type"), Code::DuplicateField, "each type of payment once");
        }
    }
    if receipt.kind != Kind::Sell && receipt.payments.len() > 1 {
        wrong("/payments".into(), Code::TooLong, "only a sale may have several types of payment");
    }
    let extras = extras(receipt);
    if extras
        .and_then(|e| e.tax_code.as_deref())
        .is_some_and(|code| !code.bytes().all(|b| b.is_ascii_digit()))
    {
        wrong("/vendor/ikkm/tax_code".into(), Code::WrongFormat, "must be digits");
    }
    if let Some(command) = extras.and_then(|e| print::command_in(e.print_text.as_deref()?)) {
        let message = format!(
            "the line {command} is a command of the device, and whether it heeds it in a receipt is not known; the \
             operation `print_text` has `line`, `cut` and `open_drawer`"
        );
        wrong("/vendor/ikkm/print_text".into(), Code::WrongValue, &message);
    }
    if let Some(received) = extras.and_then(|e| e.cash_received) {
        let path = "/vendor/ikkm/cash_received".to_owned();
        let cash = receipt.payments.iter().find(|payment| payment.payment_type == PaymentType::Cash);
        if receipt.kind != Kind::Sell || cash.is_none_or(|cash| received < cash.sum) {
            wrong(path, Code::OutOfRange, "must be at least the cash of a sale");
        } else if receipt.payments.len() > 1 && received >= total {
            wrong(path, Code::OutOfRange, "cash that covers the total goes with no other payment");
        } else if whole_only && !received.is_whole() {
            wrong(path, Code::TooManyDecimals, "this device takes whole tenge");
        }
    }
    if sends_items(receipt, config) && rows(receipt).len() > MOST_ROWS {
        let message = "items and discounts are more than 79 rows, of which the device would keep none; \
                       say `vendor.ikkm.summary_line` to send one line on purpose";
        wrong("/items".into(), Code::TooLong, message);
    }
    found
}

/// The parameters of a receipt without violations, in the order of the sheet, percent-encoded.
pub fn parameters(receipt: &Receipt, config: &IkkmConfig) -> Option<String> {
    let extras = extras(receipt);
    let mut form = Form::default();
    form.add(look_up(OPERATIONS, &receipt.kind)?, &amount(receipt)?.shortest());
    for (payment_type, name) in PAYMENTS {
        let Some(payment) = receipt.payments.iter().find(|payment| payment.payment_type == *payment_type)
        else {
            continue;
        };
        let received = extras.and_then(|e| e.cash_received).filter(|_| *payment_type == PaymentType::Cash);
        form.add(name, &received.unwrap_or(payment.sum).shortest());
    }
    if let Some(code) = extras.and_then(|e| e.tax_code.as_deref()) {
        form.add("tax", code);
    }
    if let Some(text) = extras.and_then(|e| e.print_text.as_deref()) {
        form.add("print", &print::printable(text, config.print_width));
    }
    if sends_items(receipt, config) {
        form.add("itemdata", &serde_json::to_string(&rows(receipt)).ok()?);
    }
    Some(form.0)
}

/// What to do about a total with tiyn at a device that takes whole tenge; `line` is a line's sum with tiyn. Down goes
/// by a discount. Up does not: the manual has no surcharges, and its rows are price by quantity (protocol/ikkm.md
/// 2.5), so the line has to be written as one piece.
fn not_whole(total: Amount, line: Amount) -> String {
    let (down, up) = (total.whole(), total.whole_above());
    let less = total.minus(down).unwrap_or_default();
    let as_one = up.minus(total).and_then(|more| line.plus(more)).unwrap_or(line);
    format!(
        "this device takes whole tenge and the total is {total}. Down to {}: {less} more of `discount`. Up to {}: \
         this line as quantity 1 at {}, its weight in the name, because iKKM has no surcharges and a row is price \
         by quantity. A device with decimals: `amounts` in the configuration",
        down.shortest(),
        up.shortest(),
        as_one.shortest()
    )
}

fn sends_items(receipt: &Receipt, config: &IkkmConfig) -> bool {
    config.item_list.unwrap_or(true) && !extras(receipt).and_then(|e| e.summary_line).unwrap_or(false)
}

/// A row of `itemdata` (protocol/ikkm.md 2.5): every value is a text.
#[derive(Serialize)]
#[serde(untagged)]
enum Row<'a> {
    Position { name: &'a str, price: String, qty: String, sum: String },
    Discount { name: &'static str, discount: String },
}

/// The lines with their discounts, and the discount on the whole behind them, as in the manual's example.
fn rows(receipt: &Receipt) -> Vec<Row<'_>> {
    let discount = |given: Option<Amount>| {
        let discount = given.filter(|discount| !discount.is_zero())?;
        Some(Row::Discount { name: DISCOUNT, discount: discount.shortest() })
    };
    let mut rows = Vec::new();
    for item in &receipt.items {
        rows.push(Row::Position {
            name: &item.name,
            price: item.price.shortest(),
            qty: item.quantity.to_string(),
            sum: item.price.times(item.quantity).unwrap_or_default().shortest(),
        });
        rows.extend(discount(item.discount));
    }
    rows.extend(discount(receipt.discount));
    rows
}

/// Parameters with a space as `%20`, not `+` (1, encoding).
#[derive(Default)]
pub struct Form(pub String);

impl Form {
    /// A form of one parameter.
    pub fn of(name: &str, value: &str) -> Self {
        let mut form = Self::default();
        form.add(name, value);
        form
    }

    /// Adds a parameter.
    pub fn add(&mut self, name: &str, value: &str) {
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let separator = if self.0.is_empty() { "" } else { "&" };
        self.0.push_str(&format!("{separator}{name}={}", value.replace('+', "%20")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_is_percent_encoded_and_a_plus_survives() {
        let form = Form::of("print", "a b+c%\n");
        assert_eq!(form.0, "print=a%20b%2Bc%25%0A");
    }
}
