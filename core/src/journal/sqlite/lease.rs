//! Leases are locks on files beside the journal: they end with their holder, however it ends, and
//! need no clock.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep};

use super::schema::private;
use super::store::Store;
use crate::chance::fallible;
use crate::error::Result;
use crate::journal::{Lease, busy};

/// Pauses between two tries for a lease.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(16));

/// Takes a lease in this folder, or fails with `busy` at the deadline.
pub(super) async fn take(store: &Store, folder: &Path, name: &str, deadline: Instant) -> Result<Lease> {
    // The first byte of the digest picks one of 256 files, the same in every version. Each kind of
    // lease has its own: a call that holds one on a document must not meet itself at the log-in.
    let kind: String = name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
    let path = folder.join(format!("{kind}-{:02x}", Sha256::digest(name)[0]));
    let unusable = |error: std::io::Error| store.unusable(format!("lease {}: {error}", path.display()));
    fallible("sqlite_lease_open").map_err(|injected| unusable(injected.into()))?;
    let file =
        private(OpenOptions::new().read(true).write(true).create(true)).open(&path).map_err(unusable)?;
    let mut pause = PAUSE.0;
    loop {
        fallible("sqlite_lease_lock").map_err(|injected| unusable(injected.into()))?;
        match file.try_lock() {
            Ok(()) => return Ok(Lease::endless(Held(file))),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
            Err(TryLockError::WouldBlock) if Instant::now() + pause >= deadline => return Err(busy(name)),
            Err(TryLockError::WouldBlock) => sleep(pause).await,
        }
        pause = (pause * 2).min(PAUSE.1);
    }
}

struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing is not enough: a child forked meanwhile holds the same open file.
        let _ = self.0.unlock();
    }
}
