//! The outbox: `deliver` moves forward what is in the journal, oldest first, where the vendor allows
//! it several at a time. A receipt that comes to nothing waits for its next try and blocks none
//! behind it; a vendor or cash register that takes nothing at all ends the pass.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::delivery::{Advanced, Free};
use crate::error::{Code, Kind, Result};
use crate::journal::{Filter, now_ms};
use crate::messages::{Deliver, Delivered, MOST_COUNTED};
use crate::vendors::Exclusive;

/// Entries that are read at a time.
const PAGE: usize = 100;
/// Documents that are worked on at the same time, where the vendor allows it.
const PARALLEL: usize = 8;
/// So many receipts one after the other that come to nothing end the pass.
const PATIENCE: u32 = 3;

/// How long a receipt is waited for that another worker had.
const PATIENCE_FOR_OTHERS: Duration = Duration::from_secs(1);

/// What a receipt's turn came to.
enum Turn {
    /// This.
    Came(Box<Result<Advanced>>),
    /// Another worker has it.
    Taken,
    /// Nothing: another worker was done with it, or the pass ended before its turn.
    None,
}

/// One pass over the journal.
struct Pass<'a> {
    client: &'a Client,
    until: Instant,
    /// Receipts that came to nothing since the last one that did not.
    in_vain: AtomicU32,
    patience: u32,
    /// True once the pass shall end.
    ended: AtomicBool,
    /// When the vendor may be asked again (`Retry-After`).
    resume_at: Mutex<Instant>,
}

impl Client {
    /// The operation `deliver`: see the table of operations.
    pub async fn deliver_pending(&self, request: Deliver) -> Result<Delivered> {
        let vendor = &self.delivery.vendor;
        let limit = request.time_limit_ms.map_or(self.call_timeout(), Duration::from_millis);
        let parallel = match vendor.exclusive() {
            Exclusive::Document => PARALLEL,
            Exclusive::Register => 1,
        };
        let pass = Pass {
            client: self,
            until: Instant::now() + limit,
            in_vain: AtomicU32::new(0),
            // Several at a time may fail of one cause.
            patience: PATIENCE.max(2 * parallel as u32),
            ended: AtomicBool::new(false),
            resume_at: Mutex::new(Instant::now()),
        };
        let mut delivered = Delivered::default();
        let mut taken = Vec::new();
        let mut after = None;
        while !pass.is_over() {
            let filter = Filter {
                unfinished: true,
                due_before_ms: (!request.all).then(now_ms),
                after: after.take(),
                limit: PAGE,
                ..Filter::default()
            };
            let page = self.delivery.journal.list(vendor.register(), &filter).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.receipt_id.clone());
            let work = page.into_iter().map(|entry| pass.forward(entry.receipt_id, Duration::ZERO));
            let mut results = stream::iter(work).buffer_unordered(parallel);
            while let Some((id, turn)) = results.next().await {
                match turn {
                    Turn::Taken if taken.len() < PAGE => taken.push(id),
                    Turn::Came(result) => delivered.count(id, *result, request.receipts),
                    Turn::Taken | Turn::None => {}
                }
            }
        }
        // What another worker had in its hands, or a lease that two receipts share.
        for id in taken {
            if let (id, Turn::Came(result)) = pass.forward(id, PATIENCE_FOR_OTHERS).await {
                delivered.count(id, *result, request.receipts);
            }
        }
        delivered.left = self.delivery.journal.unfinished(vendor.register(), MOST_COUNTED).await?;
        Ok(delivered)
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
            return (id, Turn::None);
        }
        let delivery = &self.client.delivery;
        let patience = match delivery.vendor.exclusive() {
            Exclusive::Document => self.until.min(Instant::now() + patience),
            // There is nothing else to do meanwhile.
            Exclusive::Register => self.until,
        };
        let result = match delivery.settle_if_free(&id, patience, self.until).await {
            Ok(Free::Taken) => return (id, Turn::Taken),
            Ok(Free::Done) => return (id, Turn::None),
            Ok(Free::Advanced(advanced)) => Ok(*advanced),
            Err(error) => Err(error),
        };
        self.judge(&result);
        (id, Turn::Came(Box::new(result)))
    }

    /// Whether the pass goes on after this.
    fn judge(&self, result: &Result<Advanced>) {
        let error = match result {
            Ok(Advanced { stopped_by: Some(_), entry })
                if self.client.delivery.vendor.is_left_to_a_person(entry) =>
            {
                return;
            }
            // That waits for a person too, and says nothing of the others.
            Ok(Advanced { stopped_by: Some(error), .. }) if error.code == Code::EntryDamaged => return,
            Ok(Advanced { stopped_by, .. }) => stopped_by.as_ref(),
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
        if let (Kind::Limited, Some(ms)) = (error.kind(), error.retry_after_ms) {
            let resume_at = Instant::now() + Duration::from_millis(ms);
            let mut latest = self.resume_at.lock().unwrap_or_else(PoisonError::into_inner);
            *latest = resume_at.max(*latest);
        }
    }
}
