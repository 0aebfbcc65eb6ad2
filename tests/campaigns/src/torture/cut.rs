//! The journal's file cut at every byte of its end, and with bits flipped: what is opened is true or
//! says that it is broken, what is refused is an error of the journal, and no sale comes twice.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use futures_util::stream;
use kassa::Client;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Tally;
use super::bench::{Bench, Engine, call};
use crate::Result;

/// Bytes before the page of a frame, and before the first frame (https://www.sqlite.org/fileformat.html).
const FRAME_HEADER: u64 = 24;
const WAL_HEADER: u64 = 32;
/// Sales of the journal that is cut.
const SALES: [u32; 4] = [101, 102, 103, 104];
/// Vendors that know a document by no key of the shop's: there the journal alone knows that a sale was
/// begun, and what it had synced may not be lost. Only its last, unanswered write is cut.
const KEYLESS: [&str; 2] = ["ikkm", "ikassa"];
/// A sale that only comes afterwards.
const NEW: u32 = 105;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Seed of the places of flipped bits.
    pub seed: u64,
    /// Bytes between two cuts: 1 for every byte.
    pub step: usize,
    /// Frames and pages at the end that are cut at every step.
    pub last: u64,
    /// Flipped bits that are looked at; a tenth of so many is also sold on.
    pub flips: usize,
    /// Frames between two cuts after which is sold on: 1 for every frame.
    pub frames: usize,
    /// Cases at the same time.
    pub jobs: usize,
}

/// What is done to a file.
#[derive(Clone, Copy, Debug)]
enum Harm {
    /// Only so many bytes are left.
    Cut(u64),
    /// This bit of this byte is another.
    Flip(u64, u8),
}

/// Which file it is done to: while the library works there are two, afterwards one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Main,
    Frames,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Frames => "wal",
        }
    }

    fn of(self, journal: &Path) -> PathBuf {
        match self {
            Self::Main => journal.to_path_buf(),
            Self::Frames => beside(journal, "-wal"),
        }
    }
}

