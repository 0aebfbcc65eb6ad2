//! A shop with one iKKM on its network, over plain sockets, so that every byte is seen.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use kassa_emulator::{Emulator, LedgerEntry, Options, Running};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const NAME: &str = "ikkm";
pub const REGISTER: &str = "011700029000";
pub const DEADLINE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(2);

pub struct Kkm {
    pub emulator: Running,
    pub config: Value,
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    /// The reason phrase; None when even the space before it is missing.
    pub reason: Option<Vec<u8>>,
    pub head: String,
    pub body: Vec<u8>,
    pub raw: Vec<u8>,
}

impl Reply {
    pub fn body(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn reason(&self) -> String {
        String::from_utf8_lossy(self.reason.as_deref().unwrap_or_default()).into_owned()
    }

    /// Status, reason phrase, body.
    pub fn told(&self) -> (u16, String, String) {
        (self.status, self.reason(), self.body().to_owned())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(self.body()).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        self.head.lines().find(named)?.split_once(':').map(|(_, value)| value.trim())
    }

    /// The code of a refusal; panics when it is none.
    pub fn code(&self) -> i32 {
        assert_eq!(self.status, 400, "{self:?}");
        self.body().parse().unwrap()
    }

    /// The new key of a success; panics when it is none.
    pub fn new_key(&self) -> String {
        assert!(self.status == 200 || self.status == 203, "{self:?}");
        assert!(self.body().parse::<u64>().unwrap() > 0);
        self.body().to_owned()
    }
}

impl Kkm {
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// Without a limit of pace, unless a switch sets one.
    pub async fn open_with(switches: &[(&str, Value)]) -> Self {
        let options = Options::default().switch(NAME, "pace_ms", 0);
        let with =
            |options: Options, (name, value): &(&str, Value)| options.switch(NAME, name, value.clone());
        let emulator = Emulator::start(switches.iter().fold(options, with)).await.unwrap();
        let config = emulator.config(NAME);
        Self { emulator, config }
    }

    pub fn switch(&self, name: &str, value: impl Into<Value>) {
        self.emulator.switch(NAME, name, value).unwrap();
    }

    pub fn fault(&self, mut rule: Value) {
        rule["vendor"] = json!(NAME);
        self.emulator.add_fault(serde_json::from_value(rule).unwrap()).unwrap();
    }

    /// What an operator does at the device; the device as it is then.
    pub fn act(&self, action: &str, what: Value) -> Value {
        self.emulator.operate(REGISTER, action, what).unwrap()
    }

    /// The key that the device takes now.
    pub fn key(&self) -> String {
        self.emulator.config(NAME)["key"].as_str().unwrap().to_owned()
    }

    pub fn device(&self) -> Value {
        self.emulator.documents()[NAME][0].clone()
    }

    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.emulator.ledger()
    }

    pub fn address(&self) -> String {
        address_of(&self.config)
    }

    /// None when the connection is closed without an answer.
    pub async fn try_raw(&self, request: &[u8]) -> Option<Vec<u8>> {
        exchange(&self.address(), request).await.filter(|raw| !raw.is_empty())
    }

    pub async fn try_get(&self, target: &str) -> Option<Reply> {
        self.try_raw(get_request(target).as_bytes()).await.map(reply)
    }

    pub async fn get(&self, target: &str) -> Reply {
        self.try_get(target).await.expect("an answer")
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let raw = self.try_raw(post_request(path, form).as_bytes()).await.expect("an answer");
        reply(raw)
    }

    /// A call with the current key; `rest` are the other parameters.
    pub async fn call(&self, path: &str, rest: &str) -> Reply {
        self.get(&format!("{path}?key={}{rest}", self.key())).await
    }

    /// `/api` with the current key.
    pub async fn api(&self, rest: &str) -> Reply {
        self.call("/api", &format!("&{rest}")).await
    }

    /// A registration by POST with the current key.
    pub async fn register(&self, form: &[(&str, &str)]) -> Reply {
        let key = self.key();
        let form: Vec<_> = [("key", key.as_str())].into_iter().chain(form.iter().copied()).collect();
        self.post("/api", &form).await
    }

    /// A cash sale with a key.
    pub async fn sale_with(&self, key: &str, sum: u32) -> Reply {
        self.get(&sale(key, sum)).await
    }

    pub async fn try_sale_with(&self, key: &str, sum: u32) -> Option<Reply> {
        self.try_get(&sale(key, sum)).await
    }

    /// A cash sale that succeeds; its new key.
    pub async fn sell(&self, sum: u32) -> String {
        let reply = self.sale_with(&self.key(), sum).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.new_key()
    }

    pub async fn deposit(&self, sum: u32) -> String {
        self.call("/apideposit/", &format!("&cash={sum}")).await.new_key()
    }

    pub async fn control(&self, method: &str, what: &str, body: &str) -> Reply {
        let request = format!(
            "{method} /_emulator/{what} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let address = self.emulator.url().trim_start_matches("http://");
        reply(exchange(address, request.as_bytes()).await.unwrap())
    }
}

pub fn address_of(config: &Value) -> String {
    config["base_url"].as_str().unwrap().trim_start_matches("http://").to_owned()
}

pub fn sale(key: &str, sum: u32) -> String {
    format!("/api?key={key}&sale={sum}&cash={sum}")
}

pub fn get_request(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: device\r\nConnection: close\r\n\r\n")
}

pub fn post_request(path: &str, form: &[(&str, &str)]) -> String {
    let encoded =
        |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
    let body = form.iter().map(encoded).collect::<Vec<_>>().join("&");
    format!(
        "POST {path} HTTP/1.1\r\nHost: device\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// What comes back until the connection is closed; None when it is refused.
pub async fn exchange(address: &str, request: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(request).await.ok()?;
    let mut raw = Vec::new();
    let reading = stream.read_to_end(&mut raw);
    let _ = tokio::time::timeout(DEADLINE, reading).await.expect("the connection ends");
    Some(raw)
}

pub fn reply(raw: Vec<u8>) -> Reply {
    let end = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
    let line_end = raw.windows(2).position(|bytes| bytes == b"\r\n").unwrap();
    let line = &raw[..line_end];
    let rest = line.strip_prefix(b"HTTP/1.1 ").unwrap();
    let status = std::str::from_utf8(&rest[..3]).unwrap().parse().unwrap();
    let reason = rest[3..].strip_prefix(b" ").map(<[u8]>::to_vec);
    let head = String::from_utf8_lossy(&raw[line_end..end]).into_owned();
    Reply { status, reason, head, body: raw[end + 4..].to_vec(), raw }
}

/// Waits for a condition.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < end, "never: {what}");
        tokio::time::sleep(POLL).await;
    }
}
