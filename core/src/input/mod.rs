//! Reads a request: JSON text against the JSON Schema of the type it must have.
//!
//! serde stops at the first mistake; a shop wants to see all of them. So the text is walked along
//! the type's own schema, every mistake is noted with its JSON pointer, and a cleaned text is
//! written (members that are `null` left out, decimals as strings) that serde then reads.

mod meant;

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::{LazyLock, PoisonError, RwLock};

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{Code, Error, Result, Violation, violation};
use crate::receipt::money::{Amount, Quantity};

/// Largest request in bytes.
pub const MOST_BYTES: usize = 4 << 20;
/// Deepest nesting of a request.
const MOST_DEPTH: usize = 32;
/// Longest id that may be a number: longer ones lose digits in some languages.
const LONGEST_ID: usize = 15;
/// The id of a receipt: `id` in the receipt itself and in requests, `receipt_id` in answers. Either is taken in a request,
/// so that what came out can go in.
const IDS: [&str; 2] = ["id", "receipt_id"];
/// The schema that allows anything.
static ANYTHING: Value = Value::Bool(true);
/// Most violations that one error lists.
const MOST_VIOLATIONS: usize = 200;

/// The schema of a request or response type, as `describe` and the generated facades show it.
pub fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>()
}

/// The schema of `T`, made once in a process.
fn kept_schema<T: JsonSchema + 'static>() -> &'static Value {
    static KEPT: RwLock<BTreeMap<TypeId, &'static Value>> = RwLock::new(BTreeMap::new());
    let id = TypeId::of::<T>();
    let found = KEPT.read().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
    found.unwrap_or_else(|| {
        let made = schema_of::<T>().to_value();
        // Another thread may have been quicker: then this one is dropped.
        let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
        kept.entry(id).or_insert_with(|| Box::leak(Box::new(made)))
    })
}

/// Reads a request of the boundary as a `T`, or names everything that is wrong with it.
pub fn read<T: DeserializeOwned + JsonSchema + 'static>(text: &str) -> Result<T> {
    if text.len() > MOST_BYTES {
        let message = format!("{} bytes; the limit is {MOST_BYTES}", text.len());
        return Err(Error::invalid(vec![violation("", Code::RequestTooLarge, message)]));
    }
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| broken("", &error))?;
    let schema = kept_schema::<T>();
    let mut walk = Walk {
        definitions: schema.get("$defs").unwrap_or(&Value::Null),
        violations: Vec::new(),
        clean: String::with_capacity(text.len()),
    };
    walk.value(raw, schema, &mut String::new(), 0);
    if !walk.violations.is_empty() {
        return Err(Error::invalid(walk.violations));
    }
    // The schema said yes; what serde still refuses is said in its own words.
    serde_json::from_str(&walk.clean)
        .map_err(|error| Error::invalid(vec![violation("", Code::WrongValue, error.to_string())]))
}

/// The name that a field has here, where it is given by the other word for a receipt's id.
fn the_other_word(name: &str, properties: &serde_json::Map<String, Value>) -> Option<&'static str> {
    let is_other = IDS.contains(&name) && !properties.contains_key(name);
    IDS.into_iter().find(|word| is_other && properties.contains_key(*word))
}

fn broken(path: &str, error: &serde_json::Error) -> Error {
    Error::invalid(vec![violation(path, Code::JsonBroken, format!("not JSON: {error}"))])
}

struct Walk<'s> {
    definitions: &'s Value,
    violations: Vec<Violation>,
    clean: String,
}

impl<'s> Walk<'s> {
    fn wrong(&mut self, path: &str, code: Code, message: impl Into<String>) {
        self.wrong_as(path, code, || message.into());
    }

    /// As `wrong`; beyond the limit no message is made.
    fn wrong_as(&mut self, path: &str, code: Code, message: impl FnOnce() -> String) {
        if self.violations.len() < MOST_VIOLATIONS {
            self.violations.push(violation(path, code, message()));
        }
    }

