//! Exactly once: the state machine between the journal and a vendor, the same for all vendors.
//!
//! Every step is written down before it is taken or as soon as its end is known, so that the next
//! call, in whatever process, goes on from where this one stopped. A request is sent only from the
//! state `queued`, and an entry comes back to `queued` only when the vendor itself says that the
//! document never arrived.

use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use crate::backoff;
use crate::error::{Code, Error, Kind, Outcome, Result};
use crate::journal::chain::Content;
use crate::journal::{Conclusion, Entry, Filter, Intended, Intent, Journal, Lease, now_ms};
use crate::registration::{Failure, Fiscal, State};
pub use crate::vendors::Mode;
use crate::vendors::{Context, Exclusive, Learned, Told, Vendor};

/// Most sends of one document within one call.
const MOST_SENDS: u32 = 3;

/// Earlier documents in doubt that are read at a time.
const EARLIER_PAGE: usize = 100;

/// How far a call came: the entry as it now stands, and what kept it from going on.
#[derive(Debug)]
pub struct Advanced {
    /// The entry as it now stands in the journal.
    pub entry: Entry,
    /// Why it did not get further.
    pub stopped_by: Option<Error>,
}

/// What became of one of many.
pub enum Free {
    /// It was brought as far as it could.
    Advanced(Box<Advanced>),
    /// Another worker has it.
    Taken,
    /// Another worker was done with it.
    Done,
}

/// Delivers the documents of one cash register.
pub struct Delivery {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) vendor: Arc<dyn Vendor>,
    pub(crate) exchange_timeout: Duration,
    /// How long `deliver` leaves a receipt alone after its first try that came to nothing.
    pub(crate) first_pause: Duration,
}

impl Delivery {
    /// Writes an intent down and brings it as far as it can within `deadline`.
    pub async fn deliver(&self, intent: &Intent, deadline: Instant) -> Result<Advanced> {
        let (lease, entry, begun) = match self.intended(intent, deadline).await {
            Ok(intended) => intended,
            Err(error) => return Err(self.before_sending(error, &intent.receipt_id).await),
        };
        self.in_order(entry, begun, Mode::Complete, deadline, lease).await
    }

    async fn intended(&self, intent: &Intent, deadline: Instant) -> Result<(Lease, Entry, bool)> {
        let lease = self.lease(&intent.receipt_id, deadline).await?;
        // Where nothing is to be found out first, the attempt begins in the same synced write.
        let begin = (!self.vendor.binds()).then_some(None);
        Ok(match self.journal.intend(intent, begin).await? {
            Intended::New(entry) => (lease, entry, begin.is_some()),
            Intended::Found(entry) => (lease, self.same_content(entry, intent).await?, false),
        })
    }

    /// An error before this call sent anything, with the truth about earlier calls for the receipt:
    /// one of them may have brought it on record.
    pub async fn before_sending(&self, error: Error, receipt_id: &str) -> Error {
        let about_content = matches!(error.kind(), Kind::Conflict | Kind::Invalid);
        if about_content || error.outcome != Outcome::NotRegistered {
            return error;
        }
        let found = self.journal.find(self.vendor.register(), receipt_id).await;
        match found.map(|entry| entry.map(|entry| entry.state)) {
            Ok(Some(State::Registered)) => error.with_outcome(Outcome::Registered),
            Ok(Some(State::Sending | State::InDoubt | State::Accepted)) => {
                error.with_outcome(Outcome::Unknown)
            }
            Ok(None | Some(State::Queued | State::Failed)) => error,
            Err(_) => {
                let message = format!(
                    "{}; this call sent nothing, and whether an earlier one did cannot be told without the journal",
                    error.message
                );
                Error { message, ..error }.with_outcome(Outcome::Unknown)
            }
        }
    }

    /// Writes intents down in one write; nothing is sent. The answers are in the order of the intents.
    pub async fn enqueue(&self, intents: &[Intent]) -> Vec<Result<Entry>> {
        let written = match self.journal.intend_all(intents).await {
            Ok(written) => written,
            // Earlier calls for these receipts cannot be told from here.
            Err(error) => {
                return intents.iter().map(|_| Err(error.clone().with_outcome(Outcome::Unknown))).collect();
            }
        };
        let mut entries = Vec::with_capacity(intents.len());
        for (written, intent) in written.into_iter().zip(intents) {
            entries.push(match written {
                Intended::New(entry) => Ok(entry),
                Intended::Found(entry) => self.same_content(entry, intent).await,
            });
        }
        entries
    }

