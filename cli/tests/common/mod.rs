//! The program, with an emulator in this process and a folder of its own.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kassa_emulator::{Emulator, Options, Running};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_kassa");
pub const VENDORS: [&str; 4] = ["modulkassa", "ikkm", "atol", "ikassa"];

/// What the program did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The one JSON value that it printed.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The JSON values that it printed, one a line.
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The error that it printed as JSON.
    pub fn error(&self) -> Value {
        let told: Value = serde_json::from_str(&self.err).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        told["error"].clone()
    }

    /// Ended like this.
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

pub struct Bench {
    _runtime: Runtime,
    pub emulator: Running,
    pub folder: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let emulator = runtime.block_on(Emulator::start(Options::default())).unwrap();
        emulator.switch("ikkm", "pace_ms", 0).unwrap();
        let register = emulator.config("ikassa")["register"].as_str().unwrap().to_owned();
        emulator.operate(&register, "open_shift", json!({})).unwrap();
        Self { _runtime: runtime, emulator, folder: TempDir::new().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A bench with the configuration of a vendor, quick to settle.
    pub fn of(vendor: &str) -> Self {
        let bench = Self::new();
        bench.configure(vendor, json!({}));
        bench
    }

    /// Writes the configuration of a vendor.
    pub fn configure(&self, vendor: &str, changes: Value) {
        let mut config = self.emulator.config(vendor);
        let own = json!({
            "journal": format!("sqlite:{}", self.path("journal.sqlite").display()), "timeout_ms": 3000,
        });
        let quick = match vendor {
            "atol" => json!({ "poll_ms": 50 }),
            "ikkm" => json!({ "settle_ms": 20, "pace_ms": 0 }),
            _ => json!({ "settle_ms": 20 }),
        };
        for changes in [own, quick, changes] {
            for (name, value) in changes.as_object().unwrap() {
                config[name] = value.clone();
            }
        }
        self.write("kassa.json", &config.to_string());
    }

    /// Writes a file of this user's alone.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
        path
    }

    /// The receipt of a sale of 290.00, as a file.
    pub fn sale(&self, vendor: &str, id: &str) -> String {
        let path = self.write(&format!("{id}.json"), &receipt(vendor, id).to_string());
        path.to_str().unwrap().to_owned()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        let words = ["KASSA_CONFIG", "KASSA_JOURNAL", "KASSA_PASSWORD", "KASSA_KEY"];
        for name in words {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.folder.path()).env("XDG_STATE_HOME", self.path("state"));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    /// The same with something on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        ran(self.command(arguments), input)
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--json"]].concat()).ends(0).json()
    }

    pub fn fault(&self, fault: Value) {
        self.emulator.add_fault(serde_json::from_value(fault).unwrap()).unwrap();
    }

    /// Registers a receipt whose answers get lost, so that it stays in doubt.
    pub fn in_doubt(&self, vendor: &str, id: &str) {
        for fault in LOSSES.iter().filter(|(of, _)| *of == vendor).map(|(_, fault)| fault) {
            let mut fault: Value = serde_json::from_str(fault).unwrap();
            fault["vendor"] = vendor.into();
            self.fault(fault);
        }
        let ran = self.run(&["register", &self.sale(vendor, id)]).ends(3);
        assert!(ran.err.contains("On record: not known."), "{ran:?}");
        self.emulator.clear_faults();
    }

    /// Sales in the ledger.
    pub fn sales(&self) -> usize {
        let kinds = self.emulator.ledger().into_iter().map(|entry| serde_json::to_value(entry.kind).unwrap());
        kinds.filter(|kind| *kind == json!("sell")).count()
    }
}

/// What loses the answer to a sale and every look-up of it.
const LOSSES: &[(&str, &str)] = &[
    ("modulkassa", r#"{"route": "submit", "when": "after_record", "do": "drop"}"#),
    ("modulkassa", r#"{"route": "status", "do": "drop", "times": null}"#),
    ("ikkm", r#"{"route": "register", "when": "after_record", "do": "drop"}"#),
    ("ikkm", r#"{"route": "register", "do": "drop", "times": null}"#),
    ("atol", r#"{"route": "submit", "when": "after_record", "do": "drop"}"#),
    ("atol", r#"{"route": "submit", "do": "drop", "times": null}"#),
    ("ikassa", r#"{"route": "sale", "when": "after_record", "do": "drop"}"#),
    ("ikassa", r#"{"route": "shift", "do": "drop", "skip": 1, "times": null}"#),
];

pub fn ran(mut command: Command, input: &str) -> Ran {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may end without having read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

pub fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub fn receipt(vendor: &str, id: &str) -> Value {
    let (price, sum, kind, vat) = match vendor {
        "ikkm" => ("150", "290", "card", None),
        "ikassa" => ("150.00", "290.00", "cash", Some("20")),
        _ => ("150.00", "290.00", "card", Some("22")),
    };
    let mut item = json!({ "name": "Кружка", "price": price, "quantity": "2", "discount": "10" });
    if let Some(vat) = vat {
        item["vat"] = vat.into();
    }
    let mut receipt =
        json!({ "id": id, "kind": "sell", "items": [item], "payments": [{ "type": kind, "sum": sum }] });
    if matches!(vendor, "modulkassa" | "atol") {
        receipt["customer"] = json!({ "email": "buyer@shop.example" });
    }
    receipt
}
