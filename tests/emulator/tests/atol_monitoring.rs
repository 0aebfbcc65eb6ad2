//! protocol/atol.md 4.1 items 33 to 35, and what a test does with registers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cloud;

use cloud::{Shop, sale_v4, sale_v5, with};
use serde_json::{Value, json};

const FIELDS: [&str; 16] = [
    "deviceNumber",
    "fiscalStorageExpiration",
    "fiscalStorageINN",
    "fiscalStoragePaymentAddress",
    "fiscalStoragePercentageUse",
    "fiscalStorageSerialNumber",
    "fiscalizationDate",
    "groupCode",
    "isShiftOpened",
    "networkErrorCode",
    "registrationNumber",
    "serialNumber",
    "shiftNumber",
    "shiftReceipt",
    "signedDocuments",
    "timestamp",
];

fn serials(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|kkt| kkt["serialNumber"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn item_33_the_list_is_an_array_and_one_is_under_data() {
    let shop = Shop::v5().await;
    let seed = json!({ "account": { "login": shop.part("login") }, "group": { "code": "second", "kkts": 3, "protocol": "v4" } });
    shop.emulator.seed("atol", seed).unwrap();
    let list = shop.monitor("").await;
    let all = serials(&list.json());
    assert_eq!((list.status, all.len()), (200, 5));
    assert_eq!(
        (list.text("/0/groupCode"), list.text("/4/groupCode")),
        (shop.part("group_code"), "second".into())
    );
    for (query, from, to) in [
        ("?limit=2", 0, 2),
        ("?offset=3", 3, 5),
        ("?limit=2&offset=1", 1, 3),
        ("?limit=9&offset=4", 4, 5),
        ("?offset=5", 5, 5),
    ] {
        assert_eq!(serials(&shop.monitor(query).await.json()), all[from..to], "{query}");
    }
    for query in ["?limit=x", "?offset=-1"] {
        assert_eq!(shop.monitor(query).await.error(), (400, 40), "{query}");
    }
    let one = shop.monitor(&format!("/{}", all[1])).await;
    assert_eq!(one.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["data"]);
    assert_eq!(one.text("/data/serialNumber"), all[1]);
    assert_eq!(shop.monitor("/000").await.error(), (404, 40));
    shop.switch("monitoring_unknown_serial", 400);
    assert_eq!(shop.monitor("/000").await.error(), (400, 40));
    shop.switch("monitoring_default_limit", 4);
    shop.switch("monitoring_max_limit", 3);
    assert_eq!(serials(&shop.monitor("?limit=9").await.json()), all[..3]);
    shop.switch("monitoring_max_limit", 0);
    assert_eq!(serials(&shop.monitor("").await.json()), all[..4]);
    shop.switch("monitoring_list", "data");
    assert_eq!(shop.monitor("").await.at("/data/3/serialNumber"), json!(all[3]));
}

#[tokio::test]
async fn item_33_only_the_registers_of_the_login() {
    let shop = Shop::v4().await;
    let list = shop.monitor("").await.json();
    assert!(list.as_array().unwrap().iter().all(|kkt| kkt["groupCode"] == "demo-shop-ru_1001"), "{list}");
    let other = Shop::v5().await.first_serial().await;
    assert_eq!(shop.monitor(&format!("/{other}")).await.status, 404);
    assert_eq!(shop.send("GET", "/api/kkt/v1/cash-registers", &[], "").await.error(), (401, 10));
}

#[tokio::test]
async fn item_34_monitoring_shows_the_registers_that_record() {
    let shop = Shop::v5().await;
    let fresh = shop.monitor("").await.json();
    let keys: Vec<_> = fresh[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, FIELDS);
    assert_eq!((&fresh[0]["isShiftOpened"], &fresh[0]["networkErrorCode"]), (&json!(false), &json!(0)));
    let done = shop.through("sell", &sale_v5("a")).await;
    let serial = fresh
        .as_array()
        .unwrap()
        .iter()
        .find(|kkt| kkt["deviceNumber"] == done.text("/device_code"))
        .unwrap()["serialNumber"]
        .clone();
    let one = format!("/{}", serial.as_str().unwrap());
    let kkt = shop.monitor(&one).await.at("/data");
    let payload = done.at("/payload");
    for (name, of_report) in [
        ("signedDocuments", "fiscal_document_number"),
        ("shiftNumber", "shift_number"),
        ("shiftReceipt", "fiscal_receipt_number"),
        ("fiscalStorageSerialNumber", "fn_number"),
        ("registrationNumber", "ecr_registration_number"),
    ] {
        assert_eq!(kkt[name], payload[of_report], "{name}");
    }
    assert_eq!((&kkt["isShiftOpened"], &kkt["shiftReceipt"]), (&json!(true), &json!(1)));
    assert_eq!(
        (&kkt["fiscalStorageINN"], &kkt["groupCode"]),
        (&shop.config["company"]["tax_id"], &shop.config["group_code"])
    );
    assert_eq!(kkt["fiscalStoragePaymentAddress"], shop.config["company"]["payment_address"]);
    for name in ["fiscalizationDate", "fiscalStorageExpiration", "timestamp"] {
        let text = kkt[name].as_str().unwrap();
        assert!(text.len() == 25 && text.ends_with("+00:00") && text.as_bytes()[10] == b'T', "{name} {text}");
    }
    let percent = kkt["fiscalStoragePercentageUse"].to_string();
    assert!(percent.split_once('.').is_none_or(|(_, decimals)| decimals.len() <= 2), "{percent}");
    assert!(serial.as_str().unwrap().starts_with('0'));
    shop.emulator.advance_s(24 * 3600);
    let closed = shop.monitor(&one).await.at("/data");
    assert_eq!(
        (&closed["isShiftOpened"], &closed["shiftNumber"], &closed["shiftReceipt"]),
        (&json!(false), &kkt["shiftNumber"], &json!(1))
    );
}

#[tokio::test]
async fn item_35_every_network_error_and_what_is_not_sent() {
    let shop = Shop::v4().await;
    for code in 0..=8 {
        shop.switch("network_error_code", code);
        assert_eq!(shop.monitor("").await.at("/1/networkErrorCode"), json!(code));
    }
    assert!(shop.emulator.switch("atol", "network_error_code", 9).is_err());
    assert!(shop.emulator.switch("atol", "utc_offset_hours", 15).is_err());
    for id in ["a", "b", "c"] {
        assert_eq!(shop.through("sell", &sale_v4(id)).await.text("/status"), "done");
    }
    let list = shop.monitor("").await.json();
    assert_eq!((&list[0]["unsentDocs"], &list[1]["unsentDocs"]), (&json!(2), &json!(1)));
    assert!(list[0]["firstUnsetDocTimestamp"].as_str().unwrap().ends_with("+00:00"));
    shop.switch("network_error_code", 0);
    let list = shop.monitor("").await.json();
    assert!(list[0].get("unsentDocs").is_none() && list[0].get("firstUnsetDocTimestamp").is_none());
    shop.switch("network_error_code", 2);
    assert!(shop.monitor("").await.at("/0/unsentDocs").is_null());
}

#[tokio::test]
async fn registers_are_operated_one_by_one() {
    let shop = Shop::v5().await;
    let all = serials(&shop.monitor("").await.json());
    let act = |serial: &str, action: &str, what: Value| shop.emulator.operate(serial, action, what);
    assert_eq!(act(&all[0], "network", json!({ "code": 5 })).unwrap()["networkErrorCode"], 5);
    shop.through("sell", &sale_v5("a")).await;
    let list = shop.monitor("").await.json();
    assert_eq!((&list[0]["unsentDocs"], list[1].get("unsentDocs")), (&json!(1), None));
    assert!(act(&all[0], "network", json!({})).unwrap().get("unsentDocs").is_none());
    act(&all[1], "power", json!({ "on": false })).unwrap();
    let devices: Vec<String> =
        [shop.through("sell", &sale_v5("b")).await, shop.through("sell", &sale_v5("c")).await]
            .iter()
            .map(|r| r.text("/device_code"))
            .collect();
    assert_eq!(devices, [list[0]["deviceNumber"].as_str().unwrap(); 2]);
    assert_eq!(act(&all[0], "close_shift", Value::Null).unwrap()["isShiftOpened"], false);
    let next = shop.through("sell", &sale_v5("d")).await;
    assert_eq!(next.at("/payload/fiscal_receipt_number"), json!(1));
    let attributes = json!({ "set": { "shiftNumber": 0, "isShiftOpened": false, "unsentDocs": 0, "registrationNumber": null }, "absent": ["signedDocuments"] });
    act(&all[0], "attributes", attributes).unwrap();
    let kkt = shop.monitor(&format!("/{}", all[0])).await.at("/data");
    assert_eq!(
        (&kkt["shiftNumber"], &kkt["isShiftOpened"], &kkt["unsentDocs"]),
        (&json!(0), &json!(false), &json!(0))
    );
    assert!(kkt.as_object().unwrap()["registrationNumber"].is_null() && kkt.get("signedDocuments").is_none());
    for (serial, action, what) in [
        ("0", "power", json!({})),
        (&all[0], "explode", json!({})),
        (&all[0], "network", json!({ "code": 9 })),
        (&all[0], "power", json!({ "of": 1 })),
    ] {
        assert!(act(serial, action, what).is_err(), "{serial} {action}");
    }
}

#[tokio::test]
async fn every_route_can_be_struck() {
    let shop = Shop::v5().await;
    let serial = shop.first_serial().await;
    let monitoring = format!("Token: {}", shop.monitoring_token().await);
    let token = format!("Token: {}", shop.token);
    let json_type = "Content-Type: application/json";
    let calls = [
        ("token", "POST", shop.path("getToken"), "login", shop.part("login")),
        ("token", "POST", "/api/auth/v1/gettoken".to_owned(), "login", shop.part("login")),
        ("submit", "POST", shop.of_group("sell"), "external_id", "ord-1".to_owned()),
        ("report", "GET", shop.of_group("report/abc"), "", "abc".to_owned()),
        ("kkts", "GET", "/api/kkt/v1/cash-registers".to_owned(), "", String::new()),
        ("kkt", "GET", format!("/api/kkt/v1/cash-registers/{serial}"), "", serial.clone()),
    ];
    for (route, method, path, key, value) in calls {
        let header = if route.starts_with("kkt") { &monitoring } else { &token };
        let body = if key.is_empty() { String::new() } else { json!({ key: value }).to_string() };
        let mut rule = json!({ "route": route, "do": "status", "status": 418 });
        if !value.is_empty() {
            rule["match"] = json!(value);
        }
        shop.fault(rule);
        assert_eq!(shop.send(method, &path, &[json_type, header], &body).await.status, 418, "{route}");
        assert!(shop.emulator.faults().is_empty());
    }
    shop.fault(json!({ "route": "kkts", "do": "expire_token" }));
    assert_eq!(shop.send("GET", "/api/kkt/v1/cash-registers", &[&monitoring], "").await.error(), (401, 11));
}

#[tokio::test]
async fn a_reset_brings_everything_back_and_keeps_the_config() {
    let shop = Shop::open("v4", &[("queue_timeout_s", json!(200))]).await;
    let description = shop.emulator.description();
    shop.through("sell", &sale_v4("a")).await;
    shop.switch("queue_timeout_s", 1);
    let seed = json!({ "account": { "login": "third", "password": "x y" }, "group": { "code": "third", "email": "third@example.org" } });
    let config = shop.emulator.seed("atol", seed.clone()).unwrap()["config"].clone();
    assert_eq!(
        (&config["password"], &config["company"]["email"], &config["protocol"]),
        (&json!("x y"), &json!("third@example.org"), &json!("v5"))
    );
    assert!(shop.emulator.seed("atol", seed).is_err());
    shop.emulator.operate(&shop.first_serial().await, "power", json!({ "on": false })).unwrap();
    shop.emulator.reset();
    assert_eq!(shop.emulator.description(), description);
    assert_eq!(shop.emulator.switches()["atol"]["queue_timeout_s"], 200);
    assert!(shop.ledger().is_empty());
    assert_eq!(shop.sell(&sale_v4("a")).await.error(), (401, 10));
    let shop = Shop { token: shop.get_token().await.text("/token"), ..shop };
    assert_eq!(shop.through("sell", &sale_v4("a")).await.text("/status"), "done");
    let documents = shop.emulator.documents()["atol"].clone();
    let expected = json!({ "external_id": "a", "operation": "sell", "status": "done", "total": "649.85", "group_code": "demo-shop-ru_1001" });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&documents[0][name], value, "{name}");
    }
    let unlike = with(sale_v4("b"), "/receipt/total", json!(1));
    assert_eq!(shop.failure("sell", &unlike).await.1, 227);
}
