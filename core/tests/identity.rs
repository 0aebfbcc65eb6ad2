//! Who the register is: a register that is renamed, moved, bound anew or taken from the emulator to production, and
//! never a receipt that is recorded a second time or reported by a system that never saw it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, atol, call, error, ikassa, ikkm, ok, receipt, roubles, tenge};
use kassa::Client;
use serde_json::{Value, json};

/// A vendor of the emulator, and a sale that it takes.
type Case = (&'static str, fn(&Bench, Value) -> Client, fn(&str) -> Value);

const CASES: [Case; 4] = [
    ("modulkassa", |bench, changes| bench.client_with(changes), receipt),
    ("atol", |bench, changes| atol(bench, "v5", changes), receipt),
    ("ikassa", ikassa, |id| roubles(id, "card")),
    ("ikkm", ikkm, tenge),
];

/// A system that is not the emulator and cannot be reached. The device of iKKM can be: it is the emulator's under
/// another address.
fn production(bench: &Bench, vendor: &str) -> Value {
    match vendor {
        "ikkm" => {
            let address = bench.emulator.config("ikkm")["base_url"].as_str().unwrap().to_owned();
            json!({"base_url": address.replace("127.0.0.1", "0.0.0.0"), "public_address": true})
        }
        _ => {
            json!({"base_url": "https://vendor.invalid", "register": bench.emulator.config(vendor)["register"]})
        }
    }
}

async fn open_shift(bench: &Bench, vendor: &str) {
    if vendor == "ikassa" {
        ok(&ikassa(bench, json!({})), "open_shift", json!({})).await;
    }
}

/// Sells, as soon as the device is done with what it did before.
async fn registered(till: &Client, sale: Value) -> Value {
    for _ in 0..50 {
        let envelope = call(till, "register", sale.clone()).await;
        if envelope["error"]["code"] != "busy" {
            assert!(envelope["error"].is_null(), "{envelope}");
            return envelope["ok"].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the device is busy for ever");
}

/// Sells and waits for the end.
async fn sold(till: &Client, sale: Value) {
    let id = sale["id"].clone();
    registered(till, sale).await;
    assert_eq!(ok(till, "wait", json!({"id": id})).await["state"], "registered");
}

/// Forgets who the registers are, as a journal of the last version never knew it.
fn as_the_last_version_left_it(bench: &Bench) {
    let journal = rusqlite::Connection::open(bench.folder.path().join("journal.sqlite")).unwrap();
    let sql =
        "DELETE FROM secrets WHERE name = 'identity' OR name LIKE 'cash register %' OR name LIKE 'log-in %'";
    assert!(journal.execute(sql, []).unwrap() > 0);
}

fn told(error: &Value) -> (&str, &str, &str) {
    let word = |name: &str| error[name].as_str().unwrap();
    (word("code"), word("kind"), word("outcome"))
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_emulator_to_production_an_old_id_does_not_count_and_is_not_sent() {
    for (vendor, till, sale) in CASES {
        let bench = Bench::new().await;
        open_shift(&bench, vendor).await;
        let register = bench.emulator.config(vendor)["register"].clone();
        let register = if register.is_null() { json!("main") } else { register };
        let emulated = till(&bench, json!({"register": register}));
        sold(&emulated, sale("order-1")).await;
        let mut changes = production(&bench, vendor);
        changes["register"] = register;
        let live = till(&bench, changes);
        for _ in 0..2 {
            let refused = error(&live, "register", sale("order-1")).await;
            assert_eq!(told(&refused), ("other_system", "conflict", "not_registered"), "{vendor}: {refused}");
            assert!(refused["message"].as_str().unwrap().contains("loopback"), "{vendor}: {refused}");
            assert!(refused["advice"].as_str().unwrap().contains("a new id"), "{vendor}: {refused}");
        }
        let enqueued = ok(&live, "enqueue", json!({"receipts": [sale("order-1")]})).await;
        assert_eq!(enqueued["errors"][0]["error"]["code"], "other_system", "{vendor}: {enqueued}");
        for operation in ["status", "wait", "resolve"] {
            let refused = error(&live, operation, json!({"id": "order-1"})).await;
            assert_eq!(told(&refused).0, "other_system", "{vendor} {operation}: {refused}");
        }
        // The journal still shows what was recorded.
        assert_eq!(
            ok(&live, "journal", json!({})).await["entries"][0]["registration"]["state"],
            "registered",
            "{vendor}"
        );
        assert_eq!(bench.sales(), 1, "{vendor}");
        // A new id is of the new system, and back on the emulator that one does not count.
        match vendor {
            "ikkm" => {
                assert_eq!(registered(&live, sale("order-2")).await["state"], "registered");
                assert_eq!(told(&error(&emulated, "register", sale("order-2")).await).0, "other_system");
                assert_eq!(ok(&emulated, "register", sale("order-1")).await["state"], "registered");
                assert_eq!(bench.sales(), 2);
            }
            _ => {
                let next = error(&live, "register", sale("order-2")).await;
                assert_eq!(next["outcome"], "not_registered", "{vendor}: {next}");
                let back = error(&emulated, "register", sale("order-3")).await;
                assert_eq!(told(&back), ("register_changed", "config", "not_registered"), "{vendor}: {back}");
                assert!(back["message"].as_str().unwrap().contains("order-2"), "{vendor}: {back}");
                assert_eq!(bench.sales(), 1, "{vendor}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn moved_while_something_is_open_nothing_is_sent() {
    let bench = Bench::new().await;
    let main = json!({"register": "main"});
    let till = atol(&bench, "v5", main.clone());
    ok(&till, "enqueue", json!({"receipts": [receipt("order-1")]})).await;
    let moved = atol(&bench, "v5", json!({"register": "main", "group_code": "foreign"}));
    let before = bench.emulator.requests().len();
    for (operation, request) in [
        ("register", receipt("order-1")),
        ("register", receipt("order-2")),
        ("enqueue", json!({"receipts": [receipt("order-2")]})),
        ("deliver", json!({})),
        ("resolve", json!({"id": "order-1"})),
    ] {
        let envelope = call(&moved, operation, request).await;
        let refused = match operation {
            "enqueue" => &envelope["ok"]["errors"][0]["error"],
            _ => &envelope["error"],
        };
        let refused = if refused.is_null() { &envelope["error"] } else { refused };
        assert_eq!(
            told(refused),
            ("register_changed", "config", "not_registered"),
            "{operation}: {envelope}"
        );
    }
    let refused = error(&moved, "register", receipt("order-2")).await;
    let message = refused["message"].as_str().unwrap();
    for part in ["foreign", "loopback", "order-1", "1 receipt(s)"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(ok(&moved, "status", json!({"id": "order-1"})).await["state"], "queued");
    assert_eq!(bench.emulator.requests().len(), before, "something was sent");
    // The way back is open.
    assert_eq!(ok(&till, "deliver", json!({})).await["left"], 1);
    ok(&till, "wait", json!({"id": "order-1"})).await;
    assert_eq!(bench.emulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn moved_while_a_receipt_is_in_doubt_the_other_group_is_not_asked_about_it() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({"register": "main"}));
    bench.fault(
        json!({"vendor": "atol", "route": "submit", "when": "before_record", "do": "drop", "times": 9}),
    );
    assert_eq!(error(&till, "register", receipt("order-1")).await["outcome"], "unknown");
    let moved = atol(&bench, "v5", json!({"register": "main", "group_code": "foreign"}));
    let before = bench.emulator.requests().len();
    let refused = error(&moved, "register", receipt("order-1")).await;
    assert_eq!(told(&refused), ("register_changed", "config", "unknown"), "{refused}");
    assert!(refused["advice"].as_str().unwrap().contains("never use a new id"), "{refused}");
    let status = ok(&moved, "status", json!({"id": "order-1"})).await;
    assert!(status["notice"].as_str().unwrap().contains("foreign"), "{status}");
    assert_eq!(bench.emulator.requests().len(), before, "something was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn moved_with_everything_final_old_ids_go_on_giving_what_is_recorded() {
    let bench = Bench::new().await;
    sold(&atol(&bench, "v5", json!({"register": "main"})), receipt("order-1")).await;
    let moved = atol(&bench, "v5", json!({"register": "main", "group_code": "foreign"}));
    assert_eq!(ok(&moved, "register", receipt("order-1")).await["state"], "registered");
    let refused = error(&moved, "register", receipt("order-2")).await;
    assert_eq!(refused["kind"], "auth", "the new group is asked: {refused}");
    assert_eq!(bench.emulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_with_another_address_sells_on_and_old_ids_stay() {
    let bench = Bench::new().await;
    sold(&ikkm(&bench, json!({})), tenge("order-1")).await;
    let address = bench.emulator.config("ikkm")["base_url"].as_str().unwrap().to_owned();
    let moved = ikkm(&bench, json!({"base_url": address.replace("127.0.0.1", "localhost")}));
    assert_eq!(ok(&moved, "register", tenge("order-1")).await["state"], "registered");
    assert_eq!(registered(&moved, tenge("order-2")).await["state"], "registered");
    assert_eq!(bench.sales(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn renamed_it_is_refused_by_name_and_nothing_is_sent() {
    for (vendor, till, sale) in CASES {
        let bench = Bench::new().await;
        open_shift(&bench, vendor).await;
        let own = bench.emulator.config(vendor)["register"].clone();
        let own = if own.is_null() { json!("main") } else { own };
        sold(&till(&bench, json!({"register": own})), sale("order-1")).await;
        let renamed = till(&bench, json!({"register": "other"}));
        let before = bench.emulator.requests().len();
        let again = error(&renamed, "register", sale("order-1")).await;
        assert_eq!(told(&again), ("register_changed", "config", "registered"), "{vendor}: {again}");
        let message = again["message"].as_str().unwrap();
        assert!(message.contains(own.as_str().unwrap()) && message.contains("other"), "{vendor}: {message}");
        let new = error(&renamed, "register", sale("order-2")).await;
        assert_eq!(told(&new), ("register_changed", "config", "not_registered"), "{vendor}: {new}");
        assert_eq!(bench.emulator.requests().len(), before, "{vendor}: something was sent");
        assert_eq!(bench.sales(), 1, "{vendor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retail_point_that_is_named_later_or_no_more_changes_nothing() {
    let bench = Bench::new().await;
    let point = bench.emulator.config("modulkassa")["retail_point_id"].clone();
    let point = if point.is_null() { json!("point-1") } else { point };
    let (without, with) = (json!({"retail_point_id": null}), json!({"retail_point_id": point}));
    for [first, second] in [[&without, &with], [&with, &without]] {
        let bench = Bench::new().await;
        let till = bench.client_with(first.clone());
        sold(&till, receipt("order-1")).await;
        ok(&till, "enqueue", json!({"receipts": [receipt("order-2")]})).await;
        let till = bench.client_with(second.clone());
        assert_eq!(ok(&till, "status", json!({"id": "order-1"})).await["state"], "registered");
        assert_eq!(ok(&till, "register", receipt("order-1")).await["state"], "registered");
        sold(&till, receipt("order-2")).await;
        assert_eq!(bench.sales(), 2, "{first} {second}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_the_last_version_keeps_its_names() {
    // Begun before the retail point was named.
    let bench = Bench::new().await;
    sold(&bench.client_with(json!({"retail_point_id": null})), receipt("order-1")).await;
    as_the_last_version_left_it(&bench);
    let till = bench.client_with(json!({"retail_point_id": "point-1"}));
    assert_eq!(ok(&till, "status", json!({"id": "order-1"})).await["state"], "registered");
    assert_eq!(ok(&till, "register", receipt("order-1")).await["state"], "registered");
    assert_eq!(bench.sales(), 1);
    // Two names that it had for one register both stay.
    let bench = Bench::new().await;
    for name in ["one", "two"] {
        sold(&bench.client_with(json!({"register": name})), receipt(&format!("{name}-1"))).await;
        as_the_last_version_left_it(&bench);
    }
    for name in ["one", "two"] {
        let till = bench.client_with(json!({"register": name}));
        assert_eq!(ok(&till, "register", receipt(&format!("{name}-1"))).await["state"], "registered");
        sold(&till, receipt(&format!("{name}-2"))).await;
    }
    let third = bench.client_with(json!({"register": "three"}));
    assert_eq!(error(&third, "register", receipt("one-1")).await["code"], "register_changed");
    assert_eq!(bench.sales(), 4);
    // And it learns who the register is: moving it is noticed from then on.
    as_the_last_version_left_it(&bench);
    sold(&bench.client_with(json!({"register": "one"})), receipt("one-3")).await;
    let live = bench.client_with(json!({"register": "one", "base_url": "https://vendor.invalid"}));
    assert_eq!(error(&live, "register", receipt("one-1")).await["code"], "other_system");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_cash_register_without_a_name_may_be_the_first_one() {
    let bench = Bench::new().await;
    sold(&atol(&bench, "v5", json!({})), receipt("order-1")).await;
    let other =
        |name: Value| atol(&bench, "v5", json!({"group_code": "demo-shop-ru_1001", "register": name}));
    for _ in 0..2 {
        let refused = error(&other(Value::Null), "register", receipt("order-1")).await;
        assert_eq!(told(&refused).0, "register_changed", "{refused}");
        assert!(refused["message"].as_str().unwrap().contains("`register`"), "{refused}");
    }
    assert_eq!(bench.sales(), 1);
    let envelope = call(&other(json!("second")), "register", receipt("order-2")).await;
    assert_ne!(envelope["error"]["code"], "register_changed", "{envelope}");
    sold(&atol(&bench, "v5", json!({})), receipt("order-3")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_start_at_once_agree_on_one_name() {
    for _ in 0..8 {
        let bench = Bench::new().await;
        let named = |name: &str| bench.client_with(json!({"register": name}));
        let (one, two) = (named("one"), named("two"));
        let (first, second) =
            tokio::join!(call(&one, "register", receipt("a")), call(&two, "register", receipt("a")));
        let refused = [&first, &second].into_iter().filter(|e| e["error"]["code"] == "register_changed");
        assert_eq!(refused.count(), 1, "{first} {second}");
        // Derived names: whoever is first, the other takes it over.
        let bench = Bench::new().await;
        let pointed = |point: Value| bench.client_with(json!({"retail_point_id": point}));
        let (one, two) = (pointed(Value::Null), pointed(json!("point-1")));
        let (first, second) =
            tokio::join!(call(&one, "register", receipt("a")), call(&two, "register", receipt("a")));
        assert!(first["error"].is_null() && second["error"].is_null(), "{first} {second}");
        ok(&one, "wait", json!({"id": "a"})).await;
        assert_eq!(bench.sales(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_different_configurations_never_send_for_each_other() {
    for _ in 0..8 {
        let bench = Bench::new().await;
        let main = atol(&bench, "v5", json!({"register": "main"}));
        sold(&main, receipt("first")).await;
        let moved = atol(&bench, "v5", json!({"register": "main", "group_code": "foreign"}));
        let (of_main, of_moved) =
            tokio::join!(call(&main, "register", receipt("a")), call(&moved, "register", receipt("b")));
        let is_refused = |envelope: &Value| envelope["error"]["code"] == "register_changed";
        assert!(is_refused(&of_main) || is_refused(&of_moved), "{of_main} {of_moved}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pruned_numbers_that_come_again_are_of_the_new_register() {
    let bench = Bench::new().await;
    let till = ikkm(&bench, json!({}));
    sold(&till, tenge("order-1")).await;
    let live = ikkm(&bench, production(&bench, "ikkm"));
    assert_eq!(error(&live, "register", tenge("order-1")).await["code"], "other_system");
    let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap();
    assert_eq!(ok(&live, "prune", json!({"before": now})).await["entries"], 1);
    sold(&live, tenge("order-2")).await;
    assert_eq!(ok(&live, "register", tenge("order-2")).await["state"], "registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_shares_what_is_in_memory() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({"journal": "memory:", "register": "one"}));
    sold(&till, receipt("order-1")).await;
    sold(&till, receipt("order-2")).await;
    let other = atol(&bench, "v5", json!({"journal": "memory:", "register": "two"}));
    sold(&other, receipt("order-3")).await;
    assert_eq!(bench.emulator.ledger().len(), 3);
}
