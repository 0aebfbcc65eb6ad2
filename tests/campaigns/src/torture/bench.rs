//! A shop with one vendor and one journal, and the checks that every case ends with.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kassa::Client;
use kassa_emulator::{Emulator, Kind, LedgerEntry, Options, Running};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;

use super::traces;
use crate::Result;
use crate::judge::Report;

/// Vendors, each with what its emulator and its client are told beyond the emulator's own config.
pub const VENDORS: &[&str] = &["modulkassa", "ikkm", "atol", "ikassa"];

/// The variable that holds the address of a PostgreSQL server for tests.
pub const SERVER: &str = "KASSA_TEST_POSTGRES";
/// Milliseconds that one call of the library may take.
const CALL_MS: u64 = 20_000;
/// A call that did not end within this time hangs.
const LONGEST: Duration = Duration::from_secs(60);
/// The same call again ends right within so many.
const MOST_REPEATS: u32 = 3;

/// Where the journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// In a file.
    Sqlite,
    /// In a data base.
    Postgres,
    /// Nowhere.
    Memory,
}

impl Engine {
    /// Those that can be had here: PostgreSQL where the variable names a server.
    pub fn available() -> Vec<Self> {
        let mut engines = vec![Self::Sqlite, Self::Memory];
        engines.extend(std::env::var_os(SERVER).map(|_| Self::Postgres));
        engines
    }

    /// Its word in the names of cases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Memory => "memory",
        }
    }
}

