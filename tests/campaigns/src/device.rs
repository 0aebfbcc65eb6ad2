//! One emulated device, the folder of the journals beside it, and the operator in front of it.

use kassa_emulator::{Emulator, LedgerEntry, Options, Running};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::Result;
use crate::sale::Sale;

const VENDOR: &str = "ikkm";
/// Milliseconds after a lost answer before the device is asked about it.
const SETTLE_MS: u64 = 100;
/// Milliseconds that one call of the library may take.
const CALL_MS: u64 = 30_000;

/// An emulator with one device, and a folder for journals that goes with it.
pub struct Device {
    emulator: Running,
    _folder: TempDir,
    register: String,
    config: Value,
}

impl Device {
    /// Starts an emulator of its own.
    pub async fn start(seed: u64, switches: Map<String, Value>) -> Result<Self> {
        let options =
            Options { seed, switches: [(VENDOR.to_owned(), switches)].into(), ..Options::default() };
        let emulator = Emulator::start(options).await?;
        let folder = TempDir::new()?;
        let mut config = emulator.config(VENDOR);
        let register = config["register"].as_str().unwrap_or_default().to_owned();
        config["journal"] = json!(format!("sqlite:{}", folder.path().join("journal.sqlite").display()));
        config["settle_ms"] = json!(SETTLE_MS);
        config["timeout_ms"] = json!(CALL_MS);
        config["pace_ms"] = json!(0);
        Ok(Self { emulator, _folder: folder, register, config })
    }

    /// The emulator.
    pub fn emulator(&self) -> &Running {
        &self.emulator
    }

    /// The shop's configuration, with the key that the operator set first.
    pub fn config(&self) -> &Value {
        &self.config
    }

    /// Documents on record for a sale, made by the shop.
    pub fn documents(&self, sale: &Sale) -> Vec<LedgerEntry> {
        let total = sale.total();
        let is_ours = |entry: &LedgerEntry| entry.by.is_none() && entry.total == total;
        self.emulator.ledger().into_iter().filter(is_ours).collect()
    }

    /// The operator logs in as a senior cashier, who may look documents up.
    pub fn log_in_senior(&self) -> Result<()> {
        self.operate("user", json!({"role": "senior"})).map(drop)
    }

    /// The device starts anew.
    pub fn reboot(&self) -> Result<()> {
        self.operate("reboot", json!({})).map(drop)
    }

    /// The operator sells by hand.
    pub fn sell_by_hand(&self, tenge: u32) -> Result<()> {
        self.operate("sell_by_hand", json!({"sum": tenge.to_string()})).map(drop)
    }

    /// The operator sets a new key on the device.
    pub fn rekey(&self) -> Result<String> {
        let shown = self.operate("rekey", json!({}))?;
        Ok(shown["key"].as_str().ok_or("the device shows no key")?.to_owned())
    }

    fn operate(&self, action: &str, what: Value) -> Result<Value> {
        Ok(self.emulator.operate(&self.register, action, what)?)
    }
}
