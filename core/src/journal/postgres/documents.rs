//! The entries of a PostgreSQL journal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};

use super::Postgres;
use super::connection::Param;
use super::server::Access;
use crate::error::{Code, Error, Result};
use crate::journal::chain::Content;
use crate::journal::engine::Journal;
use crate::journal::entry::{
    Begin, CLOCK_AHEAD_MS, Entry, Filter, Intended, Intent, Step, intent_note, now_ms, superseded,
    unknown_cursor,
};
use crate::journal::rows::{
    CHANGING, CHANGING_COUNT, COLUMNS, Row as _, Value, changing, columns, count, entry, number, places,
    state_count, step, values,
};
use crate::receipt::registration::State;

/// The first `$3` entries of a register `$1` after the number `$2` in some states. The index has them in
/// order within each state, so each state is read by itself.
pub(super) fn page_query(states: &[State], wanted: &str) -> String {
    let of = |state: &State| {
        format!(
            "(SELECT {}, number, register FROM kassa_documents WHERE state = '{}' AND register = $1 AND number > $2{wanted} \
             ORDER BY number LIMIT $3)",
            columns(""),
            state.word()
        )
    };
    let all = texts(states, of).join(" UNION ALL ");
    format!("SELECT * FROM ({all}) AS page ORDER BY number LIMIT $3")
}

/// Adds an entry and its event, unless the id is there.
static INTEND: LazyLock<String> = LazyLock::new(|| {
    let (columns, places) = (columns(""), places('$', 4, COLUMNS));
    format!(
        "WITH added AS (
             INSERT INTO kassa_documents (register, {columns}) VALUES ($1, {places})
             ON CONFLICT (register, receipt_id) DO NOTHING
             RETURNING number, register, receipt_id, revision, updated_at_ms, attempts, state
         )
         INSERT INTO kassa_open (place, register, receipt_id, revision, at_ms, attempt, state, note, content)
         SELECT number, register, receipt_id, revision, updated_at_ms, attempts, state, $2, $3 FROM added
         RETURNING place"
    )
});

/// The same for many entries at once. What is the same in all of them is given once.
const INTEND_ALL: &str = "
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[],
        $8::bytea[], $12::text[], $13::text[]) WITH ORDINALITY
        AS g (register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id, content, receipt,
              basis, place)
), added AS (
    INSERT INTO kassa_documents (register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id,
        receipt, basis, state, attempts, created_at_ms, updated_at_ms, revision, due_at_ms)
    SELECT register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id,
        receipt, basis, $9, 0, $10, $10, 1, 0 FROM given ORDER BY place
    ON CONFLICT (register, receipt_id) DO NOTHING RETURNING register, receipt_id, number
), logged AS (
    INSERT INTO kassa_open (place, register, receipt_id, revision, at_ms, attempt, state, note, content)
    SELECT a.number, g.register, g.receipt_id, 1, $10, 0, $9, $11, g.content
    FROM given AS g JOIN added AS a ON a.register = g.register AND a.receipt_id = g.receipt_id
)
SELECT register, receipt_id, number FROM added";

/// Replaces an entry if its revision is the one that was read, with its event and its secrets.
static REPLACE: LazyLock<String> = LazyLock::new(|| {
    let (columns, places) = (CHANGING, places('$', 8, CHANGING_COUNT));
    format!(
        "WITH changed AS (
             UPDATE kassa_documents SET ({columns}) = ({places})
             WHERE register = $1 AND receipt_id = $2 AND revision = $3
             RETURNING number, register, receipt_id, revision, updated_at_ms, attempts, state
         ), logged AS (
             INSERT INTO kassa_open (register, receipt_id, revision, at_ms, attempt, state, note, content)
             SELECT register, receipt_id, revision, updated_at_ms, attempts, state, $4, $5 FROM changed
         ), kept AS (
             INSERT INTO kassa_secrets (register, name, value)
             SELECT $1, s.name, s.value FROM changed CROSS JOIN unnest($6::text[], $7::text[]) AS s (name, value)
             ON CONFLICT (register, name) DO UPDATE SET value = excluded.value
         )
         SELECT number FROM changed"
    )
});

fn param<'a>(value: &'a Value<'a>) -> Param<'a> {
    match value {
        Value::Text(text) => text,
        Value::Number(number) => number,
        Value::Bytes(bytes) => bytes,
    }
}

/// The text without the one character that PostgreSQL cannot keep.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

fn texts<'a, T, V>(of: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    of.iter().map(value).collect()
}

