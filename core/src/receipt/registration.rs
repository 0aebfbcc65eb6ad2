//! What became of a receipt: the registration, the same for all vendors.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::VendorFault;
use crate::receipt::money::Amount;
use crate::receipt::words::words;

words! {
    /// Where a receipt stands. Only `registered` and `failed` are final.
    State {
        /// In our journal; nothing was sent, or what was sent is known not to have arrived.
        Queued "queued",
        /// An attempt is under way, or its process died in it.
        Sending "sending",
        /// An attempt was made and its outcome is not known.
        InDoubt "in_doubt",
        /// The vendor has it in its queue.
        Accepted "accepted",
        /// On the fiscal record.
        Registered "registered",
        /// Not on record, for good.
        Failed "failed",
    }
}

impl State {
    /// True where nothing more will happen by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, State::Registered | State::Failed)
    }

    /// The state with this word.
    pub fn named(word: &str) -> Option<State> {
        State::ALL.iter().copied().find(|state| state.word() == word)
    }
}

/// What became of a receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Registration {
    /// The caller's id.
    pub receipt_id: String,
    /// Which vendor.
    pub vendor: String,
    /// Where it stands.
    pub state: State,
    /// The document's id at the vendor.
    pub vendor_document_id: Option<String>,
    /// How often it was sent.
    pub attempts: u32,
    /// Fiscal data, once it is on record.
    pub fiscal: Option<Fiscal>,
    /// Why it is not on record, where it failed.
    pub failure: Option<Failure>,
    /// What a person should know of it, where there is something: why it does not get further, or what is odd
    /// about what is on record.
    pub notice: Option<String>,
    /// The vendor's last answer, as it came.
    pub raw: Option<Raw>,
}

/// Fiscal data of a document on record. Vendors leave out what they do not tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fiscal {
    /// Number of the fiscal document (tag 1040).
    pub document_number: Option<String>,
    /// Fiscal sign of the document (tag 1077).
    pub sign: Option<String>,
    /// Serial number of the fiscal storage (tag 1041).
    pub storage_number: Option<String>,
    /// Registration number of the cash register (tag 1037).
    pub register_number: Option<String>,
    /// Factory serial number of the cash register (tag 1013).
    pub serial_number: Option<String>,
    /// Number of the shift (tag 1038).
    pub shift_number: Option<String>,
    /// Number of the receipt within the shift (tag 1042).
    pub receipt_number: Option<String>,
    /// When it was recorded (RFC 3339).
    pub registered_at: Option<String>,
    /// Total on record.
    #[schemars(with = "Option<String>")]
    pub total: Option<Amount>,
    /// Content of the QR code.
    pub qr: Option<String>,
    /// Link to the rendered receipt.
    pub url: Option<String>,
}

/// Why a document is not on record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Stable code, one of the table of error codes.
    pub code: String,
    /// What happened, for a person.
    pub message: String,
    /// What the vendor said.
    pub vendor: Option<VendorFault>,
}

/// Deepest nesting of an answer that is kept as JSON.
const DEEPEST: usize = 32;
/// Longest number of an answer that is kept as JSON: some languages refuse to read longer ones.
const LONGEST_NUMBER: usize = 64;

/// A vendor's answer as it came, digit for digit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(Box<RawValue>);

impl Raw {
    /// Keeps a body: as it is where it is JSON that every host language can read, as a JSON string otherwise.
    pub fn from_body(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body).into_owned();
        match RawValue::from_string(text.clone()) {
            Ok(raw) if is_legible(&text) => Self(raw),
            _ => Self(RawValue::from_string(quoted(&text)).unwrap_or_else(|_| RawValue::NULL.to_owned())),
        }
    }

    /// The JSON text.
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

/// Whether every host language can read this JSON: its nesting and its numbers have an end, and its texts have
/// no half of a surrogate pair.
fn is_legible(json: &str) -> bool {
    let (mut depth, mut digits, mut in_text, mut is_half) = (0_usize, 0_usize, false, false);
    let mut bytes = json.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        digits = if !in_text && byte.is_ascii_digit() { digits + 1 } else { 0 };
        // The other half of a pair follows at once.
        let pair_ends = is_half && byte != b'\\';
        match byte {
            _ if pair_ends => return false,
            b'"' => in_text = !in_text,
            b'\\' => {
                let escaped = json.get(at + 2..at + 6).and_then(|hex| u16::from_str_radix(hex, 16).ok());
                let unit = escaped.filter(|_| json.as_bytes().get(at + 1) == Some(&b'u'));
                let is_low = matches!(unit, Some(0xdc00..=0xdfff));
                if is_half != is_low {
                    return false;
                }
                is_half = matches!(unit, Some(0xd800..=0xdbff));
                bytes.nth(if unit.is_some() { 4 } else { 0 });
            }
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST || digits > LONGEST_NUMBER {
            return false;
        }
    }
    true
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl JsonSchema for Raw {
    fn schema_name() -> Cow<'static, str> {
        "Raw".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "The vendor's answer as it came." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_as_json_only_where_every_language_can_read_it() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for (json, is_kept) in [
            ("{\"a\": [1, \"\\ud83d\\ude00\", \"\\\\ud800\", \"\\\"[[\"]}".to_owned(), true),
            (deep(DEEPEST), true),
            (deep(DEEPEST + 1), false),
            ("9".repeat(LONGEST_NUMBER), true),
            ("9".repeat(LONGEST_NUMBER + 1), false),
            (format!("\"{}\"", "9".repeat(6_000)), true),
            ("[\"\\ud800\"]".into(), false),
            ("[\"\\ud800x\"]".into(), false),
            ("[\"\\ud800\\u0041\"]".into(), false),
            ("[\"\\udc00\"]".into(), false),
            ("<html>".into(), false),
        ] {
            let raw = Raw::from_body(json.as_bytes());
            let expected = if is_kept { json.clone() } else { quoted(&json) };
            assert_eq!(raw.text(), expected);
        }
    }
}
