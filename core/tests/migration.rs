//! Files that earlier versions of the library left: what is in them stays, and what is missing is missed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod engines;

use engines::{conclusion, finish, intent, open, sqlite, tamper};
use kassa::journal::audit::{Head, verify};
use kassa::journal::{Conclusion, Filter, Intended, Intent, Journal, now_ms};
use kassa::receipt::registration::State;
use tempfile::TempDir;

/// A file as the first version of the library left it.
fn schema_1(path: &std::path::Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch(include_str!("../src/journal/sqlite_1.sql")).unwrap();
    file.execute_batch(
        "PRAGMA application_id = 1262572353; PRAGMA user_version = 1;
         INSERT INTO documents VALUES
             ('shop', 'a', 'atol', 'register', 'f', x'7B7D', NULL, 'queued', 0, NULL, NULL, NULL, NULL, 20, 20),
             ('shop', 'b', 'atol', 'register', 'f', x'7B7D', 'key', 'registered', 1, 'bound', '{\"sign\":\"3\"}', NULL,
              '{ \"as\": 1.0 }', 10, 30);
         INSERT INTO steps (register, receipt_id, at_ms, attempt, state, note) VALUES
             ('shop', 'b', 10, 1, 'sending', 'written down; attempt begins'),
             ('shop', 'a', 20, 0, 'queued', 'written down'),
             ('shop', 'b', 30, 1, 'registered', 'sent: registered');
         INSERT INTO secrets VALUES ('shop', 'key', 'kept');",
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_schema_1_is_migrated_and_chained() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    schema_1(&path);
    let journal = open(&format!("sqlite:{}", path.display()));
    let entries = journal.list("shop", &Filter { limit: 9, ..Filter::default() }).await.unwrap();
    let told: Vec<_> =
        entries.iter().map(|e| (e.receipt_id.as_str(), e.number, e.revision, e.due_at_ms)).collect();
    assert_eq!(told, [("b", 1, 2, 0), ("a", 2, 1, 0)]);
    assert_eq!(entries[0].fiscal.as_ref().unwrap().sign.as_deref(), Some("3"));
    assert_eq!(entries[0].binding.as_deref(), Some("bound"));
    assert!(journal.secret("shop", "key").await.unwrap().is_some());
    let steps = journal.steps("shop", "b").await.unwrap();
    assert_eq!(steps.iter().map(|step| step.event).collect::<Vec<_>>(), [Some(1), Some(3)]);
    let (head, broken) = verify(&*journal, "shop").await.unwrap();
    assert_eq!((head.events, broken), (3, None));
    journal.begin(&entries[1], None).await.unwrap();
    let (head, broken) = verify(&*journal, "shop").await.unwrap();
    assert_eq!((head.events, broken), (4, None));
}

/// The journal in `now` as the second version of the library kept it.
fn schema_2(now: &std::path::Path, path: &std::path::Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch(include_str!("../src/journal/sqlite_1.sql")).unwrap();
    file.execute_batch(include_str!("../src/journal/sqlite_2.sql")).unwrap();
    file.execute("ATTACH ?1 AS now", [now.to_str().unwrap()]).unwrap();
    file.execute_batch(
        "DROP TABLE old_documents; DROP TABLE old_steps;
         PRAGMA application_id = 1262572353; PRAGMA user_version = 2;
         INSERT INTO documents
         SELECT d.number, r.name, receipt_id, vendor, operation, fingerprint, request, vendor_document_id, state,
                attempts, binding, fiscal, failure, raw, created_at_ms, updated_at_ms, revision, due_at_ms, events
         FROM now.documents AS d JOIN now.registers AS r ON r.number = d.register;
         INSERT INTO events
         SELECT r.name, event, receipt_id, at_ms, attempt, state, note, content, hash
         FROM now.events AS e JOIN now.registers AS r ON r.number = e.register WHERE e.event > r.pruned_events;
         INSERT INTO events
         SELECT r.name, 9223372036854775807, '', 0, event, '', '', x'', hash
         FROM now.events AS e JOIN now.registers AS r ON r.number = e.register WHERE is_end;
         INSERT INTO chains
         SELECT name, pruned_events, pruned_hash, pruned_before_ms FROM now.registers WHERE pruned_events > 0;
         DETACH now",
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_schema_2_keeps_its_entries_and_its_chains() {
    let folder = TempDir::new().unwrap();
    let now = open(&sqlite(&folder));
    let of = |register: &str, id: &str| Intent { register: register.into(), ..intent(id) };
    now.intend_all(&[of("whole", "a"), of("shop", "a"), of("whole", "b"), of("shop", "b")]).await.unwrap();
    finish(&*now, "a").await;
    now.prune("shop", now_ms() + 1_000, 9).await.unwrap();
    for id in ["a", "b"] {
        let gone = of("gone", id);
        let Intended::New(entry) = now.intend(&gone, Some(None)).await.unwrap() else { panic!("not new") };
        now.conclude(&entry, &conclusion(State::Registered)).await.unwrap();
    }
    now.prune("gone", now_ms() + 1_000, 9).await.unwrap();
    let registers = ["gone", "shop", "whole"];
    let before = told(&*now, &registers).await;
    assert_eq!(before.iter().map(|(head, ..)| head.pruned_events).collect::<Vec<_>>(), [4, 1, 0]);

    let path = folder.path().join("before.sqlite");
    schema_2(&folder.path().join("journal.sqlite"), &path);
    let place = format!("sqlite:{}", path.display());
    assert_eq!(told(&*open(&place), &registers).await, before);
    for (register, (before, _)) in registers.iter().zip(before) {
        open(&place).intend(&of(register, "c"), None).await.unwrap();
        let (head, broken) = verify(&*open(&place), register).await.unwrap();
        assert_eq!((head.events, broken), (before.events + 1, None), "{register}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_schema_3_keeps_its_entries_and_its_chains() {
    let folder = TempDir::new().unwrap();
    let place = sqlite(&folder);
    let now = open(&place);
    now.intend_all(&[intent("a"), intent("b")]).await.unwrap();
    finish(&*now, "a").await;
    let before = told(&*now, &["shop"]).await;
    drop(now);
    let path = folder.path().join("before.sqlite");
    let file = rusqlite::Connection::open(folder.path().join("journal.sqlite")).unwrap();
    file.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "ALTER TABLE documents DROP COLUMN notice; ALTER TABLE documents DROP COLUMN doubt_since;
         DROP INDEX documents_by_basis;
         ALTER TABLE documents DROP COLUMN receipt; ALTER TABLE documents DROP COLUMN basis;
         PRAGMA user_version = 3",
    )
    .unwrap();
    drop(file);
    let place = format!("sqlite:{}", path.display());
    assert_eq!(told(&*open(&place), &["shop"]).await, before);
    let told = Conclusion { notice: Some("odd".into()), ..conclusion(State::Accepted) };
    let journal = open(&place);
    let entry = journal.find("shop", "b").await.unwrap().unwrap();
    let entry = journal.begin(&entry, None).await.unwrap();
    journal.conclude(&entry, &told).await.unwrap();
    assert_eq!(open(&place).find("shop", "b").await.unwrap().unwrap().notice, told.notice);
    assert_eq!(verify(&*open(&place), "shop").await.unwrap().1, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_removed_from_a_journal_of_schema_2_is_still_missed() {
    let end = "event = 9223372036854775807";
    let removed = [
        "DELETE FROM events WHERE event = 2".to_owned(),
        format!("DELETE FROM events WHERE {end}"),
        format!("UPDATE events SET attempt = 1 WHERE {end}"),
        format!("UPDATE events SET attempt = 3 WHERE {end}"),
        format!("UPDATE events SET hash = content WHERE {end}"),
        "DELETE FROM events".into(),
    ];
    for sql in removed {
        let folder = TempDir::new().unwrap();
        let place = sqlite(&folder);
        open(&place).intend_all(&[intent("a"), intent("b")]).await.unwrap();
        let path = folder.path().join("before.sqlite");
        schema_2(&folder.path().join("journal.sqlite"), &path);
        let place = format!("sqlite:{}", path.display());
        tamper(&place, &sql).await;
        assert!(verify(&*open(&place), "shop").await.unwrap().1.is_some(), "{sql}");
        open(&place).intend(&intent("c"), None).await.unwrap();
        assert!(verify(&*open(&place), "shop").await.unwrap().1.is_some(), "{sql}, and one more");
    }
}

/// All that a journal tells of registers.
async fn told(journal: &dyn Journal, registers: &[&str]) -> Vec<(Head, Vec<Told>)> {
    let mut all = Vec::new();
    for register in registers {
        let mut entries = Vec::new();
        for entry in journal.list(register, &Filter { limit: 9, ..Filter::default() }).await.unwrap() {
            let steps = journal.steps(register, &entry.receipt_id).await.unwrap();
            let steps = steps.iter().map(|step| (step.event, step.hash.clone())).collect();
            entries.push((entry.number, entry.receipt_id, entry.revision, entry.state.word(), steps));
        }
        all.push((journal.head(register).await.unwrap(), entries));
    }
    all
}

/// Of an entry: number, receipt, revision, state, and place and hash of each event.
type Told = (i64, String, u64, &'static str, Vec<(Option<i64>, Option<Vec<u8>>)>);