#[async_trait]
impl Journal for Postgres {
    fn is_durable(&self) -> bool {
        true
    }

    async fn back_up(&self, _: &Path) -> Result<()> {
        Err(Error {
            advice: "Back the data base up with `pg_dump --table='kassa_*'`, or as a whole.".into(),
            ..Error::new(
                Code::Unsupported,
                "the journal is in PostgreSQL, which is backed up with its own tools",
            )
        })
    }

    async fn intend(&self, intent: &Intent, begin: Begin<'_>) -> Result<Intended> {
        let new = Entry::from_intent(intent, begin, now_ms());
        let (content, note) = (Content::of(&new), intent_note(begin.is_some()));
        let (hash, values) = (content.hash().to_vec(), Vec::from_iter(values(&new, &content)));
        let mut params: Vec<Param<'_>> = vec![&new.register, &note, &hash];
        params.extend(values.iter().map(param));
        let added = self.server.query(Access::Write("postgres_intend"), &INTEND, &params).await?;
        if let Some(row) = added.first() {
            self.sealer.seal_soon(&new.register);
            return Ok(Intended::New(Entry { number: row.value(0)?, ..new }));
        }
        self.found(intent).await
    }

    async fn intend_all(&self, intents: &[Intent]) -> Result<Vec<Intended>> {
        if let [intent] = intents {
            return Ok(vec![self.intend(intent, None).await?]);
        }
        let now = now_ms();
        let mut seen = BTreeSet::new();
        let queued = |intent: &Intent| Entry::from_intent(intent, None, now);
        let first = intents.iter().filter(|&intent| seen.insert((&intent.register, &intent.receipt_id)));
        let new: Vec<Entry> = first.map(queued).collect();
        let Some(first) = new.first() else { return Ok(Vec::new()) };
        let params: &[Param<'_>] = &[
            &texts(&new, |entry| entry.register.as_str()),
            &texts(&new, |entry| entry.receipt_id.as_str()),
            &texts(&new, |entry| entry.vendor.as_str()),
            &texts(&new, |entry| entry.operation.as_str()),
            &texts(&new, |entry| entry.fingerprint.as_str()),
            &texts(&new, |entry| entry.request.as_slice()),
            &texts(&new, |entry| entry.vendor_document_id.as_deref()),
            &texts(&new, |entry| Content::of(entry).hash().to_vec()),
            &first.state.word(),
            &now,
            &intent_note(false),
            &texts(&new, |entry| entry.receipt.as_deref()),
            &texts(&new, |entry| entry.basis.as_deref()),
        ];
        let rows = self.server.query(Access::Write("postgres_intend_all"), INTEND_ALL, params).await?;
        let mut numbers = BTreeMap::new();
        for row in &rows {
            numbers.insert((row.value::<String>(0)?, row.value::<String>(1)?), row.value::<i64>(2)?);
        }
        for register in new.iter().map(|entry| &entry.register).collect::<BTreeSet<_>>() {
            self.sealer.seal_soon(register);
        }
        let mut written = Vec::with_capacity(intents.len());
        for intent in intents {
            // The first of several with one id is new, the others find it.
            let key = (intent.register.clone(), intent.receipt_id.clone());
            written.push(match numbers.remove(&key) {
                Some(number) => Intended::New(Entry { number, ..queued(intent) }),
                None => self.found(intent).await?,
            });
        }
        Ok(written)
    }

