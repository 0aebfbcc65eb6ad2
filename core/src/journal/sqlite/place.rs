//! Where a SQLite journal is: one path, whatever way it was written, and one folder of locks for it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::files::create_directory;
use crate::error::{Code, Error};

/// What is wrong with the PATH of `sqlite:PATH`.
pub(crate) fn mistake(path: &str) -> Option<&'static str> {
    if path.trim().is_empty() {
        return Some("names no file; write \"sqlite:/var/lib/shop/kassa.sqlite\" or the like");
    }
    if path.starts_with("file:") {
        return Some(
            "takes a path, and no address of SQLite (`file:...`); write \"sqlite:/path/of/the/file\"",
        );
    }
    if path.starts_with(':') {
        return Some(
            "takes a path, and none of SQLite's names for what is only in memory; write \"memory:\" where a restart \
             may forget every receipt",
        );
    }
    None
}

/// The error of a file that cannot be used.
pub(super) fn unusable(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::new(Code::JournalUnavailable, format!("journal {}: {cause}", path.display()))
}

/// True where the PATH of `sqlite:PATH` means another file in each working directory.
pub(crate) fn is_relative(path: &str) -> bool {
    Path::new(path).is_relative()
}

/// A path as it was given, and the file that it led to when it was first opened.
struct Known {
    given: PathBuf,
    file: PathBuf,
    next: OnceLock<Box<Known>>,
}

/// Only paths that may lead elsewhere later: relative ones, and those through links. No lock guards them, because a
/// child that was forked while another thread held it would wait for ever.
static KNOWN: OnceLock<Box<Known>> = OnceLock::new();

/// The path of the file itself: absolute, through every link, so that all processes and clients lock the same
/// file. Creates the folders above it. In this process and its children the same path leads to the same file from
/// then on, whatever becomes of the working directory or of a link.
pub(super) fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut end = &KNOWN;
    while let Some(known) = end.get() {
        if known.given == path {
            return Ok(known.file.clone());
        }
        end = &known.next;
    }
    let file = found(path)?;
    if file != path {
        let mut new = Box::new(Known { given: path.into(), file: file.clone(), next: OnceLock::new() });
        // Another thread may have been quicker.
        while let Err(back) = end.set(new) {
            new = back;
            end = end.get().map_or(end, |known| &known.next);
        }
    }
    Ok(file)
}

fn found(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    if path.is_relative() {
        tracing::warn!(
            target: "kassa::journal",
            "the journal's path {} is relative, and was taken to be {}; write it so: from another working directory \
             it would be another journal",
            path.display(),
            absolute.display()
        );
    }
    if absolute.symlink_metadata().is_ok() {
        let file = absolute.canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::other("it is a link to a file that is not there"),
            _ => error,
        })?;
        // Before anything is opened or made beside it: a pipe waits for ever, a device is everybody's.
        return match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::other("it is no file, but a folder, a pipe or a device")),
        };
    }
    let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return Err(io::Error::other("the path names a folder"));
    };
    create_directory(folder)?;
    Ok(folder.canonicalize()?.join(name))
}
