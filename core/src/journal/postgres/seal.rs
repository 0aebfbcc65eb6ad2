//! The chain of events in PostgreSQL. A write leaves its event open. A task moves open events into the chain
//! about once a second, a batch in a statement; one process does it at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::connection::Param;
use super::pool::jittered;
use super::server::{Access, Server};
use crate::error::Result;
use crate::journal::audit::Head;
use crate::journal::chain::ZERO;
use crate::journal::rows::{Row as _, link};

/// Events are chained once nothing was written for this long. Before that it would only slow down those who
/// write.
const QUIET: Duration = Duration::from_secs(1);
/// After so many of these times they are chained in any case.
const MOST_QUIET: u32 = 10;
/// Events that are chained in one statement.
const BATCH: i64 = 5_000;
/// Pause of a call that needs everything chained, while another process is chaining.
const PAUSE: Duration = Duration::from_millis(20);
/// After a batch the task rests for so many times as long as the batch took, which leaves the server to the
/// writers.
const REST: u32 = 3;

const HEAD: &str = "SELECT events, last_hash, pruned_events, pruned_hash, pruned_before_ms FROM kassa_chains \
                    WHERE register = $1";
const ADD_HEAD: &str = "INSERT INTO kassa_chains (register, events, last_hash, pruned_events, pruned_hash, \
                        pruned_before_ms, claimed_until) VALUES ($1, 0, $2, 0, $2, 0, now()) \
                        ON CONFLICT (register) DO NOTHING";
/// Gives the chain to one process for a second, if anything is open. This only saves the others the same
/// work: `SEAL` is safe without it.
const CLAIM: &str = "
UPDATE kassa_chains SET claimed_until = now() + INTERVAL '1 second' WHERE register = (
    SELECT register FROM kassa_chains WHERE register = $1 AND claimed_until <= now()
    AND EXISTS (SELECT 1 FROM kassa_open WHERE register = $1) FOR UPDATE SKIP LOCKED
) RETURNING register";
const ANY_OPEN: &str = "SELECT 1 FROM kassa_open WHERE register = $1 LIMIT 1";
/// The first open events by their places. An engine may give a later write of a receipt a smaller place, so
/// the open events of that receipt with smaller revisions come too, and go first. The columns are those of a
/// chained event, with an empty place and an empty hash, and the revision.
const OPEN: &str = "
WITH reached AS (
    SELECT receipt_id, MAX(revision) AS revision
    FROM (SELECT receipt_id, revision FROM kassa_open WHERE register = $1 ORDER BY place LIMIT $2) AS first
    GROUP BY receipt_id
)
SELECT 0::int8, receipt_id, at_ms, attempt, state, note, content, ''::bytea, revision FROM (
    SELECT o.*, MAX(o.place) OVER (PARTITION BY o.receipt_id ORDER BY o.revision) AS turn
    FROM reached AS r JOIN kassa_open AS o
    ON o.register = $1 AND o.receipt_id = r.receipt_id AND o.revision <= r.revision
) AS open ORDER BY turn, revision";
/// Chains events, if the chain still ends where it did when they were read and no other statement holds its
/// head.
const SEAL: &str = "
WITH head AS (
    SELECT register FROM kassa_chains WHERE register = $1 AND events = $2 AND last_hash = $3
    FOR UPDATE SKIP LOCKED
), taken AS (
    DELETE FROM kassa_open AS o
    USING head, unnest($4::text[], $5::int8[], $6::int8[], $7::bytea[]) AS s (receipt_id, revision, event, hash)
    WHERE o.register = head.register AND o.receipt_id = s.receipt_id AND o.revision = s.revision
    RETURNING o.register, s.event, o.receipt_id, o.revision, o.at_ms, o.attempt, o.state, o.note, o.content, s.hash
), sealed AS (
    INSERT INTO kassa_events (register, event, receipt_id, revision, at_ms, attempt, state, note, content, hash)
    SELECT * FROM taken
), moved AS (
    UPDATE kassa_chains AS c SET events = $8, last_hash = $9, claimed_until = now() + INTERVAL '1 second' FROM head
    WHERE c.register = head.register RETURNING c.register
)
SELECT register FROM moved";

/// How a round of chaining ended.
enum Sealed {
    /// Nothing is open.
    All(Head),
    /// What was open when it was read.
    Some,
    /// Part of it.
    Part,
    /// Another has the head.
    Busy,
}

fn head(row: &tokio_postgres::Row) -> Result<Head> {
    Ok(Head {
        events: row.value(0)?,
        last_hash: row.value(1)?,
        pruned_events: row.value(2)?,
        pruned_hash: row.value(3)?,
        pruned_before_ms: row.value(4)?,
    })
}

