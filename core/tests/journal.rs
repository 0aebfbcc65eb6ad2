//! One suite for all journal engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod engines;

use std::time::Duration;

use engines::{conclusion, engines, intent, open, places, postgres, soon, sqlite, tamper};
use kassa::error::{Code, Outcome};
use kassa::journal::{Conclusion, Filter, Group, Intended, Journals, now_ms};
use kassa::receipt::registration::{Fiscal, State};
use tempfile::TempDir;
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_is_written_once_and_found_afterwards() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        let Intended::New(entry) = journal.intend(&intent("a"), None).await.unwrap() else {
            panic!("not new")
        };
        assert_eq!((entry.state, entry.attempts), (State::Queued, 0));
        let Intended::Found(found) = journal.intend(&intent("a"), Some(None)).await.unwrap() else {
            panic!("not found")
        };
        assert_eq!(found, entry);
        assert_eq!(found.request, intent("a").request);
        let Intended::New(begun) = journal.intend(&intent("b"), Some(Some("bound"))).await.unwrap() else {
            panic!("not new")
        };
        assert_eq!((begun.state, begun.attempts), (State::Sending, 1));
        assert!(journal.find("other shop", "a").await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_nobody_uses_is_closed_when_another_is_opened() {
    let folder = TempDir::new().unwrap();
    let journals = Journals::default();
    let file = |name: &str| folder.path().join(name);
    let open = |name: &str| journals.open(&format!("sqlite:{}", file(name).display()), None).unwrap();
    // SQLite removes it with the last connection.
    let is_open = |name: &str| file(&format!("{name}-wal")).exists();
    drop(open("left"));
    let used = open("left");
    assert!(is_open("left"));
    let _second = open("second");
    assert!(is_open("left") && is_open("second"));
    drop(used);
    let _third = open("third");
    assert!(!is_open("left") && is_open("second") && is_open("third"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_holder_cannot_write_over_its_successor() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        journal.intend(&intent("a"), Some(None)).await.unwrap();
        let slow = journal.find("shop", "a").await.unwrap().unwrap();
        let doubt = journal.conclude(&slow, &conclusion(State::InDoubt)).await.unwrap();
        journal.begin(&doubt, None).await.unwrap();
        let late = journal.conclude(&slow, &conclusion(State::Registered)).await.unwrap_err();
        assert_eq!(late.code.name(), "superseded");
        let now = journal.find("shop", "a").await.unwrap().unwrap();
        assert_eq!((now.state, now.attempts, now.revision), (State::Sending, 2, 3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn within_one_attempt_too_only_the_latest_reader_may_write() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        journal.intend(&intent("a"), Some(None)).await.unwrap();
        let slow = journal.find("shop", "a").await.unwrap().unwrap();
        let done = journal.conclude(&slow, &conclusion(State::Registered)).await.unwrap();
        assert_eq!((slow.revision, done.revision, done.attempts), (1, 2, slow.attempts));
        let doubt = journal.conclude(&slow, &conclusion(State::InDoubt)).await.unwrap_err();
        let again = journal.begin(&slow, None).await.unwrap_err();
        for late in [doubt, again] {
            assert_eq!((late.code.name(), late.outcome), ("superseded", Outcome::Unknown));
        }
        assert_eq!(journal.find("shop", "a").await.unwrap().unwrap(), done);
        assert_eq!(journal.steps("shop", "a").await.unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_due_yet_is_left_alone_until_the_next_write() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        for id in ["a", "b"] {
            journal.intend(&intent(id), Some(None)).await.unwrap();
        }
        let entry = journal.find("shop", "a").await.unwrap().unwrap();
        let due_at_ms = now_ms() + 5_000;
        let later = Conclusion { due_at_ms, ..conclusion(State::Queued) };
        let waiting = journal.conclude(&entry, &later).await.unwrap();
        assert_eq!(waiting.due_at_ms, due_at_ms);
        let due = async |time| -> Vec<String> {
            let filter =
                Filter { group: Group::Unfinished, due_before_ms: Some(time), limit: 9, ..Filter::default() };
            journal.list("shop", &filter).await.unwrap().into_iter().map(|entry| entry.receipt_id).collect()
        };
        assert_eq!(due(due_at_ms).await, ["b"]);
        assert_eq!(due(due_at_ms + 1).await, ["a", "b"]);
        // The clock was set back since: nothing waits for the day on which it was ahead.
        assert_eq!(due(due_at_ms - 86_400_000).await, ["a", "b"]);
        journal.begin(&waiting, None).await.unwrap();
        assert_eq!(due(due_at_ms - 5_000).await, ["a", "b"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn intents_in_bulk_are_answered_in_their_order() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        journal.intend(&intent("b"), Some(None)).await.unwrap();
        let written = journal.intend_all(&["c", "b", "a", "c"].map(intent)).await.unwrap();
        let told: Vec<_> = written
            .iter()
            .map(|written| match written {
                Intended::New(entry) => ("new", entry.receipt_id.as_str(), entry.state),
                Intended::Found(entry) => ("found", entry.receipt_id.as_str(), entry.state),
            })
            .collect();
        assert_eq!(
            told,
            [
                ("new", "c", State::Queued),
                ("found", "b", State::Sending),
                ("new", "a", State::Queued),
                ("found", "c", State::Queued)
            ]
        );
        let listed = journal.list("shop", &Filter { limit: 9, ..Filter::default() }).await.unwrap();
        let ids: Vec<_> = listed.iter().map(|entry| entry.receipt_id.as_str()).collect();
        assert_eq!(ids, ["b", "c", "a"]);
        assert!(listed.is_sorted_by_key(|entry| entry.number));
        for id in ["a", "b", "c"] {
            assert_eq!(journal.steps("shop", id).await.unwrap().len(), 1, "{id}");
        }
        assert!(journal.intend_all(&[]).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conclusion_and_its_secrets_are_one_write() {
    use secrecy::ExposeSecret as _;
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        journal.intend(&intent("a"), Some(Some("old key"))).await.unwrap();
        let entry = journal.find("shop", "a").await.unwrap().unwrap();
        assert_eq!(entry.binding.as_deref(), Some("old key"));
        let told = Conclusion { secrets: vec![("key", "new key".into())], ..conclusion(State::Registered) };
        journal.conclude(&entry, &told).await.unwrap();
        assert_eq!(journal.secret("shop", "key").await.unwrap().unwrap().expose_secret(), "new key");
        // A conclusion that comes too late changes no secret either.
        let again = journal.begin(&journal.find("shop", "a").await.unwrap().unwrap(), None).await.unwrap();
        assert_eq!(again.binding, None);
        let late = Conclusion { secrets: vec![("key", "stale".into())], ..conclusion(State::Registered) };
        journal.conclude(&entry, &late).await.unwrap_err();
        assert_eq!(journal.secret("shop", "key").await.unwrap().unwrap().expose_secret(), "new key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_does_not_tell_stays_known() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        journal.intend(&intent("a"), Some(None)).await.unwrap();
        let entry = journal.find("shop", "a").await.unwrap().unwrap();
        let fiscal = Fiscal { sign: Some("3449555941".into()), ..Fiscal::default() };
        let told = Conclusion { fiscal: Some(fiscal.clone()), ..conclusion(State::Registered) };
        journal.conclude(&entry, &told).await.unwrap();
        let now = journal.find("shop", "a").await.unwrap().unwrap();
        assert_eq!((now.vendor_document_id.as_deref(), now.fiscal), (Some("key"), Some(fiscal)));
        let notes: Vec<_> =
            journal.steps("shop", "a").await.unwrap().into_iter().map(|s| (s.attempt, s.state)).collect();
        assert_eq!(notes, [(1, State::Sending), (1, State::Registered)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_ordered_filtered_and_paged() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        for id in ["c", "a", "b", "d"] {
            journal.intend(&intent(id), None).await.unwrap();
        }
        let entry = journal.find("shop", "b").await.unwrap().unwrap();
        journal.conclude(&entry, &conclusion(State::Failed)).await.unwrap();
        let ids = async |filter: Filter| -> Vec<String> {
            journal.list("shop", &filter).await.unwrap().into_iter().map(|entry| entry.receipt_id).collect()
        };
        assert_eq!(ids(Filter { limit: 2, ..Filter::default() }).await, ["c", "a"]);
        assert_eq!(ids(Filter { after: Some("a".into()), limit: 9, ..Filter::default() }).await, ["b", "d"]);
        assert_eq!(
            ids(Filter { group: Group::Unfinished, limit: 9, ..Filter::default() }).await,
            ["c", "a", "d"]
        );
        let counted = [1, 2, 3, 9].map(|at_most| journal.unfinished("shop", at_most));
        assert_eq!(futures_util::future::try_join_all(counted).await.unwrap(), [1, 2, 3, 3]);
        let unknown = Filter { after: Some("x".into()), limit: 9, ..Filter::default() };
        assert_eq!(journal.list("shop", &unknown).await.unwrap_err().code.name(), "receipt_unknown");
        assert!(ids(Filter { group: Group::Unsettled, limit: 9, ..Filter::default() }).await.is_empty());
        let entry = journal.find("shop", "c").await.unwrap().unwrap();
        journal.begin(&entry, None).await.unwrap();
        assert_eq!(ids(Filter { group: Group::Unsettled, limit: 9, ..Filter::default() }).await, ["c"]);
        assert_eq!(ids(Filter { state: Some(State::Failed), limit: 9, ..Filter::default() }).await, ["b"]);
        let counts = journal.counts("shop").await.unwrap();
        assert_eq!((counts["queued"], counts["sending"], counts["failed"]), (2, 1, 1));
        assert!(journal.counts("other").await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_never_meets_itself_at_a_lease_of_another_kind() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        let _held = journal.lease("document shop order-2", soon()).await.unwrap();
        for number in 0..600 {
            let login = format!("atol-token:shop {number}");
            drop(journal.lease(&login, Instant::now() + Duration::from_secs(5)).await.unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_has_one_holder_and_ends_with_it() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        let held = journal.lease("register shop", soon()).await.unwrap();
        let refused = journal.lease("register shop", soon()).await.err().unwrap();
        assert_eq!(refused.code.name(), "busy");
        let waits = tokio::spawn({
            let journal = journal.clone();
            async move { journal.lease("register shop", Instant::now() + Duration::from_secs(10)).await.is_ok() }
        });
        drop(held);
        assert!(waits.await.unwrap());
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_whose_file_was_removed_is_lost_and_the_next_one_stands() {
    let folder = TempDir::new().unwrap();
    let journal = open(&sqlite(&folder));
    let held = journal.lease("register shop", soon()).await.unwrap();
    assert!(held.holds_for(Duration::ZERO));
    let leases = folder.path().join("journal.sqlite-leases");
    for entry in std::fs::read_dir(&leases).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    assert!(!held.holds_for(Duration::ZERO));
    let next = journal.lease("register shop", soon()).await.unwrap();
    assert!(next.holds_for(Duration::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_kept_replaced_and_forgotten() {
    use secrecy::ExposeSecret as _;
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        for value in ["first", "second"] {
            journal.keep_secret("shop", "password", Some(value.into())).await.unwrap();
        }
        let kept = journal.secret("shop", "password").await.unwrap().unwrap();
        assert_eq!(kept.expose_secret(), "second");
        assert!(!format!("{kept:?}").contains("second"));
        journal.keep_secret("shop", "password", None).await.unwrap();
        assert!(journal.secret("shop", "password").await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_lose_nothing() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        let writers: Vec<_> = (0..500)
            .map(|n| {
                let journal = journal.clone();
                tokio::spawn(
                    async move { journal.intend(&intent(&format!("{n:03}")), Some(None)).await.unwrap() },
                )
            })
            .collect();
        for writer in writers {
            assert!(matches!(writer.await.unwrap(), Intended::New(_)));
        }
        assert_eq!(journal.counts("shop").await.unwrap()["sending"], 500);
    }
}

/// A thread a write would be hundreds in a shop's process, all of them waiting for each other.
#[test]
#[cfg(target_os = "linux")]
fn writes_that_wait_share_a_thread() {
    const WORKERS: usize = 2;
    let folder = TempDir::new().unwrap();
    let place = sqlite(&folder);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("sharing")
        .enable_all()
        .build()
        .unwrap();
    let threads = || {
        let all = std::fs::read_dir("/proc/self/task").unwrap();
        let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
        all.flatten().filter_map(|task| name(task).ok()).filter(|name| name == "sharing\n").count()
    };
    runtime.block_on(async {
        let journal = open(&place);
        let another = rusqlite::Connection::open(place.strip_prefix("sqlite:").unwrap()).unwrap();
        another.execute_batch("BEGIN IMMEDIATE").unwrap();
        let writers: Vec<_> = (0..100)
            .map(|n| {
                let journal = journal.clone();
                tokio::spawn(async move { journal.intend(&intent(&n.to_string()), None).await.unwrap() })
            })
            .collect();
        // Before the mend there were a hundred at once. All are polled long before the other program ends.
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(200) {
            // One waits for the other program, one for the first.
            assert!(threads() <= WORKERS + 2, "{} threads", threads());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(writers.iter().all(|writer| !writer.is_finished()));
        another.execute_batch("COMMIT").unwrap();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_journal_is_there_after_it_was_closed() {
    let folder = TempDir::new().unwrap();
    let places = places(&folder).await;
    for place in places.iter().filter(|place| *place != "memory:") {
        open(place).intend(&intent("a"), Some(None)).await.unwrap();
        let again = open(place);
        assert!(again.is_durable());
        assert_eq!(again.find("shop", "a").await.unwrap().unwrap().state, State::Sending);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_is_damage() {
    let folder = TempDir::new().unwrap();
    for place in [sqlite(&folder), postgres().await] {
        let journal = open(&place);
        journal.intend(&intent("a"), None).await.unwrap();
        journal.intend(&intent("b"), None).await.unwrap();
        tamper(&place, "UPDATE documents SET state = 'sold' WHERE receipt_id = 'a'").await;
        assert_eq!(journal.find("shop", "a").await.unwrap_err().code, Code::JournalDamaged, "{place}");
        assert_eq!(
            journal.intend(&intent("a"), None).await.unwrap_err().code,
            Code::JournalDamaged,
            "{place}"
        );
        assert!(journal.find("shop", "b").await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_leads_to_another_receipt_is_damage() {
    let folder = TempDir::new().unwrap();
    let place = sqlite(&folder);
    open(&place).intend(&intent("a"), None).await.unwrap();
    // The index by receipt becomes one in which "b" is where "a" is and "c" where nothing is.
    let sql =
        "CREATE TABLE other (number INTEGER PRIMARY KEY, register INTEGER NOT NULL, receipt_id TEXT NOT NULL,
                                   UNIQUE (register, receipt_id)) STRICT;
               INSERT INTO other VALUES (1, 1, 'b'), (7, 1, 'c');
               PRAGMA writable_schema = ON;
               UPDATE sqlite_schema SET rootpage =
                   (SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_other_1')
               WHERE name = 'sqlite_autoindex_documents_1';";
    tamper(&place, sql).await;
    let journal = open(&place);
    for id in ["b", "c"] {
        assert_eq!(journal.find("shop", id).await.unwrap_err().code, Code::JournalDamaged, "{id}");
        assert_eq!(journal.intend(&intent(id), None).await.unwrap_err().code, Code::JournalDamaged, "{id}");
    }
    let entries = journal.list("shop", &Filter { limit: 9, ..Filter::default() }).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.receipt_id.as_str()).collect::<Vec<_>>(), ["a"]);
}
