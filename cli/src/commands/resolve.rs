//! `resolve`: settles a receipt, by asking the vendor or by a person's verdict.

use clap::Args;
use kassa::client::messages::JournalEntry;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::register::{followed, tell};
use super::show::{entry, known};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::out::{Done, Out};
use crate::questions::secret;
use crate::terminal;
use crate::till::Till;

/// The environment variable that has the key of a cash register.
const KEY: &str = "KASSA_KEY";

/// How to settle a receipt.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("verdict").args(["on_record", "not_on_record"]))]
pub struct Resolve {
    /// The receipt's id
    id: String,
    /// Bring it on record: it is still wanted (the default)
    #[arg(long, conflicts_with_all = ["probe", "verdict"])]
    complete: bool,
    /// Only find out; nothing is sent that could make a document
    #[arg(long, conflicts_with = "verdict")]
    probe: bool,
    /// A person found out: it is on record
    #[arg(long, requires = "by")]
    on_record: bool,
    /// A person found out: it is not on record
    #[arg(long, requires = "by")]
    not_on_record: bool,
    /// Who says so; kept in the journal
    #[arg(long, value_name = "NAME", requires = "verdict")]
    by: Option<String>,
    /// Why; kept in the journal
    #[arg(long, requires = "verdict")]
    note: Option<String>,
    /// Fiscal data that the person read, such as '{"document_number": "4821"}'
    #[arg(long, value_name = "JSON", requires = "on_record", value_parser = json_of)]
    fiscal: Option<Value>,
    /// Write a verdict down without asking
    #[arg(long, requires = "verdict")]
    yes: bool,
    /// Ask for the key that a person read or set on the cash register (iKKM); or it comes in $KASSA_KEY
    #[arg(long, conflicts_with = "verdict")]
    with_key: bool,
}

fn json_of(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

/// Settles.
pub async fn resolve(till: &Till, out: &mut Out, how: Resolve) -> Done {
    if how.on_record || how.not_on_record {
        return decide(till, out, how).await;
    }
    let key = how.with_key.then(|| secret("Key of the cash register", KEY, false)).transpose()?;
    let mode = if how.probe { "probe" } else { "complete" };
    let key = key.as_ref().map(SecretString::expose_secret);
    let answer = till.call("resolve", &json!({ "id": how.id, "mode": mode, "key": key })).await?;
    tell(out, &if how.probe { answer } else { followed(till, answer).await? })
}

async fn decide(till: &Till, out: &mut Out, how: Resolve) -> Done {
    if !how.yes && !terminal::is_there() {
        return Err(Failure::usage(
            "a person's verdict is final, and there is no terminal to ask whether it is meant",
            "Give --yes, after you have looked at the cash register's own list.",
        ));
    }
    if !how.yes {
        let (entry, _) = entry(&known(till, &how.id).await?)?;
        if !terminal::confirm(&question(&entry, how.on_record))? {
            return Err(Failure::usage(
                "nothing was written down",
                "Look again, and decide when you are sure.",
            ));
        }
    }
    let verdict = json!({ "on_record": how.on_record, "by": how.by, "note": how.note, "fiscal": how.fiscal });
    tell(out, &till.call("resolve", &json!({ "id": how.id, "verdict": verdict })).await?)?;
    // It is as the person said.
    Ok(Exit::Done)
}

fn question(entry: &JournalEntry, on_record: bool) -> String {
    let of = &entry.registration;
    let what = entry.kind.map_or(&*entry.operation, |kind| kind.word());
    let sum = entry.total.map_or_else(String::new, |total| format!(" of {total}"));
    let said = if on_record { "ON RECORD" } else { "NOT ON RECORD" };
    let id = kassa::shown(&of.receipt_id).into_owned();
    format!("{id} is a {what}{sum}, `{}`. The journal will say for good that it is {said}.", of.state.word())
}
