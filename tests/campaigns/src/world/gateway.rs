//! A gateway's page comes in place of an answer, before the vendor had the request or after.

use rand::RngExt as _;

use crate::Result;
use crate::campaign::engine::Engine;
use crate::relay::{Page, Treatment};
use crate::world::scene::Scene;
use crate::world::{Kind, as_ever, calls};

const STATUSES: [u16; 9] = [401, 403, 404, 408, 409, 413, 429, 502, 503];
/// One page in so many answers a question, not a document.
const QUESTIONS: u32 = 5;

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "gateway",
    what: "a page with 401, 403, 404, 408, 409, 413, 429, 502 or 503, in HTML or another program's JSON, before or \
           after the vendor had the request",
    vendors: &[],
    engines: &Engine::ALL,
    config: as_ever,
    may_doubt: false,
    act: |scene| Box::pin(act(scene)),
};

async fn act(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    let status = STATUSES[scene.random.random_range(0..STATUSES.len())];
    let page = Page { status, is_json: scene.random.random() };
    let forwarded = scene.random.random();
    let call = if scene.random.random_range(0..QUESTIONS) == 0 { calls::QUESTION } else { calls::DOCUMENT };
    let ticket = scene.order(call, None, Treatment::Page { page, forwarded })?;
    scene.register(&asked).await?;
    scene.settle(&asked).await?;
    scene.counted(ticket, &asked).await?;
    Ok(())
}
