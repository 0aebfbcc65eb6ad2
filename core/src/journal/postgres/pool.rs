//! The connections of a process to a server, and the errors of a journal that cannot be used.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Object, PoolError, QueueMode};
use tokio::time::sleep;

use super::connection::Manager;
use super::place::{self, Place};
use crate::error::{Code, Error, Result};
use crate::faults::may_fail;

/// Most connections of one process to one journal.
const MOST_CONNECTIONS: usize = 8;
/// How long one statement, or a free connection, is waited for.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that nobody used for so long is closed: the server has few, and what stands between may forget
/// it without a word.
pub(super) const IDLE_FOR: Duration = Duration::from_secs(60);
/// A connection is not used any more when it is so old: the names of the server may lead to another one now.
pub(super) const OLDEST: Duration = Duration::from_secs(30 * 60);

pub(super) struct Pool {
    connections: managed::Pool<Manager>,
    /// True while a task looks for idle connections.
    is_swept: Arc<AtomicBool>,
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
        Ok(Self { connections, is_swept: Arc::default(), shown: place.shown.clone() })
    }

    /// A connection of the pool, or a new one.
    pub(super) async fn connection(&self) -> Result<Object<Manager>> {
        may_fail("postgres_connect").map_err(|injected| self.unusable(injected))?;
        self.sweep();
        self.connections.get().await.map_err(|error| match error {
            PoolError::Backend(error) => self.unusable(format!("no connection: {error}")),
            PoolError::Timeout(_) => self.unusable("no connection in time"),
            error => self.unusable(error),
        })
    }

    /// Closes connections that are not used, until none is left.
    fn sweep(&self) {
        if self.is_swept.swap(true, Ordering::Relaxed) {
            return;
        }
        let (connections, is_swept) = (self.connections.weak(), self.is_swept.clone());
        tokio::spawn(async move {
            let mut left = 1;
            while left > 0 {
                sleep(IDLE_FOR / 4).await;
                let Some(connections) = connections.upgrade() else { return };
                connections.retain(|_, metrics| metrics.last_used() < IDLE_FOR);
                left = connections.status().size;
            }
            is_swept.store(false, Ordering::Relaxed);
        });
    }

    /// Closes every connection that nobody uses now: the server behind them is not the right one any more.
    pub(super) fn close_idle(&self) {
        self.connections.retain(|_, _| false);
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
