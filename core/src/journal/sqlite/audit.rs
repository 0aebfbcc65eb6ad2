//! The chain of events in a SQLite file: every write chains its own event in its own transaction.

use std::borrow::Cow;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::store::Extent;
use super::{Sqlite, register};
use crate::error::Result;
use crate::faults::may_fail;
use crate::journal::Entry;
use crate::journal::audit::{Audit, Head, Link, Pair, Pruned};
use crate::journal::chain::{CONTENT, Content, Event, ZERO};

/// Bits that a place has for the event; above them is the register's number.
const EVENT_BITS: u32 = 40;
/// The last event there can be.
const LAST_EVENT: i64 = (1 << EVENT_BITS) - 1;

/// The key of an event.
fn place(register: i64, event: i64) -> i64 {
    (register << EVENT_BITS) + event.clamp(0, LAST_EVENT)
}

/// Where the chain of a register ends.
pub(super) struct End {
    /// The register's number.
    pub register: i64,
    /// How many events the chain ever had.
    pub events: i64,
    /// The hash of the last one.
    hash: Vec<u8>,
}

impl End {
    /// The end of a chain without events.
    pub fn none(register: i64) -> Self {
        Self { register, events: 0, hash: ZERO.to_vec() }
    }
}

/// Where the chain of a register with events ends. Where its last events were removed, the place of
/// one of them counts as taken: what is written later leaves a gap that is seen for good.
pub(super) fn end(connection: &Connection, register: i64) -> rusqlite::Result<End> {
    may_fail("sqlite_end")?;
    let end = |event: i64, hash, is_end: bool| End { register, events: event + i64::from(!is_end), hash };
    let sql =
        "SELECT event, hash, is_end FROM events WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC LIMIT 1";
    let found = connection
        .prepare_cached(sql)?
        .query_row([place(register, 0), place(register, LAST_EVENT)], |row| {
            Ok(end(row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    if let Some(found) = found {
        return Ok(found);
    }
    let sql = "SELECT pruned_events, pruned_hash FROM registers WHERE number = ?1";
    connection.query_row(sql, [register], |row| Ok(end(row.get(0)?, row.get(1)?, false)))
}

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
    append(connection, &mut end, &event)
}

fn append(connection: &Connection, end: &mut End, event: &Event<'_>) -> rusqlite::Result<()> {
    may_fail("sqlite_keep_end")?;
    let sql = "UPDATE events SET is_end = 0 WHERE place = ?1";
    connection.prepare_cached(sql)?.execute([place(end.register, end.events)])?;
    may_fail("sqlite_event")?;
    end.hash = event.after(&end.hash).to_vec();
    end.events += 1;
    let sql = "INSERT INTO events (place, receipt_id, at_ms, attempt, state, note, content, hash, is_end)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)";
    connection.prepare_cached(sql)?.execute(params![
        place(end.register, end.events),
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
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'old_steps')";
    if !connection.query_row(sql, [], |row| row.get(0))? {
        return Ok(());
    }
    let registers: Vec<(i64, String)> = connection
        .prepare("SELECT number, name FROM registers")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (number, register) in registers {
        let mut chained = End::none(number);
        let sql = format!(
            "SELECT s.receipt_id, s.at_ms, s.attempt, s.state, s.note, s.id = (SELECT MAX(id) FROM old_steps AS l
             WHERE l.register = s.register AND l.receipt_id = s.receipt_id) AS last, {CONTENT}
             FROM old_steps AS s JOIN documents AS d ON d.register = ?2 AND d.receipt_id = s.receipt_id
             WHERE s.register = ?1 ORDER BY s.id"
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query(params![register, number])?;
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
            connection.prepare_cached(sql)?.execute(params![number, receipt_id, chained.events])?;
        }
    }
    connection.execute_batch("DROP TABLE old_steps; DROP TABLE old_documents")
}

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
    // The end stays, to tell that nothing followed it.
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
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.query_of(register, move |connection, register| {
            let sql = "SELECT event, receipt_id, at_ms, attempt, state, note, content, hash FROM events
                       WHERE place > ?1 AND place <= ?2 ORDER BY place LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let chain = params![place(register, after), place(register, LAST_EVENT), limit];
            let rows = statement.query_map(chain, |row| {
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
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.query_of(register, move |connection, register| {
            let sql = format!(
                "SELECT d.number, d.receipt_id, e.event, e.content, json_array_length(d.events) = d.revision
                 AND d.revision = (SELECT COUNT(DISTINCT l.place) FROM json_each(d.events) AS place CROSS JOIN events AS l
                 ON l.place = (?1 << 40) + place.value AND l.receipt_id = d.receipt_id), {CONTENT}
                 FROM documents AS d LEFT JOIN events AS e
                 ON e.place = (?1 << 40) + json_extract(d.events, '$[#-1]') AND e.receipt_id = d.receipt_id
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
        self.query_of(register, move |connection, register| {
            // Of each receipt the row of its last event.
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
        let (name, store) = (register.to_owned(), self.store.clone());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let work = move |connection: &Connection| {
            let pruned = match register::number(connection, &name) {
                Ok(Some(register)) => prune(connection, register, before_ms, limit),
                Ok(None) => Ok(Pruned::default()),
                Err(error) => Err(error),
            };
            pruned.map_err(|error| store.failed(&error))
        };
        self.store.write(Extent::Large, work).await
    }
}
