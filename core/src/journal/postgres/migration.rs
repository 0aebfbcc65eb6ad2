//! The schema of a PostgreSQL journal: made and brought up to date at the first use in a process.

use tokio::time::{sleep, timeout};
use tokio_postgres::error::SqlState;

use std::time::Duration;

use super::connection::{cause, is_taken_back};
use super::pool::{Pool, jittered};
use crate::error::Result;
use crate::faults::{Injected, answer_may_be_lost, may_fail};
use crate::journal::entry::too_new;

/// Each version of the schema, as the step from the one before. Never change one that shipped.
const MIGRATIONS: &[&str] = &[
    include_str!("../postgres_1.sql"),
    include_str!("../postgres_2.sql"),
    include_str!("../postgres_3.sql"),
];
/// How long one migration may take.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(60);
/// How often it begins anew while others migrate.
const MOST_ROUNDS: u32 = 20;

const VERSION: &str = "SELECT MAX(version) FROM kassa_schema";
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS kassa_schema (version BIGINT NOT NULL PRIMARY KEY, \
                      applied_at TIMESTAMPTZ NOT NULL)";
/// What a killed process left long ago.
const TIDY: &str = "DELETE FROM kassa_leases WHERE expires_at < now() - INTERVAL '1 day'";

enum Round {
    Done,
    Again(String),
}

/// Brings the schema to the version known here. Many processes may do so at once: only one of them can add
/// the row of a version, and the others begin anew.
pub(super) async fn migrate(pool: &Pool) -> Result<()> {
    let mut last = String::new();
    for round in 0..MOST_ROUNDS {
        let mut connection = pool.connection().await?;
        let step = connection.with(async |client| step(pool, client).await);
        let Ok(result) = timeout(MIGRATION_TIMEOUT, step).await else {
            pool.give_up(connection);
            return Err(pool.unusable("no answer in time while the schema was brought up to date"));
        };
        match result.map_err(|ended| pool.unusable(ended))?? {
            Round::Done => return Ok(()),
            Round::Again(why) => last = why,
        }
        drop(connection);
        sleep(jittered(Duration::from_millis(5 << round.min(6)))).await;
    }
    Err(pool.unusable(format!("the schema could not be brought up to date: {last}")))
}

async fn step(pool: &Pool, connection: &tokio_postgres::Client) -> Result<Round> {
    let failed = |error: tokio_postgres::Error| pool.unusable(cause(&error));
    let chance = |result: std::result::Result<(), Injected>| result.map_err(|why| pool.unusable(why));
    chance(may_fail("postgres_version"))?;
    let version = connection.query_typed_one(VERSION, &[]).await;
    chance(answer_may_be_lost("postgres_version"))?;
    let found: i64 = match version {
        Ok(row) => row.try_get::<_, Option<i64>>(0).map_err(failed)?.unwrap_or(0),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {
            chance(may_fail("postgres_schema"))?;
            let made = connection.batch_execute(SCHEMA).await;
            chance(answer_may_be_lost("postgres_schema"))?;
            return match made {
                Err(error) if !is_of_another(&error) => Err(failed(error)),
                _ => Ok(Round::Again("the table kassa_schema is being made".into())),
            };
        }
        Err(error) => return Err(failed(error)),
    };
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(too_new(&pool.shown, found, known));
    }
    let Some(migration) = usize::try_from(found).ok().and_then(|found| MIGRATIONS.get(found)) else {
        chance(may_fail("postgres_tidy"))?;
        connection.batch_execute(TIDY).await.map_err(failed)?;
        chance(answer_may_be_lost("postgres_tidy"))?;
        return Ok(Round::Done);
    };
    let version = found + 1;
    let script = format!(
        "BEGIN; INSERT INTO kassa_schema (version, applied_at) VALUES ({version}, now()); {migration}; COMMIT"
    );
    chance(may_fail("postgres_migrate"))?;
    let migrated = connection.batch_execute(&script).await;
    chance(answer_may_be_lost("postgres_migrate"))?;
    match migrated {
        Ok(()) => Ok(Round::Again("a version is applied".into())),
        Err(error) => {
            connection.batch_execute("ROLLBACK").await.map_err(failed)?;
            if is_of_another(&error) { Ok(Round::Again(cause(&error))) } else { Err(failed(error)) }
        }
    }
}

/// True where another process did the same at the same moment.
fn is_of_another(error: &tokio_postgres::Error) -> bool {
    let same = [&SqlState::UNIQUE_VIOLATION, &SqlState::DUPLICATE_TABLE, &SqlState::DUPLICATE_OBJECT];
    error.code().is_some_and(|code| same.contains(&code)) || is_taken_back(error)
}
