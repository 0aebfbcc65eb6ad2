//! The outbox: moves forward what is in the journal, oldest first, where the vendor allows it several at a
//! time. A receipt that comes to nothing waits for its next try and blocks none behind it; a vendor or cash
//! register that takes nothing at all ends the pass.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::{Instant, sleep};

use super::{Delivery, Progress, Turn};
use crate::error::{Code, Kind, Result};
use crate::journal::{Filter, Group, now_ms};
use crate::receipt::registration::State;
use crate::vendor::Exclusive;

/// Entries that are read at a time.
const PAGE: usize = 100;
/// Documents that are worked on at the same time, where the vendor allows it.
const PARALLEL: usize = 8;
/// So many receipts one after the other that come to nothing end the pass.
const PATIENCE: u32 = 3;

/// How long a receipt is waited for that another worker had.
const PATIENCE_FOR_OTHERS: Duration = Duration::from_secs(1);

/// One pass over the journal.
struct Pass<'a> {
    delivery: &'a Delivery,
    /// When the last receipt may begin; each has the time of a whole call from then on.
    until: Instant,
    /// Receipts that came to nothing since the last one that did not.
    in_vain: AtomicU32,
    patience: u32,
    /// True once the pass shall end.
    ended: AtomicBool,
    /// When the vendor may be asked again (`Retry-After`).
    resume_at: Mutex<Instant>,
}

impl Delivery {
    /// Brings everything that is not final as far as it gets; the last one begins within `limit`. With `all`
    /// also what waits for its next try. `tell` gets each receipt that was worked on.
    pub async fn deliver_pending(
        &self,
        limit: Duration,
        all: bool,
        mut tell: impl FnMut(String, Result<Progress>),
    ) -> Result<()> {
        self.ready().await?;
        let parallel = match self.vendor.exclusive() {
            Exclusive::Document => PARALLEL,
            Exclusive::Register => 1,
        };
        let pass = Pass {
            delivery: self,
            until: Instant::now() + limit,
            in_vain: AtomicU32::new(0),
            // Several at a time may fail of one cause.
            patience: PATIENCE.max(2 * parallel as u32),
            ended: AtomicBool::new(false),
            resume_at: Mutex::new(Instant::now()),
        };
        let mut held = Vec::new();
        // What was sent in this pass is not asked about in it.
        let mut sent = HashSet::new();
        // What is to be sent goes before questions about what the vendor has already.
        let undelivered = Filter { group: Group::Undelivered, ..Filter::default() };
        let accepted = Filter { state: Some(State::Accepted), group: Group::Unfinished, ..Filter::default() };
        for mut filter in [undelivered, accepted] {
            filter.limit = PAGE;
            while !pass.is_over() {
                filter.due_before_ms = (!all).then(now_ms);
                let page = self.journal.list(self.vendor.register(), &filter).await?;
                let Some(last) = page.last() else { break };
                filter.after = Some(last.receipt_id.clone());
                let ids = page.into_iter().map(|entry| entry.receipt_id).filter(|id| !sent.contains(id));
                let work: Vec<_> = ids.map(|id| pass.forward(id, Duration::ZERO)).collect();
                let mut results = stream::iter(work).buffer_unordered(parallel);
                while let Some((id, turn)) = results.next().await {
                    match turn {
                        Turn::Held if held.len() < PAGE => held.push(id),
                        Turn::Worked(result) => {
                            if matches!(&*result, Ok(done) if done.entry.state == State::Accepted) {
                                sent.insert(id.clone());
                            }
                            tell(id, *result);
                        }
                        Turn::Held | Turn::Nothing => {}
                    }
                }
            }
        }
        // What another worker had in its hands, or a lease that two receipts share.
        for id in held {
            if let (id, Turn::Worked(result)) = pass.forward(id, PATIENCE_FOR_OTHERS).await {
                tell(id, *result);
            }
        }
        Ok(())
    }
}

impl Pass<'_> {
    fn is_over(&self) -> bool {
        self.ended.load(Ordering::Relaxed) || Instant::now() >= self.until
    }

    /// Brings one receipt as far as it gets.
    async fn forward(&self, id: String, patience: Duration) -> (String, Turn) {
        let resume_at = *self.resume_at.lock().unwrap_or_else(PoisonError::into_inner);
        if resume_at >= self.until {
            self.ended.store(true, Ordering::Relaxed);
        } else if !self.is_over() {
            sleep(resume_at.saturating_duration_since(Instant::now())).await;
        }
        if self.is_over() {
            return (id, Turn::Nothing);
        }
        let patience = match self.delivery.vendor.exclusive() {
            Exclusive::Document => self.until.min(Instant::now() + patience),
            // There is nothing else to do meanwhile.
            Exclusive::Register => self.until,
        };
        let turn = self.delivery.settle_if_free(&id, patience, self.delivery.budget()).await;
        if let Turn::Worked(result) = &turn {
            self.judge(result);
        }
        (id, turn)
    }

    /// Whether the pass goes on after this.
    fn judge(&self, result: &Result<Progress>) {
        let error = match result {
            Ok(Progress { stopped_by: Some(_), entry })
                if self.delivery.vendor.is_left_to_a_person(entry) =>
            {
                return;
            }
            // That waits for a person too, and says nothing of the others.
            Ok(Progress { stopped_by: Some(error), .. }) if error.code == Code::EntryDamaged => return,
            Ok(Progress { stopped_by, .. }) => stopped_by.as_ref(),
            Err(error) => Some(error),
        };
        let Some(error) = error else { return self.in_vain.store(0, Ordering::Relaxed) };
        let in_vain = self.in_vain.fetch_add(1, Ordering::Relaxed) + 1;
        // Nothing behind it can be sent either.
        let is_hopeless =
            matches!(error.kind(), Kind::Auth | Kind::Journal) || error.code == Code::RegisterBlocked;
        if is_hopeless || in_vain >= self.patience {
            self.ended.store(true, Ordering::Relaxed);
        }
        if let Some(ms) = error.retry_after_ms {
            let resume_at = Instant::now() + Duration::from_millis(ms);
            let mut latest = self.resume_at.lock().unwrap_or_else(PoisonError::into_inner);
            *latest = resume_at.max(*latest);
        }
    }
}
