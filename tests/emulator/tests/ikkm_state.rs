//! protocol/ikkm.md 6.1 items E13 to E15, E17, E19.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod device;

use std::sync::Arc;
use std::time::{Duration, Instant};

use device::{Kkm, REGISTER, sale, until};
use serde_json::json;

const HOUR_S: i64 = 3600;

#[tokio::test]
async fn item_13_the_first_call_opens_a_shift_and_z_closes_it() {
    let kkm = Kkm::open().await;
    let status =
        async || kkm.call("/apicheck/getInfo/", "&show=minimum").await.json()["currentShiftStatus"].clone();
    assert_eq!(status().await, "closed");
    assert_eq!(kkm.call("/apizreport", "").await.body(), "0", "nothing to close");
    assert_eq!(kkm.call("/dump/table/shifts", "").await.json(), json!([]));
    kkm.deposit(100).await;
    assert_eq!(status().await, "opened");
    kkm.call("/apizreport", "").await;
    kkm.call("/apizreport", "").await;
    assert_eq!(status().await, "closed");
    kkm.sell(5).await;
    let shifts = kkm.call("/dump/table/shifts", "").await.json();
    let ids: Vec<_> =
        shifts.as_array().unwrap().iter().map(|s| (s["id"].clone(), s["opened"].clone())).collect();
    assert_eq!(ids, [(json!(1), json!(0)), (json!(2), json!(1))]);
}

#[tokio::test]
async fn item_13_a_shift_lasts_24_hours() {
    let kkm = Kkm::open().await;
    kkm.sell(5).await;
    kkm.emulator.advance_s(24 * HOUR_S - 60);
    kkm.sell(5).await;
    kkm.emulator.advance_s(120);
    for (path, rest) in [("/api", "&sale=5&cash=5"), ("/apicheck", ""), ("/apideposit/", "&cash=5")] {
        let reply = kkm.call(path, rest).await;
        assert_eq!((reply.code(), reply.reason().as_str()), (-3, "shift over 24h"));
    }
    kkm.switch("z_in_any_shift", false);
    assert_eq!(kkm.call("/apizreport", "").await.code(), -3);
    kkm.switch("z_in_any_shift", true);
    assert_eq!(kkm.call("/apizreport", "").await.body(), "0");
    kkm.sell(5).await;
}

#[tokio::test]
async fn item_13_the_shift_of_another_cashier() {
    let kkm = Kkm::open().await;
    kkm.sell(5).await;
    kkm.act("user", json!({ "id": 201, "name": "Наташа", "role": "senior" }));
    assert_eq!(kkm.api("sale=5&cash=5").await.code(), -11);
    assert_eq!(kkm.call("/apicheck", "").await.code(), -11);
    kkm.switch("z_in_any_shift", false);
    assert_eq!(kkm.call("/apizreport", "").await.code(), -11);
    kkm.switch("z_in_any_shift", true);
    kkm.call("/apizreport", "").await;
    kkm.sell(5).await;
    let shifts = kkm.call("/dump/table/shifts", "").await.json();
    assert_eq!((&shifts[0]["cashierId"], &shifts[1]["cashierId"]), (&json!(166), &json!(201)));
    assert_eq!(kkm.call("/dump/table/cashiers", "").await.json()["201"], "Наташа");
}

#[tokio::test]
async fn item_14_offline_receipts_are_sent_later() {
    let kkm = Kkm::open().await;
    kkm.act("offline_since", json!({ "hours": 0 }));
    let key = kkm.key();
    kkm.sell(5).await;
    let lookup = async || kkm.call(&format!("/dump/transaction/{key}"), "").await.json();
    let offline = lookup().await;
    assert_eq!(
        (&offline["status"], &offline["submitDate"], &offline["onlineCode"]),
        (&json!(0), &json!(""), &json!(""))
    );
    let queue = async || kkm.call("/apicheck/getInfo", "").await.json()["messagesQueueSize"].clone();
    assert_eq!(queue().await, "1");
    assert_eq!(kkm.ledger()[0].fiscal_sign, "");
    kkm.emulator.advance_s(71 * HOUR_S);
    kkm.act("shift", json!({ "open": false }));
    kkm.sell(5).await;
    kkm.emulator.advance_s(2 * HOUR_S);
    assert_eq!(kkm.api("sale=5&cash=5").await.code(), -4);
    assert_eq!(kkm.call("/apicheck", "").await.code(), -4);
    kkm.act("offline_since", json!({}));
    let online = lookup().await;
    assert_eq!((&online["status"], online["onlineCode"].as_str().unwrap().len()), (&json!(1), 9));
    assert_ne!(online["submitDate"], online["createDate"]);
    assert_eq!(queue().await, "0");
    kkm.sell(5).await;
    assert_ne!(kkm.ledger()[2].fiscal_sign, "");
}

#[tokio::test]
async fn item_14_blocks_of_the_ofd() {
    let kkm = Kkm::open().await;
    for code in [1, 12, 15, 99] {
        kkm.act("ofd_block", json!({ "code": code }));
        let reply = kkm.api("sale=5&cash=5").await;
        assert_eq!((reply.code(), reply.reason().as_str()), (-100 - code, "blocked by OFD"));
    }
    kkm.act("ofd_block", json!({ "code": null }));
    kkm.sell(5).await;
}