    /// Reads a part of the request; none where it is not what its first byte says.
    fn parsed<'a, T: Deserialize<'a>>(&mut self, raw: &'a RawValue, path: &str) -> Option<T> {
        let parsed = serde_json::from_str(raw.get());
        parsed.map_err(|error| self.wrong(path, Code::JsonBroken, error.to_string())).ok()
    }

    fn begin_member(&mut self, name: &str, is_first: bool) {
        self.clean.push_str(if is_first { "" } else { "," });
        self.clean.push_str(&Value::from(name).to_string());
        self.clean.push(':');
    }

    fn value(&mut self, raw: &RawValue, schema: &'s Value, path: &mut String, depth: usize) {
        let schema = resolve(schema, self.definitions);
        if depth > MOST_DEPTH {
            return self.wrong(path, Code::TooDeep, format!("nested deeper than {MOST_DEPTH}"));
        }
        let text = raw.get();
        let types = types_of(schema);
        if types.is_empty() && schema.get("enum").is_none() && schema.get("oneOf").is_none() {
            return self.free(raw, path, depth);
        }
        match text.as_bytes().first() {
            Some(b'{') if types.contains(&"object") => self.object(raw, schema, path, depth),
            Some(b'[') if types.contains(&"array") => self.array(raw, schema, path, depth),
            Some(b'{') if types.contains(&"array") => self.array_with_keys(raw, schema, path, depth),
            Some(b'"') if types.contains(&"string") => self.string(raw, schema, path),
            Some(b'n') if types.contains(&"null") => self.clean.push_str("null"),
            Some(b't' | b'f') if types.contains(&"boolean") => self.clean.push_str(text),
            Some(b'-' | b'0'..=b'9') if is_number(&types) => self.number(text, schema, &types, path),
            // A number where a word is meant, such as a VAT rate or an id.
            Some(b'0'..=b'9') if types.contains(&"string") && is_word(text, schema, path) => {
                let _ = write!(self.clean, "\"{text}\"");
            }
            first => {
                let wanted = types.iter().filter(|t| **t != "null").copied().collect::<Vec<_>>();
                let is_time = first == Some(&b'{') && text.contains("\"timezone_type\"");
                let hint = if is_time { "; of a PHP DateTime give `format(DATE_RFC3339)`" } else { "" };
                self.wrong(path, Code::WrongType, format!("must be {}{hint}", wanted.join(" or ")));
            }
        }
    }

    /// What a PHP array becomes in JSON that is no list any more because some of its elements were removed.
    fn array_with_keys(&mut self, raw: &RawValue, schema: &'s Value, path: &mut String, depth: usize) {
        let Some(members) = self.parsed::<Members<'_>>(raw, path) else { return };
        let is_number = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        if members.0.is_empty() || !members.0.iter().all(|(name, _)| is_number(name)) {
            return self.wrong(path, Code::WrongType, "must be array");
        }
        let elements: Vec<&RawValue> = members.0.iter().map(|(_, element)| *element).collect();
        self.elements(&elements, schema, path, depth);
    }

