//! Files that the program writes: for their owner only, whole or not at all, never over another one by accident.

use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// A file that is being written beside its place.
pub struct NewFile<'a> {
    place: &'a Path,
    file: NamedTempFile,
    force: bool,
}

impl<'a> NewFile<'a> {
    /// Begins a file, mode 0600. With `force` it may take the place of another one.
    pub fn at(place: &'a Path, force: bool) -> Result<Self, Failure> {
        if !force && place.symlink_metadata().is_ok() {
            return Err(there(place));
        }
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(".".as_ref());
        let file = NamedTempFile::new_in(folder).map_err(|error| Failure::of_file(place, &error))?;
        Ok(Self { place, file, force })
    }

    /// Where it is while it is being written.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Writes to it.
    pub fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.file.write_all(text.as_bytes()).map_err(|error| Failure::of_file(self.place, &error))
    }

    /// Puts it in its place, synced.
    pub fn keep(self) -> Result<(), Failure> {
        let Self { place, file, force } = self;
        let of_file = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => there(place),
            _ => Failure::of_file(place, &error),
        };
        file.as_file().sync_all().map_err(of_file)?;
        let kept = if force { file.persist(place) } else { file.persist_noclobber(place) };
        kept.map(drop).map_err(|error| of_file(error.error))
    }
}

fn there(place: &Path) -> Failure {
    Failure::usage(
        format!("{} is there already", place.display()),
        "Choose another file, or give --force to write over it.",
    )
}
