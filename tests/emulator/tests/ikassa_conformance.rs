//! protocol/ikassa.md 6.7, 6.8: the example calls byte for byte, in the order of a day.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod till;

use kassa_emulator::Kind;
use serde_json::{Value, json};
use till::{DEVICE, FORM, JSON, NAME, Reply, Till, no};

const DEPOSIT: &str = r#"{"header":{"cashier":"Sidorova A. V.","currency":"BYN","@attrs":{}},"sum":5000}"#;

const SALE: &str = r#"{
  "header": {"cashier": "Sidorova A. V.", "currency": "BYN", "@attrs": {}},
  "items": [
    {"name": "Notebook A5", "price": 320, "quantity": 2000, "tax": "20",
     "section": {"code": 3, "name": "Stationery"},
     "modifiers": [{"modifier": -40, "name": "Card holder", "group": "loyalty"}]},
    {"name": "Apples", "price": 1190, "quantity": 350, "tax": "10"}
  ],
  "payments": [{"type": 0, "sum": 450}, {"type": 1, "sum": 600}],
  "modifiers": [{"modifier": 33, "name": "Packing"}]
}"#;

const REFUND: &str = r#"{"header":{"cashier":"Sidorova A. V.","currency":"BYN","@attrs":{}},
 "items":[{"name":"Notebook A5","price":320,"quantity":1000,"tax":"20","modifiers":[{"modifier":-20}]}],
 "payments":[{"type":1,"sum":300}]}"#;

impl Till {
    /// A call with the headers of the SDK and no others (protocol/ikassa.md 6.8).
    async fn sdk(&self, token: &str, method: &str, what: &str, body: &str) -> Reply {
        let authorization = format!("Authorization: Bearer {token}");
        let headers = ["User-Agent: GuzzleHttp/7", &authorization, "Content-Type: application/json"];
        self.send(method, &format!("/api/workstations.{what}"), &headers, body).await
    }
}

fn is_uid(text: &str) -> bool {
    text.len() == 24 && text.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_lowercase())
}

