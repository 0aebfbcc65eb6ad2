//! The right to work on a document or cash register.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The right to work on a document or cash register, for as long as the value lives. Where the
/// engine cannot see its holder die, the right also ends by a clock unless it is renewed; the
/// engine renews it while the value lives.
pub struct Lease {
    until: Option<Arc<Until>>,
    _held: Box<dyn Send + Sync>,
}

/// Until when a lease surely holds, by the clock of this machine that never goes back.
pub(super) struct Until(Mutex<Instant>);

impl Until {
    pub(super) fn new(instant: Instant) -> Arc<Self> {
        Arc::new(Self(Mutex::new(instant)))
    }

    pub(super) fn get(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, instant: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = instant;
    }
}

impl Lease {
    /// A lease that ends with its holder and in no other way.
    pub(super) fn endless(held: impl Send + Sync + 'static) -> Self {
        Self { until: None, _held: Box::new(held) }
    }

    /// A lease that also ends by the clock.
    pub(super) fn expiring(until: Arc<Until>, held: impl Send + Sync + 'static) -> Self {
        Self { until: Some(until), _held: Box::new(held) }
    }

    /// True where nobody else can have the right for `time` from now, even if it is never renewed
    /// again. Counted from before the request that took or renewed it.
    pub fn holds_for(&self, time: Duration) -> bool {
        self.until.as_ref().is_none_or(|until| Instant::now() + time <= until.get())
    }
}
