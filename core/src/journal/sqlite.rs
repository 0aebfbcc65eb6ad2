//! The journal in a SQLite file: durable, for many processes on one host.
//!
//! Writes that wait at the same time are committed together, so that they share one sync of the
//! disk. Leases are locks on files beside the journal: they end with their holder, however it
//! ends, and need no clock.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

mod audit;

use super::{
    BEGIN_NOTE, Begin, Conclusion, Entry, Filter, Intended, Intent, Journal, Lease, Step, begun, busy,
    concluded, intent_note, json as text, now_ms, superseded, unknown_cursor,
};
use crate::chance::{Injected, answered, fallible};
use crate::error::{Code, Error, Result};
use crate::registration::State;

/// Marks the file as a journal of this library: "KASA".
const APPLICATION_ID: i64 = 0x4B41_5341;
/// Each version of the schema, as the step from the one before. Never change one that shipped.
const MIGRATIONS: &[(&str, Fill)] =
    &[(include_str!("sqlite_1.sql"), |_| Ok(())), (include_str!("sqlite_2.sql"), audit::chain_old_steps)];
/// How long a write waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Pauses between two tries for a lease.
const LEASE_PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(16));

/// True while the process forks: no file may be opened.
static FORKING: AtomicBool = AtomicBool::new(false);

/// Called before a fork, with every journal of the process then told to `let_go`. SQLite keeps its
/// locks in process-wide tables that a child would inherit although the kernel gives it no locks;
/// with no file open at the moment of the fork, parent and child both start clean.
#[cfg(feature = "host")]
pub(crate) fn before_fork() {
    FORKING.store(true, Ordering::SeqCst);
}

/// Called after a fork, in the parent and in the child.
#[cfg(feature = "host")]
pub(crate) fn after_fork() {
    FORKING.store(false, Ordering::SeqCst);
}

/// The engine `sqlite:PATH`.
pub struct Sqlite {
    store: Arc<Store>,
    identity: (u64, u64),
}

struct Store {
    path: PathBuf,
    leases: PathBuf,
    connection: Mutex<Option<Connection>>,
    waiting: Mutex<Vec<Job>>,
}

/// What a migration does that SQL cannot.
type Fill = fn(&Connection) -> rusqlite::Result<()>;

/// Does its part inside the transaction, or learns why there is none; what it returns is told once
/// the commit is decided.
type Job = Box<dyn FnOnce(Result<&Connection>) -> Tell + Send>;
type Tell = Box<dyn FnOnce(&Result<()>) + Send>;

impl Sqlite {
    /// Opens or creates the journal at `path`, readable for its owner only.
    pub fn open(path: &Path) -> Result<Self> {
        let mut leases = path.as_os_str().to_owned();
        leases.push("-leases");
        let store = Store {
            path: path.into(),
            leases: leases.into(),
            connection: Mutex::new(None),
            waiting: Mutex::new(Vec::new()),
        };
        create_directory(path.parent().unwrap_or(Path::new("")))
            .and_then(|()| create_directory(&store.leases))
            .map_err(|error| store.unusable(&error))?;
        drop(store.connected()?);
        fallible("sqlite_identity").map_err(|injected| store.unusable(injected))?;
        let identity = identity(path).ok_or_else(|| store.unusable("the file is gone"))?;
        Ok(Self { store: Arc::new(store), identity })
    }

    /// False where the file was removed or replaced since it was opened.
    pub(super) fn is_same_file(&self) -> bool {
        identity(&self.store.path).is_some_and(|now| now == self.identity)
    }

