//! The fiscalization vendors on loopback: state, counters, queues, a ledger, faults on demand.
//!
//! Everything that the control API under `/_emulator/` does, [`Emulator`] does in process.

mod answers;
mod beside;
mod clock;
mod control;
mod faults;
mod foreign;
mod frame;
mod ledger;
mod outgoing;
pub mod program;
mod requests;
mod server;
mod switches;
mod vendors;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;

pub use crate::faults::{Action, Fault, Part, When};
pub use crate::frame::Refused;
pub use crate::ledger::{Content, Kind, LedgerEntry, LedgerPayment};
pub use crate::requests::ReceivedRequest;

use crate::frame::Frame;
use crate::vendors::Vendor;

vendors::vendors!(atol::Atol, ikassa::Ikassa, ikkm::Ikkm, modulkassa::Modulkassa, sample::Sample);

const DEFAULT_SEED: u64 = 1;

/// How an emulator starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// The seed of ids, passwords and fiscal signs.
    pub seed: u64,
    /// Switches by vendor; also the state after a reset.
    pub switches: BTreeMap<String, Map<String, Value>>,
    /// Whether requests are recorded. Without it a long load test keeps its memory.
    pub record_requests: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, seed: DEFAULT_SEED, switches: BTreeMap::new(), record_requests: true }
    }
}

impl Options {
    /// The same with a switch set, also after a reset.
    #[must_use]
    pub fn switch(mut self, vendor: &str, name: &str, value: impl Into<Value>) -> Self {
        let of_vendor = self.switches.entry(vendor.to_owned()).or_default();
        of_vendor.insert(name.to_owned(), value.into());
        self
    }
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is not free, or the like.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(#[from] std::io::Error),
    /// A switch has a wrong name or value.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// All vendors with what they stand on.
pub struct Emulator {
    url: String,
    frame: Arc<Frame>,
    vendors: BTreeMap<&'static str, Arc<dyn Vendor>>,
}

impl Emulator {
    /// Starts an emulator on loopback, on the runtime of the caller.
    pub async fn start(options: Options) -> Result<Running, StartError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let frame = Frame::new(Handle::current(), options.seed, options.record_requests);
        let frame = Arc::new(frame);
        if let Some(unknown) = options.switches.keys().find(|name| !is_vendor(name)) {
            return Err(unknown_vendor(unknown).into());
        }
        let mut vendors = BTreeMap::new();
        for (name, start) in VENDORS {
            let switches = options.switches.get(*name).cloned().unwrap_or_default();
            vendors.insert(*name, start(&frame, &switches)?);
        }
        let emulator = Arc::new(Self { url, frame, vendors });
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(server::run(emulator.clone(), listener, stopped));
        Ok(Running { emulator, stop })
    }

    /// Where it listens, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The line that the program prints when it is ready.
    pub fn description(&self) -> Value {
        let describe =
            |(name, vendor): (&&str, &Arc<dyn Vendor>)| ((*name).to_owned(), vendor.description(&self.url));
        let vendors: Map<String, Value> = self.vendors.iter().map(describe).collect();
        json!({ "url": self.url, "vendors": vendors })
    }

    /// The config of a vendor, ready for the client library; null for an unknown vendor.
    pub fn config(&self, vendor: &str) -> Value {
        let found = self.vendors.get(vendor).map(|v| v.description(&self.url));
        found.and_then(|d| d.get("config").cloned()).unwrap_or_default()
    }

    /// Every fiscal document that came to be, in order.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.frame.ledger.entries()
    }

    /// The fiscal documents after the first `known`: what is new to who has read so many.
    pub fn ledger_after(&self, known: usize) -> Vec<LedgerEntry> {
        self.frame.ledger.entries_after(known)
    }

    /// Every request as received, in order.
    pub fn requests(&self) -> Vec<Arc<ReceivedRequest>> {
        self.frame.requests.all()
    }

    /// Adds a fault rule.
    pub fn add_fault(&self, fault: Fault) -> Result<(), Refused> {
        self.add_faults(vec![fault])
    }

    /// Adds fault rules: all, or none when one of them is wrong.
    pub fn add_faults(&self, faults: Vec<Fault>) -> Result<(), Refused> {
        for fault in &faults {
            let vendor = self.vendor(&fault.vendor)?;
            fault.check(vendor.routes(), vendor.failure_types(), vendor.actions())?;
        }
        self.frame.faults.add(faults);
        Ok(())
    }

