//! One journal, and two who do not know that it is one: two paths to its file, or two copies of the library in a
//! process.

use std::os::unix::fs::symlink;
use std::time::Duration;

use rand::RngExt as _;
use serde_json::{Value, json};

use crate::Result;
use crate::campaign::engine::Engine;
use crate::relay::Treatment;
use crate::vendors::Asked;
use crate::world::copies::Copies;
use crate::world::scene::{Scene, told};
use crate::world::{Kind, as_ever, calls};

/// How long the vendor takes for a receipt, on both ways: the other one comes meanwhile.
const SLOW_MS: u64 = 120;
/// Time of a call by a copy, in milliseconds: enough on a machine that is busy with all of the campaign.
const CALL_MS: u64 = 3_000;

/// Rounds in which both copies write at the same time.
const ROUNDS: usize = 2;
/// The journal never had the receipt.
const UNKNOWN: &str = "receipt_unknown";

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "two_copies",
    what: "while one client's receipt is at the vendor, the same receipt is sold through a link to the journal, a \
           linked folder (a release), a relative path, or by a second copy of the library in the same process, which then \
           write at the same time",
    vendors: &[],
    engines: &[Engine::Sqlite],
    config: as_ever,
    may_doubt: false,
    act: |scene| Box::pin(act(scene)),
};

/// How the other one comes to the same journal.
#[derive(Clone, Copy, Debug)]
enum Way {
    LinkedFile,
    LinkedFolder,
    RelativePath,
    SecondCopy,
}

const WAYS: [Way; 4] = [Way::LinkedFile, Way::LinkedFolder, Way::RelativePath, Way::SecondCopy];

async fn act(scene: &mut Scene) -> Result<()> {
    let asked = scene.next_receipt()?;
    let slow = Duration::from_millis(SLOW_MS);
    let way = WAYS[scene.random.random_range(0..WAYS.len())];
    let mut ticket =
        scene.order(calls::DOCUMENT, Some(&asked), Treatment::Slow { before: slow, after: slow })?;
    match way {
        Way::SecondCopy => in_one_process(scene, &asked, &mut ticket).await?,
        _ => by_another_path(scene, &asked, &mut ticket, way).await?,
    }
    scene.quiet().await?;
    scene.settle(&asked).await
}

async fn by_another_path(
    scene: &mut Scene,
    asked: &Asked,
    ticket: &mut crate::relay::Ticket,
    way: Way,
) -> Result<()> {
    let config = led_by(scene, way)?;
    let mut other = scene.bench.bare_client()?;
    let opened = other.try_open(&config).await?;
    scene.begin_register(asked).await?;
    ticket.arrived().await?;
    if opened["ok"].is_null() {
        scene.step(format!("{way:?}: not opened, {}", told(&opened)));
    } else {
        let envelope = other.call("register", &asked.receipt).await?;
        scene.heard(asked, &format!("{way:?}: register"), &envelope, false);
    }
    scene.happened += 1;
    let line = scene.runner().await?.receive_line().await?;
    let envelope = scene.read(asked, &line);
    scene.heard(asked, "register", &envelope, false);
    other.end().await
}

async fn in_one_process(scene: &mut Scene, asked: &Asked, ticket: &mut crate::relay::Ticket) -> Result<()> {
    let mut copies = match scene.own.take().and_then(|own| own.downcast::<Copies>().ok()) {
        Some(copies) => *copies,
        None => Copies::start(scene.bench.folder(), 2).await?,
    };
    let mut config = scene.bench.config().clone();
    config["timeout_ms"] = json!(CALL_MS);
    for copy in [1, 2] {
        let opened = copies.lane.open(copy, &config).await?;
        scene.step(format!("copy {copy} opens -> {}", told(&opened)));
    }
    copies.lane.ask(&format!("begin 1 register {}", asked.receipt)).await?;
    ticket.arrived().await?;
    copies.lane.say_call(2, "register", &asked.receipt).await?;
    let line = copies.lane.hear().await?;
    let envelope = scene.read(asked, &line);
    scene.heard(asked, "copy 2: register", &envelope, false);
    scene.happened += 1;
    copies.lane.say("end").await?;
    let line = copies.lane.hear().await?;
    let envelope = scene.read(asked, &line);
    scene.heard(asked, "copy 1: register", &envelope, false);
    let written = written_together(scene, &mut copies).await?;
    scene.own = Some(Box::new(copies));
    for asked in written {
        kept(scene, &asked).await?;
    }
    Ok(())
}

/// Both copies write at the same time, receipts of their own.
async fn written_together(scene: &mut Scene, copies: &mut Copies) -> Result<Vec<Asked>> {
    let mut written = Vec::new();
    for _ in 0..ROUNDS {
        let (one, other) = (scene.next_receipt()?, scene.next_receipt()?);
        copies.lane.ask(&format!("begin 1 enqueue {}", enqueued(&one))).await?;
        let by_second = copies.lane.ask(&format!("call 2 enqueue {}", enqueued(&other))).await?;
        let by_first = copies.lane.ask("end").await?;
        for (asked, envelope) in [(one, by_first), (other, by_second)] {
            let is_written = !envelope["ok"].is_null();
            scene.step(format!("{}: enqueued by a copy: {is_written}", asked.id));
            if is_written {
                written.push(asked);
            }
        }
    }
    Ok(written)
}

fn enqueued(asked: &Asked) -> Value {
    json!({"receipts": [asked.receipt]})
}

/// What a copy wrote is there for everybody.
async fn kept(scene: &mut Scene, asked: &Asked) -> Result<()> {
    let envelope = scene.call(asked, "status", &json!({"id": asked.id})).await?;
    if envelope["error"]["code"] == UNKNOWN {
        scene.violate(asked, "lost", "it was enqueued, and the journal never had it".to_owned());
    }
    scene.settle(asked).await
}

/// The configuration with another path to the same file.
fn led_by(scene: &Scene, way: Way) -> Result<Value> {
    let folder = scene.bench.folder();
    let path = match way {
        Way::LinkedFile => {
            let link = folder.join("link.sqlite");
            if !link.exists() {
                symlink(folder.join("journal.sqlite"), &link)?;
            }
            link
        }
        Way::LinkedFolder => {
            let release = folder.join("current");
            if !release.exists() {
                symlink(folder, &release)?;
            }
            release.join("journal.sqlite")
        }
        // A client works in a folder of its own, beside the journal.
        Way::RelativePath | Way::SecondCopy => "../journal.sqlite".into(),
    };
    let mut config = scene.bench.config().clone();
    config["journal"] = json!(format!("sqlite:{}", path.display()));
    Ok(config)
}
