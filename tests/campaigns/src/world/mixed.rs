//! An answer that belongs to another request: one that was given before, or two that change places.

use std::sync::Arc;

use rand::RngExt as _;
use serde_json::json;

use crate::Result;
use crate::campaign::engine::Engine;
use crate::relay::{Meeting, Treatment};
use crate::world::scene::Scene;
use crate::world::{Kind, as_ever, calls};

/// Answers between the one that is given and the last one.
const BACK: std::ops::Range<usize> = 0..4;
/// One in so many is an answer to a question.
const QUESTIONS: u32 = 3;

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "mixed",
    what: "the answer to an earlier request of the same kind, or two answers that change places. iKassa's readings of \
           its counters are left out: an old one has nothing in it that tells",
    vendors: &[],
    engines: &Engine::ALL,
    config: as_ever,
    may_doubt: true,
    act: |scene| Box::pin(act(scene)),
};

async fn act(scene: &mut Scene) -> Result<()> {
    let takes_many_at_once = !scene.bench.vendor.one_at_a_time;
    if takes_many_at_once && scene.random.random() { swapped(scene).await } else { older(scene).await }
}

async fn older(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    let (back, forwarded) = (scene.random.random_range(BACK), scene.random.random());
    let is_question = scene.random.random_range(0..QUESTIONS) == 0 && scene.vendor() != "ikassa";
    let call = if is_question { calls::QUESTION } else { calls::DOCUMENT };
    let ticket = scene.order(call, None, Treatment::Older { back, forwarded })?;
    scene.register(&asked).await?;
    scene.settle(&asked).await?;
    scene.counted(ticket, &asked).await?;
    Ok(())
}

async fn swapped(scene: &mut Scene) -> Result<()> {
    let (asked, other) = (scene.next_receipt()?, scene.next_receipt()?);
    let meeting = Arc::new(Meeting::default());
    let first = scene.order(calls::DOCUMENT, Some(&asked), Treatment::Swap(meeting.clone()))?;
    let second = scene.order(calls::DOCUMENT, Some(&other), Treatment::Swap(meeting))?;
    // `deliver` moves both forward at the same time.
    scene.listen(&asked);
    let request = json!({"receipts": [asked.receipt, other.receipt]});
    scene.runner().await?.call("enqueue", &request).await?;
    scene.runner().await?.begin("deliver", &json!({})).await?;
    scene.runner().await?.receive_line().await?;
    scene.step("both are delivered at the same time");
    scene.settle(&asked).await?;
    scene.settle(&other).await?;
    scene.counted(first, &asked).await?;
    scene.counted(second, &other).await?;
    Ok(())
}
