//! A request is read straight where it is right, and gone through where it is not: both ways are held against each other.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs::read_to_string;

use kassa::input::both_ways;
use kassa::table;
use serde_json::{Value, json};

const VENDORS: [&str; 4] = ["atol", "ikassa", "ikkm", "modulkassa"];

/// Most places of a request that are harmed.
const MOST_PLACES: usize = 24;

/// The schemas of requests, by vendor and operation.
fn schemas() -> BTreeMap<(String, String), Value> {
    let described: Value = serde_json::from_str(&table::describe()).unwrap();
    let mut found = BTreeMap::new();
    for row in described["operations"].as_array().unwrap() {
        let of_all = row["vendor"].is_null();
        for vendor in VENDORS.iter().filter(|vendor| of_all || row["vendor"] == **vendor) {
            found.insert(
                ((*vendor).to_owned(), row["name"].as_str().unwrap().to_owned()),
                row["request"].clone(),
            );
        }
    }
    found
}

/// The requests of the published cases that have a schema, by vendor and operation.
fn requests() -> Vec<((String, String), Value)> {
    let mut found = Vec::new();
    for vendor in VENDORS {
        let path = format!("{}/../tests/cases/{vendor}.json", env!("CARGO_MANIFEST_DIR"));
        let file: Value = serde_json::from_str(&read_to_string(path).unwrap()).unwrap();
        for case in file["cases"].as_array().unwrap() {
            for step in case["steps"].as_array().into_iter().flatten() {
                if let (Some(operation), Some(request)) = (step["operation"].as_str(), step.get("request")) {
                    found.push(((vendor.to_owned(), operation.to_owned()), request.clone()));
                }
            }
        }
    }
    found
}

/// Everything that is in a value, as pointers.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                pointers(member, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                pointers(element, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// What a place is filled with instead of what stands there.
fn harms() -> Vec<Value> {
    let long = "ж".repeat(300);
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(22),
        json!(1.5),
        json!(u64::MAX),
        json!(""),
        json!("x"),
        json!("22"),
        json!("1.005"),
        json!("-0.00"),
        json!("a\u{1}b"),
        json!("a\u{1d}b"),
        json!("a\"\\\n"),
        json!("é"),
        json!(long),
        json!([]),
        json!({}),
        json!([null]),
        json!({"0": 1}),
        json!("2026-11-23"),
        json!("order-1"),
    ]
}

/// Both ways, which must not differ where the straight one is taken. True where it is.
fn held(text: &str, ways: &impl Fn(&str) -> (Option<Value>, Option<Value>), about: &str) -> (bool, bool) {
    let (straight, walked) = ways(text);
    if let Some(read) = &straight {
        assert_eq!(Some(read), walked.as_ref(), "{about}: {text}");
    }
    (straight.is_some(), walked.is_some())
}

#[test]
fn what_is_read_straight_is_what_the_walk_makes_of_it() {
    let (schemas, mut straight, mut right, mut all) = (schemas(), 0, 0, 0);
    for (key, request) in requests() {
        let Some(ways) = schemas.get(&key).map(both_ways) else { continue };
        let mut places = Vec::new();
        pointers(&request, "", &mut places);
        // Long requests repeat themselves.
        let step = places.len().div_ceil(MOST_PLACES).max(1);
        for place in places.iter().step_by(step) {
            for harm in harms() {
                let mut harmed = request.clone();
                *harmed.pointer_mut(place).unwrap() = harm;
                let about = format!("{} {} at {place:?}", key.0, key.1);
                let (is_straight, is_right) = held(&harmed.to_string(), &ways, &about);
                straight += usize::from(is_straight);
                right += usize::from(is_right);
                all += 1;
            }
        }
        let text = request.to_string();
        for more in [r#"{"colour":1,"#, r#"{"id":"a","#, r#"{"id":"a","id":"b","#] {
            held(&text.replacen('{', more, 1), &ways, "one more member");
        }
        for text in
            [format!("{text} x"), text.replace("\":", "\" : "), format!(" {text}\n"), text[1..].to_owned()]
        {
            held(&text, &ways, "around it");
        }
    }
    assert!(all > 20_000 && right > all / 10, "{all} of which {right} are right");
    // What is left to the walk although it is right: `null`, numbers for ids, arrays of PHP.
    assert!(straight * 100 > right * 80, "{straight} of {right} right ones were read straight");
}

#[test]
fn the_requests_of_the_cases_are_read_straight() {
    let schemas = schemas();
    let (mut straight, mut walked) = (0, Vec::new());
    for (key, request) in requests() {
        let Some(ways) = schemas.get(&key).map(both_ways) else { continue };
        match held(&request.to_string(), &ways, "as it is") {
            (true, _) => straight += 1,
            (false, true) => walked.push(format!("{} {}: {request}", key.0, key.1)),
            (false, false) => {}
        }
    }
    assert!(
        walked.len() * 20 < straight,
        "{straight} straight, but {} walked:\n{}",
        walked.len(),
        walked.join("\n")
    );
}
