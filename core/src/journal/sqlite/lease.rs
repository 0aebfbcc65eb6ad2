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
use crate::journal::lease::{Lease, Stands as _};

/// Pauses between two tries for a lease.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(16));

/// The file of a lease. Processes of two versions that choose another file do not see each other's leases, so a change
/// here belongs into CHANGELOG. Each kind of lease has its own files: a call that holds a lease
/// on a document and wants one for the log-in must not wait for itself.
fn file_of(name: &str) -> String {
    let kind: String = name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
    let digest: String = Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect();
    // There are few cash registers and log-ins, so each has a file; documents are without end and share 4,096.
    let digits = if kind == "document" { 3 } else { 32 };
    format!("{kind}-{}", &digest[..digits])
}

/// Takes a lease, or fails with `busy` at the deadline.
pub(super) async fn take(store: &Store, name: &str, deadline: Instant) -> Result<Lease> {
    let path = store.leases.join(file_of(name));
    let unusable = |error: std::io::Error| store.unusable(format!("lease {}: {error}", path.display()));
    let mut file = LockFile::open(&path).map_err(unusable)?;
    let mut pause = PAUSE.0;
    loop {
        may_fail("sqlite_lease_lock").map_err(|injected| unusable(injected.into()))?;
        match file.try_lock() {
            Ok(()) if file.stands() => return Ok(Lease::endless(file)),
            // Somebody removed it meanwhile: that lock keeps nobody out.
            Ok(()) if Instant::now() < deadline => file = LockFile::open(&path).map_err(unusable)?,
            Ok(()) => return Err(busy(name)),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
            Err(TryLockError::WouldBlock) if Instant::now() + pause >= deadline => return Err(busy(name)),
            Err(TryLockError::WouldBlock) => sleep(pause).await,
        }
        pause = (pause * 2).min(PAUSE.1);
    }
}
