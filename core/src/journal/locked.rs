//! A journal whose secrets are encrypted: with the keys of the configuration on their way in, and opened on their
//! way out. Everything else goes through as it is.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::audit::{Audit, Head, Pair, Pruned};
use super::chain::Link;
use super::engine::{Journal, Secrets};
use super::entry::{Begin, Entry, Filter, Intended, Intent, Step};
use super::keys::{Keys, Spot, is_closed};
use super::lease::Lease;
use crate::error::Result;

/// What is encrypted besides the secrets: what an attempt is bound to.
const BINDING: &str = "binding";
const SECRET: &str = "secret";

/// A journal with the keys of one client.
pub struct Locked {
    journal: Arc<dyn Journal>,
    keys: Keys,
}

impl Locked {
    /// The journal, read and written with these keys. Without keys secrets are kept in clear, and those that are
    /// encrypted are an error.
    pub fn new(journal: Arc<dyn Journal>, keys: Keys) -> Self {
        Self { journal, keys }
    }

    fn closed_binding(&self, register: &str, id: &str, text: Option<&str>) -> Result<Option<SecretString>> {
        let spot = Spot { register, kind: BINDING, name: id };
        let close = |text| if is_closed(text) { Ok(text.into()) } else { self.keys.close(spot, text) };
        text.map(close).transpose()
    }

    /// The entry with its binding as it was given. One that no key opens stays closed: the entry can be looked at
    /// all the same, and `Entry::bound` tells why its receipt cannot be worked on.
    fn opened(&self, entry: Entry) -> Entry {
        let spot = Spot { register: &entry.register, kind: BINDING, name: &entry.receipt_id };
        let kept = entry.binding.as_deref().map(SecretString::from);
        match kept.map(|kept| self.keys.open(spot, &kept)) {
            Some(Ok(opened)) => Entry { binding: Some(opened.text.expose_secret().into()), ..entry },
            _ => entry,
        }
    }

    fn found(&self, intended: Intended) -> Intended {
        match intended {
            Intended::New(entry) => Intended::New(self.opened(entry)),
            Intended::Found(entry) => Intended::Found(self.opened(entry)),
        }
    }

    fn closed(&self, register: &str, name: &str, value: &SecretString) -> Result<SecretString> {
        self.keys.close(Spot { register, kind: SECRET, name }, value.expose_secret())
    }
}

#[async_trait]
impl Journal for Locked {
    fn is_durable(&self) -> bool {
        self.journal.is_durable()
    }

    async fn back_up(&self, to: &Path) -> Result<()> {
        self.journal.back_up(to).await
    }

    async fn intend(&self, intent: &Intent, begin: Begin<'_>) -> Result<Intended> {
        let binding = self.closed_binding(&intent.register, &intent.receipt_id, begin.flatten())?;
        let binding = binding.as_ref().map(|binding| binding.expose_secret());
        Ok(self.found(self.journal.intend(intent, begin.map(|_| binding)).await?))
    }

    async fn intend_all(&self, intents: &[Intent]) -> Result<Vec<Intended>> {
        let intended = self.journal.intend_all(intents).await?;
        Ok(intended.into_iter().map(|intended| self.found(intended)).collect())
    }

    async fn find(&self, register: &str, receipt_id: &str) -> Result<Option<Entry>> {
        Ok(self.journal.find(register, receipt_id).await?.map(|entry| self.opened(entry)))
    }

    async fn replace(
        &self,
        read: &Entry,
        new: Entry,
        secrets: &[(&'static str, SecretString)],
        note: &str,
    ) -> Result<Entry> {
        let binding = self.closed_binding(&new.register, &new.receipt_id, new.binding.as_deref())?;
        let closed = secrets
            .iter()
            .map(|(name, value)| Ok((*name, self.closed(&new.register, name, value)?)))
            .collect::<Result<Vec<_>>>()?;
        let new = Entry { binding: binding.map(|binding| binding.expose_secret().into()), ..new };
        Ok(self.opened(self.journal.replace(read, new, &closed, note).await?))
    }

    async fn list(&self, register: &str, filter: &Filter) -> Result<Vec<Entry>> {
        let listed = self.journal.list(register, filter).await?;
        Ok(listed.into_iter().map(|entry| self.opened(entry)).collect())
    }

    async fn steps(&self, register: &str, receipt_id: &str) -> Result<Vec<Step>> {
        self.journal.steps(register, receipt_id).await
    }

    async fn counts(&self, register: &str) -> Result<BTreeMap<&'static str, u64>> {
        self.journal.counts(register).await
    }

    async fn unfinished(&self, register: &str, at_most: u64) -> Result<u64> {
        self.journal.unfinished(register, at_most).await
    }
}

#[async_trait]
impl Secrets for Locked {
    async fn secret(&self, register: &str, name: &str) -> Result<Option<SecretString>> {
        let Some(kept) = self.journal.secret(register, name).await? else { return Ok(None) };
        let opened = self.keys.open(Spot { register, kind: SECRET, name }, &kept)?;
        if !opened.is_current {
            let anew = self.closed(register, name, &opened.text)?;
            self.journal.change_secret(register, name, &kept, anew).await?;
        }
        Ok(Some(opened.text))
    }

    async fn keep_secret(&self, register: &str, name: &str, value: Option<SecretString>) -> Result<()> {
        let value = value.map(|value| self.closed(register, name, &value)).transpose()?;
        self.journal.keep_secret(register, name, value).await
    }

    async fn change_secret(
        &self,
        register: &str,
        name: &str,
        kept: &SecretString,
        new: SecretString,
    ) -> Result<()> {
        self.journal.change_secret(register, name, kept, new).await
    }

    async fn note(&self, register: &str, name: &str) -> Result<Option<SecretString>> {
        self.journal.note(register, name).await
    }

    async fn keep_note(&self, register: &str, name: &str, value: SecretString) -> Result<()> {
        self.journal.keep_note(register, name, value).await
    }

    async fn lease_for(&self, name: &str, deadline: Instant, time: Duration) -> Result<Lease> {
        self.journal.lease_for(name, deadline, time).await
    }
}

#[async_trait]
impl Audit for Locked {
    async fn head(&self, register: &str) -> Result<Head> {
        self.journal.head(register).await
    }

    async fn links(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Link>> {
        self.journal.links(register, after, limit).await
    }

    async fn pairs(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Pair>> {
        self.journal.pairs(register, after, limit).await
    }

    async fn stray(&self, register: &str, pruned_before_ms: i64) -> Result<Option<(i64, String)>> {
        self.journal.stray(register, pruned_before_ms).await
    }

    async fn prune(&self, register: &str, before_ms: i64, limit: usize) -> Result<Pruned> {
        self.journal.prune(register, before_ms, limit).await
    }
}