    #[cfg(feature = "host")]
    pub(super) fn let_go(&self) {
        *self.store.lock() = None;
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = connection.and_then(|connection| in_savepoint(connection, work));
            Box::new(move |committed| {
                let told = committed.clone().and(result);
                // Nobody listens where the caller gave up; the write stands all the same.
                let _ = sender.send(told);
            })
        });
        self.store.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(job);
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || store.commit_waiting());
        receiver.await.unwrap_or_else(|_| Err(self.store.unusable("the write was not carried out")))
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.store.clone();
        let task = tokio::task::spawn_blocking(move || match store.connected()?.as_ref() {
            Some(connection) => {
                fallible("sqlite_read").map_err(|injected| store.unusable(injected))?;
                work(connection)
            }
            None => Err(store.unusable("closed")),
        });
        task.await.unwrap_or_else(|_| Err(self.store.unusable("the read was not carried out")))
    }
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, opened if it is not; waits while the process forks.
    fn connected(&self) -> Result<MutexGuard<'_, Option<Connection>>> {
        let mut connection = self.lock();
        while FORKING.load(Ordering::SeqCst) {
            drop(connection);
            std::thread::sleep(LEASE_PAUSE.0);
            connection = self.lock();
        }
        if connection.is_none() {
            *connection = Some(connect(&self.path).map_err(|fault| match fault {
                Fault::Sql(error) => self.failed(&error),
                Fault::Io(error) => self.unusable(&error),
                Fault::Kassa(error) => error,
            })?);
        }
        Ok(connection)
    }

    /// Carries out every write that waits, in one transaction.
    fn commit_waiting(&self) {
        let mut connection = match self.connected() {
            Ok(connection) => connection,
            Err(error) => return refuse(self.take_waiting(), &error),
        };
        let jobs = self.take_waiting();
        let Some(open) = connection.as_mut().filter(|_| !jobs.is_empty()) else { return };
        match begun_transaction(open) {
            Ok(transaction) => {
                let tells: Vec<Tell> = jobs.into_iter().map(|job| job(Ok(&transaction))).collect();
                let committed = commit(transaction).map_err(|error| self.failed(&error));
                tells.into_iter().for_each(|tell| tell(&committed));
            }
            Err(error) => refuse(jobs, &self.failed(&error)),
        }
    }

    fn take_waiting(&self) -> Vec<Job> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn unusable(&self, cause: impl std::fmt::Display) -> Error {
        Error::new(Code::JournalUnavailable, format!("journal {}: {cause}", self.path.display()))
    }

    fn failed(&self, error: &rusqlite::Error) -> Error {
        failed(&self.path, error)
    }
}

fn begun_transaction(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    fallible("sqlite_begin")?;
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn commit(transaction: Transaction<'_>) -> rusqlite::Result<()> {
    fallible("sqlite_commit")?;
    transaction.commit()?;
    Ok(answered("sqlite_commit")?)
}

/// Tells writes that there is no transaction for them.
fn refuse(jobs: Vec<Job>, error: &Error) {
    for job in jobs {
        job(Err(error.clone()))(&Ok(()));
    }
}

/// Does all of `work` or nothing of it, whatever becomes of the other writes of the transaction.
fn in_savepoint<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let path = || PathBuf::from(connection.path().unwrap_or_default());
    let run = |sql| connection.execute_batch(sql).map_err(|error| failed(&path(), &error));
    let chance = |point| fallible(point).map_err(|injected| failed(&path(), &injected.into()));
    chance("sqlite_savepoint")?;
    run("SAVEPOINT job")?;
    let result = work(connection);
    chance("sqlite_release")?;
    run(if result.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" })?;
    result
}

fn failed(path: &Path, error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let code = match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => Code::JournalDamaged,
        _ => Code::JournalUnavailable,
    };
    Error::new(code, format!("journal {}: {error}", path.display()))
}

enum Fault {
    Sql(rusqlite::Error),
    Io(std::io::Error),
    Kassa(Error),
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

fn connect(path: &Path) -> std::result::Result<Connection, Fault> {
    fallible("sqlite_create").map_err(|injected| Fault::Io(injected.into()))?;
    private(OpenOptions::new().read(true).write(true).create(true)).open(path).map_err(Fault::Io)?;
    fallible("sqlite_connect")?;
    let mut connection = Connection::open(path)?;
    fallible("sqlite_settings")?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    fallible("sqlite_version")?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if version > known {
        let message = format!(
            "journal {} has schema {version}; this library knows {known} and touched nothing",
            path.display()
        );
        return Err(Fault::Kassa(Error::new(Code::JournalTooNew, message)));
    }
    fallible("sqlite_wal")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    fallible("sqlite_synchronous")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path) -> std::result::Result<(), Fault> {
    fallible("sqlite_migrate_begin")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number =
        |name: &str| transaction.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let (version, owner) = (number("user_version")?, number("application_id")?);
    if version > 0 && owner != APPLICATION_ID {
        let message = format!("{} is a SQLite file of another program", path.display());
        return Err(Fault::Kassa(Error::new(Code::JournalDamaged, message)));
    }
    for (sql, fill) in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        fallible("sqlite_migrate_step")?;
        transaction.execute_batch(sql)?;
        fill(&transaction)?;
    }
    if version < MIGRATIONS.len() as i64 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    }
    fallible("sqlite_migrate_commit")?;
    transaction.commit()?;
    answered("sqlite_migrate_commit")?;
    Ok(())
}

