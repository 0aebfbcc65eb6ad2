//! The entries of a SQLite file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use async_trait::async_trait;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, ToSql, params, params_from_iter};
use secrecy::{ExposeSecret as _, SecretString};

use super::forks::LetGo as _;
use super::opened::Opened;
use super::register::damaged;
use super::store::Extent;
use super::{Sqlite, chain, keep_secret, register};
use crate::error::Result;
use crate::faults::may_fail;
use crate::journal::chain::{Content, Link};
use crate::journal::engine::Journal;
use crate::journal::entry::{
    Begin, CLOCK_AHEAD_MS, Entry, Filter, Group, Intended, Intent, Step, intent_note, now_ms, superseded,
    unknown_cursor,
};
use crate::journal::rows::{
    CHANGING, CHANGING_COUNT, COLUMNS, Value, changing, columns, count, entry, number, places, state_count,
    step, values,
};
use crate::receipt::registration::State;

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Text(text) => ToSqlOutput::Borrowed(text.map_or(ValueRef::Null, ValueRef::from)),
            Value::Number(number) => (*number).into(),
            Value::Bytes(bytes) => (*bytes).into(),
        })
    }
}

fn number_of(connection: &Connection, register: i64, receipt_id: &str) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT number FROM documents WHERE register = ?1 AND receipt_id = ?2";
    connection.prepare_cached(sql)?.query_row(params![register, receipt_id], |row| row.get(0)).optional()
}

fn find(connection: &Connection, register: &str, receipt_id: &str) -> rusqlite::Result<Option<Entry>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!("SELECT {}, number, register FROM documents WHERE number = ?1", columns(""))
    });
    may_fail("sqlite_find")?;
    let Some(its) = register::number(connection, register)? else { return Ok(None) };
    // Two queries: one by the key would take register and id from the index and not from the row, and so
    // would not see an index that leads to a wrong row.
    let Some(number) = number_of(connection, its, receipt_id)? else { return Ok(None) };
    let mut statement = connection.prepare_cached(&SQL)?;
    let found = statement
        .query_row([number], |row| Ok((row.get::<_, i64>(COLUMNS + 1)?, entry(row, register.to_owned())?)));
    match found.optional()? {
        Some((of, found)) if (of, &*found.receipt_id) == (its, receipt_id) => Ok(Some(found)),
        _ => Err(damaged("an index leads to another receipt, or to none")),
    }
}

/// Adds an entry and its first event; none where the receipt is there.
fn insert(connection: &Opened, entry: &Entry, note: &str) -> rusqlite::Result<Option<i64>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let (columns, places) = (columns(""), places('?', 3, COLUMNS));
        format!(
            "INSERT INTO documents (register, events, {columns}) VALUES (?1, json_array(?2), {places})
             ON CONFLICT (register, receipt_id) DO NOTHING"
        )
    });
    let mut end = match register::number_kept(connection, &entry.register)? {
        Some(register) => chain::end(connection, register)?,
        None => chain::End::none(register::add(connection, &entry.register)?),
    };
    may_fail("sqlite_insert")?;
    let content = Content::of(entry);
    let own = [Value::Number(end.register), Value::Number(end.events + 1)];
    let all = params_from_iter(own.into_iter().chain(values(entry, &content)));
    if connection.prepare_cached(&SQL)?.execute(all)? == 0 {
        return Ok(None);
    }
    let number = connection.last_insert_rowid();
    connection.witness.meet(connection, end.register, &entry.receipt_id)?;
    chain::append(connection, &mut end, &entry.register, Link::of(entry, &content, note))?;
    connection.witness.reached(end.register, end.events);
    Ok(Some(number))
}

fn intend(connection: &Opened, new: Entry, note: &str) -> rusqlite::Result<Intended> {
    if let Some(number) = insert(connection, &new, note)? {
        return Ok(Intended::New(Entry { number, ..new }));
    }
    let found = find(connection, &new.register, &new.receipt_id)?;
    found.map(Intended::Found).ok_or_else(|| damaged("an index leads to no receipt"))
}

/// Replaces an entry, unless another write came since it was read.
fn replace(connection: &Opened, read: &Entry, new: &Entry, note: &str) -> rusqlite::Result<bool> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "UPDATE documents SET events = json_insert(events, '$[#]', ?5), ({CHANGING}) = ({})
             WHERE number = ?1 AND register = ?2 AND receipt_id = ?3 AND revision = ?4",
            places('?', 6, CHANGING_COUNT)
        )
    });
    may_fail("sqlite_replace")?;
    let Some(register) = register::number_kept(connection, &read.register)? else { return Ok(false) };
    let mut end = chain::end(connection, register)?;
    let content = Content::of(new);
    let own = [
        Value::Number(read.number),
        Value::Number(register),
        Value::Text(Some(&read.receipt_id)),
        Value::Number(number(read.revision)),
        Value::Number(end.events + 1),
    ];
    let all = params_from_iter(own.into_iter().chain(changing(new, &content)));
    if connection.prepare_cached(&SQL)?.execute(all)? == 0 {
        return Ok(false);
    }
    chain::append(connection, &mut end, &new.register, Link::of(new, &content, note))?;
    connection.witness.reached(register, end.events);
    Ok(true)
}

