//! The hash-chained record: what somebody changes behind the library's back is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod engines;

use engines::{conclusion, engines, finish, intent, open, postgres, sqlite, tamper};
use futures_util::StreamExt as _;
use kassa::error::Code;
use kassa::journal::audit::verify;
use kassa::journal::{Conclusion, Filter, Journal, now_ms};
use kassa::receipt::registration::{Fiscal, State};
use tempfile::TempDir;

/// The engines that a person can reach with SQL.
async fn reachable(folder: &TempDir) -> Vec<String> {
    vec![sqlite(folder), postgres().await]
}

/// Events 1 to 5: a sent, b written, a registered, b sent, b in doubt.
async fn two_sales(journal: &dyn Journal) {
    let a = journal.intend(&intent("a"), Some(None)).await.unwrap();
    let kassa::journal::Intended::New(a) = a else { panic!("not new") };
    chained(journal).await;
    journal.intend(&intent("b"), None).await.unwrap();
    chained(journal).await;
    let fiscal = Fiscal { sign: Some("3449555941".into()), ..Fiscal::default() };
    let told = Conclusion { fiscal: Some(fiscal), ..conclusion(State::Registered) };
    journal.conclude(&a, &told).await.unwrap();
    chained(journal).await;
    let b = journal.find("shop", "b").await.unwrap().unwrap();
    let b = journal.begin(&b, None).await.unwrap();
    chained(journal).await;
    journal.conclude(&b, &conclusion(State::InDoubt)).await.unwrap();
    chained(journal).await;
}

/// Has everything chained, so that the places of the events are known.
async fn chained(journal: &dyn Journal) {
    journal.head("shop").await.unwrap();
}

/// What somebody did, the place where it must be named, and the receipt.
type Case = (&'static str, Option<i64>, Option<&'static str>);

