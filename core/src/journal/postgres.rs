//! The journal in PostgreSQL, or in any engine that speaks its protocol: for many hosts.
//!
//! Every call is a single statement that commits by itself (the migrations apart), so that the
//! engine needs no more than READ COMMITTED. A statement is prepared once in each connection and then
//! takes one round trip. See docs/journal.md for what the engine must know.

mod audit;
mod connection;
mod lease;
mod migration;
mod place;
mod seal;
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

pub use place::Place;
use server::{Access, Param, Server};

use super::chain::Content;
use super::{
    BEGIN_NOTE, Begin, CLOCK_AHEAD_MS, Conclusion, Entry, Filter, Intended, Intent, Journal, Lease, Secrets,
    Step, begun, concluded, intent_note, json as text, now_ms, superseded, unknown_cursor,
};
use crate::error::{Code, Error, Result};
use crate::receipt::registration::State;

/// The engine `postgres://...`.
pub struct Postgres {
    server: Arc<Server>,
}

impl Postgres {
    /// The journal at `place`; no connection is made before it is used.
    pub fn open(place: &Place, ca_file: Option<&str>) -> Result<Self> {
        Ok(Self { server: Arc::new(Server::new(place, ca_file)?) })
    }
}

const COLUMNS: &str = "register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id, state, \
                       attempts, binding, fiscal, failure, raw, created_at_ms, updated_at_ms, revision, due_at_ms, \
                       number";

/// The first `$3` entries of a register `$1` after the number `$2` in some states: each state has its
/// own part of the index, in which they are in order.
fn page_query(states: &[State], wanted: &str) -> String {
    let of = |state: &State| {
        format!(
            "(SELECT {COLUMNS} FROM kassa_documents WHERE state = '{}' AND register = $1 AND number > $2{wanted} \
             ORDER BY number LIMIT $3)",
            state.word()
        )
    };
    let all = texts(states, of).join(" UNION ALL ");
    format!("SELECT * FROM ({all}) AS page ORDER BY number LIMIT $3")
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Adds an entry and its event, unless the id is there.
const INTEND: &str = "
WITH added AS (
    INSERT INTO kassa_documents (register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id,
        state, attempts, binding, created_at_ms, updated_at_ms, revision, due_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 1, 0)
    ON CONFLICT (register, receipt_id) DO NOTHING RETURNING number
)
INSERT INTO kassa_open (place, register, receipt_id, revision, at_ms, attempt, state, note, content)
SELECT number, $1, $2, 1, $11, $9, $8, $12, $13 FROM added RETURNING place";

/// The same for many entries at once.
const INTEND_ALL: &str = "
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[],
        $8::bytea[]) WITH ORDINALITY
        AS g (register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id, content, place)
), added AS (
    INSERT INTO kassa_documents (register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id,
        state, attempts, created_at_ms, updated_at_ms, revision, due_at_ms)
    SELECT register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id,
        $9, 0, $10, $10, 1, 0 FROM given ORDER BY place
    ON CONFLICT (register, receipt_id) DO NOTHING RETURNING register, receipt_id, number
), logged AS (
    INSERT INTO kassa_open (place, register, receipt_id, revision, at_ms, attempt, state, note, content)
    SELECT a.number, g.register, g.receipt_id, 1, $10, 0, $9, $11, g.content
    FROM given AS g JOIN added AS a ON a.register = g.register AND a.receipt_id = g.receipt_id
)
SELECT register, receipt_id, number FROM added";

/// Replaces an entry if its revision is the one that was read, with its event and its secrets.
const REPLACE: &str = "
WITH changed AS (
    UPDATE kassa_documents SET state = $4, attempts = $5, vendor_document_id = $6, fiscal = $7, failure = $8,
        raw = $9, updated_at_ms = $10, binding = $11, revision = $12, due_at_ms = $13
    WHERE register = $1 AND receipt_id = $2 AND revision = $3 RETURNING number
), logged AS (
    INSERT INTO kassa_open (register, receipt_id, revision, at_ms, attempt, state, note, content)
    SELECT $1, $2, $12, $10, $5, $4, $14, $15 FROM changed
), kept AS (
    INSERT INTO kassa_secrets (register, name, value)
    SELECT $1, s.name, s.value FROM changed CROSS JOIN unnest($16::text[], $17::text[]) AS s (name, value)
    ON CONFLICT (register, name) DO UPDATE SET value = excluded.value
)
SELECT number FROM changed";

/// A column, or the error of a row that somebody else wrote.
fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|error| unreadable(&error))
}

fn unreadable(cause: &dyn std::fmt::Display) -> Error {
    Error::new(Code::JournalDamaged, format!("a row of the journal cannot be read: {cause}"))
}

