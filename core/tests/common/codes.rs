//! Marking codes for the tests.

pub const GTIN: &str = "0104600000000015";
/// A code in Base64 of 44 characters, as 92 has it.
pub const CHECK: &str = "dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=";

/// Shoes: a serial number of 13 characters, a key and a check code; `|` stands for the separator.
pub fn shoes() -> String {
    code(&format!("{GTIN}215AbCdEfGhIjKL|91EE10|92{CHECK}"))
}

/// Milk: a serial number of 6 characters and a short check.
pub fn milk() -> String {
    code(&format!("{GTIN}215AbCdE|93dGVz"))
}

/// The code with separators for `|`.
pub fn code(text: &str) -> String {
    text.replace('|', "\u{1d}")
}
