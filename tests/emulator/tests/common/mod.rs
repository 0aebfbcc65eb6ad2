//! A small shop over plain sockets, so that every byte of an answer is seen.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kassa_emulator::{Emulator, Options, Running};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub const NAME: &str = "modulkassa";
pub const DEADLINE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(2);

/// An emulator with the credentials of its first shop at hand.
pub struct Shop {
    pub emulator: Running,
    pub config: Value,
}

/// What came back over the wire.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
    pub raw: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn text(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        let line = self.head.lines().find(named)?;
        line.split_once(':').map(|(_, value)| value.trim())
    }
}

impl Shop {
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    pub async fn open_with(switches: &[(&str, Value)]) -> Self {
        let options = switches
            .iter()
            .fold(Options::default(), |options, (name, value)| options.switch(NAME, name, value.clone()));
        let emulator = Emulator::start(options).await.unwrap();
        let config = emulator.config(NAME);
        Self { emulator, config }
    }

    pub fn part(&self, pointer: &str) -> String {
        self.config.pointer(pointer).unwrap().as_str().unwrap().to_owned()
    }

    pub fn other(&self) -> Value {
        self.emulator.description()["vendors"][NAME]["others"][0].clone()
    }

    pub fn switch(&self, name: &str, value: impl Into<Value>) {
        self.emulator.switch(NAME, name, value).unwrap();
    }

    pub fn fault(&self, rule: Value) {
        self.emulator.add_fault(serde_json::from_value(rule).unwrap()).unwrap();
    }

    pub fn point(&self) -> String {
        self.part("/retail_point_id")
    }

    pub fn association(&self) -> String {
        association_of(&self.config)
    }

    pub fn account(&self) -> String {
        account_of(&self.config)
    }

    /// A call with the credentials of the association.
    pub async fn call(&self, method: &str, path: &str, body: &str) -> Reply {
        self.call_as(&self.association(), method, path, body).await
    }

    pub async fn call_as(&self, who: &str, method: &str, path: &str, body: &str) -> Reply {
        self.try_call(who, method, path, body).await.expect("an answer")
    }

    /// None when the connection is closed without an answer.
    pub async fn try_call(&self, who: &str, method: &str, path: &str, body: &str) -> Option<Reply> {
        let raw = self.raw(request(who, method, path, body).as_bytes()).await;
        reply(raw)
    }

    /// What comes back until the connection is closed.
    pub async fn raw(&self, request: &[u8]) -> Vec<u8> {
        let address = self.emulator.url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut raw = Vec::new();
        let reading = stream.read_to_end(&mut raw);
        let _ = tokio::time::timeout(DEADLINE, reading).await.expect("the connection ends");
        raw
    }

    pub async fn submit(&self, document: &Value) -> Reply {
        self.call("POST", "/api/fn/v2/doc", &document.to_string()).await
    }

    pub async fn try_submit(&self, document: &Value) -> Option<Reply> {
        let who = self.association();
        self.try_call(&who, "POST", "/api/fn/v2/doc", &document.to_string()).await
    }

    pub async fn status(&self, id: &str) -> Reply {
        self.call("GET", &format!("/api/fn/v1/doc/{id}/status"), "").await
    }

    pub async fn requeue(&self, id: &str) -> Reply {
        self.call("PUT", &format!("/api/fn/v1/doc/{id}/re-queue"), "").await
    }

    /// Polls a document until it is in a state.
    pub async fn until_status(&self, id: &str, wanted: &str) -> Reply {
        let end = Instant::now() + DEADLINE;
        loop {
            let reply = self.status(id).await;
            if reply.text("status") == wanted {
                return reply;
            }
            assert!(Instant::now() < end, "{id} is not {wanted} but {reply:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Submits a document and waits until it is in a state.
    pub async fn submit_until(&self, document: &Value, wanted: &str) -> Reply {
        let reply = self.submit(document).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        self.until_status(document["id"].as_str().unwrap(), wanted).await
    }

    /// Everything that the control API lists under a word.
    pub async fn control(&self, method: &str, what: &str, body: &str) -> Reply {
        self.call_as("", method, &format!("/_emulator/{what}"), body).await
    }

    pub fn stored(&self, id: &str) -> Value {
        let all = self.emulator.documents();
        let mut of_vendor = all[NAME].as_array().unwrap().iter();
        of_vendor.find(|document| document["id"] == id).cloned().unwrap_or_default()
    }
}

pub fn association_of(config: &Value) -> String {
    let part = |name: &str| config["credentials"][name].as_str().unwrap().to_owned();
    format!("{}:{}", part("user_name"), part("password"))
}

pub fn account_of(config: &Value) -> String {
    let part = |name: &str| config["account"][name].as_str().unwrap().to_owned();
    format!("{}:{}", part("login"), part("password"))
}

pub fn request(who: &str, method: &str, path: &str, body: &str) -> String {
    let authorization = match who {
        "" => String::new(),
        who => format!("Authorization: Basic {}\r\n", STANDARD.encode(who)),
    };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n{authorization}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub fn reply(raw: Vec<u8>) -> Option<Reply> {
    if raw.is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(&raw).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let (head, body) = (head.to_owned(), body.to_owned());
    Some(Reply { status, head, body, raw })
}

/// A minimal document as shops send it.
pub fn document(id: &str) -> Value {
    json!({
        "id": id,
        "checkoutDateTime": "2025-09-14T15:29:40+03:00",
        "docNum": format!("WEB-{id}"),
        "docType": "SALE",
        "email": "buyer@shop.example",
        "inventPositions": [{ "name": "Кружка", "price": 350.5, "quantity": 1, "vatTag": 1105 }],
        "moneyPositions": [{ "paymentType": "CARD", "sum": 350.5 }],
    })
}

/// The same document with a value set, or taken away with null, at a JSON pointer.
pub fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(fields) => {
            fields.insert(name.to_owned(), value);
        }
        Value::Array(elements) => elements[name.parse::<usize>().unwrap()] = value,
        other => panic!("{parent} is {other}"),
    }
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
    pub received: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Hook {
    pub async fn open(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
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

    /// The request line of a callback.
    pub fn line(&self, index: usize) -> String {
        self.received.lock().unwrap()[index].lines().next().unwrap().to_owned()
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
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
        });
        if body.len() >= length.unwrap_or(0) || read == 0 {
            return text;
        }
    }
}