/// Device and number of the file; where the system has none, only whether there is a file.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    return Some((
        std::os::unix::fs::MetadataExt::dev(&metadata),
        std::os::unix::fs::MetadataExt::ino(&metadata),
    ));
    #[cfg(not(unix))]
    return Some((u64::from(metadata.is_file()), 0));
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn create_directory(path: &Path) -> std::io::Result<()> {
    fallible("sqlite_directory")?;
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

const COLUMNS: &str = "register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id, state, \
                       attempts, binding, fiscal, failure, raw, created_at_ms, updated_at_ms, revision, due_at_ms, \
                       number";

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        register: row.get(0)?,
        receipt_id: row.get(1)?,
        vendor: row.get(2)?,
        operation: row.get(3)?,
        fingerprint: row.get(4)?,
        request: row.get(5)?,
        vendor_document_id: row.get(6)?,
        state: state(row, 7)?,
        attempts: row.get(8)?,
        binding: row.get(9)?,
        fiscal: json(row, 10)?,
        failure: json(row, 11)?,
        raw: json(row, 12)?,
        created_at_ms: row.get(13)?,
        updated_at_ms: row.get(14)?,
        revision: row.get::<_, i64>(15)?.unsigned_abs(),
        due_at_ms: row.get(16)?,
        number: row.get(17)?,
    })
}

fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<State> {
    let word: String = row.get(column)?;
    State::named(&word).ok_or_else(|| unreadable(column, format!("unknown state {word}").into()))
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| unreadable(column, error.into()))
}

fn unreadable(column: usize, cause: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, cause)
}

fn find(connection: &Connection, register: &str, receipt_id: &str) -> rusqlite::Result<Option<Entry>> {
    fallible("sqlite_find")?;
    let sql = format!("SELECT {COLUMNS} FROM documents WHERE register = ?1 AND receipt_id = ?2");
    connection.prepare_cached(&sql)?.query_row([register, receipt_id], entry).optional()
}

/// Adds an entry; gives back its number.
fn insert(connection: &Connection, entry: &Entry) -> rusqlite::Result<i64> {
    fallible("sqlite_insert")?;
    let sql = format!(
        "INSERT INTO documents ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, \
         ?16, ?17, NULL)"
    );
    connection.prepare_cached(&sql)?.insert(params![
        entry.register,
        entry.receipt_id,
        entry.vendor,
        entry.operation,
        entry.fingerprint,
        entry.request,
        entry.vendor_document_id,
        entry.state.word(),
        entry.attempts,
        entry.binding,
        text(entry.fiscal.as_ref()),
        text(entry.failure.as_ref()),
        text(entry.raw.as_ref()),
        entry.created_at_ms,
        entry.updated_at_ms,
        revision(entry),
        entry.due_at_ms
    ])
}

fn revision(entry: &Entry) -> i64 {
    i64::try_from(entry.revision).unwrap_or(i64::MAX)
}

fn intend(connection: &Connection, new: Entry, note: &str) -> rusqlite::Result<Intended> {
    if let Some(entry) = find(connection, &new.register, &new.receipt_id)? {
        return Ok(Intended::Found(entry));
    }
    let number = insert(connection, &new)?;
    let new = Entry { number, ..new };
    audit::log(connection, &new, note)?;
    Ok(Intended::New(new))
}

/// Replaces an entry, unless another write came since it was read.
fn replace(connection: &Connection, read: &Entry, new: &Entry, note: &str) -> rusqlite::Result<bool> {
    fallible("sqlite_replace")?;
    let sql = "UPDATE documents SET state = ?4, attempts = ?5, vendor_document_id = ?6, fiscal = ?7, failure = ?8, \
               raw = ?9, updated_at_ms = ?10, binding = ?11, revision = ?12, due_at_ms = ?13 \
               WHERE register = ?1 AND receipt_id = ?2 AND revision = ?3";
    let changed = connection.prepare_cached(sql)?.execute(params![
        read.register,
        read.receipt_id,
        revision(read),
        new.state.word(),
        new.attempts,
        new.vendor_document_id,
        text(new.fiscal.as_ref()),
        text(new.failure.as_ref()),
        text(new.raw.as_ref()),
        new.updated_at_ms,
        new.binding,
        revision(new),
        new.due_at_ms
    ])?;
    if changed == 1 {
        audit::log(connection, new, note)?;
    }
    Ok(changed == 1)
}

