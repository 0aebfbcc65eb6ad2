//! Calls that can fail, each under a name, so that a test can make every one of them fail once
//! (feature `failpoints`). Without the feature a call of [`may_fail`] is nothing at all.

use std::fmt;

use crate::error::{Code, Error};

/// A failure that a test asked for.
#[derive(Debug)]
pub struct Injected(String);

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "injected: {}", self.0)
    }
}

impl From<Injected> for Error {
    fn from(injected: Injected) -> Self {
        Error::new(Code::Internal, injected.to_string())
    }
}

impl From<Injected> for std::io::Error {
    fn from(injected: Injected) -> Self {
        std::io::Error::other(injected.to_string())
    }
}

/// Fails where a test wants the call of this name to fail.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) fn may_fail(_: &str) -> Result<(), Injected> {
    Ok(())
}

/// As `may_fail`, after the call was carried out: its answer is lost.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) fn answer_may_be_lost(_: &str) -> Result<(), Injected> {
    Ok(())
}

/// By how much a test turned the wall clock.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) fn clock_offset_ms() -> i64 {
    0
}

#[cfg(feature = "failpoints")]
pub(crate) use armed::{answer_may_be_lost, clock_offset_ms, may_fail};
#[cfg(feature = "failpoints")]
pub use armed::{arm, disarm, enter, is_reached, turn_clock};

#[cfg(feature = "failpoints")]
mod armed {
    use std::cell::Cell;
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::Injected;

    struct State {
        /// By lane: which call fails, and how often it passes before that.
        armed: BTreeMap<u64, (String, u32)>,
        reached: BTreeSet<String>,
    }

    static STATE: Mutex<State> = Mutex::new(State { armed: BTreeMap::new(), reached: BTreeSet::new() });
    thread_local! {
        static LANE: Cell<u64> = const { Cell::new(0) };
    }
    static CLOCK_OFFSET_MS: AtomicI64 = AtomicI64::new(0);

    fn state() -> MutexGuard<'static, State> {
        STATE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts this thread on a lane: what is armed on one lane fails on no other. For several tests at
    /// the same time, each with a runtime whose threads are all on its lane.
    pub fn enter(lane: u64) {
        LANE.set(lane);
    }

    /// Makes the call of this name fail once on this lane: the first time it is reached for `hit` 1,
    /// the second for 2.
    pub fn arm(point: &str, hit: u32) {
        state().armed.insert(LANE.get(), (point.into(), hit.saturating_sub(1)));
    }

    /// Lets every call pass again. True where the armed one had failed.
    pub fn disarm() -> bool {
        state().armed.remove(&LANE.get()).is_none()
    }

    /// Whether the call of this name was ever reached in this process.
    pub fn is_reached(point: &str) -> bool {
        state().reached.contains(point)
    }

    /// Sets the wall clock off the machine's by so much.
    pub fn turn_clock(offset_ms: i64) {
        CLOCK_OFFSET_MS.store(offset_ms, Ordering::SeqCst);
    }

    pub(crate) fn clock_offset_ms() -> i64 {
        CLOCK_OFFSET_MS.load(Ordering::SeqCst)
    }

    pub(crate) fn may_fail(point: &str) -> Result<(), Injected> {
        let mut state = state();
        if !state.reached.contains(point) {
            state.reached.insert(point.into());
        }
        match state.armed.get_mut(&LANE.get()) {
            Some((armed, 0)) if armed == point => {}
            Some((armed, passes_left)) if armed == point => {
                *passes_left -= 1;
                return Ok(());
            }
            _ => return Ok(()),
        }
        state.armed.remove(&LANE.get());
        Err(Injected(point.into()))
    }

    pub(crate) fn answer_may_be_lost(point: &str) -> Result<(), Injected> {
        may_fail(&format!("{point}_answer"))
    }
}
