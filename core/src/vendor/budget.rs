//! The time of one call: when it must have ended, and what may still begin.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The time for an exchange: `Budget::for_question` or `Budget::for_document`.
pub type TimeFor = fn(&Budget) -> Option<Duration>;

/// The time that a call has. Every judgement about time is made here.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    ends: Instant,
    exchange: Duration,
}

impl Budget {
    /// A call that may take until `ends`; one exchange with the vendor takes `exchange` at most.
    pub fn new(ends: Instant, exchange: Duration) -> Self {
        Self { ends, exchange }
    }

    /// The same call, which must have ended by `ends` already where that is earlier.
    #[must_use]
    pub fn at_most_until(self, ends: Instant) -> Self {
        Self { ends: self.ends.min(ends), ..self }
    }

    /// When the call must have ended.
    pub fn ends(&self) -> Instant {
        self.ends
    }

    /// What is left of it.
    pub fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// The longest that one exchange may take.
    pub fn whole_exchange(&self) -> Duration {
        self.exchange
    }

    /// Time for an exchange that makes no document: what is left. `None` where nothing is.
    pub fn for_question(&self) -> Option<Duration> {
        let time = self.exchange.min(self.left());
        (time >= Duration::from_millis(1)).then_some(time)
    }

    /// Time for an exchange that can make a document: a whole one, or `None` where it does not fit any more.
    /// A shorter one would give up on an answer that the vendor sends in time.
    pub fn for_document(&self) -> Option<Duration> {
        (self.left() >= self.exchange).then_some(self.exchange)
    }

    /// As `pause`, until a time; one that has gone by is no pause.
    pub async fn pause_until(&self, until: Instant) -> bool {
        match until.checked_duration_since(Instant::now()) {
            Some(pause) if !pause.is_zero() => self.pause(pause).await,
            _ => true,
        }
    }

    /// True where a pause of this length leaves time after it.
    pub fn allows(&self, pause: Duration) -> bool {
        self.left() > pause
    }

    /// Waits for `pause` where that leaves time after it, else gives back false at once.
    pub async fn pause(&self, pause: Duration) -> bool {
        let allowed = self.allows(pause);
        if allowed {
            sleep(pause).await;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(left_ms: u64, exchange_ms: u64) -> Budget {
        Budget::new(Instant::now() + Duration::from_millis(left_ms), Duration::from_millis(exchange_ms))
    }

    #[tokio::test(start_paused = true)]
    async fn a_document_gets_a_whole_exchange_or_none_and_a_question_what_is_left() {
        for (left, exchange, document, question) in [
            (30_000, 20_000, Some(20_000), Some(20_000)),
            (20_000, 20_000, Some(20_000), Some(20_000)),
            (19_999, 20_000, None, Some(19_999)),
            (121, 20_000, None, Some(121)),
            (0, 20_000, None, None),
        ] {
            let budget = of(left, exchange);
            assert_eq!(budget.for_document(), document.map(Duration::from_millis), "{left}");
            assert_eq!(budget.for_question(), question.map(Duration::from_millis), "{left}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_made_only_where_time_is_left_after_it() {
        let budget = of(1_000, 500);
        assert!(budget.pause(Duration::from_millis(600)).await);
        assert!(!budget.pause(Duration::from_millis(400)).await);
        assert_eq!(budget.left(), Duration::from_millis(400));
        assert_eq!(budget.at_most_until(Instant::now()).for_question(), None);
    }
}
