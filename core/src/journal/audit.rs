//! Whether the record of a register is whole: walks its chain from end to end, then compares each entry with
//! the last event of its receipt. The walk is the same for every engine.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chain::{Hash, Link, ZERO};
use crate::error::Result;

/// Rows that are read at a time.
const PAGE: usize = 500;

/// Where the chain of a register stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Events that were ever chained.
    pub events: i64,
    /// Hash of the last one.
    pub last_hash: Vec<u8>,
    /// Events at the beginning that `prune` removed.
    pub pruned_events: i64,
    /// Hash of the last one that was removed: where the chain now begins.
    pub pruned_hash: Vec<u8>,
    /// Final entries that last changed before this time may be gone, milliseconds since 1970.
    pub pruned_before_ms: i64,
}

impl Default for Head {
    fn default() -> Self {
        let zero = ZERO.to_vec();
        Self { events: 0, last_hash: zero.clone(), pruned_events: 0, pruned_hash: zero, pruned_before_ms: 0 }
    }
}

/// An entry beside the last event of its receipt, both read at the same moment.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The entry's number.
    pub number: i64,
    /// The caller's id.
    pub receipt_id: String,
    /// Hash of the entry's content as it is stored.
    pub content: Hash,
    /// Place and content of the last event; the place is absent while it is not chained.
    pub last: Option<(Option<i64>, Vec<u8>)>,
}

/// What `prune` removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Entries.
    pub entries: u64,
    /// Events at the beginning of the chain.
    pub events: u64,
}

/// What an engine does for a check of the record.
#[async_trait]
pub trait Audit {
    /// Chains what is not chained yet, then tells where the chain stands.
    async fn head(&self, register: &str) -> Result<Head>;

    /// Events after a place, in order.
    async fn links(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Link>>;

    /// Entries after a number, in order, each with the last event of its receipt.
    async fn pairs(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Pair>>;

    /// The first chained event that is the last of a receipt without an entry, although the receipt
    /// was not final or changed at `pruned_before_ms` or later.
    async fn stray(&self, register: &str, pruned_before_ms: i64) -> Result<Option<(i64, String)>>;

    /// Removes at most `limit` final entries that last changed before a time, then the events before
    /// the first one of any entry that is left. Each of the two is one write.
    async fn prune(&self, register: &str, before_ms: i64, limit: usize) -> Result<Pruned>;
}

/// Where and why a record is not whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChainBreak {
    /// Place of the event, where it has one.
    pub event: Option<i64>,
    /// The receipt, where it can be told.
    pub receipt_id: Option<String>,
    /// What is wrong.
    pub reason: String,
}

fn broken(event: Option<i64>, receipt_id: Option<&str>, reason: impl Into<String>) -> Option<ChainBreak> {
    Some(ChainBreak { event, receipt_id: receipt_id.map(str::to_owned), reason: reason.into() })
}

/// Checks the record of a register. Gives back where its chain stands, and the first break.
pub async fn verify(journal: &(impl Audit + ?Sized), register: &str) -> Result<(Head, Option<ChainBreak>)> {
    let (head, mut found) = chain(journal, register).await?;
    if found.is_none() {
        found = entries(journal, register).await?;
    }
    if found.is_none()
        && let Some((event, id)) = journal.stray(register, head.pruned_before_ms).await?
    {
        found = broken(Some(event), Some(&id), "the entry of this receipt was removed");
    }
    Ok((head, found))
}

async fn chain(journal: &(impl Audit + ?Sized), register: &str) -> Result<(Head, Option<ChainBreak>)> {
    let mut head = journal.head(register).await?;
    let (mut at, mut hash) = (head.pruned_events, head.pruned_hash.clone());
    'walk: loop {
        let page = journal.links(register, at, PAGE).await?;
        for link in &page {
            let id = Some(link.receipt_id.as_str());
            if link.event != at + 1 {
                let now = journal.head(register).await?;
                if now.pruned_events > at {
                    (at, hash) = (now.pruned_events, now.pruned_hash.clone());
                    continue 'walk;
                }
                return Ok((head, broken(Some(at + 1), None, "the event was removed")));
            }
            if link.after(register, &hash)[..] != link.hash[..] {
                let reason = "the event was changed, inserted or moved";
                return Ok((head, broken(Some(link.event), id, reason)));
            }
            (at, hash) = (link.event, link.hash.clone());
        }
        if page.is_empty() && at < head.events && journal.head(register).await?.pruned_events <= at {
            return Ok((head, broken(Some(at + 1), None, "the events from here to the end were removed")));
        }
        let walked_all = page.is_empty();
        // Others write and prune meanwhile; the head is read after the events that it must cover.
        let now = journal.head(register).await?;
        if now.events < at {
            return Ok((now, broken(Some(at), None, "there are events beyond the end of the chain")));
        }
        if now.events == at && now.last_hash != hash {
            return Ok((now, broken(Some(at), None, "the chain does not end with this event")));
        }
        if now.pruned_events > at {
            (at, hash) = (now.pruned_events, now.pruned_hash.clone());
        } else if walked_all && now.events == at {
            return Ok((now, None));
        }
        head = now;
    }
}

async fn entries(journal: &(impl Audit + ?Sized), register: &str) -> Result<Option<ChainBreak>> {
    let mut after = i64::MIN;
    loop {
        let page = journal.pairs(register, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        after = last.number;
        for pair in &page {
            let id = Some(pair.receipt_id.as_str());
            match &pair.last {
                None => {
                    return Ok(broken(None, id, "the entry has no event: it was inserted or renamed"));
                }
                Some((event, content)) if pair.content[..] != content[..] => {
                    return Ok(broken(*event, id, "the entry does not agree with its events"));
                }
                Some(_) => {}
            }
        }
    }
}
