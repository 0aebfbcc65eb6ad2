//! Drives the state machine: takes the steps of the table, and writes each down.

use std::time::Duration;

use fail::fail_point;
use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use super::about::{Believed, believed};
use super::transitions::{Due, Event, Next, Transition, Written, after, next};
use super::{Delivery, Progress, backoff};
use crate::error::{Code, Error, Outcome, Result};
use crate::journal::{Conclusion, Entry, Filter, Group, Lease, SteadyTime, now_ms};
use crate::receipt::registration::{Failure, Fiscal, Raw, State};
use crate::text::shown;
use crate::vendor::budget::Budget;
use crate::vendor::{Exclusive, Finding, Mode, StepResult};

/// A named step at which a test can stop the process (feature `failpoints`): of whatever receipt by its
/// name, of one receipt by `NAME of ID`.
macro_rules! step {
    ($name:literal, $entry:expr) => {
        fail_point!($name);
        fail_point!(&format!("{} of {}", $name, $entry.receipt_id));
    };
}

/// Most sends of one document within one call.
const MOST_SENDS: u32 = 3;

/// Earlier documents in doubt that are read at a time.
const EARLIER_PAGE: usize = 100;

/// A step that was taken: what happened, and everything that came with it.
pub struct Step {
    event: Event,
    /// What the step was, for the journal.
    name: String,
    /// Behind the event, for the journal.
    detail: Option<String>,
    document_id: Option<String>,
    fiscal: Option<Fiscal>,
    failure: Option<Failure>,
    /// What a person should know of it.
    notice: Option<String>,
    raw: Option<Raw>,
    secrets: Vec<(&'static str, SecretString)>,
    /// What the caller should see if nothing better comes.
    error: Option<Error>,
}

impl Step {
    fn of(name: &str, event: Event) -> Self {
        Self {
            event,
            name: name.into(),
            detail: None,
            document_id: None,
            fiscal: None,
            failure: None,
            notice: None,
            raw: None,
            secrets: Vec::new(),
            error: None,
        }
    }

    /// A step with the vendor. `name` is what it was.
    pub fn with_vendor(name: &str, believed: Believed) -> Self {
        let Believed { result: StepResult { finding, secrets, evidence, .. }, notice } = believed;
        let step = |event| Self { secrets, notice, ..Self::of(name, event) };
        let failed_for = |step: Self, why: Error| Self {
            detail: Some(why.message.clone()),
            notice: Some(why.message.clone()),
            raw: evidence,
            error: Some(why),
            ..step
        };
        match finding {
            Finding::Registered { document_id, fiscal, raw } => {
                Self { document_id, fiscal: Some(*fiscal), raw: Some(raw), ..step(Event::Registered) }
            }
            Finding::Accepted { document_id, raw } => {
                Self { document_id, raw: Some(raw), ..step(Event::Accepted) }
            }
            Finding::Failed { failure, raw } => {
                let detail = Some(failure.message.clone());
                Self { detail, failure: Some(failure), raw, ..step(Event::Failed) }
            }
            Finding::Absent => step(Event::Absent),
            Finding::NotTaken(why) => failed_for(step(Event::NotTaken), why),
            Finding::Unknown(why) => failed_for(step(Event::NotKnown), why),
        }
    }

    fn abandoned() -> Self {
        let message = "the process that sent it ended before it wrote down what came of it";
        let error = Some(Error::new(Code::InDoubt, message));
        Self { error, ..Self::of("taken over", Event::Abandoned) }
    }

    /// A verdict of a person.
    pub fn by_person(registered: Option<Fiscal>, by: &str, note: Option<&str>) -> Self {
        let said = note.map_or_else(String::new, |note| format!(": {note}"));
        let event = if registered.is_some() { Event::FoundOnRecord } else { Event::FoundMissing };
        let failure = registered.is_none().then(|| Failure {
            code: Code::WithdrawnByPerson.name().into(),
            message: format!("{by} decided that it is not on record{said}"),
            vendor: None,
        });
        let detail = note.map(str::to_owned);
        Self { detail, fiscal: registered, failure, ..Self::of(by, event) }
    }

    /// A failed document is about to be put back into the vendor's queue.
    pub fn put_back() -> Self {
        Self::of("asked for by a person", Event::PutBack)
    }

