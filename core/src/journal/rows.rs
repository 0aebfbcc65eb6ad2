//! An entry as a row, the same in both SQL engines: its columns, their order, and what stands in each. The
//! drivers differ only in how a value is taken out of a row, which is the trait [`Row`], and in how one is
//! given to a statement: each engine turns a [`Value`] into a parameter of its own.

use std::borrow::Cow;
use std::fmt::Display;

use rusqlite::types::FromSql;
use serde::de::DeserializeOwned;
use tokio_postgres::types::FromSqlOwned;

use super::chain::{Content, Link};
use super::entry::{Entry, Step};
use super::steady::SteadyTime;
use crate::error::{Code, Error};
use crate::receipt::registration::State;

/// Columns that are written once.
const FIXED: &str = "receipt_id, vendor, operation, fingerprint, request, created_at_ms, receipt, basis";
/// How many they are.
const FIXED_COUNT: usize = 8;
/// Columns that every write of an entry sets.
pub const CHANGING: &str = "vendor_document_id, state, attempts, binding, fiscal, failure, raw, updated_at_ms, revision, \
                            due_at_ms, notice, doubt_since";
/// How many they are.
pub const CHANGING_COUNT: usize = 12;
/// How many columns [`columns`] names: the next one of a query has this place.
pub const COLUMNS: usize = FIXED_COUNT + CHANGING_COUNT;

/// The columns of an entry, each behind `table`, which is empty or a table's name with its dot. The register
/// and the number are left out: each engine keeps them in its own way.
pub fn columns(table: &str) -> String {
    format!("{table}{}", format!("{FIXED}, {CHANGING}").replace(", ", &format!(", {table}")))
}

/// A number as data bases keep it.
pub fn number(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

/// Places for `count` values in a statement, numbered on from `first`.
pub fn places(sign: char, first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("{sign}{place}")).collect::<Vec<_>>().join(", ")
}

/// What an engine stores in a column.
pub enum Value<'a> {
    Text(Option<&'a str>),
    Number(i64),
    Bytes(&'a [u8]),
}

/// The values of the columns that a write sets. `content` is that of the entry.
pub fn changing<'a>(entry: &'a Entry, content: &'a Content<'_>) -> [Value<'a>; CHANGING_COUNT] {
    [
        Value::Text(content.vendor_document_id.as_deref()),
        Value::Text(Some(&content.state)),
        Value::Number(content.attempts),
        Value::Text(entry.binding.as_deref()),
        Value::Text(content.fiscal.as_deref()),
        Value::Text(content.failure.as_deref()),
        Value::Text(content.raw.as_deref()),
        Value::Number(content.updated_at_ms),
        Value::Number(content.revision),
        Value::Number(content.due_at_ms),
        Value::Text(content.notice.as_deref()),
        Value::Text(content.doubt_since.as_deref()),
    ]
}

/// The values of all columns, in their order.
pub fn values<'a>(entry: &'a Entry, content: &'a Content<'_>) -> impl Iterator<Item = Value<'a>> {
    let fixed: [Value<'a>; FIXED_COUNT] = [
        Value::Text(Some(&entry.receipt_id)),
        Value::Text(Some(&entry.vendor)),
        Value::Text(Some(&entry.operation)),
        Value::Text(Some(&entry.fingerprint)),
        Value::Bytes(&entry.request),
        Value::Number(entry.created_at_ms),
        Value::Text(entry.receipt.as_deref()),
        Value::Text(entry.basis.as_deref()),
    ];
    fixed.into_iter().chain(changing(entry, content))
}

/// A row that an engine read.
pub trait Row {
    /// The error of the engine's statements.
    type Error;

    /// The value of a column.
    fn value<T: FromSql + FromSqlOwned>(&self, column: usize) -> Result<T, Self::Error>;

    /// The error of a row that somebody else wrote or that a disk damaged.
    fn unreadable(cause: &dyn Display) -> Self::Error;
}

impl Row for rusqlite::Row<'_> {
    type Error = rusqlite::Error;

    fn value<T: FromSql + FromSqlOwned>(&self, column: usize) -> Result<T, Self::Error> {
        self.get(column)
    }

    fn unreadable(cause: &dyn Display) -> Self::Error {
        Self::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, cause.to_string().into())
    }
}

impl Row for tokio_postgres::Row {
    type Error = Error;

    fn value<T: FromSql + FromSqlOwned>(&self, column: usize) -> Result<T, Self::Error> {
        self.try_get(column).map_err(|error| Self::unreadable(&error))
    }