    fn object(&mut self, raw: &RawValue, schema: &'s Value, path: &mut String, depth: usize) {
        let Some(mut members) = self.parsed::<Members<'_>>(raw, path) else { return };
        static NONE: LazyLock<serde_json::Map<String, Value>> = LazyLock::new(Default::default);
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let listed = schema.get("properties").and_then(Value::as_object);
        let Some(properties) = listed.or(closed.then(|| &*NONE)) else {
            return self.free(raw, path, depth);
        };
        for (name, _) in &mut members.0 {
            if let Some(word) = the_other_word(name, properties) {
                *name = word.to_owned();
            }
        }
        let length = path.len();
        let mut first = true;
        self.clean.push('{');
        let mut seen = HashSet::with_capacity(members.0.len());
        for (name, member) in &members.0 {
            let _ = write!(path, "/{}", name.replace('~', "~0").replace('/', "~1"));
            match properties.get(name.as_str()) {
                _ if !seen.insert(name.as_str()) => {
                    self.wrong_as(path, Code::DuplicateField, || format!("`{name}` is given twice"));
                }
                None => self.wrong_as(path, Code::UnknownField, || unknown(name, properties)),
                Some(_) if member.get() == "null" => {}
                Some(property) => {
                    self.begin_member(name, std::mem::take(&mut first));
                    self.value(member, property, path, depth + 1);
                }
            }
            path.truncate(length);
        }
        self.clean.push('}');
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            let Some(name) = name.as_str() else { continue };
            let given = |(key, value): &(String, &RawValue)| key == name && value.get() != "null";
            if !members.0.iter().any(given) {
                self.wrong(&format!("{path}/{name}"), Code::MissingField, format!("`{name}` is required"));
            }
        }
    }

    /// JSON of the vendor's own: members, order, nulls and digits as they came; white space and
    /// escapes as we write them, so that every host language sends the same bytes.
    fn free(&mut self, raw: &RawValue, path: &str, depth: usize) {
        if depth > MOST_DEPTH {
            return self.wrong(path, Code::TooDeep, format!("nested deeper than {MOST_DEPTH}"));
        }
        match raw.get().as_bytes().first() {
            Some(b'{') => {
                let Some(members) = self.parsed::<Members<'_>>(raw, path) else { return };
                self.clean.push('{');
                for (index, (name, member)) in members.0.iter().enumerate() {
                    self.begin_member(name, index == 0);
                    self.free(member, path, depth + 1);
                }
                self.clean.push('}');
            }
            Some(b'[') => {
                let Some(elements) = self.parsed::<Vec<&RawValue>>(raw, path) else { return };
                self.clean.push('[');
                for (index, element) in elements.iter().enumerate() {
                    self.clean.push_str(if index > 0 { "," } else { "" });
                    self.free(element, path, depth + 1);
                }
                self.clean.push(']');
            }
            Some(b'"') => {
                let Some(text) = self.parsed::<String>(raw, path) else { return };
                self.clean.push_str(&Value::from(text).to_string());
            }
            _ => self.clean.push_str(raw.get()),
        }
    }

    fn array(&mut self, raw: &RawValue, schema: &'s Value, path: &mut String, depth: usize) {
        let Some(elements) = self.parsed::<Vec<&RawValue>>(raw, path) else { return };
        self.elements(&elements, schema, path, depth);
    }

    fn elements(&mut self, elements: &[&RawValue], schema: &'s Value, path: &mut String, depth: usize) {
        self.length(elements.len(), schema, ("minItems", "maxItems"), "elements", path);
        let length = path.len();
        self.clean.push('[');
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.clean.push(',');
            }
            let _ = write!(path, "/{index}");
            self.value(element, schema.get("items").unwrap_or(&ANYTHING), path, depth + 1);
            path.truncate(length);
        }
        self.clean.push(']');
    }

    fn string(&mut self, raw: &RawValue, schema: &Value, path: &str) {
        let Some(text) = self.parsed::<String>(raw, path) else { return };
        let format = schema.get("format").and_then(Value::as_str);
        if let Some(letter) = text.chars().find(|letter| acts(*letter, format)) {
            let message = format!("has the control character U+{:04X}", u32::from(letter));
            self.wrong(path, Code::WrongFormat, message);
        }
        let allowed = allowed_words(schema);
        if !allowed.is_empty() && !allowed.contains(&text.as_str()) {
            let meant = meant::value(&text, allowed.iter().copied());
            let meant = meant.map_or_else(String::new, |meant| format!(" (did you mean `{meant}`?)"));
            self.wrong(path, Code::WrongValue, format!("must be one of {}{meant}", allowed.join(", ")));
        }
        self.length(text.chars().count(), schema, ("minLength", "maxLength"), "characters", path);
        if let Some(format) = format
            && let Some((code, message)) = format_fault(format, &text)
        {
            self.wrong(path, code, message);
        }
        self.clean.push_str(raw.get());
    }

    fn number(&mut self, text: &str, schema: &Value, types: &[&str], path: &str) {
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        if matches!(format, "amount" | "quantity") {
            if let Some((code, message)) = format_fault(format, text) {
                self.wrong(path, code, message);
            }
            let _ = write!(self.clean, "\"{text}\"");
            return;
        }
        let Ok(number) = text.parse::<i64>() else {
            let wanted = if types.contains(&"integer") { "a whole number" } else { "a smaller number" };
            return self.wrong(path, Code::WrongType, format!("must be {wanted}"));
        };
        let bound = |name| schema.get(name).and_then(Value::as_i64);
        if bound("minimum").is_some_and(|least| number < least)
            || bound("maximum").is_some_and(|most| number > most)
        {
            let message = match (bound("minimum"), bound("maximum")) {
                (Some(least), Some(most)) => format!("must lie between {least} and {most}"),
                (Some(least), None) => format!("must be {least} or more"),
                (_, most) => format!("must be at most {}", most.unwrap_or(i64::MAX)),
            };
            self.wrong(path, Code::OutOfRange, message);
        }
        self.clean.push_str(text);
    }

    fn length(&mut self, length: usize, schema: &Value, names: (&str, &str), unit: &str, path: &str) {
        let bound = |name| schema.get(name).and_then(Value::as_u64).map(|n| n as usize);
        if bound(names.0).is_some_and(|least| length < least) {
            self.wrong(path, Code::TooShort, format!("{length} {unit} are too few"));
        }
        if let Some(most) = bound(names.1).filter(|most| length > *most) {
            self.wrong(path, Code::TooLong, format!("{length} {unit}; at most {most} are allowed"));
        }
    }
}

