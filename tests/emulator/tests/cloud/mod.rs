//! A shop of ATOL Online over plain sockets, written from the bodies of protocol/atol.md 4.2.

#![allow(dead_code, unused_imports, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bodies;

use std::time::{Duration, Instant};

use kassa_emulator::{Emulator, LedgerEntry, Options, Running};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub use bodies::{MARK, correction_v4, correction_v5, sale_v4, sale_v5};

pub const NAME: &str = "atol";
pub const DEADLINE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(2);
const JSON: &str = "Content-Type: application/json; charset=utf-8";

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

    pub fn text(&self, pointer: &str) -> String {
        self.at(pointer).as_str().unwrap_or_default().to_owned()
    }

    /// HTTP status and `error.code`.
    pub fn error(&self) -> (u16, i64) {
        (self.status, self.at("/error/code").as_i64().unwrap_or(-1))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        self.head.lines().find(named).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }

    pub fn has(&self, pointer: &str) -> bool {
        self.json().pointer(pointer).is_some()
    }
}

/// An emulator with one user's config and token.
pub struct Shop {
    pub emulator: Running,
    pub config: Value,
    pub token: String,
}

impl Shop {
    pub async fn v5() -> Self {
        Self::open("v5", &[]).await
    }

    pub async fn v4() -> Self {
        Self::open("v4", &[]).await
    }

    pub async fn open(protocol: &str, switches: &[(&str, Value)]) -> Self {
        let put = |options: Options, (name, value): &(&str, Value)| options.switch(NAME, name, value.clone());
        let emulator = Emulator::start(switches.iter().fold(Options::default(), put)).await.unwrap();
        let mut config = emulator.config(NAME);
        if protocol == "v4" {
            config = emulator.description()["vendors"][NAME]["others"][0].clone();
        }
        assert_eq!(config["protocol"], protocol);
        let mut shop = Self { emulator, config, token: String::new() };
        shop.token = shop.get_token().await.text("/token");
        shop
    }

    pub fn part(&self, name: &str) -> String {
        self.config[name].as_str().unwrap().to_owned()
    }

    pub fn tax_id(&self) -> Value {
        self.config["company"]["tax_id"].clone()
    }

    pub fn switch(&self, name: &str, value: impl Into<Value>) {
        self.emulator.switch(NAME, name, value).unwrap();
    }

    pub fn fault(&self, mut rule: Value) {
        rule["vendor"] = NAME.into();
        self.emulator.add_fault(serde_json::from_value(rule).unwrap()).unwrap();
    }

    /// A path of registration: `/possystem/{protocol}/{rest}`.
    pub fn path(&self, rest: &str) -> String {
        format!("/possystem/{}/{rest}", self.part("protocol"))
    }

    /// A path of this group.
    pub fn of_group(&self, rest: &str) -> String {
        self.path(&format!("{}/{rest}", self.part("group_code")))
    }

    pub fn credentials(&self) -> Value {
        json!({ "login": self.part("login"), "pass": self.part("password") })
    }

    pub async fn get_token(&self) -> Reply {
        self.send("POST", &self.path("getToken"), &[JSON], &self.credentials().to_string()).await
    }