    /// Brings an entry of the journal as far as it can within `deadline`.
    pub async fn settle(&self, receipt_id: &str, mode: Mode, deadline: Instant) -> Result<Advanced> {
        let (lease, entry) = match self.taken_up(receipt_id, deadline).await {
            Ok(taken_up) => taken_up,
            Err(error) => return Err(self.before_sending(error, receipt_id).await),
        };
        self.in_order(entry, false, mode, deadline, lease).await
    }

    async fn taken_up(&self, receipt_id: &str, deadline: Instant) -> Result<(Lease, Entry)> {
        let lease = self.lease(receipt_id, deadline).await?;
        Ok((lease, self.entry(receipt_id).await?))
    }

    /// As `settle`, for one of many: waits for the lease until `patience` at most.
    pub async fn settle_if_free(
        &self,
        receipt_id: &str,
        patience: Instant,
        deadline: Instant,
    ) -> Result<Free> {
        let lease = match self.lease(receipt_id, patience).await {
            Ok(lease) => lease,
            Err(error) if error.code == Code::Busy => return Ok(Free::Taken),
            Err(error) => return Err(self.before_sending(error, receipt_id).await),
        };
        let entry = match self.entry(receipt_id).await {
            Ok(entry) => entry,
            Err(error) => return Err(self.before_sending(error, receipt_id).await),
        };
        if entry.state.is_final() {
            self.release(lease);
            return Ok(Free::Done);
        }
        let advanced = self.in_order(entry, false, Mode::Complete, deadline, lease).await?;
        Ok(Free::Advanced(Box::new(advanced)))
    }

    /// The entry of a receipt of this register.
    pub async fn entry(&self, receipt_id: &str) -> Result<Entry> {
        let found = self.journal.find(self.vendor.register(), receipt_id).await?;
        found.ok_or_else(|| {
            let message = format!("no receipt {receipt_id} was ever given to this journal and register");
            Error::new(Code::ReceiptUnknown, message)
        })
    }

    /// An entry that was found under the id of an intent, if it is of the same receipt.
    async fn same_content(&self, mut entry: Entry, intent: &Intent) -> Result<Entry> {
        if entry.fingerprint == intent.fingerprint {
            return Ok(entry);
        }
        if !self.vouches_for(&mut entry).await? {
            return Err(changed_behind(&entry));
        }
        let message = format!(
            "the id {} was used before with other content; that receipt is `{}`",
            intent.receipt_id,
            entry.state.word()
        );
        Err(Error::new(Code::ReceiptConflict, message))
    }

    /// Whether an entry that an earlier call left is still what was written: bytes that a disk or somebody
    /// changed are not sent, and no answer to them is believed. Where another wrote since, `entry` is
    /// what there is now. Where the journal cannot tell, nothing is known of the receipt.
    async fn vouches_for(&self, entry: &mut Entry) -> Result<bool> {
        // Nothing but this process can change what is only in its memory.
        if !self.journal.is_durable() {
            return Ok(true);
        }
        let cannot_tell = |error: Error| error.with_outcome(Outcome::Unknown);
        loop {
            let steps = self.journal.steps(&entry.register, &entry.receipt_id).await.map_err(cannot_tell)?;
            if steps.last().is_some_and(|step| step.content == Content::of(entry).hash()) {
                return Ok(true);
            }
            let now = self.entry(&entry.receipt_id).await.map_err(cannot_tell)?;
            if now.revision == entry.revision {
                return Ok(false);
            }
            *entry = now;
        }
    }

    /// Writes a person's verdict on an entry whose fate the machine cannot find out.
    pub async fn decide(&self, receipt_id: &str, verdict: Conclusion, deadline: Instant) -> Result<Entry> {
        let _lease = self.lease(receipt_id, deadline).await?;
        let entry = self.entry(receipt_id).await?;
        if entry.state.is_final() {
            let message = format!("{receipt_id} is `{}` already", entry.state.word());
            return Err(Error::new(Code::VerdictNotWanted, message));
        }
        self.journal.conclude(&entry, &verdict).await
    }

    /// The right to work on a document, or on the register where the vendor needs order.
    pub async fn lease(&self, receipt_id: &str, deadline: Instant) -> Result<Lease> {
        let register = self.vendor.register();
        let name = match self.vendor.exclusive() {
            Exclusive::Document => format!("document {register} {receipt_id}"),
            Exclusive::Register => format!("register {register}"),
        };
        self.journal.lease_for(&name, deadline, self.exchange_timeout).await
    }

    /// Gives a lease back once the cash register may be asked again; nobody waits here for that.
    pub fn release(&self, lease: Lease) {
        let hold = self.vendor.hold_after();
        if !hold.is_zero() {
            tokio::spawn(async move {
                sleep(hold).await;
                drop(lease);
            });
        }
    }

