//! What only the PostgreSQL engine has to show: leases by the clock, lost connections, migrations by
//! many, TLS, and a password that is never told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod engines;

use std::sync::Arc;
use std::time::Duration;

use common::{Bench, call, error, ok, receipt};
use engines::{conclusion, finish, intent, open, postgres, prompt, server};
use kassa::Client;
use kassa::journal::audit::verify;
use kassa::journal::{Filter, Group, Journal, Journals};
use kassa::receipt::registration::State;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A process that stands still is a runtime that nobody drives: it renews nothing.
#[test]
fn a_holder_that_stands_still_loses_its_lease_and_may_not_write_any_more() {
    let (standing, other) = (runtime(), runtime());
    let need = Duration::from_secs(2);
    let place = other.block_on(postgres());
    let slow = open(&place);
    let (lease, entry) = standing.block_on(async {
        let lease = slow.lease_for("register shop", Instant::now() + need, need).await.unwrap();
        slow.intend(&intent("a"), Some(None)).await.unwrap();
        (lease, slow.find("shop", "a").await.unwrap().unwrap())
    });
    assert!(lease.holds_for(need));
    other.block_on(async {
        let journal = open(&place);
        let refused = journal.lease("register shop", engines::soon()).await.err().unwrap();
        assert_eq!(refused.code.name(), "busy");
        let taken = journal.lease_for("register shop", Instant::now() + Duration::from_secs(60), need).await;
        assert!(taken.unwrap().holds_for(need));
        assert!(!lease.holds_for(Duration::ZERO), "two holders at once");
        let found = journal.find("shop", "a").await.unwrap().unwrap();
        journal.conclude(&found, &conclusion(State::InDoubt)).await.unwrap();
    });
    let late = standing.block_on(slow.conclude(&entry, &conclusion(State::Registered))).unwrap_err();
    assert_eq!(late.code.name(), "superseded");
    standing.block_on(async { drop(lease) });
}

