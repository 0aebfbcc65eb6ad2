//! The virtual clock: real time plus what was added by hand.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::format_description::well_known::Rfc3339;
use time::{Duration as Span, OffsetDateTime};

/// Real time in UTC, moved by a number of seconds that a test chooses.
///
/// Receipts, shifts and registers read this clock; delays and polls run on real time.
#[derive(Debug, Default)]
pub struct Clock {
    ahead_s: AtomicI64,
}

impl Clock {
    /// The present moment of the emulator, in UTC.
    pub fn now(&self) -> OffsetDateTime {
        let real = OffsetDateTime::now_utc();
        let ahead = Span::seconds(self.ahead_s.load(Ordering::Relaxed));
        real.checked_add(ahead).unwrap_or(real)
    }

    /// Moves the clock by whole seconds; a negative number sets it back.
    pub fn advance_s(&self, seconds: i64) {
        let moved = self.ahead_s.load(Ordering::Relaxed).saturating_add(seconds);
        self.ahead_s.store(moved, Ordering::Relaxed);
    }

    /// Moves the clock forward by whole seconds of `span`.
    pub fn advance(&self, span: Duration) {
        self.advance_s(i64::try_from(span.as_secs()).unwrap_or(i64::MAX));
    }

    /// Back to real time.
    pub fn reset(&self) {
        self.ahead_s.store(0, Ordering::Relaxed);
    }
}

/// A moment as RFC 3339 text, for the control API.
pub fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}