    /// Takes a key that a person told, then settles the document with it.
    pub async fn settle_with_key(
        &self,
        receipt_id: &str,
        key: SecretString,
        mode: Mode,
        deadline: Instant,
    ) -> Result<Advanced> {
        let lease = self.lease(receipt_id, deadline).await?;
        self.vendor.learn_key(&self.context(deadline), key).await?;
        let entry = self.entry(receipt_id).await?;
        self.in_order(entry, false, mode, deadline, lease).await
    }

    /// Takes steps with the lease, and gives it back.
    async fn in_order(
        &self,
        entry: Entry,
        begun: bool,
        mode: Mode,
        deadline: Instant,
        lease: Lease,
    ) -> Result<Advanced> {
        let result = self.advance(entry, begun, mode, deadline, &lease).await;
        self.release(lease);
        result
    }

    /// Takes steps until the entry is final or accepted, or something is in the way.
    async fn advance(
        &self,
        mut entry: Entry,
        mut begun: bool,
        mode: Mode,
        deadline: Instant,
        lease: &Lease,
    ) -> Result<Advanced> {
        if !begun && !entry.state.is_final() && !self.vouches_for(&mut entry).await? {
            let stopped_by = Some(changed_behind(&entry));
            return Ok(Advanced { entry, stopped_by });
        }
        let mut sends = 0;
        // Why the document is in doubt, for the case that nothing better is found out.
        let mut doubt = None;
        loop {
            let stop = |entry, stopped_by| Ok(Advanced { entry, stopped_by });
            let in_time = Instant::now() < deadline;
            match entry.state {
                State::Registered | State::Failed => return stop(entry, None),
                State::Queued if mode == Mode::Probe => return stop(entry, doubt),
                State::Queued if !in_time || sends == MOST_SENDS => {
                    let why = doubt.unwrap_or_else(|| not_in_time(&entry));
                    return stop(entry, Some(why.with_outcome(Outcome::NotRegistered)));
                }
                State::Queued => match self.bound(deadline).await {
                    Ok(binding) => {
                        entry = self.journal.begin(&entry, binding.as_deref()).await?;
                        begun = true;
                    }
                    // What is said there of another document is not so of this one.
                    Err(error) => return stop(entry, Some(error.with_outcome(Outcome::NotRegistered))),
                },
                State::Sending if begun && !lease.holds_for(self.context(deadline).timeout()) => {
                    let lost = lease_lost(&entry);
                    // Where this cannot be written down, the next call settles the entry.
                    let _ = self.conclude(&mut entry, Told::NotTaken(lost.clone()).into(), "sent").await;
                    return stop(entry, Some(lost));
                }
                State::Sending if begun => {
                    begun = false;
                    sends += 1;
                    let learned = self.send(&entry, deadline).await;
                    match self.conclude(&mut entry, learned, "sent").await? {
                        Some(error) if entry.state == State::InDoubt => doubt = Some(error),
                        Some(error) => return stop(entry, Some(error)),
                        // Not on record through this attempt: the next one may be.
                        None if entry.state == State::Queued => {}
                        None => return stop(entry, None),
                    }
                }
                State::Sending => doubt = self.left_behind(&mut entry).await?,
                State::InDoubt => {
                    let wait = self.until_settled(&entry);
                    if Instant::now() + wait >= deadline {
                        let why = doubt.unwrap_or_else(|| not_in_time(&entry));
                        return stop(entry, Some(in_doubt(why)));
                    }
                    sleep(wait).await;
                    let learned = self.vendor.settle(&self.context(deadline), &entry, mode).await;
                    if let Some(error) = self.conclude(&mut entry, learned, "settled").await? {
                        return stop(entry, Some(in_doubt(error)));
                    }
                    if entry.state == State::Accepted {
                        return stop(entry, None);
                    }
                }
                State::Accepted => {
                    let learned = self.vendor.settle(&self.context(deadline), &entry, mode).await;
                    let stopped_by = self.conclude(&mut entry, learned, "settled").await?;
                    return stop(entry, stopped_by);
                }
            }
        }
    }

    /// Takes over what a process began that ended. Nobody knows when in its time it sent the document, nor
    /// by which clock it wrote: the document is given the vendor's whole time to arrive from now on.
    async fn left_behind(&self, entry: &mut Entry) -> Result<Option<Error>> {
        let message = "the process that sent it ended before it wrote down what came of it";
        self.conclude(entry, Told::Unknown(Error::new(Code::InDoubt, message)).into(), "taken over").await
    }