    async fn find(&self, register: &str, receipt_id: &str) -> Result<Option<Entry>> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            let columns = columns("");
            format!("SELECT {columns}, number FROM kassa_documents WHERE register = $1 AND receipt_id = $2")
        });
        let rows = self.server.query(Access::Read("postgres_find"), &SQL, &[&register, &receipt_id]).await?;
        rows.first().map(|row| entry(row, register.to_owned())).transpose()
    }

    async fn replace(
        &self,
        read: &Entry,
        new: Entry,
        secrets: &[(&'static str, SecretString)],
        note: &str,
    ) -> Result<Entry> {
        let new = Entry { vendor_document_id: new.vendor_document_id.as_deref().map(storable), ..new };
        let (content, read_revision, note) = (Content::of(&new), number(read.revision), storable(note));
        let hash = content.hash().to_vec();
        let names = texts(secrets, |(name, _)| *name);
        let secrets = texts(secrets, |(_, value)| value.expose_secret());
        let values = changing(&new, &content);
        let mut params: Vec<Param<'_>> =
            vec![&read.register, &read.receipt_id, &read_revision, &note, &hash, &names, &secrets];
        params.extend(values.iter().map(param));
        let changed = self.server.query(Access::Write("postgres_replace"), &REPLACE, &params).await?;
        if changed.is_empty() {
            return Err(superseded(read));
        }
        self.sealer.seal_soon(&new.register);
        Ok(new)
    }

    async fn list(&self, register: &str, filter: &Filter) -> Result<Vec<Entry>> {
        let mut after = 0;
        if let Some(id) = &filter.after {
            let sql = "SELECT number FROM kassa_documents WHERE register = $1 AND receipt_id = $2";
            let rows = self.server.query(Access::Read("postgres_number"), sql, &[&register, id]).await?;
            after = rows.first().ok_or_else(|| unknown_cursor(id))?.value(0)?;
        }
        let is_wanted = |state: &State| filter.state.is_none_or(|wanted| wanted == *state);
        let states: Vec<State> = filter.group.states().iter().copied().filter(is_wanted).collect();
        if states.is_empty() {
            return Ok(Vec::new());
        }
        let limit = number(filter.limit);
        let mut params: Vec<Param<'_>> = vec![&register, &after, &limit];
        // A condition that is not asked for is left out: the server plans a prepared statement once for all
        // values.
        let mut wanted = String::new();
        if let Some(due_before_ms) = &filter.due_before_ms {
            params.push(due_before_ms);
            let due = params.len();
            wanted += &format!(" AND (due_at_ms < ${due} OR updated_at_ms > ${due} + {CLOCK_AHEAD_MS})");
        }
        if let Some(document) = &filter.document {
            params.push(document);
            wanted += &format!(" AND vendor_document_id = ${}", params.len());
        }
        for (limit, sign) in [(&filter.since_ms, ">="), (&filter.until_ms, "<")] {
            if let Some(limit) = limit {
                params.push(limit);
                wanted += &format!(" AND created_at_ms {sign} ${}", params.len());
            }
        }
        let sql = match &filter.basis {
            None => page_query(&states, &wanted),
            Some(basis) => {
                params.push(basis);
                format!(
                    "SELECT {}, number, register FROM kassa_documents WHERE basis = ${} AND register = $1 \
                     AND number > $2{wanted} ORDER BY number LIMIT $3",
                    columns(""),
                    params.len()
                )
            }
        };
        let rows = self.server.query(Access::Read("postgres_list"), &sql, &params).await?;
        rows.iter().map(|row| entry(row, register.to_owned())).collect()
    }

    async fn steps(&self, register: &str, receipt_id: &str) -> Result<Vec<Step>> {
        let sql = "SELECT at_ms, attempt, state, note, event, content, hash, revision FROM kassa_events \
                   WHERE register = $1 AND receipt_id = $2 \
                   UNION ALL \
                   SELECT at_ms, attempt, state, note, NULL, content, NULL, revision FROM kassa_open \
                   WHERE register = $1 AND receipt_id = $2 \
                   ORDER BY event NULLS LAST, revision";
        let rows = self.server.query(Access::Read("postgres_steps"), sql, &[&register, &receipt_id]).await?;
        rows.iter().map(step).collect()
    }

    async fn counts(&self, register: &str) -> Result<BTreeMap<&'static str, u64>> {
        let sql = "SELECT state, COUNT(*) FROM kassa_documents WHERE register = $1 GROUP BY state";
        let rows = self.server.query(Access::Read("postgres_counts"), sql, &[&register]).await?;
        rows.iter().map(state_count).collect()
    }

    async fn unfinished(&self, register: &str, at_most: u64) -> Result<u64> {
        let sql = "SELECT COUNT(*) FROM (SELECT FROM kassa_documents WHERE register = $1
                   AND state IN ('queued', 'sending', 'in_doubt', 'accepted') LIMIT $2) AS counted";
        let params: &[Param<'_>] = &[&register, &number(at_most)];
        let rows = self.server.query(Access::Read("postgres_unfinished"), sql, params).await?;
        rows.first().map_or(Ok(0), |row| count(row, 0))
    }
}

impl Postgres {
    /// The entry of an intent that was written down before.
    async fn found(&self, intent: &Intent) -> Result<Intended> {
        let id = &intent.receipt_id;
        self.find(&intent.register, id).await?.map(Intended::Found).ok_or_else(|| {
            let message = format!("{id} was removed by `prune` at this moment; nothing was sent, call again");
            Error::new(Code::JournalUnavailable, message)
        })
    }
}
