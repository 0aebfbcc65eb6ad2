//! JSON with the literals of protocol/ikkm.md 5: order of fields, numbers with their decimals.

use std::fmt::Write;

use serde_json::Value;

use super::switches::{JsonLiterals, Switches};

/// A JSON value whose spelling is chosen (protocol/ikkm.md 5).
#[derive(Debug, Clone)]
pub enum Json {
    /// A number as it is written.
    Number(String),
    /// A string.
    Text(String),
    /// True or false.
    Flag(bool),
    /// An array.
    List(Vec<Json>),
    /// An object in the order of its fields.
    Object(Vec<(String, Json)>),
}

/// A number.
pub fn number(value: impl ToString) -> Json {
    Json::Number(value.to_string())
}

/// A string.
pub fn text(value: impl ToString) -> Json {
    Json::Text(value.to_string())
}

/// An object.
pub fn object<const N: usize>(fields: [(&str, Json); N]) -> Json {
    Json::Object(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

impl Json {
    /// The bytes, in the spelling of the switches.
    pub fn written(&self, switches: &Switches) -> Vec<u8> {
        let mut out = String::new();
        self.write(&mut out, switches);
        out.into_bytes()
    }

    fn write(&self, out: &mut String, switches: &Switches) {
        match self {
            Self::Number(number) if switches.json_literals == JsonLiterals::Strings => quoted(out, number),
            Self::Number(number) => out.push_str(number),
            Self::Text(text) if switches.json_literals == JsonLiterals::Numbers && is_number(text) => {
                out.push_str(text);
            }
            Self::Text(text) => quoted(out, text),
            Self::Flag(flag) => {
                let _ = write!(out, "{flag}");
            }
            Self::List(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    comma(out, index);
                    element.write(out, switches);
                }
                out.push(']');
            }
            Self::Object(fields) => write_object(out, fields, switches),
        }
    }
}

fn write_object(out: &mut String, fields: &[(String, Json)], switches: &Switches) {
    let unknown = switches.json_unknown_field.then(|| ("unknownField".to_owned(), text("?")));
    let left_out = |name: &str| switches.json_omit.split(',').any(|omitted| omitted.trim() == name);
    let shown = fields.iter().filter(|(name, _)| !left_out(name)).chain(unknown.as_ref());
    out.push('{');
    for (index, (name, value)) in shown.enumerate() {
        comma(out, index);
        quoted(out, name);
        out.push(':');
        value.write(out, switches);
    }
    out.push('}');
}

fn comma(out: &mut String, index: usize) {
    if index > 0 {
        out.push(',');
    }
}

fn quoted(out: &mut String, text: &str) {
    out.push_str(&Value::from(text).to_string());
}

fn is_number(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let leading_zero = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
    plain && !leading_zero && serde_json::from_str::<serde_json::Number>(text).is_ok()
}
