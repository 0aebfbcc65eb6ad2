//! The same cash register: who it is at the vendor is written down at its first use, and compared before anything
//! is sent. A change is taken over once nothing of it is open, and what was recorded before stays with the one
//! that recorded it.

use std::sync::atomic::Ordering;

use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Delivery;
use crate::error::{Code, Error, Result};
use crate::journal::{Entry, Filter, Group, now_ms};
use crate::receipt::registration::Registration;
use crate::vendor::budget::Budget;
use crate::vendor::identity::{Identity, RegisterName};

/// Under this name the journal keeps, beside the secrets of a register, who it is.
const RECORD: &str = "identity";
/// Receipts that are counted for an error.
const MOST_COUNTED: u64 = 1_000;

/// Who a register is and was.
#[derive(Serialize, Deserialize)]
struct Record {
    now: Identity,
    /// Oldest first.
    #[serde(default)]
    before: Vec<Former>,
    /// Who it may become. It stands here while it is looked whether anything is open: whoever begins to send
    /// meanwhile sees it and waits for the answer.
    next: Option<Identity>,
}

/// Who a register was, and up to when.
#[derive(Serialize, Deserialize)]
struct Former {
    #[serde(flatten)]
    identity: Identity,
    /// The last entry of it.
    up_to_number: i64,
    /// Numbers of entries that were pruned may come again; what came later is not of it.
    until_ms: i64,
}

impl Record {
    fn is_plainly(&self, identity: &Identity) -> bool {
        self.now == *identity && self.next.is_none()
    }

    fn former_of(&self, entry: &Entry) -> Option<&Identity> {
        let is_of = |was: &&Former| entry.number <= was.up_to_number && entry.created_at_ms <= was.until_ms;
        self.before.iter().find(is_of).map(|was| &was.identity)
    }
}

/// What the journal calls the register with an identity.
#[derive(Serialize, Deserialize)]
struct Called {
    register: String,
    /// Nobody gave it that name, so that another derived name may give way to it.
    is_derived: bool,
}

impl Delivery {
    /// The name under which the journal has the register.
    pub async fn register(&self) -> Result<&str> {
        if let Some(name) = self.vendor.called()
            && !name.is_settled()
            && let Some(kept) = self.kept_name(name).await?
        {
            name.settle(kept);
        }
        Ok(self.vendor.register())
    }

    /// The derived name that the journal has already; `None` where it has none.
    async fn kept_name(&self, name: &RegisterName) -> Result<Option<String>> {
        for derived in name.names() {
            if self.read::<Record>(derived, RECORD).await?.is_some() || self.has_entries(derived).await? {
                return Ok(Some(derived.clone()));
            }
        }
        let called = self.called_by(&mark_of(&self.vendor.identity())).await?;
        Ok(called.filter(|called| called.is_derived).map(|called| called.register))
    }