    /// A call with these headers and no others; None when the connection closes without an answer.
    pub async fn try_send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Option<Reply> {
        let address = self.emulator.url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
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

    /// A call with the token.
    pub async fn call(&self, method: &str, path: &str, body: &str) -> Reply {
        self.try_call(method, path, body).await.expect("an answer")
    }

    pub async fn try_call(&self, method: &str, path: &str, body: &str) -> Option<Reply> {
        let token = format!("Token: {}", self.token);
        self.try_send(method, path, &[JSON, &token], body).await
    }

    pub async fn submit(&self, operation: &str, body: &Value) -> Reply {
        self.call("POST", &self.of_group(operation), &body.to_string()).await
    }

    pub async fn sell(&self, body: &Value) -> Reply {
        self.submit("sell", body).await
    }

    pub async fn report(&self, uuid: &str) -> Reply {
        self.call("GET", &self.of_group(&format!("report/{uuid}")), "").await
    }

    /// Polls a document until it is finished.
    pub async fn finished(&self, uuid: &str) -> Reply {
        let end = Instant::now() + DEADLINE;
        loop {
            let reply = self.report(uuid).await;
            if reply.text("/status") != "wait" {
                return reply;
            }
            assert!(Instant::now() < end, "never finished: {reply:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Submits a document and waits for its report.
    pub async fn through(&self, operation: &str, body: &Value) -> Reply {
        let accepted = self.submit(operation, body).await;
        assert_eq!(accepted.status, 200, "{accepted:?}");
        self.finished(&accepted.text("/uuid")).await
    }

    /// The same; type and code of the failure.
    pub async fn failure(&self, operation: &str, body: &Value) -> (String, i64) {
        let reply = self.through(operation, body).await;
        assert_eq!(reply.text("/status"), "fail", "{reply:?}");
        (reply.text("/error/type"), reply.at("/error/code").as_i64().unwrap())
    }

    /// The violations that error 32 names.
    pub async fn violations(&self, operation: &str, body: &Value) -> Vec<String> {
        let reply = self.submit(operation, body).await;
        assert_eq!(reply.error(), (400, 32), "{reply:?} to {body}");
        let text = reply.text("/error/text");
        let list = text.strip_prefix("Ошибка валидации входного чека. Ошибочные поля : ").unwrap();
        list.split(", ").map(str::to_owned).collect()
    }

    /// Each value is set in the document (`absent` takes it away); the violation it makes, or none.
    pub async fn expect(&self, operation: &str, base: fn(&str) -> Value, cases: &[(&str, Value, &str)]) {
        for (index, (pointer, value, violation)) in cases.iter().enumerate() {
            let id = format!("{operation}{pointer}{index}");
            let body = match value {
                Value::String(word) if word == "absent" => without(base(&id), pointer),
                _ => with(base(&id), pointer, value.clone()),
            };
            if violation.is_empty() {
                let reply = self.submit(operation, &body).await;
                assert_eq!(reply.status, 200, "{pointer} {value} {reply:?}");
            } else {
                assert_eq!(self.violations(operation, &body).await, [*violation], "{pointer} {value}");
            }
        }
    }

    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.emulator.ledger()
    }

    pub async fn monitoring_token(&self) -> String {
        let path = "/api/auth/v1/gettoken";
        self.send("POST", path, &[JSON], &self.credentials().to_string()).await.text("/token")
    }

    /// A call of monitoring with a token of its own.
    pub async fn monitor(&self, rest: &str) -> Reply {
        let token = format!("Token: {}", self.monitoring_token().await);
        self.send("GET", &format!("/api/kkt/v1/cash-registers{rest}"), &[&token], "").await
    }

    pub async fn first_serial(&self) -> String {
        self.monitor("").await.text("/0/serialNumber")
    }
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

/// Waits for a condition.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < end, "never: {what}");
        tokio::time::sleep(POLL).await;
    }
}

/// A shop's web server that answers every callback with the next status; the last one stays.
pub struct Hook {
    pub url: String,
    received: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Hook {
    pub async fn open(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let record = received.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                let count = {
                    let mut record = record.lock().unwrap();
                    record.push(request);
                    record.len()
                };
                let status = statuses[(count - 1).min(statuses.len() - 1)];
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, received }
    }

    pub fn count(&self) -> usize {
        self.received.lock().unwrap().len()
    }

    pub fn head(&self, index: usize) -> String {
        self.received.lock().unwrap()[index].split_once("\r\n\r\n").unwrap().0.to_owned()
    }

    pub fn body(&self, index: usize) -> String {
        self.received.lock().unwrap()[index].split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut raw = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        raw.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&raw).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        if body.len() >= length.unwrap_or(0) || read == 0 {
            return text;
        }
    }
}