fn state(row: &Row, column: usize) -> Result<State> {
    let word: String = get(row, column)?;
    State::named(&word).ok_or_else(|| unreadable(&format!("unknown state {word}")))
}

fn json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<Option<T>> {
    let text: Option<String> = get(row, column)?;
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| unreadable(&error))
}

fn entry(row: &Row) -> Result<Entry> {
    Ok(Entry {
        register: get(row, 0)?,
        receipt_id: get(row, 1)?,
        vendor: get(row, 2)?,
        operation: get(row, 3)?,
        fingerprint: get(row, 4)?,
        request: get(row, 5)?,
        vendor_document_id: get(row, 6)?,
        state: state(row, 7)?,
        attempts: u32::try_from(get::<i64>(row, 8)?).map_err(|error| unreadable(&error))?,
        binding: get(row, 9)?,
        fiscal: json(row, 10)?,
        failure: json(row, 11)?,
        raw: json(row, 12)?,
        created_at_ms: get(row, 13)?,
        updated_at_ms: get(row, 14)?,
        revision: get::<i64>(row, 15)?.unsigned_abs(),
        due_at_ms: get(row, 16)?,
        number: get(row, 17)?,
    })
}

fn revision(entry: &Entry) -> i64 {
    i64::try_from(entry.revision).unwrap_or(i64::MAX)
}

/// The text without the one character that PostgreSQL cannot keep.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

fn texts<'a, T, V>(of: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    of.iter().map(value).collect()
}

