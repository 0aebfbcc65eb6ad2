//! Bad input and bad days: an envelope that names everything, nothing sent, nothing written down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, error, ok, receipt};
use kassa::Client;
use serde_json::{Value, json};

async fn refused(bench: &Bench, till: &Client, operation: &str, text: &str) -> Value {
    let envelope: Value = serde_json::from_str(&till.call(operation, text).await).unwrap();
    assert_eq!(envelope["error"]["outcome"], "not_registered", "{envelope}");
    assert!(bench.emulator.requests().is_empty());
    let journal = ok(till, "journal", json!({})).await;
    assert_eq!(journal["entries"], json!([]));
    envelope["error"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_requests_are_refused_before_anything_happens() {
    let bench = Bench::new().await;
    let till = bench.client();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut receipt = receipt("order-1");
        change(&mut receipt);
        receipt.to_string()
    };
    let line = json!({"name": "x", "price": "0.01", "quantity": "1", "vat": "none"});
    let cases = [
        ("json_broken", "{".to_string()),
        ("wrong_type", "[]".to_string()),
        ("request_too_large", format!("{{\"id\":\"{}\"}}", "x".repeat(10 << 20))),
        ("unknown_field", with(&|r| r["colour"] = json!("red"))),
        ("negative", with(&|r| r["items"][0]["price"] = json!("-1.00"))),
        ("too_many_decimals", with(&|r| r["items"][0]["price"] = json!("1.005"))),
        ("too_many_decimals", with(&|r| r["items"][0]["quantity"] = json!("1.0005"))),
        ("too_large", with(&|r| r["items"][0]["price"] = json!("79228162514264337593543950335"))),
        ("payments_differ", with(&|r| r["payments"][0]["sum"] = json!("300.00"))),
        ("discount_too_large", with(&|r| r["items"][0]["discount"] = json!("300.01"))),
        ("wrong_format", with(&|r| r["id"] = json!("a\u{0}b"))),
        ("wrong_format", with(&|r| r["items"][0]["name"] = json!("Mug\u{1b}p0"))),
        ("wrong_format", with(&|r| r["id"] = json!("order\u{9b}1"))),
        ("too_short", with(&|r| r["items"][0]["name"] = json!(" \u{a0}\u{200b}"))),
        ("too_long", with(&|r| r["items"][0]["name"] = json!("\u{2026}".repeat(43)))),
        ("vat_not_allowed", with(&|r| r["items"][0]["vat"] = json!("25"))),
        (
            "vat_not_allowed",
            with(&|r| {
                r["items"][0]["vat"] = json!("22");
                r["issued_at"] = json!("2025-12-31T14:59:59+03:00");
            }),
        ),
        ("correction_mismatch", with(&|r| r["kind"] = json!("sell_correction"))),
        ("missing_field", with(&|r| r["customer"] = json!(null))),
        ("too_long", with(&|r| r["items"] = json!(vec![line.clone(); 10_000]))),
    ];
    for (code, text) in cases {
        let error = refused(&bench, &till, "register", &text).await;
        let codes: Vec<_> =
            error["violations"].as_array().unwrap().iter().map(|v| v["code"].clone()).collect();
        assert!(codes.contains(&json!(code)), "{code}: {error}");
        assert_eq!(error["kind"], "invalid");
    }
    assert_eq!(refused(&bench, &till, "registre", "{}").await["code"], "operation_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_mistakes_of_all_layers_come_with_their_pointers() {
    let bench = Bench::new().await;
    let till = bench.client();
    let text = json!({"id": "a", "kind": "sell", "currency": "BYN",
        "items": [{"name": "x", "price": "1.00", "quantity": "0", "vat": "25"},
                  {"name": "y", "price": "1.00", "quantity": "1", "payment_object": "award"}],
        "payments": [{"type": "cash", "sum": "9.00"}]});
    let error = refused(&bench, &till, "register", &text.to_string()).await;
    let paths: Vec<_> =
        error["violations"].as_array().unwrap().iter().map(|v| v["path"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "/items/0/quantity",
            "/payments",
            "/customer",
            "/items/0/vat",
            "/items/1/vat",
            "/items/1/payment_object",
            "/currency"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_names_all_its_mistakes() {
    let open = |config: Value| Client::open(&config.to_string()).err().unwrap();
    let error = open(
        json!({"vendor": "modulkassa", "base_url": "http://shop.example", "journal": "redis:", "colour": 1}),
    );
    assert_eq!(error.code.name(), "config_invalid");
    assert!(error.violations.iter().any(|v| v.path == "/colour"), "{error:?}");
    let error = open(json!({"vendor": "modulkassa", "base_url": "http://shop.example", "journal": "redis:"}));
    let paths: Vec<_> = error.violations.iter().map(|v| v.path.as_str()).collect();
    assert_eq!(paths, ["/base_url", "/journal", "/credentials", "/retail_point_id"]);
    assert_eq!(open(json!({"vendor": "nobody"})).code.name(), "config_invalid");
    assert_eq!(open(json!([])).code.name(), "config_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_cannot_be_used_stops_everything_before_it_is_sent() {
    let bench = Bench::new().await;
    let file = bench.folder.path().join("plain");
    std::fs::write(&file, "not a folder").unwrap();
    let open =
        |journal: String| Client::open(&bench.config(json!({"journal": journal})).to_string()).err().unwrap();
    let error = open(format!("sqlite:{}", file.join("journal.sqlite").display()));
    assert_eq!(error.code.name(), "journal_unavailable");

    std::fs::write(
        &file,
        "this is not a data base, it only has to be long enough to be read as one".repeat(20),
    )
    .unwrap();
    assert_eq!(open(format!("sqlite:{}", file.display())).code.name(), "journal_damaged");
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("this is not"));

    let newer = bench.folder.path().join("newer.sqlite");
    let connection = rusqlite::Connection::open(&newer).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE other (a); PRAGMA application_id = 0x4B415341; PRAGMA user_version = 999;",
        )
        .unwrap();
    drop(connection);
    let before = std::fs::read(&newer).unwrap();
    assert_eq!(open(format!("sqlite:{}", newer.display())).code.name(), "journal_too_new");
    assert_eq!(std::fs::read(&newer).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_lost_while_open_is_an_error_and_nothing_is_sent() {
    let bench = Bench::new().await;
    let till = bench.client();
    ok(&till, "register", receipt("order-0")).await;
    let sent = bench.emulator.requests().len();
    let path = bench.folder.path().join("journal.sqlite");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("DROP TABLE documents").unwrap();
    let error = error(&till, "register", receipt("order-1")).await;
    assert_eq!((error["kind"].clone(), error["outcome"].clone()), (json!("journal"), json!("unknown")));
    assert_eq!(bench.emulator.requests().len(), sent);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new().await;
    let place = bench.folder.path().join("state/kassa/journal.sqlite");
    let till = bench.client_with(json!({"journal": format!("sqlite:{}", place.display())}));
    ok(&till, "register", receipt("order-1")).await;
    for entry in std::fs::read_dir(place.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_shows_in_errors_or_debug_output() {
    let bench = Bench::new().await;
    let config = bench.config(json!({}));
    let password = config["credentials"]["password"].as_str().unwrap().to_owned();
    let parsed: kassa::vendors::modulkassa::ModulkassaConfig = kassa::read(&config.to_string()).unwrap();
    assert!(!format!("{parsed:?}").contains(&password));
    let till = Client::open(&config.to_string()).unwrap();
    bench.fault(
        json!({"vendor": "modulkassa", "route": "*", "when": "before_record", "do": "drop", "times": null}),
    );
    let error = error(&till, "register", receipt("order-1")).await;
    for secret in [password.as_str(), "buyer@shop.example", "Basic "] {
        assert!(!error.to_string().contains(secret), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_read_is_told_with_the_outcome_of_the_receipt_that_has_its_id() {
    let bench = Bench::new().await;
    let till = bench.client();
    ok(&till, "register", receipt("order-1")).await;
    ok(&till, "wait", json!({"id": "order-1"})).await;
    for (operation, request) in [
        ("register", json!({"id": "order-1", "colour": "red"})),
        ("status", json!({"id": "order-1", "colour": "red"})),
        ("wait", json!({"id": "order-1", "timeout_ms": 0})),
    ] {
        let told = error(&till, operation, request).await;
        assert_eq!((&told["kind"], &told["outcome"]), (&json!("invalid"), &json!("registered")), "{told}");
    }
    let free = error(&till, "register", json!({"id": "order-2", "colour": "red"})).await;
    assert_eq!(free["outcome"], "not_registered");
}