    /// How long the vendor's "I do not know it" is not believed yet. Where the clock went back, the
    /// whole time is waited.
    fn until_settled(&self, entry: &Entry) -> Duration {
        let settle = self.vendor.settle_after();
        let age = Duration::from_millis(u64::try_from(now_ms() - entry.updated_at_ms).unwrap_or(0));
        settle.saturating_sub(age)
    }

    /// When `deliver` may try an entry again after a step that came to nothing.
    fn due_at_ms(&self, entry: &Entry, error: &Error) -> i64 {
        let asked = error.retry_after_ms.map(Duration::from_millis);
        // A try is written down when it begins and when it ends.
        let tries = u32::try_from(entry.revision / 2).unwrap_or(u32::MAX);
        let pause = backoff::pause(self.first_pause, tries, &entry.receipt_id, asked);
        now_ms().saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX))
    }

    fn context(&self, deadline: Instant) -> Context<'_> {
        Context { journal: &*self.journal, deadline, exchange_timeout: self.exchange_timeout }
    }

    async fn send(&self, entry: &Entry, deadline: Instant) -> Learned {
        fail_point!("before_send");
        let learned = self.vendor.send(&self.context(deadline), entry).await;
        fail_point!("after_answer");
        learned
    }

    /// What a new attempt is bound to. Where the vendor needs order, nothing new begins while an
    /// earlier document of the register is in doubt: it is probed first.
    async fn bound(&self, deadline: Instant) -> Result<Option<String>> {
        if self.vendor.exclusive() == Exclusive::Register {
            let mut filter = Filter { unsettled: true, limit: EARLIER_PAGE, ..Filter::default() };
            loop {
                let page = self.journal.list(self.vendor.register(), &filter).await?;
                let Some(last) = page.last() else { break };
                filter.after = Some(last.receipt_id.clone());
                for earlier in page.into_iter().filter(|entry| !self.vendor.is_left_to_a_person(entry)) {
                    self.settle_earlier(earlier, deadline).await?;
                }
            }
        }
        self.vendor.bind(&self.context(deadline)).await
    }

    async fn settle_earlier(&self, mut earlier: Entry, deadline: Instant) -> Result<()> {
        let id = earlier.receipt_id.clone();
        if !self.vouches_for(&mut earlier).await? {
            return Err(blocked_by(&id, &changed_behind(&earlier)));
        }
        if earlier.state == State::Sending {
            self.left_behind(&mut earlier).await?;
        }
        let (wait, left) = (self.until_settled(&earlier), deadline.saturating_duration_since(Instant::now()));
        sleep(wait.min(left)).await;
        if wait > left {
            return Err(blocked_by(&id, &not_in_time(&earlier)));
        }
        let learned = self.vendor.settle(&self.context(deadline), &earlier, Mode::Probe).await;
        match self.conclude(&mut earlier, learned, "settled for a later document").await? {
            None => Ok(()),
            Some(_) if self.vendor.is_left_to_a_person(&earlier) => Ok(()),
            Some(cause) => Err(blocked_by(&id, &cause)),
        }
    }

    /// Writes down what a step told and moves the entry there. Gives back the error that the
    /// caller should see if nothing better comes.
    async fn conclude(&self, entry: &mut Entry, learned: Learned, step: &str) -> Result<Option<Error>> {
        let was_accepted = entry.state == State::Accepted;
        let mut error = None;
        let mut conclusion = Conclusion {
            state: entry.state,
            vendor_document_id: None,
            fiscal: None,
            failure: None,
            raw: None,
            secrets: learned.secrets,
            note: String::new(),
            due_at_ms: 0,
        };
        let what = match learned.told {
            Told::Registered { document_id, fiscal, raw } => {
                conclusion.vendor_document_id = document_id;
                conclusion.state = State::Registered;
                conclusion.fiscal = Some(*fiscal);
                conclusion.raw = Some(raw);
                "registered".into()
            }
            Told::Accepted { document_id, raw } => {
                conclusion.vendor_document_id = document_id;
                conclusion.state = State::Accepted;
                conclusion.raw = Some(raw);
                "accepted".into()
            }
            Told::Failed { failure, raw } => {
                conclusion.state = State::Failed;
                conclusion.raw = raw;
                let text = format!("failed: {}", failure.message);
                conclusion.failure = Some(failure);
                text
            }
            // Known to the vendor once and not any more: nothing that may be sent again.
            Told::Absent if was_accepted => {
                let message = "the vendor had accepted the document and now does not know it";
                error = Some(Error::new(Code::AnswerNotUnderstood, message).with_outcome(Outcome::Unknown));
                message.into()
            }
            Told::Absent => {
                conclusion.state = State::Queued;
                "the vendor does not know it: it never arrived".into()
            }
            Told::NotTaken(why) if entry.state == State::Sending && step == "sent" => {
                conclusion.state = State::Queued;
                let text = format!("not taken: {}", why.message);
                error = Some(why);
                text
            }
            Told::NotTaken(why) | Told::Unknown(why) => {
                if !was_accepted {
                    conclusion.state = State::InDoubt;
                }
                conclusion.raw = learned.evidence;
                let text = format!("not known: {}", why.message);
                error = Some(why.with_outcome(Outcome::Unknown));
                text
            }
        };
        if was_accepted && conclusion.state == State::Accepted {
            // Still waiting is not worth a synced write.
            entry.raw = conclusion.raw.or(entry.raw.take());
            return Ok(error);
        }
        if let (State::Queued | State::InDoubt, Some(error)) = (conclusion.state, &error) {
            conclusion.due_at_ms = self.due_at_ms(entry, error);
        }
        conclusion.note = format!("{step}: {what}");
        tracing::info!(
            target: "kassa::delivery",
            receipt = %entry.receipt_id,
            state = conclusion.state.word(),
            "{}", conclusion.note
        );
        fail_point!("before_conclude");
        let known =
            if conclusion.state == State::Registered { Outcome::Registered } else { Outcome::Unknown };
        *entry =
            self.journal.conclude(entry, &conclusion).await.map_err(|error| error.with_outcome(known))?;
        Ok(error)
    }
}

