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
pub use armed::{POINTS, arm, disarm, enter, is_reached, turn_clock};
#[cfg(feature = "failpoints")]
pub(crate) use armed::{answer_may_be_lost, clock_offset_ms, may_fail};

#[cfg(feature = "failpoints")]
mod armed {
    use std::cell::Cell;
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::Injected;

    /// Every name; a test holds them against the source. Those of a lost answer end in `_answer`.
    pub const POINTS: &[&str] = &[
        "answer_written",
        "content_written",
        "host_client",
        "host_runtime",
        "http_answer_cut",
        "http_answer_lost",
        "http_connect",
        "http_send",
        "http_set_up",
        "postgres_add_head",
        "postgres_add_head_answer",
        "postgres_any_open",
        "postgres_any_open_answer",
        "postgres_claim",
        "postgres_claim_answer",
        "postgres_connect",
        "postgres_counts",
        "postgres_counts_answer",
        "postgres_find",
        "postgres_find_answer",
        "postgres_first_kept",
        "postgres_first_kept_answer",
        "postgres_forget_secret",
        "postgres_forget_secret_answer",
        "postgres_head",
        "postgres_head_answer",
        "postgres_intend",
        "postgres_intend_all",
        "postgres_intend_all_answer",
        "postgres_intend_answer",
        "postgres_keep_secret",
        "postgres_keep_secret_answer",
        "postgres_lease_release",
        "postgres_lease_release_answer",
        "postgres_lease_renew",
        "postgres_lease_renew_answer",
        "postgres_lease_take",
        "postgres_lease_take_answer",
        "postgres_links",
        "postgres_links_answer",
        "postgres_list",
        "postgres_list_answer",
        "postgres_migrate",
        "postgres_migrate_answer",
        "postgres_number",
        "postgres_number_answer",
        "postgres_open_events",
        "postgres_open_events_answer",
        "postgres_pairs",
        "postgres_pairs_answer",
        "postgres_prune_entries",
        "postgres_prune_entries_answer",
        "postgres_prune_events",
        "postgres_prune_events_answer",
        "postgres_replace",
        "postgres_replace_answer",
        "postgres_schema",
        "postgres_schema_answer",
        "postgres_seal",
        "postgres_seal_answer",
        "postgres_secret",
        "postgres_secret_answer",
        "postgres_set_up",
        "postgres_steps",
        "postgres_steps_answer",
        "postgres_stray",
        "postgres_stray_answer",
        "postgres_tidy",
        "postgres_tidy_answer",
        "postgres_unfinished",
        "postgres_unfinished_answer",
        "postgres_version",
        "postgres_version_answer",
        "request_prepared",
        "sqlite_add_register",
        "sqlite_begin",
        "sqlite_commit",
        "sqlite_commit_answer",
        "sqlite_connect",
        "sqlite_create",
        "sqlite_directory",
        "sqlite_end",
        "sqlite_event",
        "sqlite_find",
        "sqlite_forget_secret",
        "sqlite_identity",
        "sqlite_insert",
        "sqlite_keep_end",
        "sqlite_keep_secret",
        "sqlite_lease_lock",
        "sqlite_lease_open",
        "sqlite_list",
        "sqlite_migrate_begin",
        "sqlite_migrate_commit",
        "sqlite_migrate_commit_answer",
        "sqlite_migrate_step",
        "sqlite_open_lock",
        "sqlite_page_size",
        "sqlite_read",
        "sqlite_register",
        "sqlite_release",
        "sqlite_replace",
        "sqlite_savepoint",
        "sqlite_settings",
        "sqlite_synchronous",
        "sqlite_version",
        "sqlite_wal",
    ];

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

#[cfg(all(test, feature = "failpoints"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::POINTS;

    fn sources(folder: &Path, found: &mut String) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                sources(&entry, found);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                found.push_str(&fs::read_to_string(entry).unwrap());
            }
        }
    }

    /// The texts that follow a word of the source.
    fn named<'a>(source: &'a str, word: &str) -> Vec<&'a str> {
        source.split(word).skip(1).filter_map(|rest| rest.split_once('"').map(|(name, _)| name)).collect()
    }

    #[test]
    fn the_table_has_every_name_of_the_source_and_no_other() {
        let mut source = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut source);
        let call = |word: &str| format!("{word}(\"");
        let mut names = BTreeSet::new();
        for word in ["may_fail", "chance", "Access::Read", "Access::Write"] {
            names.extend(named(&source, &call(word)).into_iter().map(str::to_owned));
        }
        for word in ["answered", "Access::Read", "Access::Write"] {
            names.extend(named(&source, &call(word)).into_iter().map(|name| format!("{name}_answer")));
        }
        assert_eq!(POINTS.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), Vec::from_iter(names));
    }
}
