//! A client, an emulator in the same process and the ledger between them.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod codes;

use kassa::Client;
use kassa::transport::Transports;
use kassa::vendor::VendorInfo;
use kassa_emulator::{Emulator, Options, Running};
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;

/// An emulator, and a journal in a folder that goes with the value.
pub struct Bench {
    pub emulator: Running,
    pub folder: TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        Self { emulator: Emulator::start(Options::default()).await.unwrap(), folder: TempDir::new().unwrap() }
    }

    /// A configuration with quick deadlines and a SQLite journal.
    pub fn config(&self, changes: Value) -> Value {
        let mut config = self.emulator.config("modulkassa");
        let own = json!({"journal": self.journal(), "timeout_ms": 3000, "settle_ms": 20});
        for changes in [own, changes] {
            for (name, value) in changes.as_object().unwrap() {
                config[name] = value.clone();
            }
        }
        config
    }

    pub fn journal(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("journal.sqlite").display())
    }

    pub fn client(&self) -> Client {
        self.client_with(json!({}))
    }

    pub fn client_with(&self, changes: Value) -> Client {
        Client::open(&self.config(changes).to_string()).unwrap()
    }

    pub fn fault(&self, fault: Value) {
        self.emulator.add_fault(serde_json::from_value(fault).unwrap()).unwrap();
    }

    pub fn switch(&self, name: &str, value: Value) {
        self.emulator.switch("modulkassa", name, value).unwrap();
    }

    /// Changes a secret in the journal; `value` is its new text in SQL.
    pub fn damage_secret(&self, name: &str, value: &str) {
        let journal = rusqlite::Connection::open(self.folder.path().join("journal.sqlite")).unwrap();
        let sql = format!("UPDATE secrets SET value = {value} WHERE name LIKE ?1");
        assert_eq!(journal.execute(&sql, [format!("{name}%")]).unwrap(), 1);
    }

    /// Sales in the ledger.
    pub fn sales(&self) -> usize {
        let is_sale = |kind: &Value| *kind == json!("sell");
        let kinds = self.emulator.ledger().into_iter().map(|entry| serde_json::to_value(entry.kind).unwrap());
        kinds.filter(is_sale).count()
    }

    /// Requests whose path ends like this.
    pub fn requests(&self, method: &str, end: &str) -> usize {
        self.emulator.requests().iter().filter(|r| r.method == method && r.path.ends_with(end)).count()
    }
}

/// A client of the emulated iKKM device without its pace, and quick to settle.
pub fn ikkm(bench: &Bench, changes: Value) -> Client {
    let mut config = bench.emulator.config("ikkm");
    let own = json!({"journal": bench.journal(), "timeout_ms": 4000, "settle_ms": 5, "pace_ms": 0});
    for changes in [own, changes] {
        for (name, value) in changes.as_object().unwrap() {
            config[name] = value.clone();
        }
    }
    Client::open(&config.to_string()).unwrap()
}

/// A client of the emulated ATOL group of a protocol version.
pub fn atol(bench: &Bench, protocol: &str, changes: Value) -> Client {
    let described = bench.emulator.description()["vendors"]["atol"].clone();
    let others = described["others"].as_array().cloned().unwrap_or_default();
    let configs = std::iter::once(described["config"].clone()).chain(others);
    let mut config = configs.into_iter().find(|config| config["protocol"] == protocol).unwrap();
    let own = json!({"journal": bench.journal(), "timeout_ms": 4000, "poll_ms": 50});
    for changes in [own, changes] {
        for (name, value) in changes.as_object().unwrap() {
            config[name] = value.clone();
        }
    }
    Client::open(&config.to_string()).unwrap()
}

/// A client of the emulated iKassa register that is bound, quick to settle.
pub fn ikassa(bench: &Bench, changes: Value) -> Client {
    let mut config = bench.emulator.config("ikassa");
    let own = json!({"journal": bench.journal(), "timeout_ms": 4000, "settle_ms": 5});
    for changes in [own, changes] {
        for (name, value) in changes.as_object().unwrap() {
            config[name] = value.clone();
        }
    }
    Client::open(&config.to_string()).unwrap()
}

/// A sale of 290.00 roubles, paid in one way.
pub fn roubles(id: &str, payment: &str) -> Value {
    json!({
        "id": id, "kind": "sell",
        "items": [{"name": id, "price": "150.00", "quantity": "2", "discount": "10.00", "vat": "20"}],
        "payments": [{"type": payment, "sum": "290.00"}]
    })
}

/// A sale of 290 tenge.
pub fn tenge(id: &str) -> Value {
    json!({
        "id": id, "kind": "sell",
        "items": [{"name": "Mug", "price": "150", "quantity": "2", "discount": "10"}],
        "payments": [{"type": "card", "sum": "290"}]
    })
}

/// A sale of 290.00.
pub fn receipt(id: &str) -> Value {
    json!({
        "id": id, "kind": "sell",
        "items": [{"name": "Mug", "price": "150.00", "quantity": "2", "discount": "10.00", "vat": "20"}],
        "payments": [{"type": "card", "sum": "290.00"}],
        "customer": {"email": "buyer@shop.example"}
    })
}

/// The envelope of a call.
pub async fn call(client: &Client, operation: &str, request: Value) -> Value {
    serde_json::from_str(&client.call(operation, &request.to_string()).await).unwrap()
}

/// The response of a call that must succeed.
pub async fn ok(client: &Client, operation: &str, request: Value) -> Value {
    let envelope = call(client, operation, request).await;
    assert!(envelope["error"].is_null(), "{operation}: {envelope}");
    envelope["ok"].clone()
}

/// The error of a call that must fail.
pub async fn error(client: &Client, operation: &str, request: Value) -> Value {
    let envelope = call(client, operation, request).await;
    assert!(envelope["ok"].is_null(), "{operation}: {envelope}");
    envelope["error"].clone()
}

/// Every vendor with a configuration; ATOL with each version of its protocol.
pub fn vendors(bench: &Bench) -> Vec<(&'static VendorInfo, Value)> {
    let config = |info: &&'static VendorInfo| {
        let described = bench.emulator.description()["vendors"][info.name].clone();
        let others = described["others"].as_array().cloned().unwrap_or_default().into_iter();
        // The first is the usual one; of the others only an ATOL group of another version is another vendor.
        let first = described["config"]["protocol"].clone();
        let more = others.filter(|config| config["protocol"] != first).take(1);
        let configs = std::iter::once(described["config"].clone()).chain(more);
        configs.map(|config| (*info, config)).collect::<Vec<_>>()
    };
    let emulated = |info: &&&'static VendorInfo| !bench.emulator.config(info.name).is_null();
    kassa::vendors::VENDORS.iter().filter(emulated).flat_map(config).collect()
}

/// The exact request of a receipt without violations.
pub fn prepared(config: &Value, receipt: &Value) -> Vec<u8> {
    let info = kassa::vendors::VENDORS.iter().find(|info| config["vendor"] == info.name).unwrap();
    let opened = (info.open)(&config.to_string(), &Transports::default()).unwrap();
    let receipt = serde_json::from_value(receipt.clone()).unwrap();
    opened.vendor.prepare(&receipt, OffsetDateTime::UNIX_EPOCH).unwrap().request
}