    /// The fault rules that are active, with the times that remain.
    pub fn faults(&self) -> Vec<Fault> {
        self.frame.faults.active()
    }

    /// Removes all fault rules.
    pub fn clear_faults(&self) {
        self.frame.faults.clear();
    }

    /// Changes one switch of a vendor.
    pub fn switch(&self, vendor: &str, name: &str, value: impl Into<Value>) -> Result<(), Refused> {
        let patch = Map::from_iter([(name.to_owned(), value.into())]);
        self.set_switches(vendor, &patch)
    }

    /// Changes switches of a vendor: all, or none when one of them is wrong.
    pub fn set_switches(&self, vendor: &str, patch: &Map<String, Value>) -> Result<(), Refused> {
        self.vendor(vendor)?.set_switches(patch)
    }

    /// All switches of all vendors.
    pub fn switches(&self) -> Value {
        self.of_each(|vendor| vendor.switches())
    }

    /// The documents that each vendor holds, with their states.
    pub fn documents(&self) -> Value {
        self.of_each(|vendor| vendor.documents())
    }

    /// Adds accounts, points and the like to a vendor; the answer is a config for them.
    pub fn seed(&self, vendor: &str, what: Value) -> Result<Value, Refused> {
        self.vendor(vendor)?.clone().seed(what, &self.url)
    }

    /// Does what an operator does at a device or register; the answer is what the operator sees.
    pub fn operate(&self, register: &str, action: &str, what: Value) -> Result<Value, Refused> {
        let mut answers = self.vendors.values().filter_map(|vendor| vendor.operate(register, action, &what));
        answers.next().unwrap_or_else(|| Err(Refused::new(format!("no device {register:?}"))))
    }

    /// The present moment by the virtual clock.
    pub fn now(&self) -> OffsetDateTime {
        self.frame.clock.now()
    }

    /// Moves the virtual clock forward by whole seconds.
    pub fn advance(&self, span: Duration) {
        self.frame.clock.advance(span);
    }

    /// Moves the virtual clock by whole seconds; a negative number sets it back.
    pub fn advance_s(&self, seconds: i64) {
        self.frame.clock.advance_s(seconds);
    }

    /// Everything back to the seeded state; the address and the printed configs stay valid.
    pub fn reset(&self) {
        self.frame.begin_epoch();
        self.frame.faults.clear();
        self.frame.clock.reset();
        for vendor in self.vendors.values() {
            vendor.clone().reset();
        }
        self.frame.ledger.clear();
        self.frame.requests.clear();
    }

    pub(crate) fn frame(&self) -> &Frame {
        &self.frame
    }

    pub(crate) fn router(self: &Arc<Self>) -> Router {
        let vendors = self.vendors.values().cloned().map(Vendor::router);
        let all = vendors.fold(control::router(self.clone()), Router::merge);
        // The server has a limit of its own, far above the framework's.
        all.layer(DefaultBodyLimit::disable())
    }

    pub(crate) fn routed_path(&self, path: &str) -> Option<String> {
        self.vendors.values().find_map(|vendor| vendor.routed_path(path))
    }

    fn vendor(&self, name: &str) -> Result<&Arc<dyn Vendor>, Refused> {
        self.vendors.get(name).ok_or_else(|| unknown_vendor(name))
    }

    fn of_each(&self, part: impl Fn(&dyn Vendor) -> Value) -> Value {
        let parts = self.vendors.iter().map(|(name, v)| ((*name).to_owned(), part(v.as_ref())));
        Value::Object(parts.collect())
    }
}

fn is_vendor(name: &str) -> bool {
    VENDORS.iter().any(|(known, _)| *known == name)
}

fn unknown_vendor(name: &str) -> Refused {
    let known: Vec<_> = VENDORS.iter().map(|(name, _)| *name).collect();
    Refused::new(format!("vendor: {name:?} is not one of {known:?}"))
}

/// An emulator that listens; it stops when this is dropped.
pub struct Running {
    emulator: Arc<Emulator>,
    stop: watch::Sender<bool>,
}

impl Running {
    /// Stops listening, closes all connections and ends what runs in the background.
    pub fn stop(self) {
        drop(self);
    }
}

impl Deref for Running {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.emulator
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        for vendor in self.emulator.vendors.values() {
            vendor.stop();
        }
    }
}
