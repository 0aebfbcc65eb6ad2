//! The journal that a restart forgets: for tests and for shops that accept this by name.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout_at};

use super::audit::{Audit, Head, Pair, Pruned};
use super::chain::{Content, Link};
use super::engine::{Journal, Secrets};
use super::entry::{
    Begin, Entry, Filter, Intended, Intent, Step, busy, intent_note, is_due, now_ms, superseded,
    unknown_cursor,
};
use super::lease::Lease;
use crate::error::{Code, Error, Result};
use crate::receipt::registration::State;

type Key = (String, String);

#[derive(Default)]
struct Kept {
    /// By number, which is the order of arrival.
    entries: BTreeMap<i64, Entry>,
    numbers: HashMap<Key, i64>,
    last_number: i64,
    chains: HashMap<String, (Head, Vec<Link>)>,
    secrets: HashMap<Key, SecretString>,
}

impl Kept {
    fn find(&self, register: &str, receipt_id: &str) -> Option<&Entry> {
        let number = self.numbers.get(&(register.to_owned(), receipt_id.to_owned()))?;
        self.entries.get(number)
    }

    fn of<'a>(&'a self, register: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.values().filter(move |entry| entry.register == register)
    }

    fn links(&self, register: &str) -> &[Link] {
        self.chains.get(register).map_or(&[], |(_, links)| links)
    }

    /// Adds the event of a write to the chain.
    fn log(&mut self, entry: &Entry, note: &str) {
        let (head, links) = self.chains.entry(entry.register.clone()).or_default();
        let event = Link::of(entry, &Content::of(entry), note);
        let link = event.chained(&entry.register, head.events, &head.last_hash);
        (head.events, head.last_hash) = (link.event, link.hash.clone());
        links.push(link);
    }

    fn intend(&mut self, intent: &Intent, begin: Begin<'_>) -> Intended {
        if let Some(entry) = self.find(&intent.register, &intent.receipt_id) {
            return Intended::Found(entry.clone());
        }
        self.last_number += 1;
        let entry = Entry { number: self.last_number, ..Entry::from_intent(intent, begin, now_ms()) };
        self.log(&entry, intent_note(begin.is_some()));
        self.numbers.insert((entry.register.clone(), entry.receipt_id.clone()), entry.number);
        self.entries.insert(entry.number, entry.clone());
        Intended::New(entry)
    }
}

