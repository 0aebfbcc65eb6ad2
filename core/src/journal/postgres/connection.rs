//! A connection that whoever uses it drives: no other task has to be woken for a statement and by its
//! answer, which would take as long as the statement itself.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use futures_util::{FutureExt as _, TryStreamExt as _};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::server::{Param, Unshown};

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

/// Why a connection gave no answer.
pub(super) enum Failure {
    /// The statement's own error.
    Finding(tokio_postgres::Error),
    /// The connection ended, with this error or without a word.
    Ended(Option<tokio_postgres::Error>),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Finding(error)
    }
}

impl Connection {
    async fn new(config: &Config, tls: Option<&MakeRustlsConnect>) -> Result<Self, tokio_postgres::Error> {
        let (client, driver): (Client, Driver) = match tls {
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                (client, Box::pin(connection))
            }
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                (client, Box::pin(connection))
            }
        };
        Ok(Self { client, driver: Some(driver), statements: HashMap::new(), is_idle: true })
    }

    /// Carries out one statement, which is prepared once in a connection.
    pub(super) async fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        let Self { client, driver, statements, is_idle } = self;
        *is_idle = false;
        let work = async {
            let statement = match statements.get(sql) {
                Some(known) => known.clone(),
                None => {
                    let types: Vec<Type> = params.iter().map(|(_, kind)| kind.clone()).collect();
                    let prepared = client.prepare_typed(sql, &types).await?;
                    statements.insert(sql.to_owned(), prepared.clone());
                    prepared
                }
            };
            let values = params.iter().map(|(value, _)| Unshown(*value));
            client.query_raw(&statement, values).await?.try_collect().await
        };
        let rows = driven(driver, work).await?;
        *is_idle = true;
        rows.map_err(Failure::Finding)
    }

    /// Does something with the driver's client.
    pub(super) async fn with<T>(&mut self, work: impl AsyncFnOnce(&Client) -> T) -> Result<T, Failure> {
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

/// What `work` comes to while the connection is driven.
async fn driven<T>(driver: &mut Option<Driver>, work: impl Future<Output = T>) -> Result<T, Failure> {
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
        Poll::Ready(Err(Failure::Ended(ended.err())))
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
    type Error = tokio_postgres::Error;

    async fn create(&self) -> Result<Connection, tokio_postgres::Error> {
        Box::pin(Connection::new(&self.config, self.tls.as_ref())).await
    }

    async fn recycle(
        &self,
        connection: &mut Connection,
        _: &Metrics,
    ) -> RecycleResult<tokio_postgres::Error> {
        match connection.is_sound() {
            true => Ok(()),
            false => Err(RecycleError::message("it ended, or an answer may still come on it")),
        }
    }
}
