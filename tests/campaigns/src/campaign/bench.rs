//! What the clients of a cell share: the vendor with its ledger, the configuration, the judge.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use kassa_emulator::{Emulator, Fault, LedgerEntry, Options, Running};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::RwLock;

use crate::Result;
use crate::book::Book;
use crate::campaign::engine::{self, Engine};
use crate::judge::{Judge, Report};
use crate::relay::{Call, Relay};
use crate::runner::Runner;
use crate::vendors::{Asked, Circumstances, Vendor};

/// Rules that wait for the same call: more would strike one receipt all at once.
const MOST_WAITING: usize = 3;
/// Time of a call that has to succeed, in milliseconds.
pub const PATIENCE_MS: u64 = 30_000;
/// Another process works on the document or the cash register: nothing is said of the receipt.
pub const BUSY: &str = "busy";

/// What a cell begins with.
pub struct Setup {
    /// The vendor.
    pub vendor: &'static Vendor,
    /// What keeps the journal.
    pub engine: Engine,
    /// The seed of the emulator.
    pub seed: u64,
    /// The cash register.
    pub circumstances: &'static Circumstances,
    /// The receipts.
    pub asked: Vec<Asked>,
    /// What else differs in the configuration.
    pub config: Value,
    /// Hosts over which the clients are spread: each has a folder of its own.
    pub hosts: usize,
    /// What stands between the clients and the vendor: its kinds of call, where a relay does.
    pub relay: Option<Vec<Call>>,
}

/// What was seen in a cell.
#[derive(Default)]
pub struct Seen {
    /// The ledger.
    pub book: Book,
    /// What the library said that is not so.
    pub judge: Judge,
    /// Receipts that a person decided, with what the library had said.
    pub decided: BTreeMap<String, String>,
    /// Clients that were killed at their step.
    pub kills: usize,
    added: u64,
}

/// A cell while it runs.
pub struct Bench {
    /// The vendor.
    pub vendor: &'static Vendor,
    /// The cash register.
    pub circumstances: &'static Circumstances,
    /// What plays the vendor.
    pub emulator: Running,
    /// Held for reading during a call; for writing by who must be alone.
    pub gate: RwLock<()>,
    config: Value,
    device: String,
    asked: BTreeMap<String, Asked>,
    delivers: AtomicUsize,
    delivering: AtomicUsize,
    seen: Mutex<Seen>,
    folder: TempDir,
    hosts: usize,
    relay: Option<Relay>,
}

/// What was known when a call began.
#[derive(Debug)]
pub struct Listening {
    documents: usize,
    delivers: usize,
    is_alone: bool,
}

/// A `deliver` under way: it may bring any receipt on record.
pub struct Delivering<'a>(&'a Bench);