fn number(connection: &Connection, register: &str, receipt_id: &str) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT number FROM documents WHERE register = ?1 AND receipt_id = ?2";
    connection.prepare_cached(sql)?.query_row([register, receipt_id], |row| row.get(0)).optional()
}

fn list(
    connection: &Connection,
    register: &str,
    filter: &Filter,
    after: i64,
) -> rusqlite::Result<Vec<Entry>> {
    fallible("sqlite_list")?;
    // Written out, so that the partial indexes serve them.
    let kept = match (filter.unsettled, filter.unfinished) {
        (true, _) => "AND state IN ('sending', 'in_doubt')",
        (false, true) => "AND state NOT IN ('registered', 'failed')",
        (false, false) => "",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM documents WHERE register = ?1 AND number > ?2 AND (?3 IS NULL OR state = ?3)
         AND (?4 IS NULL OR due_at_ms < ?4) {kept} ORDER BY number LIMIT ?5"
    );
    let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let state = filter.state.map(State::word);
    let rows = statement.query_map(params![register, after, state, filter.due_before_ms, limit], entry)?;
    rows.collect()
}

fn keep_secret(
    connection: &Connection,
    register: &str,
    name: &str,
    value: &SecretString,
) -> rusqlite::Result<()> {
    fallible("sqlite_keep_secret")?;
    let sql = "INSERT INTO secrets (register, name, value) VALUES (?1, ?2, ?3)
               ON CONFLICT (register, name) DO UPDATE SET value = ?3";
    connection.prepare_cached(sql)?.execute([register, name, value.expose_secret()]).map(drop)
}

impl Sqlite {
    async fn update(
        &self,
        read: &Entry,
        new: Entry,
        secrets: Vec<(&'static str, SecretString)>,
        note: String,
    ) -> Result<Entry> {
        let (read, path) = (read.clone(), self.store.path.clone());
        self.write(move |connection| {
            let work = || {
                let replaced = replace(connection, &read, &new, &note)?;
                for (name, value) in secrets.iter().filter(|_| replaced) {
                    keep_secret(connection, &read.register, name, value)?;
                }
                Ok(replaced)
            };
            let replaced = work().map_err(|error| failed(&path, &error))?;
            if replaced { Ok(new) } else { Err(superseded(&read)) }
        })
        .await
    }

    async fn query<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = self.store.path.clone();
        self.read(move |connection| work(connection).map_err(|error| failed(&path, &error))).await
    }
}

#[async_trait]
impl Journal for Sqlite {
    fn is_durable(&self) -> bool {
        true
    }

    async fn intend(&self, intent: &Intent, begin: Begin<'_>) -> Result<Intended> {
        let new = Entry::from_intent(intent, begin, now_ms());
        let (path, note) = (self.store.path.clone(), intent_note(begin.is_some()));
        self.write(move |connection| intend(connection, new, note).map_err(|error| failed(&path, &error)))
            .await
    }

    async fn intend_all(&self, intents: &[Intent]) -> Result<Vec<Intended>> {
        let now = now_ms();
        let new: Vec<_> = intents.iter().map(|intent| Entry::from_intent(intent, None, now)).collect();
        let path = self.store.path.clone();
        self.write(move |connection| {
            let written = new.into_iter().map(|new| intend(connection, new, intent_note(false)));
            written.collect::<rusqlite::Result<_>>().map_err(|error| failed(&path, &error))
        })
        .await
    }

    async fn find(&self, register: &str, receipt_id: &str) -> Result<Option<Entry>> {
        let (register, receipt_id) = (register.to_owned(), receipt_id.to_owned());
        self.query(move |connection| find(connection, &register, &receipt_id)).await
    }

    async fn begin(&self, entry: &Entry, binding: Option<&str>) -> Result<Entry> {
        self.update(entry, begun(entry, binding), Vec::new(), BEGIN_NOTE.into()).await
    }

    async fn conclude(&self, entry: &Entry, conclusion: &Conclusion) -> Result<Entry> {
        let new = concluded(entry, conclusion, now_ms());
        self.update(entry, new, conclusion.secrets.clone(), conclusion.note.clone()).await
    }

