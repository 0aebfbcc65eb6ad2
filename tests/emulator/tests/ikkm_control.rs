//! protocol/ikkm.md 6.1 item E22: the control API.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod device;

use device::{Kkm, REGISTER, address_of, exchange, get_request, reply, sale, until};
use serde_json::{Value, json};

#[tokio::test]
async fn item_22_the_config_is_ready_for_the_client() {
    let kkm = Kkm::open().await;
    let described = kkm.control("GET", "describe", "").await.json();
    let config = &described["vendors"]["ikkm"]["config"];
    let expected = json!({
        "vendor": "ikkm", "base_url": format!("http://{}", kkm.address()), "key": kkm.key(), "register": REGISTER,
    });
    assert_eq!(config, &expected);
    kkm.sell(5).await;
    let after = kkm.control("GET", "describe", "").await.json();
    assert_eq!(after["vendors"]["ikkm"]["config"]["key"], kkm.key());
    assert_ne!(after["vendors"]["ikkm"]["config"]["key"], config["key"]);
}

#[tokio::test]
async fn item_22_ledger_requests_and_documents() {
    let kkm = Kkm::open().await;
    let key = kkm.key();
    kkm.sell(500).await;
    kkm.act("sell_by_hand", json!({ "sum": "12.50" }));
    let ledger = kkm.control("GET", "ledger", "").await.json();
    let expected = json!([
        {
            "vendor": "ikkm", "register": REGISTER, "receipt_key": key, "number": "1", "kind": "sell",
            "total": "500.00", "lines": 1, "fiscal_document_number": "1",
            "fiscal_sign": ledger[0]["fiscal_sign"], "at": ledger[0]["at"],
        },
        {
            "vendor": "ikkm", "register": REGISTER, "receipt_key": "", "number": "2", "kind": "sell",
            "total": "12.50", "lines": 1, "fiscal_document_number": "2",
            "fiscal_sign": ledger[1]["fiscal_sign"], "at": ledger[1]["at"], "by": "operator",
        },
    ]);
    assert_eq!(ledger, expected);
    kkm.post("/api", &[("key", "1"), ("print", "Ё")]).await;
    let requests = kkm.control("GET", "requests", "").await.json();
    let told = |index: usize| {
        let request = &requests[index];
        json!([request["index"], request["method"], request["path"], request["query"], request["body"]])
    };
    assert_eq!(told(0), json!([0, "GET", "/api", format!("key={key}&sale=500&cash=500"), ""]));
    assert_eq!(told(1), json!([1, "POST", "/api", "", "key=1&print=%D0%81"]));
    let headers = requests[0]["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["host", "device"])));
    let documents = kkm.control("GET", "documents", "").await.json();
    assert_eq!(documents["ikkm"][0]["documents"].as_array().unwrap().len(), 2);
    assert_eq!(documents["ikkm"][0]["last_receipt"], 2);
}

#[tokio::test]
async fn item_22_actions_over_http() {
    let kkm = Kkm::open().await;
    let act = async |action: &str, body: &str| {
        kkm.control("POST", &format!("devices/{REGISTER}/{action}"), body).await
    };
    assert_eq!(act("rekey", r#"{"key":"777"}"#).await.json()["key"], "777");
    let shown = act("sell_by_hand", r#"{"sum":100}"#).await.json();
    assert_eq!((&shown["last_receipt"], &shown["drawer"]), (&json!(1), &json!("100.00")));
    assert_eq!(act("reboot", "").await.json()["register"], REGISTER);
    assert_eq!(act("paper", r#"{"out":true}"#).await.json()["paper_out"], true);
    assert_eq!(act("battery", r#"{"low":true}"#).await.json()["battery_low"], true);
    assert_eq!(act("ofd_block", r#"{"code":15}"#).await.json()["ofd_block"], 15);
    assert_eq!(act("user", r#"{"role":"cashier"}"#).await.json()["user"]["role"], "cashier");
    assert_eq!(act("shift", r#"{"open":false}"#).await.json()["shift"]["open"], false);
    assert_eq!(act("shift", r#"{"open":true}"#).await.json()["shift"], json!({ "id": 2, "open": true }));
    let since =
        act("offline_since", r#"{"at":"2026-01-01T00:00:00Z"}"#).await.json()["offline_since"].clone();
    assert_eq!(since, "2026-01-01T00:00:00Z");
    for (action, body) in [
        ("explode", ""),
        ("paper", ""),
        ("paper", r#"{"in":true}"#),
        ("busy", r#"{"ms":-1}"#),
        ("sell_by_hand", r#"{"sum":"x"}"#),
        ("sell_by_hand", r#"{"sum":0}"#),
        ("user", r#"{"role":"boss"}"#),
        ("tax", r#"{"code":9,"percent":1,"on_top":true}"#),
        ("offline_since", r#"{"at":"yesterday"}"#),
        ("offline_since", r#"{"at":"2026-01-01T00:00:00Z","hours":1}"#),
        ("rekey", "not JSON"),
    ] {
        let reply = act(action, body).await;
        assert_eq!(reply.status, 400, "{action} {body}");
        assert!(reply.json()["error"].is_string());
    }
    let nobody = kkm.control("POST", "devices/000/reboot", "").await;
    assert_eq!((nobody.status, nobody.json()["error"].clone()), (400, json!("no device \"000\"")));
}

#[tokio::test]
async fn item_22_more_devices() {
    let kkm = Kkm::open().await;
    let seed = json!({ "vendor": "ikkm", "device": { "drawer": "1000.50", "last_receipt": 1566 } });
    let second = kkm.control("POST", "seed", &seed.to_string()).await.json()["config"].clone();
    assert_eq!((&second["vendor"], &second["register"]), (&json!("ikkm"), &json!("011700029001")));
    assert_ne!(second["key"], kkm.key());
    let own = json!({ "vendor": "ikkm", "device": { "register": "42", "key": "40718263" } });
    let third = kkm.control("POST", "seed", &own.to_string()).await.json()["config"].clone();
    assert_eq!((&third["register"], &third["key"]), (&json!("42"), &json!("40718263")));
    let refund = format!("/api?key={}&saleReturn=1000&cash=1000", second["key"].as_str().unwrap());
    let answered = reply(exchange(&address_of(&second), get_request(&refund).as_bytes()).await.unwrap());
    assert_eq!((answered.status, answered.reason().as_str()), (200, "1567"));
    let foreign = reply(exchange(&address_of(&third), get_request(&refund).as_bytes()).await.unwrap());
    assert_eq!(foreign.code(), -1);
    assert_eq!(kkm.ledger()[0].register, "011700029001");
    assert_eq!(kkm.emulator.description()["vendors"]["ikkm"]["others"].as_array().unwrap().len(), 2);
    let wrong =
        [json!({ "register": "42" }), json!({ "key": "x" }), json!({ "drawer": "x" }), json!({ "prt": 1 })];
    for device in wrong {
        let seed = json!({ "vendor": "ikkm", "device": device });
        assert_eq!(kkm.control("POST", "seed", &seed.to_string()).await.status, 400, "{device}");
    }
}

#[tokio::test]
async fn item_22_a_reset_brings_everything_back_and_keeps_port_and_key() {
    let kkm = Kkm::open_with(&[("repeat_depth", json!(3))]).await;
    let description = kkm.emulator.description();
    let key = kkm.key();
    let second = kkm.emulator.seed("ikkm", json!({})).unwrap()["config"].clone();
    let keys = [kkm.sell(5).await, kkm.sell(5).await];
    kkm.switch("repeat_depth", 7);
    for (action, what) in [
        ("paper", json!({ "out": true })),
        ("battery", json!({ "low": true })),
        ("ofd_block", json!({ "code": 1 })),
        ("user", json!({ "id": 9, "role": "cashier" })),
        ("busy", json!({ "ms": 60_000 })),
        ("power", json!({ "on": false })),
    ] {
        kkm.act(action, what);
    }
    kkm.fault(json!({ "route": "*", "do": "drop", "times": null }));
    assert_eq!(kkm.control("POST", "reset", "").await.json(), description);
    let address: std::net::SocketAddr = kkm.address().parse().unwrap();
    let connects = |address| std::net::TcpStream::connect(address).is_ok();
    until("it listens again", || connects(address)).await;
    assert_eq!(kkm.call("/apicheck", "").await.told(), (200, "0".into(), "0".into()));
    assert_eq!((kkm.key(), kkm.emulator.switches()["ikkm"]["repeat_depth"].clone()), (key.clone(), json!(3)));
    assert_eq!([kkm.sell(5).await, kkm.sell(5).await], keys, "the same keys come again");
    assert_eq!(kkm.sale_with(&key, 5).await.reason(), "1");
    assert_eq!(kkm.ledger().len(), 2);
    let gone: std::net::SocketAddr = address_of(&second).parse().unwrap();
    until("the added device is gone", || !connects(gone)).await;
}

#[tokio::test]
async fn item_22_what_was_under_way_at_a_reset_leaves_no_trace() {
    let kkm = Kkm::open().await;
    kkm.fault(json!({ "route": "register", "do": "delay", "delay_ms": 100 }));
    let key = kkm.key();
    let target = sale(&key, 5);
    let (lost, ()) = tokio::join!(kkm.try_get(&target), async {
        until("the request has arrived", || !kkm.emulator.requests().is_empty()).await;
        kkm.emulator.reset();
    });
    assert!(lost.is_none() && kkm.ledger().is_empty());
    assert_eq!(kkm.device()["busy"], false);
    assert_eq!(kkm.sale_with(&key, 5).await.status, 200);
    assert_eq!(kkm.ledger().len(), 1);
}

#[tokio::test]
async fn item_22_switches_by_name() {
    let kkm = Kkm::open().await;
    let all = kkm.control("GET", "switches", "").await.json()["ikkm"].clone();
    assert_eq!((&all["repeat_depth"], &all["repeat_check"]), (&json!(1), &json!("first")));
    let patch =
        json!({ "vendor": "ikkm", "repeat_depth": "0", "overpaid_return": -9, "lookup_not_found": 404 });
    let after = kkm.control("POST", "switches", &patch.to_string()).await.json()["ikkm"].clone();
    let changed = ["repeat_depth", "overpaid_return", "lookup_not_found"].map(|name| after[name].clone());
    assert_eq!(changed, [json!(0), json!("-9"), json!("404")]);
    for (name, value) in
        [("repeat_dept", json!(1)), ("repeat_check", json!("middle")), ("pace_ms", Value::Null)]
    {
        let mut patch = json!({ "vendor": "ikkm" });
        patch[name] = value;
        let refused = kkm.control("POST", "switches", &patch.to_string()).await;
        assert!(refused.status == 400 && refused.body().contains(name), "{}", refused.body());
    }
}
