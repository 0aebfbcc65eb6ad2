//! The cash register is renamed, bound to another one, or moved to another system while receipts are open or done.

use kassa_emulator::{Emulator, Options, Running};
use rand::RngExt as _;
use serde_json::{Value, json};

use crate::Result;
use crate::campaign::engine::Engine;
use crate::judge::Report;
use crate::relay::Treatment;
use crate::runner::Runner;
use crate::vendors::Asked;
use crate::world::scene::{Scene, is_ours, told};
use crate::world::{Kind, as_ever, calls};

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "register_changed",
    what: "with a receipt open or done, the same journal is opened with another register's name, with the same name \
           for another register of the vendor, or for another system, and the same receipt is sold there. It comes on \
           record once at most, wherever, and what another system has is not reported as on record in this one",
    vendors: &[],
    engines: &Engine::ALL,
    config: as_ever,
    may_doubt: true,
    act: |scene| Box::pin(act(scene)),
};

/// What changes.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// The name in the journal.
    Name,
    /// The register at the vendor, under the same name.
    Register,
    /// The system, under the same name.
    System,
}

const CHANGES: [Change; 3] = [Change::Name, Change::Register, Change::System];
/// Time of a call at the changed register, in milliseconds.
const CALL_MS: u64 = 1_500;

async fn act(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    let change = CHANGES[scene.random.random_range(0..CHANGES.len())];
    let before: [&str; 3] = ["done", "answer lost", "request lost"];
    let before = before[scene.random.random_range(0..before.len())];
    if before != "done" {
        let treatment = Treatment::Drop { forwarded: before == "answer lost" };
        scene.order(calls::DOCUMENT, Some(&asked), treatment)?;
    }
    scene.step(format!("first: {before}"));
    scene.register(&asked).await?;
    if before == "done" {
        scene.settle(&asked).await?;
    }
    scene.quiet().await?;
    let (config, system) = changed(scene, change).await?;
    let mut runner = started(scene, &asked).await?;
    let envelope = runner.try_open(&config).await?;
    scene.step(format!("opened with another {change:?} -> {}", told_of_open(&envelope)));
    scene.happened += 1;
    if !envelope["ok"].is_null() {
        for operation in scene.bench.vendor.opening {
            runner.call(operation, &json!({})).await?;
        }
        for (operation, request) in [("register", asked.receipt.clone()), ("wait", wait(&asked))] {
            let envelope = runner.call(operation, &request).await?;
            heard(scene, &asked, change, system.as_ref(), operation, &envelope);
        }
    }
    // It gives its leases back.
    runner.end().await?;
    home(scene, &asked).await?;
    let elsewhere = system.as_ref().map_or(0, |system| documents(system, &asked, scene));
    let here = scene.documents(&asked).len();
    if here + elsewhere > 1 {
        scene.violate(
            &asked,
            "doubled",
            format!("{here} documents in the first system, {elsewhere} in the other"),
        );
    }
    Ok(())
}

fn wait(asked: &Asked) -> Value {
    json!({"id": asked.id, "timeout_ms": CALL_MS})
}

fn told_of_open(envelope: &Value) -> String {
    if envelope["ok"].is_null() { told(envelope) } else { "opened".to_owned() }
}

/// The changed register's client works in a process of its own, after the first one's has ended.
async fn started(scene: &mut Scene, asked: &Asked) -> Result<Runner> {
    scene.listen(asked);
    scene.end_client().await?;
    scene.bench.bare_client()
}

/// Judges what the client at the changed register says.
fn heard(
    scene: &mut Scene,
    asked: &Asked,
    change: Change,
    system: Option<&Running>,
    operation: &str,
    envelope: &Value,
) {
    scene.step(format!("there: {operation} -> {}", told(envelope)));
    if let (Change::System, Report::Registered(_), Some(system)) = (change, Report::of(envelope), system)
        && documents(system, asked, scene) == 0
    {
        scene.violate(
            asked,
            "lost",
            format!("registered, says a system that never saw it: {}", told(envelope)),
        );
    }
}

/// How many documents of the receipt another system has.
fn documents(system: &Running, asked: &Asked, scene: &Scene) -> usize {
    let key = scene.bench.vendor.key;
    let of_it = |document: &kassa_emulator::LedgerEntry| {
        key(document).as_deref() == Some(asked.key.as_str()) && is_ours(document, asked)
    };
    system.ledger().iter().filter(|document| of_it(document)).count()
}

/// The configuration after a change, and the other system where there is one.
async fn changed(scene: &mut Scene, change: Change) -> Result<(Value, Option<Running>)> {
    let mut config = scene.bench.config().clone();
    config["timeout_ms"] = json!(CALL_MS);
    let name = config["register"].as_str().unwrap_or_default().to_owned();
    match change {
        Change::Name => {
            config["register"] = json!(format!("{name}-renamed"));
            if scene.vendor() == "ikkm" {
                config["key"] = scene.bench.operate("rekey", json!({}))?["key"].clone();
            }
            Ok((config, None))
        }
        Change::Register => {
            let second = another(scene);
            let seeded = scene.bench.emulator.seed(scene.vendor(), second)?;
            Ok((moved(config, &seeded["config"]), None))
        }
        Change::System => {
            let switches = [(scene.vendor().to_owned(), scene.bench.circumstances.switches())].into();
            let seed = scene.random.random();
            let options = Options { seed, switches, record_requests: false, ..Options::default() };
            let system = Emulator::start(options).await?;
            let other = elsewhere(scene.vendor(), system.config(scene.vendor()));
            Ok((moved(config, &other), Some(system)))
        }
    }
}

/// The same emulator at an address that is not this machine's own, so that it is another system. Only a device is
/// spoken to without TLS there: at the others nothing more than a greeting arrives.
fn elsewhere(vendor: &str, mut config: Value) -> Value {
    let there = if vendor == "ikkm" { "http://0.0.0.0" } else { "https://0.0.0.0" };
    let here = config["base_url"].as_str().unwrap_or_default();
    config["base_url"] = json!(here.replace("http://127.0.0.1", there));
    if vendor == "ikkm" {
        config["public_address"] = json!(true);
    }
    config
}

/// A second register as the emulator takes it.
fn another(scene: &mut Scene) -> Value {
    let number = scene.random.random_range(100_000..999_999);
    match scene.vendor() {
        "modulkassa" => json!({"account": {"login": format!("other-{number}")}, "retail_point": {}}),
        "atol" => {
            json!({"account": {"login": format!("other-{number}")}, "group": {"code": format!("other-{number}")}})
        }
        "ikkm" => json!({"device": {}}),
        _ => json!({"register": {"number": format!("119{number}")}}),
    }
}

/// A configuration with the address and the identity of another register, under the same name in the journal.
fn moved(mut config: Value, other: &Value) -> Value {
    let register = config["register"].take();
    for (name, value) in other.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    config["register"] = register;
    config
}

/// Back at the first register. Its key is told anew, as a person would after so many changes.
async fn home(scene: &mut Scene, asked: &Asked) -> Result<()> {
    let mut config = scene.bench.config().clone();
    if scene.vendor() == "ikkm" {
        config["key"] = scene.bench.operate("rekey", json!({}))?["key"].clone();
    }
    let envelope = scene.reopen(&config).await?;
    scene.step(format!("opened as at first -> {}", told_of_open(&envelope)));
    if envelope["ok"].is_null() {
        return Err(format!("the first register is not opened any more: {envelope}").into());
    }
    scene.settle(asked).await
}