/// The state, fiscal data and failure as the error or registration that `register` gives back.
pub fn verdict(advanced: Advanced) -> Result<Entry> {
    let Advanced { entry, stopped_by } = advanced;
    match (entry.state, stopped_by) {
        (State::Registered, _) => Ok(entry),
        (State::Failed, _) => Err(failed(&entry)),
        // Accepted is as good as it gets now; that asking again failed is no news.
        (State::Accepted, _) => Ok(entry),
        (_, Some(error)) => Err(error),
        (_, None) => Ok(entry),
    }
}

fn failed(entry: &Entry) -> Error {
    let failure = entry.failure.clone().unwrap_or_else(|| Failure {
        code: Code::Refused.name().into(),
        message: "failed without a reason".into(),
        vendor: None,
    });
    let code = Code::named(&failure.code).unwrap_or(Code::Refused);
    let error = Error::new(code, failure.message);
    match failure.vendor {
        Some(fault) => error.with_vendor(fault),
        None => error,
    }
}

/// The same cause, told as what it means for the sale.
fn in_doubt(cause: Error) -> Error {
    let mut error = Error::new(Code::InDoubt, cause.message).with_outcome(Outcome::Unknown);
    error.retry_after_ms = cause.retry_after_ms;
    error.vendor = cause.vendor;
    error
}

fn blocked_by(id: &str, cause: &Error) -> Error {
    let message =
        format!("the fate of {id} is not known, and nothing new is sent before it is: {}", cause.message);
    Error::new(Code::RegisterBlocked, message)
}

fn changed_behind(entry: &Entry) -> Error {
    let message = format!(
        "what the journal holds of {} is not what was written there; nothing was sent for it now, and whether it is \
         on record from before is not known",
        entry.receipt_id
    );
    Error::new(Code::EntryDamaged, message).with_outcome(Outcome::Unknown)
}

fn lease_lost(entry: &Entry) -> Error {
    let message = format!(
        "the right to work on {} ran out before it was sent: the journal could not be reached, or this process stood \
         still; nothing was sent",
        entry.receipt_id
    );
    Error::new(Code::Busy, message)
}

fn not_in_time(entry: &Entry) -> Error {
    let message =
        format!("the time for the call ran out while {} was `{}`", entry.receipt_id, entry.state.word());
    Error::new(Code::Unreachable, message)
}

/// A conclusion that a person reached.
pub fn by_person(registered: Option<Fiscal>, by: &str, note: Option<&str>) -> Conclusion {
    let said = note.map_or_else(String::new, |note| format!(": {note}"));
    let (state, what) = match registered {
        Some(_) => (State::Registered, "registered"),
        None => (State::Failed, "not registered"),
    };
    let failure = registered.is_none().then(|| Failure {
        code: Code::WithdrawnByPerson.name().into(),
        message: format!("{by} decided that it is not on record{said}"),
        vendor: None,
    });
    Conclusion {
        state,
        vendor_document_id: None,
        fiscal: registered,
        failure,
        raw: None,
        secrets: Vec::new(),
        note: format!("verdict of {by}: {what}{said}"),
        due_at_ms: 0,
    }
}