    fn note(&self) -> String {
        let detail = self.detail.as_ref().map_or_else(String::new, |detail| format!(": {detail}"));
        shown(&format!("{}: {}{detail}", self.name, self.event.word())).into_owned()
    }

    /// What is written down, by the row of the table.
    fn conclusion(&mut self, row: &Transition, due_at_ms: i64) -> Conclusion {
        let (id, answer, fiscal, failure) = match row.written {
            Written::Record => (true, true, true, false),
            Written::Answer => (true, true, false, false),
            Written::Failure => (false, true, false, true),
            Written::Evidence => (false, true, false, false),
            Written::Attempt | Written::Note => (false, false, false, false),
        };
        Conclusion {
            state: row.to,
            vendor_document_id: self.document_id.take().filter(|_| id),
            fiscal: self.fiscal.take().filter(|_| fiscal),
            failure: self.failure.take().filter(|_| failure),
            notice: self.notice.take(),
            doubt_since: None,
            raw: self.raw.take().filter(|_| answer),
            secrets: std::mem::take(&mut self.secrets),
            note: self.note(),
            due_at_ms,
        }
    }
}

impl Delivery {
    /// Takes steps until the entry is final or accepted, or something is in the way.
    pub(super) async fn advance(
        &self,
        mut entry: Entry,
        mut begun: bool,
        mode: Mode,
        budget: Budget,
        lease: &Lease,
    ) -> Result<Progress> {
        if !begun && !entry.state.is_final() && !self.vouches_for(&mut entry).await? {
            let stopped_by = Some(changed_behind(&entry));
            return Ok(Progress { entry, stopped_by });
        }
        if !entry.state.is_final()
            && let Err(error) = self.still_the_same(budget).await
        {
            if begun {
                let not_taken = Finding::NotTaken(error.clone());
                let _ = self.learn(&mut entry, "not sent", not_taken.into()).await;
            }
            entry.notice = Some(error.message.clone());
            return Ok(Progress { entry, stopped_by: Some(error) });
        }
        let context = self.context_of(budget);
        let mut sends = 0;
        // The vendor asked to be left alone until then (`Retry-After`).
        let mut resume_at = Instant::now();
        // Why the document is in doubt, for the case that nothing better is found out.
        let mut doubt = None;
        loop {
            let stop = |entry, stopped_by| Ok(Progress { entry, stopped_by });
            let what = next(entry.state, begun);
            // Whoever has the right now may be at work on the same cash register.
            if !matches!(what, Next::Stop | Next::Send) && !lease.holds_for(budget.whole_exchange()) {
                let lost = lease_lost(&entry);
                return stop(entry, Some(lost));
            }
            match what {
                Next::Stop => return stop(entry, None),
                Next::Begin if mode == Mode::Probe => return stop(entry, doubt),
                Next::Begin if sends == MOST_SENDS => {
                    return stop(entry, doubt.or_else(|| Some(never_arrives())));
                }
                Next::Begin if !budget.pause_until(resume_at).await || budget.for_document().is_none() => {
                    return stop(entry, Some(not_begun(doubt)));
                }
                Next::Begin => match self.bound(budget).await {
                    // Finding out took time.
                    Ok(_) if budget.for_document().is_none() => return stop(entry, Some(not_begun(doubt))),
                    Ok(binding) => {
                        entry = self.journal.begin(&entry, binding.as_deref()).await?;
                        begun = true;
                    }
                    Err(error) => return stop(entry, Some(error)),
                },
                Next::Send if !lease.holds_for(budget.whole_exchange()) => {
                    let lost = lease_lost(&entry);
                    // Where this cannot be written down, the next call settles the entry.
                    let _ = self.learn(&mut entry, "not sent", Finding::NotTaken(lost.clone()).into()).await;
                    return stop(entry, Some(lost));
                }
                Next::Send => {
                    begun = false;
                    sends += 1;
                    step!("before_send", entry);
                    let result = self.vendor.send(&context, &entry).await;
                    step!("after_answer", entry);
                    match self.learn(&mut entry, "sent", result).await? {
                        Some(error) if entry.state == State::InDoubt => {
                            resume_at =
                                Instant::now() + Duration::from_millis(error.retry_after_ms.unwrap_or(0));
                            doubt = Some(error);
                        }
                        Some(error) => return stop(entry, Some(error)),
                        None if entry.state == State::Queued => {}
                        None => return stop(entry, None),
                    }
                }
                Next::TakeOver => doubt = self.conclude(&mut entry, Step::abandoned()).await?,
                what @ (Next::Settle | Next::Ask) => {
                    let believed_at = Instant::now() + self.until_settled(&mut entry);
                    if what == Next::Settle && !budget.pause_until(resume_at.max(believed_at)).await {
                        let why = doubt.unwrap_or_else(|| not_in_time(&entry));
                        return stop(entry, Some(why));
                    }
                    let result = self.vendor.settle(&context, &entry, mode).await;
                    let stopped_by = self.learn(&mut entry, "settled", result).await?;
                    if stopped_by.is_some() || entry.state == State::Accepted {
                        return stop(entry, stopped_by);
                    }
                }
            }
        }
    }