/// The engine `memory:`.
#[derive(Default)]
pub struct Memory {
    kept: Mutex<Kept>,
    leases: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Memory {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Journal for Memory {
    fn is_durable(&self) -> bool {
        false
    }

    async fn back_up(&self, _: &Path) -> Result<()> {
        Err(Error {
            advice: "Give the journal a file: `sqlite:PATH`.".into(),
            ..Error::new(Code::Unsupported, "the journal is in memory: nobody else can have a copy of it")
        })
    }

    async fn intend(&self, intent: &Intent, begin: Begin<'_>) -> Result<Intended> {
        Ok(self.kept().intend(intent, begin))
    }

    async fn intend_all(&self, intents: &[Intent]) -> Result<Vec<Intended>> {
        let mut kept = self.kept();
        Ok(intents.iter().map(|intent| kept.intend(intent, None)).collect())
    }

    async fn find(&self, register: &str, receipt_id: &str) -> Result<Option<Entry>> {
        Ok(self.kept().find(register, receipt_id).cloned())
    }

    async fn replace(
        &self,
        read: &Entry,
        new: Entry,
        secrets: &[(&'static str, SecretString)],
        note: &str,
    ) -> Result<Entry> {
        let mut kept = self.kept();
        let stands =
            kept.find(&read.register, &read.receipt_id).is_some_and(|now| now.revision == read.revision);
        if !stands {
            return Err(superseded(read));
        }
        kept.log(&new, note);
        kept.entries.insert(new.number, new.clone());
        for (name, value) in secrets {
            kept.secrets.insert((new.register.clone(), (*name).into()), value.clone());
        }
        Ok(new)
    }

    async fn list(&self, register: &str, filter: &Filter) -> Result<Vec<Entry>> {
        let kept = self.kept();
        let after = match &filter.after {
            Some(id) => kept.find(register, id).ok_or_else(|| unknown_cursor(id))?.number,
            None => 0,
        };
        let wanted = |entry: &&Entry| {
            filter.state.is_none_or(|state| entry.state == state)
                && filter.group.states().contains(&entry.state)
                && filter.due_before_ms.is_none_or(|time| is_due(entry, time))
                && (filter.document.is_none() || entry.vendor_document_id == filter.document)
                && (filter.basis.is_none() || entry.basis == filter.basis)
                && filter.since_ms.is_none_or(|since| entry.created_at_ms >= since)
                && filter.until_ms.is_none_or(|until| entry.created_at_ms < until)
                && entry.number > after
        };
        Ok(kept.of(register).filter(wanted).take(filter.limit).cloned().collect())
    }

    async fn steps(&self, register: &str, receipt_id: &str) -> Result<Vec<Step>> {
        let kept = self.kept();
        let step = |link: &Link| Step {
            at_ms: link.at_ms,
            attempt: u32::try_from(link.attempt).unwrap_or(u32::MAX),
            state: State::named(&link.state).unwrap_or(State::InDoubt),
            note: link.note.clone(),
            event: Some(link.event),
            content: link.content.clone(),
            hash: Some(link.hash.clone()),
        };
        Ok(kept.links(register).iter().filter(|link| link.receipt_id == receipt_id).map(step).collect())
    }

    async fn counts(&self, register: &str) -> Result<BTreeMap<&'static str, u64>> {
        let mut counts = BTreeMap::new();
        for entry in self.kept().of(register) {
            *counts.entry(entry.state.word()).or_default() += 1;
        }
        Ok(counts)
    }

    async fn unfinished(&self, register: &str, at_most: u64) -> Result<u64> {
        let kept = self.kept();
        let unfinished = kept.of(register).filter(|entry| !entry.state.is_final());
        Ok(unfinished.take(usize::try_from(at_most).unwrap_or(usize::MAX)).count() as u64)
    }
}

#[async_trait]
impl Secrets for Memory {
    async fn secret(&self, register: &str, name: &str) -> Result<Option<SecretString>> {
        Ok(self.kept().secrets.get(&(register.to_owned(), name.to_owned())).cloned())
    }

    async fn keep_secret(&self, register: &str, name: &str, value: Option<SecretString>) -> Result<()> {
        let key = (register.to_owned(), name.to_owned());
        let mut kept = self.kept();
        match value {
            Some(value) => kept.secrets.insert(key, value),
            None => kept.secrets.remove(&key),
        };
        Ok(())
    }

    async fn change_secret(
        &self,
        register: &str,
        name: &str,
        kept: &SecretString,
        new: SecretString,
    ) -> Result<()> {
        let mut all = self.kept();
        if let Some(now) = all.secrets.get_mut(&(register.to_owned(), name.to_owned()))
            && now.expose_secret() == kept.expose_secret()
        {
            *now = new;
        }
        Ok(())
    }

    async fn lease_for(&self, name: &str, deadline: Instant, _: std::time::Duration) -> Result<Lease> {
        let lease = {
            let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
            leases.retain(|_, lease| Arc::strong_count(lease) > 1);
            leases.entry(name.into()).or_default().clone()
        };
        timeout_at(deadline, lease.lock_owned()).await.map(Lease::endless).map_err(|_| busy(name))
    }
}

#[async_trait]
impl Audit for Memory {
    async fn head(&self, register: &str) -> Result<Head> {
        Ok(self.kept().chains.get(register).map(|(head, _)| head.clone()).unwrap_or_default())
    }

    async fn links(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Link>> {
        let kept = self.kept();
        let later = kept.links(register).iter().filter(|link| link.event > after);
        Ok(later.take(limit).cloned().collect())
    }

    async fn pairs(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Pair>> {
        let kept = self.kept();
        let mut last = HashMap::new();
        for link in kept.links(register) {
            last.insert(link.receipt_id.as_str(), (Some(link.event), link.content.clone()));
        }
        let pair = |entry: &Entry| Pair {
            number: entry.number,
            receipt_id: entry.receipt_id.clone(),
            content: Content::of(entry).hash(),
            last: last.get(entry.receipt_id.as_str()).cloned(),
        };
        Ok(kept.of(register).filter(|entry| entry.number > after).take(limit).map(pair).collect())
    }

    async fn stray(&self, _: &str, _: i64) -> Result<Option<(i64, String)>> {
        // Nobody but this engine can remove an entry from memory.
        Ok(None)
    }

    async fn prune(&self, register: &str, before_ms: i64, limit: usize) -> Result<Pruned> {
        let mut kept = self.kept();
        let old = |entry: &&Entry| entry.state.is_final() && entry.updated_at_ms < before_ms;
        let gone: Vec<Entry> = kept.of(register).filter(old).take(limit).cloned().collect();
        for entry in &gone {
            kept.entries.remove(&entry.number);
            kept.numbers.remove(&(entry.register.clone(), entry.receipt_id.clone()));
        }
        let left: HashSet<String> = kept.of(register).map(|entry| entry.receipt_id.clone()).collect();
        let Some((head, links)) = kept.chains.get_mut(register) else { return Ok(Pruned::default()) };
        let cut = links.iter().position(|link| left.contains(&link.receipt_id)).unwrap_or(links.len());
        if let Some(last) = links.drain(..cut).next_back() {
            (head.pruned_events, head.pruned_hash) = (last.event, last.hash);
        }
        if !gone.is_empty() {
            head.pruned_before_ms = head.pruned_before_ms.max(before_ms);
        }
        Ok(Pruned { entries: gone.len() as u64, events: cut as u64 })
    }
}
