//! Leases are locks on files beside the journal: they end with their holder, however it ends, and
//! need no clock.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep};

use super::schema::{BUSY_TIMEOUT, private};
use super::store::Store;
use crate::error::Result;
use crate::faults::may_fail;
use crate::journal::{Lease, busy};

/// Pauses between two tries for a lease.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(16));

/// Takes a lease, or fails with `busy` at the deadline.
pub(super) async fn take(store: &Store, name: &str, deadline: Instant) -> Result<Lease> {
    // The first byte of the digest picks one of 256 files, the same in every version. Each kind of
    // lease has its own: a call that holds one on a document must not meet itself at the log-in.
    let kind: String = name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
    let path = store.leases().join(format!("{kind}-{:02x}", Sha256::digest(name)[0]));
    let unusable = |error: std::io::Error| store.unusable(format!("lease {}: {error}", path.display()));
    let file = lock_file(&path).map_err(unusable)?;
    let mut pause = PAUSE.0;
    loop {
        may_fail("sqlite_lease_lock").map_err(|injected| unusable(injected.into()))?;
        match file.try_lock() {
            Ok(()) => return Ok(Lease::endless(Held(file))),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
            Err(TryLockError::WouldBlock) if Instant::now() + pause >= deadline => return Err(busy(name)),
            Err(TryLockError::WouldBlock) => sleep(pause).await,
        }
        pause = (pause * 2).min(PAUSE.1);
    }
}

/// Waits for the lock under which the file is opened. SQLite does not make two wait for each other
/// that turn a new file into a journal at the same time: it refuses one of them.
pub(super) fn take_to_open(folder: &Path) -> io::Result<Held> {
    let file = lock_file(&folder.join("open"))?;
    let deadline = std::time::Instant::now() + BUSY_TIMEOUT;
    loop {
        may_fail("sqlite_open_lock")?;
        match file.try_lock() {
            Ok(()) => return Ok(Held(file)),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if std::time::Instant::now() >= deadline => {
                return Err(io::Error::other("another process has been opening it for 10 s"));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE.0),
        }
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    may_fail("sqlite_lease_open")?;
    private(OpenOptions::new().read(true).write(true).create(true)).open(path)
}

/// A lock that is held.
pub(super) struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing is not enough: a child forked meanwhile holds the same open file.
        let _ = self.0.unlock();
    }
}
