//! The journal in a SQLite file: durable, for many processes on one host.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{
    BEGIN_NOTE, Begin, CLOCK_AHEAD_MS, Conclusion, Entry, Filter, Group, Intended, Intent, Journal, Lease,
    Secrets, Step, begun, concluded, intent_note, json as text, now_ms, superseded, unknown_cursor,
};
use crate::error::{Code, Error, Result};
use crate::faults::may_fail;
use crate::receipt::registration::State;

mod audit;
mod lease;
mod register;
mod schema;
mod store;

use store::{Extent, Store};
#[cfg(feature = "host")]
pub(crate) use store::{after_fork, before_fork};

/// The engine `sqlite:PATH`.
pub struct Sqlite {
    store: Arc<Store>,
    identity: (u64, u64),
}

impl Sqlite {
    /// Opens or creates the journal at `path`, readable for its owner only.
    pub fn open(path: &Path) -> Result<Self> {
        let mut leases = path.as_os_str().to_owned();
        leases.push("-leases");
        let leases = PathBuf::from(leases);
        let unusable = |cause: &dyn std::fmt::Display| {
            Error::new(Code::JournalUnavailable, format!("journal {}: {cause}", path.display()))
        };
        schema::create_directory(path.parent().unwrap_or(Path::new("")))
            .and_then(|()| schema::create_directory(&leases))
            .map_err(|error| unusable(&error))?;
        let store = Arc::new(Store::open(path, &leases)?);
        may_fail("sqlite_identity").map_err(|injected| store.unusable(injected))?;
        let identity = schema::identity(path).ok_or_else(|| store.unusable("the file is gone"))?;
        Ok(Self { store, identity })
    }

    /// False where the file was removed or replaced since it was opened.
    pub(super) fn is_same_file(&self) -> bool {
        schema::identity(self.store.path()).is_some_and(|now| now == self.identity)
    }

    #[cfg(feature = "host")]
    pub(super) fn let_go(&self) {
        self.store.let_go();
    }
}

const COLUMNS: &str = "register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id, state, \
                       attempts, binding, fiscal, failure, raw, created_at_ms, updated_at_ms, revision, due_at_ms, \
                       number";

/// An entry of the register with this name.
fn entry(row: &Row<'_>, register: &str) -> rusqlite::Result<Entry> {
    Ok(Entry {
        register: register.to_owned(),
        receipt_id: row.get(1)?,
        vendor: row.get(2)?,
        operation: row.get(3)?,
        fingerprint: row.get(4)?,
        request: row.get(5)?,
        vendor_document_id: row.get(6)?,
        state: state(row, 7)?,
        attempts: row.get(8)?,
        binding: row.get(9)?,
        fiscal: json(row, 10)?,
        failure: json(row, 11)?,
        raw: json(row, 12)?,
        created_at_ms: row.get(13)?,
        updated_at_ms: row.get(14)?,
        revision: row.get::<_, i64>(15)?.unsigned_abs(),
        due_at_ms: row.get(16)?,
        number: row.get(17)?,
    })
}

fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<State> {
    let word: String = row.get(column)?;
    State::named(&word).ok_or_else(|| unreadable(column, format!("unknown state {word}").into()))
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| unreadable(column, error.into()))
}

fn unreadable(column: usize, cause: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, cause)
}

/// The error of a file whose parts do not agree.
fn damaged(what: &str) -> rusqlite::Error {
    unreadable(0, what.into())
}

fn number(connection: &Connection, register: i64, receipt_id: &str) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT number FROM documents WHERE register = ?1 AND receipt_id = ?2";
    connection.prepare_cached(sql)?.query_row(params![register, receipt_id], |row| row.get(0)).optional()
}

fn find(connection: &Connection, register: &str, receipt_id: &str) -> rusqlite::Result<Option<Entry>> {
    static SQL: LazyLock<String> =
        LazyLock::new(|| format!("SELECT {COLUMNS} FROM documents WHERE number = ?1"));
    may_fail("sqlite_find")?;
    let Some(its) = register::number(connection, register)? else { return Ok(None) };
    // In two steps: with the number alone the receipt's id is read from its row, with its key from the
    // index, which would then agree with itself.
    let Some(number) = number(connection, its, receipt_id)? else { return Ok(None) };
    let mut statement = connection.prepare_cached(&SQL)?;
    let found = statement.query_row([number], |row| Ok((row.get::<_, i64>(0)?, entry(row, register)?)));
    match found.optional()? {
        Some((of, found)) if (of, &*found.receipt_id) == (its, receipt_id) => Ok(Some(found)),
        _ => Err(damaged("an index leads to another receipt, or to none")),
    }
}

