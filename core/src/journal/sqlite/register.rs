//! The numbers under which a SQLite file keeps its cash registers.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::damaged;
use crate::faults::may_fail;

const LED_ASTRAY: &str = "the index of cash registers leads to another one, or to none";

/// The number of a register; none where nothing was ever written down for it.
pub(super) fn number(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    may_fail("sqlite_register")?;
    let sql = "SELECT number FROM registers WHERE name = ?1";
    let Some(number) = connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()? else {
        refuse_where_lost(connection, name)?;
        return Ok(None);
    };
    // The index alone has told; a damaged one would give a register the receipts of another.
    let sql = "SELECT name = ?2 FROM registers WHERE number = ?1";
    let is_its = connection.prepare_cached(sql)?.query_row(params![number, name], |row| row.get(0));
    if is_its.optional()? == Some(true) { Ok(Some(number)) } else { Err(damaged(LED_ASTRAY)) }
}

/// Gives a register its number.
pub(super) fn add(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    may_fail("sqlite_add_register")?;
    connection.execute("INSERT INTO registers (name) VALUES (?1)", [name])?;
    Ok(connection.last_insert_rowid())
}

/// A register that damage made unknown must not begin anew: its receipts would be sent a second time.
fn refuse_where_lost(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM registers NOT INDEXED WHERE name = ?1)";
    if connection.prepare_cached(sql)?.query_row([name], |row| row.get(0))? {
        return Err(damaged(LED_ASTRAY));
    }
    // From one register that has events to the next, without walking through them.
    let sql = "WITH RECURSIVE chained (number) AS (
                   SELECT MIN(place) >> 40 FROM events
                   UNION ALL
                   SELECT (SELECT MIN(place) FROM events WHERE place >= (number + 1) << 40) >> 40 FROM chained
                   WHERE number IS NOT NULL)
               SELECT EXISTS (SELECT number FROM chained WHERE number IS NOT NULL
                              EXCEPT SELECT number FROM registers)";
    if connection.prepare_cached(sql)?.query_row([], |row| row.get(0))? {
        return Err(damaged("a cash register is gone that has events"));
    }
    Ok(())
}
