//! `verify`, `export`, `backup`: the journal is whole, and is kept elsewhere too.

use kassa::client::messages::{Chain, ChainEnd, JournalPage};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::arguments::File;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::out::{Done, Out};
use crate::place::NewFile;
use crate::till::Till;

/// Checks the whole record.
pub async fn verify(till: &Till, out: &mut Out) -> Done {
    let answer = till.call("journal", &json!({ "verify": true, "limit": 1 })).await?;
    let chain = answer.read::<JournalPage>()?.chain.ok_or_else(|| {
        let message = "the journal did not tell of its record";
        kassa::Error::new(kassa::error::Code::Internal, message)
    })?;
    if out.json {
        out.line(&json!(chain).to_string())?;
    } else {
        show(out, &chain)?;
    }
    Ok(if chain.broken_at.is_none() { Exit::Done } else { Exit::Differs })
}

fn show(out: &mut Out, chain: &Chain) -> Result<(), Failure> {
    let broken = chain.broken_at.as_ref();
    out.line(if broken.is_none() { "The record is whole." } else { "The record is NOT whole." })?;
    out.pairs(&[
        ("events", Some(chain.events.to_string())),
        ("removed by prune", Some(chain.pruned_events.to_string())),
        ("last hash", Some(chain.last_hash.clone())),
        ("broken at event", broken.and_then(|at| Some(at.event?.to_string()))),
        ("receipt", broken.and_then(|at| at.receipt_id.clone())),
        ("why", broken.map(|at| at.reason.clone())),
        ("what to do", broken.map(|_| "Keep the file as it is and compare with a copy.".into())),
    ])
}

#[derive(Deserialize)]
struct Page {
    entries: Vec<Box<RawValue>>,
    next: Option<String>,
    chain: ChainEnd,
}

/// Writes the journal with every step: a line a receipt, and a last one that says where the chain stands.
pub async fn export(till: &Till, out: &mut Out, to: &File) -> Done {
    let mut file = NewFile::at(&to.file, to.force)?;
    let (mut after, mut receipts) = (None, 0);
    let chain = loop {
        let page: Page = till.call("export", &json!({ "after": after })).await?.read()?;
        for entry in &page.entries {
            file.write(&format!("{}\n", entry.get()))?;
        }
        receipts += page.entries.len();
        after = page.next;
        if after.is_none() {
            break page.chain;
        }
    };
    file.write(&format!("{}\n", json!({ "chain": chain })))?;
    file.keep()?;
    out.line(&match out.json {
        true => json!({ "file": to.file, "receipts": receipts, "chain": chain }).to_string(),
        false => format!("{}: {receipts} receipts, {} events", to.file.display(), chain.events),
    })?;
    Ok(Exit::Done)
}

/// Writes a copy of the journal's file.
pub async fn backup(till: &Till, out: &mut Out, to: &File) -> Done {
    let file = NewFile::at(&to.file, to.force)?;
    till.client.back_up(file.path()).await?;
    let bytes = file.path().metadata().map_err(|error| Failure::of_file(&to.file, &error))?.len();
    file.keep()?;
    out.line(&match out.json {
        true => {
            json!({ "file": to.file, "bytes": bytes, "journal": till.client.about().journal }).to_string()
        }
        false => format!("{}: {bytes} bytes, a copy of {}", to.file.display(), till.client.about().journal),
    })?;
    Ok(Exit::Done)
}