    async fn list(&self, register: &str, filter: &Filter) -> Result<Vec<Entry>> {
        let (register, filter) = (register.to_owned(), filter.clone());
        let path = self.store.path.clone();
        self.read(move |connection| {
            let after = match &filter.after {
                Some(id) => number(connection, &register, id).map_err(|error| failed(&path, &error))?,
                None => Some(0),
            };
            let after = after.ok_or_else(|| unknown_cursor(filter.after.as_deref().unwrap_or_default()))?;
            list(connection, &register, &filter, after).map_err(|error| failed(&path, &error))
        })
        .await
    }

    async fn steps(&self, register: &str, receipt_id: &str) -> Result<Vec<Step>> {
        let key = [register.to_owned(), receipt_id.to_owned()];
        self.query(move |connection| {
            let sql = "SELECT at_ms, attempt, state, note, event, content, hash FROM events
                       WHERE register = ?1 AND receipt_id = ?2 ORDER BY event";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(key, |row| {
                Ok(Step {
                    at_ms: row.get(0)?,
                    attempt: row.get(1)?,
                    state: state(row, 2)?,
                    note: row.get(3)?,
                    event: row.get(4)?,
                    content: row.get(5)?,
                    hash: row.get(6)?,
                })
            })?;
            rows.collect()
        })
        .await
    }

    async fn counts(&self, register: &str) -> Result<BTreeMap<&'static str, u64>> {
        let register = register.to_owned();
        self.query(move |connection| {
            let sql = "SELECT state, COUNT(*) FROM documents WHERE register = ?1 GROUP BY state";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([register], |row| {
                Ok((state(row, 0)?.word(), row.get::<_, i64>(1)?.unsigned_abs()))
            })?;
            rows.collect()
        })
        .await
    }

    async fn unfinished(&self, register: &str) -> Result<u64> {
        let register = register.to_owned();
        self.query(move |connection| {
            let sql = "SELECT COUNT(*) FROM documents WHERE register = ?1 AND state NOT IN ('registered', 'failed')";
            connection.prepare_cached(sql)?.query_row([register], |row| Ok(row.get::<_, i64>(0)?.unsigned_abs()))
        })
        .await
    }

    async fn secret(&self, register: &str, name: &str) -> Result<Option<SecretString>> {
        let key = [register.to_owned(), name.to_owned()];
        self.query(move |connection| {
            let sql = "SELECT value FROM secrets WHERE register = ?1 AND name = ?2";
            let value: Option<String> = connection.query_row(sql, key, |row| row.get(0)).optional()?;
            Ok(value.map(SecretString::from))
        })
        .await
    }

    async fn keep_secret(&self, register: &str, name: &str, value: Option<SecretString>) -> Result<()> {
        let (register, name, path) = (register.to_owned(), name.to_owned(), self.store.path.clone());
        self.write(move |connection| {
            let done = match value {
                Some(value) => keep_secret(connection, &register, &name, &value),
                None => connection
                    .execute("DELETE FROM secrets WHERE register = ?1 AND name = ?2", [&register, &name])
                    .map(drop),
            };
            done.map_err(|error| failed(&path, &error))
        })
        .await
    }

    async fn lease_for(&self, name: &str, deadline: Instant, _: Duration) -> Result<Lease> {
        // The first byte of the digest picks one of 256 files, the same in every version. Each kind of
        // lease has its own: a call that holds one on a document must not meet itself at the log-in.
        let kind: String = name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
        let path = self.store.leases.join(format!("{kind}-{:02x}", Sha256::digest(name)[0]));
        let unusable =
            |error: std::io::Error| self.store.unusable(format!("lease {}: {error}", path.display()));
        fallible("sqlite_lease_open").map_err(|injected| unusable(injected.into()))?;
        let file =
            private(OpenOptions::new().read(true).write(true).create(true)).open(&path).map_err(unusable)?;
        let mut pause = LEASE_PAUSE.0;
        loop {
            fallible("sqlite_lease_lock").map_err(|injected| unusable(injected.into()))?;
            match file.try_lock() {
                Ok(()) => return Ok(Lease::endless(Held(file))),
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
                Err(TryLockError::WouldBlock) if Instant::now() + pause >= deadline => {
                    return Err(busy(name));
                }
                Err(TryLockError::WouldBlock) => sleep(pause).await,
            }
            pause = (pause * 2).min(LEASE_PAUSE.1);
        }
    }
}

struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing is not enough: a child forked meanwhile holds the same open file.
        let _ = self.0.unlock();
    }
}
