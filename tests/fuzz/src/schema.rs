//! A request of the form that an operation asks for, made of bytes along its JSON Schema.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::bytes::Bytes;

/// The deepest request that is made.
const DEEPEST: usize = 8;

/// Texts of the formats that the schemas name.
const TEXTS: &[(&str, &[&str])] = &[
    ("amount", &["1.00", "0", "0.01", "290.00", "99999999999.99", "1.005", "-1", "1e2", "150", "00.10"]),
    ("quantity", &["1", "2", "0.001", "0.137", "9999999.999999", "0", "3.000", "0.333333"]),
    ("date", &["2026-11-23", "2024-02-29", "2025-02-29", "9999-12-31", "0000-01-01", "23.11.2026"]),
    (
        "date-time",
        &[
            "2026-11-23T10:11:12+03:00",
            "2026-01-01T00:00:00+14:00",
            "1969-12-31T23:59:59Z",
            "2026-06-30T23:59:60Z",
        ],
    ),
    ("email", &["buyer@shop.example", "a@b", "@", "кот@почта.рф"]),
    ("phone", &["+79161234567", "+1", "79161234567", "+7 916"]),
    ("uri", &["https://shop.example/hook", "http://127.0.0.1:9/", "x:", "https://"]),
];

/// Texts for members without a format.
const WORDS: &[&str] = &[
    "order-1",
    "Mug",
    "x",
    "",
    " ",
    "Кружка",
    "7707083893",
    "500100732259",
    "a\u{0}b",
    "\u{1b}[2J",
    "\u{1f600}",
    "00 01 0a",
    "643",
    "1",
    "-1",
    "true",
];

static DESCRIBED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&kassa::table::describe()).unwrap());

/// A request for an operation of a vendor.
pub fn request(vendor: &str, operation: &str, bytes: &mut Bytes<'_>) -> Value {
    let vendor = if vendor == "atol4" { "atol" } else { vendor };
    let rows = DESCRIBED["operations"].as_array().unwrap();
    let found = rows
        .iter()
        .find(|row| row["name"] == operation && (row["vendor"].is_null() || row["vendor"] == vendor));
    found.map_or(json!({}), |row| filled(&row["request"], &row["request"]["$defs"], bytes, 0))
}

/// A value of a schema. Without bytes it is the smallest one.
fn filled(schema: &Value, definitions: &Value, bytes: &mut Bytes<'_>, depth: usize) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return filled(&definitions[name], definitions, bytes, depth);
    }
    if let Some(allowed) = schema["enum"].as_array() {
        return allowed[usize::from(bytes.byte()) % allowed.len()].clone();
    }
    if !schema["const"].is_null() {
        return schema["const"].clone();
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(several) = schema[several].as_array() {
            return filled(&several[usize::from(bytes.byte()) % several.len()], definitions, bytes, depth);
        }
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one.as_str()],
        _ => {
            return bytes
                .one(&[json!(null), json!({"a": [1, "x"]}), json!([]), json!(7), json!("x")].each_ref())
                .clone();
        }
    };
    match bytes.one(&types) {
        "object" => object(schema, definitions, bytes, depth),
        "array" => {
            let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
            let more = if depth < DEEPEST { usize::from(bytes.byte()) % 3 } else { 0 };
            (0..least + more).map(|_| filled(&schema["items"], definitions, bytes, depth + 1)).collect()
        }
        "string" => text(schema, bytes).into(),
        "boolean" => bytes.rarely(2).into(),
        "integer" | "number" => {
            let least = schema["minimum"].as_i64().unwrap_or(0);
            let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
            bytes
                .one(
                    &[
                        json!(least),
                        json!(most),
                        json!(least.max(1)),
                        json!(7),
                        json!(-1),
                        json!(0.5),
                        json!(u64::MAX),
                    ]
                    .each_ref(),
                )
                .clone()
        }
        _ => Value::Null,
    }
}

fn object(schema: &Value, definitions: &Value, bytes: &mut Bytes<'_>, depth: usize) -> Value {
    let mut made = Map::new();
    let required = schema["required"].as_array();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = required.is_some_and(|names| names.iter().any(|one| one == name));
        if is_required || depth < DEEPEST && bytes.rarely(4) {
            made.insert(name.clone(), filled(member, definitions, bytes, depth + 1));
        }
    }
    if schema["additionalProperties"].is_object() && bytes.rarely(2) {
        let value = filled(&schema["additionalProperties"], definitions, bytes, depth + 1);
        made.insert(bytes.one(WORDS).into(), value);
    }
    made.into()
}

fn text(schema: &Value, bytes: &mut Bytes<'_>) -> String {
    let format = schema["format"].as_str().unwrap_or_default();
    if let Some((_, texts)) = TEXTS.iter().find(|(name, _)| *name == format) {
        return bytes.one(texts).into();
    }
    let most = schema["maxLength"].as_u64().unwrap_or(64) as usize;
    let text = match bytes.byte() % 8 {
        7 => String::from_utf8_lossy(bytes.some(40)).into_owned(),
        6 => "я".repeat(most.min(300) + usize::from(bytes.rarely(2))),
        word => WORDS[usize::from(word)].to_owned(),
    };
    let least = schema["minLength"].as_u64().unwrap_or(0) as usize;
    if text.chars().count() < least { "x".repeat(least) } else { text }
}
