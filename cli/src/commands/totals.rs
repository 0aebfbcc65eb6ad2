//! `totals`: what is on record, added up.

use std::collections::BTreeMap;

use clap::Args;
use kassa::client::totals::{Totals as Added, TotalsRow};
use serde_json::json;

use super::list::day_of;
use crate::exit::Exit;
use crate::out::{Columns, Done, Out, Table};
use crate::till::Till;

const COLUMNS: Columns = &[
    ("DAY", false),
    ("KIND", false),
    ("RECEIPTS", true),
    ("TOTAL", true),
    ("PAYMENTS", false),
    ("VAT", false),
];
const OF_SHIFTS: Columns = &[
    ("SHIFT", false),
    ("KIND", false),
    ("RECEIPTS", true),
    ("TOTAL", true),
    ("PAYMENTS", false),
    ("VAT", false),
];

/// Which days.
#[derive(Args)]
pub struct Totals {
    /// The first day
    #[arg(long, value_name = "DAY", value_parser = day_of)]
    since: Option<String>,
    /// The last day
    #[arg(long, value_name = "DAY", value_parser = day_of)]
    until: Option<String>,
    /// What stands in a row
    #[arg(long, default_value = "day", value_parser = ["day", "shift"])]
    by: String,
}

/// Adds up.
pub async fn totals(till: &Till, out: &mut Out, which: Totals) -> Done {
    let Totals { since, until, by } = which;
    let answer = till.call("totals", &json!({ "since": since, "until": until, "by": by })).await?;
    if out.json {
        out.line(answer.0.get())?;
        return Ok(Exit::Done);
    }
    let added: Added = answer.read()?;
    let mut table = Table::new(if by == "day" { COLUMNS } else { OF_SHIFTS });
    added.rows.into_iter().for_each(|row| table.row(cells(row)));
    table.write(out)?;
    let others = added.others.iter().map(|(state, count)| format!("{count} {state}"));
    let others: Vec<String> = others.collect();
    if !others.is_empty() {
        out.line(&format!("Not in it: {}", others.join(", ")))?;
    }
    if !added.without_content.is_empty() {
        let ids = kassa::shown(&added.without_content.join(", ")).into_owned();
        out.line(&format!("On record, and the journal does not hold what it says: {ids}"))?;
    }
    Ok(Exit::Done)
}

fn cells(row: TotalsRow) -> [String; COLUMNS.len()] {
    fn joined<T>(of: &BTreeMap<String, T>, text: impl Fn(&T) -> String) -> String {
        of.iter().map(|(name, value)| format!("{name} {}", text(value))).collect::<Vec<_>>().join(", ")
    }
    [
        row.day.or(row.shift).unwrap_or_default(),
        row.kind.word().into(),
        row.receipts.to_string(),
        row.total.to_string(),
        joined(&row.payments, ToString::to_string),
        joined(&row.vat, |vat| vat.vat.to_string()),
    ]
}
