//! What a check of the record reads in a SQLite file, and what `prune` removes.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::chain::{End, LAST_EVENT, end, place};
use super::store::Extent;
use super::{Sqlite, register};
use crate::error::Result;
use crate::journal::audit::{Audit, Head, Pair, Pruned};
use crate::journal::chain::Link;
use crate::journal::rows::{COLUMNS, columns, content, link, number};

fn head(connection: &Connection, register: i64) -> rusqlite::Result<Head> {
    let End { events, hash, .. } = end(connection, register)?;
    let sql = "SELECT pruned_events, pruned_hash, pruned_before_ms FROM registers WHERE number = ?1";
    connection.prepare_cached(sql)?.query_row([register], |row| {
        Ok(Head {
            events,
            last_hash: hash,
            pruned_events: row.get(0)?,
            pruned_hash: row.get(1)?,
            pruned_before_ms: row.get(2)?,
        })
    })
}

fn prune(connection: &Connection, register: i64, before_ms: i64, limit: i64) -> rusqlite::Result<Pruned> {
    let mut head = head(connection, register)?;
    let before = head.pruned_events;
    let sql = "DELETE FROM documents WHERE number IN (SELECT number FROM documents WHERE +register = ?1
               AND state IN ('registered', 'failed') AND updated_at_ms < ?2 ORDER BY number LIMIT ?3)";
    let entries = connection.execute(sql, params![register, before_ms, limit])? as u64;
    let first_kept = "SELECT event FROM events AS e WHERE place > ?1 AND place <= ?2 AND EXISTS (
                          SELECT 1 FROM documents AS d WHERE d.register = ?3 AND d.receipt_id = e.receipt_id)
                      ORDER BY place LIMIT 1";
    let chain = params![place(register, before), place(register, LAST_EVENT), register];
    let first: Option<i64> = connection.query_row(first_kept, chain, |row| row.get(0)).optional()?;
    let cut = first.map_or(head.events, |first| first - 1);
    let last = "SELECT hash FROM events WHERE place = ?1";
    if let Some(hash) = connection.query_row(last, [place(register, cut)], |row| row.get(0)).optional()? {
        (head.pruned_events, head.pruned_hash) = (cut, hash);
    }
    if entries > 0 {
        head.pruned_before_ms = head.pruned_before_ms.max(before_ms);
    }
    // The last event stays: its mark says that nothing followed it.
    let sql = "DELETE FROM events WHERE place BETWEEN ?1 AND ?2 AND NOT is_end";
    connection.execute(sql, [place(register, 0), place(register, head.pruned_events)])?;
    let events = (head.pruned_events - before).unsigned_abs();
    if entries + events > 0 {
        let sql = "UPDATE registers SET pruned_events = ?2, pruned_hash = ?3, pruned_before_ms = ?4 WHERE number = ?1";
        let row = params![register, head.pruned_events, head.pruned_hash, head.pruned_before_ms];
        connection.execute(sql, row)?;
    }
    Ok(Pruned { entries, events })
}

#[async_trait]
impl Audit for Sqlite {
    async fn head(&self, register: &str) -> Result<Head> {
        self.query_of(register, head).await
    }

    async fn links(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Link>> {
        self.query_of(register, move |connection, register| {
            let sql = "SELECT event, receipt_id, at_ms, attempt, state, note, content, hash FROM events
                       WHERE place > ?1 AND place <= ?2 ORDER BY place LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let chain = params![place(register, after), place(register, LAST_EVENT), number(limit)];
            statement.query_map(chain, |row| link(row))?.collect()
        })
        .await
    }

    async fn pairs(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Pair>> {
        self.query_of(register, move |connection, register| {
            let sql = format!(
                "SELECT {}, d.number, e.event, e.content, json_array_length(d.events) = d.revision
                 AND d.revision = (SELECT COUNT(DISTINCT l.place) FROM json_each(d.events) AS place CROSS JOIN events AS l
                 ON l.place = (?1 << 40) + place.value AND l.receipt_id = d.receipt_id)
                 FROM documents AS d LEFT JOIN events AS e
                 ON e.place = (?1 << 40) + json_extract(d.events, '$[#-1]') AND e.receipt_id = d.receipt_id
                 WHERE +d.register = ?1 AND d.number > ?2 ORDER BY d.number LIMIT ?3",
                columns("d.")
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params![register, after, number(limit)], |row| {
                let last: Option<Vec<u8>> = row.get(COLUMNS + 2)?;
                let names_its_events: bool = row.get(COLUMNS + 3)?;
                let event = row.get(COLUMNS + 1)?;
                Ok(Pair {
                    number: row.get(COLUMNS)?,
                    receipt_id: row.get(0)?,
                    content: content(row)?.hash(),
                    // An entry that names the events of another receipt gets a content that agrees with
                    // nothing.
                    last: last.map(|last| (event, if names_its_events { last } else { Vec::new() })),
                })
            })?;
            rows.collect()
        })
        .await
    }

    async fn stray(&self, register: &str, pruned_before_ms: i64) -> Result<Option<(i64, String)>> {
        self.query_of(register, move |connection, register| {
            // With MAX, SQLite takes the other columns from the row of the receipt's last event.
            let sql = "SELECT MAX(place) & ?4, receipt_id FROM events AS e
                       WHERE place > ?1 + (SELECT pruned_events FROM registers WHERE number = ?2) AND place <= ?1 + ?4
                       AND NOT EXISTS (SELECT 1 FROM documents AS d WHERE d.register = ?2 AND d.receipt_id = e.receipt_id)
                       GROUP BY receipt_id HAVING NOT (state IN ('registered', 'failed') AND at_ms < ?3)
                       ORDER BY 1 LIMIT 1";
            let bounds = params![place(register, 0), register, pruned_before_ms, LAST_EVENT];
            let found = connection.query_row(sql, bounds, |row| Ok((row.get(0)?, row.get(1)?)));
            found.optional()
        })
        .await
    }

    async fn prune(&self, register: &str, before_ms: i64, limit: usize) -> Result<Pruned> {
        let name = register.to_owned();
        let pruned = self
            .store
            .write(Extent::Large, move |connection| match register::number(connection, &name)? {
                Some(register) => prune(connection, register, before_ms, number(limit)),
                None => Ok(Pruned::default()),
            })
            .await?;
        // The receipts are gone whether this succeeds or not.
        if let Err(error) = self.store.empty_log().await {
            tracing::warn!(target: "kassa::journal", "what was pruned may still stand in the -wal: {error}");
        }
        Ok(pruned)
    }
}
