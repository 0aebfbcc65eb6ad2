//! The validation table (protocol/ikassa.md 6.5): which field is what.

use super::errors::Refusal;
use super::money::MAX_AMOUNT;
use super::reading::{self, Raw};
use super::switches::Switches;

/// The currencies (protocol/ikassa.md 3.1).
pub const CURRENCIES: &[&str] = &["BYN", "USD", "EUR", "RUB"];

const TAXES: &[&str] = &["0", "10", "20", "25"];
const CODES: &[&str] = &["code", "gtin", "service", "prepayment"];
const MOST_CASHIER_CHARACTERS: usize = 16;
const MOST_TYPE: i64 = 2;
const MOST_SECTION: i64 = 255;

/// What a field must be.
enum Check {
    /// A string that is not empty.
    Text,
    /// A string.
    AnyText,
    /// A cashier's name.
    Cashier,
    /// One of [`CURRENCIES`].
    Currency,
    /// Any object.
    AnyObject,
    /// An integer from the first to the second.
    Integer(i64, i64),
    /// An integer that is not zero, up to [`MAX_AMOUNT`] both ways.
    Signed,
    /// One of [`TAXES`] as a string or a number.
    Tax,
    /// An object with exactly one of [`CODES`].
    Code,
    /// An object with these fields.
    Object(&'static [Field]),
    /// An array of such objects, of at least so many.
    List(usize, &'static [Field]),
    /// At most one discount and one surcharge.
    Modifiers,
}

struct Field {
    name: &'static str,
    required: bool,
    check: Check,
}

const fn must(name: &'static str, check: Check) -> Field {
    Field { name, required: true, check }
}

const fn may(name: &'static str, check: Check) -> Field {
    Field { name, required: false, check }
}

/// The shape of a body.
pub struct Shape(&'static [Field]);

const CASHIER: Field = must("cashier", Check::Cashier);
const ATTRS: Field = may("@attrs", Check::AnyObject);
const HEADER: Field = must("header", Check::Object(&[CASHIER, must("currency", Check::Currency), ATTRS]));

const MODIFIER: &[Field] =
    &[must("modifier", Check::Signed), may("name", Check::AnyText), may("group", Check::AnyText)];

const SECTION: &[Field] = &[must("code", Check::Integer(0, MOST_SECTION)), must("name", Check::AnyText)];

const ITEM: &[Field] = &[
    must("name", Check::Text),
    must("price", Check::Integer(0, MAX_AMOUNT)),
    must("quantity", Check::Integer(1, MAX_AMOUNT)),
    may("tax", Check::Tax),
    may("section", Check::Object(SECTION)),
    may("tpTaxNumber", Check::AnyText),
    may("modifiers", Check::Modifiers),
    may("code", Check::Code),
];

const PAYMENT: &[Field] =
    &[must("type", Check::Integer(0, MOST_TYPE)), must("sum", Check::Integer(1, MAX_AMOUNT))];

/// Deposit and withdrawals (protocol/ikassa.md 2.5).
pub const CASH: Shape = Shape(&[HEADER, must("sum", Check::Integer(1, MAX_AMOUNT))]);

/// Rollback (protocol/ikassa.md 2.8).
pub const ROLLBACK: Shape =
    Shape(&[must("header", Check::Object(&[CASHIER, ATTRS])), must("number", Check::Integer(1, MAX_AMOUNT))]);

/// Sale and refund (protocol/ikassa.md 2.6, 2.7).
pub const RECEIPT: Shape = Shape(&[
    HEADER,
    must("items", Check::List(1, ITEM)),
    must("payments", Check::List(1, PAYMENT)),
    may("modifiers", Check::Modifiers),
]);

/// Refuses a body that breaks a rule of the table; the message names the path.
pub fn check(raw: Raw<'_>, shape: &Shape, switches: &Switches) -> Result<(), Refusal> {
    fields(raw, shape.0, "", switches).map_err(Refusal::invalid)
}

/// Whether it is a taxpayer number: nine digits, or two letters and seven digits
/// (protocol/ikassa.md 6.5: a warning).
pub fn is_tax_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let letters = |text: &str| text.chars().all(char::is_alphabetic);
    let split = text.char_indices().nth(2).map(|(index, _)| text.split_at(index));
    text.chars().count() == 9
        && split.is_some_and(|(first, rest)| digits(rest) && (digits(first) || letters(first)))
}

fn fields(raw: Raw<'_>, table: &[Field], path: &str, switches: &Switches) -> Result<(), String> {
    let object = reading::object(raw).ok_or_else(|| format!("{path}: an object"))?;
    for field in table {
        let at = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        match object.get(field.name) {
            Some(value) => field.check.run(value, &at, switches)?,
            None if field.required => return Err(format!("{at}: required")),
            None => {}
        }
    }
    Ok(())
}

fn list(raw: Raw<'_>, least: usize, table: &[Field], path: &str, switches: &Switches) -> Result<(), String> {
    let elements = reading::array(raw).filter(|elements| elements.len() >= least);
    let elements = elements.ok_or_else(|| format!("{path}: an array of {least} or more"))?;
    for (index, element) in elements.into_iter().enumerate() {
        fields(element, table, &format!("{path}[{index}]"), switches)?;
    }
    Ok(())
}

impl Check {
    fn run(&self, raw: Raw<'_>, path: &str, switches: &Switches) -> Result<(), String> {
        let text = reading::text(raw);
        let whole = reading::integer(raw);
        let (fits, says) = match self {
            Self::Object(table) => return fields(raw, table, path, switches),
            Self::List(least, table) => return list(raw, *least, table, path, switches),
            Self::Modifiers => return modifiers(raw, path, switches),
            Self::Integer(least, most) => {
                let fits = whole.is_some_and(|number| (*least..=*most).contains(&number));
                return if fits { Ok(()) } else { Err(format!("{path}: an integer from {least} to {most}")) };
            }
            Self::Text => (text.is_some_and(|text| !text.is_empty()), "a string, not empty"),
            Self::AnyText => (text.is_some(), "a string"),
            Self::Cashier => (is_cashier(text, switches), "a name, not empty, not too long"),
            Self::Currency => {
                (text.is_some_and(|text| CURRENCIES.contains(&text.as_str())), "one of BYN, USD, EUR, RUB")
            }
            Self::AnyObject => (reading::object(raw).is_some(), "an object"),
            Self::Signed => {
                let most = MAX_AMOUNT.unsigned_abs();
                let fits = whole.is_some_and(|number| number != 0 && number.unsigned_abs() <= most);
                (fits, "an integer, not zero, at most 54975581388799 either way")
            }
            Self::Tax => (is_tax(raw, switches), "one of 0, 10, 20, 25"),
            Self::Code => (is_code(raw), "an object with one of code, gtin, service, prepayment"),
        };
        if fits { Ok(()) } else { Err(format!("{path}: {says}")) }
    }
}

fn modifiers(raw: Raw<'_>, path: &str, switches: &Switches) -> Result<(), String> {
    list(raw, 0, MODIFIER, path, switches)?;
    let amount = |element| reading::object(element)?.remove("modifier").and_then(reading::integer);
    let amounts: Vec<i64> = reading::array(raw).unwrap_or_default().into_iter().filter_map(amount).collect();
    let discounts = amounts.iter().filter(|amount| **amount < 0).count();
    if discounts > 1 || amounts.len() - discounts > 1 {
        return Err(format!("{path}: at most one discount and one surcharge"));
    }
    Ok(())
}

fn is_cashier(name: Option<String>, switches: &Switches) -> bool {
    let fits = |name: &String| !switches.cashier_max_16 || name.chars().count() <= MOST_CASHIER_CHARACTERS;
    name.filter(fits).is_some_and(|name| !name.is_empty())
}

fn is_tax(raw: Raw<'_>, switches: &Switches) -> bool {
    let number = || reading::integer(raw).filter(|_| !switches.tax_string_only).map(|n| n.to_string());
    reading::text(raw).or_else(number).is_some_and(|tax| TAXES.contains(&tax.as_str()))
}

fn is_code(raw: Raw<'_>) -> bool {
    let value = |raw| reading::integer(raw).is_some() || reading::text(raw).is_some();
    reading::object(raw).is_some_and(|object| {
        object.len() == 1 && object.iter().all(|(name, raw)| CODES.contains(&name.as_str()) && value(raw))
    })
}
