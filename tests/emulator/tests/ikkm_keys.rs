//! protocol/ikkm.md 3, 6.1 items E4 to E7.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod device;

use std::collections::HashSet;

use device::Kkm;
use serde_json::{Value, json};

#[tokio::test]
async fn item_04_keys_are_positive_random_and_never_come_again() {
    let kkm = Kkm::open().await;
    assert_eq!(kkm.config["key"], kkm.key());
    let mut keys = vec![kkm.key()];
    for _ in 0..100 {
        let key = kkm.sell(1).await;
        assert!(key.len() == 8 && !key.starts_with('0'), "{key}");
        keys.push(key);
    }
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    assert!(!keys.is_sorted());
    kkm.switch("key_digits", 12);
    assert_eq!(kkm.sell(1).await.len(), 12);
    let set = kkm.act("rekey", json!({ "key": "00000042" }));
    assert_eq!(set["key"], "00000042");
    assert_eq!(kkm.sale_with("00000042", 1).await.status, 200);
    let random = kkm.act("rekey", json!(null))["key"].as_str().unwrap().to_owned();
    assert_eq!(kkm.sale_with(&random, 1).await.status, 200);
    for wrong in ["", "0", "-5", "abc"] {
        assert!(kkm.emulator.operate(device::REGISTER, "rekey", json!({ "key": wrong })).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn item_05_the_key_moves_on_success_only() {
    let kkm = Kkm::open().await;
    kkm.switch("bank_busy_ms", 0);
    let mut key = kkm.key();
    for (path, rest) in
        [("/api", "&sale=500&cash=500"), ("/apideposit/", "&cash=100"), ("/apiwithdraw/", "&cash=100")]
    {
        let new = kkm.call(path, rest).await.new_key();
        assert_ne!(new, key, "{path}");
        key = new;
    }
    let refusals = ["/api?cash=5", "/apifoo?", "/api?sale=5&cash=4", "/api?sale=5&cash=5&tax=99"];
    for target in refusals {
        assert_eq!(kkm.get(&format!("{target}&key={}", kkm.key())).await.status, 400);
    }
    for (path, rest) in [
        ("/apicheck", ""),
        ("/apicheck/printLastDocument", ""),
        ("/apicheck/getInfo", ""),
        ("/apicheck/getInfo/", "&show=minimum"),
        ("/apibank/", "&amount=5"),
        ("/apixreport", ""),
        ("/dump/table/items", ""),
        ("/dump/table/catalog", ""),
        ("/dump/table/taxes", ""),
        ("/dump/table/cashiers", ""),
        ("/dump/table/shifts", ""),
        ("/dump/table/shifts/1/cheques", ""),
        ("/dump/table/shifts/1/sales", ""),
        ("/dump/table/shifts/1/report", ""),
        ("/apizreport", ""),
    ] {
        assert_eq!(kkm.call(path, rest).await.status, 200, "{path}");
        assert_eq!(kkm.call(path, rest).await.status, 200, "{path} again");
    }
    assert_eq!(kkm.post("/apiprint", &[("key", &key), ("print", "x")]).await.body(), "0");
    assert_eq!(kkm.key(), key);
    assert_eq!(kkm.ledger().len(), 3);
}

async fn sell_three(kkm: &Kkm) -> [String; 3] {
    let first = kkm.key();
    let second = kkm.sell(100).await;
    let third = kkm.sell(200).await;
    kkm.sell(300).await;
    [first, second, third]
}

#[tokio::test]
async fn item_06_depth_of_the_repeat_memory() {
    for (depth, expected) in [(1, [400, 400, 203]), (2, [400, 203, 203]), (0, [203, 203, 203])] {
        let kkm = Kkm::open_with(&[("repeat_depth", json!(depth))]).await;
        let keys = sell_three(&kkm).await;
        for (index, key) in keys.iter().enumerate() {
            let sum = 100 * (u32::try_from(index).unwrap() + 1);
            let reply = kkm.sale_with(key, sum).await;
            assert_eq!(reply.status, expected[index], "depth {depth}, sale {index}");
            if reply.status == 203 {
                assert_eq!(reply.reason(), (index + 1).to_string());
                assert_eq!(&reply.new_key(), keys.get(index + 1).unwrap_or(&kkm.key()));
            }
        }
        assert_eq!(kkm.ledger().len(), 3);
    }
}

#[tokio::test]
async fn item_06_criterion_key_or_key_and_payload() {
    let kkm = Kkm::open().await;
    let key = kkm.key();
    kkm.sell(100).await;
    assert_eq!(kkm.sale_with(&key, 999).await.told(), (203, "1".into(), kkm.key()));
    assert_eq!(kkm.get(&format!("/apideposit/?key={key}&cash=9")).await.status, 203);
    kkm.switch("repeat_criterion", "key_and_payload");
    assert_eq!(kkm.sale_with(&key, 999).await.code(), -1);
    assert_eq!(kkm.get(&format!("/apideposit/?key={key}&cash=100&sale=100")).await.code(), -1);
    let other_order = kkm.post("/api", &[("cash", "100"), ("sale", "100"), ("key", &key)]).await;
    assert_eq!(other_order.told(), (203, "1".into(), kkm.key()));
    assert_eq!(kkm.ledger().len(), 1);
}

#[tokio::test]
async fn item_06_memory_and_reboots() {
    for (is_volatile, expected) in [(true, 400), (false, 203)] {
        let kkm = Kkm::open_with(&[("repeat_volatile", json!(is_volatile))]).await;
        let key = kkm.key();
        let new = kkm.sell(100).await;
        kkm.act("reboot", json!(null));
        assert_eq!(kkm.sale_with(&key, 100).await.status, expected, "{is_volatile}");
        assert_eq!(kkm.sale_with(&new, 200).await.status, 200);
    }
}

#[tokio::test]
async fn item_06_place_of_the_check_among_the_states() {
    let states: [(&str, Value, Value, i32); 6] = [
        ("battery", json!({ "low": true }), json!({ "low": false }), -5),
        ("paper", json!({ "out": true }), json!({ "out": false }), -6),
        ("ofd_block", json!({ "code": 15 }), json!({ "code": null }), -115),
        ("offline_since", json!({ "hours": 73 }), json!({}), -4),
        ("user", json!({ "id": 201 }), json!({ "id": 166 }), -11),
        ("busy", json!({ "ms": 60_000 }), json!({ "ms": 0 }), -2),
    ];
    let kkm = Kkm::open().await;
    let key = kkm.key();
    kkm.sell(100).await;
    for (action, wrong, right, code) in states {
        kkm.act(action, wrong);
        kkm.switch("repeat_check", "first");
        assert_eq!(kkm.sale_with(&key, 100).await.status, 203, "{action}");
        kkm.switch("repeat_check", "last");
        assert_eq!(kkm.sale_with(&key, 100).await.code(), code, "{action}");
        kkm.act(action, right);
        assert_eq!(kkm.sale_with(&key, 100).await.status, 203, "{action} again");
    }
    kkm.emulator.advance_s(25 * 3600);
    assert_eq!(kkm.sale_with(&key, 100).await.code(), -3);
    assert_eq!(kkm.sale_with("123", 100).await.code(), -1);
}

#[tokio::test]
async fn item_06_a_return_that_emptied_the_drawer_is_refused_again_when_states_come_first() {
    let kkm = Kkm::open_with(&[("repeat_check", json!("last"))]).await;
    kkm.deposit(100).await;
    let key = kkm.key();
    let target = format!("/api?key={key}&saleReturn=100&cash=100");
    assert_eq!(kkm.get(&target).await.status, 200);
    assert_eq!(kkm.get(&target).await.code(), -15);
    kkm.switch("repeat_check", "first");
    assert_eq!(kkm.get(&target).await.status, 203);
}

#[tokio::test]
async fn item_06_repeats_of_cash() {
    for (remembered, expected) in [(true, 203), (false, 400)] {
        let kkm = Kkm::open_with(&[("repeat_cash", json!(remembered))]).await;
        for path in ["/apideposit/", "/apiwithdraw/"] {
            let target = format!("{path}?key={}&cash=100", kkm.key());
            let first = kkm.get(&target).await;
            let again = kkm.get(&target).await;
            assert_eq!(again.status, expected);
            if remembered {
                assert_eq!((again.reason(), again.body()), (first.reason(), first.body()));
            } else {
                assert_eq!(again.code(), -1);
            }
        }
        assert_eq!(kkm.ledger().len(), 2);
    }
}

#[tokio::test]
async fn item_06_the_operators_key_and_what_is_remembered() {
    for (survives, expected) in [(true, 203), (false, 400)] {
        let kkm = Kkm::open_with(&[("repeat_survives_rekey", json!(survives))]).await;
        let key = kkm.key();
        kkm.sell(100).await;
        kkm.act("rekey", json!({ "key": "55555555" }));
        assert_eq!(kkm.sale_with(&key, 100).await.status, expected);
        assert_eq!(kkm.sale_with("55555555", 100).await.status, 200);
    }
}

#[tokio::test]
async fn item_06_checks_and_dumps_with_the_previous_key() {
    let kkm = Kkm::open().await;
    let oldest = kkm.key();
    let previous = kkm.sell(100).await;
    kkm.sell(100).await;
    let check = async |key: &str| kkm.get(&format!("/apicheck?key={key}")).await.body().to_owned();
    let dump = async |key: &str| kkm.get(&format!("/dump/table/items?key={key}")).await.status;
    assert_eq!((check(&previous).await.as_str(), dump(&previous).await), ("-1", 400));
    kkm.switch("check_accepts_previous_key", true);
    assert_eq!((check(&previous).await.as_str(), dump(&previous).await), ("0", 400));
    kkm.switch("dump_accepts_previous_key", true);
    assert_eq!((dump(&previous).await, dump(&oldest).await), (200, 400));
    assert_eq!(check(&oldest).await, "-1");
    assert_eq!(kkm.get(&format!("/apixreport?key={previous}")).await.code(), -1);
    kkm.switch("check_compares_key", false);
    assert_eq!((check(&oldest).await.as_str(), check("777").await.as_str()), ("0", "0"));
    assert_eq!(kkm.get("/apicheck").await.code(), -7);
}

#[tokio::test]
async fn item_06_keys_over_reboots_and_sales_by_hand() {
    let kkm = Kkm::open().await;
    let key = kkm.key();
    assert_eq!(kkm.act("reboot", json!(null))["key"], key);
    assert_eq!(kkm.act("sell_by_hand", json!({ "sum": 50 }))["key"], key);
    kkm.switch("hand_sale_moves_key", true);
    let moved = kkm.act("sell_by_hand", json!({ "sum": "50.00" }))["key"].clone();
    assert_ne!(moved, key);
    kkm.switch("key_survives_reboot", false);
    assert_ne!(kkm.act("reboot", json!(null))["key"], moved);
}

#[tokio::test]
async fn item_07_a_document_is_found_by_the_key_that_made_it() {
    let kkm = Kkm::open().await;
    let key = kkm.key();
    kkm.sell(100).await;
    let cash_key = kkm.key();
    kkm.deposit(100).await;
    kkm.act("reboot", json!(null));
    let lookup = async |old: &str| kkm.call(&format!("/dump/transaction/{old}"), "").await;
    let found = lookup(&key).await;
    let told = found.json();
    assert_eq!((&told["docid"], &told["status"]), (&json!("1"), &json!(1)));
    assert_eq!(told["onlineCode"], kkm.ledger()[0].fiscal_sign);
    assert_eq!(lookup(&cash_key).await.json()["docid"], "2");
    kkm.switch("lookup_finds_cash", false);
    assert_eq!(lookup(&cash_key).await.code(), -7);
    assert_eq!(lookup(&kkm.key()).await.code(), -7);
    assert_eq!(kkm.get(&format!("/dump/transaction/{key}")).await.code(), -7);
    assert_eq!(kkm.get(&format!("/dump/transaction/{key}?key={key}")).await.code(), -1);
}

#[tokio::test]
async fn item_07_forms_of_not_found() {
    let kkm = Kkm::open().await;
    let forms = [("code", 400, "-7"), ("empty", 200, ""), ("object", 200, "{}"), ("404", 404, "")];
    for (form, status, body) in forms {
        kkm.switch("lookup_not_found", form);
        let reply = kkm.call("/dump/transaction/123", "").await;
        assert_eq!((reply.status, reply.body()), (status, body), "{form}");
    }
}