impl Postgres {
    async fn replace(
        &self,
        read: &Entry,
        new: Entry,
        secrets: &[(&'static str, SecretString)],
        note: &str,
    ) -> Result<Entry> {
        let new = Entry { vendor_document_id: new.vendor_document_id.as_deref().map(storable), ..new };
        let content = Content::of(&new).hash();
        let names = texts(secrets, |(name, _)| *name);
        let values = texts(secrets, |(_, value)| value.expose_secret());
        let params: &[Param<'_>] = &[
            (&read.register, Type::TEXT),
            (&read.receipt_id, Type::TEXT),
            (&revision(read), Type::INT8),
            (&new.state.word(), Type::TEXT),
            (&i64::from(new.attempts), Type::INT8),
            (&new.vendor_document_id, Type::TEXT),
            (&text(new.fiscal.as_ref()), Type::TEXT),
            (&text(new.failure.as_ref()), Type::TEXT),
            (&text(new.raw.as_ref()), Type::TEXT),
            (&new.updated_at_ms, Type::INT8),
            (&new.binding, Type::TEXT),
            (&revision(&new), Type::INT8),
            (&new.due_at_ms, Type::INT8),
            (&storable(note), Type::TEXT),
            (&&content[..], Type::BYTEA),
            (&names, Type::TEXT_ARRAY),
            (&values, Type::TEXT_ARRAY),
        ];
        let changed = self.server.query(Access::Write("postgres_replace"), REPLACE, params).await?;
        if changed.is_empty() {
            return Err(superseded(read));
        }
        self.server.seal_soon(&new.register);
        Ok(new)
    }

    /// The number of a receipt, for a cursor.
    async fn number(&self, register: &str, receipt_id: &str) -> Result<i64> {
        let sql = "SELECT number FROM kassa_documents WHERE register = $1 AND receipt_id = $2";
        let params: &[Param<'_>] = &[(&register, Type::TEXT), (&receipt_id, Type::TEXT)];
        let rows = self.server.query(Access::Read("postgres_number"), sql, params).await?;
        rows.first().map_or_else(|| Err(unknown_cursor(receipt_id)), |row| get(row, 0))
    }
}

#[async_trait]
impl Journal for Postgres {
    fn is_durable(&self) -> bool {
        true
    }

    async fn intend(&self, intent: &Intent, begin: Begin<'_>) -> Result<Intended> {
        let new = Entry::from_intent(intent, begin, now_ms());
        let content = Content::of(&new).hash();
        let params: &[Param<'_>] = &[
            (&new.register, Type::TEXT),
            (&new.receipt_id, Type::TEXT),
            (&new.vendor, Type::TEXT),
            (&new.operation, Type::TEXT),
            (&new.fingerprint, Type::TEXT),
            (&new.request, Type::BYTEA),
            (&new.vendor_document_id, Type::TEXT),
            (&new.state.word(), Type::TEXT),
            (&i64::from(new.attempts), Type::INT8),
            (&new.binding, Type::TEXT),
            (&new.created_at_ms, Type::INT8),
            (&intent_note(begin.is_some()), Type::TEXT),
            (&&content[..], Type::BYTEA),
        ];
        if let Some(row) = self.server.query(Access::Write("postgres_intend"), INTEND, params).await?.first()
        {
            self.server.seal_soon(&new.register);
            return Ok(Intended::New(Entry { number: get(row, 0)?, ..new }));
        }
        let found = self.find(&new.register, &new.receipt_id).await?;
        found.map(Intended::Found).ok_or_else(|| pruned_meanwhile(&new.receipt_id))
    }

    async fn intend_all(&self, intents: &[Intent]) -> Result<Vec<Intended>> {
        if let [intent] = intents {
            return Ok(vec![self.intend(intent, None).await?]);
        }
        let now = now_ms();
        let mut new: Vec<Entry> = Vec::with_capacity(intents.len());
        let mut places = BTreeMap::new();
        for intent in intents {
            let key = (intent.register.as_str(), intent.receipt_id.as_str());
            places.entry(key).or_insert_with(|| {
                new.push(Entry::from_intent(intent, None, now));
                new.len() - 1
            });
        }
        let Some(first) = new.first() else { return Ok(Vec::new()) };
        let contents = texts(&new, |entry| Content::of(entry).hash().to_vec());
        let params: &[Param<'_>] = &[
            (&texts(&new, |entry| entry.register.as_str()), Type::TEXT_ARRAY),
            (&texts(&new, |entry| entry.receipt_id.as_str()), Type::TEXT_ARRAY),
            (&texts(&new, |entry| entry.vendor.as_str()), Type::TEXT_ARRAY),
            (&texts(&new, |entry| entry.operation.as_str()), Type::TEXT_ARRAY),
            (&texts(&new, |entry| entry.fingerprint.as_str()), Type::TEXT_ARRAY),
            (&texts(&new, |entry| entry.request.as_slice()), Type::BYTEA_ARRAY),
            (&texts(&new, |entry| entry.vendor_document_id.as_deref()), Type::TEXT_ARRAY),
            (&contents, Type::BYTEA_ARRAY),
            (&first.state.word(), Type::TEXT),
            (&now, Type::INT8),
            (&intent_note(false), Type::TEXT),
        ];
        let rows = self.server.query(Access::Write("postgres_intend_all"), INTEND_ALL, params).await?;
        let mut numbers = BTreeMap::new();
        for row in &rows {
            numbers.insert((get::<&str>(row, 0)?, get::<&str>(row, 1)?), get::<i64>(row, 2)?);
        }
        for register in new.iter().map(|entry| &entry.register).collect::<std::collections::BTreeSet<_>>() {
            self.server.seal_soon(register);
        }
        let mut written = Vec::with_capacity(intents.len());
        for intent in intents {
            let key = (intent.register.as_str(), intent.receipt_id.as_str());
            // The first of several with one id is new, the others find it.
            let added = numbers.remove(&key);
            written.push(match (added, places.get(&key).and_then(|place| new.get(*place))) {
                (Some(number), Some(entry)) => Intended::New(Entry { number, ..entry.clone() }),
                _ => {
                    let found = self.find(key.0, key.1).await?;
                    Intended::Found(found.ok_or_else(|| pruned_meanwhile(key.1))?)
                }
            });
        }
        Ok(written)
    }

    async fn find(&self, register: &str, receipt_id: &str) -> Result<Option<Entry>> {
        let sql = format!("SELECT {COLUMNS} FROM kassa_documents WHERE register = $1 AND receipt_id = $2");
        let params: &[Param<'_>] = &[(&register, Type::TEXT), (&receipt_id, Type::TEXT)];
        self.server.query(Access::Read("postgres_find"), &sql, params).await?.first().map(entry).transpose()
    }

    async fn begin(&self, entry: &Entry, binding: Option<&str>) -> Result<Entry> {
        self.replace(entry, begun(entry, binding), &[], BEGIN_NOTE).await
    }

    async fn conclude(&self, entry: &Entry, conclusion: &Conclusion) -> Result<Entry> {
        let new = concluded(entry, conclusion, now_ms());
        self.replace(entry, new, &conclusion.secrets, &conclusion.note).await
    }

    async fn list(&self, register: &str, filter: &Filter) -> Result<Vec<Entry>> {
        let after = match &filter.after {
            Some(id) => self.number(register, id).await?,
            None => 0,
        };
        let is_wanted = |state: &State| filter.state.is_none_or(|wanted| wanted == *state);
        let states: Vec<State> = filter.group.states().iter().copied().filter(is_wanted).collect();
        if states.is_empty() {
            return Ok(Vec::new());
        }
        let limit = limited(filter.limit);
        let mut params: Vec<Param<'_>> =
            vec![(&register, Type::TEXT), (&after, Type::INT8), (&limit, Type::INT8)];
        // Without what is not asked for: one plan serves all values.
        let mut wanted = String::new();
        if let Some(due_before_ms) = &filter.due_before_ms {
            params.push((due_before_ms, Type::INT8));
            let due = params.len();
            wanted += &format!(" AND (due_at_ms < ${due} OR updated_at_ms > ${due} + {CLOCK_AHEAD_MS})");
        }
        let sql = page_query(&states, &wanted);
        self.server.query(Access::Read("postgres_list"), &sql, &params).await?.iter().map(entry).collect()
    }

    async fn steps(&self, register: &str, receipt_id: &str) -> Result<Vec<Step>> {
        let sql = "SELECT at_ms, attempt, state, note, event, content, hash, revision FROM kassa_events \
                   WHERE register = $1 AND receipt_id = $2 \
                   UNION ALL \
                   SELECT at_ms, attempt, state, note, NULL, content, NULL, revision FROM kassa_open \
                   WHERE register = $1 AND receipt_id = $2 \
                   ORDER BY event NULLS LAST, revision";
        let params: &[Param<'_>] = &[(&register, Type::TEXT), (&receipt_id, Type::TEXT)];
        let rows = self.server.query(Access::Read("postgres_steps"), sql, params).await?;
        let step = |row| {
            Ok(Step {
                at_ms: get(row, 0)?,
                attempt: u32::try_from(get::<i64>(row, 1)?).map_err(|error| unreadable(&error))?,
                state: state(row, 2)?,
                note: get(row, 3)?,
                event: get(row, 4)?,
                content: get(row, 5)?,
                hash: get(row, 6)?,
            })
        };
        rows.iter().map(step).collect()
    }

    async fn counts(&self, register: &str) -> Result<BTreeMap<&'static str, u64>> {
        let sql = "SELECT state, COUNT(*) FROM kassa_documents WHERE register = $1 GROUP BY state";
        let rows =
            self.server.query(Access::Read("postgres_counts"), sql, &[(&register, Type::TEXT)]).await?;
        rows.iter().map(|row| Ok((state(row, 0)?.word(), get::<i64>(row, 1)?.unsigned_abs()))).collect()
    }

    async fn unfinished(&self, register: &str, at_most: u64) -> Result<u64> {
        let sql = "SELECT COUNT(*) FROM (SELECT FROM kassa_documents WHERE register = $1
                   AND state IN ('queued', 'sending', 'in_doubt', 'accepted') LIMIT $2) AS counted";
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        let params: &[Param<'_>] = &[(&register, Type::TEXT), (&at_most, Type::INT8)];
        let rows = self.server.query(Access::Read("postgres_unfinished"), sql, params).await?;
        rows.first().map_or(Ok(0), |row| Ok(get::<i64>(row, 0)?.unsigned_abs()))
    }
}

#[async_trait]
impl Secrets for Postgres {
    async fn secret(&self, register: &str, name: &str) -> Result<Option<SecretString>> {
        let sql = "SELECT value FROM kassa_secrets WHERE register = $1 AND name = $2";
        let params: &[Param<'_>] = &[(&register, Type::TEXT), (&name, Type::TEXT)];
        let rows = self.server.query(Access::Read("postgres_secret"), sql, params).await?;
        rows.first().map(|row| get::<String>(row, 0).map(SecretString::from)).transpose()
    }

    async fn keep_secret(&self, register: &str, name: &str, value: Option<SecretString>) -> Result<()> {
        let (keep, forget) = (
            "INSERT INTO kassa_secrets (register, name, value) VALUES ($1, $2, $3) \
             ON CONFLICT (register, name) DO UPDATE SET value = excluded.value",
            "DELETE FROM kassa_secrets WHERE register = $1 AND name = $2",
        );
        let key: [Param<'_>; 2] = [(&register, Type::TEXT), (&name, Type::TEXT)];
        let done = match &value {
            Some(value) => {
                let [register, name] = key;
                self.server
                    .query(
                        Access::Write("postgres_keep_secret"),
                        keep,
                        &[register, name, (&value.expose_secret(), Type::TEXT)],
                    )
                    .await
            }
            None => self.server.query(Access::Write("postgres_forget_secret"), forget, &key).await,
        };
        done.map(drop)
    }

    async fn lease_for(&self, name: &str, deadline: Instant, time: Duration) -> Result<Lease> {
        lease::take(&self.server, name, deadline, time).await
    }
}

fn pruned_meanwhile(receipt_id: &str) -> Error {
    let message = format!("{receipt_id} was removed by `prune` at this moment; nothing was sent, call again");
    Error::new(Code::JournalUnavailable, message)
}
