//! The open file: one connection a process, closed while the process forks, and the writes that wait
//! for their commit. Writes that wait at the same time are committed together.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::files::{Identity, beside, create_directory, identity, private};
use super::forks::{LetGo, close_at_forks, closing, is_forking};
use super::opened::Opened;
use super::place::unusable;
use super::rights::{give_folder_to_owner, keep_private};
use super::schema::{BUSY_TIMEOUT, connect, refuse_foreign};
use crate::error::{Code, Error, Result};
use crate::faults::{answer_may_be_lost, may_fail};
use crate::trust::shared_folder;

/// Pause between two looks whether the process still forks.
const FORK_PAUSE: Duration = Duration::from_millis(1);
/// A commit that takes no longer than this is made on the caller's own thread: to hand it to another thread
/// and to be woken by it would take almost as long.
const AT_ONCE: Duration = Duration::from_micros(500);
/// How long a commit is supposed to take before one was measured.
const UNKNOWN: Duration = Duration::from_millis(1);

/// A file with what waits to be written to it.
pub(super) struct Store {
    pub path: PathBuf,
    /// The folder of its locks.
    pub leases: PathBuf,
    connection: Mutex<Option<Opened>>,
    /// Which file was opened first.
    identity: OnceLock<Identity>,
    waiting: Mutex<Vec<Job>>,
    /// A thread is on its way that carries out what waits. One is enough: more would only wait for each other.
    is_coming: AtomicBool,
    /// What a commit lasted of late, in microseconds.
    commit_us: AtomicU64,
}

/// How much a write does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// A few rows.
    Small,
    /// As many rows as the caller likes.
    Large,
}

/// A write that waits.
struct Job {
    extent: Extent,
    work: Work,
}

/// Does its part inside a transaction, or is told why there is none.
type Work = Box<dyn FnOnce(Result<&Opened>) -> Done + Send>;

/// What a write came to.
struct Done {
    is_right: bool,
    /// Tells its caller once the commit is decided.
    tell: Tell,
}

type Tell = Box<dyn FnOnce(&Result<()>) + Send>;

/// The thread that is on its way; dropped with it where its runtime ends before.
struct Coming(Arc<Store>);

impl Coming {
    /// Carries out every write that waits, however long that takes.
    fn commit(self) {
        let store = self.0.clone();
        let connection = store.connected();
        // Who comes later than this needs a thread of its own.
        drop(self);
        let carried_out = connection.and_then(|connection| {
            // Somebody else may have carried them out.
            if !store.waiting().is_empty() {
                let open = connection.as_ref().ok_or_else(|| store.unusable("closed"))?;
                store.carry_out(open, Transaction::begin(open).map_err(|error| store.failed(&error))?);
            }
            Ok(())
        });
        // There is no transaction for those that wait.
        if let Err(error) = carried_out {
            for job in std::mem::take(&mut *store.waiting()) {
                ((job.work)(Err(error.clone())).tell)(&Ok(()));
            }
        }
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.is_coming.store(false, Ordering::SeqCst);
    }
}