/// Adds an entry and its first event; none where the receipt is there.
fn insert(connection: &Connection, entry: &Entry, note: &str) -> rusqlite::Result<Option<i64>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "INSERT INTO documents ({COLUMNS}, events) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, \
             ?14, ?15, ?16, ?17, NULL, json_array(?18)) ON CONFLICT (register, receipt_id) DO NOTHING"
        )
    });
    let end = match register::number(connection, &entry.register)? {
        Some(register) => audit::end(connection, register)?,
        None => audit::End::none(register::add(connection, &entry.register)?),
    };
    may_fail("sqlite_insert")?;
    let added = connection.prepare_cached(&SQL)?.execute(params![
        end.register,
        entry.receipt_id,
        entry.vendor,
        entry.operation,
        entry.fingerprint,
        entry.request,
        entry.vendor_document_id,
        entry.state.word(),
        entry.attempts,
        entry.binding,
        text(entry.fiscal.as_ref()),
        text(entry.failure.as_ref()),
        text(entry.raw.as_ref()),
        entry.created_at_ms,
        entry.updated_at_ms,
        revision(entry),
        entry.due_at_ms,
        end.events + 1
    ])?;
    if added == 0 {
        return Ok(None);
    }
    let number = connection.last_insert_rowid();
    audit::log(connection, end, entry, note)?;
    Ok(Some(number))
}

fn revision(entry: &Entry) -> i64 {
    i64::try_from(entry.revision).unwrap_or(i64::MAX)
}

fn intend(connection: &Connection, new: Entry, note: &str) -> rusqlite::Result<Intended> {
    if let Some(number) = insert(connection, &new, note)? {
        return Ok(Intended::New(Entry { number, ..new }));
    }
    let found = find(connection, &new.register, &new.receipt_id)?;
    found.map(Intended::Found).ok_or_else(|| damaged("an index leads to no receipt"))
}

/// Replaces an entry, unless another write came since it was read.
fn replace(connection: &Connection, read: &Entry, new: &Entry, note: &str) -> rusqlite::Result<bool> {
    may_fail("sqlite_replace")?;
    let Some(register) = register::number(connection, &read.register)? else { return Ok(false) };
    let end = audit::end(connection, register)?;
    let sql = "UPDATE documents SET state = ?5, attempts = ?6, vendor_document_id = ?7, fiscal = ?8, failure = ?9, \
               raw = ?10, updated_at_ms = ?11, binding = ?12, revision = ?13, due_at_ms = ?14, \
               events = json_insert(events, '$[#]', ?15) \
               WHERE number = ?1 AND register = ?2 AND receipt_id = ?3 AND revision = ?4";
    let replaced = connection.prepare_cached(sql)?.execute(params![
        read.number,
        register,
        read.receipt_id,
        revision(read),
        new.state.word(),
        new.attempts,
        new.vendor_document_id,
        text(new.fiscal.as_ref()),
        text(new.failure.as_ref()),
        text(new.raw.as_ref()),
        new.updated_at_ms,
        new.binding,
        revision(new),
        new.due_at_ms,
        end.events + 1
    ])?;
    if replaced == 0 {
        return Ok(false);
    }
    audit::log(connection, end, new, note)?;
    Ok(true)
}

