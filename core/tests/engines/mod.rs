//! The journal engines, each test with a journal of its own.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kassa::journal::{Conclusion, Intent, Journal, Journals};
use kassa::receipt::registration::State;
use tempfile::TempDir;
use tokio::time::Instant;

/// Opens a journal as another process would.
pub fn open(place: &str) -> Arc<dyn Journal> {
    Journals::default().open(place, None).unwrap()
}

/// The address of the tests' own server.
pub fn server() -> String {
    std::env::var("KASSA_TEST_POSTGRES")
        .expect("no PostgreSQL for the tests: run them as `tests/with-postgres.sh cargo test -p kassa`")
}

/// A connection of a person with a SQL prompt.
pub async fn prompt(place: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(place, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A new PostgreSQL journal.
pub async fn postgres() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = server();
    let schema = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    prompt(&server).await.batch_execute(&format!("CREATE SCHEMA {schema}")).await.unwrap();
    format!("{server}?options=-c%20search_path%3D{schema}")
}

pub fn sqlite(folder: &TempDir) -> String {
    format!("sqlite:{}", folder.path().join("journal.sqlite").display())
}

/// A new journal of each engine.
pub async fn places(folder: &TempDir) -> Vec<String> {
    vec!["memory:".into(), sqlite(folder), postgres().await]
}

pub async fn engines(folder: &TempDir) -> Vec<Arc<dyn Journal>> {
    places(folder).await.iter().map(|place| open(place)).collect()
}

/// Has a person change the journal behind the library's back. Tables are named as in SQLite.
pub async fn tamper(place: &str, sql: &str) {
    match place.strip_prefix("sqlite:") {
        Some(path) => {
            rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
            // Who takes events away takes the count of them too.
            let _ = std::fs::remove_file(format!("{path}-leases/ends"));
        }
        None => {
            let mut sql = sql.to_owned();
            for table in ["documents", "events", "chains"] {
                for word in ["FROM", "UPDATE", "INTO"] {
                    sql = sql.replace(&format!("{word} {table}"), &format!("{word} kassa_{table}"));
                }
            }
            prompt(place).await.batch_execute(&sql).await.unwrap();
        }
    }
}

pub fn intent(id: &str) -> Intent {
    Intent {
        register: "shop".into(),
        receipt_id: id.into(),
        vendor: "modulkassa",
        operation: "register",
        fingerprint: "f".into(),
        earlier: Vec::new(),
        request: b"{\"exact\": 1.00}".to_vec(),
        vendor_document_id: Some("key".into()),
        receipt: Some("{}".into()),
        basis: None,
    }
}

pub fn conclusion(state: State) -> Conclusion {
    Conclusion {
        state,
        vendor_document_id: None,
        fiscal: None,
        failure: None,
        notice: None,
        doubt_since: None,
        raw: None,
        secrets: Vec::new(),
        note: "note".into(),
        due_at_ms: 0,
    }
}

/// Brings a receipt of "shop" to an end.
pub async fn finish(journal: &dyn Journal, id: &str) {
    let entry = journal.find("shop", id).await.unwrap().unwrap();
    journal.conclude(&entry, &conclusion(State::Registered)).await.unwrap();
}

pub fn soon() -> Instant {
    Instant::now() + Duration::from_millis(100)
}