impl Drop for Delivering<'_> {
    fn drop(&mut self) {
        self.0.delivering.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Bench {
    /// Starts the emulator of a cell.
    pub async fn start(setup: Setup) -> Result<Self> {
        let Setup { vendor, engine, seed, circumstances, asked, config: own, hosts, relay } = setup;
        let switches = [(vendor.name.to_owned(), circumstances.switches())].into();
        let emulator =
            Emulator::start(Options { seed, switches, record_requests: false, ..Options::default() }).await?;
        let folder = TempDir::new()?;
        for host in 0..hosts.max(1) {
            std::fs::create_dir(folder.path().join(host_name(host)))?;
        }
        let register = engine::new_register(vendor.name, seed)?;
        let mut config = (vendor.account)(&emulator, &register)?;
        let device = config["register"].as_str().unwrap_or_default().to_owned();
        for changes in [(vendor.config)(), own] {
            for (name, value) in changes.as_object().into_iter().flatten() {
                config[name] = value.clone();
            }
        }
        config["journal"] = json!(engine.journal(folder.path())?);
        config["register"] = json!(register);
        let relay = match relay {
            Some(calls) => Some(Relay::start(&config, calls).await?),
            None => None,
        };
        if let Some(relay) = &relay {
            config = relay.through(&config);
        }
        let bench = Self {
            vendor,
            circumstances,
            emulator,
            gate: RwLock::new(()),
            config,
            device,
            asked: asked.into_iter().map(|asked| (asked.id.clone(), asked)).collect(),
            delivers: AtomicUsize::new(0),
            delivering: AtomicUsize::new(0),
            seen: Mutex::default(),
            folder,
            hosts: hosts.max(1),
            relay,
        };
        bench.seen.lock().judge.number_may_be_untold = vendor.number_may_be_untold;
        for (action, what) in (vendor.preparation)() {
            bench.operate(action, what)?;
        }
        Ok(bench)
    }

    /// What stands between the clients and the vendor.
    pub fn relay(&self) -> Result<&Relay> {
        Ok(self.relay.as_ref().ok_or("this cell has no relay")?)
    }

    /// What its clients are configured with.
    pub fn config(&self) -> &Value {
        &self.config
    }

    /// What an operator knows the cash register by.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Where its clients and the journal are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A client in a process of its own, on the host of its number.
    pub async fn client(&self, number: usize) -> Result<Runner> {
        self.started(number, &self.config).await
    }

    /// The same with all the time that a call may need on a busy machine.
    pub async fn patient_client(&self, number: usize) -> Result<Runner> {
        let mut config = self.config.clone();
        config["timeout_ms"] = json!(PATIENCE_MS);
        self.started(number, &config).await
    }

    /// A client with a configuration of its own.
    pub async fn client_with(&self, config: &Value) -> Result<Runner> {
        self.started(0, config).await
    }

    /// A process on the first host that has opened nothing yet.
    pub fn bare_client(&self) -> Result<Runner> {
        Runner::start_at(&self.folder.path().join(host_name(0)))
    }

    async fn started(&self, number: usize, config: &Value) -> Result<Runner> {
        let mut runner = Runner::start_at(&self.folder.path().join(host_name(number % self.hosts)))?;
        runner.open(config).await?;
        Ok(runner)
    }

    /// Does what an operator does at the cash register.
    pub fn operate(&self, action: &str, what: Value) -> Result<Value> {
        Ok(self.emulator.operate(&self.device, action, what)?)
    }

    /// Adds a fault, unless many wait for the same call already.
    pub fn strike(&self, fault: &Fault) -> Result<()> {
        let waiting = self.emulator.faults().into_iter().filter(|waiting| waiting.route == fault.route);
        if waiting.count() < MOST_WAITING { self.strike_surely(fault) } else { Ok(()) }
    }

    /// Adds a fault.
    pub fn strike_surely(&self, fault: &Fault) -> Result<()> {
        self.emulator.add_fault(fault.clone())?;
        self.seen.lock().added += fault.times.unwrap_or_default();
        Ok(())
    }

    /// Whether a fault with this label waits for its call.
    pub fn waits(&self, fault: &Fault) -> bool {
        self.emulator.faults().iter().any(|waiting| waiting.failure_message == fault.failure_message)
    }

    /// Takes back the faults that wait; gives back how many struck.
    pub fn end_faults(&self) -> u64 {
        let waiting: u64 = self.emulator.faults().iter().filter_map(|fault| fault.times).sum();
        self.emulator.clear_faults();
        self.seen.lock().added - waiting
    }

    /// Does something with what was seen, the ledger as it now stands.
    pub fn seen<T>(&self, work: impl FnOnce(&mut Seen) -> T) -> T {
        let mut seen = self.seen.lock();
        seen.book.read(&self.emulator, self.vendor.key);
        work(&mut seen)
    }

    /// The receipts of the cell.
    pub fn asked(&self) -> impl Iterator<Item = &Asked> {
        self.asked.values()
    }

    /// Whether documents that are found by this belong to a receipt of the cell.
    pub fn is_asked_for(&self, key: &str) -> bool {
        self.asked.values().any(|asked| asked.key == key)
    }

    /// The documents of the receipt with this id.
    pub fn documents_of(&self, id: &str) -> Result<Vec<LedgerEntry>> {
        let asked = self.asked.get(id).ok_or_else(|| format!("nobody asked for {id}"))?;
        Ok(self.documents(asked))
    }

    /// The documents of a receipt.
    pub fn documents(&self, asked: &Asked) -> Vec<LedgerEntry> {
        self.seen(|seen| seen.book.documents(&asked.key).to_vec())
    }

    /// Begins to listen to a call about a receipt. `is_alone`: no other client sells it.
    pub fn listen(&self, asked: &Asked, is_alone: bool) -> Listening {
        Listening {
            documents: self.documents(asked).len(),
            delivers: self.delivers.load(Ordering::SeqCst),
            is_alone: is_alone && self.delivering.load(Ordering::SeqCst) == 0,
        }
    }

    /// A `deliver` begins.
    pub fn deliver(&self) -> Delivering<'_> {
        self.delivering.fetch_add(1, Ordering::SeqCst);
        self.delivers.fetch_add(1, Ordering::SeqCst);
        Delivering(self)
    }

    /// Judges what a call told of a receipt.
    pub fn heard(&self, asked: &Asked, listening: &Listening, operation: &str, envelope: &Value) {
        let report = match operation {
            "deliver" => return,
            "enqueue" => enqueued(envelope),
            _ if envelope["error"]["code"] == BUSY => Report::Unknown,
            _ => Report::of(envelope),
        };
        // Where another process may have sold it during the call, only what was there before it
        // counts against "not registered".
        let is_alone = listening.is_alone && self.delivers.load(Ordering::SeqCst) == listening.delivers;
        let is_old_news = report == Report::NotRegistered && !is_alone && listening.documents == 0;
        let report = if is_old_news { Report::Unknown } else { report };
        self.seen(|seen| {
            let documents = seen.book.documents(&asked.key);
            seen.judge.hear(&asked.id, &report, documents, &format!("{operation}: {envelope}"));
        });
    }
}

fn host_name(number: usize) -> String {
    format!("host-{number}")
}

/// What `enqueue` says of its one receipt.
fn enqueued(envelope: &Value) -> Report {
    let entry = &envelope["ok"]["entries"][0];
    let error = &envelope["ok"]["errors"][0];
    if entry.is_object() { Report::of_bare_state(entry) } else { Report::of(error) }
}
