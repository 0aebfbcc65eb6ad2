//! A connection to the server. The driver tokio-postgres moves bytes only while somebody polls the
//! connection. Here the caller of a statement polls it himself, and not a task of its own as usual: to wake
//! another task and be woken by it would take as long as the statement.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::iter::successors;
use std::pin::{Pin, pin};
use std::task::Poll;

use bytes::BytesMut;
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use futures_util::{FutureExt as _, TryStreamExt as _};
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::{IsNull, ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::plain;
use super::pool::{IDLE_FOR, OLDEST};
use crate::faults::Injected;

/// A parameter of a statement.
pub(super) type Param<'a> = &'a dyn Typed;

/// A value whose type in the data base is known, so that the server need not guess it.
pub(super) trait Typed: ToSql + Sync {
    fn kind(&self) -> Type;
}

macro_rules! typed {
    ($($kind:ident: $($of:ty),+;)+) => {
        $($(impl Typed for $of { fn kind(&self) -> Type { Type::$kind } })+)+
    };
}
typed! {
    TEXT: String, &str, Option<&str>;
    INT8: i64;
    FLOAT8: f64;
    BYTEA: Vec<u8>, &[u8];
    TEXT_ARRAY: Vec<String>, Vec<&str>, Vec<Option<&str>>;
    INT8_ARRAY: Vec<i64>;
    BYTEA_ARRAY: Vec<Vec<u8>>, Vec<&[u8]>;
}

/// Moves what is sent and received; ends with the connection.
type Driver = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// A connection to the server.
pub(super) struct Connection {
    client: Client,
    /// Absent once the connection ended.
    driver: Option<Driver>,
    /// What was prepared, by its text.
    statements: HashMap<String, Statement>,
    /// False while a statement is under way: an answer that nobody waited for may still come.
    is_idle: bool,
}

/// What the server says where a prepared statement is gone: a pooler went to another server, a person gave
/// `DISCARD ALL`, or a migration changed a table.
const FORGOTTEN: &[&SqlState] = &[
    &SqlState::INVALID_SQL_STATEMENT_NAME,
    &SqlState::DUPLICATE_PSTATEMENT,
    &SqlState::FEATURE_NOT_SUPPORTED,
];

/// Why a statement has no answer.
pub(super) enum Trouble {
    /// The connection broke; whether the statement was carried out is not known.
    Lost(String),
    /// Nothing of it stands, and it may be repeated.
    TakenBack(String),
    /// The server has lost the prepared statement. Nothing of it stands, and it may be repeated.
    Forgotten(String),
    /// The server is a standby, or the session may only read. Nothing of it stands, and another connection may
    /// lead to another server.
    ReadOnly(String),
    /// The server refused it.
    Refused(String),
}

/// The driver's own words for a server where nothing may be written, for which it has no code.
const READ_ONLY: &str = "does not allow writes";
/// What a person should know of it.
const STANDBY: &str = "; it is a standby, or `default_transaction_read_only` is on: nothing is written there. \
    Name the server that takes writes, or all of them with commas between";

/// What the server says where a pooler gave it another client's prepared statement, or none.
const POOLED: &[&SqlState] =
    &[&SqlState::PROTOCOL_VIOLATION, &SqlState::INVALID_SQL_STATEMENT_NAME, &SqlState::DUPLICATE_PSTATEMENT];

impl Trouble {
    /// What happened.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Lost(text)
            | Self::TakenBack(text)
            | Self::Forgotten(text)
            | Self::ReadOnly(text)
            | Self::Refused(text) => text,
        }
    }
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        let mut text = cause(&error);
        if error.code().is_some_and(|code| POOLED.contains(&code)) {
            text.push_str(
                "; a pooler stands between that does not keep prepared statements: use it in session mode, or PgBouncer \
                 1.21 or newer with max_prepared_statements above 0",
            );
        }
        match error.as_db_error() {
            None => Self::Lost(text),
            // The server may end a connection between a commit and its answer.
            Some(told) if matches!(told.parsed_severity(), Some(Severity::Fatal | Severity::Panic)) => {
                Self::Lost(text)
            }
            Some(_) if is_taken_back(&error) => Self::TakenBack(text),
            Some(told) if *told.code() == SqlState::READ_ONLY_SQL_TRANSACTION => Self::ReadOnly(text),
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

impl Connection {
    async fn new(config: &Config, tls: Option<&MakeRustlsConnect>) -> Result<Self, String> {
        let (client, driver): (Client, Driver) = match tls {
            None if config.get_password().is_some() => return Self::plain(config).await,
            None => {
                let (client, connection) = config.connect(NoTls).await.map_err(no_connection)?;
                (client, Box::pin(connection))
            }
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await.map_err(no_connection)?;
                (client, Box::pin(connection))
            }
        };
        Ok(Self { client, driver: Some(driver), statements: HashMap::new(), is_idle: true })
    }

    /// A connection in clear that tells no password, to the first host that takes writes.
    async fn plain(config: &Config) -> Result<Self, String> {
        let mut why = String::new();
        for index in 0..plain::hosts(config) {
            why = match plain::connect(config, index).await {
                Err(error) => no_connection(error),
                Ok((client, connection)) => {
                    let driver: Option<Driver> = Some(Box::pin(connection));
                    let mut opened = Self { client, driver, statements: HashMap::new(), is_idle: true };
                    match opened.takes_writes().await {
                        Ok(true) => return Ok(opened),
                        Ok(false) => format!("the server {READ_ONLY}{STANDBY}"),
                        Err(trouble) => trouble.into_text(),
                    }
                }
            };
        }
        Err(why)
    }

    async fn takes_writes(&mut self) -> Result<bool, Trouble> {
        let rows = self.query("SHOW transaction_read_only", &[]).await?;
        Ok(rows.first().and_then(|row| row.try_get::<_, String>(0).ok()).is_some_and(|only| only == "off"))
    }

    /// Carries out one statement, which is prepared once in a connection.
    pub(super) async fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Trouble> {
        let Self { client, driver, statements, is_idle } = self;
        *is_idle = false;
        let work = async {
            let statement = match statements.get(sql) {
                Some(known) => known.clone(),
                None => {
                    let types: Vec<Type> = params.iter().map(|param| param.kind()).collect();
                    let prepared = client.prepare_typed(sql, &types).await?;
                    statements.insert(sql.to_owned(), prepared.clone());
                    prepared
                }
            };
            let values = params.iter().map(|param| Unshown(*param));
            client.query_raw(&statement, values).await?.try_collect().await
        };
        let rows = driven(driver, work).await.map_err(Trouble::Lost)?;
        *is_idle = true;
        rows.map_err(Trouble::from)
    }

    /// Does something with the driver's client; fails with what ended the connection meanwhile.
    pub(super) async fn with<T>(&mut self, work: impl AsyncFnOnce(&Client) -> T) -> Result<T, String> {
        let Self { client, driver, is_idle, .. } = self;
        *is_idle = false;
        let done = driven(driver, work(client)).await?;
        *is_idle = true;
        Ok(done)
    }

    /// Has every statement prepared anew.
    pub(super) fn forget_statements(&mut self) {
        self.statements.clear();
    }

    /// False where it cannot be used again.
    fn is_sound(&mut self) -> bool {
        let has_ended = self.driver.as_mut().is_none_or(|driver| driver.now_or_never().is_some());
        self.is_idle && !has_ended
    }
}

