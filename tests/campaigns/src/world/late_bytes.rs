//! A request is kept on its way, its sender gives up or dies, and then it is delivered.

use std::time::Duration;

use rand::RngExt as _;
use serde_json::{Value, json};

use crate::Result;
use crate::campaign::engine::Engine;
use crate::relay::Treatment;
use crate::world::scene::Scene;
use crate::world::{Kind, calls};

/// How long the library is told to allow for it.
const SETTLE_MS: u64 = 600;
/// How late it comes.
const LATE_MS: std::ops::Range<u64> = 20..400;
/// From then on it is not delivered any more, since the library may rely on it.
const LIMIT_MS: u64 = 480;
/// Of so many clients one is killed while its request is on the way. A lease in PostgreSQL outlives it by seconds.
const KILLED: u32 = 4;
const KILLED_POSTGRES: u32 = 24;

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "late_bytes",
    what: "a request is delivered 20 to 400 ms after its sender hung up or was killed, within `settle_ms` (600): that \
           may never give a second document",
    vendors: &[],
    engines: &Engine::ALL,
    config,
    may_doubt: false,
    act: |scene| Box::pin(act(scene)),
};

/// ATOL knows the id of a document, and has no time to wait.
fn config(vendor: &str) -> Value {
    if vendor == "atol" { Value::Null } else { json!({"settle_ms": SETTLE_MS}) }
}

async fn act(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    let after_ms = scene.random.random_range(LATE_MS);
    let in_so_many = if scene.engine_is_postgres() { KILLED_POSTGRES } else { KILLED };
    let is_killed = scene.random.random_range(0..in_so_many) == 0;
    let treatment =
        Treatment::Late { after: Duration::from_millis(after_ms), limit: Duration::from_millis(LIMIT_MS) };
    let mut ticket = scene.order(calls::DOCUMENT, Some(&asked), treatment)?;
    scene.begin_register(&asked).await?;
    if is_killed {
        ticket.arrived().await?;
        scene.kill().await?;
    } else {
        scene.receive(&asked, "register").await?;
    }
    scene.step(format!("the request is on its way, {after_ms} ms more"));
    scene.settle(&asked).await?;
    scene.counted(ticket, &asked).await?;
    Ok(())
}
