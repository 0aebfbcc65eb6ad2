//! Answers that are hard to read, or cannot be.

use rand::RngExt as _;
use serde_json::{Value, json};

use crate::Result;
use crate::campaign::engine::Engine;
use crate::relay::Treatment;
use crate::world::scene::Scene;
use crate::world::{Kind, as_ever, calls};

/// Deeper than any host language reads.
const DEPTH: usize = 600;
/// Names under which a vendor tells an id.
const IDS: [&str; 3] = ["uuid", "uid", "id"];

/// A name, and what is done to the body of an answer.
type Change = (&'static str, fn(&str) -> Option<String>);

/// What is done to answers; the last ones only to those that have counters.
const CHANGES: [Change; 7] = [
    ("cut", cut),
    ("nested 600 deep", nested),
    ("with a lone surrogate", with_lone_surrogate),
    ("an id that is none", foreign_id),
    ("counters with decimals", with_decimals),
    ("counters as text that is no number", with_text),
    ("counters that are null", without_counters),
];
/// How many of them are about counters, which iKassa has.
const ABOUT_COUNTERS: usize = 3;
/// How the name of a counter begins.
const COUNTER: &str = "$.";

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "unreadable",
    what: "the body of an honest answer is cut, nested 600 deep, given a lone surrogate or an id that is none; \
           iKassa's counters get decimals, are text, or null. What proves nothing is in doubt, and the journal stays readable",
    vendors: &[],
    engines: &Engine::ALL,
    config: as_ever,
    may_doubt: true,
    act: |scene| Box::pin(act(scene)),
};

async fn act(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    let changes = if scene.vendor() == "ikassa" { CHANGES.len() } else { CHANGES.len() - ABOUT_COUNTERS };
    let place = scene.random.random_range(0..changes);
    let (name, change) = CHANGES[place];
    let is_question = scene.random.random() || place >= CHANGES.len() - ABOUT_COUNTERS;
    let call = if is_question { calls::QUESTION } else { calls::DOCUMENT };
    if is_question {
        // So that there is something to be asked.
        scene.order(calls::DOCUMENT, Some(&asked), Treatment::Drop { forwarded: true })?;
        scene.step("the answer to the document will be lost");
    }
    let ticket = scene.order(call, None, Treatment::Spoil(change))?;
    scene.step(name);
    scene.register(&asked).await?;
    scene.settle(&asked).await?;
    scene.counted(ticket, &asked).await?;
    Ok(())
}

fn cut(body: &str) -> Option<String> {
    let half = body.len() / 2;
    (half > 0 && body.is_char_boundary(half)).then(|| body[..half].to_owned())
}

fn nested(body: &str) -> Option<String> {
    with_member(body, &format!(r#""nested":{}{}"#, "[".repeat(DEPTH), "]".repeat(DEPTH)))
}

fn with_lone_surrogate(body: &str) -> Option<String> {
    with_member(body, r#""note":"\ud83d""#)
}

/// A JSON object with one more member, before the others.
fn with_member(body: &str, member: &str) -> Option<String> {
    let rest = body.trim_start().strip_prefix('{')?;
    let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
    Some(format!("{{{member}{comma}{rest}"))
}

fn with_decimals(body: &str) -> Option<String> {
    with_counters(body, |number| number.as_i64().map(|whole| json!(whole as f64)))
}

fn with_text(body: &str) -> Option<String> {
    with_counters(body, |_| Some(json!("x")))
}

fn without_counters(body: &str) -> Option<String> {
    with_counters(body, |_| Some(Value::Null))
}

/// The answer with its counters changed.
fn with_counters(body: &str, change: fn(&Value) -> Option<Value>) -> Option<String> {
    let mut value: Value = serde_json::from_str(body).ok()?;
    let is_changed = walk(&mut value, &|name, found| {
        (name.starts_with(COUNTER) && found.is_number()).then(|| change(found)).flatten()
    });
    is_changed.then(|| value.to_string())
}

fn foreign_id(body: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(body).ok()?;
    let changed = walk(&mut value, &|name, found| {
        (IDS.contains(&name) && found.is_string()).then(|| json!("not-an-id"))
    });
    changed.then(|| value.to_string())
}

/// Changes members of an object, at every depth. Whether any was changed.
fn walk(value: &mut Value, change: &impl Fn(&str, &Value) -> Option<Value>) -> bool {
    let mut is_changed = false;
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match change(name, member) {
                    Some(other) => {
                        *member = other;
                        is_changed = true;
                    }
                    None => is_changed |= walk(member, change),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| is_changed |= walk(item, change)),
        _ => {}
    }
    is_changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_changed_where_there_is_something_to_change() {
        let body = r#"{"uuid":"a","n":{"$.cashin.sum":29000},"s":5}"#;
        let changed = |counter: &str| format!(r#"{{"n":{{"$.cashin.sum":{counter}}},"s":5,"uuid":"a"}}"#);
        assert_eq!(with_decimals(body), Some(changed("29000.0")));
        assert_eq!(with_text(body), Some(changed(r#""x""#)));
        assert_eq!(without_counters(body), Some(changed("null")));
        assert!(foreign_id(body).is_some_and(|changed| changed.contains("not-an-id")));
        assert!(nested(body).is_some_and(|changed| changed.contains("]],\"uuid\"")));
        assert_eq!(foreign_id("84245736"), None);
        assert_eq!(with_text("84245736"), None);
    }
}
