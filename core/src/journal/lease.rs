//! The right to work on a document or cash register.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// The right to work on a document or cash register, for as long as the value lives. An engine that cannot
/// see its holder die lets the right also end by a clock, and renews it while the value lives.
pub struct Lease {
    /// Until when it surely holds, by the clock of this machine that never goes back.
    until: Option<watch::Receiver<Instant>>,
    _held: Box<dyn Send + Sync>,
}

impl Lease {
    /// A lease that ends with its holder and in no other way.
    pub(super) fn endless(held: impl Send + Sync + 'static) -> Self {
        Self { until: None, _held: Box::new(held) }
    }

    /// A lease that also ends by the clock.
    pub(super) fn expiring(until: watch::Receiver<Instant>, held: impl Send + Sync + 'static) -> Self {
        Self { until: Some(until), _held: Box::new(held) }
    }

    /// True where nobody else can have the right for `time` from now, even if it is never renewed again. The
    /// time is counted from before the request that took or renewed it.
    pub fn holds_for(&self, time: Duration) -> bool {
        self.until.as_ref().is_none_or(|until| Instant::now() + time <= *until.borrow())
    }
}
