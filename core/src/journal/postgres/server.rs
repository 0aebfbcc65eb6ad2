//! The connections of a process to a server: a pool, finite waits, bounded repeats.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use deadpool::Runtime;
use deadpool::managed::{self, Object, PoolError, QueueMode};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Row;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::{IsNull, ToSql, Type};

use super::connection::{Failure, Manager};
use super::{Place, migration, place, seal};
use crate::error::{Code, Error, Result};
use crate::faults::{Injected, answer_may_be_lost, may_fail};

/// Most connections of one process to one journal.
const MOST_CONNECTIONS: usize = 8;
/// How long one statement, or a free connection, is waited for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a statement is repeated that the server forgot, or one that only reads and got no answer.
const MOST_REPEATS: u32 = 8;
/// How long a statement is repeated that the server itself took back for another's: one of them always
/// goes through.
const TAKEN_BACK_FOR: Duration = Duration::from_secs(20);
/// The longest pause before a repeat.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// Events are chained once nothing was written for this long: while many receipts come, chaining
/// would take the time of those that wait.
const SEAL_PAUSE: Duration = Duration::from_secs(1);
/// After so many pauses they are chained all the same.
const MOST_SEAL_PAUSES: u32 = 10;

/// What is said of a statement that was prepared and is not there: a pooler changed the server, a
/// person gave `DISCARD ALL`, a migration changed a table.
const FORGOTTEN: &[&SqlState] = &[
    &SqlState::INVALID_SQL_STATEMENT_NAME,
    &SqlState::DUPLICATE_PSTATEMENT,
    &SqlState::FEATURE_NOT_SUPPORTED,
];

/// A parameter of a statement.
pub(super) type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// What a statement does, which decides whether it may be repeated when its answer was lost; and
/// the name under which a test can make it fail.
#[derive(Clone, Copy, Debug)]
pub(super) enum Access {
    /// It changes nothing.
    Read(&'static str),
    /// It changes something.
    Write(&'static str),
}

impl Access {
    fn name(self) -> &'static str {
        match self {
            Self::Read(name) | Self::Write(name) => name,
        }
    }
}

/// Why a statement has no answer.
enum Trouble {
    /// The connection broke; whether the statement was carried out is not known.
    Lost(String),
    /// Nothing of it stands, and it may be repeated.
    TakenBack(String),
    /// The server does not know the prepared statement any more, or not in this form. Nothing of it
    /// stands, and it may be repeated.
    Forgotten(String),
    /// The server refused it.
    Refused(String),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        let error = match failure {
            Failure::Finding(error) => error,
            Failure::Ended(error) => return Self::Lost(ended(error.as_ref())),
        };
        let text = cause(&error);
        match error.as_db_error() {
            None => Self::Lost(text),
            // The server may end a connection between a commit and its answer.
            Some(told) if matches!(told.parsed_severity(), Some(Severity::Fatal | Severity::Panic)) => {
                Self::Lost(text)
            }
            Some(_) if is_taken_back(&error) => Self::TakenBack(text),
            Some(told) if FORGOTTEN.contains(&told.code()) => Self::Forgotten(text),
            Some(_) => Self::Refused(text),
        }
    }
}

impl From<Injected> for Trouble {
    fn from(injected: Injected) -> Self {
        Self::Lost(injected.to_string())
    }
}

pub(super) struct Server {
    pool: managed::Pool<Manager>,
    shown: String,
    migrated: OnceCell<()>,
    /// Registers whose events are being chained, and whether more came meanwhile.
    sealing: Mutex<HashMap<String, bool>>,
}

impl Server {
    pub(super) fn new(place: &Place, ca_file: Option<&str>) -> Result<Self> {
        may_fail("postgres_set_up")?;
        let tls = if place.plain { None } else { Some(place::tls(ca_file)?) };
        let pool = managed::Pool::builder(Manager { config: place.config.clone(), tls })
            .max_size(MOST_CONNECTIONS)
            // The one that worked last has its statements and the server's process warm.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(ANSWER_TIMEOUT))
            .create_timeout(Some(ANSWER_TIMEOUT))
            .recycle_timeout(Some(ANSWER_TIMEOUT))
            .build()
            .map_err(|error| Error::new(Code::Internal, format!("pool of the journal: {error}")))?;
        Ok(Self { pool, shown: place.shown().into(), migrated: OnceCell::new(), sealing: Mutex::default() })
    }

    /// Carries out one statement, which commits by itself, on a journal of the schema known here.
    pub(super) async fn query(&self, access: Access, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        if !self.migrated.initialized() {
            // Boxed, as is what makes a connection: every call would carry their many kilobytes along.
            Box::pin(self.migrated.get_or_try_init(|| migration::migrate(self))).await?;
        }
        let (begun, mut repeats) = (Instant::now(), 0);
        loop {
            let mut connection = self.connection().await?;
            let carried_out = carry_out(&mut connection, access, sql, params);
            let Ok(answer) = timeout(ANSWER_TIMEOUT, carried_out).await else {
                self.give_up(connection);
                return Err(self.lost(access, "no answer in time"));
            };
            let trouble = match answer {
                Ok(rows) => return Ok(rows),
                Err(trouble) => trouble,
            };
            let may_repeat = repeats < MOST_REPEATS;
            match (trouble, access) {
                (Trouble::Forgotten(_), _) if may_repeat => connection.forget_statements(),
                (Trouble::TakenBack(_), _) if begun.elapsed() < TAKEN_BACK_FOR => {}
                (Trouble::Lost(_), Access::Read(_)) if may_repeat => {}
                (Trouble::Lost(what), _) => return Err(self.lost(access, &what)),
                (Trouble::TakenBack(what) | Trouble::Forgotten(what) | Trouble::Refused(what), _) => {
                    return Err(self.unusable(what));
                }
            }
            drop(connection);
            sleep(jittered(Duration::from_millis(2 << repeats.min(7)).min(LONGEST_PAUSE))).await;
            repeats += 1;
        }
    }

