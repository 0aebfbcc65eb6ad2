//! `reconcile`: the journal against the vendor's record and the shop's orders.

use std::path::PathBuf;

use clap::Args;
use kassa::client::reconcile::{Reconciliation, Unfinished};
use serde_json::json;

use super::list::day_of;
use crate::exit::Exit;
use crate::out::{Columns, Done, Out, Table};
use crate::till::{Till, text_of};

const COLUMNS: Columns = &[("WHAT", false), ("ID", false), ("IN WORDS", false)];

/// What to compare.
#[derive(Args)]
pub struct Reconcile {
    /// The first day
    #[arg(long, value_name = "DAY", value_parser = day_of)]
    since: Option<String>,
    /// The last day
    #[arg(long, value_name = "DAY", value_parser = day_of)]
    until: Option<String>,
    /// A file with the ids that the shop expects, one a line; - for standard input
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// Look at the journal alone
    #[arg(long)]
    no_vendor: bool,
}

/// Compares.
pub async fn reconcile(till: &Till, out: &mut Out, what: Reconcile) -> Done {
    let ids = what.ids.as_deref().map(text_of).transpose()?.unwrap_or_default();
    let ids: Vec<&str> = ids.lines().map(str::trim).filter(|id| !id.is_empty()).collect();
    let request = json!({ "ids": ids, "since": what.since, "until": what.until, "vendor": !what.no_vendor });
    let answer = till.call("reconcile", &request).await?;
    let found: Reconciliation = answer.read()?;
    if out.json {
        out.line(answer.0.get())?;
    } else {
        show(out, &found)?;
    }
    Ok(match (found.differences.is_empty() && found.missing.is_empty(), found.unsettled.is_empty()) {
        (false, _) => Exit::Differs,
        (true, false) => Exit::Later,
        (true, true) => Exit::Done,
    })
}

fn show(out: &mut Out, found: &Reconciliation) -> Result<(), crate::failure::Failure> {
    let mut table = Table::new(COLUMNS);
    for id in &found.missing {
        table.row(["missing".into(), id.clone(), "the journal has no such receipt".into()]);
    }
    for difference in &found.differences {
        let id = difference.receipt_id.clone().unwrap_or_default();
        table.row([difference.kind.word().into(), id, difference.message.clone()]);
    }
    for Unfinished { receipt_id, state, message } in found.unsettled.iter().chain(&found.failed) {
        table.row([state.word().into(), receipt_id.clone(), message.clone().unwrap_or_default()]);
    }
    for why in &found.not_compared {
        table.row(["not compared".into(), String::new(), why.clone()]);
    }
    table.write(out)?;
    out.line(&format!(
        "{} on record, {} not settled, {} failed, {} missing; {} compared with the vendor, {} differences",
        found.registered,
        found.unsettled.len(),
        found.failed.len(),
        found.missing.len(),
        found.compared,
        found.differences.len()
    ))
}
