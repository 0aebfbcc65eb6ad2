//! One copy of the library a process. The system keeps the locks of SQLite by process: two copies of the
//! library in one process, such as those of two `node_modules` or of two releases, do not see each other's,
//! write at the same time and destroy the file. So a copy marks with a locked file of its process that it has
//! the journal open; locks on these files are kept by opening, and two copies do see them.

use std::fs::{self, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::forks::LockFile;

/// What the names of the marks begin with.
const MARK: &str = "open.";

/// The marks of this copy.
static MARKS: Mutex<Vec<(PathBuf, Weak<Mark>)>> = Mutex::new(Vec::new());

/// Says that this copy of the library has the journal open, for as long as it lives.
pub(super) struct Mark(#[expect(dead_code, reason = "held, not read")] LockFile);

/// Marks the journal with this folder of locks as open in this copy. None where another copy in this process
/// has it open. To be called under the lock of opening.
pub(super) fn mark(folder: &Path) -> io::Result<Option<Arc<Mark>>> {
    let path = folder.join(format!("{MARK}{}", process()));
    let mut marks = MARKS.lock().unwrap_or_else(PoisonError::into_inner);
    marks.retain(|(_, mark)| mark.strong_count() > 0);
    if let Some(mark) = marks.iter().find(|(of, _)| *of == path).and_then(|(_, mark)| mark.upgrade()) {
        return Ok(Some(mark));
    }
    let file = LockFile::open(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    remove_left_behind(folder, &path);
    let mark = Arc::new(Mark(file));
    marks.push((path, Arc::downgrade(&mark)));
    Ok(Some(mark))
}

/// The name of this process. Processes of several containers may have the same number.
fn process() -> String {
    let id = std::process::id();
    #[cfg(unix)]
    if let Ok(space) = fs::metadata("/proc/self/ns/pid") {
        return format!("{}.{id}", std::os::unix::fs::MetadataExt::ino(&space));
    }
    id.to_string()
}

/// Removes the marks of processes that ended.
fn remove_left_behind(folder: &Path, own: &Path) {
    let Ok(found) = fs::read_dir(folder) else { return };
    for entry in found.flatten() {
        let path = entry.path();
        let is_mark = entry.file_name().to_str().is_some_and(|name| name.starts_with(MARK));
        if is_mark && path != own && LockFile::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(&path);
        }
    }
}