    /// A connection of the pool, or a new one.
    pub(super) async fn connection(&self) -> Result<Object<Manager>> {
        may_fail("postgres_connect").map_err(|injected| self.unusable(injected))?;
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => self.unusable(format!("no connection: {}", cause(&error))),
            PoolError::Timeout(_) => self.unusable("no connection in time"),
            error => self.unusable(error),
        })
    }

    /// Closes a connection on which an answer may still be under way.
    pub(super) fn give_up(&self, connection: Object<Manager>) {
        drop(Object::take(connection));
    }

    pub(super) fn unusable(&self, what: impl fmt::Display) -> Error {
        Error::new(Code::JournalUnavailable, format!("journal {}: {what}", self.shown))
    }

    pub(super) fn failed(&self, failure: &Failure) -> Error {
        match failure {
            Failure::Finding(error) => self.unusable(cause(error)),
            Failure::Ended(error) => self.unusable(ended(error.as_ref())),
        }
    }

    pub(super) fn too_new(&self, found: i64, known: i64) -> Error {
        let message = format!(
            "journal {} has schema {found}; this library knows {known} and touched nothing",
            self.shown
        );
        Error::new(Code::JournalTooNew, message)
    }

    fn lost(&self, access: Access, what: &str) -> Error {
        match access {
            Access::Read(_) => self.unusable(what),
            Access::Write(_) => self.unusable(format!(
                "{what}: it is not known whether this step was written down; nothing was sent after it, and the same \
                 call again goes on from what was written"
            )),
        }
    }

    /// Has the open events of a register chained soon; nobody waits for it.
    pub(super) fn seal_soon(self: &Arc<Self>, register: &str) {
        if let Some(more) = self.sealing().get_mut(register) {
            *more = true;
            return;
        }
        let task = Sealing { server: self.clone(), register: register.into() };
        self.sealing().insert(register.into(), false);
        tokio::spawn(async move {
            loop {
                for _ in 0..MOST_SEAL_PAUSES {
                    sleep(SEAL_PAUSE).await;
                    if !task.take_note() {
                        break;
                    }
                }
                // What stays open is chained after the next write, or by whoever verifies.
                let is_open = seal::turn(&task.server, &task.register).await.unwrap_or_else(|error| {
                    tracing::debug!(target: "kassa::journal", register = task.register, "not chained: {error}");
                    false
                });
                if !is_open && !task.has_more() {
                    break;
                }
            }
        });
    }

    fn sealing(&self) -> MutexGuard<'_, HashMap<String, bool>> {
        self.sealing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A register whose events are being chained by a task of this process.
struct Sealing {
    server: Arc<Server>,
    register: String,
}

impl Sealing {
    /// Whether more came since the last time.
    fn take_note(&self) -> bool {
        self.server.sealing().insert(self.register.clone(), false).unwrap_or(false)
    }

    fn has_more(&self) -> bool {
        self.server.sealing().get(&self.register).copied().unwrap_or(false)
    }
}

impl Drop for Sealing {
    fn drop(&mut self) {
        self.server.sealing().remove(&self.register);
    }
}

async fn carry_out(
    connection: &mut Object<Manager>,
    access: Access,
    sql: &str,
    params: &[Param<'_>],
) -> std::result::Result<Vec<Row>, Trouble> {
    may_fail(access.name())?;
    let rows = connection.query(sql, params).await?;
    answer_may_be_lost(access.name())?;
    Ok(rows)
}

/// A parameter that the driver cannot write into a log.
pub(super) struct Unshown<'a>(pub(super) &'a (dyn ToSql + Sync));

impl fmt::Debug for Unshown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl ToSql for Unshown<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Encoded {
        self.0.to_sql_checked(kind, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, kind: &Type, out: &mut BytesMut) -> Encoded {
        self.0.to_sql_checked(kind, out)
    }
}

type Encoded = std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>>;

/// True where the server says that nothing of the statement stands and it may be repeated.
pub(super) fn is_taken_back(error: &tokio_postgres::Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::T_R_SERIALIZATION_FAILURE) || code == Some(&SqlState::T_R_DEADLOCK_DETECTED)
}

fn ended(error: Option<&tokio_postgres::Error>) -> String {
    error.map_or_else(|| "the connection ended".into(), cause)
}

/// What happened, without the values of any row.
pub(super) fn cause(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    if let Some(told) = error.as_db_error() {
        return format!("{} ({})", told.message(), told.code().code());
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Between a half and the whole of `pause`, so that those who wait do not all come back at once.
pub(super) fn jittered(pause: Duration) -> Duration {
    let part = RandomState::new().hash_one(pause) % 1_000;
    pause / 2 + pause * u32::try_from(part).unwrap_or(0) / 2_000
}
