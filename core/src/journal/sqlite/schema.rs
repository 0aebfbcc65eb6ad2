//! The data base: how it is opened, and which version its tables have.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::chain;
use super::files::{lock_to_open, private};
use crate::error::{Code, Error};
use crate::faults::{Injected, answer_may_be_lost, may_fail};

/// Marks the file as a journal of this library: "KASA".
const APPLICATION_ID: i64 = 0x4B41_5341;
/// Each version of the schema, as the step from the one before. Never change one that shipped.
const MIGRATIONS: &[(&str, Fill)] = &[
    (include_str!("../sqlite_1.sql"), |_| Ok(())),
    (include_str!("../sqlite_2.sql"), |_| Ok(())),
    (include_str!("../sqlite_3.sql"), chain::chain_old_steps),
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

/// Why a file cannot be used.
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Io(std::io::Error),
    Kassa(Error),
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Injected> for Fault {
    fn from(injected: Injected) -> Self {
        Self::Sql(injected.into())
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// Opens or creates the file, readable for its owner only, and brings its tables up to date, one
/// process after the other.
pub(super) fn connect(path: &Path, leases: &Path) -> std::result::Result<Connection, Fault> {
    let _turn = lock_to_open(leases, BUSY_TIMEOUT)?;
    create(path)?;
    may_fail("sqlite_connect")?;
    let mut connection = Connection::open(path)?;
    may_fail("sqlite_settings")?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    may_fail("sqlite_version")?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if version > known {
        let message = format!(
            "journal {} has schema {version}; this library knows {known} and touched nothing",
            path.display()
        );
        return Err(Fault::Kassa(Error::new(Code::JournalTooNew, message)));
    }
    may_fail("sqlite_page_size")?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    may_fail("sqlite_wal")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    may_fail("sqlite_synchronous")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    migrate(&mut connection, path)?;
    Ok(connection)
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

fn migrate(connection: &mut Connection, path: &Path) -> std::result::Result<(), Fault> {
    may_fail("sqlite_migrate_begin")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number =
        |name: &str| transaction.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let (version, owner) = (number("user_version")?, number("application_id")?);
    if version > 0 && owner != APPLICATION_ID {
        let message = format!("{} is a SQLite file of another program", path.display());
        return Err(Fault::Kassa(Error::new(Code::JournalDamaged, message)));
    }
    for (sql, fill) in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        may_fail("sqlite_migrate_step")?;
        transaction.execute_batch(sql)?;
        fill(&transaction)?;
    }
    if version < MIGRATIONS.len() as i64 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    }
    may_fail("sqlite_migrate_commit")?;
    transaction.commit()?;
    answer_may_be_lost("sqlite_migrate_commit")?;
    Ok(())
}

impl From<Injected> for rusqlite::Error {
    fn from(injected: Injected) -> Self {
        let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
        rusqlite::Error::SqliteFailure(failure, Some(injected.to_string()))
    }
}
