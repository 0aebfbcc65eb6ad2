//! The numbers under which a SQLite file keeps its cash registers.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::opened::Opened;
use crate::faults::may_fail;
use crate::journal::rows::Row as _;

/// The error of a file whose parts do not agree.
pub(super) fn damaged(what: &str) -> rusqlite::Error {
    rusqlite::Row::unreadable(&what)
}

const LED_ASTRAY: &str = "the index of cash registers leads to another one, or to none";

/// The number of a register; none where nothing was ever written down for it.
pub(super) fn number(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    may_fail("sqlite_register")?;
    let sql = "SELECT number FROM registers WHERE name = ?1";
    let Some(number) = connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()? else {
        refuse_where_lost(connection, name)?;
        return Ok(None);
    };
    // The number came from the index alone. Where that is damaged it could be another register's, so the
    // table is asked too.
    if has(connection, number, name)? { Ok(Some(number)) } else { Err(damaged(LED_ASTRAY)) }
}

/// True where the table has the register under this number.
fn has(connection: &Connection, number: i64, name: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT name = ?2 FROM registers WHERE number = ?1";
    let is_its = connection.prepare_cached(sql)?.query_row(params![number, name], |row| row.get(0));
    Ok(is_its.optional()? == Some(true))
}

/// As `number`, for a write: where an earlier one asked already, nothing is asked again. A number and its name never change.
pub(super) fn number_kept(opened: &Opened, name: &str) -> rusqlite::Result<Option<i64>> {
    let kept = opened.registers.borrow().get(name).copied();
    if kept.is_some() {
        return Ok(kept);
    }
    let found = number(opened, name)?;
    if let Some(number) = found {
        opened.registers.borrow_mut().insert(name.to_owned(), number);
    }
    Ok(found)
}

/// Gives a register its number.
pub(super) fn add(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    may_fail("sqlite_add_register")?;
    connection.execute("INSERT INTO registers (name) VALUES (?1)", [name])?;
    Ok(connection.last_insert_rowid())
}

/// Fails where damage hides a register that exists. To begin it anew would send its receipts a second time.
fn refuse_where_lost(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM registers NOT INDEXED WHERE name = ?1)";
    if connection.prepare_cached(sql)?.query_row([name], |row| row.get(0))? {
        return Err(damaged(LED_ASTRAY));
    }
    // This jumps from the first event of a register to the first one of the next, so it reads one row a
    // register.
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
