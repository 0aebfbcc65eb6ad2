//! What every vendor stands on: clock, ledger, record of requests, faults.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Handle;

use crate::answers::Answer;
use crate::clock::Clock;
use crate::faults::{Call, Faults, Stage};
use crate::ledger::Ledger;
use crate::requests::Requests;

/// A control request that was not carried out; the text names what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

impl Refused {
    /// A refusal for this reason.
    pub fn new(reason: impl ToString) -> Self {
        Self(reason.to_string())
    }
}

/// The parts shared by all vendors.
#[derive(Debug)]
pub struct Frame {
    /// The virtual clock.
    pub clock: Clock,
    /// The fiscal documents that came to be.
    pub ledger: Ledger,
    /// The requests as received.
    pub requests: Requests,
    /// The scripted faults.
    pub faults: Faults,
    /// Where workers and deliveries run.
    pub runtime: Handle,
    /// The seed of every random number.
    pub seed: u64,
    epoch: AtomicU64,
}

impl Frame {
    /// An empty frame.
    pub fn new(runtime: Handle, seed: u64, record_requests: bool) -> Self {
        Self {
            clock: Clock::default(),
            ledger: Ledger::default(),
            requests: Requests::new(record_requests),
            faults: Faults::default(),
            runtime,
            seed,
            epoch: AtomicU64::new(0),
        }
    }

    /// Calls that are under way end without effect: a reset is coming.
    pub fn begin_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// The number of resets so far.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Does one vendor call with the scripted faults around it.
    ///
    /// `work` does what the vendor does; it must not run before it is awaited. `refusal` is the
    /// vendor's own error answer for a status.
    pub async fn serve(
        &self,
        call: Call<'_>,
        refusal: impl Fn(u16) -> Answer + Sync,
        work: impl Future<Output = Answer>,
    ) -> Answer {
        let epoch = self.epoch();
        let before = self.faults.interfere(&call, Stage::BeforeRecord, None, &refusal);
        if let Some(answer) = before.await {
            return answer;
        }
        if self.epoch() != epoch {
            return Answer::dropped();
        }
        let honest = work.await;
        if honest.status.is_success() {
            let after = self.faults.interfere(&call, Stage::AfterRecord, Some(&honest), &refusal);
            if let Some(answer) = after.await {
                return answer;
            }
        }
        let last = self.faults.interfere(&call, Stage::Answer, Some(&honest), &refusal);
        last.await.unwrap_or(honest)
    }
}
