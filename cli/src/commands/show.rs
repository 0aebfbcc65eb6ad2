//! `show`: a receipt, with every step that was taken for it.

use kassa::client::messages::{JournalEntry, JournalPage, JournalStep};
use serde_json::json;

use super::list::moment;
use super::register;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::out::{Answer, Columns, Done, Out, Table};
use crate::till::Till;

const COLUMNS: Columns =
    &[("AT", false), ("ATTEMPT", true), ("STATE", false), ("EVENT", true), ("WHAT HAPPENED", false)];

/// What the journal knows of a receipt.
pub async fn known(till: &Till, id: &str) -> Result<Answer, Failure> {
    till.call("journal", &json!({ "id": id })).await
}

/// The entry of an answer.
pub fn entry(answer: &Answer) -> Result<(JournalEntry, Vec<JournalStep>), Failure> {
    let JournalPage { mut entries, steps, .. } = answer.read()?;
    let unknown = || kassa::Error::new(kassa::error::Code::ReceiptUnknown, "the journal has no such receipt");
    Ok((entries.pop().ok_or_else(unknown)?, steps))
}

/// Shows a receipt.
pub async fn show(till: &Till, out: &mut Out, id: &str) -> Done {
    let answer = known(till, id).await?;
    if out.json {
        out.line(answer.0.get())?;
        return Ok(Exit::Done);
    }
    let (entry, steps) = entry(&answer)?;
    head(out, &entry)?;
    let mut table = Table::new(COLUMNS);
    for step in steps {
        table.row([
            moment(&step.at),
            step.attempt.to_string(),
            step.state.word().into(),
            step.event.map_or_else(String::new, |event| event.to_string()),
            step.note,
        ]);
    }
    out.line("")?;
    table.write(out)?;
    Ok(Exit::Done)
}

/// What a receipt is and where it stands.
pub fn head(out: &mut Out, entry: &JournalEntry) -> Result<(), Failure> {
    register::show(out, &entry.registration)?;
    out.pairs(&[
        ("kind", Some(entry.kind.map_or_else(|| entry.operation.clone(), |kind| kind.word().into()))),
        ("total of the receipt", entry.total.map(|total| total.to_string())),
        ("builds on", entry.basis.clone()),
        ("attempts", Some(entry.registration.attempts.to_string())),
        ("written down", Some(moment(&entry.created_at))),
        ("last changed", Some(moment(&entry.updated_at))),
    ])
}
