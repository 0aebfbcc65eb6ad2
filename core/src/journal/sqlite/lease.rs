//! Leases are locks on files beside the journal: they end with their holder, however it ends, and
//! need no clock.

use std::fs::TryLockError;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep};

use super::forks::LockFile;
use super::store::Store;
use crate::error::Result;
use crate::faults::may_fail;
use crate::journal::entry::busy;
use crate::journal::lease::Lease;

/// Pauses between two tries for a lease.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(16));

/// Takes a lease, or fails with `busy` at the deadline.
pub(super) async fn take(store: &Store, name: &str, deadline: Instant) -> Result<Lease> {
    // The first byte of the digest picks one of 256 files, the same in every version. Each kind of lease has
    // its own files: a call that holds a lease on a document and wants one for the log-in must not wait for
    // itself.
    let kind: String = name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
    let path = store.leases.join(format!("{kind}-{:02x}", Sha256::digest(name)[0]));
    let unusable = |error: std::io::Error| store.unusable(format!("lease {}: {error}", path.display()));
    let file = LockFile::open(&path).map_err(unusable)?;
    let mut pause = PAUSE.0;
    loop {
        may_fail("sqlite_lease_lock").map_err(|injected| unusable(injected.into()))?;
        match file.try_lock() {
            Ok(()) => return Ok(Lease::endless(file)),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
            Err(TryLockError::WouldBlock) if Instant::now() + pause >= deadline => return Err(busy(name)),
            Err(TryLockError::WouldBlock) => sleep(pause).await,
        }
        pause = (pause * 2).min(PAUSE.1);
    }
}