/// A person at the server's prompt.
pub async fn prompt() -> Result<tokio_postgres::Client> {
    let address = std::env::var(SERVER)?;
    let (client, connection) = tokio_postgres::connect(&address, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// An emulator and a journal that goes with the value.
pub struct Bench {
    /// The vendors.
    pub emulator: Running,
    /// Where a journal's file is.
    pub folder: TempDir,
    /// The name of the vendor.
    pub vendor: &'static str,
    /// The configuration of the client.
    pub config: Value,
    schema: Option<String>,
}

impl Bench {
    /// A shop whose journal does not exist yet.
    pub async fn new(vendor: &'static str, engine: Engine) -> Result<Self> {
        let at_once = Options::default().switch("ikkm", "pace_ms", 0).switch("ikassa", "interval", 0);
        let emulator = Emulator::start(at_once).await?;
        let folder = TempDir::new()?;
        let mut config = emulator.config(vendor);
        if vendor == "ikassa" {
            emulator.operate(config["register"].as_str().unwrap_or_default(), "open_shift", json!({}))?;
        }
        let own = match vendor {
            "atol" => json!({"poll_ms": 50}),
            "ikkm" => json!({"settle_ms": 50, "pace_ms": 0}),
            _ => json!({"settle_ms": 5}),
        };
        merge(&mut config, &own);
        let (journal, schema) = match engine {
            Engine::Memory => ("memory:".to_owned(), None),
            Engine::Sqlite => (format!("sqlite:{}", folder.path().join("journal.sqlite").display()), None),
            Engine::Postgres => {
                let schema = new_schema().await?;
                let address = std::env::var(SERVER)?;
                (format!("{address}?options=-c%20search_path%3D{schema}"), Some(schema))
            }
        };
        merge(&mut config, &json!({"journal": journal, "timeout_ms": CALL_MS}));
        Ok(Self { emulator, folder, vendor, config, schema })
    }

    /// Opens a client as another process would.
    pub fn open(&self) -> std::result::Result<Client, kassa::Error> {
        Client::open(&self.config.to_string())
    }

    /// A sale that costs so many whole units, and no other sale does.
    pub fn sale(&self, price: u32) -> Value {
        // iKassa's counters tell what became of a sale for cash only.
        let payment = if self.vendor == "ikassa" { "cash" } else { "card" };
        let mut sale = json!({
            "id": format!("order-{price}"), "kind": "sell",
            "items": [{"name": "Mug", "price": price.to_string(), "quantity": "1"}],
            "payments": [{"type": payment, "sum": price.to_string()}]
        });
        if self.vendor != "ikkm" {
            sale["items"][0]["vat"] = json!("20");
        }
        if matches!(self.vendor, "modulkassa" | "atol") {
            sale["customer"] = json!({"email": "buyer@shop.example"});
        }
        sale
    }

    /// Documents on record for the sale of this price.
    pub fn documents(&self, price: u32) -> Vec<LedgerEntry> {
        let total = format!("{price}.00");
        let is_its = |entry: &LedgerEntry| entry.kind == Kind::Sell && entry.total == total;
        self.emulator.ledger().into_iter().filter(is_its).collect()
    }

    /// Complains where an envelope does not say what the record says.
    pub fn check(&self, price: u32, envelope: &Value) -> Result<()> {
        let documents = self.documents(price).len();
        let report = Report::of(envelope);
        let is_panic = envelope["error"]["message"].as_str().is_some_and(|text| text.starts_with("panic"));
        let is_lie = match report {
            _ if documents > 1 || is_panic => true,
            Report::Registered(_) => documents != 1,
            Report::NotRegistered => documents != 0,
            Report::Unknown => false,
        };
        if is_lie { Err(format!("{documents} documents, but {envelope}").into()) } else { Ok(()) }
    }

    /// Brings a sale on record with the same call, and complains where it is not there exactly once.
    pub async fn ends_right(&self, till: &Client, price: u32) -> Result<()> {
        let mut envelope = Value::Null;
        let mut again = None;
        for _ in 0..MOST_REPEATS {
            envelope = call(again.as_ref().unwrap_or(till), "register", &self.sale(price)).await?;
            self.check(price, &envelope)?;
            if envelope["error"].is_null() {
                break;
            }
            if envelope["error"]["code"] == "login_needed" {
                again = Some(self.open_with_login()?);
            }
        }
        if !envelope["error"].is_null() {
            return Err(format!("the same call again fails: {envelope}").into());
        }
        let end =
            call(again.as_ref().unwrap_or(till), "wait", &json!({"id": format!("order-{price}")})).await?;
        let documents = self.documents(price).len();
        if end["ok"]["state"] != "registered" || documents != 1 {
            return Err(format!("ended with {documents} documents and {end}").into());
        }
        Ok(())
    }

    /// The call that brings a sale, by the emulator's word.
    fn route(&self) -> &'static str {
        match self.vendor {
            "ikkm" => "register",
            "ikassa" => "sale",
            _ => "submit",
        }
    }

    /// Has the vendor lose the answer to the next sale, and the first question about it.
    pub fn lose_answer(&self) -> Result<()> {
        let route = self.route();
        let lost = json!({"vendor": self.vendor, "route": route, "when": "after_record", "do": "drop"});
        let gone = json!({"vendor": self.vendor, "route": "*", "when": "before_record", "do": "drop"});
        let faults = if self.vendor == "ikkm" { vec![lost] } else { vec![lost, gone] };
        self.emulator.add_faults(serde_json::from_value(json!(faults))?)?;
        Ok(())
    }

    /// Has the vendor take so long over the next sale.
    pub fn slow_answer(&self, delay_ms: u64) -> Result<()> {
        let route = self.route();
        let fault = json!({"vendor": self.vendor, "route": route, "when": "before_record", "do": "delay",
                           "delay_ms": delay_ms});
        Ok(self.emulator.add_fault(serde_json::from_value(fault)?)?)
    }

    /// Another program that writes to a journal in a file, until the value goes.
    pub fn others_write(&self) -> Result<Option<rusqlite::Connection>> {
        let Some(path) = self.config["journal"].as_str().and_then(|place| place.strip_prefix("sqlite:"))
        else {
            return Ok(None);
        };
        let connection = rusqlite::Connection::open(path)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Some(connection))
    }

    /// Has the vendor ask to slow down at the next sale, where it can, else take no connection.
    pub fn not_reached(&self) -> Result<()> {
        let route = self.route();
        let fault = match self.vendor {
            "ikkm" => json!({"vendor": "ikkm", "route": route, "when": "before_record", "do": "busy"}),
            vendor => {
                json!({"vendor": vendor, "route": route, "when": "before_record", "do": "status", "status": 429})
            }
        };
        Ok(self.emulator.add_fault(serde_json::from_value(fault)?)?)
    }

    /// A client after a person logged in again: a refresh token whose answer got lost is gone.
    fn open_with_login(&self) -> Result<Client> {
        let token = format!("rt_again_{}", self.emulator.requests().len());
        let login = json!({"register": {"number": self.config["register"], "refresh_token": token}});
        self.emulator.seed(self.vendor, login)?;
        let mut config = self.config.clone();
        config["refresh_token"] = json!(token);
        Ok(Client::open(&config.to_string())?)
    }

    /// Complains where the record of the journal is not whole, or has a step that there is not.
    pub async fn is_whole(&self, till: &Client) -> Result<()> {
        let verified = call(till, "journal", &json!({"verify": true})).await?;
        if !verified["ok"]["chain"]["broken_at"].is_null() || !verified["error"].is_null() {
            return Err(format!("the record is not whole: {verified}").into());
        }
        traces::hold(till).await
    }

    /// Removes what the journal left on a server.
    pub async fn remove(self) -> Result<()> {
        let Some(schema) = &self.schema else { return Ok(()) };
        let drop = format!("DROP SCHEMA {schema} CASCADE");
        let person = prompt().await?;
        loop {
            match person.batch_execute(&drop).await {
                // The journal may still be chaining its last events, and locks its tables in another order.
                Err(error) if error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) => {}
                dropped => return Ok(dropped?),
            }
        }
    }
}

/// The envelope of a call, which must come.
pub async fn call(till: &Client, operation: &str, request: &Value) -> Result<Value> {
    let answer = timeout(LONGEST, till.call(operation, &request.to_string())).await;
    let answer = answer.map_err(|_| format!("`{operation}` hangs"))?;
    Ok(serde_json::from_str(&answer)?)
}

async fn new_schema() -> Result<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let schema = format!("torture_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    prompt().await?.batch_execute(&format!("CREATE SCHEMA {schema}")).await?;
    Ok(schema)
}

/// Puts fields into an object.
pub fn merge(into: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().into_iter().flatten() {
        into[name] = value.clone();
    }
}
