//! One cell of the world: a vendor, an engine, and one kind of thing that happens to receipt after receipt.

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::Result;
use crate::campaign::bench::{Bench, Setup};
use crate::campaign::count::Count;
use crate::campaign::engine::Engine;
use crate::campaign::opening;
use crate::judge::Report;
use crate::sale::Sale;
use crate::vendors::{Asked, Circumstances, Other, Vendor};
use crate::world::scene::{Scene, Violation};
use crate::world::{Kind, calls, verdict};

/// Totals of the first receipt, in whole units; ids of one length, so that no id is part of another.
const FIRST: u32 = 200_000;
/// Sold before anything happens, so that every counter is known and there are earlier answers.
const WARM_UP: usize = 3;
/// Receipts of a cell for each time that it has to happen: an episode may take two, or come to nothing.
const OF_AN_EVENT: usize = 5;
/// Episodes that may end without being carried out before the cell is given up.
const MOST_BROKEN: usize = 3;

/// What a cell is made of.
#[derive(Clone, Copy)]
pub struct Cell {
    /// The vendor.
    pub vendor: &'static Vendor,
    /// What keeps the journal.
    pub engine: Engine,
    /// What happens.
    pub kind: &'static Kind,
    /// The seed of everything random.
    pub seed: u64,
    /// How often it has to happen.
    pub events: u64,
}

/// What came of a cell.
pub struct Row {
    /// The cell.
    pub cell: Cell,
    /// The counts.
    pub count: Count,
    /// How often it really happened.
    pub happened: u64,
    /// What is wrong with receipts.
    pub violations: Vec<Violation>,
    /// Why the run could not be carried out.
    pub broken: Vec<String>,
    /// What was done, episode by episode.
    pub episodes: Vec<Vec<String>>,
}

impl Row {
    /// Whether everything is as it should be.
    pub fn is_right(&self) -> bool {
        self.violations.is_empty() && self.broken.is_empty()
    }

    /// The violations of one class.
    pub fn of_class(&self, class: &str) -> usize {
        self.violations.iter().filter(|violation| violation.class == class).count()
    }
}

impl Cell {
    /// Runs it. A run that cannot be carried out is told too.
    pub async fn run(self) -> Row {
        let mut row = Row {
            cell: self,
            count: Count::default(),
            happened: 0,
            violations: Vec::new(),
            broken: Vec::new(),
            episodes: Vec::new(),
        };
        match self.carried_out(&mut row.broken).await {
            Ok((scene, mut count)) => {
                row.happened = scene.happened;
                row.episodes = scene.episodes().to_vec();
                row.violations = scene.violations;
                count.found.lost = row.of_class("lost");
                count.found.doubled = row.of_class("doubled");
                count.found.wrong = row.of_class("wrong") + row.of_class("unreadable");
                row.count = count;
            }
            Err(why) => row.broken.push(format!("not carried out: {why}")),
        }
        row
    }

    async fn carried_out(self, broken: &mut Vec<String>) -> Result<(Scene, Count)> {
        let Self { vendor, engine, kind, seed, events } = self;
        let receipts = usize::try_from(events)? * OF_AN_EVENT + WARM_UP + 10;
        let asked: Vec<Asked> =
            (FIRST..).take(receipts).map(|total| vendor.asked(&Sale::of(total))).collect();
        let bench = Bench::start(Setup {
            vendor,
            engine,
            seed,
            circumstances: circumstances(vendor, seed),
            asked: asked.clone(),
            config: (kind.config)(vendor.name),
            hosts: 1,
            relay: Some(calls::of(vendor.name)),
        })
        .await?;
        drop(opening::sell(&bench, &[]).await?);
        let mut scene = Scene::new(bench, kind, StdRng::seed_from_u64(seed), asked);
        for _ in 0..WARM_UP {
            let asked = scene.next_receipt()?;
            let envelope = scene.register(&asked).await?;
            if !matches!(Report::of(&envelope), Report::Registered(_)) {
                scene.settle(&asked).await?;
            }
        }
        while scene.happened < events && scene.has_more() {
            scene.begin();
            if let Err(why) = (kind.act)(&mut scene).await {
                broken.push(format!("an episode was not carried out: {why}"));
                if broken.len() >= MOST_BROKEN {
                    break;
                }
                scene.kill().await?;
            }
        }
        scene.begin();
        let count = verdict::close(&mut scene).await?;
        if scene.happened < events {
            broken.push(format!("it happened {} times, not {events}", scene.happened));
        }
        Ok((scene, count))
    }

    /// The command that runs it alone.
    pub fn command(&self) -> String {
        format!(
            "campaign --world {} --vendor {} --engine {} --seed {} --events {}",
            self.kind.name,
            self.vendor.name,
            self.engine.name(),
            self.seed,
            self.events
        )
    }

    /// A line of JSON for what is wrong with a receipt.
    pub fn told(&self, violation: &Violation) -> Value {
        json!({
            "violation": violation.class,
            "kind": self.kind.name,
            "vendor": self.vendor.name,
            "engine": self.engine.name(),
            "seed": self.seed,
            "cash_register": circumstances(self.vendor, self.seed).name,
            "receipt": violation.receipt,
            "found": violation.found,
            "steps": violation.steps,
        })
    }
}

/// The cash register of a seed: one at which nobody else sells, so that what happens is the kind's own.
fn circumstances(vendor: &'static Vendor, seed: u64) -> &'static Circumstances {
    let alone: Vec<_> = vendor
        .circumstances
        .iter()
        .filter(|circumstances| matches!(circumstances.other, Other::Nobody))
        .collect();
    let place = usize::try_from(seed).unwrap_or_default() % alone.len().max(1);
    alone.get(place).copied().unwrap_or(&vendor.circumstances[0])
}