    /// Makes sure that the register is the one that the journal knows by its name. Call it before anything is
    /// written down or sent.
    pub async fn ready(&self) -> Result<()> {
        if !self.is_known.load(Ordering::Relaxed) {
            self.identified(self.budget().ends()).await?;
            self.is_known.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The same before something is sent, once it is written down that it will be: from then on nobody can take
    /// the register over.
    pub(super) async fn still_the_same(&self, budget: Budget) -> Result<()> {
        let same = self.identified(budget.ends()).await;
        self.is_known.store(same.is_ok(), Ordering::Relaxed);
        same
    }

    async fn identified(&self, deadline: Instant) -> Result<()> {
        let ours = self.vendor.identity();
        match self.record().await? {
            Some(record) if record.is_plainly(&ours) => Ok(()),
            _ => self.introduced(ours, deadline).await,
        }
    }

    /// A first use, or a change.
    async fn introduced(&self, ours: Identity, deadline: Instant) -> Result<()> {
        let lease = self.journal.lease(&format!("identity {}", self.vendor.name()), deadline).await?;
        lease.during(self.introduced_alone(ours)).await
    }

    /// The same with the right to do it.
    async fn introduced_alone(&self, ours: Identity) -> Result<()> {
        let register = self.register().await?.to_owned();
        if let Some(name) = self.vendor.called() {
            name.settle(register.clone());
        }
        match self.record().await? {
            // Whoever wanted to take it over ended half-way.
            Some(record) if record.now == ours => {
                self.keep(&register, &Record { next: None, ..record }).await
            }
            Some(record) => {
                self.refuse_other_names(&register, &ours).await?;
                self.taken_over(&register, record, ours).await
            }
            None => {
                // A journal from before names were compared keeps its names.
                let is_new = !self.has_entries(&register).await?;
                if is_new {
                    self.refuse_other_names(&register, &ours).await?;
                }
                self.be_the_nameless_one(&register, &ours, is_new).await?;
                self.call(&register, &ours).await?;
                self.keep(&register, &Record { now: ours, before: Vec::new(), next: None }).await
            }
        }
    }

    /// Makes the register another one, unless something of it is open.
    async fn taken_over(&self, register: &str, mut record: Record, ours: Identity) -> Result<()> {
        record.next = Some(ours.clone());
        self.keep(register, &record).await?;
        // In this order: what comes later belongs to the new one.
        let (up_to_number, until_ms) = (self.journal.last_number(register).await?, now_ms());
        let open = self.journal.unfinished(register, MOST_COUNTED).await?;
        if open > 0 {
            let was = record.now.clone();
            self.keep(register, &Record { next: None, ..record }).await?;
            let filter = Filter { group: Group::Unfinished, limit: 1, ..Filter::default() };
            let one = self.journal.list(register, &filter).await?.pop();
            return Err(changed(register, &was, &ours, open, one.as_ref()));
        }
        tracing::warn!(target: "kassa::delivery", register, "was {} and is {ours} now", record.now);
        for name in self.vendor.forgets() {
            self.journal.keep_secret(register, name, None).await?;
        }
        self.call(register, &ours).await?;
        let mut before = record.before;
        before.push(Former { identity: record.now, up_to_number, until_ms });
        self.keep(register, &Record { now: ours, before, next: None }).await
    }

    /// Fails where the journal has this very register under another name: its receipts would be sent again.
    async fn refuse_other_names(&self, register: &str, ours: &Identity) -> Result<()> {
        match self.other_name(register, ours).await? {
            Some(other) => Err(renamed(register, &other, ours)),
            None => Ok(()),
        }
    }

    /// One cash register of a system may do without a name. Fails where the journal has another one: that may be this
    /// very one, with other credentials or at another address, and its receipts would be sent again.
    async fn be_the_nameless_one(&self, register: &str, ours: &Identity, is_new: bool) -> Result<()> {
        if self.vendor.called().is_none_or(|name| name.is_given()) {
            return Ok(());
        }
        let key = format!("cash register without a name at {}", ours.system);
        match self.read::<String>(self.vendor.name(), &key).await? {
            Some(first) if first == register => Ok(()),
            Some(first) if is_new && self.has_entries(&first).await? => Err(second_nameless(&first, ours)),
            Some(first) if self.has_entries(&first).await? => Ok(()),
            _ => self.write(self.vendor.name(), &key, &register).await,
        }
    }

    async fn other_name(&self, register: &str, ours: &Identity) -> Result<Option<String>> {
        for mark in self.marks(ours) {
            if let Some(called) = self.called_by(&mark).await?
                && called.register != register
            {
                return Ok(Some(called.register));
            }
        }
        Ok(None)
    }

    /// Whoever else meets this register finds its name.
    async fn call(&self, register: &str, ours: &Identity) -> Result<()> {
        let is_derived = self.vendor.called().is_none_or(|name| !name.is_given());
        for mark in self.marks(ours) {
            if self.called_by(&mark).await?.is_none() {
                let called = Called { register: register.to_owned(), is_derived };
                self.write(self.vendor.name(), &mark, &called).await?;
            }
        }
        Ok(())
    }

    fn marks(&self, ours: &Identity) -> impl Iterator<Item = String> {
        std::iter::once(mark_of(ours)).chain(self.vendor.marks())
    }

    async fn called_by(&self, mark: &str) -> Result<Option<Called>> {
        self.read(self.vendor.name(), mark).await
    }

    async fn has_entries(&self, register: &str) -> Result<bool> {
        let filter = Filter { limit: 1, ..Filter::default() };
        Ok(!self.journal.list(register, &filter).await?.is_empty())
    }

    async fn record(&self) -> Result<Option<Record>> {
        self.read(self.register().await?, RECORD).await
    }

    async fn keep(&self, register: &str, record: &Record) -> Result<()> {
        self.write(register, RECORD, record).await
    }

    async fn read<T: for<'de> Deserialize<'de>>(&self, register: &str, name: &str) -> Result<Option<T>> {
        let Some(text) = self.journal.note(register, name).await? else { return Ok(None) };
        serde_json::from_str(text.expose_secret()).map(Some).map_err(|error| {
            let message = format!("who {register} is cannot be read in the journal: {error}");
            Error::new(Code::JournalDamaged, message)
        })
    }

    async fn write<T: Serialize>(&self, register: &str, name: &str, value: &T) -> Result<()> {
        let text =
            serde_json::to_string(value).map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        self.journal.keep_note(register, name, text.into()).await
    }

    /// Who an entry was given to, where the register is another one since.
    pub(super) async fn former_of(&self, entry: &Entry) -> Result<Option<Identity>> {
        let record: Option<Record> = self.read(&entry.register, RECORD).await?;
        Ok(record.and_then(|record| record.former_of(entry).cloned()))
    }

    /// The other system that an entry was given to.
    pub(super) async fn elsewhere(&self, entry: &Entry) -> Result<Option<Identity>> {
        let Some(record) = self.read::<Record>(&entry.register, RECORD).await? else { return Ok(None) };
        let of = record.former_of(entry).unwrap_or(&record.now);
        Ok((of.system != self.vendor.identity().system).then(|| of.clone()))
    }

    /// What the journal has of a receipt, unless another system recorded it: that does not count here.
    pub async fn counted(&self, entry: &Entry) -> Result<Registration> {
        match self.elsewhere(entry).await? {
            Some(other) if entry.state.is_final() => Err(self.other_system(entry, &other)),
            _ => Ok(entry.registration()),
        }
    }

    /// The entry of a receipt under the other name that the journal has for this register.
    pub(super) async fn under_another_name(&self, receipt_id: &str) -> Result<Option<Entry>> {
        match self.other_name(self.register().await?, &self.vendor.identity()).await? {
            Some(other) => self.journal.find(&other, receipt_id).await,
            None => Ok(None),
        }
    }

    /// The error of an id that belongs to a document of another system.
    pub(super) fn other_system(&self, entry: &Entry, former: &Identity) -> Error {
        let message = format!(
            "{} is `{}` for {former}, and this is {}: what that system recorded does not count here",
            entry.receipt_id,
            entry.state.word(),
            self.vendor.identity()
        );
        Error::new(Code::OtherSystem, message)
    }
}

fn mark_of(identity: &Identity) -> String {
    format!("cash register {} {}", identity.system, identity.account)
}

fn changed(register: &str, was: &Identity, ours: &Identity, open: u64, one: Option<&Entry>) -> Error {
    let more = if open < MOST_COUNTED { "" } else { "at least " };
    let one = one.map_or_else(String::new, |entry| format!(", {} among them", entry.receipt_id));
    let message = format!(
        "the journal has {register} as {was}, and the configuration leads to {ours}, while {more}{open} receipt(s) of \
         it are not final{one}"
    );
    Error::new(Code::RegisterChanged, message)
}

fn second_nameless(first: &str, ours: &Identity) -> Error {
    let plain = first.split_once(':').map_or(first, |(_, name)| name);
    let message = format!(
        "the journal has the cash register {first}, which was given no name, and the configuration leads to {ours}: set \
         `register` to \"{plain}\" if it is the same cash register, or to a name of its own if it is another one"
    );
    Error::new(Code::RegisterChanged, message)
}

fn renamed(register: &str, other: &str, ours: &Identity) -> Error {
    let plain = other.split_once(':').map_or(other, |(_, name)| name);
    let message = format!(
        "the cash register {ours} is called {other} in this journal, and the configuration calls it {register}: set \
         `register` to \"{plain}\""
    );
    Error::new(Code::RegisterChanged, message)
}
