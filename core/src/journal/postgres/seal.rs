//! The chain of events in PostgreSQL. A write leaves its event open; a task moves what is open into
//! the chain, about once a second in one process at a time, a batch in a statement.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::get;
use super::server::{Access, Param, Server, jittered};
use crate::error::Result;
use crate::journal::audit::{Head, Link};
use crate::journal::chain::ZERO;

/// Events that are chained in one statement.
const BATCH: i64 = 5_000;
/// Pause of one who must have everything chained while another chains.
const PAUSE: Duration = Duration::from_millis(20);

/// Times the length of a batch that is rested after it.
const REST: u32 = 3;

const HEAD: &str = "SELECT events, last_hash, pruned_events, pruned_hash, pruned_before_ms FROM kassa_chains \
                    WHERE register = $1";
const ADD_HEAD: &str = "INSERT INTO kassa_chains (register, events, last_hash, pruned_events, pruned_hash, \
                        pruned_before_ms, claimed_until) VALUES ($1, 0, $2, 0, $2, 0, now()) \
                        ON CONFLICT (register) DO NOTHING";
/// Gives the chain to one process for a second, if anything is open. It keeps the others from doing
/// the same work, no more: what holds the chain together is in `SEAL`.
const CLAIM: &str = "
UPDATE kassa_chains SET claimed_until = now() + INTERVAL '1 second' WHERE register = (
    SELECT register FROM kassa_chains WHERE register = $1 AND claimed_until <= now()
    AND EXISTS (SELECT 1 FROM kassa_open WHERE register = $1) FOR UPDATE SKIP LOCKED
) RETURNING register";
const ANY_OPEN: &str = "SELECT 1 FROM kassa_open WHERE register = $1 LIMIT 1";
/// The first by their places, each with the open revisions of its receipt before it: an engine may
/// hand out numbers in another order than that of the writes. Only what is taken is sorted by receipt.
const OPEN: &str = "
WITH reached AS (
    SELECT receipt_id, MAX(revision) AS revision
    FROM (SELECT receipt_id, revision FROM kassa_open WHERE register = $1 ORDER BY place LIMIT $2) AS first
    GROUP BY receipt_id
)
SELECT receipt_id, revision, at_ms, attempt, state, note, content FROM (
    SELECT o.*, MAX(o.place) OVER (PARTITION BY o.receipt_id ORDER BY o.revision) AS turn
    FROM reached AS r JOIN kassa_open AS o
    ON o.register = $1 AND o.receipt_id = r.receipt_id AND o.revision <= r.revision
) AS open ORDER BY turn, revision";
/// Chains events if the chain still ends where it did when they were read and nobody has its head.
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

fn head(row: &Row) -> Result<Head> {
    Ok(Head {
        events: get(row, 0)?,
        last_hash: get(row, 1)?,
        pruned_events: get(row, 2)?,
        pruned_hash: get(row, 3)?,
        pruned_before_ms: get(row, 4)?,
    })
}

async fn round(server: &Server, register: &str) -> Result<Sealed> {
    let key: &[Param<'_>] = &[(&register, Type::TEXT)];
    let open: &[Param<'_>] = &[(&register, Type::TEXT), (&BATCH, Type::INT8)];
    // In this order: where others chain meanwhile, the head has moved when `SEAL` looks.
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
        end += 1;
        let link = Link {
            event: end,
            receipt_id: get(row, 0)?,
            at_ms: get(row, 2)?,
            attempt: get(row, 3)?,
            state: get(row, 4)?,
            note: get(row, 5)?,
            content: get(row, 6)?,
            hash: Vec::new(),
        };
        last = link.event(register).after(&last).to_vec();
        ids.push(link.receipt_id);
        revisions.push(get::<i64>(row, 1)?);
        events.push(end);
        hashes.push(last.clone());
    }
    let params: &[Param<'_>] = &[
        (&register, Type::TEXT),
        (&before.events, Type::INT8),
        (&before.last_hash, Type::BYTEA),
        (&ids, Type::TEXT_ARRAY),
        (&revisions, Type::INT8_ARRAY),
        (&events, Type::INT8_ARRAY),
        (&hashes, Type::BYTEA_ARRAY),
        (&end, Type::INT8),
        (&last, Type::BYTEA),
    ];
    let won = server.query(Access::Write("postgres_seal"), SEAL, params).await?;
    Ok(match rows.len() as i64 {
        _ if won.is_empty() => Sealed::Busy,
        BATCH.. => Sealed::Part,
        _ => Sealed::Some,
    })
}

async fn add_head(server: &Server, register: &str) -> Result<()> {
    let zero: &[Param<'_>] = &[(&register, Type::TEXT), (&&ZERO[..], Type::BYTEA)];
    server.query(Access::Write("postgres_add_head"), ADD_HEAD, zero).await.map(drop)
}

/// Chains what is open if it is this process's turn. True where something may still be open.
pub(super) async fn turn(server: &Arc<Server>, register: &str) -> Result<bool> {
    let key: &[Param<'_>] = &[(&register, Type::TEXT)];
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
            // The others shall hardly notice.
            Sealed::Part => sleep(begun.elapsed() * REST).await,
            // What came meanwhile waits for the next turn: to chain it in small pieces would cost the
            // writers more than the whole.
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
