//! The chain of events in a SQLite file: every write chains its own event in its own transaction.

use std::borrow::Cow;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::Sqlite;
use super::store::Extent;
use crate::chance::fallible;
use crate::error::Result;
use crate::journal::Entry;
use crate::journal::audit::{Audit, Head, Link, Pair, Pruned};
use crate::journal::chain::{Content, Event, ZERO};

/// The place of the end of a chain, behind its events.
const END: i64 = i64::MAX;

/// How many events a chain ever had, and the hash of the last one.
pub(super) struct End {
    pub events: i64,
    hash: Vec<u8>,
}

/// Where the chain of a register ends.
pub(super) fn end(connection: &Connection, register: &str) -> rusqlite::Result<End> {
    fallible("sqlite_end")?;
    let sql = "SELECT attempt, hash FROM events WHERE register = ?1 AND event = ?2";
    let found = connection
        .prepare_cached(sql)?
        .query_row(params![register, END], |row| Ok(End { events: row.get(0)?, hash: row.get(1)? }));
    Ok(found.optional()?.unwrap_or_else(|| End { events: 0, hash: ZERO.to_vec() }))
}

fn keep_end(connection: &Connection, register: &str, end: &End) -> rusqlite::Result<()> {
    fallible("sqlite_keep_end")?;
    let sql = "INSERT INTO events (register, event, receipt_id, at_ms, attempt, state, note, content, hash)
               VALUES (?1, ?2, '', 0, ?3, '', '', x'', ?4)
               ON CONFLICT (register, event) DO UPDATE SET attempt = ?3, hash = ?4";
    connection.prepare_cached(sql)?.execute(params![register, END, end.events, end.hash]).map(drop)
}

fn head(connection: &Connection, register: &str) -> rusqlite::Result<Head> {
    let End { events, hash } = end(connection, register)?;
    let sql = "SELECT pruned_events, pruned_hash, pruned_before_ms FROM chains WHERE register = ?1";
    let pruned = connection
        .prepare_cached(sql)?
        .query_row([register], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (pruned_events, pruned_hash, pruned_before_ms) = pruned.unwrap_or_else(|| (0, ZERO.to_vec(), 0));
    Ok(Head { events, last_hash: hash, pruned_events, pruned_hash, pruned_before_ms })
}

/// Adds the event of a write behind the end of the chain; the entry keeps its place.
pub(super) fn log(connection: &Connection, mut end: End, entry: &Entry, note: &str) -> rusqlite::Result<()> {
    let event = Event {
        register: &entry.register,
        receipt_id: &entry.receipt_id,
        at_ms: entry.updated_at_ms,
        attempt: entry.attempts.into(),
        state: entry.state.word(),
        note,
        content: &Content::of(entry).hash(),
    };
    append(connection, &mut end, &event)?;
    keep_end(connection, event.register, &end)
}

fn append(connection: &Connection, end: &mut End, event: &Event<'_>) -> rusqlite::Result<()> {
    fallible("sqlite_event")?;
    end.hash = event.after(&end.hash).to_vec();
    end.events += 1;
    let sql = "INSERT INTO events (register, event, receipt_id, at_ms, attempt, state, note, content, hash)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        event.register,
        end.events,
        event.receipt_id,
        event.at_ms,
        event.attempt,
        event.state,
        event.note,
        event.content,
        end.hash
    ])?;
    Ok(())
}

/// Chains the steps of a journal of schema 1. What an entry held between its first and last step
/// was not kept then, so only its last event vouches for its content.
pub(super) fn chain_old_steps(connection: &Connection) -> rusqlite::Result<()> {
    let registers: Vec<String> = connection
        .prepare("SELECT DISTINCT register FROM old_steps")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for register in registers {
        let mut chained = end(connection, &register)?;
        let sql = format!(
            "SELECT s.receipt_id, s.at_ms, s.attempt, s.state, s.note, s.id = (SELECT MAX(id) FROM old_steps AS l
             WHERE l.register = s.register AND l.receipt_id = s.receipt_id) AS last, {CONTENT}
             FROM old_steps AS s JOIN documents AS d ON d.register = s.register AND d.receipt_id = s.receipt_id
             WHERE s.register = ?1 ORDER BY s.id"
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([&register])?;
        while let Some(row) = rows.next()? {
            let (receipt_id, state, note): (String, String, String) = (row.get(0)?, row.get(3)?, row.get(4)?);
            let content = if row.get(5)? { content(row, 6)?.hash() } else { ZERO };
            let event = Event {
                register: &register,
                receipt_id: &receipt_id,
                at_ms: row.get(1)?,
                attempt: row.get(2)?,
                state: &state,
                note: &note,
                content: &content,
            };
            append(connection, &mut chained, &event)?;
            let sql = "UPDATE documents SET events = json_insert(events, '$[#]', ?3) WHERE register = ?1 AND receipt_id = ?2";
            connection.prepare_cached(sql)?.execute(params![register, receipt_id, chained.events])?;
        }
        keep_end(connection, &register, &chained)?;
    }
    connection.execute_batch("DROP TABLE old_steps; DROP TABLE old_documents")
}

const CONTENT: &str = "d.vendor, d.operation, d.fingerprint, d.request, d.vendor_document_id, d.state, d.attempts, \
                       d.fiscal, d.failure, d.raw, d.created_at_ms, d.updated_at_ms, d.revision, d.due_at_ms";

