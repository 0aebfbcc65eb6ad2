//! The process forks, and both go on.

use std::time::Duration;

use rand::RngExt as _;
use serde_json::{Value, json};

use crate::Result;
use crate::campaign::bench::BUSY;
use crate::campaign::engine::Engine;
use crate::relay::{Ticket, Treatment};
use crate::vendors::Asked;
use crate::world::copies::{Copies, Fork, Lane, is_forked};
use crate::world::scene::{Scene, told};
use crate::world::{Kind, as_ever, calls};

/// How long the vendor takes for a receipt, on both ways: the fork comes meanwhile.
const SLOW_MS: u64 = 100;
/// Time of a call by one of the two, in milliseconds: enough on a machine that is busy with all of the campaign.
const CALL_MS: u64 = 3_000;
/// Calls by another process after which a lease of a dead process should have ended.
const PATIENT_CALLS: usize = 8;

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "fork",
    what: "the process forks (plainly, or executing anew; idle, or with a call under way) and both sell the same \
           receipt; or the parent dies in its call while the child lives, which may not keep its lease",
    vendors: &[],
    engines: &Engine::ALL,
    config: as_ever,
    may_doubt: false,
    act: |scene| Box::pin(act(scene)),
};

async fn act(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    let mut copies = match scene.own.take().and_then(|own| own.downcast::<Copies>().ok()) {
        Some(copies) => *copies,
        None => {
            let mut copies = Copies::start(scene.bench.folder(), 1).await?;
            let config = config(scene);
            copies.lane.open(1, &config).await?;
            copies
        }
    };
    let fork = if scene.random.random() { Fork::Plain } else { Fork::Exec };
    let is_under_way = scene.random.random();
    // A lease in PostgreSQL outlives a killed process by seconds, child or not.
    let dies = is_under_way && scene.random.random() && !scene.engine_is_postgres();
    scene.step(format!("{fork:?} fork, call under way: {is_under_way}, parent dies: {dies}"));
    let slow = Duration::from_millis(SLOW_MS);
    let mut ticket =
        scene.order(calls::DOCUMENT, Some(&asked), Treatment::Slow { before: slow, after: slow })?;
    if is_under_way {
        copies.lane.ask(&format!("begin 1 register {}", asked.receipt)).await?;
        arrived(scene, &asked, &mut ticket, &mut copies).await?;
    }
    let mut child = copies.fork(fork).await?;
    scene.happened += 1;
    if dies {
        copies.kill().await?;
        scene.step("the parent is killed");
        outlived(scene, &asked).await?;
    } else if !is_under_way {
        copies.lane.ask(&format!("begin 1 register {}", asked.receipt)).await?;
    }
    sold_by_child(scene, &asked, &mut child).await?;
    if !dies {
        copies.lane.say("end").await?;
        let line = copies.lane.hear().await?;
        let envelope = scene.read(&asked, &line);
        scene.heard(&asked, "parent: register", &envelope, false);
        scene.own = Some(Box::new(copies));
    }
    scene.quiet().await?;
    scene.settle(&asked).await
}

/// What parent and child are configured with.
fn config(scene: &Scene) -> Value {
    let mut config = scene.bench.config().clone();
    config["timeout_ms"] = json!(CALL_MS);
    config
}

/// Waits until the parent's call is at the vendor; it may have ended before that.
async fn arrived(scene: &mut Scene, asked: &Asked, ticket: &mut Ticket, copies: &mut Copies) -> Result<()> {
    if ticket.arrived().await.is_err() {
        copies.lane.say("end").await?;
        let line = copies.lane.hear().await?;
        return Err(format!("{}: the parent's call did not come to the vendor: {line}", asked.id).into());
    }
    scene.step("the parent's call is under way");
    Ok(())
}

/// The child sells the same; it opens anew where its client was opened before the fork.
async fn sold_by_child(scene: &mut Scene, asked: &Asked, child: &mut Lane) -> Result<()> {
    let config = config(scene);
    let mut envelope = child.ask(&format!("call 1 status {}", json!({"id": asked.id}))).await?;
    scene.step(format!("child: with its parent's client -> {}", told(&envelope)));
    if is_forked(&envelope) || !envelope["error"].is_null() {
        envelope = child.open(1, &config).await?;
        scene.step(format!("child: opens -> {}", told(&envelope)));
    }
    child.say_call(1, "register", &asked.receipt).await?;
    let line = child.hear().await?;
    let envelope = scene.read(asked, &line);
    scene.heard(asked, "child: register", &envelope, false);
    Ok(())
}

/// The parent is dead: its lease has ended, although the child lives.
async fn outlived(scene: &mut Scene, asked: &Asked) -> Result<()> {
    for _ in 0..PATIENT_CALLS {
        let envelope = scene.register(asked).await?;
        if envelope["error"]["code"] != BUSY {
            return Ok(());
        }
    }
    scene.violate(asked, "stuck", "a living child keeps the lease of its dead parent".to_owned());
    Ok(())
}
