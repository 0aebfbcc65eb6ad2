//! The chain of events in a SQLite file: every write chains its own event in its own transaction.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::faults::may_fail;
use crate::journal::chain::{Link, ZERO};
use crate::journal::rows::{COLUMNS, columns, content};

/// Bits that a place has for the event; above them is the register's number.
const EVENT_BITS: u32 = 40;
/// The last event there can be.
pub(super) const LAST_EVENT: i64 = (1 << EVENT_BITS) - 1;

/// The key of an event.
pub(super) fn place(register: i64, event: i64) -> i64 {
    (register << EVENT_BITS) + event.clamp(0, LAST_EVENT)
}

/// Where the chain of a register ends.
pub(super) struct End {
    /// The register's number.
    pub register: i64,
    /// How many events the chain ever had.
    pub events: i64,
    /// The hash of the last one.
    pub hash: Vec<u8>,
}

impl End {
    /// The end of a chain without events.
    pub fn none(register: i64) -> Self {
        Self { register, events: 0, hash: ZERO.to_vec() }
    }
}

/// Where the chain of a register with events ends. If somebody removed the last events, the next event skips
/// a place. `verify` then finds a gap there, however much is written later.
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

/// How many events the chain of a register ever had; none where there is no such register.
pub(super) fn events(connection: &Connection, register: i64) -> rusqlite::Result<i64> {
    match end(connection, register) {
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(0),
        found => found.map(|end| end.events),
    }
}

/// Adds an event at the end of the chain of a register.
pub(super) fn append(
    connection: &Connection,
    end: &mut End,
    register: &str,
    event: Link,
) -> rusqlite::Result<()> {
    may_fail("sqlite_keep_end")?;
    let sql = "UPDATE events SET is_end = 0 WHERE place = ?1";
    connection.prepare_cached(sql)?.execute([place(end.register, end.events)])?;
    may_fail("sqlite_event")?;
    let link = event.chained(register, end.events, &end.hash);
    let sql = "INSERT INTO events (place, receipt_id, at_ms, attempt, state, note, content, hash, is_end)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)";
    connection.prepare_cached(sql)?.execute(params![
        place(end.register, link.event),
        link.receipt_id,
        link.at_ms,
        link.attempt,
        link.state,
        link.note,
        link.content,
        link.hash
    ])?;
    (end.events, end.hash) = (link.event, link.hash);
    Ok(())
}

/// Chains the steps of a journal of schema 1. That schema kept what an entry held after its last step only,
/// so the other events get no content.
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
            "SELECT {}, s.at_ms, s.attempt, s.state, s.note, s.id = (SELECT MAX(id) FROM old_steps AS l
             WHERE l.register = s.register AND l.receipt_id = s.receipt_id) AS last
             FROM old_steps AS s JOIN documents AS d ON d.register = ?2 AND d.receipt_id = s.receipt_id
             WHERE s.register = ?1 ORDER BY s.id",
            columns("d.")
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query(params![register, number])?;
        while let Some(row) = rows.next()? {
            let receipt_id: String = row.get(0)?;
            let event = Link {
                event: 0,
                receipt_id: receipt_id.clone(),
                at_ms: row.get(COLUMNS)?,
                attempt: row.get(COLUMNS + 1)?,
                state: row.get(COLUMNS + 2)?,
                note: row.get(COLUMNS + 3)?,
                content: if row.get(COLUMNS + 4)? { content(row)?.hash() } else { ZERO }.to_vec(),
                hash: Vec::new(),
            };
            append(connection, &mut chained, &register, event)?;
            let sql = "UPDATE documents SET events = json_insert(events, '$[#]', ?3) WHERE register = ?1 AND receipt_id = ?2";
            connection.prepare_cached(sql)?.execute(params![number, receipt_id, chained.events])?;
        }
    }
    connection.execute_batch("DROP TABLE old_steps; DROP TABLE old_documents")
}