/// Follows `$ref`, and steps into the one branch of an optional type that is not `null`.
fn resolve<'a>(schema: &'a Value, definitions: &'a Value) -> &'a Value {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next()) {
        return definitions.get(name).map_or(schema, |found| resolve(found, definitions));
    }
    let branches = schema.get("anyOf").and_then(Value::as_array);
    let is_null = |branch: &&Value| branch.get("type").and_then(Value::as_str) != Some("null");
    match branches.and_then(|all| all.iter().find(is_null)) {
        Some(branch) => resolve(branch, definitions),
        None => schema,
    }
}

fn types_of(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ if schema.get("oneOf").is_some() || schema.get("enum").is_some() => vec!["string"],
        _ if schema.get("properties").is_some() => vec!["object"],
        _ => Vec::new(),
    }
}

fn is_number(types: &[&str]) -> bool {
    types.contains(&"number") || types.contains(&"integer")
}

/// The words of an enumeration, whether or not each has a description of its own.
fn allowed_words(schema: &Value) -> Vec<&str> {
    let plain = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let described = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let described = described.flat_map(|one| {
        let listed = one.get("enum").and_then(Value::as_array).into_iter().flatten();
        one.get("const").into_iter().chain(listed)
    });
    plain.chain(described).filter_map(Value::as_str).collect()
}

/// True for a whole number that stands for a text: a word that is allowed, or an id.
fn is_word(number: &str, schema: &Value, path: &str) -> bool {
    let is_whole = number.len() <= LONGEST_ID && number.bytes().all(|byte| byte.is_ascii_digit());
    is_whole && (allowed_words(schema).contains(&number) || path.rsplit('/').next() == Some("id"))
}

fn unknown(name: &str, properties: &serde_json::Map<String, Value>) -> String {
    let known = properties.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let meant = meant::field(name, properties.keys().map(String::as_str));
    let meant = meant.map_or_else(String::new, |meant| format!(" (did you mean `{meant}`?)"));
    let name: String = name.chars().take(40).collect();
    format!("`{name}` is not a field here{meant}; there are {known}")
}

