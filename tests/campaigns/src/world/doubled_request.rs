//! A request arrives twice.

use rand::RngExt as _;

use crate::Result;
use crate::campaign::engine::Engine;
use crate::relay::{Done, Treatment};
use crate::world::scene::Scene;
use crate::world::{Kind, as_ever, calls};

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "doubled_request",
    what: "a request for a document arrives twice, at once or one after the other, and either answer comes back. At \
           iKassa, which knows no key, a doubled sale makes two documents whatever a client does: there the judge asks \
           that the library makes no third, and that what it reports is one of the two",
    vendors: &[],
    engines: &Engine::ALL,
    config: as_ever,
    may_doubt: true,
    act: |scene| Box::pin(act(scene)),
};

async fn act(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    let (together, second) = (scene.random.random(), scene.random.random());
    if scene.vendor() == "ikassa" {
        scene.extra.insert(asked.id.clone(), 1);
    }
    let ticket = scene.order(calls::DOCUMENT, Some(&asked), Treatment::Twice { together, second })?;
    scene.register(&asked).await?;
    scene.settle(&asked).await?;
    if scene.counted(ticket, &asked).await? != Done::Happened {
        scene.extra.remove(&asked.id);
    }
    Ok(())
}