    /// How long the vendor's "I do not know it" is not believed yet, by a clock that nobody can set. Where it is
    /// not known since when there is a doubt, it begins now: another machine, another start of this one.
    fn until_settled(&self, entry: &mut Entry) -> Duration {
        if entry.state != State::InDoubt {
            return Duration::ZERO;
        }
        let age = entry.doubt_since.as_ref().and_then(SteadyTime::age);
        if age.is_none() {
            entry.doubt_since = SteadyTime::now();
        }
        self.vendor.settle_after().saturating_sub(age.unwrap_or_default())
    }

    /// When `deliver` may take an entry up again after a step that came to nothing.
    fn due_at_ms(&self, entry: &Entry, error: Option<&Error>) -> i64 {
        let asked = error.and_then(|error| error.retry_after_ms).map(Duration::from_millis);
        // A try is written down when it begins and when it ends.
        let tries = u32::try_from(entry.revision / 2).unwrap_or(u32::MAX);
        let pause = backoff::pause(self.first_pause, tries, &entry.receipt_id, asked);
        now_ms().saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX))
    }

    /// What a new attempt is bound to. Where the vendor needs order, nothing new begins while an
    /// earlier document of the register is in doubt: it is probed first.
    async fn bound(&self, budget: Budget) -> Result<Option<String>> {
        if self.vendor.exclusive() == Exclusive::Register {
            self.settle_all_earlier(budget).await?;
        }
        self.vendor.bind(&self.context_of(budget)).await
    }

    /// Finds out about every document of the register that is in doubt, but for what is left to a person.
    pub(super) async fn settle_all_earlier(&self, budget: Budget) -> Result<()> {
        let mut filter = Filter { group: Group::Unsettled, limit: EARLIER_PAGE, ..Filter::default() };
        loop {
            let page = self.journal.list(self.vendor.register(), &filter).await?;
            let Some(last) = page.last() else { return Ok(()) };
            filter.after = Some(last.receipt_id.clone());
            for earlier in page.into_iter().filter(|entry| !self.vendor.is_left_to_a_person(entry)) {
                self.settle_earlier(earlier, budget).await?;
            }
        }
    }

    async fn settle_earlier(&self, mut earlier: Entry, budget: Budget) -> Result<()> {
        let id = earlier.receipt_id.clone();
        if !self.vouches_for(&mut earlier).await? {
            return Err(blocked_by(&id, &changed_behind(&earlier)));
        }
        if next(earlier.state, false) == Next::TakeOver {
            self.conclude(&mut earlier, Step::abandoned()).await?;
        }
        let wait = self.until_settled(&mut earlier);
        if !budget.pause(wait).await {
            sleep(budget.left()).await;
            return Err(blocked_by(&id, &not_in_time(&earlier)));
        }
        let result = self.vendor.settle(&self.context_of(budget), &earlier, Mode::Probe).await;
        match self.learn(&mut earlier, "settled for a later document", result).await? {
            None => Ok(()),
            Some(_) if self.vendor.is_left_to_a_person(&earlier) => Ok(()),
            Some(cause) => Err(blocked_by(&id, &cause)),
        }
    }

    /// Writes down what a step with the vendor told of an entry, as far as that may be believed.
    pub(super) async fn learn(
        &self,
        entry: &mut Entry,
        name: &str,
        result: StepResult,
    ) -> Result<Option<Error>> {
        let believed = believed(self.vendor.claim(entry), result);
        self.conclude(entry, Step::with_vendor(name, believed)).await
    }

    /// Moves an entry as the table says and writes that down. Gives back the error that the caller should see
    /// if nothing better comes.
    pub(super) async fn conclude(&self, entry: &mut Entry, mut step: Step) -> Result<Option<Error>> {
        let Some(row) = after(entry.state, step.event) else {
            let message = format!("`{}` has no step \"{}\"", entry.state.word(), step.event.word());
            return Err(Error::new(Code::Internal, message));
        };
        let error = match (step.error.take(), step.event, row.to) {
            (None, Event::Absent, State::Accepted) => {
                let message = "the vendor had accepted the document and now does not know it";
                step.notice.get_or_insert_with(|| message.into());
                Some(Error::new(Code::AnswerNotUnderstood, message))
            }
            (error, ..) => error,
        };
        let still_waits = row.from == row.to && row.to == State::Accepted && step.notice == entry.notice;
        if still_waits && now_ms() < entry.due_at_ms {
            // Worth a synced write only when it moves the time of the next question.
            entry.raw = step.raw.or(entry.raw.take());
            return Ok(error);
        }
        let due_at_ms = match row.due {
            Due::Never | Due::Now => 0,
            Due::Later => self.due_at_ms(entry, error.as_ref()),
        };
        let mut conclusion = step.conclusion(row, due_at_ms);
        conclusion.doubt_since = match (row.from, row.to) {
            (State::InDoubt, State::InDoubt) => entry.doubt_since.take(),
            (_, State::InDoubt) => SteadyTime::now(),
            _ => None,
        };
        tracing::info!(
            target: "kassa::delivery",
            receipt = %entry.receipt_id,
            state = conclusion.state.word(),
            "{}", conclusion.note
        );
        step!("before_conclude", entry);
        let written = self.journal.conclude(entry, &conclusion).await;
        *entry = written.map_err(|error| match row.to {
            State::Registered => error.with_outcome(Outcome::Registered),
            _ => error,
        })?;
        Ok(error)
    }
}

