//! What an engine can do.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::time::Instant;

use super::audit::Audit;
use super::entry::{
    BEGIN_NOTE, Begin, Conclusion, Entry, Filter, Intended, Intent, Step, begun, concluded, now_ms,
};
use super::lease::Lease;
use crate::error::Result;

/// A journal engine.
#[async_trait]
pub trait Journal: Audit + Secrets {
    /// True where the entries survive the end of the process.
    fn is_durable(&self) -> bool;

    /// False where its file was removed or replaced since it was opened.
    fn is_there(&self) -> bool {
        true
    }

    /// Closes its file until it is next needed.
    fn let_go(&self) {}

    /// Writes a copy of the whole journal, as it is at one moment, to a file that is not there yet or is empty.
    async fn back_up(&self, to: &Path) -> Result<()>;

    /// Writes an intent down unless its id is known for this register. With `begin` the first attempt begins
    /// in the same write: state `sending`, attempts 1.
    async fn intend(&self, intent: &Intent, begin: Begin<'_>) -> Result<Intended>;

    /// Writes intents down, all of them in one write or none. No attempt begins. The answers are in the order
    /// given.
    async fn intend_all(&self, intents: &[Intent]) -> Result<Vec<Intended>>;

    /// The entry of a receipt.
    async fn find(&self, register: &str, receipt_id: &str) -> Result<Option<Entry>>;

    /// Puts `new` in the place of `read`, with a note for its event and with secrets that changed with it,
    /// all in one write. Fails with `superseded` where another write came since `read` was read.
    async fn replace(
        &self,
        read: &Entry,
        new: Entry,
        secrets: &[(&'static str, SecretString)],
        note: &str,
    ) -> Result<Entry>;

    /// Begins an attempt: state `sending`, one attempt more, bound to `binding`. Fails as `replace`.
    async fn begin(&self, entry: &Entry, binding: Option<&str>) -> Result<Entry> {
        self.replace(entry, begun(entry, binding), &[], BEGIN_NOTE).await
    }

    /// Writes down what came of a step. Fails as `replace`.
    async fn conclude(&self, entry: &Entry, conclusion: &Conclusion) -> Result<Entry> {
        let new = concluded(entry, conclusion, now_ms());
        self.replace(entry, new, &conclusion.secrets, &conclusion.note).await
    }

    /// Entries of a register in the order of their arrival. Fails with `receipt_unknown` where `after` is
    /// none of them.
    async fn list(&self, register: &str, filter: &Filter) -> Result<Vec<Entry>>;

    /// The steps taken for a receipt, oldest first.
    async fn steps(&self, register: &str, receipt_id: &str) -> Result<Vec<Step>>;

    /// How many entries of a register are in each state.
    async fn counts(&self, register: &str) -> Result<BTreeMap<&'static str, u64>>;

    /// Number of the last entry of a register; 0 where it has none. It is looked for by halving: this is asked
    /// once in years.
    async fn last_number(&self, register: &str) -> Result<i64> {
        // Entries after `least` there are, after `most` none.
        let (mut least, mut most) = (-1, i64::MAX - 1);
        while most - least > 1 {
            let middle = least + (most - least) / 2;
            match self.pairs(register, middle, 1).await?.pop() {
                Some(pair) => least = middle.max(pair.number - 1),
                None => most = middle,
            }
        }
        Ok(most)
    }

    /// How many entries of a register are not final, counted up to `at_most`.
    async fn unfinished(&self, register: &str, at_most: u64) -> Result<u64>;
}

/// What workers share beside the entries: secrets that rotate, and leases.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// A secret that rotates, such as a password that the vendor made.
    async fn secret(&self, register: &str, name: &str) -> Result<Option<SecretString>>;

    /// Keeps a secret; `None` forgets it.
    async fn keep_secret(&self, register: &str, name: &str, value: Option<SecretString>) -> Result<()>;

    /// Puts `new` in the place of a secret that is still kept as `kept`; does nothing where another came since.
    async fn change_secret(
        &self,
        register: &str,
        name: &str,
        kept: &SecretString,
        new: SecretString,
    ) -> Result<()>;

    /// A text that is kept beside the secrets and is none.
    async fn note(&self, register: &str, name: &str) -> Result<Option<SecretString>> {
        self.secret(register, name).await
    }

    /// Keeps a text that is no secret.
    async fn keep_note(&self, register: &str, name: &str, value: SecretString) -> Result<()> {
        self.keep_secret(register, name, Some(value)).await
    }

    /// Waits for the right to work on `name` until `deadline`, then fails with `busy`. The first word of a
    /// name is its kind. A call that holds a lease may take another of another kind, but not a second one of
    /// the same kind: it could wait for itself.
    async fn lease(&self, name: &str, deadline: Instant) -> Result<Lease> {
        self.lease_for(name, deadline, Duration::ZERO).await
    }

    /// As `lease`, for a holder who asks `holds_for(time)` before each exchange: that stays true as long as
    /// the engine can renew the lease.
    async fn lease_for(&self, name: &str, deadline: Instant, time: Duration) -> Result<Lease>;
}
