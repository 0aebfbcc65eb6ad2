//! Strict reading of JSON by its literal text, so that no number goes through a float.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// A JSON value as its literal text.
pub type Raw<'a> = &'a RawValue;

/// The fields of an object by name.
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

/// A number without fraction and exponent (protocol/ikassa.md 6.5).
pub fn integer(raw: Raw<'_>) -> Option<i64> {
    let literal = raw.get();
    let digits = literal.strip_prefix('-').unwrap_or(literal);
    let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    whole.then(|| literal.parse().ok())?
}
