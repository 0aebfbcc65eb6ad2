//! The journal that a restart forgets: for tests and for shops that accept this by name.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::{
    Begin, Conclusion, Entry, Filter, Intended, Intent, Journal, Lease, Step, begun, busy, concluded, now_ms,
    superseded,
};
use crate::error::Result;
use crate::registration::State;

type Key = (String, String);

#[derive(Default)]
struct Kept {
    entries: BTreeMap<Key, (Entry, Vec<Step>)>,
    secrets: HashMap<Key, SecretString>,
}

#[derive(Default)]
struct Leases {
    taken: Mutex<HashSet<String>>,
    given_back: Notify,
}

/// The engine `memory:`.
#[derive(Default)]
pub struct Memory {
    kept: Mutex<Kept>,
    leases: Arc<Leases>,
}

impl Memory {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(
        &self,
        read: &Entry,
        new: Entry,
        secrets: &[(&'static str, SecretString)],
        note: &str,
    ) -> Result<Entry> {
        let mut kept = self.kept();
        match kept.entries.get_mut(&(read.register.clone(), read.receipt_id.clone())) {
            Some((entry, steps)) if entry.attempts == read.attempts => {
                steps.push(step(&new, note));
                *entry = new.clone();
                for (name, value) in secrets {
                    kept.secrets.insert((new.register.clone(), (*name).into()), value.clone());
                }
                Ok(new)
            }
            _ => Err(superseded(read)),
        }
    }
}

fn step(entry: &Entry, note: &str) -> Step {
    Step { at_ms: entry.updated_at_ms, attempt: entry.attempts, state: entry.state, note: note.into() }
}

#[async_trait]
impl Journal for Memory {
    fn is_durable(&self) -> bool {
        false
    }

    async fn intend(&self, intent: &Intent, begin: Begin<'_>) -> Result<Intended> {
        let mut kept = self.kept();
        let key = (intent.register.clone(), intent.receipt_id.clone());
        if let Some((entry, _)) = kept.entries.get(&key) {
            return Ok(Intended::Found(entry.clone()));
        }
        let entry = Entry::from_intent(intent, begin, now_ms());
        let steps = vec![step(&entry, super::sqlite::intent_note(begin.is_some()))];
        kept.entries.insert(key, (entry.clone(), steps));
        Ok(Intended::New(entry))
    }

    async fn find(&self, register: &str, receipt_id: &str) -> Result<Option<Entry>> {
        let key = (register.to_owned(), receipt_id.to_owned());
        Ok(self.kept().entries.get(&key).map(|(entry, _)| entry.clone()))
    }

    async fn begin(&self, entry: &Entry, binding: Option<&str>) -> Result<Entry> {
        self.replace(entry, begun(entry, binding), &[], super::sqlite::BEGIN_NOTE)
    }

    async fn conclude(&self, entry: &Entry, conclusion: &Conclusion) -> Result<Entry> {
        self.replace(entry, concluded(entry, conclusion, now_ms()), &conclusion.secrets, &conclusion.note)
    }

    async fn list(&self, register: &str, filter: &Filter) -> Result<Vec<Entry>> {
        let wanted = |entry: &&Entry| {
            entry.register == register
                && filter.state.is_none_or(|state| entry.state == state)
                && !(filter.unfinished && entry.state.is_final())
                && (!filter.unsettled || matches!(entry.state, State::Sending | State::InDoubt))
                && filter.after.as_ref().is_none_or(|after| entry.receipt_id > *after)
        };
        let kept = self.kept();
        Ok(kept.entries.values().map(|(entry, _)| entry).filter(wanted).take(filter.limit).cloned().collect())
    }

    async fn steps(&self, register: &str, receipt_id: &str) -> Result<Vec<Step>> {
        let key = (register.to_owned(), receipt_id.to_owned());
        Ok(self.kept().entries.get(&key).map(|(_, steps)| steps.clone()).unwrap_or_default())
    }

    async fn counts(&self, register: &str) -> Result<BTreeMap<&'static str, u64>> {
        let mut counts = BTreeMap::new();
        for (entry, _) in self.kept().entries.values().filter(|(entry, _)| entry.register == register) {
            *counts.entry(entry.state.word()).or_default() += 1;
        }
        Ok(counts)
    }

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

    async fn lease(&self, name: &str, deadline: Instant) -> Result<Lease> {
        loop {
            let given_back = self.leases.given_back.notified();
            if self.leases.taken().insert(name.into()) {
                return Ok(Lease(Box::new(Held { name: name.into(), leases: self.leases.clone() })));
            }
            if timeout_at(deadline, given_back).await.is_err() {
                return Err(busy(name));
            }
        }
    }
}

impl Leases {
    fn taken(&self) -> MutexGuard<'_, HashSet<String>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Held {
    name: String,
    leases: Arc<Leases>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.leases.taken().remove(&self.name);
        self.leases.given_back.notify_waiters();
    }
}