fn blocked_by(id: &str, cause: &Error) -> Error {
    let message =
        format!("the fate of {id} is not known, and nothing new is sent before it is: {}", cause.message);
    Error::new(Code::RegisterBlocked, message)
}

/// What the journal holds of an entry is not what was written.
pub(super) fn changed_behind(entry: &Entry) -> Error {
    let message = format!(
        "what the journal holds of {} is not what was written there; nothing was sent for it now, and whether it is \
         on record from before is not known",
        entry.receipt_id
    );
    Error::new(Code::EntryDamaged, message)
}

/// The vendor has told all that it can of an entry.
pub(super) fn for_a_person(entry: &Entry) -> Error {
    let why = entry.notice.as_deref().unwrap_or("the vendor has told all that it can");
    let message = format!(
        "whether {} is on record only a person can tell ({why}): look at the cash register's own list and give \
         `resolve` a verdict",
        entry.receipt_id
    );
    Error::new(Code::InDoubt, message)
}

fn lease_lost(entry: &Entry) -> Error {
    let message = format!(
        "the right to work on {} ran out: the journal could not be reached, this process stood still, or the \
         folder of its locks was removed; nothing was sent since",
        entry.receipt_id
    );
    Error::new(Code::Busy, message)
}

fn never_arrives() -> Error {
    let message = format!("it was sent {MOST_SENDS} times within this call, and the vendor had none of them");
    Error::new(Code::NotTaken, message)
}

/// There is no time for an attempt. `before` is what an attempt of this call came to, that never arrived.
pub(super) fn not_begun(before: Option<Error>) -> Error {
    let before = before.map_or_else(String::new, |error| format!(" (before: {})", error.message));
    let message =
        format!("not begun: the time that is left of the call does not suffice for an exchange{before}");
    Error::new(Code::NotBegun, message)
}

fn not_in_time(entry: &Entry) -> Error {
    let message =
        format!("the time for the call ran out while {} was `{}`", entry.receipt_id, entry.state.word());
    Error::new(Code::Unreachable, message)
}
