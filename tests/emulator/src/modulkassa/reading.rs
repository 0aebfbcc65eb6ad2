//! Lenient reading of JSON, as the vendor's server does it: numbers as text, text as numbers, nulls
//! as absent, unknown fields ignored (protocol/modulkassa.md 6.1 item 12).

use std::collections::HashMap;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// A JSON value as its literal text, so that no number goes through a float.
pub type Raw<'a> = &'a RawValue;

/// An object's fields by name; a later field of the same name wins.
pub type Fields<'a> = HashMap<String, Raw<'a>>;

/// The fields of an object, without those that are null.
pub fn object<'a>(raw: Raw<'a>) -> Option<Fields<'a>> {
    fields(raw.get())
}

/// The fields of an object given as text, without those that are null.
pub fn fields(text: &str) -> Option<Fields<'_>> {
    let mut all: Fields<'_> = serde_json::from_str(text).ok()?;
    all.retain(|_, value| value.get() != "null");
    Some(all)
}

/// The elements of an array.
pub fn array<'a>(raw: Raw<'a>) -> Option<Vec<Raw<'a>>> {
    serde_json::from_str(raw.get()).ok()
}

/// A string; the literal text of a number or a boolean will do.
pub fn text(raw: Raw<'_>) -> Option<String> {
    match raw.get().bytes().next()? {
        b'"' => serde_json::from_str(raw.get()).ok(),
        b'{' | b'[' => None,
        _ => Some(raw.get().to_owned()),
    }
}

/// A number; a string that holds one will do.
pub fn number(raw: Raw<'_>) -> Option<Decimal> {
    let literal = match raw.get().bytes().next()? {
        b'"' => serde_json::from_str::<String>(raw.get()).ok()?,
        _ => raw.get().to_owned(),
    };
    let literal = literal.trim();
    // The decimal's own parser takes Rust's digit groups; JSON has none.
    if literal.contains('_') {
        return None;
    }
    Decimal::from_str(literal).or_else(|_| Decimal::from_scientific(literal)).ok()
}

/// True or false; a string or a whole number will do.
pub fn flag(raw: Raw<'_>) -> Option<bool> {
    match raw.get().trim_matches('"') {
        "true" | "True" | "TRUE" | "1" => Some(true),
        "false" | "False" | "FALSE" | "0" | "" => Some(false),
        _ => None,
    }
}
