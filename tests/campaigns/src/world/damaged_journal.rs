//! A bit of the journal's file is another between two calls.

use std::fs;
use std::path::{Path, PathBuf};

use rand::RngExt as _;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Result;
use crate::campaign::engine::Engine;
use crate::relay::Treatment;
use crate::vendors::Asked;
use crate::world::scene::Scene;
use crate::world::{Kind, as_ever, calls};

/// The header of the file of frames.
const WAL_HEADER: u64 = 32;

/// The row of this kind.
pub const KIND: Kind = Kind {
    name: "damaged_journal",
    what: "a bit in an index, anywhere in the file, or in the `-wal` of a killed client is turned between two calls; \
           then a registered receipt, one in doubt and a new one are sold. What is said is true or `journal_damaged`, \
           and nothing comes on record a second time",
    vendors: &[],
    engines: &[Engine::Sqlite],
    config: as_ever,
    may_doubt: true,
    act: |scene| Box::pin(act(scene)),
};

/// Where the bit is.
#[derive(Clone, Copy, Debug)]
enum Place {
    Index,
    Anywhere,
    Frames,
}

const PLACES: [Place; 3] = [Place::Index, Place::Anywhere, Place::Frames];

async fn act(scene: &mut Scene) -> Result<()> {
    let folder = TempDir::new_in(scene.bench.folder())?;
    let journal = folder.path().join("journal.sqlite");
    let config = config(scene, &journal)?;
    let (done, open, new) = (scene.next_receipt()?, scene.next_receipt()?, scene.next_receipt()?);
    let envelope = scene.reopen(&config).await?;
    if envelope["ok"].is_null() {
        return Err(format!("a new journal is not opened: {envelope}").into());
    }
    scene.register(&done).await?;
    let forwarded = scene.random.random();
    scene.order(calls::DOCUMENT, Some(&open), Treatment::Drop { forwarded })?;
    scene.register(&open).await?;
    scene.quiet().await?;
    let place = PLACES[scene.random.random_range(0..PLACES.len())];
    match place {
        Place::Frames => scene.kill().await?,
        Place::Index | Place::Anywhere => {
            scene.end_client().await?;
            folded(&journal)?;
        }
    }
    if let Some(what) = flip(scene, &journal, place)? {
        scene.happened += 1;
        scene.step(format!("one bit is turned: {place:?}, {what}"));
    }
    let envelope = scene.reopen(&config).await?;
    if envelope["ok"].is_null() {
        scene.step(format!("it is not opened: {}", envelope["error"]["code"]));
    } else {
        for asked in [&done, &open, &new, &done] {
            sold_again(scene, asked).await?;
        }
    }
    // The next journal is another file.
    scene.kill().await
}

/// A damaged journal may refuse; what it says is judged.
async fn sold_again(scene: &mut Scene, asked: &Asked) -> Result<()> {
    scene.register(asked).await?;
    scene.call(asked, "resolve", &json!({"id": asked.id})).await.map(drop)
}

/// The vendor's configuration with a journal of its own, and at an iKKM with a key that is known.
fn config(scene: &mut Scene, journal: &Path) -> Result<Value> {
    let mut config = scene.bench.config().clone();
    config["journal"] = json!(format!("sqlite:{}", journal.display()));
    if scene.vendor() == "ikkm" {
        config["key"] = scene.bench.operate("rekey", json!({}))?["key"].clone();
    }
    Ok(config)
}

/// Brings what is in the file of frames into the file itself.
fn folded(journal: &Path) -> Result<()> {
    let connection = Connection::open(journal)?;
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

/// Turns a bit; gives back which one, or nothing where there is no such place.
fn flip(scene: &mut Scene, journal: &Path, place: Place) -> Result<Option<String>> {
    let path = match place {
        Place::Frames => beside(journal, "-wal"),
        Place::Index | Place::Anywhere => journal.to_owned(),
    };
    let Ok(mut content) = fs::read(&path) else { return Ok(None) };
    let range = match place {
        Place::Index => {
            let (page_size, roots) = indexes(journal)?;
            let root = roots[scene.random.random_range(0..roots.len())];
            (root - 1) * page_size..root * page_size
        }
        Place::Anywhere => 0..content.len() as u64,
        Place::Frames => WAL_HEADER..content.len() as u64,
    };
    if range.is_empty() {
        return Ok(None);
    }
    let byte = scene.random.random_range(range);
    let bit = scene.random.random_range(0..8);
    let Some(found) = content.get_mut(usize::try_from(byte)?) else { return Ok(None) };
    *found ^= 1 << bit;
    fs::write(&path, content)?;
    Ok(Some(format!("byte {byte}, bit {bit}")))
}

/// The size of a page, and the first page of each index of receipts.
fn indexes(journal: &Path) -> Result<(u64, Vec<u64>)> {
    let connection = Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let page_size = connection.query_row("PRAGMA page_size", [], |row| row.get::<_, i64>(0))?;
    let mut found = connection
        .prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'documents'")?;
    let roots = found.query_map([], |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let roots: Vec<u64> = roots.into_iter().filter_map(|root| u64::try_from(root).ok()).collect();
    if roots.is_empty() {
        Err("the journal has no index".into())
    } else {
        Ok((u64::try_from(page_size)?, roots))
    }
}

fn beside(journal: &Path, ending: &str) -> PathBuf {
    let mut path = journal.as_os_str().to_owned();
    path.push(ending);
    path.into()
}
