//! One suite for all journal engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use kassa::journal::{Conclusion, Filter, Intended, Intent, Journal, Journals};
use kassa::registration::{Fiscal, State};
use tempfile::TempDir;
use tokio::time::Instant;

fn engines(folder: &TempDir) -> Vec<Arc<dyn Journal>> {
    let journals = Journals::default();
    let file = format!("sqlite:{}", folder.path().join("journal.sqlite").display());
    ["memory:", &file].into_iter().map(|place| journals.open(place).unwrap()).collect()
}

fn intent(id: &str) -> Intent {
    Intent {
        register: "shop".into(),
        receipt_id: id.into(),
        vendor: "modulkassa",
        operation: "register",
        fingerprint: "f".into(),
        request: b"{\"exact\": 1.00}".to_vec(),
        vendor_document_id: Some("key".into()),
    }
}

fn conclusion(state: State) -> Conclusion {
    Conclusion {
        state,
        vendor_document_id: None,
        fiscal: None,
        failure: None,
        raw: None,
        note: "note".into(),
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(100)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_is_written_once_and_found_afterwards() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder) {
        let Intended::New(entry) = journal.intend(&intent("a"), false).await.unwrap() else {
            panic!("not new")
        };
        assert_eq!((entry.state, entry.attempts), (State::Queued, 0));
        let Intended::Found(found) = journal.intend(&intent("a"), true).await.unwrap() else {
            panic!("not found")
        };
        assert_eq!(found, entry);
        assert_eq!(found.request, intent("a").request);
        let Intended::New(begun) = journal.intend(&intent("b"), true).await.unwrap() else {
            panic!("not new")
        };
        assert_eq!((begun.state, begun.attempts), (State::Sending, 1));
        assert!(journal.find("other shop", "a").await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_holder_cannot_write_over_its_successor() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder) {
        journal.intend(&intent("a"), true).await.unwrap();
        let slow = journal.find("shop", "a").await.unwrap().unwrap();
        let doubt = journal.conclude(&slow, &conclusion(State::InDoubt)).await.unwrap();
        journal.begin(&doubt).await.unwrap();
        let late = journal.conclude(&slow, &conclusion(State::Registered)).await.unwrap_err();
        assert_eq!(late.code.name(), "superseded");
        let now = journal.find("shop", "a").await.unwrap().unwrap();
        assert_eq!((now.state, now.attempts), (State::Sending, 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_does_not_tell_stays_known() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder) {
        journal.intend(&intent("a"), true).await.unwrap();
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
    for journal in engines(&folder) {
        for id in ["c", "a", "b", "d"] {
            journal.intend(&intent(id), false).await.unwrap();
        }
        let entry = journal.find("shop", "b").await.unwrap().unwrap();
        journal.conclude(&entry, &conclusion(State::Failed)).await.unwrap();
        let ids = async |filter: Filter| -> Vec<String> {
            journal.list("shop", &filter).await.unwrap().into_iter().map(|entry| entry.receipt_id).collect()
        };
        assert_eq!(ids(Filter { limit: 2, ..Filter::default() }).await, ["a", "b"]);
        assert_eq!(ids(Filter { after: Some("b".into()), limit: 9, ..Filter::default() }).await, ["c", "d"]);
        assert_eq!(ids(Filter { unfinished: true, limit: 9, ..Filter::default() }).await, ["a", "c", "d"]);
        assert_eq!(ids(Filter { state: Some(State::Failed), limit: 9, ..Filter::default() }).await, ["b"]);
        let counts = journal.counts("shop").await.unwrap();
        assert_eq!((counts["queued"], counts["failed"]), (3, 1));
        assert!(journal.counts("other").await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_has_one_holder_and_ends_with_it() {
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder) {
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

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_kept_replaced_and_forgotten() {
    use secrecy::ExposeSecret as _;
    let folder = TempDir::new().unwrap();
    for journal in engines(&folder) {
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
    for journal in engines(&folder) {
        let writers: Vec<_> = (0..500)
            .map(|n| {
                let journal = journal.clone();
                tokio::spawn(async move { journal.intend(&intent(&format!("{n:03}")), true).await.unwrap() })
            })
            .collect();
        for writer in writers {
            assert!(matches!(writer.await.unwrap(), Intended::New(_)));
        }
        assert_eq!(journal.counts("shop").await.unwrap()["sending"], 500);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_journal_is_there_after_it_was_closed() {
    let folder = TempDir::new().unwrap();
    let durable = || engines(&folder).pop().unwrap();
    durable().intend(&intent("a"), true).await.unwrap();
    let again = durable();
    assert!(again.is_durable());
    assert_eq!(again.find("shop", "a").await.unwrap().unwrap().state, State::Sending);
}
