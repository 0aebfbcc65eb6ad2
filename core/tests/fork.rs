//! Forks of the process by whoever forks it: no binding has to tell the library.
#![cfg(unix)]
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod engines;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engines::{intent, open, sqlite};
use nix::libc::_exit;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs `work` in a child; its number.
fn forked(work: impl FnOnce() -> i32) -> Pid {
    // SAFETY: the child does its work, and ends without anything of the parent's being torn down.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or(101);
            // SAFETY: ends the process.
            unsafe { _exit(code) }
        }
    }
}

fn code_of(child: Pid) -> i32 {
    match waitpid(child, None).unwrap() {
        nix::sys::wait::WaitStatus::Exited(_, code) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lease_ends_with_its_process_although_a_child_of_that_lives() {
    let folder = TempDir::new().unwrap();
    let place = sqlite(&folder);
    let told = folder.path().join("child");
    let holder = forked(|| {
        let journal = open(&place);
        runtime().block_on(async {
            let deadline = Instant::now() + Duration::from_secs(1);
            let lease = journal.lease("register shop", deadline).await.unwrap();
            let child = forked(|| {
                std::thread::sleep(Duration::from_secs(60));
                0
            });
            std::fs::write(&told, child.to_string()).unwrap();
            // It ends as if it was killed.
            std::mem::forget(lease);
        });
        0
    });
    assert_eq!(code_of(holder), 0);
    let child = Pid::from_raw(std::fs::read_to_string(&told).unwrap().parse().unwrap());
    let taken = runtime().block_on(async {
        open(&place).lease("register shop", Instant::now() + Duration::from_millis(500)).await.map(drop)
    });
    kill(child, Signal::SIGKILL).unwrap();
    taken.unwrap();
}

#[test]
fn parent_and_child_go_on_with_the_same_journal() {
    let folder = TempDir::new().unwrap();
    let place = sqlite(&folder);
    let journal = open(&place);
    let parent = runtime();
    let lease = parent.block_on(async {
        journal.intend(&intent("before"), None).await.unwrap();
        journal.lease("register shop", Instant::now() + Duration::from_secs(1)).await.unwrap()
    });
    let child = forked(|| {
        let journal = open(&place);
        runtime().block_on(async {
            journal.intend(&intent("child"), None).await.unwrap();
            // The lease is still the parent's.
            let taken = journal.lease("register shop", Instant::now() + Duration::from_millis(200)).await;
            i32::from(taken.is_ok())
        })
    });
    parent.block_on(journal.intend(&intent("parent"), None)).unwrap();
    assert_eq!(code_of(child), 0);
    drop(lease);
    parent.block_on(async {
        assert_eq!(journal.counts("shop").await.unwrap()["queued"], 3);
        journal.lease("register shop", Instant::now() + Duration::from_millis(500)).await.unwrap();
    });
}

#[test]
fn a_fork_waits_for_a_journal_that_is_closed_for_good() {
    let is_over = Arc::new(AtomicBool::new(false));
    let over = is_over.clone();
    let closing = std::thread::spawn(move || {
        let folder = TempDir::new().unwrap();
        while !over.load(Ordering::Relaxed) {
            drop(open(&sqlite(&folder)));
        }
    });
    for _ in 0..100 {
        // Where SQLite's locks are another thread's, the child waits for ever.
        let child = forked(|| {
            drop(open(&sqlite(&TempDir::new().unwrap())));
            0
        });
        let until = Instant::now() + Duration::from_secs(20);
        let mut ended = WaitStatus::StillAlive;
        while ended == WaitStatus::StillAlive && Instant::now() < until {
            ended = waitpid(child, Some(WaitPidFlag::WNOHANG)).unwrap();
            std::thread::yield_now();
        }
        if ended == WaitStatus::StillAlive {
            kill(child, Signal::SIGKILL).unwrap();
        }
        assert_eq!(ended, WaitStatus::Exited(child, 0));
    }
    is_over.store(true, Ordering::Relaxed);
    closing.join().unwrap();
}
