//! The data base while it is open.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::copies::Mark;
use super::files::{Identity, beside, identity};
use super::witness::Witness;

/// An open data base, with everything that must be open as long as it is. It is used like its connection.
pub(super) struct Opened {
    // The first field is closed first: other copies may open the file only after that.
    connection: Connection,
    pub witness: Witness,
    files: [Option<Identity>; 2],
    _mark: Arc<Mark>,
}

/// Which files are at the place of a data base now: its own and the one of its last writes.
fn files(path: &Path) -> [Option<Identity>; 2] {
    [identity(path), identity(&beside(path, "-wal"))]
}

impl Opened {
    pub fn new(connection: Connection, witness: Witness, path: &Path, mark: Arc<Mark>) -> Self {
        Self { connection, witness, files: files(path), _mark: mark }
    }

    /// False where what is at `path` is not what is open here.
    pub fn is_at(&self, path: &Path) -> bool {
        self.files == files(path)
    }
}

impl Deref for Opened {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}