async fn round(server: &Server, register: &str) -> Result<Sealed> {
    let key: &[Param<'_>] = &[&register];
    let open: &[Param<'_>] = &[&register, &BATCH];
    // The head first. If another process chains between the two reads, `SEAL` finds a newer head and does
    // nothing.
    let found =
        server.query(Access::Read("postgres_head"), HEAD, key).await?.first().map(head).transpose()?;
    let rows = server.query(Access::Read("postgres_open_events"), OPEN, open).await?;
    if rows.is_empty() {
        return Ok(Sealed::All(found.unwrap_or_default()));
    }
    let Some(before) = found else {
        add_head(server, register).await?;
        return Ok(Sealed::Part);
    };
    let (mut ids, mut revisions, mut events, mut hashes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut end, mut last) = (before.events, before.last_hash.clone());
    for row in &rows {
        let link = link(row)?.chained(register, end, &last);
        (end, last) = (link.event, link.hash.clone());
        ids.push(link.receipt_id);
        revisions.push(row.value::<i64>(8)?);
        events.push(link.event);
        hashes.push(link.hash);
    }
    let won = server
        .query(
            Access::Write("postgres_seal"),
            SEAL,
            &[&register, &before.events, &before.last_hash, &ids, &revisions, &events, &hashes, &end, &last],
        )
        .await?;
    Ok(match rows.len() as i64 {
        _ if won.is_empty() => Sealed::Busy,
        BATCH.. => Sealed::Part,
        _ => Sealed::Some,
    })
}

async fn add_head(server: &Server, register: &str) -> Result<()> {
    let zero: &[Param<'_>] = &[&register, &&ZERO[..]];
    server.query(Access::Write("postgres_add_head"), ADD_HEAD, zero).await.map(drop)
}

/// Chains what is open if it is this process's turn. True where something may still be open.
async fn turn(server: &Server, register: &str) -> Result<bool> {
    let key: &[Param<'_>] = &[&register];
    if server.query(Access::Write("postgres_claim"), CLAIM, key).await?.is_empty() {
        if server.query(Access::Read("postgres_any_open"), ANY_OPEN, key).await?.is_empty() {
            return Ok(false);
        }
        add_head(server, register).await?;
        return Ok(true);
    }
    loop {
        let begun = Instant::now();
        match round(server, register).await? {
            Sealed::All(_) => return Ok(false),
            Sealed::Part => sleep(begun.elapsed() * REST).await,
            // What came meanwhile waits for the next turn: many small batches cost the writers more than a
            // large one.
            Sealed::Some | Sealed::Busy => return Ok(true),
        }
    }
}

/// Chains everything that is open, then tells where the chain stands.
pub(super) async fn all(server: &Server, register: &str) -> Result<Head> {
    loop {
        match round(server, register).await? {
            Sealed::All(head) => return Ok(head),
            Sealed::Some | Sealed::Part => {}
            Sealed::Busy => sleep(jittered(PAUSE)).await,
        }
    }
}

/// Chains the events of a process some time after they were written; nobody waits for it.
pub(super) struct Sealer {
    server: Arc<Server>,
    /// Registers that a task is chaining, and whether more came since it looked.
    tasks: Mutex<HashMap<String, bool>>,
}

impl Sealer {
    pub(super) fn new(server: Arc<Server>) -> Arc<Self> {
        Arc::new(Self { server, tasks: Mutex::default() })
    }

    /// Has the open events of a register chained soon.
    pub(super) fn seal_soon(self: &Arc<Self>, register: &str) {
        if let Some(more) = self.tasks().get_mut(register) {
            *more = true;
            return;
        }
        let task = Sealing { sealer: self.clone(), register: register.into() };
        self.tasks().insert(register.into(), false);
        tokio::spawn(task.run());
    }

    fn tasks(&self) -> MutexGuard<'_, HashMap<String, bool>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that chains the events of a register.
struct Sealing {
    sealer: Arc<Sealer>,
    register: String,
}

impl Sealing {
    async fn run(self) {
        loop {
            for _ in 0..MOST_QUIET {
                sleep(QUIET).await;
                if !self.take_note() {
                    break;
                }
            }
            // What stays open is chained after the next write, or by whoever verifies.
            let is_open = turn(&self.sealer.server, &self.register).await.unwrap_or_else(|error| {
                tracing::debug!(target: "kassa::journal", register = self.register, "not chained: {error}");
                false
            });
            if !is_open && !self.take_note() {
                break;
            }
        }
    }

    /// Whether more came since the last time.
    fn take_note(&self) -> bool {
        self.sealer.tasks().insert(self.register.clone(), false).unwrap_or(false)
    }
}

impl Drop for Sealing {
    fn drop(&mut self) {
        self.sealer.tasks().remove(&self.register);
    }
}
