//! Whose a journal is. Who can read it reads the secrets of the cash register, and who can write to it can
//! change what is on record: it is for one user alone.

use std::fs::File;
#[cfg(unix)]
use std::fs::{self, Permissions};
use std::io;
#[cfg(unix)]
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, fchown};
use std::path::Path;

#[cfg(unix)]
use nix::unistd::geteuid;

/// Everybody but the owner.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Refuses what is another user's or may be another file in a moment; takes the rights of everybody else
/// from what is ours, so that it has `mode`. Where there is nothing, nothing is done.
#[cfg(unix)]
pub(super) fn keep_private(path: &Path, mode: u32) -> io::Result<()> {
    let Ok(metadata) = path.symlink_metadata() else { return Ok(()) };
    let shown = path.display();
    let refused = |why: String| Err(io::Error::other(why));
    if metadata.is_symlink() {
        return refused(format!("{shown} is a link; put the real one in its place"));
    }
    let (owner, own) = (metadata.uid(), geteuid().as_raw());
    if owner != own && own != 0 {
        return refused(format!(
            "{shown} belongs to the user {owner}, and this process is the user {own}: run it as that user, or give \
             each user a journal of their own"
        ));
    }
    if metadata.is_file() && metadata.nlink() > 1 {
        return refused(format!(
            "{shown} has a second name (a hard link), under which it would have other locks: remove one of the two"
        ));
    }
    if metadata.mode() & OTHERS != 0 {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        tracing::warn!(
            target: "kassa::journal",
            "{shown} was open to other users (mode {:03o}); it is now for its owner only ({mode:03o}). Change what \
             was in it: keys, passwords, tokens",
            metadata.mode() & 0o777
        );
    }
    Ok(())
}

/// Root leaves nothing behind that the owner of the journal could not open: what it made belongs to the
/// owner of `like`.
#[cfg(unix)]
pub(super) fn give_to_owner(made: &File, like: &Path) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let (owner, now) = (like.metadata()?, made.metadata()?);
    if (owner.uid(), owner.gid()) == (now.uid(), now.gid()) {
        return Ok(());
    }
    fchown(made, Some(owner.uid()), Some(owner.gid()))
}

/// The same for a folder.
#[cfg(unix)]
pub(super) fn give_folder_to_owner(made: &Path, like: &Path) -> io::Result<()> {
    if !geteuid().is_root() || !like.exists() {
        return Ok(());
    }
    let owner = like.metadata()?;
    chown(made, Some(owner.uid()), Some(owner.gid()))
}

#[cfg(not(unix))]
pub(super) fn keep_private(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn give_to_owner(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn give_folder_to_owner(_: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}
