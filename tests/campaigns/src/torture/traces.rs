//! The journals of torture, held against the table of transitions. A run is a process, so it counts for all.

use std::sync::atomic::{AtomicUsize, Ordering};

use kassa::Client;
use serde_json::json;

use super::bench::call;
use crate::Result;
use crate::judge::{Count, Judge};

static TRACES: AtomicUsize = AtomicUsize::new(0);
static VIOLATIONS: AtomicUsize = AtomicUsize::new(0);

/// Receipts that were held against the table in this process, and those with a step that it does not have.
pub fn so_far() -> (usize, usize) {
    (TRACES.load(Ordering::Relaxed), VIOLATIONS.load(Ordering::Relaxed))
}

/// Walks every receipt of a journal through the table, and complains of a step that it does not have.
pub async fn hold(till: &Client) -> Result<()> {
    let exported = call(till, "export", &json!({})).await?;
    if exported["ok"].is_null() {
        return Err(format!("the journal is not exported: {exported}").into());
    }
    let (mut judge, mut count) = (Judge::default(), Count::default());
    judge.trace_page(&exported["ok"]);
    judge.add_to(&mut count);
    TRACES.fetch_add(count.traces, Ordering::Relaxed);
    VIOLATIONS.fetch_add(count.trace_violations, Ordering::Relaxed);
    match judge.findings.first() {
        Some(what) => Err(what.clone().into()),
        None => Ok(()),
    }
}
