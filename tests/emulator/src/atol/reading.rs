//! Strict reading of JSON by its literal text, so that no number goes through a float.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// A JSON value as its literal text.
pub type Raw<'a> = &'a RawValue;

/// An object's fields by name; a later field of the same name wins.
pub type Fields<'a> = BTreeMap<String, Raw<'a>>;

/// A body, if it is JSON.
pub fn body(bytes: &[u8]) -> Option<Raw<'_>> {
    serde_json::from_slice(bytes).ok()
}

/// The fields of an object.
pub fn object<'a>(raw: Raw<'a>) -> Option<Fields<'a>> {
    serde_json::from_str(raw.get()).ok()
}

/// The elements of an array.
pub fn array<'a>(raw: Raw<'a>) -> Option<Vec<Raw<'a>>> {
    serde_json::from_str(raw.get()).ok()
}

/// A string.
pub fn text(raw: Raw<'_>) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// True or false.
pub fn flag(raw: Raw<'_>) -> Option<bool> {
    serde_json::from_str(raw.get()).ok()
}

/// Whether a value is a number.
pub fn is_number(raw: Raw<'_>) -> bool {
    raw.get().starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// A number, exactly; None also for one with more digits than any amount has.
pub fn number(raw: Raw<'_>) -> Option<Decimal> {
    if !is_number(raw) {
        return None;
    }
    let literal = raw.get();
    Decimal::from_str_exact(literal).or_else(|_| Decimal::from_scientific(literal)).ok()
}

/// A field of an object by a path of names.
pub fn at<'a>(raw: Raw<'a>, path: &[&str]) -> Option<Raw<'a>> {
    path.iter().try_fold(raw, |raw, name| object(raw)?.remove(*name))
}

/// A string at a path.
pub fn text_at(raw: Raw<'_>, path: &[&str]) -> Option<String> {
    at(raw, path).and_then(text)
}

/// A number at a path.
pub fn number_at(raw: Raw<'_>, path: &[&str]) -> Option<Decimal> {
    at(raw, path).and_then(number)
}

/// The elements of an array at a path; none if there is no array.
pub fn array_at<'a>(raw: Raw<'a>, path: &[&str]) -> Vec<Raw<'a>> {
    at(raw, path).and_then(array).unwrap_or_default()
}