impl Store {
    /// The file at `path`, opened.
    pub fn open(path: &Path) -> Result<Arc<Self>> {
        let store = Arc::new(Self {
            path: path.into(),
            leases: beside(path, "-leases"),
            connection: Mutex::new(None),
            identity: OnceLock::new(),
            waiting: Mutex::new(Vec::new()),
            is_coming: AtomicBool::new(false),
            commit_us: AtomicU64::new(micros(UNKNOWN)),
        });
        store.prepare().map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => store.unusable(error).with_code(Code::JournalDamaged),
            _ => store.unusable(error),
        })?;
        let weak: Weak<Self> = Arc::downgrade(&store);
        close_at_forks(weak);
        drop(store.connected()?);
        Ok(store)
    }

    /// Sees to it that the files are a journal's and its owner's alone, before anything is written to them.
    fn prepare(&self) -> std::io::Result<()> {
        if let Some(why) = self.path.parent().and_then(shared_folder) {
            return Err(std::io::Error::other(why));
        }
        let is_first = !self.leases.exists();
        if is_first {
            refuse_foreign(&self.path)?;
        }
        for end in ["", "-wal", "-shm", "-journal", "-leases/seen", "-leases/ends", "-leases/open"] {
            let path = beside(&self.path, end);
            if path.metadata().is_ok_and(|about| !about.is_file()) {
                return Err(std::io::Error::other(format!("{} is no file; remove it", path.display())));
            }
            keep_private(&path, 0o600)?;
        }
        if is_first {
            create_directory(&self.leases)?;
            give_folder_to_owner(&self.leases, &self.path)?;
        }
        keep_private(&self.leases, 0o700)
    }

    /// False where its file was removed or replaced since it was opened.
    pub fn is_there(&self) -> bool {
        identity(&self.path).is_some_and(|now| self.identity.get() == Some(&now))
    }

    /// Writes all of `work` or nothing of it, synced when it returns.
    pub async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        extent: Extent,
        work: impl FnOnce(&Opened) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
        let store = self.clone();
        let work: Work = Box::new(move |connection| {
            let result = connection.and_then(|open| work(open).map_err(|error| store.failed(&error)));
            let is_right = result.is_ok();
            let tell: Tell = Box::new(move |committed| {
                // If the caller gave up, nobody listens; the write stands all the same.
                let _ = sender.send(committed.clone().and(result));
            });
            Done { is_right, tell }
        });
        self.waiting().push(Job { extent, work });
        if !self.commit_at_once() && !self.is_coming.swap(true, Ordering::SeqCst) {
            let coming = Coming(self.clone());
            tokio::task::spawn_blocking(move || coming.commit());
        }
        receiver.await.unwrap_or_else(|_| Err(self.unusable("the write was not carried out")))
    }

    /// Reads, all of it as it stood at one moment.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.clone();
        let task = tokio::task::spawn_blocking(move || match store.connected()?.as_ref() {
            Some(connection) => {
                may_fail("sqlite_read").map_err(|injected| store.unusable(injected))?;
                let _moment = Transaction::of("BEGIN", connection).map_err(|error| store.failed(&error))?;
                work(connection).map_err(|error| store.failed(&error))
            }
            None => Err(store.unusable("closed")),
        });
        task.await.unwrap_or_else(|_| Err(self.unusable("the read was not carried out")))
    }

    /// Moves what is in the `-wal` to the file and empties it, so that what was removed stands nowhere any more. Where
    /// another process reads from it at this moment, that is left to a later call.
    pub async fn empty_log(self: &Arc<Self>) -> Result<()> {
        let store = self.clone();
        let task = tokio::task::spawn_blocking(move || match store.connected()?.as_ref() {
            Some(connection) => connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .map_err(|error| store.failed(&error)),
            None => Err(store.unusable("closed")),
        });
        task.await.unwrap_or_else(|_| Err(self.unusable("the log was not emptied")))
    }

    /// Writes a copy of the data base, as it is at one moment, to a file of its owner's alone. Other processes go on
    /// meanwhile.
    pub async fn back_up(self: &Arc<Self>, to: PathBuf) -> Result<()> {
        let store = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let unusable = |error: std::io::Error| unusable(&to, error);
            // SQLite takes an empty file that is there, and would make one that everybody can read.
            let file = private(OpenOptions::new().write(true).create(true)).open(&to).map_err(unusable)?;
            let path = to.to_str().ok_or_else(|| unusable(std::io::Error::other("the path is no text")))?;
            match store.connected()?.as_ref() {
                Some(open) => open.execute("VACUUM INTO ?1", [path]).map_err(|error| store.failed(&error))?,
                None => return Err(store.unusable("closed")),
            };
            // SQLite leaves that to the system.
            file.sync_all().map_err(unusable)
        });
        task.await.unwrap_or_else(|_| Err(self.unusable("the copy was not made")))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Opened>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Job>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, opened if it is not; waits while the process forks.
    fn connected(&self) -> Result<MutexGuard<'_, Option<Opened>>> {
        let mut connection = self.lock();
        while is_forking() {
            drop(connection);
            std::thread::sleep(FORK_PAUSE);
            connection = self.lock();
        }
        match &*connection {
            Some(open) if open.is_in_place() => {}
            Some(_) => return Err(self.replaced()),
            None if self.identity.get().is_some() && !self.is_there() => return Err(self.replaced()),
            None => {
                let opened = connect(self)?;
                may_fail("sqlite_identity").map_err(|injected| self.unusable(injected))?;
                let now = identity(&self.path).ok_or_else(|| self.replaced())?;
                if *self.identity.get_or_init(|| now) != now {
                    return Err(self.replaced());
                }
                *connection = Some(opened);
            }
        }
        Ok(connection)
    }

    fn replaced(&self) -> Error {
        self.unusable(
            "its file was removed, renamed or replaced while it was open here, and what is written to it now would be \
             lost; nothing was sent. Put the file back that has the last receipts, with its `-wal`, then open a new client",
        )
    }

    /// Carries out every write that waits, if that is a matter of a moment and nobody else writes.
    fn commit_at_once(&self) -> bool {
        let is_slow = self.commit_us.load(Ordering::Relaxed) > micros(AT_ONCE);
        if is_slow || is_forking() {
            return false;
        }
        let Ok(mut connection) = self.connection.try_lock() else { return false };
        let Some(open) = connection.as_ref().filter(|open| open.is_in_place()) else { return false };
        if self.waiting().iter().any(|job| job.extent == Extent::Large) {
            return false;
        }
        let is_impatient = open.busy_timeout(Duration::ZERO);
        let is_done = match is_impatient.and_then(|()| Transaction::begin(open)) {
            Ok(transaction) => {
                self.carry_out(open, transaction);
                true
            }
            Err(_) => false,
        };
        if open.busy_timeout(BUSY_TIMEOUT).is_err() {
            *connection = None;
        }
        is_done
    }

    /// Carries out every write that waits in this transaction.
    fn carry_out(&self, open: &Opened, transaction: Transaction<'_>) {
        let jobs = std::mem::take(&mut *self.waiting());
        let is_measured = jobs.iter().all(|job| job.extent == Extent::Small);
        let mut tells = Vec::with_capacity(jobs.len());
        let committed = match self.do_all(open, jobs, &mut tells) {
            Ok(true) => {
                let begun = Instant::now();
                let committed = transaction.commit().map_err(|error| self.failed(&error));
                if is_measured {
                    // One that had to wait for a checkpoint tells little about the next one.
                    let now = micros(begun.elapsed().min(2 * AT_ONCE));
                    let before = self.commit_us.load(Ordering::Relaxed);
                    self.commit_us.store((3 * before + now) / 4, Ordering::Relaxed);
                }
                committed
            }
            // Nothing is left to commit.
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        open.witness.is_over(committed.is_ok());
        if committed.is_err() {
            open.forget_numbers();
        }
        tells.into_iter().for_each(|tell| tell(&committed));
    }

    /// Has every write do its part. One that fails is undone alone, and the others stand. False where all
    /// failed; after an error nothing may be committed.
    fn do_all(&self, connection: &Opened, jobs: Vec<Job>, tells: &mut Vec<Tell>) -> Result<bool> {
        let is_alone = jobs.len() == 1;
        let begin = || -> rusqlite::Result<()> {
            may_fail("sqlite_savepoint")?;
            connection.execute_batch("SAVEPOINT job")
        };
        let end = |sql: &str| -> rusqlite::Result<()> {
            may_fail("sqlite_release")?;
            connection.execute_batch(sql)
        };
        let mut so_far = Ok(false);
        for Job { work, .. } in jobs {
            if so_far.is_ok()
                && !is_alone
                && let Err(error) = begin()
            {
                so_far = Err(self.failed(&error));
            }
            let ends = connection.witness.new_ends();
            let done = work(so_far.as_ref().map(|_| connection).map_err(Error::clone));
            if !done.is_right {
                connection.witness.back_to(ends);
                connection.forget_numbers();
            }
            let sql = if done.is_right { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
            so_far = so_far.and_then(|is_wanted| {
                let ended = if is_alone { Ok(()) } else { end(sql) };
                ended.map_err(|error| self.failed(&error))?;
                Ok(is_wanted || done.is_right)
            });
            tells.push(done.tell);
        }
        so_far
    }

    /// The error of a file that cannot be used.
    pub fn unusable(&self, cause: impl std::fmt::Display) -> Error {
        unusable(&self.path, cause)
    }

    /// The error of a statement.
    pub fn failed(&self, error: &rusqlite::Error) -> Error {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        let code = match (error.sqlite_error_code(), error) {
            (Some(DatabaseCorrupt | NotADatabase), _)
            | (None, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..)) => {
                Code::JournalDamaged
            }
            _ => Code::JournalUnavailable,
        };
        // The texts of SQLite are the same for many causes.
        let cause = match (error.sqlite_error(), error) {
            (Some(cause), _) => format!("{error} (SQLite's code {})", cause.extended_code),
            (None, FromSqlConversionFailure(_, _, cause)) => format!("what is in it cannot be read: {cause}"),
            (None, _) => error.to_string(),
        };
        Error::new(code, format!("journal {}: {cause}", self.path.display()))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _closing = closing();
        self.let_go();
    }
}

impl LetGo for Store {
    fn let_go(&self) {
        *self.lock() = None;
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A write in progress, or a read; a write that is not committed is undone. BEGIN and COMMIT stay prepared
/// here, while the transaction of rusqlite has SQLite parse them for each write.
struct Transaction<'a>(&'a Connection);

impl<'a> Transaction<'a> {
    fn begin(connection: &'a Connection) -> rusqlite::Result<Self> {
        may_fail("sqlite_begin")?;
        Self::of("BEGIN IMMEDIATE", connection)
    }

    fn of(sql: &str, connection: &'a Connection) -> rusqlite::Result<Self> {
        if !connection.is_autocommit() {
            // The one before could not be undone.
            connection.execute_batch("ROLLBACK")?;
        }
        connection.prepare_cached(sql)?.execute([])?;
        Ok(Self(connection))
    }

    fn commit(self) -> rusqlite::Result<()> {
        may_fail("sqlite_commit")?;
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(answer_may_be_lost("sqlite_commit")?)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // SQLite may have undone it by itself; then, and after a commit, there is none.
        if !self.0.is_autocommit() {
            let _ = self.0.prepare_cached("ROLLBACK").and_then(|mut undo| undo.execute([]));
        }
    }
}