#[tokio::test]
async fn item_15_roles() {
    let kkm = Kkm::open().await;
    let key = kkm.key();
    kkm.sell(5).await;
    let lookup = format!("/dump/transaction/{key}");
    let secret = [
        "/dump/table/shifts",
        "/dump/table/shifts/1/cheques",
        "/dump/table/shifts/1/sales",
        "/dump/table/shifts/1/report",
        &lookup,
    ];
    for (role, status) in [("cashier", 400), ("senior", 200), ("administrator", 200)] {
        kkm.act("user", json!({ "role": role }));
        for path in secret {
            let reply = kkm.call(path, "").await;
            assert_eq!(reply.status, status, "{role} {path}");
            assert!(status == 200 || reply.code() == -16);
        }
        for path in ["/dump/table/items", "/dump/table/taxes", "/apicheck/getInfo", "/apicheck"] {
            assert_eq!(kkm.call(path, "").await.status, 200, "{role} {path}");
        }
    }
    kkm.act("user", json!({ "role": "cashier" }));
    kkm.switch("lookup_needs_senior", false);
    assert_eq!(kkm.call(&lookup, "").await.status, 200);
    assert_eq!(kkm.call("/dump/table/shifts", "").await.code(), -16);
}

#[tokio::test]
async fn item_17_a_bank_payment_keeps_the_device_busy() {
    let kkm = Kkm::open_with(&[("bank_busy_ms", json!(60_000))]).await;
    assert_eq!(kkm.call("/apibank/", "&amount=100").await.told(), (200, "OK".into(), "0".into()));
    for (path, rest) in [
        ("/api", "&sale=5&cash=5"),
        ("/apideposit/", "&cash=5"),
        ("/apiwithdraw/", "&cash=5"),
        ("/apicheck", ""),
        ("/apibank/", "&amount=5"),
        ("/apizreport", ""),
    ] {
        assert_eq!(kkm.call(path, rest).await.code(), -2, "{path}");
    }
    assert_eq!(kkm.call("/apicheck/getInfo", "").await.status, 200);
    assert_eq!(kkm.call("/dump/table/items", "").await.status, 200);
    assert!(kkm.ledger().is_empty());
    kkm.act("reboot", json!(null));
    kkm.switch("bank_busy_ms", 50);
    let started = Instant::now();
    kkm.call("/apibank/", "&amount=100").await;
    until("the bank application ends", || kkm.device()["busy"] == false).await;
    assert!(started.elapsed() >= Duration::from_millis(50));
    kkm.sell(5).await;
}

#[tokio::test]
async fn item_17_an_operator_keeps_the_device_busy() {
    let kkm = Kkm::open().await;
    assert_eq!(kkm.act("busy", json!({ "ms": 60_000 }))["busy"], true);
    assert_eq!(kkm.api("sale=5&cash=5").await.code(), -2);
    assert_eq!(kkm.act("busy", json!({ "ms": 0 }))["busy"], false);
    kkm.sell(5).await;
}

#[tokio::test]
async fn item_19_busy_while_a_registration_runs() {
    let kkm = Kkm::open_with(&[("processing_ms", json!(150))]).await;
    let key = kkm.key();
    let target = sale(&key, 100);
    let (slow, ()) = tokio::join!(kkm.get(&target), async {
        until("the device works", || kkm.device()["busy"] == true).await;
        assert_eq!(kkm.get(&target).await.told(), (400, "busy".into(), "-2".into()));
        assert_eq!(kkm.get(&format!("/apicheck?key={key}")).await.code(), -2);
        assert_eq!(kkm.sale_with("111", 5).await.code(), -1);
        assert!(kkm.ledger().is_empty());
    });
    assert_eq!((slow.status, kkm.ledger().len()), (200, 1));
    assert_eq!(kkm.get(&target).await.status, 203);
    let started = Instant::now();
    assert_eq!(kkm.api("sale=5&cash=4").await.code(), -10);
    assert!(started.elapsed() < Duration::from_millis(150), "a refusal takes no time");
}

#[tokio::test]
async fn item_19_a_reboot_ends_a_registration_that_runs() {
    let kkm = Kkm::open_with(&[("processing_ms", json!(60_000))]).await;
    let key = kkm.key();
    let (lost, ()) = tokio::join!(kkm.try_sale_with(&key, 100), async {
        until("the device works", || kkm.device()["busy"] == true).await;
        kkm.emulator.operate(REGISTER, "reboot", json!(null)).unwrap();
    });
    assert!(lost.is_none() && kkm.ledger().is_empty());
    kkm.switch("processing_ms", 0);
    assert_eq!(kkm.sale_with(&key, 100).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn item_19_many_clients_with_one_key_make_one_sale() {
    let kkm = Arc::new(Kkm::open_with(&[("processing_ms", json!(5))]).await);
    for _ in 0..10 {
        let target = sale(&kkm.key(), 100);
        let client = |kkm: Arc<Kkm>, target: String| async move { kkm.get(&target).await };
        let clients: Vec<_> = (0..8).map(|_| tokio::spawn(client(kkm.clone(), target.clone()))).collect();
        let mut registered = 0;
        for client in clients {
            let reply = client.await.unwrap();
            registered += usize::from(reply.status == 200);
            assert!(reply.status != 400 || reply.code() == -2, "{reply:?}");
        }
        assert_eq!(registered, 1);
    }
    assert_eq!(kkm.ledger().len(), 10);
}
