//! One combination under one disturbance: sales on one device through one journal.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::Result;
use crate::combination::Combination;
use crate::device::Device;
use crate::disturbance::{Disturbance, Step, Strike};
use crate::judge::Count;
use crate::runner::{Runner, is_halted};
use crate::sale::Sale;
use crate::shop::{Person, Shop};
use crate::till::Till;

/// One sale in so many is struck.
const BLOCK: usize = 10;
/// Total of the first sale, in tenge; far from what other programs sell.
const FIRST_TENGE: u32 = 1_000;
/// A request that did not arrive within this time does not arrive.
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
            true => Till::start(device.config()).await?,
            false => Till::here(device.config())?,
        };
        let mut shop = Shop::new(&device, till, self.person);
        for (index, sale) in sales.iter().enumerate() {
            let goes_on = match struck.contains(&index) {
                true => self.struck_sale(&device, &mut shop, sale, &mut random).await?,
                false => shop.sell(sale).await?,
            };
            if !goes_on {
                break;
            }
        }
        shop.audit(&sales).await?;
        let Shop { mut count, judge, .. } = shop;
        judge.add_to(&mut count);
        Ok((count, judge.findings))
    }

    async fn struck_sale(
        &self,
        device: &Device,
        shop: &mut Shop<'_>,
        sale: &Sale,
        random: &mut StdRng,
    ) -> Result<bool> {
        let emulator = device.emulator();
        emulator.add_faults(self.disturbance.faults(random))?;
        let goes_on = match self.disturbance.strike() {
            Strike::AtDevice => shop.sell(sale).await?,
            Strike::ByHand => {
                let envelope = shop.ask("register", sale, sale.receipt()).await?;
                device.sell_by_hand(sale.tenge)?;
                shop.finish(sale, envelope).await?
            }
            Strike::Killed(step) => {
                let answer = begun(shop, sale, Some(step)).await?.receive().await?;
                if !is_halted(&answer) {
                    return Err(format!("{} did not come to {}: {answer}", sale.id, step.name()).into());
                }
                killed(shop).await?;
                if self.disturbance == Disturbance::KillAndReboot {
                    device.reboot()?;
                }
                shop.sell(sale).await?
            }
            Strike::KilledInFlight => {
                begun(shop, sale, None).await?;
                // The fault is over for the emulator once it holds the request.
                until(|| emulator.faults().is_empty()).await?;
                killed(shop).await?;
                shop.sell(sale).await?
            }
        };
        let left = emulator.faults();
        if !left.is_empty() {
            return Err(format!("a fault did not strike {}: {left:?}", sale.id).into());
        }
        Ok(goes_on)
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

/// Has the client begin a sale, and stand still at a step of it.
async fn begun<'a>(shop: &'a mut Shop<'_>, sale: &Sale, step: Option<Step>) -> Result<&'a mut Runner> {
    let client = shop.till.process()?;
    if let Some(step) = step {
        client.halt_at(step, &sale.id).await?;
    }
    client.begin("register", &sale.receipt()).await?;
    Ok(client)
}

/// Kills the client, and starts another.
async fn killed(shop: &mut Shop<'_>) -> Result<()> {
    shop.till.process()?.kill().await?;
    shop.till = Till::start(shop.config()).await?;
    Ok(())
}

/// Which sales are struck: one in each block.
fn strikes(random: &mut StdRng, sales: usize) -> BTreeSet<usize> {
    let blocks = (0..sales).step_by(BLOCK);
    blocks.map(|start| random.random_range(start..sales.min(start + BLOCK))).collect()
}

/// Waits for what another process brings about.
async fn until(condition: impl Fn() -> bool) -> Result<()> {
    let end = Instant::now() + LONGEST_WAIT;
    while !condition() {
        if Instant::now() > end {
            return Err("the request did not arrive".into());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
