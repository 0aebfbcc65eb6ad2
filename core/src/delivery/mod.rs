//! Exactly once: what stands between the journal and a vendor, the same for all vendors.
//!
//! Every step is written down before it is taken or as soon as its end is known, so that the next call, in
//! whatever process, goes on from where this one stopped. `transitions.rs` is the state machine, `steps.rs`
//! drives it, `verdict.rs` says what an error means for the sale.

mod about;
pub mod backoff;
mod desk;
mod identity;
mod outbox;
mod steps;
pub mod transitions;
pub mod verdict;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::error::{Code, Error, Result};
use crate::journal::chain::{Content, hex};
use crate::journal::{Entry, Intended, Intent, Journal, Lease, SteadyTime};
use crate::receipt::registration::{Fiscal, State};
use crate::vendor::budget::Budget;
use crate::vendor::desk::Wanted;
use crate::vendor::{Context, Exclusive, Finding, Mode, Vendor};
use steps::Step;
use verdict::{Standing, verdict};

/// Tells contents apart.
pub(crate) fn fingerprint(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

/// How far a call came: the entry as it now stands, and what kept it from going on.
#[derive(Debug)]
pub struct Progress {
    /// The entry as it now stands in the journal.
    pub entry: Entry,
    /// Why it did not get further.
    pub stopped_by: Option<Error>,
}

impl Progress {
    /// What `register` gives back: the entry where it is registered or in the vendor's queue, else the error.
    pub fn verdict(self) -> Result<Entry> {
        let Self { entry, stopped_by } = self;
        match (entry.state, stopped_by) {
            (State::Failed, _) => Err(verdict::failed(entry.failure.as_ref())),
            // Accepted is as good as it gets now; that asking again failed is no news.
            (State::Registered | State::Accepted, _) | (_, None) => Ok(entry),
            (_, Some(error)) => Err(error),
        }
    }
}

/// What the turn of one of many came to.
pub enum Turn {
    /// It was worked on.
    Worked(Box<Result<Progress>>),
    /// Another worker has it.
    Held,
    /// Nothing: another worker was done with it, or there was no time for it.
    Nothing,
}

/// Delivers the documents of one cash register.
pub struct Delivery {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) vendor: Arc<dyn Vendor>,
    /// Time for a whole call.
    pub(crate) call_timeout: Duration,
    /// Time for one exchange.
    pub(crate) exchange_timeout: Duration,
    /// How long `deliver` leaves a receipt alone after its first try that came to nothing.
    pub(crate) first_pause: Duration,
    /// True once the journal knows the register as this one.
    is_known: AtomicBool,
}

impl Delivery {
    /// Delivers through `journal` to `vendor`. A whole call may take `call_timeout`; `first_pause` is how
    /// long `deliver` leaves a receipt alone after its first try that came to nothing.
    pub fn new(
        journal: Arc<dyn Journal>,
        vendor: Arc<dyn Vendor>,
        call_timeout: Duration,
        first_pause: Duration,
    ) -> Self {
        let exchange_timeout = vendor.exchange_timeout(call_timeout);
        Self {
            journal,
            vendor,
            call_timeout,
            exchange_timeout,
            first_pause,
            is_known: AtomicBool::new(false),
        }
    }

    /// The journal.
    pub fn journal(&self) -> &dyn Journal {
        &*self.journal
    }

    /// The time of a call that starts now.
    pub fn budget(&self) -> Budget {
        Budget::new(Instant::now() + self.call_timeout, self.exchange_timeout)
    }

