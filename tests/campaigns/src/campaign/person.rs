//! What a person at an iKKM does when the library asks for it: sets a key, and decides what the
//! device cannot tell any more.

use serde_json::{Value, json};

use crate::Result;
use crate::campaign::bench::{BUSY, Bench};
use crate::judge::Report;
use crate::runner::Runner;
use crate::shop::Next;
use crate::vendors::{Asked, ikkm};

/// States that keep the cash register from selling on.
const BLOCKING: [&str; 2] = ["sending", "in_doubt"];
/// Calls until a key that is not taken is given up: longer than a lease whose holder was killed.
const MOST_CALLS: usize = 30;

/// Whether an answer asks for a person.
pub fn is_wanted(bench: &Bench, envelope: &Value) -> bool {
    let asks = matches!(Next::after(envelope), Next::Key { .. } | Next::Verdict);
    bench.vendor.has_person && asks
}

/// Sets keys and decides until nothing is in doubt. `asked` is the receipt that was asked about.
pub async fn act(bench: &Bench, runner: &mut Runner, asked: &Asked, said: &Value) -> Result<()> {
    let _alone = bench.gate.write().await;
    let mut ids = Vec::new();
    for state in BLOCKING {
        let page = runner.call("journal", &json!({"state": state})).await?;
        let entries = page["ok"]["entries"].as_array().cloned().unwrap_or_default();
        ids.extend(
            entries.iter().filter_map(|entry| Some(entry["registration"]["receipt_id"].as_str()?.to_owned())),
        );
    }
    if ids.is_empty() {
        // Nobody knows the key, and nothing is in doubt for it.
        return told_key(bench, runner, &asked.id).await.map(drop);
    }
    for id in ids {
        let envelope = told_key(bench, runner, &id).await?;
        let open = match Report::of(&envelope) {
            Report::Unknown => true,
            Report::Registered(_) | Report::NotRegistered => false,
        };
        if open {
            decide(bench, runner, &id, &format!("{} {envelope}", said["error"]["message"])).await?;
        }
    }
    Ok(())
}

/// Sets a key on the device and tells it. With it the library may settle the receipt.
async fn told_key(bench: &Bench, runner: &mut Runner, id: &str) -> Result<Value> {
    let shown = bench.operate("rekey", json!({}))?;
    tell(runner, id, &shown["key"]).await
}

/// Tells a key until it is taken: one that the library does not know stops the cash register.
async fn tell(runner: &mut Runner, id: &str, key: &Value) -> Result<Value> {
    let mut envelope = Value::Null;
    for _ in 0..MOST_CALLS {
        envelope = runner.call("resolve", &json!({"id": id, "key": key, "mode": "probe"})).await?;
        if envelope["error"]["code"] != BUSY {
            return Ok(envelope);
        }
    }
    Err(format!("the key was not taken: {envelope}").into())
}

/// Looks at the device's receipts and gives a verdict. The new key comes first: with the old one
/// nothing can come on record any more.
async fn decide(bench: &Bench, runner: &mut Runner, id: &str, said: &str) -> Result<()> {
    let shown = bench.operate("rekey", json!({}))?;
    let documents = bench.documents_of(id)?;
    let known = runner.call("journal", &json!({"id": id})).await?;
    let verdict = json!({"id": id, "verdict": ikkm::verdict(documents.first())});
    let envelope = runner.call("resolve", &verdict).await?;
    if envelope["ok"].is_null() {
        return Err(format!("the verdict was not taken: {envelope}").into());
    }
    bench.seen(|seen| {
        seen.decided.insert(id.to_owned(), format!("{said} {} documents, {known}", documents.len()))
    });
    tell(runner, id, &shown["key"]).await.map(drop)
}