fn beside(journal: &Path, ending: &str) -> PathBuf {
    let mut path = journal.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

impl Harm {
    fn name(self) -> String {
        match self {
            Self::Cut(bytes) => format!("cut-{bytes}"),
            Self::Flip(byte, bit) => format!("flip-{byte}-{bit}"),
        }
    }

    fn place(self) -> u64 {
        match self {
            Self::Cut(place) | Self::Flip(place, _) => place,
        }
    }

    fn inflict(self, path: &Path) -> Result<()> {
        match self {
            Self::Cut(bytes) => OpenOptions::new().write(true).open(path)?.set_len(bytes)?,
            Self::Flip(byte, bit) => {
                let mut content = fs::read(path)?;
                let place = usize::try_from(byte)?;
                *content.get_mut(place).ok_or("no such byte")? ^= 1 << bit;
                fs::write(path, content)?;
            }
        }
        Ok(())
    }
}

/// A journal with sales in different states, as it lay on the disk at one moment.
struct Scene {
    bench: Bench,
    files: TempDir,
}

impl Scene {
    /// With `part` as the file to be harmed: `Main` after the library closed it, `Frames` before.
    async fn make(vendor: &'static str, part: Part) -> Result<Self> {
        let bench = Bench::new(vendor, Engine::Sqlite).await?;
        let till = bench.open()?;
        bench.ends_right(&till, SALES[0]).await?;
        call(&till, "enqueue", &json!({"receipts": [bench.sale(SALES[1])]})).await?;
        bench.lose_answer()?;
        call(&till, "register", &bench.sale(SALES[2])).await?;
        bench.ends_right(&till, SALES[3]).await?;
        let (files, journal) = (TempDir::new()?, bench.folder.path().join("journal.sqlite"));
        let copy = |path: PathBuf| -> Result<()> {
            let name = path.file_name().ok_or("no name")?.to_owned();
            fs::copy(&path, files.path().join(name))?;
            Ok(())
        };
        if part == Part::Frames {
            copy(Part::Frames.of(&journal))?;
            copy(journal)?;
            drop(till);
        } else {
            drop(till);
            let folded = rusqlite::Connection::open(&journal)?;
            folded.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            drop(folded);
            copy(journal)?;
        }
        Ok(Self { bench, files })
    }

    fn length(&self, part: Part) -> Result<u64> {
        Ok(fs::metadata(part.of(&self.files.path().join("journal.sqlite")))?.len())
    }

    /// Bytes of a page of this journal.
    fn page(&self) -> Result<u64> {
        let bytes = fs::read(self.files.path().join("journal.sqlite"))?;
        match bytes.get(16..18) {
            Some(&[high, low]) => Ok(u16::from_be_bytes([high, low]).into()),
            _ => Err("the journal has no header".into()),
        }
    }

    /// Where the frames of the last write begin: after the last but one that ends a transaction, which
    /// tells the size of the data base.
    fn last_write(&self) -> Result<u64> {
        let frames = fs::read(Part::Frames.of(&self.files.path().join("journal.sqlite")))?;
        let size =
            |at: u64| Some(frames.get(usize::try_from(at).ok()? + 4..)?.get(..4)?.iter().any(|b| *b > 0));
        let frame = self.page()? + FRAME_HEADER;
        let starts = (WAL_HEADER..frames.len() as u64).step_by(usize::try_from(frame)?);
        let ends: Vec<u64> =
            starts.filter(|start| size(*start) == Some(true)).map(|start| start + frame).collect();
        Ok(ends.len().checked_sub(2).and_then(|last| ends.get(last)).copied().unwrap_or(WAL_HEADER))
    }

    /// A copy that is harmed, and the configuration for it.
    fn harmed(&self, part: Part, harm: Harm) -> Result<(TempDir, Value)> {
        let folder = TempDir::new()?;
        for entry in fs::read_dir(self.files.path())? {
            let path = entry?.path();
            fs::copy(&path, folder.path().join(path.file_name().ok_or("no name")?))?;
        }
        let journal = folder.path().join("journal.sqlite");
        harm.inflict(&part.of(&journal))?;
        let mut config = self.bench.config.clone();
        config["journal"] = json!(format!("sqlite:{}", journal.display()));
        Ok((folder, config))
    }

    /// Only looks: what is said is true, or the record is said to be broken, and nothing is sent.
    async fn look(&self, part: Part, harm: Harm) -> Result<()> {
        let (_folder, config) = self.harmed(part, harm)?;
        let till = match Client::open(&config.to_string()) {
            Ok(till) => till,
            Err(error) if error.kind() == kassa::error::Kind::Journal => return Ok(()),
            Err(error) => return Err(format!("refused with {error}").into()),
        };
        let verified = call(&till, "journal", &json!({"verify": true})).await?;
        let listed = call(&till, "export", &json!({})).await?;
        for envelope in [&verified, &listed] {
            if envelope["ok"].is_null() && envelope["error"]["kind"] != "journal" {
                return Err(format!("said {envelope}").into());
            }
        }
        let is_whole = verified["ok"]["chain"].is_object() && verified["ok"]["chain"]["broken_at"].is_null();
        if !is_whole {
            return Ok(());
        }
        for entry in listed["ok"]["entries"].as_array().into_iter().flatten() {
            let registration = &entry["entry"]["registration"];
            let price = registration["receipt_id"].as_str();
            let price = price.and_then(|id| id.strip_prefix("order-")?.parse().ok());
            let documents = price.map_or(0, |price| self.bench.documents(price).len());
            let state = registration["state"].as_str();
            let is_true = match state {
                Some("registered") => documents == 1,
                Some("failed") => documents == 0,
                Some(_) => true,
                None => false,
            };
            if !is_true {
                return Err(format!("{documents} documents, but the whole record says {entry}").into());
            }
        }
        Ok(())
    }

    /// The same calls again, then a new one: each is on record once in the end, or refused by the
    /// journal without anything sent for it.
    async fn sell_on(self, part: Part, harm: Harm) -> Result<()> {
        let (_folder, config) = self.harmed(part, harm)?;
        let till = match Client::open(&config.to_string()) {
            Ok(till) => till,
            Err(error) if error.kind() == kassa::error::Kind::Journal => return Ok(()),
            Err(error) => return Err(format!("refused with {error}").into()),
        };
        for price in SALES.into_iter().chain([NEW]) {
            let before = self.bench.documents(price).len();
            let mut envelope = call(&till, "register", &self.bench.sale(price)).await?;
            if envelope["error"]["code"] == "in_doubt" {
                envelope = call(&till, "register", &self.bench.sale(price)).await?;
            }
            let kind = &envelope["error"]["kind"];
            if kind == "journal" {
                if self.bench.documents(price).len() > before.max(1) {
                    return Err(format!("refused, and sent: {envelope}").into());
                }
                continue;
            }
            self.bench.check(price, &envelope)?;
            // A person has to decide where a part of the journal is lost that nobody else knows.
            let waits = ["in_doubt", "busy", "auth"].iter().any(|word| kind == word);
            if !envelope["error"].is_null() && !waits {
                return Err(format!("says {envelope}").into());
            }
        }
        Ok(())
    }
}

/// Runs all of it at one vendor.
pub async fn run(tally: &mut Tally, vendor: &'static str, extent: Extent) -> Result<()> {
    let mut random = StdRng::seed_from_u64(extent.seed);
    for part in [Part::Frames, Part::Main] {
        let beginning = format!("cut/{vendor}/{}/", part.name());
        if !tally.wants_some_of(&beginning) {
            continue;
        }
        let scene = Scene::make(vendor, part).await?;
        let length = scene.length(part)?;
        let unit = scene.page()? + if part == Part::Frames { FRAME_HEADER } else { 0 };
        let first = length.saturating_sub(extent.last * unit);
        let flips: Vec<Harm> = (0..extent.flips)
            .map(|_| Harm::Flip(random.random_range(0..length), random.random_range(0..8)))
            .collect();
        let cuts = (first..length).step_by(extent.step).map(Harm::Cut);
        let looks: Vec<Harm> = cuts.chain(flips.iter().copied()).collect();
        let before = tally.so_far();
        look_at_all(tally, &scene, part, &looks, extent.jobs, &beginning).await;
        tally.group(&format!("{beginning}look/"), before);

        let before = tally.so_far();
        let is_keyless = KEYLESS.contains(&vendor);
        if is_keyless && part == Part::Main {
            continue;
        }
        let header = match part {
            Part::Frames if is_keyless => scene.last_write()?,
            Part::Frames => WAL_HEADER,
            Part::Main => 0,
        };
        let flips: Vec<Harm> =
            flips.into_iter().filter(|harm| !is_keyless || harm.place() >= header).collect();
        let bounds = (header..=length).step_by(usize::try_from(unit)?).step_by(extent.frames);
        let sold = bounds.flat_map(|bound| [Harm::Cut(bound), Harm::Cut(bound + unit / 2)]);
        let sold = sold.filter(|harm| !matches!(harm, Harm::Cut(bytes) if *bytes > length));
        let harms: Vec<Harm> = sold.chain(flips.into_iter().take(extent.flips / 10)).collect();
        sell_on_all(tally, vendor, part, &harms, extent.jobs, &beginning).await;
        tally.group(&format!("{beginning}sell/"), before);
    }
    Ok(())
}

async fn look_at_all(
    tally: &mut Tally,
    scene: &Scene,
    part: Part,
    harms: &[Harm],
    jobs: usize,
    beginning: &str,
) {
    let wanted = harms.iter().map(|harm| (format!("{beginning}look/{};", harm.name()), *harm));
    let wanted: Vec<_> = wanted.filter(|(case, _)| tally.wants(case)).collect();
    let sent = scene.bench.emulator.requests().len();
    let looked = wanted.into_iter().map(|(case, harm)| async move { (case, scene.look(part, harm).await) });
    let mut results = stream::iter(looked).buffer_unordered(jobs);
    while let Some((case, result)) = results.next().await {
        tally.injected(case.clone());
        tally.judged(&case, result);
    }
    if scene.bench.emulator.requests().len() != sent {
        tally.judged(&format!("{beginning}look/"), Err("something was sent"));
    }
}

async fn sell_on_all(
    tally: &mut Tally,
    vendor: &'static str,
    part: Part,
    harms: &[Harm],
    jobs: usize,
    beginning: &str,
) {
    let wanted = harms.iter().map(|harm| (format!("{beginning}sell/{};", harm.name()), *harm));
    let wanted: Vec<_> = wanted.filter(|(case, _)| tally.wants(case)).collect();
    let sold = wanted.into_iter().map(|(case, harm)| async move {
        let result = async {
            let scene = Scene::make(vendor, part).await?;
            // The files of two scenes are about as long.
            match harm {
                Harm::Cut(bytes) | Harm::Flip(bytes, _) if bytes >= scene.length(part)? => Ok(()),
                harm => scene.sell_on(part, harm).await,
            }
        };
        (case, result.await)
    });
    let mut results = stream::iter(sold).buffer_unordered(jobs);
    while let Some((case, result)) = results.next().await {
        tally.injected(case.clone());
        tally.judged(&case, result);
    }
}
