//! The chain of events in PostgreSQL. A write leaves its event open; a task chains what is open, a
//! batch at a time. Whoever finds the head of the chain taken leaves the work to its holder.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::server::{Access, Param, Server, jittered};
use super::{Postgres, get};
use crate::error::Result;
use crate::journal::audit::{Audit, Head, Link, Pair, Pruned};
use crate::journal::chain::{Content, ZERO};

/// Events that are chained in one statement.
const BATCH: i64 = 1_000;
/// Pause of one who must have everything chained while another chains.
const PAUSE: Duration = Duration::from_millis(20);

const HEAD: &str = "SELECT events, last_hash, pruned_events, pruned_hash, pruned_before_ms FROM kassa_chains \
                    WHERE register = $1";
const ADD_HEAD: &str = "INSERT INTO kassa_chains (register, events, last_hash, pruned_events, pruned_hash, \
                        pruned_before_ms) VALUES ($1, 0, $2, 0, $2, 0) ON CONFLICT (register) DO NOTHING";
/// In the order of their ids, but the revisions of one receipt always in theirs: an engine may hand
/// out ids in another order than that of the writes.
const OPEN: &str = "
SELECT id, receipt_id, at_ms, attempt, state, note, content FROM (
    SELECT *, MAX(id) OVER (PARTITION BY receipt_id ORDER BY revision) AS place FROM kassa_events
    WHERE register = $1 AND event IS NULL
) AS open ORDER BY place, revision LIMIT $2";
/// Chains events if the chain still ends where it did when they were read and nobody has its head.
const SEAL: &str = "
WITH head AS (
    SELECT register FROM kassa_chains WHERE register = $1 AND events = $2 AND last_hash = $3
    FOR UPDATE SKIP LOCKED
), sealed AS (
    UPDATE kassa_events AS e SET event = s.event, hash = s.hash
    FROM head, unnest($4::int8[], $5::int8[], $6::bytea[]) AS s (id, event, hash)
    WHERE e.id = s.id AND e.register = head.register AND e.event IS NULL
), moved AS (
    UPDATE kassa_chains AS c SET events = $7, last_hash = $8 FROM head
    WHERE c.register = head.register RETURNING c.register
)
SELECT register FROM moved";

fn head(row: &Row) -> Result<Head> {
    Ok(Head {
        events: get(row, 0)?,
        last_hash: get(row, 1)?,
        pruned_events: get(row, 2)?,
        pruned_hash: get(row, 3)?,
        pruned_before_ms: get(row, 4)?,
    })
}

