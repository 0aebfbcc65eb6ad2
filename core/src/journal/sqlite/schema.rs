//! The data base: how it is opened, and which version its tables have.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::chain;
use super::files::{lock_to_open, private};
use super::store::Store;
use crate::error::{Code, Error, Result};
use crate::faults::{Injected, answer_may_be_lost, may_fail};
use crate::journal::entry::too_new;

/// Marks the file as a journal of this library: "KASA".
const APPLICATION_ID: i64 = 0x4B41_5341;
/// Each version of the schema, as the step from the one before. Never change one that shipped.
const MIGRATIONS: &[(&str, Fill)] = &[
    (include_str!("../sqlite_1.sql"), |_| Ok(())),
    (include_str!("../sqlite_2.sql"), |_| Ok(())),
    (include_str!("../sqlite_3.sql"), chain::chain_old_steps),
    (include_str!("../sqlite_4.sql"), |_| Ok(())),
];
/// Bytes of a page of a new file. A write of one receipt changes a page of each table and index that it
/// stands in, and a page goes to disk whole. With the 4,096 bytes that SQLite takes by itself a write lasts
/// longer.
const PAGE_BYTES: i64 = 2_048;
/// How long a write waits for another process's write. SQLite itself pauses meanwhile, for milliseconds:
/// shorter pauses would take the processor from the one who writes.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What a migration does that SQL cannot.
type Fill = fn(&Connection) -> rusqlite::Result<()>;

/// Opens or creates the file, readable for its owner only, and brings its tables up to date, one
/// process after the other.
pub(super) fn connect(store: &Store) -> Result<Connection> {
    let failed = |error| store.failed(&error);
    let _turn = lock_to_open(&store.leases, BUSY_TIMEOUT).map_err(|error| store.unusable(error))?;
    create(&store.path).map_err(|error| store.unusable(error))?;
    let (mut connection, version) = open(&store.path).map_err(failed)?;
    let known = MIGRATIONS.len() as i64;
    if version > known {
        return Err(too_new(store.path.display(), version, known));
    }
    set_up(&connection).map_err(failed)?;
    if !migrate(&mut connection).map_err(failed)? {
        let message = format!("{} is a SQLite file of another program", store.path.display());
        return Err(Error::new(Code::JournalDamaged, message));
    }
    Ok(connection)
}

/// Opens the file and reads the version of its tables; changes nothing.
fn open(path: &Path) -> rusqlite::Result<(Connection, i64)> {
    may_fail("sqlite_connect")?;
    let connection = Connection::open(path)?;
    may_fail("sqlite_settings")?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    may_fail("sqlite_version")?;
    let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((connection, version))
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    may_fail("sqlite_page_size")?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    may_fail("sqlite_wal")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    may_fail("sqlite_synchronous")?;
    connection.pragma_update(None, "synchronous", "FULL")
}

/// Creates the file if there is none. One that exists is not even opened here: when a process closes a file,
/// the system takes every lock from it that the process has on that file, SQLite's too.
fn create(path: &Path) -> std::io::Result<()> {
    if path.try_exists()? {
        return Ok(());
    }
    may_fail("sqlite_create")?;
    private(OpenOptions::new().write(true).create(true)).open(path).map(drop)
}

/// Brings the tables up to date. False where the file is of another program.
fn migrate(connection: &mut Connection) -> rusqlite::Result<bool> {
    may_fail("sqlite_migrate_begin")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number =
        |name: &str| transaction.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let (version, owner) = (number("user_version")?, number("application_id")?);
    if version > 0 && owner != APPLICATION_ID {
        return Ok(false);
    }
    let steps = || MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0));
    for (sql, _) in steps() {
        may_fail("sqlite_migrate_step")?;
        transaction.execute_batch(sql)?;
    }
    // Afterwards: what is written in Rust knows the newest columns only.
    for (_, fill) in steps() {
        fill(&transaction)?;
    }
    if version < MIGRATIONS.len() as i64 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    }
    may_fail("sqlite_migrate_commit")?;
    transaction.commit()?;
    answer_may_be_lost("sqlite_migrate_commit")?;
    Ok(true)
}

impl From<Injected> for rusqlite::Error {
    fn from(injected: Injected) -> Self {
        let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
        rusqlite::Error::SqliteFailure(failure, Some(injected.to_string()))
    }
}