    /// What a call with this time works with.
    pub fn context_of(&self, budget: Budget) -> Context<'_> {
        Context { secrets: &*self.journal, budget }
    }

    /// What shall be written down for a document. Call `ready` first.
    pub fn intent(&self, wanted: Wanted) -> Intent {
        Intent {
            register: self.vendor.register().into(),
            receipt_id: wanted.id,
            vendor: self.vendor.name(),
            operation: wanted.operation,
            fingerprint: fingerprint(&wanted.content),
            earlier: wanted.earlier,
            request: wanted.request,
            receipt: wanted.receipt,
            basis: wanted.basis,
            vendor_document_id: wanted.vendor_document_id,
        }
    }

    /// The error of a call about a receipt, told by what the journal has of that receipt.
    pub async fn told(&self, cause: Error, receipt_id: &str) -> Error {
        // A journal that is damaged may have lost the receipt.
        if cause.code == Code::JournalDamaged {
            return verdict(cause, Standing::NotTold);
        }
        verdict(cause, self.standing(receipt_id).await.unwrap_or(Standing::NotTold))
    }

    /// Where the journal has a receipt.
    async fn standing(&self, receipt_id: &str) -> Result<Standing> {
        let entry = match self.journal.find(self.register().await?, receipt_id).await? {
            Some(entry) if self.elsewhere(&entry).await?.is_some() => return Ok(Standing::Elsewhere),
            Some(entry) => Some(entry),
            None => self.under_another_name(receipt_id).await?,
        };
        Ok(entry.map_or(Standing::Never, |entry| Standing::At(entry.state)))
    }

    /// Writes an intent down and brings it as far as it can.
    pub async fn deliver_intent(&self, intent: &Intent, budget: Budget) -> Result<Progress> {
        let result = self.delivered(intent, budget).await;
        self.told_of(result, &intent.receipt_id).await
    }

    async fn delivered(&self, intent: &Intent, budget: Budget) -> Result<Progress> {
        self.ready().await?;
        if let Some(Progress { entry, stopped_by }) = self.left_to_a_person(&intent.receipt_id).await? {
            return Ok(Progress { entry: self.same_content(entry, intent).await?, stopped_by });
        }
        let work = async |lease: &Lease| self.delivered_with(lease, intent, budget).await;
        self.with_lease(&intent.receipt_id, budget, work).await
    }

    async fn delivered_with(&self, lease: &Lease, intent: &Intent, budget: Budget) -> Result<Progress> {
        // Where nothing is to be found out first, the attempt begins in the same synced write.
        let begins = !self.vendor.binds() && budget.for_document().is_some();
        let (entry, begun) = match self.journal.intend(intent, begins.then_some(None)).await? {
            Intended::New(entry) => (entry, begins),
            Intended::Found(entry) => (self.same_content(entry, intent).await?, false),
        };
        self.advance(entry, begun, Mode::Complete, budget, lease).await
    }

    async fn told_of(&self, result: Result<Progress>, receipt_id: &str) -> Result<Progress> {
        match result {
            Ok(Progress { entry, stopped_by }) => {
                let standing = Standing::At(entry.state);
                Ok(Progress { stopped_by: stopped_by.map(|cause| verdict(cause, standing)), entry })
            }
            Err(cause) => Err(self.told(cause, receipt_id).await),
        }
    }

    /// Writes intents down in one write; nothing is sent. The answers are in the order of the intents.
    pub async fn enqueue(&self, intents: &[Intent]) -> Vec<Result<Entry>> {
        let written = async {
            self.ready().await?;
            self.journal.intend_all(intents).await
        };
        let written = match written.await {
            Ok(written) => written,
            // Earlier calls for these receipts cannot be told from here.
            Err(error) => {
                return intents.iter().map(|_| Err(verdict(error.clone(), Standing::NotTold))).collect();
            }
        };
        let mut entries = Vec::with_capacity(intents.len());
        for (written, intent) in written.into_iter().zip(intents) {
            entries.push(match written {
                Intended::New(entry) => Ok(entry),
                Intended::Found(entry) => match self.same_content(entry, intent).await {
                    Ok(entry) => Ok(entry),
                    Err(cause) => Err(self.told(cause, &intent.receipt_id).await),
                },
            });
        }
        entries
    }

    /// Brings an entry of the journal as far as it can; before that, takes a key that a person told.
    pub async fn settle(
        &self,
        receipt_id: &str,
        key: Option<SecretString>,
        mode: Mode,
        budget: Budget,
    ) -> Result<Progress> {
        // A key that a person told is news.
        if key.is_none()
            && let Some(left) = self.left_to_a_person(receipt_id).await.transpose()
        {
            return self.told_of(left, receipt_id).await;
        }
        let work = async |lease: &Lease| {
            if mode == Mode::Complete {
                self.ready().await?;
            }
            if let Some(key) = key {
                self.vendor.learn_key(&self.context_of(budget), key).await?;
            }
            let entry = self.entry_of(receipt_id).await?;
            self.advance(entry, false, mode, budget, lease).await
        };
        let settled = self.with_lease(receipt_id, budget, work).await;
        self.told_of(settled, receipt_id).await
    }

    /// As `settle`, for one of many: waits for the lease until `patience` at most.
    pub async fn settle_if_free(&self, receipt_id: &str, patience: Instant, budget: Budget) -> Turn {
        if let Some(left) = self.left_to_a_person(receipt_id).await.transpose() {
            return Turn::Worked(Box::new(self.told_of(left, receipt_id).await));
        }
        let lease = match self.lease_of(receipt_id, budget.at_most_until(patience)).await {
            Err(error) if error.code == Code::Busy => return Turn::Held,
            lease => lease,
        };
        let settled = match lease {
            Ok(lease) => {
                let settled = self.settled_with(&lease, receipt_id, budget).await;
                self.give_back(lease).await;
                settled
            }
            Err(error) => Err(error),
        };
        match settled.transpose() {
            Some(result) => Turn::Worked(Box::new(self.told_of(result, receipt_id).await)),
            None => Turn::Nothing,
        }
    }

    /// What is left to a person is answered from the journal: it needs no lease, waits for nobody, and nothing
    /// is written of it. None where it is not left to one.
    async fn left_to_a_person(&self, receipt_id: &str) -> Result<Option<Progress>> {
        // Only what must keep an order can come so far, and those vendors are slow: one more look costs little.
        if self.vendor.exclusive() != Exclusive::Register {
            return Ok(None);
        }
        let found = self.journal.find(self.register().await?, receipt_id).await?;
        let Some(mut entry) = found.filter(|entry| self.vendor.is_left_to_a_person(entry)) else {
            return Ok(None);
        };
        if !self.vouches_for(&mut entry).await? {
            let stopped_by = Some(steps::changed_behind(&entry));
            return Ok(Some(Progress { entry, stopped_by }));
        }
        let is_left = self.vendor.is_left_to_a_person(&entry);
        Ok(is_left.then(|| Progress { stopped_by: Some(steps::for_a_person(&entry)), entry }))
    }

    /// True where only a person can say more of a receipt.
    pub async fn is_left_to_a_person(&self, receipt_id: &str) -> bool {
        matches!(self.left_to_a_person(receipt_id).await, Ok(Some(_)))
    }

    /// Brings an entry as far as it can; none where that is final already.
    async fn settled_with(
        &self,
        lease: &Lease,
        receipt_id: &str,
        budget: Budget,
    ) -> Result<Option<Progress>> {
        let entry = self.entry_of(receipt_id).await?;
        if entry.state.is_final() {
            return Ok(None);
        }
        self.advance(entry, false, Mode::Complete, budget, lease).await.map(Some)
    }

    /// The entry of a receipt of this register.
    pub async fn entry_of(&self, receipt_id: &str) -> Result<Entry> {
        let found = self.journal.find(self.register().await?, receipt_id).await?;
        found.ok_or_else(|| {
            let message = format!("the journal has no receipt {receipt_id} of this register: it was never given to it, or `prune` removed it");
            Error::new(Code::ReceiptUnknown, message)
        })
    }

    /// An entry that was found under the id of an intent, if it is of the same receipt.
    async fn same_content(&self, mut entry: Entry, intent: &Intent) -> Result<Entry> {
        // Another process may have taken the register over since it was ready.
        self.still_the_same(self.budget()).await?;
        if let Some(former) = self.elsewhere(&entry).await? {
            return Err(self.other_system(&entry, &former));
        }
        let mut earlier = intent.earlier.iter().map(|content| fingerprint(content));
        if entry.fingerprint == intent.fingerprint || earlier.any(|earlier| entry.fingerprint == earlier) {
            return self.vouched(entry).await;
        }
        if !self.vouches_for(&mut entry).await? {
            return Err(steps::changed_behind(&entry));
        }
        let message = format!(
            "the id {} was used before with other content; that receipt is `{}`",
            intent.receipt_id,
            entry.state.word()
        );
        Err(Error::new(Code::ReceiptConflict, message))
    }

    /// An entry whose content is what was written, where it is final and so given back as it stands. Others are looked at
    /// before they are worked on.
    pub async fn vouched(&self, mut entry: Entry) -> Result<Entry> {
        while entry.state.is_final() && self.journal.is_durable() {
            // By the texts as they are stored: an earlier version may have written them in another way.
            let stored = self.journal.pairs(&entry.register, entry.number - 1, 1).await?.pop();
            let is_whole = stored.is_some_and(|stored| {
                stored.number == entry.number
                    && stored.last.is_some_and(|(_, written)| written == stored.content)
            });
            if is_whole {
                break;
            }
            let now = self.entry_of(&entry.receipt_id).await?;
            if now.revision == entry.revision {
                return Err(steps::changed_behind(&entry));
            }
            entry = now;
        }
        Ok(entry)
    }

    /// Whether an entry that an earlier call left is still what was written: bytes that a disk or somebody
    /// changed are not sent, and no answer to them is believed. Where another wrote since, `entry` is
    /// what there is now. Where the journal cannot tell, nothing is known of the receipt.
    async fn vouches_for(&self, entry: &mut Entry) -> Result<bool> {
        // Nothing but this process can change what is only in its memory.
        if !self.journal.is_durable() {
            return Ok(true);
        }
        loop {
            let steps = self.journal.steps(&entry.register, &entry.receipt_id).await?;
            if steps.last().is_some_and(|step| step.content == Content::of(entry).hash()) {
                return Ok(true);
            }
            let now = self.entry_of(&entry.receipt_id).await?;
            if now.revision == entry.revision {
                return Ok(false);
            }
            *entry = now;
        }
    }

    /// Writes a person's verdict on an entry whose fate the machine cannot find out. `registered` is the
    /// fiscal data that the person read; absent where it is not on record.
    pub async fn decide(
        &self,
        receipt_id: &str,
        registered: Option<Fiscal>,
        by: &str,
        note: Option<&str>,
        budget: Budget,
    ) -> Result<Entry> {
        let work = async |lease: &Lease| {
            let mut entry = self.entry_of(receipt_id).await?;
            // What the vendor has in its queue may still come on record: it is asked once more.
            if registered.is_none() && entry.state == State::Accepted {
                let asked = self.advance(entry, false, Mode::Probe, budget, lease).await?;
                if asked.entry.state == State::Accepted && asked.stopped_by.is_none() {
                    let message =
                        format!("the vendor has {receipt_id} in its queue; it may still come on record");
                    return Err(Error::new(Code::VerdictNotWanted, message));
                }
                entry = asked.entry;
            }
            if entry.state.is_final() {
                let message = format!("{receipt_id} is `{}` already", entry.state.word());
                return Err(Error::new(Code::VerdictNotWanted, message));
            }
            if entry.state == State::Queued && registered.is_some() {
                let message = format!(
                    "{receipt_id} is `queued`: it is not on record through this library. Register it, or withdraw it \
                     with `on_record` false"
                );
                return Err(Error::new(Code::VerdictNotWanted, message));
            }
            self.conclude(&mut entry, Step::by_person(registered, by, note)).await?;
            Ok(entry)
        };
        match self.with_lease(receipt_id, budget, work).await {
            Ok(entry) => Ok(entry),
            Err(cause) => Err(self.told(cause, receipt_id).await),
        }
    }

    /// Has the vendor put a failed document back into its queue. That it is about to is written first, so that a
    /// lost answer leaves a doubt that is settled like any other.
    pub async fn put_back(&self, receipt_id: &str, budget: Budget) -> Result<Entry> {
        let work = async |lease: &Lease| {
            self.ready().await?;
            let mut entry = self.entry_of(receipt_id).await?;
            if entry.state != State::Failed {
                let message =
                    format!("{receipt_id} is `{}`; only a failed one can be put back", entry.state.word());
                return Err(Error::new(Code::NotRequeueable, message));
            }
            // Others may have taken what it gave up when it failed.
            if let Some(basis) = &entry.basis {
                let message = format!("{receipt_id} builds on {basis}: register it under a new id");
                return Err(Error::new(Code::NotRequeueable, message));
            }
            if let Some(former) = self.former_of(&entry).await? {
                let message = format!("{receipt_id} was given to {former}; only that could put it back");
                return Err(Error::new(Code::NotRequeueable, message));
            }
            if budget.for_document().is_none() {
                return Err(steps::not_begun(None));
            }
            let failure = entry.failure.clone();
            self.conclude(&mut entry, Step::put_back()).await?;
            // Why it failed is still true where nothing is sent.
            entry.failure.clone_from(&failure);
            let result = match (self.still_the_same(budget).await, failure) {
                (Ok(()), _) => self.vendor.put_back(&self.context_of(budget), &entry).await,
                (Err(_), Some(failure)) => Finding::Failed { failure, raw: entry.raw.clone() }.into(),
                (Err(error), None) => Finding::NotTaken(error).into(),
            };
            entry.doubt_since = SteadyTime::now();
            match self.learn(&mut entry, "put back", result).await? {
                stopped_by if entry.state != State::InDoubt => Ok(Progress { entry, stopped_by }),
                _ => self.advance(entry, false, Mode::Probe, budget, lease).await,
            }
        };
        let put_back = self.with_lease(receipt_id, budget, work).await;
        self.told_of(put_back, receipt_id).await?.verdict()
    }

    /// The right to work on a document, or on the register where the vendor needs order.
    async fn lease_of(&self, receipt_id: &str, budget: Budget) -> Result<Lease> {
        let register = self.register().await?;
        let name = match self.vendor.exclusive() {
            Exclusive::Document => format!("document {register} {receipt_id}"),
            Exclusive::Register => format!("register {register}"),
        };
        self.journal.lease_for(&name, budget.ends(), self.exchange_timeout).await
    }

    /// Gives a lease back, before the answer of the call goes out: a script may end right after that. The next
    /// one gets it once the cash register may be asked again; nobody waits here for that.
    async fn give_back(&self, lease: Lease) {
        lease.give_back(self.vendor.request_gap()).await;
    }

    /// Does `work` with the right to work on a document, and gives that back.
    async fn with_lease<T>(
        &self,
        receipt_id: &str,
        budget: Budget,
        work: impl AsyncFnOnce(&Lease) -> Result<T>,
    ) -> Result<T> {
        let lease = self.lease_of(receipt_id, budget).await?;
        let result = work(&lease).await;
        self.give_back(lease).await;
        result
    }
}