/// Polls `work` and the connection until `work` is done or the connection ends; then it fails with the cause.
async fn driven<T>(driver: &mut Option<Driver>, work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(done));
        }
        let ended = match driver {
            None => Some(Ok(())),
            Some(driving) => match driving.as_mut().poll(context) {
                Poll::Ready(ended) => Some(ended),
                Poll::Pending => None,
            },
        };
        // What was received just now may be the answer.
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(done));
        }
        let Some(ended) = ended else { return Poll::Pending };
        *driver = None;
        Poll::Ready(Err(ended.err().map_or_else(|| "the connection ended".into(), |error| cause(&error))))
    })
    .await
}

/// Makes connections for the pool.
pub(super) struct Manager {
    pub(super) config: Config,
    /// Absent where plain text is meant.
    pub(super) tls: Option<MakeRustlsConnect>,
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = String;

    async fn create(&self) -> Result<Connection, String> {
        Box::pin(Connection::new(&self.config, self.tls.as_ref())).await
    }

    async fn recycle(&self, connection: &mut Connection, metrics: &Metrics) -> RecycleResult<String> {
        if metrics.age() > OLDEST || metrics.last_used() > IDLE_FOR {
            return Err(RecycleError::message("it is old, or was idle for long"));
        }
        match connection.is_sound() {
            true => Ok(()),
            false => Err(RecycleError::message("it ended, or an answer may still come on it")),
        }
    }
}

/// Why there is no connection.
fn no_connection(error: tokio_postgres::Error) -> String {
    let text = cause(&error);
    if text.contains(READ_ONLY) { text + STANDBY } else { text }
}

/// A parameter that the driver cannot write into a log.
struct Unshown<'a>(Param<'a>);

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

/// What happened, without the values of any row.
pub(super) fn cause(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    if let Some(told) = error.as_db_error() {
        return format!("{} ({})", told.message(), told.code().code());
    }
    let causes = successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
