//! Files and folders that other users must not be able to change: who changes the file of roots reads the passwords.

use std::fs::{self, Metadata};
use std::path::Path;

/// Most bytes of a file of keys.
const MOST_PRIVATE_BYTES: u64 = 65_536;
/// May be written by everybody.
#[cfg(unix)]
const EVERYBODY_WRITES: u32 = 0o002;
/// May be read, written or run by somebody who is not the owner.
#[cfg(unix)]
const OTHERS: u32 = 0o077;
/// In such a folder only the owner of a file may remove or rename it.
#[cfg(unix)]
const STICKY: u32 = 0o1000;

/// The bytes of a file that nobody but its owner and root can change; else why it is not read.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no file".into());
    }
    let distrusted = distrusted(&metadata);
    distrusted.map_or_else(|| fs::read(path).map_err(|error| error.to_string()), Err)
}

/// The same for a file that only its owner and root may read, because it holds keys.
pub(crate) fn read_private(path: &Path) -> Result<Vec<u8>, String> {
    let is_large = fs::metadata(path).is_ok_and(|about| about.len() > MOST_PRIVATE_BYTES);
    if is_large {
        return Err(format!("it has more than {MOST_PRIVATE_BYTES} bytes"));
    }
    let bytes = read(path)?;
    match fs::metadata(path).map_err(|error| error.to_string()).map(|metadata| readable(&metadata))? {
        Some(why) => Err(why),
        None => Ok(bytes),
    }
}

/// Why others can read a file.
#[cfg(unix)]
fn readable(metadata: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = metadata.mode() & 0o777;
    (mode & OTHERS != 0).then(|| format!("other users can reach it (mode {mode:03o}): chmod 600"))
}

#[cfg(not(unix))]
fn readable(_: &Metadata) -> Option<String> {
    None
}

/// Why a file of the configuration is not trusted.
#[cfg(unix)]
fn distrusted(metadata: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let (owner, own) = (metadata.uid(), nix::unistd::geteuid().as_raw());
    if owner != own && owner != 0 {
        return Some(format!(
            "it belongs to the user {owner}, who could change it: give it to this user or to root"
        ));
    }
    (metadata.mode() & EVERYBODY_WRITES != 0)
        .then(|| format!("everybody can change it (mode {:03o}): chmod o-w", metadata.mode() & 0o777))
}

#[cfg(not(unix))]
fn distrusted(_: &Metadata) -> Option<String> {
    None
}

/// Why a folder is not one to keep a journal in: everybody could put another file in its place.
#[cfg(unix)]
pub(crate) fn shared_folder(folder: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = fs::metadata(folder).ok()?.mode();
    (mode & EVERYBODY_WRITES != 0 && mode & STICKY == 0).then(|| {
        format!(
            "everybody can write to the folder {} (mode {:03o}) and could put another file in the journal's place: \
             chmod o-w, or choose another folder",
            folder.display(),
            mode & 0o777
        )
    })
}

/// Why a folder is not one to keep a journal in.
#[cfg(not(unix))]
pub(crate) fn shared_folder(_: &Path) -> Option<String> {
    None
}