/// True for a control character that no text of this format has. Ends of lines and tabs are blanks; what printers and
/// terminals take for a command is nothing that a shop writes. The format `any` takes them: a marking code has separators,
/// and an id is whatever it was when it was first used.
fn acts(letter: char, format: Option<&str>) -> bool {
    letter == '\0' || letter.is_control() && !matches!(letter, '\t' | '\n' | '\r') && format != Some("any")
}

/// What is wrong with a text of this format.
fn format_fault(format: &str, text: &str) -> Option<(Code, String)> {
    use time::format_description::well_known::{Iso8601, Rfc3339};
    let wrong = |wanted: &str| Some((Code::WrongFormat, format!("must be {wanted}")));
    match format {
        "amount" => decimal_fault(Amount::parse(text).err()),
        "quantity" => decimal_fault(Quantity::parse(text).err()),
        "date-time" if time::OffsetDateTime::parse(text, &Rfc3339).is_err() => {
            wrong("a time with offset like 2026-11-23T10:11:12+03:00")
        }
        "date" if text.len() != 10 || time::Date::parse(text, &Iso8601::DATE).is_err() => {
            wrong("a date like 2026-11-23")
        }
        "uri" if !is_web_address(text) => wrong("an http or https address"),
        "uuid" if uuid::Uuid::try_parse(text).is_err() => wrong("a UUID"),
        "email" if !is_email(text) => wrong("an e-mail address"),
        "phone" if !is_phone(text) => wrong("a phone number: + and 7 to 18 digits"),
        _ => None,
    }
}

