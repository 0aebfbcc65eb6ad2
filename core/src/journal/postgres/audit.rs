//! What a check of the record reads in PostgreSQL, and what `prune` removes.

use async_trait::async_trait;

use super::connection::Param;
use super::documents::page_query;
use super::server::Access;
use super::{Postgres, seal};
use crate::error::Result;
use crate::journal::audit::{Audit, Head, Pair, Pruned};
use crate::journal::chain::Link;
use crate::journal::rows::{COLUMNS, Row as _, columns, content, count, link, number};
use crate::receipt::registration::State;

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
        let params: &[Param<'_>] = &[&register, &after, &number(limit)];
        let rows = self.server.query(Access::Read("postgres_links"), sql, params).await?;
        rows.iter().map(link).collect()
    }

    async fn pairs(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Pair>> {
        let sql = format!(
            "SELECT {}, d.number, e.event, e.content, o.content FROM ({}) AS d
             LEFT JOIN kassa_events AS e ON e.register = d.register AND e.event = (
                 SELECT MAX(event) FROM kassa_events AS l WHERE l.register = d.register AND l.receipt_id = d.receipt_id)
             LEFT JOIN kassa_open AS o ON o.register = d.register AND o.receipt_id = d.receipt_id AND o.revision = (
                 SELECT MAX(revision) FROM kassa_open AS l WHERE l.register = d.register AND l.receipt_id = d.receipt_id)
             ORDER BY d.number",
            columns("d."),
            page_query(State::ALL, "")
        );
        let params: &[Param<'_>] = &[&register, &after, &number(limit)];
        let rows = self.server.query(Access::Read("postgres_pairs"), &sql, params).await?;
        let pair = |row: &tokio_postgres::Row| {
            let chained: Option<i64> = row.value(COLUMNS + 1)?;
            let (last, open): (Option<Vec<u8>>, _) = (row.value(COLUMNS + 2)?, row.value(COLUMNS + 3)?);
            Ok(Pair {
                number: row.value(COLUMNS)?,
                receipt_id: row.value(0)?,
                content: content(row)?.hash(),
                last: Option::map(open, |content| (None, content)).or(last.map(|content| (chained, content))),
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
        let rows =
            self.server.query(Access::Read("postgres_stray"), sql, &[&register, &pruned_before_ms]).await?;
        rows.first().map(|row| Ok((row.value(0)?, row.value(1)?))).transpose()
    }

    async fn prune(&self, register: &str, before_ms: i64, limit: usize) -> Result<Pruned> {
        let end = self.head(register).await?.events;
        let params: &[Param<'_>] = &[&register, &before_ms, &number(limit)];
        let entries =
            self.server.query(Access::Write("postgres_prune_entries"), PRUNE_ENTRIES, params).await?;
        let first = self.server.query(Access::Read("postgres_first_kept"), FIRST_KEPT, &[&register]).await?;
        let first: Option<i64> = first.first().map(|row| row.value(0)).transpose()?;
        let cut = first.map_or(end, |first| first - 1).min(end);
        let params: &[Param<'_>] = &[&register, &cut];
        let events = self.server.query(Access::Write("postgres_prune_events"), PRUNE_EVENTS, params).await?;
        let count = |rows: &[tokio_postgres::Row]| rows.first().map_or(Ok(0), |row| count(row, 0));
        Ok(Pruned { entries: count(&entries)?, events: count(&events)? })
    }
}