    fn unreadable(cause: &dyn Display) -> Self::Error {
        Error::new(Code::JournalDamaged, format!("a row of the journal cannot be read: {cause}"))
    }
}

/// The content of an entry, from a row that begins with its columns.
pub fn content<R: Row>(row: &R) -> Result<Content<'static>, R::Error> {
    let text = |column| row.value::<String>(column).map(Cow::from);
    let perhaps = |column| row.value::<Option<String>>(column).map(|text| text.map(Cow::from));
    Ok(Content {
        vendor: text(1)?,
        operation: text(2)?,
        fingerprint: text(3)?,
        request: row.value::<Vec<u8>>(4)?.into(),
        created_at_ms: row.value(5)?,
        vendor_document_id: perhaps(8)?,
        state: text(9)?,
        attempts: row.value(10)?,
        fiscal: perhaps(12)?,
        failure: perhaps(13)?,
        raw: perhaps(14)?,
        updated_at_ms: row.value(15)?,
        revision: row.value(16)?,
        due_at_ms: row.value(17)?,
        notice: perhaps(18)?,
        doubt_since: perhaps(19)?,
    })
}

/// An entry of this register, from a row of its columns and its number.
pub fn entry<R: Row>(row: &R, register: String) -> Result<Entry, R::Error> {
    let content = content(row)?;
    Ok(Entry {
        register,
        receipt_id: row.value(0)?,
        vendor: content.vendor.into_owned(),
        operation: content.operation.into_owned(),
        fingerprint: content.fingerprint.into_owned(),
        request: content.request.into_owned(),
        receipt: row.value(6)?,
        basis: row.value(7)?,
        vendor_document_id: content.vendor_document_id.map(Cow::into_owned),
        state: state::<R>(&content.state)?,
        attempts: small::<R>(content.attempts)?,
        binding: row.value(11)?,
        fiscal: json::<R, _>(content.fiscal)?,
        failure: json::<R, _>(content.failure)?,
        notice: content.notice.map(Cow::into_owned),
        doubt_since: content.doubt_since.as_deref().and_then(SteadyTime::parse),
        raw: json::<R, _>(content.raw)?,
        created_at_ms: content.created_at_ms,
        updated_at_ms: content.updated_at_ms,
        revision: content.revision.unsigned_abs(),
        due_at_ms: content.due_at_ms,
        number: row.value(COLUMNS)?,
    })
}

/// A step, from the columns at_ms, attempt, state, note, event, content, hash.
pub fn step<R: Row>(row: &R) -> Result<Step, R::Error> {
    Ok(Step {
        at_ms: row.value(0)?,
        attempt: small::<R>(row.value(1)?)?,
        state: state::<R>(&row.value::<String>(2)?)?,
        note: row.value(3)?,
        event: row.value(4)?,
        content: row.value(5)?,
        hash: row.value(6)?,
    })
}

/// An event, from the columns event, receipt_id, at_ms, attempt, state, note, content, hash.
pub fn link<R: Row>(row: &R) -> Result<Link, R::Error> {
    Ok(Link {
        event: row.value(0)?,
        receipt_id: row.value(1)?,
        at_ms: row.value(2)?,
        attempt: row.value(3)?,
        state: row.value(4)?,
        note: row.value(5)?,
        content: row.value(6)?,
        hash: row.value(7)?,
    })
}

/// How many entries are in a state, from the columns state and count.
pub fn state_count<R: Row>(row: &R) -> Result<(&'static str, u64), R::Error> {
    Ok((state::<R>(&row.value::<String>(0)?)?.word(), count(row, 1)?))
}

/// A number that is never below 0.
pub fn count<R: Row>(row: &R, column: usize) -> Result<u64, R::Error> {
    row.value(column).map(i64::unsigned_abs)
}

fn state<R: Row>(word: &str) -> Result<State, R::Error> {
    State::named(word).ok_or_else(|| R::unreadable(&format!("unknown state {word}")))
}

fn small<R: Row>(number: i64) -> Result<u32, R::Error> {
    u32::try_from(number).map_err(|error| R::unreadable(&error))
}

fn json<R: Row, T: DeserializeOwned>(text: Option<Cow<'_, str>>) -> Result<Option<T>, R::Error> {
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| R::unreadable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_counted_and_each_has_its_table() {
        assert_eq!(FIXED.split(", ").count(), FIXED_COUNT);
        assert_eq!(CHANGING.split(", ").count(), CHANGING_COUNT);
        assert_eq!(columns("").split(", ").count(), COLUMNS);
        assert!(columns("d.").split(", ").all(|column| column.starts_with("d.")));
        assert_eq!(places('$', 4, 3), "$4, $5, $6");
    }
}