fn decimal_fault(fault: Option<(&'static str, String)>) -> Option<(Code, String)> {
    let (name, message) = fault?;
    Some((Code::named(name).unwrap_or(Code::NotADecimal), message))
}

fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_email(text: &str) -> bool {
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
    text.split_once('@').is_some_and(|(local, domain)| {
        plain(local)
            && plain(domain)
            && !domain.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    })
}

fn is_phone(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|rest| (7..=18).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// The members of an object in order, repeated names included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                std::iter::from_fn(|| map.next_entry().transpose())
                    .collect::<std::result::Result<_, _>>()
                    .map(Members)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::receipt::Receipt;

    fn codes(text: &str) -> Vec<(String, String)> {
        let error = read::<Receipt>(text).unwrap_err();
        error.violations.into_iter().map(|v| (v.path, v.code)).collect()
    }

    #[test]
    fn the_id_of_a_receipt_has_two_words_and_either_is_taken() {
        use crate::vendor::messages::ReceiptKey;
        let key = |text: &str| read::<ReceiptKey>(text);
        assert_eq!(key(r#"{"receipt_id": "order-1"}"#).unwrap().id, "order-1");
        assert_eq!(key(r#"{"id": "order-1"}"#).unwrap().id, "order-1");
        let both = key(r#"{"id": "order-1", "receipt_id": "order-1"}"#).unwrap_err();
        assert_eq!(both.violations[0].code, "duplicate_field");
        assert_eq!(key("{}").unwrap_err().violations[0].path, "/id");
    }

    #[test]
    fn a_request_of_many_unknown_members_costs_what_it_has_bytes() {
        let of = |members: usize| {
            let fields: Vec<String> = (0..members).map(|n| format!("\"field-{n}\":1")).collect();
            format!("{{{}}}", fields.join(","))
        };
        let (short, long) = (of(4_000), of(64_000));
        let took = |text: &str| {
            let started = std::time::Instant::now();
            let error = read::<Receipt>(text).unwrap_err();
            assert_eq!(error.violations.len(), MOST_VIOLATIONS);
            started.elapsed()
        };
        let ratio = |_| took(&long).as_secs_f64() / took(&short).as_secs_f64();
        let mut ratios: Vec<f64> = (0..5).map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        // 16 times the bytes; looking at each pair would be 256 times the work.
        assert!(ratios[2] < 64.0, "{ratios:?}");
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let found = codes(
            r#"{"id":"","kind":"selll","colour":1,"items":[{"name":"Mug","price":-1,"quantity":"1.0000001","vat":20.5},
                {"name":"x","price":1.005,"quantity":1,"price":"2"}],"payments":[],"customer":{"email":"x"},"issued_at":"now"}"#,
        );
        let wanted = [
            ("/id", "too_short"),
            ("/kind", "wrong_value"),
            ("/colour", "unknown_field"),
            ("/items/0/price", "negative"),
            ("/items/0/quantity", "too_many_decimals"),
            ("/items/0/vat", "wrong_type"),
            ("/items/1/price", "too_many_decimals"),
            ("/items/1/price", "duplicate_field"),
            ("/payments", "too_short"),
            ("/customer/email", "wrong_format"),
            ("/issued_at", "wrong_format"),
        ];
        let wanted: Vec<_> = wanted.iter().map(|(p, c)| (p.to_string(), c.to_string())).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn numbers_are_read_from_their_literal_text() {
        let receipt: Receipt = read(
            r#"{"id":"a","kind":"sell","print":null,"items":[{"name":"x","price":12345678901.10,"quantity":0.1}],
                "payments":[{"type":"cash","sum":"1234567890.11"}]}"#,
        )
        .unwrap();
        assert_eq!(receipt.items[0].price.to_string(), "12345678901.10");
        assert_eq!(receipt.items[0].quantity.to_string(), "0.1");
        assert!(!receipt.print);
    }

    #[test]
    fn other_ways_to_write_the_same_are_taken_or_told_exactly() {
        // Numbers for words and ids; a PHP array some of whose elements were removed.
        let receipt: Receipt = read(
            r#"{"id":1001,"kind":"sell","items":{"5":{"name":"x","price":1,"quantity":1,"vat":20},
                "9":{"name":"y","price":1,"quantity":1}},"payments":[{"type":"cash","sum":2}]}"#,
        )
        .unwrap();
        assert_eq!((receipt.id.as_str(), receipt.items.len()), ("1001", 2));
        assert_eq!(receipt.items[0].vat, Some(crate::receipt::Vat::Vat20));
        let told = |text: &str| format!("{:?}", read::<Receipt>(text).unwrap_err().violations);
        for (text, word) in [
            (
                r#"{"id":"a","kind":"sell","items":[],"payments":[],"costumer":{}}"#,
                "did you mean `customer`?",
            ),
            (r#"{"id":"a","kind":"sale","items":[],"payments":[]}"#, "did you mean `sell`?"),
            (
                r#"{"id":"a","kind":"sell","issued_at":{"date":"x","timezone_type":3,"timezone":"UTC"}}"#,
                "DATE_RFC3339",
            ),
            (r#"{"id":"a","kind":"sell","items":{"a":{}}}"#, "must be array"),
            (r#"{"id":12345678901234567,"kind":"sell"}"#, "must be string"),
        ] {
            assert!(told(text).contains(word), "{}", told(text));
        }
    }

    #[test]
    fn hostile_texts_are_refused() {
        assert_eq!(codes("{")[0].1, "json_broken");
        assert_eq!(codes(&"x".repeat(MOST_BYTES + 1))[0].1, "request_too_large");
        assert_eq!(codes("null")[0].1, "wrong_type");
        let deep = format!("{{\"items\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(codes(&deep).iter().any(|(_, code)| code == "wrong_type"));
        let line = r#"{"name":"x","price":"1.00","quantity":"1"}"#;
        let many = format!(
            r#"{{"id":"a","kind":"sell","items":[{}],"payments":[{{"type":"cash","sum":"10000.00"}}]}}"#,
            [line; 10_000].join(",")
        );
        assert_eq!(codes(&many), [("/items".to_string(), "too_long".to_string())]);
    }
}