/// How a round of chaining ended.
enum Sealed {
    /// Nothing is open.
    All(Head),
    /// Some was chained.
    Some,
    /// Another has the head.
    Busy,
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
        let zero: &[Param<'_>] = &[(&register, Type::TEXT), (&&ZERO[..], Type::BYTEA)];
        server.query(Access::Write("postgres_add_head"), ADD_HEAD, zero).await?;
        return Ok(Sealed::Some);
    };
    let (mut ids, mut events, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = before.last_hash.clone();
    for row in &rows {
        let link = Link {
            event: before.events + 1 + i64::try_from(events.len()).unwrap_or(0),
            receipt_id: get(row, 1)?,
            at_ms: get(row, 2)?,
            attempt: get(row, 3)?,
            state: get(row, 4)?,
            note: get(row, 5)?,
            content: get(row, 6)?,
            hash: Vec::new(),
        };
        last = link.event(register).after(&last).to_vec();
        ids.push(get::<i64>(row, 0)?);
        events.push(link.event);
        hashes.push(last.clone());
    }
    let end = events.last().copied().unwrap_or(before.events);
    let params: &[Param<'_>] = &[
        (&register, Type::TEXT),
        (&before.events, Type::INT8),
        (&before.last_hash, Type::BYTEA),
        (&ids, Type::INT8_ARRAY),
        (&events, Type::INT8_ARRAY),
        (&hashes, Type::BYTEA_ARRAY),
        (&end, Type::INT8),
        (&last, Type::BYTEA),
    ];
    let won = server.query(Access::Write("postgres_seal"), SEAL, params).await?;
    Ok(if won.is_empty() { Sealed::Busy } else { Sealed::Some })
}

/// Chains what is open, unless another does so.
pub(super) async fn seal(server: &Arc<Server>, register: &str) -> Result<()> {
    while let Sealed::Some = round(server, register).await? {}
    Ok(())
}

const CONTENT: &str = "d.vendor, d.operation, d.fingerprint, d.request, d.vendor_document_id, d.state, d.attempts, \
                       d.fiscal, d.failure, d.raw, d.created_at_ms, d.updated_at_ms, d.revision, d.due_at_ms";

fn content(row: &Row, first: usize) -> Result<Content> {
    Ok(Content {
        vendor: get(row, first)?,
        operation: get(row, first + 1)?,
        fingerprint: get(row, first + 2)?,
        request: get(row, first + 3)?,
        vendor_document_id: get(row, first + 4)?,
        state: get(row, first + 5)?,
        attempts: get(row, first + 6)?,
        fiscal: get(row, first + 7)?,
        failure: get(row, first + 8)?,
        raw: get(row, first + 9)?,
        created_at_ms: get(row, first + 10)?,
        updated_at_ms: get(row, first + 11)?,
        revision: get(row, first + 12)?,
        due_at_ms: get(row, first + 13)?,
    })
}

/// Removes entries; from then on the chain says that some may be missing.
const PRUNE_ENTRIES: &str = "
WITH gone AS (
    DELETE FROM kassa_documents WHERE register = $1 AND receipt_id IN (
        SELECT receipt_id FROM kassa_documents WHERE register = $1 AND state IN ('registered', 'failed')
        AND updated_at_ms < $2 ORDER BY number LIMIT $3)
    AND state IN ('registered', 'failed') AND updated_at_ms < $2 RETURNING number
), marked AS (
    UPDATE kassa_chains SET pruned_before_ms = GREATEST(pruned_before_ms, $2)
    WHERE register = $1 AND EXISTS (SELECT 1 FROM gone)
)
SELECT COUNT(*) FROM gone";
const FIRST_KEPT: &str = "
SELECT event FROM kassa_events AS e WHERE register = $1 AND event IS NOT NULL
AND EXISTS (SELECT 1 FROM kassa_documents AS d WHERE d.register = e.register AND d.receipt_id = e.receipt_id)
ORDER BY event LIMIT 1";
/// Removes the events up to a place and lets the chain begin after it.
const PRUNE_EVENTS: &str = "
WITH last AS (
    SELECT event, hash FROM kassa_events WHERE register = $1 AND event = $2
), gone AS (
    DELETE FROM kassa_events WHERE register = $1 AND event <= $2 RETURNING id
), moved AS (
    UPDATE kassa_chains AS c SET pruned_events = last.event, pruned_hash = last.hash FROM last
    WHERE c.register = $1 AND c.pruned_events < last.event
)
SELECT COUNT(*) FROM gone";

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[async_trait]
impl Audit for Postgres {
    async fn head(&self, register: &str) -> Result<Head> {
        loop {
            match round(&self.server, register).await? {
                Sealed::All(head) => return Ok(head),
                Sealed::Some => {}
                Sealed::Busy => sleep(jittered(PAUSE)).await,
            }
        }
    }