/// Entries of a register; none where `after` is no receipt of it.
fn list(connection: &Connection, register: &str, filter: &Filter) -> rusqlite::Result<Option<Vec<Entry>>> {
    may_fail("sqlite_list")?;
    let its = register::number(connection, register)?;
    let after = match (&filter.after, its) {
        (None, _) => Some(0),
        (Some(id), Some(its)) => number_of(connection, its, id)?,
        (Some(_), None) => None,
    };
    let (Some(after), Some(its)) = (after, its) else { return Ok(after.map(|_| Vec::new())) };
    // In the words of the partial indexes: SQLite would not use them otherwise.
    let kept = match filter.group {
        _ if filter.basis.is_some() => "register = ?1 AND basis = ?7",
        Group::Unsettled => "register = ?1 AND state IN ('sending', 'in_doubt')",
        Group::Undelivered => {
            "register = ?1 AND state NOT IN ('registered', 'failed') AND state <> 'accepted'"
        }
        Group::Unfinished => "register = ?1 AND state NOT IN ('registered', 'failed')",
        // With the sign SQLite does not take the index by receipt, whose rows it would have to sort.
        Group::All => "+register = ?1",
    };
    let sql = format!(
        "SELECT {}, number FROM documents WHERE {kept} AND number > ?2 AND (?3 IS NULL OR state = ?3)
         AND (?4 IS NULL OR due_at_ms < ?4 OR updated_at_ms > ?4 + {CLOCK_AHEAD_MS})
         AND (?6 IS NULL OR vendor_document_id = ?6) AND (?7 IS NULL OR basis = ?7)
         AND (?8 IS NULL OR created_at_ms >= ?8) AND (?9 IS NULL OR created_at_ms < ?9)
         ORDER BY number LIMIT ?5",
        columns("")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let state = filter.state.map(State::word);
    let values = params![
        its,
        after,
        state,
        filter.due_before_ms,
        number(filter.limit),
        filter.document,
        filter.basis,
        filter.since_ms,
        filter.until_ms
    ];
    statement
        .query_map(values, |row| entry(row, register.to_owned()))?
        .collect::<rusqlite::Result<_>>()
        .map(Some)
}

#[async_trait]
impl Journal for Sqlite {
    fn is_durable(&self) -> bool {
        true
    }

    fn is_there(&self) -> bool {
        self.store.is_there()
    }

    fn let_go(&self) {
        self.store.let_go();
    }

    async fn back_up(&self, to: &Path) -> Result<()> {
        self.store.back_up(to.to_owned()).await
    }

    async fn intend(&self, intent: &Intent, begin: Begin<'_>) -> Result<Intended> {
        let new = Entry::from_intent(intent, begin, now_ms());
        let note = intent_note(begin.is_some());
        self.store.write(Extent::Small, move |connection| intend(connection, new, note)).await
    }

    async fn intend_all(&self, intents: &[Intent]) -> Result<Vec<Intended>> {
        let now = now_ms();
        let new: Vec<_> = intents.iter().map(|intent| Entry::from_intent(intent, None, now)).collect();
        let extent = if new.len() > 1 { Extent::Large } else { Extent::Small };
        let work = move |connection: &Opened| {
            new.into_iter().map(|new| intend(connection, new, intent_note(false))).collect()
        };
        self.store.write(extent, work).await
    }

    async fn find(&self, register: &str, receipt_id: &str) -> Result<Option<Entry>> {
        let (register, receipt_id) = (register.to_owned(), receipt_id.to_owned());
        self.store.read(move |connection| find(connection, &register, &receipt_id)).await
    }

    async fn replace(
        &self,
        read: &Entry,
        new: Entry,
        secrets: &[(&'static str, SecretString)],
        note: &str,
    ) -> Result<Entry> {
        let (old, secrets, note) = (read.clone(), secrets.to_vec(), note.to_owned());
        let work = move |connection: &Opened| {
            if !replace(connection, &old, &new, &note)? {
                return Ok(None);
            }
            for (name, value) in &secrets {
                keep_secret(connection, &old.register, name, value.expose_secret())?;
            }
            Ok(Some(new))
        };
        self.store.write(Extent::Small, work).await?.ok_or_else(|| superseded(read))
    }

    async fn list(&self, register: &str, filter: &Filter) -> Result<Vec<Entry>> {
        let (register, wanted) = (register.to_owned(), filter.clone());
        let listed = self.store.read(move |connection| list(connection, &register, &wanted)).await?;
        listed.ok_or_else(|| unknown_cursor(filter.after.as_deref().unwrap_or_default()))
    }

    async fn steps(&self, register: &str, receipt_id: &str) -> Result<Vec<Step>> {
        let receipt_id = receipt_id.to_owned();
        self.query_of(register, move |connection, register| {
            // CROSS JOIN keeps this order of tables. In another one SQLite would read all events of the
            // register.
            let sql = "SELECT e.at_ms, e.attempt, e.state, e.note, e.event, e.content, e.hash
                       FROM documents AS d CROSS JOIN json_each(d.events) AS place
                       CROSS JOIN events AS e ON e.place = (?1 << 40) + place.value AND e.receipt_id = d.receipt_id
                       WHERE d.register = ?1 AND d.receipt_id = ?2 ORDER BY e.place";
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_map(params![register, receipt_id], |row| step(row))?.collect()
        })
        .await
    }

    async fn counts(&self, register: &str) -> Result<BTreeMap<&'static str, u64>> {
        self.query_of(register, |connection, register| {
            let sql = "SELECT state, COUNT(*) FROM documents WHERE register = ?1 GROUP BY state";
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_map([register], |row| state_count(row))?.collect()
        })
        .await
    }

    async fn unfinished(&self, register: &str, at_most: u64) -> Result<u64> {
        self.query_of(register, move |connection, register| {
            let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM documents WHERE register = ?1
                       AND state NOT IN ('registered', 'failed') LIMIT ?2)";
            connection.prepare_cached(sql)?.query_row([register, number(at_most)], |row| count(row, 0))
        })
        .await
    }
}
