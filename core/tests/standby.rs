//! A PostgreSQL server that changes under a journal: it may only be read, or has another encoding. These tests
//! change the whole server, so they stand alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod engines;

use engines::{intent, open, postgres, prompt, server};

/// One after the other: both are about the whole server.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_written_as_it_must_be_is_told() {
    a_data_base_of_another_encoding_is_refused_by_its_name().await;
    a_server_that_may_only_be_read_is_left_alone_until_it_may_be_written().await;
}

async fn a_server_that_may_only_be_read_is_left_alone_until_it_may_be_written() {
    let place = postgres().await;
    let journal = open(&place);
    journal.intend(&intent("before"), None).await.unwrap();
    let person = prompt(&server()).await;
    let set = async |how: &str| {
        let sql = format!("ALTER SYSTEM {how}");
        person.batch_execute("SET default_transaction_read_only = off").await.unwrap();
        person.batch_execute(&sql).await.unwrap();
        person.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        // The sessions hear of it a little later.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    };
    set("SET default_transaction_read_only = on").await;
    for journal in [journal.clone(), open(&place)] {
        let told = journal.intend(&intent("meanwhile"), None).await.unwrap_err();
        assert_eq!(told.code.name(), "journal_unavailable", "{told}");
        assert!(told.message.contains("default_transaction_read_only"), "{told}");
    }
    set("RESET default_transaction_read_only").await;
    journal.intend(&intent("after"), None).await.unwrap();
    assert_eq!(journal.counts("shop").await.unwrap()["queued"], 2);
}

async fn a_data_base_of_another_encoding_is_refused_by_its_name() {
    let person = prompt(&server()).await;
    let name = format!("other_encoding_{}", std::process::id());
    let sql =
        format!("CREATE DATABASE {name} ENCODING 'WIN1251' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    person.batch_execute(&sql).await.unwrap();
    let server = server();
    let place = format!("{}/{name}", server.strip_suffix("/postgres").unwrap());
    let told = open(&place).intend(&intent("a"), None).await.unwrap_err();
    assert_eq!(told.code.name(), "journal_unavailable");
    assert!(told.message.contains("WIN1251") && told.message.contains("UTF8"), "{told}");
    person.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
}
