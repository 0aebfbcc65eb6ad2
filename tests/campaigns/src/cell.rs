//! One combination under one disturbance: sales on one device through one journal.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::{Connection, OpenFlags};

use crate::Result;
use crate::combination::Combination;
use crate::device::Device;
use crate::disturbance::{Disturbance, Step, Strike};
use crate::judge::Count;
use crate::sale::Sale;
use crate::shop::{Person, Shop};
use crate::till::Till;

/// One sale in so many is struck.
const BLOCK: usize = 10;
/// Total of the first sale, in tenge; far from what other programs sell.
const FIRST_TENGE: u32 = 1_000;
/// A step that is not reached within this time is not reached.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Pause between two looks at a condition.
const LOOK: Duration = Duration::from_millis(1);

/// A combination and a disturbance.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// How the device remembers.
    pub combination: Combination,
    /// What strikes.
    pub disturbance: Disturbance,
    /// The seed of everything random in it.
    pub seed: u64,
    /// What a person does.
    pub person: Person,
    /// How many sales.
    pub sales: usize,
}

/// What came of a cell.
#[derive(Debug)]
pub struct Row {
    /// Its name in the table.
    pub name: String,
    /// The counts.
    pub count: Count,
    /// What is not as it should be.
    pub complaints: Vec<String>,
}

impl Cell {
    /// Name in the table and for `--only`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.combination, self.disturbance.name())
    }

    /// Runs it. A run that cannot be carried out is a complaint too.
    pub async fn run(self) -> Row {
        let (count, complaints) = match self.carried_out().await {
            Ok((count, findings)) => {
                let complaints = findings.into_iter().chain(self.broken_expectations(&count)).collect();
                (count, complaints)
            }
            Err(broken) => (Count::default(), vec![format!("not carried out: {broken}")]),
        };
        Row { name: self.name(), count, complaints }
    }

    async fn carried_out(&self) -> Result<(Count, Vec<String>)> {
        let device = Device::start(self.seed, self.combination.switches()).await?;
        if self.disturbance.has_other_writer() {
            device.log_in_senior()?;
        }
        let mut random = StdRng::seed_from_u64(self.seed);
        let struck = strikes(&mut random, self.sales);
        let sales: Vec<Sale> = (FIRST_TENGE..).take(self.sales).map(Sale::of).collect();
        let till = match self.disturbance.kills() {
            true => self.process(device.config(), &struck, None).await?,
            false => Till::here(device.config())?,
        };
        let mut shop = Shop::new(&device, till, self.person);
        for (index, sale) in sales.iter().enumerate() {
            let goes_on = match struck.contains(&index) {
                true => self.struck_sale(&device, &mut shop, sale, index, &struck, &mut random).await?,
                false => shop.sell(sale).await?,
            };
            if !goes_on {
                break;
            }
        }
        shop.audit(&sales).await?;
        let Shop { mut count, judge, .. } = shop;
        judge.sentence(&mut count);
        Ok((count, judge.findings))
    }

    async fn struck_sale(
        &self,
        device: &Device,
        shop: &mut Shop<'_>,
        sale: &Sale,
        index: usize,
        struck: &BTreeSet<usize>,
        random: &mut StdRng,
    ) -> Result<bool> {
        let emulator = device.emulator();
        let sent_before = device.sent();
        emulator.add_faults(self.disturbance.faults(random))?;
        let goes_on = match self.disturbance.strike() {
            Strike::AtDevice => shop.sell(sale).await?,
            Strike::ByHand => {
                let envelope = shop.ask("register", sale, sale.receipt()).await?;
                device.sell_by_hand(sale.tenge)?;
                shop.finish(sale, envelope).await?
            }
            Strike::Killed(step) => {
                let at_step = || match step {
                    Step::BeforeSend => state_in_journal(&device.journal(), sale) == Some("sending".into()),
                    Step::AfterAnswer | Step::BeforeConclude => !device.documents(sale).is_empty(),
                };
                let answer = self.killed(shop, sale, at_step, index, struck).await?;
                if let Some(answer) = answer {
                    return Err(format!("kassa-runner does not stop at steps: {answer}").into());
                }
                if self.disturbance == Disturbance::KillAndReboot {
                    device.reboot()?;
                }
                shop.sell(sale).await?
            }
            Strike::KilledInFlight => {
                self.killed(shop, sale, || device.sent() > sent_before, index, struck).await?;
                shop.sell(sale).await?
            }
        };
        let left = emulator.faults();
        if !left.is_empty() {
            return Err(format!("a fault did not strike {}: {left:?}", sale.id).into());
        }
        Ok(goes_on)
    }

    /// Begins a sale, kills the client when the condition holds, and starts another process. Gives
    /// back an answer that came all the same.
    async fn killed(
        &self,
        shop: &mut Shop<'_>,
        sale: &Sale,
        condition: impl Fn() -> bool,
        index: usize,
        struck: &BTreeSet<usize>,
    ) -> Result<Option<String>> {
        let next = self.process(shop.config(), struck, Some(index)).await?;
        let Till::Process(mut victim) = std::mem::replace(&mut shop.till, next) else {
            return Err("only a process can be killed".into());
        };
        victim.begin("register", &sale.receipt()).await?;
        until(condition).await?;
        victim.kill().await
    }

    /// A process that stops at the step when it comes to the next sale to be struck.
    async fn process(
        &self,
        config: &serde_json::Value,
        struck: &BTreeSet<usize>,
        after: Option<usize>,
    ) -> Result<Till> {
        let first = after.map_or(0, |index| index + 1);
        let failpoints = match (self.disturbance.strike(), struck.range(first..).next()) {
            (Strike::Killed(step), Some(victim)) => {
                // The sale that was left is concluded too, but not sent.
                let settling = usize::from(step == Step::BeforeConclude && after.is_some());
                match victim - first + settling {
                    0 => format!("{}=sleep(600000)", step.name()),
                    passes => format!("{}={passes}*off->sleep(600000)", step.name()),
                }
            }
            _ => String::new(),
        };
        Till::process(config, &failpoints).await
    }

    /// What the sheet says must be, and is not.
    fn broken_expectations(&self, count: &Count) -> Vec<String> {
        let mut broken = Vec::new();
        if count.settled + count.left_for_a_person != self.sales {
            broken.push("not every sale came to an end".to_owned());
        }
        let by_itself = !self.disturbance.may_need_person(self.combination);
        let by_key = self.person == Person::TellsKey && self.disturbance.is_settled_by_key();
        if count.left_for_a_person > 0 && (by_itself || by_key) {
            broken.push("left for a person what can be settled".to_owned());
        }
        broken
    }
}

/// Which sales are struck: one in each block.
fn strikes(random: &mut StdRng, sales: usize) -> BTreeSet<usize> {
    let blocks = (0..sales).step_by(BLOCK);
    blocks.map(|start| random.random_range(start..sales.min(start + BLOCK))).collect()
}

fn state_in_journal(path: &Path, sale: &Sale) -> Option<String> {
    let journal = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let sql = "SELECT state FROM documents WHERE receipt_id = ?1";
    journal.query_row(sql, [&sale.id], |row| row.get(0)).ok()
}

/// Waits for what another process brings about.
async fn until(condition: impl Fn() -> bool) -> Result<()> {
    let end = Instant::now() + LONGEST_WAIT;
    while !condition() {
        if Instant::now() > end {
            return Err("the step was not reached".into());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
