//! The wall clock of the client steps, forward and back, while a receipt's fate is open.

use std::time::Duration;

use rand::RngExt as _;
use serde_json::{Value, json};

use crate::Result;
use crate::campaign::engine::Engine;
use crate::relay::Treatment;
use crate::world::scene::Scene;
use crate::world::{Kind, calls};

/// How long the library is told to allow for late bytes.
const SETTLE_MS: u64 = 600;
/// How late they come, and from when on they do not come any more.
const LATE_MS: std::ops::Range<u64> = 20..400;
const LIMIT_MS: u64 = 480;
/// A minute, an hour, a day, a month, in milliseconds.
const STEPS_MS: [i64; 4] = [60_000, 3_600_000, 86_400_000, 2_592_000_000];

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "clock",
    what: "the client's wall clock steps a minute to a month forward or back while a request is on its way or its \
           answer is lost: what was given time to arrive still has it, and nothing waits for ever",
    vendors: &[],
    engines: &Engine::ALL,
    config,
    may_doubt: false,
    act: |scene| Box::pin(act(scene)),
};

fn config(vendor: &str) -> Value {
    if vendor == "atol" { Value::Null } else { json!({"settle_ms": SETTLE_MS}) }
}

async fn act(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    let after = Duration::from_millis(scene.random.random_range(LATE_MS));
    let treatments = [
        Treatment::Late { after, limit: Duration::from_millis(LIMIT_MS) },
        Treatment::Drop { forwarded: true },
        Treatment::Drop { forwarded: false },
    ];
    let which = scene.random.random_range(0..treatments.len());
    let mut ticket = scene.order(calls::DOCUMENT, Some(&asked), treatments[which].clone())?;
    scene.register(&asked).await?;
    scene.step(["the request is on its way", "the answer was lost", "the request was lost"][which]);
    let step = STEPS_MS[scene.random.random_range(0..STEPS_MS.len())];
    let offset_ms = if scene.random.random() { step } else { -step };
    scene.runner().await?.turn_clock(offset_ms).await?;
    scene.happened += 1;
    scene.step(format!("the clock steps by {offset_ms} ms"));
    scene.settle(&asked).await?;
    if ticket.over().await? == crate::relay::Done::TooLate {
        scene.excused.insert(asked.id.clone(), "its late request came after the time that is allowed for it");
    }
    scene.relay()?.clear();
    if scene.random.random() {
        scene.runner().await?.turn_clock(0).await?;
        scene.step("the clock is set right");
    }
    Ok(())
}
