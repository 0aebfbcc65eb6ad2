//! The data base while it is open.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};
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
    /// Numbers of cash registers that were asked for.
    pub registers: RefCell<HashMap<String, i64>>,
    /// Its own file and the one of its last writes.
    files: [(PathBuf, Option<Identity>); 2],
    _mark: Arc<Mark>,
}

impl Opened {
    pub fn new(connection: Connection, witness: Witness, path: &Path, mark: Arc<Mark>) -> Self {
        let files = [path.to_owned(), beside(path, "-wal")].map(|path| {
            let opened = identity(&path);
            (path, opened)
        });
        Self { connection, witness, registers: RefCell::default(), files, _mark: mark }
    }

    /// A write was undone: a cash register that it brought may get another number.
    pub fn forget_numbers(&self) {
        self.registers.borrow_mut().clear();
    }

    /// False where another file is in the place of one that is open here, or none.
    pub fn is_in_place(&self) -> bool {
        self.files.iter().all(|(path, opened)| identity(path) == *opened)
    }
}

impl Deref for Opened {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}
