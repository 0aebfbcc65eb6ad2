//! The files of a journal: how they are made, and which one is which.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::rights::give_to_owner;
use crate::faults::may_fail;

/// Device and number of a file.
pub(super) type Identity = (u64, u64);

/// Device and number of the file; where the system has none, only whether there is a file. It is asked before each
/// write, so its times are left out: once they were asked for, the next write has to store new ones, and every sync
/// of the file takes half as long again.
#[cfg(target_os = "linux")]
pub(super) fn identity(path: &Path) -> Option<Identity> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
    let found = statx(CWD, path, AtFlags::empty(), StatxFlags::INO).ok()?;
    Some((makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino))
}

/// Device and number of the file; where the system has none, only whether there is a file.
#[cfg(not(target_os = "linux"))]
pub(super) fn identity(path: &Path) -> Option<Identity> {
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

/// Opens or creates a file in the folder of locks, for the owner of that folder.
pub(super) fn lock_file(path: &Path) -> io::Result<File> {
    may_fail("sqlite_lease_open")?;
    let file = private(OpenOptions::new().read(true).write(true).create(true)).open(path)?;
    give_to_owner(&file, path.parent().unwrap_or(path))?;
    Ok(file)
}

/// False for an open file that somebody removed.
pub(super) fn is_in_its_folder(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        file.metadata().is_ok_and(|about| about.nlink() > 0)
    }
    #[cfg(not(unix))]
    {
        // There an open file cannot be removed.
        let _ = file;
        true
    }
}

/// A path with something at its end.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
