//! A document fails at the register and is put back into the vendor's queue.

use std::time::{Duration, Instant};

use kassa_emulator::{Action, Fault};
use rand::RngExt as _;
use serde_json::json;

use crate::Result;
use crate::campaign::engine::Engine;
use crate::relay::{Gate, Treatment};
use crate::world::scene::Scene;
use crate::world::{Kind, as_ever, calls};

/// How long the vendor may take for a document, in milliseconds.
const WAIT_MS: u64 = 2_000;
/// Until when a document that is to fail must have failed, however slow the machine is.
const FAILS_WITHIN: Duration = Duration::from_secs(60);
/// The emulator's word for the call that brings a document.
const SUBMIT: &str = "submit";

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "requeue",
    what: "a document fails at the register and `requeue_document` is called: as it should be, with its answer or its \
           request lost, or killed half-way. What the vendor has then is what the journal says in the end",
    vendors: &["modulkassa"],
    engines: &Engine::ALL,
    config: as_ever,
    may_doubt: false,
    act: |scene| Box::pin(act(scene)),
};

/// How the call goes.
#[derive(Clone, Copy, Debug)]
enum Way {
    Plain,
    AnswerLost,
    RequestLost,
    KilledBefore,
    KilledAfter,
}

const WAYS: [Way; 5] = [Way::Plain, Way::AnswerLost, Way::RequestLost, Way::KilledBefore, Way::KilledAfter];

async fn act(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    scene.may_fail.push(asked.id.clone());
    let fails = Fault { matching: Some(asked.id.clone()), ..Fault::new("modulkassa", SUBMIT, Action::Fail) };
    scene.bench.strike_surely(&fails)?;
    let id = json!({"id": asked.id});
    let wait = json!({"id": asked.id, "timeout_ms": WAIT_MS});
    let give_up = Instant::now() + FAILS_WITHIN;
    loop {
        scene.register(&asked).await?;
        let told = scene.call(&asked, "wait", &wait).await?;
        if told["ok"]["state"] == "failed" || told["error"]["code"] == "fiscalization_failed" {
            break;
        }
        if Instant::now() > give_up {
            return Err(format!("the document did not fail: {told}").into());
        }
    }
    // It is sold anew on purpose.
    scene.forget_denial(&asked);
    let way = WAYS[scene.random.random_range(0..WAYS.len())];
    let gate = Gate::default();
    let treatment = match way {
        Way::Plain => Treatment::Slow { before: Duration::ZERO, after: Duration::ZERO },
        Way::AnswerLost => Treatment::Drop { forwarded: true },
        Way::RequestLost => Treatment::Drop { forwarded: false },
        Way::KilledBefore => Treatment::Held { gate: gate.clone(), forwarded: false },
        Way::KilledAfter => Treatment::Held { gate: gate.clone(), forwarded: true },
    };
    let mut ticket = scene.order(calls::REQUEUE, None, treatment)?;
    scene.runner().await?.begin("requeue_document", &id).await?;
    // On a slow machine the call may not be begun at all: then it answers as any other.
    let is_held = matches!(way, Way::KilledBefore | Way::KilledAfter) && ticket.arrived().await.is_ok();
    if is_held {
        scene.kill().await?;
    }
    gate.open();
    if !is_held {
        let line = scene.runner().await?.receive_line().await?;
        scene.step(format!("requeue_document, {way:?} -> {}", line.chars().take(200).collect::<String>()));
    }
    scene.counted(ticket, &asked).await?;
    // What the shop does then: it waits, and asks again.
    scene.call(&asked, "wait", &wait).await?;
    scene.settle(&asked).await
}