fn list(
    connection: &Connection,
    register: &str,
    filter: &Filter,
    after: i64,
) -> rusqlite::Result<Vec<Entry>> {
    may_fail("sqlite_list")?;
    let Some(its) = register::number(connection, register)? else { return Ok(Vec::new()) };
    // Written out, so that the partial indexes serve them.
    let kept = match filter.group {
        Group::Unsettled => "register = ?1 AND state IN ('sending', 'in_doubt')",
        Group::Undelivered => {
            "register = ?1 AND state NOT IN ('registered', 'failed') AND state <> 'accepted'"
        }
        Group::Unfinished => "register = ?1 AND state NOT IN ('registered', 'failed')",
        // The sign keeps the index by receipt away: what it finds would have to be sorted.
        Group::All => "+register = ?1",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM documents WHERE {kept} AND number > ?2 AND (?3 IS NULL OR state = ?3)
         AND (?4 IS NULL OR due_at_ms < ?4 OR updated_at_ms > ?4 + {CLOCK_AHEAD_MS}) ORDER BY number LIMIT ?5"
    );
    let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let state = filter.state.map(State::word);
    let values = params![its, after, state, filter.due_before_ms, limit];
    statement.query_map(values, |row| entry(row, register))?.collect()
}

fn keep_secret(
    connection: &Connection,
    register: &str,
    name: &str,
    value: &SecretString,
) -> rusqlite::Result<()> {
    may_fail("sqlite_keep_secret")?;
    let sql = "INSERT INTO secrets (register, name, value) VALUES (?1, ?2, ?3)
               ON CONFLICT (register, name) DO UPDATE SET value = ?3";
    connection.prepare_cached(sql)?.execute([register, name, value.expose_secret()]).map(drop)
}

fn forget_secret(connection: &Connection, register: &str, name: &str) -> rusqlite::Result<()> {
    may_fail("sqlite_forget_secret")?;
    let sql = "DELETE FROM secrets WHERE register = ?1 AND name = ?2";
    connection.prepare_cached(sql)?.execute([register, name]).map(drop)
}

impl Sqlite {
    async fn update(
        &self,
        read: &Entry,
        new: Entry,
        secrets: Vec<(&'static str, SecretString)>,
        note: String,
    ) -> Result<Entry> {
        let (read, store) = (read.clone(), self.store.clone());
        self.store
            .write(Extent::Small, move |connection| {
                let work = || {
                    let replaced = replace(connection, &read, &new, &note)?;
                    for (name, value) in secrets.iter().filter(|_| replaced) {
                        keep_secret(connection, &read.register, name, value)?;
                    }
                    Ok(replaced)
                };
                let replaced = work().map_err(|error| store.failed(&error))?;
                if replaced { Ok(new) } else { Err(superseded(&read)) }
            })
            .await
    }

    async fn query<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.store.clone();
        self.store.read(move |connection| work(connection).map_err(|error| store.failed(&error))).await
    }

    /// Reads what there is of a register; of one that has nothing, nothing.
    async fn query_of<T: Default + Send + 'static>(
        &self,
        register: &str,
        work: impl FnOnce(&Connection, i64) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let name = register.to_owned();
        self.query(move |connection| match register::number(connection, &name)? {
            Some(register) => work(connection, register),
            None => Ok(T::default()),
        })
        .await
    }
}

#[async_trait]
impl Journal for Sqlite {
    fn is_durable(&self) -> bool {
        true
    }

    async fn intend(&self, intent: &Intent, begin: Begin<'_>) -> Result<Intended> {
        let new = Entry::from_intent(intent, begin, now_ms());
        let (store, note) = (self.store.clone(), intent_note(begin.is_some()));
        self.store
            .write(Extent::Small, move |connection| {
                intend(connection, new, note).map_err(|error| store.failed(&error))
            })
            .await
    }

    async fn intend_all(&self, intents: &[Intent]) -> Result<Vec<Intended>> {
        let now = now_ms();
        let new: Vec<_> = intents.iter().map(|intent| Entry::from_intent(intent, None, now)).collect();
        let extent = if new.len() > 1 { Extent::Large } else { Extent::Small };
        let store = self.store.clone();
        let work = move |connection: &Connection| {
            let written = new.into_iter().map(|new| intend(connection, new, intent_note(false)));
            written.collect::<rusqlite::Result<_>>().map_err(|error| store.failed(&error))
        };
        self.store.write(extent, work).await
    }

    async fn find(&self, register: &str, receipt_id: &str) -> Result<Option<Entry>> {
        let (register, receipt_id) = (register.to_owned(), receipt_id.to_owned());
        self.query(move |connection| find(connection, &register, &receipt_id)).await
    }

