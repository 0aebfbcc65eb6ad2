//! A till of iKassa over plain sockets, written from the bodies of protocol/ikassa.md 6.7.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use kassa_emulator::{Emulator, LedgerEntry, Options, Running};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const NAME: &str = "ikassa";
/// The register that is bound from the start.
pub const BOUND: &str = "119000001";
/// The register that waits for a login.
pub const FRESH: &str = "119000002";
pub const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
pub const JSON: &str = "Content-Type: application/json";
pub const DEVICE: &str = "client_id=demo-client&scope=offline&_os=linux&_osVer=6.9&_device=till-7&_app=demo";

/// What came back over the wire.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    pub fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }

    /// HTTP status and `code` of the API.
    pub fn refused(&self) -> (u16, String) {
        (self.status, self.text("code"))
    }

    /// HTTP status and `error` of OAuth.
    pub fn error(&self) -> (u16, String) {
        (self.status, self.text("error"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        self.head.lines().find(named).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }

    /// The names of the fields.
    pub fn names(&self) -> Vec<String> {
        self.json().as_object().unwrap().keys().cloned().collect()
    }
}

/// An expected refusal.
pub fn no(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// An emulator with the access token of one register.
pub struct Till {
    pub emulator: Running,
    pub config: Value,
    pub token: String,
}

impl Till {
    /// The bound register, logged in; no shift.
    pub async fn open() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(switches: &[(&str, Value)]) -> Self {
        let put = |options: Options, (name, value): &(&str, Value)| options.switch(NAME, name, value.clone());
        let emulator = Emulator::start(switches.iter().fold(Options::default(), put)).await.unwrap();
        let config = emulator.config(NAME);
        let mut till = Self { emulator, config, token: String::new() };
        till.log_in().await;
        till
    }

    /// The bound register with an open shift.
    pub async fn selling() -> Self {
        Self::selling_with(&[]).await
    }

    pub async fn selling_with(switches: &[(&str, Value)]) -> Self {
        let till = Self::with(switches).await;
        assert_eq!(till.post("shift.open", "").await.status, 200);
        till
    }

    /// Takes the refresh token of the config; the answer.
    pub async fn log_in(&mut self) -> Reply {
        let reply = self.refresh(self.config["refresh_token"].as_str().unwrap()).await;
        self.token = reply.text("access_token");
        reply
    }

    pub fn switch(&self, name: &str, value: impl Into<Value>) {
        self.emulator.switch(NAME, name, value).unwrap();
    }

    pub fn fault(&self, mut rule: Value) {
        rule["vendor"] = NAME.into();
        self.emulator.add_fault(serde_json::from_value(rule).unwrap()).unwrap();
    }

    pub fn operate(&self, register: &str, action: &str, what: Value) -> Value {
        self.emulator.operate(register, action, what).unwrap()
    }

    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.emulator.ledger()
    }

    pub fn documents(&self) -> Vec<Value> {
        self.emulator.documents()[NAME].as_array().unwrap().clone()
    }

    /// A call with these headers and no others; None when the connection closes without an answer.
    pub async fn try_send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Option<Reply> {
        let address = self.emulator.url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut raw = Vec::new();
        let _ = stream.read_to_end(&mut raw).await;
        let text = String::from_utf8_lossy(&raw).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(Reply { status, head: head.to_owned(), body: body.to_owned() })
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
        self.try_send(method, path, headers, body).await.expect("an answer")
    }

    /// A form to the accounts host.
    pub async fn form(&self, path: &str, body: &str) -> Reply {
        self.send("POST", path, &[FORM], body).await
    }

    pub async fn device_code(&self) -> Reply {
        self.form("/oauth/device/code", DEVICE).await
    }

    pub async fn poll(&self, device_code: &str) -> Reply {
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
        let body = format!("client_id=demo-client&grant_type={grant}&device_code={device_code}");
        self.form("/oauth/token", &body).await
    }

    pub async fn refresh(&self, token: &str) -> Reply {
        let body = format!("client_id=demo-client&grant_type=refresh_token&refresh_token={token}");
        self.form("/oauth/token", &body).await
    }

    /// A call of the API with a token.
    pub async fn try_call(&self, token: &str, method: &str, path: &str, body: &str) -> Option<Reply> {
        let authorization = format!("Authorization: Bearer {token}");
        self.try_send(method, path, &[&authorization, JSON], body).await
    }

    pub async fn call(&self, token: &str, method: &str, path: &str, body: &str) -> Reply {
        self.try_call(token, method, path, body).await.expect("an answer")
    }

    /// `GET /api/workstations.{what}`.
    pub async fn get(&self, what: &str) -> Reply {
        self.call(&self.token, "GET", &format!("/api/workstations.{what}"), "").await
    }

    /// `POST /api/workstations.{what}`.
    pub async fn post(&self, what: &str, body: &str) -> Reply {
        self.call(&self.token, "POST", &format!("/api/workstations.{what}"), body).await
    }

    pub async fn try_post(&self, what: &str, body: &str) -> Option<Reply> {
        self.try_call(&self.token, "POST", &format!("/api/workstations.{what}"), body).await
    }

    /// Makes a document.
    pub async fn make(&self, kind: &str, body: &Value) -> Reply {
        self.post(&format!("doc.{kind}"), &body.to_string()).await
    }

    /// Makes a document that must be accepted.
    pub async fn made(&self, kind: &str, body: &Value) -> Reply {
        let reply = self.make(kind, body).await;
        assert_eq!(reply.status, 200, "{kind} {body} {reply:?}");
        reply
    }

    /// The path that the refusal of a body names first.
    pub async fn broken(&self, kind: &str, body: &str) -> String {
        let reply = self.post(&format!("doc.{kind}"), body).await;
        assert_eq!(reply.refused(), no(400, "kernel.validation"), "{body} {reply:?}");
        reply.text("message").split(':').next().unwrap().to_owned()
    }

    /// A counter of the shift.
    pub async fn counter(&self, currency: &str, name: &str) -> Value {
        self.get("shift").await.json()["counters"][currency]["attributes"][name].clone()
    }

    /// Cash in the drawer.
    pub async fn cash(&self, currency: &str) -> i64 {
        self.counter(currency, "$.cashin.sum").await.as_i64().unwrap()
    }
}

pub fn header(currency: &str) -> Value {
    json!({ "cashier": "Sidorova A. V.", "currency": currency, "@attrs": {} })
}

/// The body of a deposit or withdrawal.
pub fn cash(sum: i64) -> Value {
    json!({ "header": header("BYN"), "sum": sum })
}

pub fn cash_in(currency: &str, sum: i64) -> Value {
    json!({ "header": header(currency), "sum": sum })
}

/// A receipt of one item, paid in these ways.
pub fn receipt(price: i64, payments: &[(i64, i64)]) -> Value {
    let payments: Vec<_> = payments.iter().map(|(kind, sum)| json!({ "type": kind, "sum": sum })).collect();
    let item = json!({ "name": "Notebook A5", "price": price, "quantity": 1000, "tax": "20" });
    json!({ "header": header("BYN"), "items": [item], "payments": payments })
}

pub fn rollback(number: &Value) -> Value {
    json!({ "header": { "cashier": "Sidorova A. V.", "@attrs": {} }, "number": number })
}

/// The same document with a value set at a JSON pointer.
pub fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}")) {
        Value::Object(fields) => {
            fields.insert(name.to_owned(), value);
        }
        Value::Array(elements) => elements[name.parse::<usize>().unwrap()] = value,
        other => panic!("{parent} is {other}"),
    }
    document
}

/// The same document without a field.
pub fn without(mut document: Value, pointer: &str) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let fields = document.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
    assert!(fields.remove(name).is_some(), "{pointer}");
    document
}
