//! A shop at a vendor: a client, an emulator, and the ledger between them.

use kassa::Client;
use kassa_emulator::{Kind, LedgerEntry};
use serde_json::{Value, json};

use crate::common::{Bench, call, ok};
use crate::row::Row;

/// Time for a whole call in milliseconds, and for one exchange in it: two thirds.
pub const CALL_MS: u64 = 3_000;
pub const EXCHANGE_MS: u64 = CALL_MS * 2 / 3;
/// Calls after which a sale has to be settled.
const MOST_CALLS: usize = 12;

/// A shop.
pub struct Shop {
    pub row: &'static Row,
    pub bench: Bench,
    pub till: Client,
    /// The till's configuration. The emulator's may change, as a key does that every sale renews.
    config: Value,
}

impl Shop {
    /// A shop that is ready to sell.
    pub async fn open(row: &'static Row) -> Self {
        let bench = Bench::new().await;
        (row.prepare)(&bench.emulator);
        let mut config = (row.config)(&bench.emulator);
        config["journal"] = json!(bench.journal());
        config["timeout_ms"] = json!(CALL_MS);
        let till = Client::open(&config.to_string()).unwrap();
        for (operation, request) in (row.opening)() {
            ok(&till, operation, request).await;
        }
        Self { row, bench, till, config }
    }

    /// Another client of the same shop, with changes to its configuration.
    pub fn client(&self, changes: Value) -> Client {
        let mut config = self.config.clone();
        config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        Client::open(&config.to_string()).unwrap()
    }

    /// A client of the same shop to which the vendor is at another address.
    pub fn client_at(&self, address: &str) -> Client {
        Client::open(&self.config.to_string().replace(&self.address(), address)).unwrap()
    }

    /// Where the vendor listens.
    pub fn address(&self) -> String {
        const START: &str = "http://127.0.0.1:";
        let text = self.config.to_string();
        let port = text.split(START).nth(1).unwrap();
        format!("{START}{}", port.split(|letter: char| !letter.is_ascii_digit()).next().unwrap())
    }

    /// A sale.
    pub fn sale(&self, id: &str) -> Value {
        (self.row.sale)(id)
    }

    /// A fault rule of this vendor; on the call that brings a sale, where it names no other.
    pub fn fault(&self, fault: Value) {
        let mut whole = json!({"vendor": self.row.vendor, "route": self.row.submit});
        whole.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
        self.bench.fault(whole);
    }

    /// Sales on record.
    pub fn sales(&self) -> Vec<LedgerEntry> {
        let is_ours = |entry: &LedgerEntry| entry.by.is_none() && entry.kind == Kind::Sell;
        self.bench.emulator.ledger().into_iter().filter(is_ours).collect()
    }

    /// How often a sale was sent.
    pub fn submits(&self) -> usize {
        self.bench.emulator.requests().iter().filter(|request| (self.row.is_submit)(request)).count()
    }

    /// The registration of a receipt as the journal has it.
    pub async fn kept(&self, id: &str) -> Value {
        let page = ok(&self.till, "journal", json!({"id": id})).await;
        page["entries"][0]["registration"].clone()
    }

    /// Brings a sale on record as a shop does: the same id again until it is there. What the errors on
    /// the way claim has to be so. Gives back the registration, `in_doubt` where the row allows that.
    pub async fn sold(&self, sale: &Value) -> Value {
        let id = &sale["id"];
        let payment = sale["payments"][0]["type"].as_str().unwrap();
        let (mut envelope, before) = (json!(null), self.sales().len());
        for _ in 0..MOST_CALLS {
            envelope = call(&self.till, "register", sale.clone()).await;
            if envelope["error"]["outcome"] == "not_registered" {
                assert_eq!(self.sales().len(), before, "it is on record: {envelope}");
            }
            if envelope["error"].is_null() {
                let end = ok(&self.till, "wait", json!({"id": id, "timeout_ms": 10_000})).await;
                if end["state"] == "registered" {
                    return end;
                }
            }
            let kept = self.kept(id.as_str().unwrap()).await;
            assert_ne!(kept["state"], "failed", "{envelope} {kept}");
            self.holds(&envelope, &kept);
            if kept["state"] == "in_doubt" && self.row.may_stay_in_doubt.contains(&payment) {
                return kept;
            }
        }
        panic!("{sale} is not settled after {MOST_CALLS} calls: {envelope}");
    }

    /// Whether an envelope goes with where the receipt stands: kind, outcome, advice.
    pub fn holds(&self, envelope: &Value, kept: &Value) {
        let error = &envelope["error"];
        if error.is_null() {
            return;
        }
        let (outcome, kinds): (_, &[&str]) = match kept["state"].as_str().unwrap() {
            "failed" => ("not_registered", &["refused"]),
            "queued" => ("not_registered", &["auth", "busy", "limited", "not_ready", "unreachable"]),
            "registered" => ("registered", &["journal"]),
            _ => ("unknown", &["in_doubt", "busy"]),
        };
        assert_eq!(error["outcome"], outcome, "{error} {kept}");
        assert!(kinds.contains(&error["kind"].as_str().unwrap()), "{error} {kept}");
        let advice = error["advice"].as_str().unwrap();
        assert_eq!(advice.contains("under a new id"), kept["state"] == "failed", "{error} {kept}");
    }
}
