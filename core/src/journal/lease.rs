//! The right to work on a document or cash register.

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{OwnedMutexGuard, watch};
use tokio::time::{Instant, sleep};

/// The right to work on a document or cash register, for as long as the value lives. An engine that cannot
/// see its holder die lets the right also end by a clock, and renews it while the value lives.
///
/// Give it back with `give_back` or `during`, before the answer of the call goes out: a script may end right
/// after that. One that is only dropped is given back a little later, and where the process ends first,
/// perhaps by its clock alone.
pub struct Lease {
    /// Until when it surely holds, by the clock of this machine that never goes back.
    until: Option<watch::Receiver<Instant>>,
    held: Box<dyn Held>,
}

/// What an engine holds for a lease. To drop it is to give it back without waiting for that.
#[async_trait]
pub(super) trait Held: Send + Sync {
    /// Gives it back, done when this returns; nobody gets it for `pause` from now.
    async fn give_back(self: Box<Self>, pause: Duration);

    /// False once somebody else could take the same right.
    fn stands(&self) -> bool {
        true
    }
}

/// What gives a right for as long as it lives and stands.
pub(super) trait Stands: Send + Sync + 'static {
    /// False once somebody else could take the same right.
    fn stands(&self) -> bool {
        true
    }
}

/// A lock in the memory of this process.
impl Stands for OwnedMutexGuard<()> {}

impl Lease {
    /// A lease that ends with its holder and by no clock.
    pub(super) fn endless(held: impl Stands) -> Self {
        Self { until: None, held: Box::new(Endless(held)) }
    }

    /// A lease that also ends by the clock.
    pub(super) fn expiring(until: watch::Receiver<Instant>, held: impl Held + 'static) -> Self {
        Self { until: Some(until), held: Box::new(held) }
    }

    /// True where nobody else can have the right for `time` from now, even if it is never renewed again. The
    /// time is counted from before the request that took or renewed it.
    pub fn holds_for(&self, time: Duration) -> bool {
        self.held.stands() && self.until.as_ref().is_none_or(|until| Instant::now() + time <= *until.borrow())
    }

    /// Gives it back. Nobody gets it for `pause` from now, but nobody waits here for that.
    pub async fn give_back(self, pause: Duration) {
        self.held.give_back(pause).await;
    }

    /// Does `work`, then gives the lease back.
    pub async fn during<T>(self, work: impl Future<Output = T>) -> T {
        let done = work.await;
        self.give_back(Duration::ZERO).await;
        done
    }
}

/// A lease that its holder lets go by dropping it.
struct Endless<T>(T);

#[async_trait]
impl<T: Stands> Held for Endless<T> {
    async fn give_back(self: Box<Self>, pause: Duration) {
        if !pause.is_zero() {
            tokio::spawn(async move {
                sleep(pause).await;
                drop(self);
            });
        }
    }

    fn stands(&self) -> bool {
        self.0.stands()
    }
}
