//! The connections of a process to a server, and the errors of a journal that cannot be used.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Object, PoolError, QueueMode};

use super::connection::{Manager, cause};
use super::place::{self, Place};
use crate::error::{Code, Error, Result};
use crate::faults::may_fail;

/// Most connections of one process to one journal.
const MOST_CONNECTIONS: usize = 8;
/// How long one statement, or a free connection, is waited for.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Pool {
    connections: managed::Pool<Manager>,
    /// The address without its password.
    pub(super) shown: String,
}

impl Pool {
    pub(super) fn new(place: &Place, ca_file: Option<&str>) -> Result<Self> {
        may_fail("postgres_set_up")?;
        let tls = if place.plain { None } else { Some(place::tls(ca_file)?) };
        let connections = managed::Pool::builder(Manager { config: place.config.clone(), tls })
            .max_size(MOST_CONNECTIONS)
            // The connection that worked last has its statements prepared.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(ANSWER_TIMEOUT))
            .create_timeout(Some(ANSWER_TIMEOUT))
            .recycle_timeout(Some(ANSWER_TIMEOUT))
            .build()
            .map_err(|error| Error::new(Code::Internal, format!("pool of the journal: {error}")))?;
        Ok(Self { connections, shown: place.shown.clone() })
    }

    /// A connection of the pool, or a new one.
    pub(super) async fn connection(&self) -> Result<Object<Manager>> {
        may_fail("postgres_connect").map_err(|injected| self.unusable(injected))?;
        self.connections.get().await.map_err(|error| match error {
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
}

/// Between a half and the whole of `pause`, so that those who wait do not all come back at once.
pub(super) fn jittered(pause: Duration) -> Duration {
    let part = RandomState::new().hash_one(pause) % 1_000;
    pause / 2 + pause * u32::try_from(part).unwrap_or(0) / 2_000
}
