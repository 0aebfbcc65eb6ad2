//! What a check of the record reads in PostgreSQL, and what `prune` removes.

use std::borrow::Cow;

use async_trait::async_trait;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::server::{Access, Param};
use super::{Postgres, get, limited, page_query, seal};
use crate::error::Result;
use crate::journal::audit::{Audit, Head, Link, Pair, Pruned};
use crate::journal::chain::{CONTENT, Content};
use crate::receipt::registration::State;

fn content(row: &Row, first: usize) -> Result<Content<'static>> {
    let text = |place: usize| get::<String>(row, first + place).map(Cow::from);
    let perhaps = |place: usize| get::<Option<String>>(row, first + place).map(|text| text.map(Cow::from));
    let number = |place: usize| get(row, first + place);
    Ok(Content {
        vendor: text(0)?,
        operation: text(1)?,
        fingerprint: text(2)?,
        request: get::<Vec<u8>>(row, first + 3)?.into(),
        vendor_document_id: perhaps(4)?,
        state: text(5)?,
        attempts: number(6)?,
        fiscal: perhaps(7)?,
        failure: perhaps(8)?,
        raw: perhaps(9)?,
        created_at_ms: number(10)?,
        updated_at_ms: number(11)?,
        revision: number(12)?,
        due_at_ms: number(13)?,
    })
}

/// Removes entries; from then on the chain says that some may be missing.
const PRUNE_ENTRIES: &str = "
WITH gone AS (
    DELETE FROM kassa_documents WHERE register = $1 AND receipt_id IN (
        SELECT receipt_id FROM (
            (SELECT receipt_id, number FROM kassa_documents WHERE state = 'registered' AND register = $1
             AND updated_at_ms < $2 ORDER BY number LIMIT $3)
            UNION ALL
            (SELECT receipt_id, number FROM kassa_documents WHERE state = 'failed' AND register = $1
             AND updated_at_ms < $2 ORDER BY number LIMIT $3)
        ) AS finished ORDER BY number LIMIT $3)
    AND state IN ('registered', 'failed') AND updated_at_ms < $2 RETURNING number
), marked AS (
    UPDATE kassa_chains SET pruned_before_ms = GREATEST(pruned_before_ms, $2)
    WHERE register = $1 AND EXISTS (SELECT 1 FROM gone)
)
SELECT COUNT(*) FROM gone";
const FIRST_KEPT: &str = "
SELECT event FROM kassa_events AS e WHERE register = $1
AND EXISTS (SELECT 1 FROM kassa_documents AS d WHERE d.register = e.register AND d.receipt_id = e.receipt_id)
ORDER BY event LIMIT 1";
/// Removes the events up to a place and lets the chain begin after it.
const PRUNE_EVENTS: &str = "
WITH last AS (
    SELECT event, hash FROM kassa_events WHERE register = $1 AND event = $2
), gone AS (
    DELETE FROM kassa_events WHERE register = $1 AND event <= $2 RETURNING event
), moved AS (
    UPDATE kassa_chains AS c SET pruned_events = last.event, pruned_hash = last.hash FROM last
    WHERE c.register = $1 AND c.pruned_events < last.event
)
SELECT COUNT(*) FROM gone";

#[async_trait]
impl Audit for Postgres {
    async fn head(&self, register: &str) -> Result<Head> {
        seal::all(&self.server, register).await
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
                hash: get(row, 7)?,
            })
        };
        rows.iter().map(link).collect()
    }

    async fn pairs(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Pair>> {
        let sql = format!(
            "SELECT d.number, d.receipt_id, e.event, e.content, o.content, {CONTENT} FROM ({}) AS d
             LEFT JOIN kassa_events AS e ON e.register = d.register AND e.event = (
                 SELECT MAX(event) FROM kassa_events AS l WHERE l.register = d.register AND l.receipt_id = d.receipt_id)
             LEFT JOIN kassa_open AS o ON o.register = d.register AND o.receipt_id = d.receipt_id AND o.revision = (
                 SELECT MAX(revision) FROM kassa_open AS l WHERE l.register = d.register AND l.receipt_id = d.receipt_id)
             ORDER BY d.number",
            page_query(State::ALL, "")
        );
        let params: &[Param<'_>] =
            &[(&register, Type::TEXT), (&after, Type::INT8), (&limited(limit), Type::INT8)];
        let rows = self.server.query(Access::Read("postgres_pairs"), &sql, params).await?;
        let pair = |row| {
            let chained: Option<i64> = get(row, 2)?;
            let (last, open): (Option<Vec<u8>>, Option<Vec<u8>>) = (get(row, 3)?, get(row, 4)?);
            Ok(Pair {
                number: get(row, 0)?,
                receipt_id: get(row, 1)?,
                content: content(row, 5)?.hash(),
                last: open.map(|content| (None, content)).or(last.map(|content| (chained, content))),
            })
        };
        rows.iter().map(pair).collect()
    }

    async fn stray(&self, register: &str, pruned_before_ms: i64) -> Result<Option<(i64, String)>> {
        let sql = "SELECT event, receipt_id FROM kassa_events AS e WHERE register = $1
                   AND NOT EXISTS (SELECT 1 FROM kassa_documents AS d WHERE d.register = e.register
                                   AND d.receipt_id = e.receipt_id)
                   AND NOT EXISTS (SELECT 1 FROM kassa_events AS l WHERE l.register = e.register
                                   AND l.receipt_id = e.receipt_id AND l.event > e.event)
                   AND NOT EXISTS (SELECT 1 FROM kassa_open AS o WHERE o.register = e.register
                                   AND o.receipt_id = e.receipt_id)
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
