//! The files beside the data base: who may read them, and the lock under which it is opened.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::faults::may_fail;

/// Pause between two tries for the lock.
const PAUSE: Duration = Duration::from_millis(1);

/// Device and number of the file; where the system has none, only whether there is a file.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    return Some((
        std::os::unix::fs::MetadataExt::dev(&metadata),
        std::os::unix::fs::MetadataExt::ino(&metadata),
    ));
    #[cfg(not(unix))]
    return Some((u64::from(metadata.is_file()), 0));
}

pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    may_fail("sqlite_directory")?;
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Waits at most `patience` for the lock under which the data base is opened. Where two processes turn a new
/// file into a journal at the same time, SQLite does not let one wait for the other: it refuses one of them.
pub(super) fn lock_to_open(folder: &Path, patience: Duration) -> io::Result<Held> {
    let file = lock_file(&folder.join("open"))?;
    let deadline = Instant::now() + patience;
    loop {
        may_fail("sqlite_open_lock")?;
        match file.try_lock() {
            Ok(()) => return Ok(Held(file)),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                let message = format!("another process has been opening it for {} s", patience.as_secs());
                return Err(io::Error::other(message));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
        }
    }
}

/// Opens a file that is only there to be locked.
pub(super) fn lock_file(path: &Path) -> io::Result<File> {
    may_fail("sqlite_lease_open")?;
    private(OpenOptions::new().read(true).write(true).create(true)).open(path)
}

/// A lock that is held.
pub(super) struct Held(pub File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing is not enough: a child forked meanwhile holds the same open file.
        let _ = self.0.unlock();
    }
}
