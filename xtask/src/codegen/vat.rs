//! The table of VAT rates for readers, in `docs/vat.md`.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};
use kassa::receipt::vat::table::{Afterwards, End, Payers, RATES, Row};

use super::Generated;
use super::model::Model;
use crate::root;

/// What stands around the table.
const BEGIN: &str = "by `cargo xtask codegen`. -->\n";
const END: &str = "<!-- End of the table. -->\n";

pub fn files(_: &Model) -> Result<Vec<Generated>> {
    let page = fs::read_to_string(root().join("docs/vat.md"))?;
    let (before, rest) = page.split_once(BEGIN).context("docs/vat.md has no table")?;
    let (_, after) = rest.split_once(END).context("docs/vat.md: the table does not end")?;
    Ok(vec![("docs/vat.md", format!("{before}{BEGIN}{}{END}{after}", table()?))])
}

fn table() -> Result<String> {
    let mut out =
        "| country | rates | in force | for whom | on a new receipt afterwards | source |\n".to_owned();
    out += "|---|---|---|---|---|---|\n";
    for row in RATES.0 {
        let rates: Vec<String> = row.rates.iter().map(|rate| format!("`{}`", rate.word())).collect();
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            row.country.name(),
            rates.join(" "),
            days(row),
            match row.payers {
                Payers::All => "all",
                Payers::Simplified => "the simplified taxation system",
            },
            row.end.map_or_else(String::new, afterwards),
            row.source
        )?;
    }
    Ok(out)
}

fn days(row: &Row) -> String {
    match (row.since, row.end) {
        (None, None) => "always".into(),
        (Some(since), None) => format!("since {since}"),
        (None, Some(end)) => format!("until {}", end.until),
        (Some(since), Some(end)) => format!("{since} to {}", end.until),
    }
}

fn afterwards(end: End) -> String {
    let until = end.tolerated_until;
    match end.afterwards {
        Afterwards::Refused => format!("a warning until {until}, then a violation"),
        Afterwards::Warned => format!("a warning (tolerated until {until})"),
    }
}