fn content(row: &Row<'_>, first: usize) -> rusqlite::Result<Content<'static>> {
    let text = |place: usize| row.get::<_, String>(first + place).map(Cow::from);
    let perhaps = |place: usize| row.get::<_, Option<String>>(first + place).map(|text| text.map(Cow::from));
    let number = |place: usize| row.get(first + place);
    Ok(Content {
        vendor: text(0)?,
        operation: text(1)?,
        fingerprint: text(2)?,
        request: row.get::<_, Vec<u8>>(first + 3)?.into(),
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

fn prune(connection: &Connection, register: &str, before_ms: i64, limit: i64) -> rusqlite::Result<Pruned> {
    let mut head = head(connection, register)?;
    let sql = "DELETE FROM documents WHERE number IN (SELECT number FROM documents WHERE +register = ?1
               AND state IN ('registered', 'failed') AND updated_at_ms < ?2 ORDER BY number LIMIT ?3)";
    let entries = connection.execute(sql, params![register, before_ms, limit])? as u64;
    let first_kept =
        "SELECT event FROM events AS e WHERE register = ?1 AND EXISTS (SELECT 1 FROM documents AS d
                      WHERE d.register = e.register AND d.receipt_id = e.receipt_id) ORDER BY event LIMIT 1";
    let first: Option<i64> = connection.query_row(first_kept, [register], |row| row.get(0)).optional()?;
    let cut = first.map_or(head.events, |first| first - 1);
    let last = "SELECT hash FROM events WHERE register = ?1 AND event = ?2";
    if let Some(hash) = connection.query_row(last, params![register, cut], |row| row.get(0)).optional()? {
        (head.pruned_events, head.pruned_hash) = (cut, hash);
    }
    if entries > 0 {
        head.pruned_before_ms = head.pruned_before_ms.max(before_ms);
    }
    let sql = "DELETE FROM events WHERE register = ?1 AND event <= ?2";
    let events = connection.execute(sql, params![register, head.pruned_events])? as u64;
    if entries + events > 0 {
        let sql = "INSERT OR REPLACE INTO chains (register, pruned_events, pruned_hash, pruned_before_ms)
                   VALUES (?1, ?2, ?3, ?4)";
        let row = params![register, head.pruned_events, head.pruned_hash, head.pruned_before_ms];
        connection.execute(sql, row)?;
    }
    Ok(Pruned { entries, events })
}

#[async_trait]
impl Audit for Sqlite {
    async fn head(&self, register: &str) -> Result<Head> {
        let register = register.to_owned();
        self.query(move |connection| head(connection, &register)).await
    }

    async fn links(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Link>> {
        let (register, limit) = (register.to_owned(), i64::try_from(limit).unwrap_or(i64::MAX));
        self.query(move |connection| {
            let sql = "SELECT event, receipt_id, at_ms, attempt, state, note, content, hash FROM events
                       WHERE register = ?1 AND event > ?2 AND event < ?4 ORDER BY event LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![register, after, limit, END], |row| {
                Ok(Link {
                    event: row.get(0)?,
                    receipt_id: row.get(1)?,
                    at_ms: row.get(2)?,
                    attempt: row.get(3)?,
                    state: row.get(4)?,
                    note: row.get(5)?,
                    content: row.get(6)?,
                    hash: row.get(7)?,
                })
            })?;
            rows.collect()
        })
        .await
    }

    async fn pairs(&self, register: &str, after: i64, limit: usize) -> Result<Vec<Pair>> {
        let (register, limit) = (register.to_owned(), i64::try_from(limit).unwrap_or(i64::MAX));
        self.query(move |connection| {
            let sql = format!(
                "SELECT d.number, d.receipt_id, e.event, e.content, json_array_length(d.events) = d.revision
                 AND d.revision = (SELECT COUNT(DISTINCT l.event) FROM json_each(d.events) AS place CROSS JOIN events AS l
                 ON l.register = d.register AND l.event = place.value AND l.receipt_id = d.receipt_id), {CONTENT}
                 FROM documents AS d LEFT JOIN events AS e ON e.register = d.register
                 AND e.event = json_extract(d.events, '$[#-1]') AND e.receipt_id = d.receipt_id
                 WHERE +d.register = ?1 AND d.number > ?2 ORDER BY d.number LIMIT ?3"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params![register, after, limit], |row| {
                let (event, last): (Option<i64>, Option<Vec<u8>>) = (row.get(2)?, row.get(3)?);
                let names_its_events: bool = row.get(4)?;
                Ok(Pair {
                    number: row.get(0)?,
                    receipt_id: row.get(1)?,
                    content: content(row, 5)?.hash(),
                    // What names other events than its own agrees with none.
                    last: last.map(|last| (event, if names_its_events { last } else { Vec::new() })),
                })
            })?;
            rows.collect()
        })
        .await
    }

    async fn stray(&self, register: &str, pruned_before_ms: i64) -> Result<Option<(i64, String)>> {
        let register = register.to_owned();
        self.query(move |connection| {
            // Of each receipt the row of its last event.
            let sql =
                "SELECT MAX(event) AS last, receipt_id FROM events AS e WHERE register = ?1 AND event < ?3
                       AND NOT EXISTS (SELECT 1 FROM documents AS d WHERE d.register = e.register
                                       AND d.receipt_id = e.receipt_id)
                       GROUP BY receipt_id HAVING NOT (state IN ('registered', 'failed') AND at_ms < ?2)
                       ORDER BY last LIMIT 1";
            let found = connection.query_row(sql, params![register, pruned_before_ms, END], |row| {
                Ok((row.get(0)?, row.get(1)?))
            });
            found.optional()
        })
        .await
    }

    async fn prune(&self, register: &str, before_ms: i64, limit: usize) -> Result<Pruned> {
        let (register, store) = (register.to_owned(), self.store.clone());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let work = move |connection: &Connection| {
            prune(connection, &register, before_ms, limit).map_err(|error| store.failed(&error))
        };
        self.store.write(Extent::Large, work).await
    }
}
