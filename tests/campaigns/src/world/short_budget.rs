//! Calls that have hardly any time.

use std::time::Duration;

use rand::RngExt as _;
use serde_json::json;

use crate::Result;
use crate::campaign::engine::Engine;
use crate::relay::Treatment;
use crate::world::scene::Scene;
use crate::world::{Kind, as_ever, calls};

/// The longest that such a call may take: 2 to the power of this, in milliseconds, is drawn first.
const MOST_MS: u64 = 400;
/// How long the request and the answer are on their way.
const SLOW_MS: std::ops::Range<u64> = 0..120;
/// Calls in a row.
const CALLS: usize = 3;

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "short_budget",
    what: "a call with `timeout_ms` between 1 and 400, at a vendor that takes 0 to 240 ms, did not end with a result",
    vendors: &[],
    engines: &Engine::ALL,
    config: as_ever,
    may_doubt: false,
    act: |scene| Box::pin(act(scene)),
};

async fn act(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    let mut config = scene.bench.config().clone();
    let most = MOST_MS.min(1 << scene.random.random_range(1..10));
    let timeout_ms = scene.random.random_range(1..=most);
    config["timeout_ms"] = json!(timeout_ms);
    let opened = scene.reopen(&config).await?;
    if opened["ok"].is_null() {
        return Err(format!("it was not opened: {opened}").into());
    }
    scene.step(format!("opened with timeout_ms {timeout_ms}"));
    let mut slow = || Duration::from_millis(scene.random.random_range(SLOW_MS));
    let treatment = Treatment::Slow { before: slow(), after: slow() };
    let mut ticket = scene.order(calls::DOCUMENT, Some(&asked), treatment)?;
    for _ in 0..CALLS {
        let envelope = scene.register(&asked).await?;
        if envelope["ok"].is_object() {
            break;
        }
        scene.happened += 1;
    }
    let config = scene.bench.config().clone();
    scene.reopen(&config).await?;
    scene.step("opened as ever");
    ticket.over().await?;
    scene.settle(&asked).await?;
    scene.relay()?.clear();
    Ok(())
}
