//! Reads a request: JSON text into the type that it must have.
//!
//! A request that is right is read once ([`straight`]). serde stops at the first mistake and a shop wants to see all of them, so
//! whatever is not plainly right is gone through again ([`walk`]).

mod formats;
mod meant;
mod schema;
mod shape;
mod straight;
mod walk;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Code, Error, Result, violation};
use shape::Shapes;

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

/// What is known of a type that requests have.
struct Kept {
    schema: Value,
    shapes: Shapes,
}

/// The schema of `T` and its shapes, made once in a process.
fn kept<T: JsonSchema + 'static>() -> &'static Kept {
    static KEPT: RwLock<BTreeMap<TypeId, &'static Kept>> = RwLock::new(BTreeMap::new());
    let id = TypeId::of::<T>();
    let found = KEPT.read().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
    found.unwrap_or_else(|| {
        let schema = schema_of::<T>().to_value();
        let made = Kept { shapes: Shapes::of(&schema), schema };
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
    let kept = kept::<T>();
    if let Some(read) = straight::read(text, &kept.shapes) {
        return Ok(read);
    }
    let clean = walk::walk(text, &kept.schema)?;
    // The schema said yes; what serde still refuses is said in its own words.
    serde_json::from_str(&clean)
        .map_err(|error| Error::invalid(vec![violation("", Code::WrongValue, error.to_string())]))
}

/// What both ways make of requests with this schema, for the test that holds one against the other: the straight way, and
/// the walk.
#[cfg(feature = "testing")]
pub fn both_ways(schema: &Value) -> impl Fn(&str) -> (Option<Value>, Option<Value>) {
    let shapes = Shapes::of(schema);
    move |text| {
        let walked = walk::walk(text, schema).ok().and_then(|clean| serde_json::from_str(&clean).ok());
        (straight::read(text, &shapes), walked)
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
