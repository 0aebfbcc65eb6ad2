//! Keeps threads of calls under way out of an interpreter that is ending.
//!
//! CPython ends a thread that takes the GIL while the interpreter is finalized by unwinding its
//! stack, and Rust aborts the process for that. So `atexit` shuts a gate in front of the GIL: who
//! comes later waits for the end of the process, who is between gate and GIL is let through first.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// The thread that ends the interpreter; it alone still passes.
static SHUT_BY: OnceLock<ThreadId> = OnceLock::new();
static PASSING: AtomicUsize = AtomicUsize::new(0);

/// Before the GIL is taken.
pub fn enter() {
    PASSING.fetch_add(1, Ordering::SeqCst);
    if SHUT_BY.get().is_some_and(|by| *by != thread::current().id()) {
        leave();
        loop {
            thread::park();
        }
    }
}

/// Once the GIL is held.
pub fn leave() {
    PASSING.fetch_sub(1, Ordering::SeqCst);
}

/// Shuts the gate and waits, without the GIL, until nobody is between gate and GIL.
pub fn shut() {
    let _ = SHUT_BY.set(thread::current().id());
    while PASSING.load(Ordering::SeqCst) > 0 {
        thread::sleep(Duration::from_millis(1));
    }
}

/// In a forked child, where the threads that were passing do not exist.
pub fn forget() {
    PASSING.store(0, Ordering::SeqCst);
}
