//! The file: who may read it, which version its tables have, how it is opened.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::{audit, lease};
use crate::error::{Code, Error};
use crate::faults::{Injected, answer_may_be_lost, may_fail};

/// Marks the file as a journal of this library: "KASA".
const APPLICATION_ID: i64 = 0x4B41_5341;
/// Each version of the schema, as the step from the one before. Never change one that shipped.
const MIGRATIONS: &[(&str, Fill)] = &[
    (include_str!("../sqlite_1.sql"), |_| Ok(())),
    (include_str!("../sqlite_2.sql"), |_| Ok(())),
    (include_str!("../sqlite_3.sql"), audit::chain_old_steps),
];
/// Bytes of a page of a new file. A write of one receipt changes a page of each table and index that it
/// stands in, and every page goes to disk whole: with SQLite's own 4,096 a write takes longer.
const PAGE_BYTES: i64 = 2_048;
/// How long a write waits for another process's write. The pauses in it are SQLite's own, of
/// milliseconds: shorter ones take the processor from the one who writes.
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
    let _turn = lease::take_to_open(leases)?;
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

/// Only if there is none: to close a file of SQLite's by other means than SQLite's takes every lock
/// from it that this process has on it.
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

/// Device and number of the file; where the system has none, only whether there is a file.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    return Some((
        std::os::unix::fs::MetadataExt::dev(&metadata),
        std::os::unix::fs::MetadataExt::ino(&metadata),
    ));
    #[cfg(not(unix))]
    return Some((u64::from(metadata.is_file()), 0));
}

pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

pub(super) fn create_directory(path: &Path) -> std::io::Result<()> {
    may_fail("sqlite_directory")?;
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

impl From<Injected> for rusqlite::Error {
    fn from(injected: Injected) -> Self {
        let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
        rusqlite::Error::SqliteFailure(failure, Some(injected.to_string()))
    }
}
