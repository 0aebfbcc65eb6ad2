//! Secrets of the journal are encrypted with the keys of `journal_key`, in every engine and for every vendor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod engines;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use common::{Bench, error, ok, roubles, tenge};
use kassa::Client;
use serde_json::{Value, json};

const OLD: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const NEW: &str = "B2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";

/// A file of keys, as a shop would make it.
fn key_file(bench: &Bench, lines: &[&str]) -> PathBuf {
    let path = bench.folder.path().join("keys");
    std::fs::write(&path, format!("# newest first\n{}\n", lines.join("\n"))).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn with(mut config: Value, changes: Value) -> Value {
    config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    config
}

/// What stands in the tables of secrets and bindings.
async fn kept(place: &str) -> Vec<String> {
    if let Some(path) = place.strip_prefix("sqlite:") {
        let journal = rusqlite::Connection::open(path).unwrap();
        let sql = "SELECT value FROM secrets WHERE name <> 'identity' AND register NOT IN ('atol', 'ikassa', 'ikkm') \
                   UNION ALL SELECT binding FROM documents WHERE binding IS NOT NULL";
        let mut statement = journal.prepare(sql).unwrap();
        return statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    }
    let sql = "SELECT value FROM kassa_secrets WHERE name <> 'identity' AND register NOT IN ('atol', 'ikassa', 'ikkm') \
               UNION ALL SELECT binding FROM kassa_documents WHERE binding IS NOT NULL";
    engines::prompt(place).await.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

fn named(bench: &Bench, vendor: &str) -> Value {
    with(bench.emulator.config(vendor), json!({"timeout_ms": 4000}))
}

/// A cash register of each vendor that keeps secrets, with a sale for it.
fn tills(bench: &Bench) -> Vec<(Value, Value)> {
    vec![
        (with(named(bench, "ikkm"), json!({"pace_ms": 0, "settle_ms": 5})), tenge("sale")),
        (with(named(bench, "ikassa"), json!({"settle_ms": 5})), roubles("sale", "cash")),
        (
            named(bench, "atol"),
            with(roubles("sale", "card"), json!({"customer": {"email": "buyer@shop.example"}})),
        ),
    ]
}

/// Brings a sale on record.
async fn sell(till: &Client, sale: Value) {
    let id = sale["id"].clone();
    ok(till, "register", sale).await;
    assert_eq!(ok(till, "wait", json!({"id": id})).await["state"], "registered", "{id}");
}

/// The sale under another id.
fn next(sale: &Value, id: &str) -> Value {
    with(sale.clone(), json!({"id": id}))
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_kept_encrypted_and_move_to_the_newest_key() {
    for engine in ["sqlite", "postgres"] {
        let bench = Bench::new().await;
        let place = if engine == "sqlite" { bench.journal() } else { engines::postgres().await };
        for (config, sale) in tills(&bench) {
            let open = |lines: &[&str]| {
                let keys = format!("file:{}", key_file(&bench, lines).display());
                Client::open(
                    &with(config.clone(), json!({"journal": place, "journal_key": keys})).to_string(),
                )
                .unwrap()
            };
            let till = open(&[OLD]);
            if config["vendor"] == "ikassa" {
                ok(&till, "open_shift", json!({})).await;
            }
            sell(&till, sale.clone()).await;
            // With a new key in front what the old one closed is read, and written anew.
            sell(&open(&[NEW, OLD]), next(&sale, "second")).await;
            sell(&open(&[NEW]), next(&sale, "third")).await;
            // Without it nothing is sent, and the error names the key.
            for lines in [&[OLD][..], &[]] {
                let sent = bench.emulator.ledger().len();
                let till = match lines {
                    [] => Client::open(&with(config.clone(), json!({"journal": place})).to_string()).unwrap(),
                    lines => open(lines),
                };
                let refused = error(&till, "register", next(&sale, "fourth")).await;
                assert_eq!(refused["code"], "journal_locked", "{refused}");
                assert_eq!(refused["outcome"], "not_registered", "{refused}");
                assert!(refused["message"].as_str().unwrap().contains("journal_key"), "{refused}");
                assert_eq!(bench.emulator.ledger().len(), sent);
                // What is no secret can be read all the same.
                let read = ok(&till, "journal", json!({"id": "third"})).await;
                assert_eq!(read["entries"][0]["registration"]["attempts"], 1, "{read}");
            }
            sell(&open(&[NEW]), next(&sale, "fourth")).await;
        }
        let kept = kept(&place).await;
        assert!(kept.len() > 6, "{kept:?}");
        assert!(kept.iter().all(|text| text.starts_with("kassa1:")), "{kept:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_in_clear_is_encrypted_once_it_has_a_key() {
    let bench = Bench::new().await;
    let config =
        with(named(&bench, "ikkm"), json!({"pace_ms": 0, "settle_ms": 5, "journal": bench.journal()}));
    ok(&Client::open(&config.to_string()).unwrap(), "register", tenge("clear")).await;
    let in_clear = async || {
        let is_clear = |text: &String| !text.starts_with("kassa1:");
        kept(&bench.journal()).await.into_iter().filter(is_clear).collect::<Vec<_>>()
    };
    assert!(in_clear().await.len() > 1);
    let keys = format!("file:{}", key_file(&bench, &[NEW]).display());
    let till = Client::open(&with(config, json!({"journal_key": keys})).to_string()).unwrap();
    ok(&till, "register", tenge("closed")).await;
    // The binding of the sale that was final before stays as it is.
    let left = in_clear().await;
    assert!(left.len() == 1 && left.iter().all(|text| text.starts_with('{')), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_used_are_named_and_not_repeated() {
    let bench = Bench::new().await;
    let refused = |place: String| {
        let config = with(bench.emulator.config("ikkm"), json!({"journal": "memory:", "journal_key": place}));
        Client::open(&config.to_string()).err().unwrap()
    };
    let path = key_file(&bench, &[NEW, "half a key"]);
    let file = format!("file:{}", path.display());
    let mut told = vec![("line 3", refused(file.clone()))];
    key_file(&bench, &[]);
    told.push(("no key", refused(file.clone())));
    key_file(&bench, &[NEW]);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    told.push(("chmod 600", refused(file.clone())));
    told.push(("No such file", refused(format!("{file}.gone"))));
    told.push(("no variable", refused(format!("env:{NEW}"))));
    std::fs::write(&path, "#".repeat(65_537)).unwrap();
    told.push(("more than 65536 bytes", refused(file.clone())));
    told.push(("file:PATH", refused(NEW.into())));
    for (why, error) in told {
        let found = &error.violations[0];
        assert_eq!((error.code.name(), &*found.path), ("config_invalid", "/journal_key"), "{error}");
        assert!(found.message.contains(why), "{why}: {}", found.message);
        assert!(!found.message.contains(NEW), "{}", found.message);
    }
}