#[tokio::test]
async fn the_example_calls_of_a_day() {
    let till = Till::open().await;

    let code = till.form("/oauth/device/code", DEVICE).await;
    assert!(code.text("device_code").starts_with("dc_") && !code.text("user_code").is_empty());
    assert_eq!(code.at("/expires_in"), 600);

    let device_code = code.text("device_code");
    let poll = format!(
        "client_id=demo-client&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code={device_code}"
    );
    let pending = till.send("POST", "/oauth/token", &[FORM], &poll).await;
    let expected = r#"{"error":"authorization_pending","error_description":"user has not confirmed yet"}"#;
    assert_eq!((pending.status, pending.body.as_str()), (400, expected));

    till.operate(NAME, "approve", json!({ "user_code": code.text("user_code") }));
    till.emulator.advance_s(5);
    let tokens = till.send("POST", "/oauth/token", &[FORM], &poll).await;
    for name in ["access_token", "refresh_token"] {
        assert!(!tokens.text(name).is_empty());
    }
    assert_eq!((tokens.at("/expires_in"), tokens.text("token_type").as_str()), (json!(3600), "Bearer"));

    let refresh = tokens.text("refresh_token");
    let renewed = format!("client_id=demo-client&grant_type=refresh_token&refresh_token={refresh}");
    let token = till.form("/oauth/token", &renewed).await.text("access_token");

    let cashbox = till.sdk(&token, "GET", "cashbox?skipShift=true", "").await;
    assert_eq!(cashbox.body, r#"{"hasDevice":true}"#);
    assert!(till.sdk(&token, "GET", "shift", "").await.json().get("document").is_none());
    assert!(till.sdk(&token, "POST", "shift.open", "").await.json().is_object());
    let opened = till.sdk(&token, "POST", "shift.open", "").await;
    let expected = r#"{"code":"kernel.shift.opened","message":"Shift is already open"}"#;
    assert_eq!((opened.status, opened.body.as_str()), (400, expected));

    let deposit = till.sdk(&token, "POST", "doc.deposit", DEPOSIT).await;
    assert!(is_uid(&deposit.text("uid")), "{deposit:?}");
    let sale = till.sdk(&token, "POST", "doc.sale", SALE).await;
    assert!(is_uid(&sale.text("uid")), "{sale:?}");
    assert_eq!((sale.at("/number"), sale.at("/sum")), (json!(2), json!(1050)));
    let shift = till.sdk(&token, "GET", "shift", "").await.json();
    let expected =
        json!({ "document": null, "counters": { "BYN": { "attributes": { "$.cashin.sum": 5450 } } } });
    assert_eq!(shift, expected);

    let document = till.sdk(&token, "GET", &format!("docs.get?uid={}", sale.text("uid")), "").await;
    assert_eq!(document.json()["uid"], sale.json()["uid"]);
    let page = till.send("GET", &format!("/render/{}", sale.text("uid")), &[], "").await;
    for line in [
        "<div id=\"receiptBody\"><pre>Notebook A5</pre><pre>3.20 * 2.000          6.40</pre>".to_owned(),
        "<pre>Apples</pre><pre>11.90 * 0.350         4.17</pre>".to_owned(),
        format!("<pre>ИТОГО К ОПЛАТЕ       10.50</pre><pre>УИ {}</pre></div>", sale.text("uid")),
    ] {
        assert!(page.body.contains(&line), "{line} {}", page.body);
    }

    let refund = till.sdk(&token, "POST", "doc.refund", REFUND).await;
    assert!(is_uid(&refund.text("uid")), "{refund:?}");
    let rollback = r#"{"header":{"cashier":"Sidorova A. V.","@attrs":{}},"number":3}"#;
    let undone = till.sdk(&token, "POST", "doc.rollback", rollback).await;
    assert!(is_uid(&undone.text("uid")), "{undone:?}");
    let out = r#"{"header":{"cashier":"Sidorova A. V.","currency":"BYN","@attrs":{}},"sum":450}"#;
    assert!(is_uid(&till.sdk(&token, "POST", "doc.chWithdraw", out).await.text("uid")));

    let left = till.sdk(&token, "POST", "shift.close", "").await;
    assert_eq!(left.refused(), no(400, "kernel.cashin.not_empty"));
    assert!(is_uid(&till.sdk(&token, "POST", "doc.withdraw", DEPOSIT).await.text("uid")));
    assert!(till.sdk(&token, "POST", "shift.close", "").await.json().is_object());
    let closed = till.sdk(&token, "GET", "shift", "").await.json();
    assert!(is_uid(closed["document"]["uid"].as_str().unwrap()));
    assert_eq!(closed["counters"], json!({ "BYN": { "attributes": { "$.cashin.sum": 0 } } }));

    let kinds: Vec<_> = till.ledger().into_iter().map(|entry| entry.kind).collect();
    let expected = [
        Kind::OpenShift,
        Kind::Deposit,
        Kind::Sell,
        Kind::SellRefund,
        Kind::Rollback,
        Kind::CardWithdraw,
        Kind::Withdraw,
        Kind::CloseShift,
    ];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn item_09_the_record_of_requests_shows_what_a_client_sent() {
    let till = Till::selling().await;
    till.post("doc.sale", SALE).await;
    let requests = till.emulator.requests();
    let sent = requests.last().unwrap();
    assert_eq!((sent.path.as_str(), sent.body.as_deref()), ("/api/workstations.doc.sale", Some(SALE)));
    let opened = &requests[requests.len() - 2];
    assert_eq!(opened.body.as_deref(), Some(""));
}

#[tokio::test]
async fn the_control_api_drives_the_cabinet() {
    let till = Till::open().await;
    let user_code = till.device_code().await.text("user_code");
    let body = json!({ "user_code": user_code }).to_string();
    let reply = till.send("POST", "/_emulator/devices/119000002/approve", &[JSON], &body).await;
    assert_eq!((reply.status, reply.at("/bound")), (200, json!(true)));
    let again = till.send("POST", "/_emulator/devices/ikassa/deny", &[JSON], &body).await;
    assert_eq!((again.status, again.text("error").as_str()), (400, "user_code: answered already"));
    let seed = json!({ "vendor": NAME, "register": { "number": "119000042" } }).to_string();
    let seeded = till.send("POST", "/_emulator/seed", &[JSON], &seed).await;
    assert_eq!(seeded.at("/config/register"), "119000042");
    let documents: Value = till.send("GET", "/_emulator/documents", &[], "").await.at("/ikassa");
    assert_eq!(documents, json!([]));
}
