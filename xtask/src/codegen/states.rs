//! The state machine for readers: `docs/states.md` and the diagram in README, from the table of transitions.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};
use kassa::delivery::transitions::{Due, TRANSITIONS, Written};
use kassa::receipt::registration::State;

use super::model::Model;
use super::{Generated, NOTICE};
use crate::root;

/// What stands around the diagram in README.
const BEGIN: &str = "```mermaid\n";
const END: &str = "```\n";

pub fn files(_: &Model) -> Result<Vec<Generated>> {
    let readme = fs::read_to_string(root().join("README.md"))?;
    let (before, rest) = readme.split_once(BEGIN).context("README.md has no diagram")?;
    let (_, after) = rest.split_once(END).context("README.md: the diagram does not end")?;
    let readme = format!("{before}{BEGIN}{}{END}{after}", diagram());
    Ok(vec![("docs/states.md", page()?), ("README.md", readme)])
}

fn page() -> Result<String> {
    let notice = NOTICE.replace("the table of operations", "`core/src/delivery/transitions.rs`");
    let mut out = format!("<!-- {notice} -->\n# States of a receipt\n\n{BEGIN}{}{END}\n", diagram());
    out += "Every step that there is. Nothing else moves an entry of the journal.\n\n";
    out += "| from | what happened | to | what is written | when `deliver` takes it up |\n|---|---|---|---|---|\n";
    for row in TRANSITIONS {
        writeln!(
            out,
            "| `{}` | {} | `{}` | {} | {} |",
            row.from.word(),
            row.event.word(),
            row.to.word(),
            written(row.written),
            due(row.due)
        )?;
    }
    Ok(out)
}

const fn written(what: Written) -> &'static str {
    match what {
        Written::Attempt => "one attempt more, and what it is bound to",
        Written::Record => "fiscal data, the vendor's id and answer",
        Written::Answer => "the vendor's id and answer",
        Written::Failure => "why, and the vendor's answer",
        Written::Evidence => "why, and what a person needs for a verdict",
        Written::Note => "why",
    }
}

const fn due(due: Due) -> &'static str {
    match due {
        Due::Never => "never: it is final",
        Due::Now => "at once",
        Due::Later => "after a pause that grows",
    }
}

/// The table as a Mermaid state diagram.
fn diagram() -> String {
    let mut lines = vec!["stateDiagram-v2".to_owned(), "    [*] --> queued: written down".to_owned()];
    for from in State::ALL {
        for to in State::ALL {
            let events: Vec<&str> = TRANSITIONS
                .iter()
                .filter(|row| row.from == *from && row.to == *to && from != to)
                .map(|row| row.event.word())
                .collect();
            if !events.is_empty() {
                let label = events.join(", ").replace(": ", " ");
                lines.push(format!("    {} --> {}: {label}", from.word(), to.word()));
            }
        }
    }
    lines.extend(State::ALL.iter().filter(|s| s.is_final()).map(|s| format!("    {} --> [*]", s.word())));
    lines.join("\n") + "\n"
}
