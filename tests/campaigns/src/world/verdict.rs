//! The end of a cell: everything is brought to its end as a shop would, then held against the ledger.

use serde_json::{Value, json};

use crate::Result;
use crate::campaign::count::Count;
use crate::judge::{Judge, Report};
use crate::vendors::{Asked, Doubt};
use crate::world::scene::{Scene, told};

/// How long one `deliver` lasts, in milliseconds.
const DELIVER_MS: u64 = 2_000;
/// Rounds before a receipt is taken to be stuck.
const ROUNDS: usize = 3;
/// A receipt of which the journal says nothing, because this kind keeps journals of its own.
const OWN_JOURNAL: &str = "damaged_journal";

/// The journal never had the receipt.
const UNKNOWN: &str = "receipt_unknown";

/// Brings every receipt to its end and judges it.
pub async fn close(scene: &mut Scene) -> Result<Count> {
    scene.quiet().await?;
    let faults = scene.bench.end_faults();
    let mut count = Count { faults, ..Count::default() };
    if scene.kind().name != OWN_JOURNAL {
        for round in 0..ROUNDS {
            // `deliver` takes up what was not sent yet.
            for asked in scene.sold().to_vec() {
                scene.listen(&asked);
            }
            let request = json!({"time_limit_ms": DELIVER_MS});
            scene.runner().await?.begin("deliver", &request).await?;
            scene.runner().await?.receive_line().await?;
            let mut is_done = true;
            for asked in scene.sold().to_vec() {
                let (entry, _) = entry(scene, &asked).await?;
                if is_open(&entry) {
                    is_done = false;
                    scene.settle(&asked).await?;
                } else if round == 0 {
                    judge(scene, &asked, &entry);
                }
            }
            if is_done {
                break;
            }
        }
        for asked in scene.sold().to_vec() {
            let (entry, steps) = entry(scene, &asked).await?;
            if entry.is_object() {
                count.receipts += 1;
                traced(scene, &asked, &entry, &steps, &mut count);
            }
            ended(scene, &asked, &entry, &mut count);
        }
    }
    scene.hold_to_what_was_said();
    Ok(count)
}

/// Walks the steps of a receipt through the table of transitions.
fn traced(scene: &mut Scene, asked: &Asked, entry: &Value, steps: &Value, count: &mut Count) {
    let mut judge = Judge::default();
    judge.trace(&entry["registration"], steps);
    judge.add_to(&mut count.found);
    for finding in judge.findings {
        scene.violate(asked, "wrong", finding);
    }
}

/// What the journal has of a receipt, and its steps.
async fn entry(scene: &mut Scene, asked: &Asked) -> Result<(Value, Value)> {
    let runner = scene.runner().await?;
    runner.begin("journal", &json!({"id": asked.id})).await?;
    let line = runner.receive_line().await?;
    let envelope = scene.read(asked, &line);
    if envelope["error"].is_object() && envelope["error"]["code"] != UNKNOWN {
        scene.violate(asked, "unreadable", format!("its entry cannot be read: {}", told(&envelope)));
    }
    Ok((envelope["ok"]["entries"][0].clone(), envelope["ok"]["steps"].clone()))
}

fn is_open(entry: &Value) -> bool {
    !matches!(entry["registration"]["state"].as_str(), Some("registered" | "failed"))
}

fn judge(scene: &mut Scene, asked: &Asked, entry: &Value) {
    let registration = &entry["registration"];
    let documents = scene.documents(asked);
    scene.judge(
        asked,
        &Report::of_state(registration),
        &documents,
        &format!("the journal says {}", state(entry)),
    );
}

/// What a receipt is in the end.
fn ended(scene: &mut Scene, asked: &Asked, entry: &Value, count: &mut Count) {
    judge(scene, asked, entry);
    let decided = scene.bench.seen(|seen| seen.decided.get(&asked.id).cloned());
    let may_fail = scene.may_fail.contains(&asked.id);
    match (entry["registration"]["state"].as_str(), decided) {
        (Some("registered"), None) => count.registered += 1,
        (Some("failed"), None) if may_fail => {}
        (_, Some(text)) => in_doubt(scene, asked, entry, &text, count),
        // A person sees why.
        (Some("accepted"), None) if !entry["registration"]["notice"].is_null() => {
            in_doubt(scene, asked, entry, &state(entry), count)
        }
        (Some("in_doubt"), None) => in_doubt(scene, asked, entry, &state(entry), count),
        _ if scene.excused.contains_key(&asked.id) => {}
        _ => {
            let found = format!("{} documents, in the end {}", scene.documents(asked).len(), state(entry));
            scene.violate(asked, "stuck", found);
        }
    }
}

fn in_doubt(scene: &mut Scene, asked: &Asked, entry: &Value, text: &str, count: &mut Count) {
    let payments = &asked.receipt["payments"];
    let doubt = Doubt { registration: &entry["registration"], text, payments, is_first_of_its_kind: false };
    let by_vendor = (scene.bench.circumstances.doubt)(&doubt);
    let is_allowed = by_vendor.is_some() || scene.kind().may_doubt || scene.may_fail.contains(&asked.id);
    if !is_allowed {
        scene.violate(asked, "stuck", format!("in doubt, and the vendor could have told: {text}"));
    }
    let reason = by_vendor.unwrap_or(scene.kind().name).to_owned();
    *count.in_doubt.entry(reason).or_default() += 1;
}

fn state(entry: &Value) -> String {
    let registration = &entry["registration"];
    let events = entry["events"].as_array().or_else(|| entry["steps"].as_array());
    let last: Vec<&str> =
        events.into_iter().flatten().rev().take(3).filter_map(|event| event["note"].as_str()).collect();
    format!(
        "{} ({})",
        registration["state"].as_str().unwrap_or("nothing"),
        last.into_iter().rev().collect::<Vec<_>>().join(" | ").chars().take(300).collect::<String>()
    )
}
