//! Where a cell's journal is.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Result;

/// Names the data base server of the PostgreSQL cells.
const SERVER: &str = "KASSA_TEST_POSTGRES";

/// What keeps a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file of this cell.
    Sqlite,
    /// One data base for all cells; each has a cash register of its own in it.
    Postgres,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// Name in the table and for `--engines`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// The engine with this name.
    pub fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|engine| engine.name() == name);
        found.ok_or_else(|| format!("{name} is not an engine").into())
    }

    /// Whether its journals can be made here.
    pub fn is_there(self) -> bool {
        self == Self::Sqlite || server().is_ok()
    }

    /// The journal of a cell, as the configuration has it.
    pub fn journal(self, folder: &Path) -> Result<String> {
        match self {
            Self::Sqlite => Ok(format!("sqlite:{}", folder.join("journal.sqlite").display())),
            Self::Postgres => server(),
        }
    }
}

fn server() -> Result<String> {
    let address = std::env::var(SERVER).ok().filter(|address| !address.is_empty());
    address.ok_or_else(|| {
        format!("no PostgreSQL: set {SERVER} to postgres://USER:PASSWORD@HOST/DATABASE").into()
    })
}

/// A name that no cell had before in the same data base, whatever run it was part of.
pub fn new_register(vendor: &str, seed: u64) -> Result<String> {
    let started = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    Ok(format!("{vendor}-{seed}-{started}-{}", std::process::id()))
}