const CASES: &[Case] = &[
    ("UPDATE events SET receipt_id = 'b' WHERE event = 3", Some(3), Some("b")),
    ("UPDATE events SET at_ms = at_ms + 1 WHERE event = 3", Some(3), Some("a")),
    ("UPDATE events SET attempt = 7 WHERE event = 3", Some(3), Some("a")),
    ("UPDATE events SET state = 'failed' WHERE event = 3", Some(3), Some("a")),
    ("UPDATE events SET note = 'nothing happened' WHERE event = 3", Some(3), Some("a")),
    ("UPDATE events SET content = hash WHERE event = 3", Some(3), Some("a")),
    ("UPDATE events SET hash = content WHERE event = 3", Some(3), Some("a")),
    ("DELETE FROM events WHERE event = 1", Some(1), None),
    ("DELETE FROM events WHERE event = 3", Some(3), None),
    ("DELETE FROM events WHERE event = 5", Some(5), None),
    ("DELETE FROM events WHERE event >= 4", Some(4), None),
    ("DELETE FROM events", Some(1), None),
    ("UPDATE documents SET vendor = 'atol' WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET operation = 'send_document' WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET fingerprint = 'g' WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET vendor_document_id = NULL WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET state = 'failed' WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET attempts = 2 WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET fiscal = '{\"sign\":\"1\"}' WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET fiscal = fiscal || ' ' WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET failure = '{}' WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET raw = '' WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET created_at_ms = 1 WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET updated_at_ms = 1 WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET revision = 9 WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET due_at_ms = 9 WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("UPDATE documents SET receipt_id = 'c' WHERE receipt_id = 'a'", None, Some("c")),
    ("DELETE FROM documents WHERE receipt_id = 'a'", Some(3), Some("a")),
    ("DELETE FROM documents WHERE receipt_id = 'b'", Some(5), Some("b")),
];

/// The places of events, and where the chain begins and ends: each engine keeps them in its own way.
const CASES_OF_SQLITE: &[Case] = &[
    ("UPDATE events SET place = place + (1 << 40) WHERE event = 3", Some(3), None),
    (
        "UPDATE events SET place = place + 7 WHERE event = 2; UPDATE events SET place = place - 1 WHERE event = 3;
      UPDATE events SET place = place - 6 WHERE event = 9",
        Some(2),
        Some("a"),
    ),
    (
        "UPDATE events SET place = place + 10 WHERE event >= 3;
      UPDATE events SET place = place - 9 WHERE event >= 13",
        Some(3),
        None,
    ),
    ("UPDATE events SET is_end = 0", Some(6), None),
    ("UPDATE registers SET pruned_events = 2", Some(3), Some("a")),
    ("UPDATE registers SET pruned_hash = x'00'", Some(1), Some("a")),
];
const CASES_OF_POSTGRES: &[Case] = &[
    ("UPDATE events SET register = 'other' WHERE event = 3", Some(3), None),
    (
        "UPDATE events SET event = 9 WHERE event = 2; UPDATE events SET event = 2 WHERE event = 3;
      UPDATE events SET event = 3 WHERE event = 9",
        Some(2),
        Some("a"),
    ),
    (
        "UPDATE events SET event = event + 10 WHERE event >= 3;
      UPDATE events SET event = event - 9 WHERE event >= 13",
        Some(3),
        None,
    ),
    ("UPDATE chains SET events = 4", Some(5), None),
    ("UPDATE chains SET events = 6", Some(6), None),
    ("UPDATE chains SET last_hash = pruned_hash", Some(5), None),
    ("UPDATE chains SET pruned_events = 2", Some(3), Some("a")),
    ("UPDATE chains SET pruned_hash = last_hash", Some(1), Some("a")),
    ("DELETE FROM chains WHERE register = 'shop'", Some(5), None),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_is_named() {
    let of = |engine: Option<&'static str>, cases: &'static [Case]| {
        cases.iter().map(move |case| (engine, *case)).collect::<Vec<_>>()
    };
    let cases =
        [of(None, CASES), of(Some("sqlite:"), CASES_OF_SQLITE), of(Some("postgres"), CASES_OF_POSTGRES)];
    futures_util::stream::iter(cases.concat()).for_each_concurrent(8, changed_is_named).await;
}

async fn changed_is_named((engine, (sql, event, receipt)): (Option<&str>, Case)) {
    let folder = TempDir::new().unwrap();
    let places = reachable(&folder).await;
    for place in places.iter().filter(|place| engine.is_none_or(|engine| place.starts_with(engine))) {
        two_sales(&*open(place)).await;
        let (head, broken) = verify(&*open(place), "shop").await.unwrap();
        assert_eq!((head.events, broken), (5, None), "{place} before {sql}");
        tamper(place, sql).await;
        let (_, broken) = verify(&*open(place), "shop").await.unwrap();
        let broken = broken.unwrap_or_else(|| panic!("not seen: {sql} in {place}"));
        assert_eq!((broken.event, broken.receipt_id.as_deref()), (event, receipt), "{sql}: {broken:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inserted_request_is_named() {
    let folder = TempDir::new().unwrap();
    for place in reachable(&folder).await {
        two_sales(&*open(&place)).await;
        let bytes = if place.starts_with("sqlite:") { "x'7B7D'" } else { "'\\x7B7D'" };
        tamper(&place, &format!("UPDATE documents SET request = {bytes} WHERE receipt_id = 'b'")).await;
        let broken = verify(&*open(&place), "shop").await.unwrap().1.unwrap();
        assert_eq!((broken.event, broken.receipt_id.as_deref()), (Some(5), Some("b")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inserted_event_and_an_inserted_entry_are_named() {
    let columns = "receipt_id, vendor, operation, fingerprint, request, state, attempts, created_at_ms, updated_at_ms, \
                   revision, due_at_ms";
    let entry = |extra: &str| {
        format!(
            "INSERT INTO documents (register, {columns}{extra}) SELECT register, 'x', vendor, operation, fingerprint, \
             request, state, attempts, created_at_ms, updated_at_ms, revision, due_at_ms{extra} FROM documents \
             WHERE receipt_id = 'a'"
        )
    };
    let event = |key: &str, next: &str, extra: &str, value: &str| {
        format!(
            "INSERT INTO events ({key}, receipt_id, at_ms, attempt, state, note, content, hash, {extra})
             SELECT {next}, 'a', at_ms, attempt, 'failed', note, content, hash, {value} FROM events WHERE event = 5"
        )
    };
    let folder = TempDir::new().unwrap();
    for place in reachable(&folder).await {
        let is_sqlite = place.starts_with("sqlite:");
        let event = if is_sqlite {
            event("place", "place + 1", "is_end", "1")
        } else {
            event("register, event", "register, 6", "revision", "3")
        };
        two_sales(&*open(&place)).await;
        tamper(&place, &entry(if is_sqlite { ", events" } else { "" })).await;
        let broken = verify(&*open(&place), "shop").await.unwrap().1.unwrap();
        assert_eq!((broken.event, broken.receipt_id.as_deref()), (None, Some("x")));
        tamper(&place, "DELETE FROM documents WHERE receipt_id = 'x'").await;
        tamper(&place, &event).await;
        let broken = verify(&*open(&place), "shop").await.unwrap().1.unwrap();
        assert_eq!((broken.event, broken.receipt_id.as_deref()), (Some(6), Some("a")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_in_a_file_names_all_its_events() {
    for events in ["[]", "[3]", "[1]", "[3,1]", "[1,2,3]", "[3,3]", "[2,3]", "[1,9]"] {
        let folder = TempDir::new().unwrap();
        let place = sqlite(&folder);
        two_sales(&*open(&place)).await;
        tamper(&place, &format!("UPDATE documents SET events = '{events}' WHERE receipt_id = 'a'")).await;
        let broken = verify(&*open(&place), "shop").await.unwrap().1.expect(events);
        assert_eq!(broken.receipt_id.as_deref(), Some("a"), "{events}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_after_the_last_events_were_removed_does_not_cover_that_up() {
    for (removed, at) in [("DELETE FROM events WHERE event >= 4", 4), ("DELETE FROM events", 1)] {
        let folder = TempDir::new().unwrap();
        let place = sqlite(&folder);
        two_sales(&*open(&place)).await;
        tamper(&place, removed).await;
        open(&place).intend(&intent("c"), None).await.unwrap();
        let broken = verify(&*open(&place), "shop").await.unwrap().1.expect(removed);
        assert_eq!((broken.event, broken.reason.as_str()), (Some(at), "the event was removed"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cash_register_that_damage_made_unknown_does_not_begin_anew() {
    let other = kassa::journal::Intent { register: "other".into(), ..intent("a") };
    for damage in [
        "DELETE FROM registers WHERE name = 'shop'",
        "DELETE FROM registers",
        // The index by name then leads to another register, or to none.
        "UPDATE registers SET name = 'x' WHERE name = 'other';
         CREATE TABLE wrong (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
         INSERT INTO wrong VALUES (2, 'shop');
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema
             WHERE name = 'sqlite_autoindex_wrong_1') WHERE name = 'sqlite_autoindex_registers_1';",
        "CREATE TABLE empty (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema
             WHERE name = 'sqlite_autoindex_empty_1') WHERE name = 'sqlite_autoindex_registers_1';",
    ] {
        let folder = TempDir::new().unwrap();
        let place = sqlite(&folder);
        open(&place).intend_all(&[intent("a"), other.clone()]).await.unwrap();
        tamper(&place, damage).await;
        let journal = open(&place);
        let found = journal.find("shop", "a").await.map(|_| ());
        let written = journal.intend(&intent("a"), Some(None)).await.map(|_| ());
        let verified = verify(&*journal, "shop").await.map(|_| ());
        for said in [found, written, verified] {
            assert_eq!(said.expect_err(damage).code, Code::JournalDamaged, "{damage}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_have_chains_of_their_own() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        let other = kassa::journal::Intent { register: "other".into(), ..intent("a") };
        journal.intend_all(&[intent("a"), other, intent("b")]).await.unwrap();
        let shop = verify(&*journal, "shop").await.unwrap();
        let other = verify(&*journal, "other").await.unwrap();
        let nobody = verify(&*journal, "nobody").await.unwrap();
        assert_eq!([shop.0.events, other.0.events, nobody.0.events], [2, 1, 0]);
        assert_eq!([shop.1, other.1, nobody.1], [None, None, None]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_of_one_register_make_one_chain() {
    let folder = TempDir::new().unwrap();
    let mut places = engines::places(&folder).await;
    // The strictest isolation: the server takes statements back, and they are repeated.
    places.push(format!("{}%20-c%20default_transaction_isolation%3Dserializable", postgres().await));
    for place in places {
        let journal = open(&place);
        // For a data base: as several processes.
        let others: Vec<_> =
            (0..4).map(|_| if place == "memory:" { journal.clone() } else { open(&place) }).collect();
        let writers: Vec<_> = (0..40)
            .map(|n| {
                let journal = others[n % others.len()].clone();
                tokio::spawn(async move {
                    let id = format!("{n}");
                    journal.intend(&intent(&id), Some(None)).await.unwrap();
                    finish(&*journal, &id).await;
                })
            })
            .collect();
        // While they write, the record is whole at every moment.
        for _ in 0..5 {
            assert_eq!(verify(&*journal, "shop").await.unwrap().1, None, "{place}");
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let (head, broken) = verify(&*journal, "shop").await.unwrap();
        assert_eq!((head.events, broken), (80, None), "{place}");
        let steps = journal.steps("shop", "7").await.unwrap();
        assert!(steps[0].event.unwrap() < steps[1].event.unwrap());
    }
}

async fn ids(journal: &dyn Journal) -> Vec<String> {
    let all = journal.list("shop", &Filter { limit: 99, ..Filter::default() }).await.unwrap();
    all.into_iter().map(|entry| entry.receipt_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pruning_takes_what_is_final_and_old_and_leaves_a_chain_that_holds() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        for id in ["a", "b", "c", "d"] {
            journal.intend(&intent(id), Some(None)).await.unwrap();
        }
        for id in ["a", "b", "d"] {
            finish(&*journal, id).await;
        }
        // Nothing is older than this.
        let nothing = journal.prune("shop", 1_000, 99).await.unwrap();
        assert_eq!((nothing.entries, nothing.events), (0, 0));
        let later = now_ms() + 1_000;
        let gone = journal.prune("shop", later, 99).await.unwrap();
        assert_eq!(gone.entries, 3);
        assert_eq!(ids(&*journal).await, ["c"]);
        let (head, broken) = verify(&*journal, "shop").await.unwrap();
        assert_eq!((head.events, broken), (7, None));
        assert_eq!(head.pruned_events, gone.events.cast_signed());
        assert!(gone.events < 7, "the events of c are still there");
        assert!(!journal.steps("shop", "c").await.unwrap().is_empty());
        // Once c has ended too, nothing is left but the end of the chain, and it goes on from there.
        finish(&*journal, "c").await;
        assert_eq!(journal.prune("shop", later, 99).await.unwrap().entries, 1);
        let (head, broken) = verify(&*journal, "shop").await.unwrap();
        assert_eq!((head.events, head.pruned_events, broken), (8, 8, None));
        assert_eq!(head.last_hash, head.pruned_hash);
        journal.intend(&intent("a"), None).await.unwrap();
        let (head, broken) = verify(&*journal, "shop").await.unwrap();
        assert_eq!((head.events, head.pruned_events, broken), (9, 8, None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_pruned_while_it_is_looked_up_is_there_or_not() {
    let folder = TempDir::new().unwrap();
    for place in reachable(&folder).await {
        let journal = open(&place);
        // As several processes.
        let looks = futures_util::future::join_all((0..4).map(|_| {
            let other = open(&place);
            tokio::spawn(async move {
                for _ in 0..1_000 {
                    other.find("shop", "a").await.unwrap();
                }
            })
        }));
        let looks = tokio::spawn(looks);
        while !looks.is_finished() {
            journal.intend(&intent("a"), Some(None)).await.unwrap();
            finish(&*journal, "a").await;
            journal.prune("shop", now_ms() + 1_000, 9).await.unwrap();
        }
        for look in looks.await.unwrap() {
            look.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pruning_in_parts_takes_the_oldest_first() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder).await {
        for id in ["a", "b", "c"] {
            journal.intend(&intent(id), Some(None)).await.unwrap();
            finish(&*journal, id).await;
        }
        let later = now_ms() + 1_000;
        assert_eq!(journal.prune("shop", later, 2).await.unwrap().entries, 2);
        assert_eq!(ids(&*journal).await, ["c"]);
        assert_eq!(verify(&*journal, "shop").await.unwrap().1, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_prune_did_not_take_is_missed() {
    let folder = TempDir::new().unwrap();
    for place in reachable(&folder).await {
        let journal = open(&place);
        for id in ["a", "b"] {
            journal.intend(&intent(id), Some(None)).await.unwrap();
            finish(&*journal, id).await;
        }
        journal.prune("shop", now_ms() - 60_000, 99).await.unwrap();
        tamper(&place, "DELETE FROM documents WHERE receipt_id = 'a'").await;
        let broken = verify(&*journal, "shop").await.unwrap().1.unwrap();
        assert_eq!(broken.receipt_id.as_deref(), Some("a"));
    }
}
