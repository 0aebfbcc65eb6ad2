//! What is remembered: receipts, attempts, secrets, leases.
//!
//! An engine stores and finds; it decides nothing. Which state may follow which is in
//! `delivery/transitions.rs`. A durable engine has synced a write when the call returns.

pub mod audit;
pub mod chain;
mod engine;
mod entry;
mod keys;
mod lease;
mod locked;
mod memory;
mod postgres;
mod rows;
pub(crate) mod sqlite;
mod steady;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use engine::{Journal, Secrets};
pub use entry::{Begin, Conclusion, Entry, Filter, Group, Intended, Intent, Step, now_ms};
pub use keys::Keys;
pub use lease::Lease;
pub use locked::Locked;
pub use memory::Memory;
use postgres::Place;
pub use postgres::Postgres;
pub use sqlite::Sqlite;
pub use steady::SteadyTime;

use crate::error::{Code, Error, Result};

/// Where journals can be, for messages.
const PLACES: &str = "must be \"sqlite:PATH\", \"postgres://USER:PASSWORD@HOST/DATABASE\" or \"memory:\"";

/// What is wrong with the place of a journal. It repeats nothing of it: it may hold a password.
pub(crate) fn mistake(place: &str) -> Option<String> {
    match place {
        "memory:" => None,
        place if Place::is_meant(place) => Place::read(place).err(),
        place => match place.strip_prefix("sqlite:") {
            Some(path) => sqlite::place::mistake(path).map(str::to_owned),
            None => Some(PLACES.into()),
        },
    }
}

/// True where the place of a journal depends on the working directory.
pub(crate) fn is_relative(place: &str) -> bool {
    place.strip_prefix("sqlite:").is_some_and(sqlite::place::is_relative)
}

/// The place of a journal without its password.
pub(crate) fn shown(place: &str) -> String {
    match Place::read(place) {
        Ok(read) if Place::is_meant(place) => read.shown,
        _ => place.into(),
    }
}

/// Place of a journal and the file of roots to trust for it.
type Key = (String, Option<String>);

/// The journals of a process: clients with the same place share one. One that no client uses any more
/// stays open for the next, until a journal at another place is opened.
#[derive(Default)]
pub struct Journals(Mutex<HashMap<Key, Arc<dyn Journal>>>);

impl Journals {
    /// Opens the journal at `place`: `sqlite:PATH`, `postgres://...` or `memory:`. `ca_file` is one more root
    /// to trust. A data base is first connected to when the journal is used.
    pub fn open(&self, place: &str, ca_file: Option<&str>) -> Result<Arc<dyn Journal>> {
        let wrong = |mistake: String| Error::new(Code::ConfigInvalid, format!("journal: {mistake}"));
        if let Some(mistake) = mistake(place) {
            return Err(wrong(mistake));
        }
        let path = place.strip_prefix("sqlite:").map(|path| Sqlite::path_of(path.as_ref())).transpose()?;
        let key = match &path {
            Some(path) => (path.display().to_string(), None),
            None => (place.to_owned(), ca_file.map(str::to_owned)),
        };
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(journal) = open.get(&key)
            && journal.is_there()
        {
            return Ok(journal.clone());
        }
        let journal: Arc<dyn Journal> = match path {
            Some(path) => Arc::new(Sqlite::open(&path)?),
            // Nobody shares what is in memory.
            None if !Place::is_meant(place) => return Ok(Arc::new(Memory::default())),
            None => Arc::new(Postgres::open(&Place::read(place).map_err(wrong)?, ca_file)?),
        };
        open.retain(|_, other| Arc::strong_count(other) > 1);
        open.insert(key, journal.clone());
        Ok(journal)
    }

    /// Closes every file that no client uses, until it is next needed: another copy of the library in this
    /// process may open it then.
    #[cfg(feature = "host")]
    pub(crate) fn let_go_unused(&self) {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unused = open.values().filter(|journal| Arc::strong_count(journal) == 1).cloned();
        let unused: Vec<_> = unused.collect();
        drop(open);
        unused.iter().for_each(|journal| journal.let_go());
    }
}
