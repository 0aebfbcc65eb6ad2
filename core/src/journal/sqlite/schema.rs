//! The data base: how it is opened, and which version its tables have.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use super::chain;
use super::copies::{Mark, mark};
use super::files::private;
use super::forks::LockFile;
use super::opened::Opened;
use super::store::Store;
use super::witness::Witness;
use crate::error::{Code, Error, Result};
use crate::faults::{Injected, answer_may_be_lost, may_fail};
use crate::journal::entry::too_new;

/// Marks the file as a journal of this library: "KASA".
const APPLICATION_ID: i64 = 0x4B41_5341;
const FOREIGN: &str =
    "is a SQLite file of another program; nothing in it was touched. Give the journal a file of its own";
/// Each version of the schema, as the step from the one before. Never change one that shipped.
const MIGRATIONS: &[(&str, Fill)] = &[
    (include_str!("../sqlite_1.sql"), |_| Ok(())),
    (include_str!("../sqlite_2.sql"), |_| Ok(())),
    (include_str!("../sqlite_3.sql"), chain::chain_old_steps),
    (include_str!("../sqlite_4.sql"), |_| Ok(())),
    (include_str!("../sqlite_5.sql"), |_| Ok(())),
];
/// Bytes of a page of a new file. A write of one receipt changes a page of each table and index that it
/// stands in, and a page goes to disk whole: the smaller, the sooner a write is done.
const PAGE_BYTES: i64 = 1_024;
/// How long a write waits for another process's write. SQLite itself pauses meanwhile, for milliseconds:
/// shorter pauses would take the processor from the one who writes.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long another copy of the library in this process is waited for. One that no client uses closes the file
/// in half of this time.
const OTHER_COPY: Duration = Duration::from_secs(1);
/// Pause between two looks whether it did.
const PAUSE: Duration = Duration::from_millis(20);
/// Pause between two tries for the lock of opening.
const TURN_PAUSE: Duration = Duration::from_millis(1);

/// What a migration does that SQL cannot.
type Fill = fn(&Connection) -> rusqlite::Result<()>;

/// Opens or creates the file, readable for its owner only, and brings its tables up to date, one
/// process after the other.
pub(super) fn connect(store: &Store) -> Result<Opened> {
    let failed = |error| store.failed(&error);
    let unusable = |error: io::Error| store.unusable(error);
    let (_turn, mark) = turn(store)?;
    if create(&store.path).map_err(unusable)? {
        Witness::forget(&store.leases).map_err(unusable)?;
    }
    let (mut connection, version) = open(&store.path).map_err(failed)?;
    if is_foreign(&connection).map_err(failed)? {
        let message = format!("{} {FOREIGN}", store.path.display());
        return Err(Error::new(Code::JournalDamaged, message));
    }
    let known = MIGRATIONS.len() as i64;
    if version > known {
        return Err(too_new(store.path.display(), version, known));
    }
    if let Err(error) = Witness::check(&store.leases, &connection) {
        // What is left of its last writes stays as it is, for a person to look at.
        let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        return Err(failed(error));
    }
    set_up(&connection).map_err(failed)?;
    migrate(&mut connection).map_err(failed)?;
    let witness = Witness::open(&store.leases, &connection).map_err(failed)?;
    Ok(Opened::new(connection, witness, &store.path, mark))
}

/// Waits at most `patience` for the lock under which the data base is opened. Where two processes turn a new
/// file into a journal at the same time, SQLite does not let one wait for the other: it refuses one of them.
fn lock_to_open(folder: &Path, patience: Duration) -> io::Result<LockFile> {
    let file = LockFile::open(&folder.join("open"))?;
    let deadline = Instant::now() + patience;
    loop {
        may_fail("sqlite_open_lock")?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                let message = format!("another process has been opening it for {} s", patience.as_secs());
                return Err(io::Error::other(message));
            }
            Err(TryLockError::WouldBlock) => sleep(TURN_PAUSE),
        }
    }
}

/// The lock of opening, and the mark that this copy of the library has the file open.
fn turn(store: &Store) -> Result<(LockFile, Arc<Mark>)> {
    let unusable = |error: io::Error| store.unusable(error);
    let until = Instant::now() + OTHER_COPY;
    loop {
        let turn = lock_to_open(&store.leases, BUSY_TIMEOUT).map_err(unusable)?;
        if let Some(mark) = mark(&store.leases).map_err(unusable)? {
            return Ok((turn, mark));
        }
        drop(turn);
        if Instant::now() >= until {
            let message = format!(
                "journal {}: another copy of this library in this process (number {}) has it open",
                store.path.display(),
                std::process::id()
            );
            return Err(Error::new(Code::JournalInUse, message));
        }
        sleep(PAUSE);
    }
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

/// True where the file has something in it, but not of this library.
fn is_foreign(connection: &Connection) -> rusqlite::Result<bool> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    match number("PRAGMA application_id")? {
        APPLICATION_ID => Ok(false),
        0 => Ok(number("SELECT EXISTS (SELECT 1 FROM sqlite_schema)")? != 0),
        _ => Ok(true),
    }
}

/// Refuses a file of another program by its first bytes, before so much as a folder is made beside it. For a
/// file beside which there is no folder yet: no copy of this library has it open, so none loses its locks when
/// it is closed here.
pub(super) fn refuse_foreign(path: &Path) -> io::Result<()> {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number: i64, byte| number << 8 | i64::from(*byte));
    let mut head = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(100).read_to_end(&mut head)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    // The places are SQLite's (https://www.sqlite.org/fileformat.html).
    let (Some(changes), Some(owner)) = (head.get(40..44), head.get(68..72)) else { return Ok(()) };
    let is_foreign = match number(owner) {
        APPLICATION_ID => false,
        // Made, and its tables are not there yet, or only in the `-wal`.
        0 => number(changes) > 0,
        _ => true,
    };
    if head.starts_with(b"SQLite format 3\0") && is_foreign {
        return Err(io::Error::new(io::ErrorKind::InvalidData, FOREIGN));
    }
    Ok(())
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    may_fail("sqlite_page_size")?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    may_fail("sqlite_wal")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What is removed is overwritten: buyers and secrets stand in it.
    connection.pragma_update(None, "secure_delete", true)?;
    may_fail("sqlite_synchronous")?;
    connection.pragma_update(None, "synchronous", "FULL")
}

/// Creates the file if there is none; true where it did. One that exists is not even opened here: when a process closes a file,
/// the system takes every lock from it that the process has on that file, SQLite's too.
fn create(path: &Path) -> io::Result<bool> {
    if path.try_exists()? {
        return Ok(false);
    }
    may_fail("sqlite_create")?;
    private(OpenOptions::new().write(true).create(true)).open(path)?;
    Ok(true)
}

/// Brings the tables up to date.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    may_fail("sqlite_migrate_begin")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
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
    Ok(answer_may_be_lost("sqlite_migrate_commit")?)
}

impl From<Injected> for rusqlite::Error {
    fn from(injected: Injected) -> Self {
        let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
        rusqlite::Error::SqliteFailure(failure, Some(injected.to_string()))
    }
}
