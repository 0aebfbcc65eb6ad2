//! `list`: the journal, page by page.

use clap::Args;
use clap::builder::PossibleValuesParser;
use kassa::client::messages::JournalEntry;
use kassa::receipt::Kind;
use kassa::receipt::registration::State;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, Duration, OffsetDateTime};

use crate::exit::Exit;
use crate::out::{Columns, Done, Out, Table, read};
use crate::till::Till;

const COLUMNS: Columns = &[
    ("ID", false),
    ("STATE", false),
    ("KIND", false),
    ("TOTAL", true),
    ("DOCUMENT", false),
    ("WRITTEN DOWN", false),
    ("WHY", false),
];
/// Entries of a page.
const PAGE: u64 = 1_000;

/// Which receipts.
#[derive(Args)]
pub struct List {
    /// Only this state
    #[arg(long, value_parser = PossibleValuesParser::new(State::ALL.iter().map(|state| state.word())))]
    state: Option<String>,
    /// Only this kind
    #[arg(long, value_parser = PossibleValuesParser::new(Kind::ALL.iter().map(|kind| kind.word())))]
    kind: Option<String>,
    /// Only this total
    #[arg(long)]
    total: Option<String>,
    /// Only what was written down at this time or later: 2026-11-23, or 2026-11-23T10:11:12+03:00. Days are of UTC
    #[arg(long, value_parser = since)]
    since: Option<String>,
    /// Only what was written down before this time, or until the end of this day
    #[arg(long, value_parser = until)]
    until: Option<String>,
    /// Only what builds on the receipt with this id: its refunds, its settlement, its corrections
    #[arg(long, value_name = "ID")]
    basis: Option<String>,
    /// At most so many
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

#[derive(Deserialize)]
struct Page {
    entries: Vec<Box<RawValue>>,
    next: Option<String>,
}

/// Lists.
pub async fn list(till: &Till, out: &mut Out, which: List) -> Done {
    let List { state, kind, total, since, until, basis, limit } = which;
    let mut left = limit.unwrap_or(u64::MAX);
    let (mut after, mut table) = (None, Table::new(COLUMNS));
    loop {
        let query = json!({
            "state": state, "kind": kind, "total": total, "since": since, "until": until, "basis": basis,
            "after": after, "limit": left.min(PAGE),
        });
        let page: Page = till.call("journal", &query).await?.read()?;
        left -= page.entries.len() as u64;
        for entry in page.entries {
            match out.json {
                true => out.line(entry.get())?,
                false => table.row(cells(&read(&entry)?)),
            }
        }
        table.write(out)?;
        if page.next.is_none() || left == 0 || out.is_closed() {
            return Ok(Exit::Done);
        }
        after = page.next;
    }
}

fn cells(entry: &JournalEntry) -> [String; COLUMNS.len()] {
    let of = &entry.registration;
    let failure = of.failure.as_ref().map(|failure| failure.message.clone());
    [
        of.receipt_id.clone(),
        of.state.word().into(),
        entry.kind.map_or_else(|| entry.operation.clone(), |kind| kind.word().into()),
        entry.total.map_or_else(String::new, |total| total.to_string()),
        of.fiscal.clone().and_then(|fiscal| fiscal.document_number).unwrap_or_default(),
        moment(&entry.created_at),
        failure.or_else(|| of.notice.clone()).unwrap_or_default(),
    ]
}

/// A time to the second.
pub fn moment(text: &str) -> String {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok();
    let time = time.and_then(|time| time.replace_nanosecond(0).ok()?.format(&Rfc3339).ok());
    time.unwrap_or_else(|| text.into())
}

fn day(text: &str) -> Option<Date> {
    Date::parse(text, &Iso8601::DATE).ok().filter(|_| text.len() == 10)
}

/// A day, as totals and reconciliations take it.
pub fn day_of(text: &str) -> Result<String, String> {
    day(text).map(|_| text.to_owned()).ok_or_else(|| "must be a day such as 2026-11-23".into())
}

fn since(text: &str) -> Result<String, String> {
    time_of(text, Duration::ZERO)
}

fn until(text: &str) -> Result<String, String> {
    time_of(text, Duration::DAY)
}

fn time_of(text: &str, of_day: Duration) -> Result<String, String> {
    let time = match day(text) {
        Some(day) => day.midnight().assume_utc().checked_add(of_day),
        None => OffsetDateTime::parse(text, &Rfc3339).ok(),
    };
    let time = time.and_then(|time| time.format(&Rfc3339).ok());
    time.ok_or_else(|| "must be a day such as 2026-11-23, or a time such as 2026-11-23T10:11:12+03:00".into())
}
