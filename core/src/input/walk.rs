//! The walk: a request that is not plainly right is gone through along the schema of its type, every mistake is noted with its
//! JSON pointer, and a cleaned text is written (members that are `null` left out, decimals as strings) that serde then reads.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::formats::{acts, format_fault};
use super::schema::{allowed_words, is_number, resolve, types_of};
use super::{ANYTHING, IDS, LONGEST_ID, MOST_DEPTH, MOST_VIOLATIONS, meant};
use crate::error::{Code, Error, Result, Violation, violation};

/// The cleaned text of a request, or all that is wrong with it.
pub fn walk(text: &str, schema: &Value) -> Result<String> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| broken("", &error))?;
    let mut walk = Walk {
        definitions: schema.get("$defs").unwrap_or(&Value::Null),
        violations: Vec::new(),
        clean: String::with_capacity(text.len()),
    };
    walk.value(raw, schema, &mut String::new(), 0);
    if walk.violations.is_empty() { Ok(walk.clean) } else { Err(Error::invalid(walk.violations)) }
}

/// JSON of the vendor's own as it is sent; none where it is nested too deep.
pub fn free(raw: &RawValue, depth: usize) -> Option<String> {
    let mut walk = Walk { definitions: &Value::Null, violations: Vec::new(), clean: String::new() };
    walk.free(raw, "", depth);
    walk.violations.is_empty().then_some(walk.clean)
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

/// The name that a field has here, where it is given by the other word for a receipt's id.
fn the_other_word(name: &str, properties: &serde_json::Map<String, Value>) -> Option<&'static str> {
    let is_other = IDS.contains(&name) && !properties.contains_key(name);
    IDS.into_iter().find(|word| is_other && properties.contains_key(*word))
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
