//! Statements of a journal: finite waits, bounded repeats.

use std::time::Duration;

use deadpool::managed::Object;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Row;

use super::connection::{Manager, Param, Trouble};
use super::migration;
use super::place::Place;
use super::pool::{ANSWER_TIMEOUT, Pool, jittered};
use crate::error::{Error, Result};
use crate::faults::{answer_may_be_lost, may_fail};
use crate::journal::rows::Row as _;

/// How often a statement is repeated whose preparation the server forgot, or which only reads and got no
/// answer.
const MOST_REPEATS: u32 = 8;
/// How long a statement is repeated that the server took back because it was in the way of another one. Each
/// time one of the two goes through.
const TAKEN_BACK_FOR: Duration = Duration::from_secs(20);
/// The longest pause before a repeat.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Whether a statement may be repeated when its answer was lost, and the name under which a test can make it
/// fail.
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

pub(super) struct Server {
    pool: Pool,
    migrated: OnceCell<()>,
}

impl Server {
    pub(super) fn new(place: &Place, ca_file: Option<&str>) -> Result<Self> {
        Ok(Self { pool: Pool::new(place, ca_file)?, migrated: OnceCell::new() })
    }

    /// Carries out one statement, which commits by itself, on a journal of the schema known here.
    pub(super) async fn query(&self, access: Access, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        if !self.migrated.initialized() {
            // In a box: its state has many kilobytes, which the future of every call would hold otherwise.
            Box::pin(self.migrated.get_or_try_init(|| self.made_ready())).await?;
        }
        let (begun, mut repeats) = (Instant::now(), 0);
        loop {
            let mut connection = self.pool.connection().await?;
            let carried_out = carry_out(&mut connection, access, sql, params);
            let Ok(answer) = timeout(ANSWER_TIMEOUT, carried_out).await else {
                self.pool.give_up(connection);
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
                (Trouble::ReadOnly(_), _) if may_repeat => {
                    self.pool.give_up(connection);
                    self.pool.close_idle();
                    repeats += 1;
                    continue;
                }
                (
                    Trouble::TakenBack(what)
                    | Trouble::Forgotten(what)
                    | Trouble::ReadOnly(what)
                    | Trouble::Refused(what),
                    _,
                ) => return Err(self.pool.unusable(what)),
            }
            drop(connection);
            sleep(jittered(Duration::from_millis(2 << repeats.min(7)).min(LONGEST_PAUSE))).await;
            repeats += 1;
        }
    }

    /// Checks the data base and brings its tables up to date.
    async fn made_ready(&self) -> Result<()> {
        let mut connection = self.pool.connection().await?;
        let asked = timeout(ANSWER_TIMEOUT, connection.query("SHOW server_encoding", &[])).await;
        let encoding: String = match asked {
            Ok(Ok(rows)) => rows.first().map(|row| row.value(0)).transpose()?.unwrap_or_default(),
            Ok(Err(trouble)) => return Err(self.pool.unusable(trouble.into_text())),
            Err(_) => {
                self.pool.give_up(connection);
                return Err(self.pool.unusable("no answer in time"));
            }
        };
        drop(connection);
        if encoding != "UTF8" {
            return Err(self.pool.unusable(format!(
                "the data base has the encoding {encoding}, which cannot hold every answer of a vendor; it must be \
                 UTF8: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
            )));
        }
        migration::migrate(&self.pool).await
    }

    fn lost(&self, access: Access, what: &str) -> Error {
        match access {
            Access::Read(_) => self.pool.unusable(what),
            Access::Write(_) => self.pool.unusable(format!(
                "{what}: it is not known whether this step was written down; nothing was sent after it, and the same \
                 call again goes on from what was written"
            )),
        }
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