    async fn links(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Link>> {
        let sql = "SELECT event, receipt_id, at_ms, attempt, state, note, content, hash FROM kassa_events \
                   WHERE register = $1 AND event > $2 ORDER BY event LIMIT $3";
        let params: &[Param<'_>] =
            &[(&register, Type::TEXT), (&after, Type::INT8), (&limited(limit), Type::INT8)];
        let rows = self.server.query(Access::Read("postgres_links"), sql, params).await?;
        let link = |row| {
            Ok(Link {
                event: get(row, 0)?,
                receipt_id: get(row, 1)?,
                at_ms: get(row, 2)?,
                attempt: get(row, 3)?,
                state: get(row, 4)?,
                note: get(row, 5)?,
                content: get(row, 6)?,
                hash: get::<Option<Vec<u8>>>(row, 7)?.unwrap_or_default(),
            })
        };
        rows.iter().map(link).collect()
    }

    async fn pairs(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Pair>> {
        let sql = format!(
            "SELECT d.number, d.receipt_id, e.event, e.content, {CONTENT} FROM kassa_documents AS d
             LEFT JOIN kassa_events AS e ON e.id = (SELECT l.id FROM kassa_events AS l
                 WHERE l.register = d.register AND l.receipt_id = d.receipt_id
                 ORDER BY l.event DESC NULLS FIRST, l.revision DESC LIMIT 1)
             WHERE d.register = $1 AND d.number > $2 ORDER BY d.number LIMIT $3"
        );
        let params: &[Param<'_>] =
            &[(&register, Type::TEXT), (&after, Type::INT8), (&limited(limit), Type::INT8)];
        let rows = self.server.query(Access::Read("postgres_pairs"), &sql, params).await?;
        let pair = |row| {
            let (event, last): (Option<i64>, Option<Vec<u8>>) = (get(row, 2)?, get(row, 3)?);
            Ok(Pair {
                number: get(row, 0)?,
                receipt_id: get(row, 1)?,
                content: content(row, 4)?.hash(),
                last: last.map(|content| (event, content)),
            })
        };
        rows.iter().map(pair).collect()
    }

    async fn stray(&self, register: &str, pruned_before_ms: i64) -> Result<Option<(i64, String)>> {
        let sql = "SELECT event, receipt_id FROM kassa_events AS e WHERE register = $1 AND event IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM kassa_documents AS d WHERE d.register = e.register
                                   AND d.receipt_id = e.receipt_id)
                   AND NOT EXISTS (SELECT 1 FROM kassa_events AS l WHERE l.register = e.register
                                   AND l.receipt_id = e.receipt_id AND (l.event IS NULL OR l.event > e.event))
                   AND NOT (state IN ('registered', 'failed') AND at_ms < $2) ORDER BY event LIMIT 1";
        let params: &[Param<'_>] = &[(&register, Type::TEXT), (&pruned_before_ms, Type::INT8)];
        let rows = self.server.query(Access::Read("postgres_stray"), sql, params).await?;
        rows.first().map(|row| Ok((get(row, 0)?, get(row, 1)?))).transpose()
    }

    async fn prune(&self, register: &str, before_ms: i64, limit: usize) -> Result<Pruned> {
        let end = self.head(register).await?.events;
        let params: &[Param<'_>] =
            &[(&register, Type::TEXT), (&before_ms, Type::INT8), (&limited(limit), Type::INT8)];
        let entries =
            self.server.query(Access::Write("postgres_prune_entries"), PRUNE_ENTRIES, params).await?;
        let first = self
            .server
            .query(Access::Read("postgres_first_kept"), FIRST_KEPT, &[(&register, Type::TEXT)])
            .await?;
        let cut =
            first.first().map(|row| get::<i64>(row, 0)).transpose()?.map_or(end, |first| first - 1).min(end);
        let params: &[Param<'_>] = &[(&register, Type::TEXT), (&cut, Type::INT8)];
        let events = self.server.query(Access::Write("postgres_prune_events"), PRUNE_EVENTS, params).await?;
        let count =
            |rows: &[Row]| rows.first().map_or(Ok(0), |row| get::<i64>(row, 0)).map(i64::unsigned_abs);
        Ok(Pruned { entries: count(&entries)?, events: count(&events)? })
    }
}
