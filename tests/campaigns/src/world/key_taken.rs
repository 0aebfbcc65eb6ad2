//! Another program, or another host of the shop, has used the key of a receipt before.

use rand::RngExt as _;
use serde_json::{Value, json};

use crate::Result;
use crate::campaign::engine::Engine;
use crate::relay::Treatment;
use crate::runner::Runner;
use crate::vendors::Asked;
use crate::world::scene::Scene;
use crate::world::{Kind, as_ever, calls};
use kassa_emulator::{Action, Fault};

/// What the other program sells for: no receipt of the shop costs as much.
const OTHER_SUM: &str = "77.00";
/// How long it waits for its document, in milliseconds.
const OTHER_WAIT_MS: u64 = 5_000;

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "key_taken",
    what: "another program with a journal of its own uses the same key first, or between a lost request and its \
           repetition: with another total, as a refund, or for the same content, which then is ours (a lost journal). \
           Other content under our id is never reported as ours",
    vendors: &["modulkassa", "atol", "ikkm"],
    engines: &Engine::ALL,
    config: as_ever,
    may_doubt: true,
    act: |scene| Box::pin(act(scene)),
};

/// What the other program sells under the same id.
#[derive(Clone, Copy, Debug)]
enum Other {
    Total,
    Refund,
    Same,
}

const OTHERS: [Other; 3] = [Other::Total, Other::Same, Other::Refund];

async fn act(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    let is_between = scene.random.random();
    if is_between {
        let mut lost = scene.order(calls::DOCUMENT, Some(&asked), Treatment::Drop { forwarded: false })?;
        scene.register(&asked).await?;
        lost.over().await?;
        scene.step("the request was lost");
    }
    match scene.vendor() {
        "ikkm" => at_the_device(scene, &asked).await,
        _ => in_the_cloud(scene, &asked).await,
    }
}

/// Another program sells with the device's current key just before the shop does.
async fn at_the_device(scene: &mut Scene, asked: &Asked) -> Result<()> {
    scene.may_fail.push(asked.id.clone());
    scene.bench.strike_surely(&Fault::new("ikkm", "register", Action::OtherWriter))?;
    scene.step("another program will use the key first");
    scene.register(asked).await?;
    scene.settle(asked).await?;
    if scene.bench.emulator.faults().is_empty() {
        scene.happened += 1;
    } else {
        scene.bench.end_faults();
    }
    Ok(())
}

/// Another journal makes the same key of the same id.
async fn in_the_cloud(scene: &mut Scene, asked: &Asked) -> Result<()> {
    // ATOL's report tells no kind: there a refund of the same total is nothing that could be told.
    let others = if scene.vendor() == "atol" { &OTHERS[..2] } else { &OTHERS[..] };
    let other = others[scene.random.random_range(0..others.len())];
    let receipt = under_the_same_id(&asked.receipt, other);
    let before = scene.bench.documents(asked).len();
    let mut runner = elsewhere(scene).await?;
    runner.call("register", &receipt).await?;
    runner.call("wait", &json!({"id": asked.id, "timeout_ms": OTHER_WAIT_MS})).await?;
    scene.own = Some(Box::new(runner));
    if scene.bench.documents(asked).len() > before {
        scene.happened += 1;
        scene.step(format!("another program has the id on record: {other:?}"));
        match other {
            // On record as ours, whatever was said before.
            Other::Same => {
                scene.forget_denial(asked);
                scene.anothers.insert(asked.id.clone());
            }
            Other::Total | Other::Refund => scene.may_fail.push(asked.id.clone()),
        }
    }
    scene.register(asked).await?;
    scene.settle(asked).await
}

/// The other program, with a journal that forgets.
async fn elsewhere(scene: &mut Scene) -> Result<Runner> {
    let kept = scene.own.take().and_then(|own| own.downcast::<Runner>().ok());
    if let Some(runner) = kept {
        return Ok(*runner);
    }
    let mut config = scene.bench.config().clone();
    config["journal"] = json!("memory:");
    config["timeout_ms"] = json!(OTHER_WAIT_MS);
    scene.bench.client_with(&config).await
}

fn under_the_same_id(receipt: &Value, other: Other) -> Value {
    let mut receipt = receipt.clone();
    match other {
        Other::Total => {
            receipt["items"][0]["price"] = json!(OTHER_SUM);
            receipt["payments"][0]["sum"] = json!(OTHER_SUM);
        }
        Other::Refund => receipt["kind"] = json!("sell_refund"),
        Other::Same => {}
    }
    receipt
}