    async fn begin(&self, entry: &Entry, binding: Option<&str>) -> Result<Entry> {
        self.update(entry, begun(entry, binding), Vec::new(), BEGIN_NOTE.into()).await
    }

    async fn conclude(&self, entry: &Entry, conclusion: &Conclusion) -> Result<Entry> {
        let new = concluded(entry, conclusion, now_ms());
        self.update(entry, new, conclusion.secrets.clone(), conclusion.note.clone()).await
    }

    async fn list(&self, register: &str, filter: &Filter) -> Result<Vec<Entry>> {
        let (register, filter) = (register.to_owned(), filter.clone());
        let store = self.store.clone();
        self.store
            .read(move |connection| {
                let place = |id: &str| match register::number(connection, &register)? {
                    Some(register) => number(connection, register, id),
                    None => Ok(None),
                };
                let after = match &filter.after {
                    Some(id) => place(id).map_err(|error| store.failed(&error))?,
                    None => Some(0),
                };
                let after =
                    after.ok_or_else(|| unknown_cursor(filter.after.as_deref().unwrap_or_default()))?;
                list(connection, &register, &filter, after).map_err(|error| store.failed(&error))
            })
            .await
    }

    async fn steps(&self, register: &str, receipt_id: &str) -> Result<Vec<Step>> {
        let receipt_id = receipt_id.to_owned();
        self.query_of(register, move |connection, register| {
            // In this order of tables, or all events of the register would be walked through.
            let sql = "SELECT e.at_ms, e.attempt, e.state, e.note, e.event, e.content, e.hash
                       FROM documents AS d CROSS JOIN json_each(d.events) AS place
                       CROSS JOIN events AS e ON e.place = (?1 << 40) + place.value AND e.receipt_id = d.receipt_id
                       WHERE d.register = ?1 AND d.receipt_id = ?2 ORDER BY e.place";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![register, receipt_id], |row| {
                Ok(Step {
                    at_ms: row.get(0)?,
                    attempt: row.get(1)?,
                    state: state(row, 2)?,
                    note: row.get(3)?,
                    event: row.get(4)?,
                    content: row.get(5)?,
                    hash: row.get(6)?,
                })
            })?;
            rows.collect()
        })
        .await
    }

    async fn counts(&self, register: &str) -> Result<BTreeMap<&'static str, u64>> {
        self.query_of(register, |connection, register| {
            let sql = "SELECT state, COUNT(*) FROM documents WHERE register = ?1 GROUP BY state";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([register], |row| {
                Ok((state(row, 0)?.word(), row.get::<_, i64>(1)?.unsigned_abs()))
            })?;
            rows.collect()
        })
        .await
    }

    async fn unfinished(&self, register: &str, at_most: u64) -> Result<u64> {
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        self.query_of(register, move |connection, register| {
            let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM documents WHERE register = ?1
                       AND state NOT IN ('registered', 'failed') LIMIT ?2)";
            let count = |row: &Row<'_>| Ok(row.get::<_, i64>(0)?.unsigned_abs());
            connection.prepare_cached(sql)?.query_row([register, at_most], count)
        })
        .await
    }
}

#[async_trait]
impl Secrets for Sqlite {
    async fn secret(&self, register: &str, name: &str) -> Result<Option<SecretString>> {
        let key = [register.to_owned(), name.to_owned()];
        self.query(move |connection| {
            let sql = "SELECT value FROM secrets WHERE register = ?1 AND name = ?2";
            let value: Option<String> = connection.query_row(sql, key, |row| row.get(0)).optional()?;
            Ok(value.map(SecretString::from))
        })
        .await
    }

    async fn keep_secret(&self, register: &str, name: &str, value: Option<SecretString>) -> Result<()> {
        let (register, name, store) = (register.to_owned(), name.to_owned(), self.store.clone());
        self.store
            .write(Extent::Small, move |connection| {
                let done = match value {
                    Some(value) => keep_secret(connection, &register, &name, &value),
                    None => forget_secret(connection, &register, &name),
                };
                done.map_err(|error| store.failed(&error))
            })
            .await
    }

    async fn lease_for(&self, name: &str, deadline: Instant, _: Duration) -> Result<Lease> {
        lease::take(&self.store, name, deadline).await
    }
}