/// A script is a runtime that ends right after the answer, with whatever it still had in hand.
#[test]
fn short_scripts_follow_each_other_at_the_pace_of_the_cash_register() {
    let shop = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (bench, place) = shop.block_on(async { (Bench::new().await, postgres().await) });
    let pace = Duration::from_secs(1);
    let script = |operation: &str, request: serde_json::Value| {
        let begun = std::time::Instant::now();
        let script = runtime();
        let config = json!({"journal": place, "pace_ms": 1000, "timeout_ms": 20000});
        let envelope = script.block_on(async {
            let till = common::ikkm(&bench, config);
            call(&till, operation, request).await
        });
        script.shutdown_background();
        (envelope, begun.elapsed())
    };
    let (first, _) = script("register", common::tenge("a"));
    assert_eq!(first["ok"]["state"], "registered", "{first}");
    for id in ["b", "c"] {
        let (next, took) = script("register", common::tenge(id));
        assert_eq!(next["ok"]["state"], "registered", "{next}");
        assert!(took < pace + Duration::from_millis(1_500), "{id} took {took:?}");
        assert!(took > pace / 2, "{id} took {took:?}: sooner than the device may be asked");
    }
    // What ends with an error gives its right back too.
    let (unknown, _) = script("resolve", json!({"id": "never"}));
    assert_eq!(unknown["error"]["code"], "receipt_unknown", "{unknown}");
    let (next, took) = script("register", common::tenge("d"));
    assert_eq!(next["ok"]["state"], "registered", "{next}");
    assert!(took < pace + Duration::from_millis(1_500), "took {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_while_it_is_held_and_lost_when_its_row_is() {
    let place = postgres().await;
    let journal = open(&place);
    let need = Duration::from_secs(13);
    // It lasts 18 s and is renewed every 1.25 s.
    let lease = journal.lease_for("x", engines::soon(), need).await.unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(lease.holds_for(need), "not renewed");
    prompt(&place).await.batch_execute("DELETE FROM kassa_leases").await.unwrap();
    let end = Instant::now() + Duration::from_secs(5);
    while lease.holds_for(Duration::ZERO) {
        assert!(Instant::now() < end, "the loss was not noticed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Between this and the server: a line that can be cut.
async fn line() -> (String, tokio::sync::watch::Sender<bool>) {
    let url = url::Url::parse(&server()).unwrap();
    let target = format!("127.0.0.1:{}", url.port().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (cut, is_cut) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let (target, mut is_cut) = (target.clone(), is_cut.clone());
            tokio::spawn(async move {
                let mut far = TcpStream::connect(target).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    _ = is_cut.wait_for(|cut| *cut) => {}
                }
            });
        }
    });
    let place = postgres().await.replace(&format!(":{}/", url.port().unwrap()), &format!(":{port}/"));
    (place, cut)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_told_and_made_again() {
    let (place, cut) = line().await;
    let journal = open(&place);
    journal.intend(&intent("a"), None).await.unwrap();
    cut.send(true).unwrap();
    let told = journal.intend(&intent("b"), None).await.unwrap_err();
    assert_eq!(
        (told.kind(), told.outcome),
        (kassa::error::Kind::Journal, kassa::error::Outcome::NotRegistered)
    );
    cut.send(false).unwrap();
    // The same call again finds or writes it.
    journal.intend(&intent("b"), None).await.unwrap();
    assert_eq!(journal.counts("shop").await.unwrap()["queued"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_server_ended_are_made_again() {
    let place = postgres().await;
    let journal = open(&place);
    journal.intend(&intent("a"), None).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kassa' \
               AND query LIKE '%' || current_setting('search_path') || '%'";
    prompt(&place).await.batch_execute(end).await.unwrap();
    assert!(journal.find("shop", "a").await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_open_a_new_journal_at_once_all_succeed() {
    let place = postgres().await;
    let opened: Vec<_> = (0..12)
        .map(|n| {
            let journal = open(&place);
            tokio::spawn(async move { journal.intend(&intent(&n.to_string()), None).await.map(drop) })
        })
        .collect();
    for result in opened {
        result.await.unwrap().unwrap();
    }
    let journal = open(&place);
    assert_eq!(journal.counts("shop").await.unwrap()["queued"], 12);
    assert_eq!(verify(&*journal, "shop").await.unwrap().0.events, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused_and_not_touched() {
    let place = postgres().await;
    let prompt = prompt(&place).await;
    prompt
        .batch_execute(
            "CREATE TABLE kassa_schema (version BIGINT PRIMARY KEY); INSERT INTO kassa_schema VALUES (99)",
        )
        .await
        .unwrap();
    let refused = open(&place).find("shop", "a").await.unwrap_err();
    assert_eq!(refused.code.name(), "journal_too_new");
    let sql = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema()";
    assert_eq!(prompt.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_never_wait_for_whoever_has_the_head_of_the_chain() {
    let place = postgres().await;
    let journal = open(&place);
    journal.intend(&intent("a"), Some(None)).await.unwrap();
    journal.head("shop").await.unwrap();
    let mut prompt = prompt(&place).await;
    let held = prompt.transaction().await.unwrap();
    held.execute("SELECT events FROM kassa_chains WHERE register = 'shop' FOR UPDATE", &[]).await.unwrap();
    finish(&*journal, "a").await;
    journal.intend(&intent("b"), None).await.unwrap();
    assert_eq!(journal.steps("shop", "a").await.unwrap()[1].event, None);
    held.rollback().await.unwrap();
    let (head, broken) = verify(&*journal, "shop").await.unwrap();
    assert_eq!((head.events, broken), (3, None));
    assert_eq!(journal.steps("shop", "a").await.unwrap()[1].event, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_entries_are_found_by_their_index() {
    let place = postgres().await;
    let journal = open(&place);
    journal.list("shop", &Filter { limit: 1, ..Filter::default() }).await.unwrap();
    let prompt = prompt(&place).await;
    prompt
        .batch_execute(
            "INSERT INTO kassa_documents (register, receipt_id, vendor, operation, fingerprint, request, state, attempts,
                 created_at_ms, updated_at_ms, revision, due_at_ms)
             SELECT 'shop', n::text, 'atol', 'register', 'f', '', CASE n % 1000 WHEN 0 THEN 'queued' ELSE 'registered' END,
                 1, 0, 0, 1, 0 FROM generate_series(1, 20000) AS n;
             ANALYZE kassa_documents",
        )
        .await
        .unwrap();
    let sql = "EXPLAIN SELECT * FROM kassa_documents WHERE state = 'queued' AND register = 'shop' AND number > 0 \
               ORDER BY number LIMIT 100";
    let plan: Vec<String> = prompt.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let plan = plan.concat();
    assert!(plan.contains("kassa_documents_by_state") && !plan.contains("Sort"), "{plan}");
    let filter = Filter { group: Group::Unfinished, limit: 100, ..Filter::default() };
    assert_eq!(journal.list("shop", &filter).await.unwrap().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_through_a_postgres_journal() {
    let bench = Bench::new().await;
    let place = postgres().await;
    let till = bench.client_with(json!({"journal": place}));
    assert!(till.about().durable);
    ok(&till, "register", receipt("order-1")).await;
    ok(&till, "enqueue", json!({"receipts": [receipt("order-2"), receipt("order-1")]})).await;
    let delivered = ok(&till, "deliver", json!({})).await;
    assert_eq!(delivered["errors"], json!([]), "{delivered}");
    for id in ["order-1", "order-2"] {
        assert_eq!(ok(&till, "wait", json!({"id": id})).await["state"], "registered");
    }
    assert_eq!(bench.emulator.ledger().len(), 2);
    let other = bench.client_with(json!({"journal": place}));
    let page = ok(&other, "journal", json!({"verify": true})).await;
    assert_eq!(page["chain"]["broken_at"], json!(null), "{page}");
    assert!(page["chain"]["events"].as_i64().unwrap() >= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_where_the_lease_does_not_surely_last() {
    let bench = Bench::new().await;
    let place = postgres().await;
    let till = Arc::new(bench.client_with(json!({"journal": place, "timeout_ms": 60_000})));
    // The data base stands still between the lease and the write that begins the attempt, for
    // longer than the lease lasts beyond an exchange.
    let mut prompt = prompt(&place).await;
    // Who the register is stands in the journal from the first receipt on.
    ok(&till, "enqueue", json!({"receipts": [receipt("order-0")]})).await;
    let held = prompt.transaction().await.unwrap();
    held.batch_execute("LOCK TABLE kassa_documents IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let task = {
        let till = till.clone();
        tokio::spawn(async move { call(&till, "register", receipt("order-1")).await })
    };
    let watch = engines::prompt(&place).await;
    let holds = "SELECT COUNT(*) FROM kassa_leases WHERE name LIKE 'document %'";
    while watch.query_one(holds, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    watch.batch_execute("UPDATE kassa_leases SET holder = 'somebody else'").await.unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    held.rollback().await.unwrap();
    let refused = task.await.unwrap();
    assert_eq!(refused["error"]["code"], "busy", "{refused}");
    assert_eq!(refused["error"]["outcome"], "not_registered");
    assert_eq!(bench.requests("POST", "/doc"), 0);
    watch.batch_execute("DELETE FROM kassa_leases").await.unwrap();
    assert_eq!(ok(&till, "status", json!({"id": "order-1"})).await["state"], "queued");
    ok(&till, "register", receipt("order-1")).await;
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    assert_eq!(bench.emulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_verified_and_takes_a_root_of_ones_own() {
    let file = std::env::var("KASSA_TEST_POSTGRES_CA").expect("run as tests/with-postgres.sh COMMAND");
    let place = format!("{}&sslmode=verify-full", postgres().await);
    let stranger = Journals::default().open(&place, None).unwrap();
    let refused = stranger.find("shop", "a").await.unwrap_err();
    assert_eq!(refused.code.name(), "journal_unavailable");
    assert!(refused.message.contains("certificate"), "{refused}");
    let trusting = Journals::default().open(&place, Some(&file)).unwrap();
    assert!(trusting.find("shop", "a").await.unwrap().is_none());
    let missing = Journals::default().open(&place, Some("/nowhere/ca.pem")).err().unwrap();
    assert_eq!(missing.code.name(), "config_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_never_told() {
    let bench = Bench::new().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = url::Url::parse(&server()).unwrap();
    let wrong =
        format!("postgres://kassa:S3cretWord@127.0.0.1:{}/postgres?connect_timeout=2", url.port().unwrap());
    let absent = format!("postgres://kassa:S3cretWord@{closed}/kassa");
    for place in [wrong, absent] {
        let till = bench.client_with(json!({"journal": place, "log": "debug"}));
        let about = serde_json::to_string(&till.about()).unwrap();
        let refused = error(&till, "register", receipt("order-1")).await;
        assert_eq!(
            (refused["kind"].clone(), refused["outcome"].clone()),
            (json!("journal"), json!("unknown"))
        );
        assert!(about.contains("postgres://kassa@127.0.0.1"), "{about}");
        for text in [about, refused.to_string()] {
            assert!(!text.contains("S3cretWord"), "{text}");
        }
    }
    for place in
        ["postgres://kassa:S3cretWord@db:x/kassa", "postgress://kassa:S3cretWord@db/kassa", "pg:S3cretWord"]
    {
        let refused = Client::open(&bench.config(json!({"journal": place})).to_string()).err().unwrap();
        assert_eq!(refused.code.name(), "config_invalid");
        assert!(!format!("{refused:?}").contains("S3cretWord"), "{refused:?}");
    }
    let common: kassa::config::Common =
        serde_json::from_value(json!({"journal": "postgres://kassa:S3cretWord@db/kassa"})).unwrap();
    assert!(!format!("{common:?}").contains("S3cretWord"));
    assert_eq!(bench.requests("POST", "/doc"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_a_zero_is_written_all_the_same() {
    let journal: Arc<dyn Journal> = open(&postgres().await);
    journal.intend(&intent("a"), Some(None)).await.unwrap();
    let entry = journal.find("shop", "a").await.unwrap().unwrap();
    let told = kassa::journal::Conclusion {
        note: "the vendor said \0".into(),
        vendor_document_id: Some("7\0".into()),
        ..conclusion(State::InDoubt)
    };
    let now = journal.conclude(&entry, &told).await.unwrap();
    assert_eq!(journal.find("shop", "a").await.unwrap().unwrap(), now);
    assert_eq!(verify(&*journal, "shop").await.unwrap().1, None);
}
