//! Several writers of one shop at one device: processes and threads with one journal.

use std::sync::Arc;
use std::thread;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::runtime;
use tokio::sync::oneshot;

use crate::Result;
use crate::cell::Row;
use crate::combination::Combination;
use crate::device::Device;
use crate::disturbance::Disturbance;
use crate::judge::Count;
use crate::sale::Sale;
use crate::shop::{Person, Shop};
use crate::till::Till;

/// Processes, and threads of this process.
const WRITERS_OF_A_KIND: usize = 2;
/// Totals of two writers are so far apart, in tenge.
const BETWEEN_WRITERS: u32 = 100_000;
/// One sale in so many is struck.
const STRUCK: usize = 10;
/// What strikes them: nothing for which a person would be needed.
const DISTURBANCES: [Disturbance; 3] = [Disturbance::DropBefore, Disturbance::DropAfter, Disturbance::Cut];

type Outcome = (Count, Vec<String>);

/// Two processes and two threads that sell at one device.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// How the device remembers.
    pub combination: Combination,
    /// The seed of everything random.
    pub seed: u64,
    /// Sales of each writer.
    pub sales: usize,
}

/// One crowd at the device that remembers best, and one at the device that remembers least.
pub fn crowds(seed: u64, sales: usize) -> Vec<Crowd> {
    let all = Combination::all();
    let ends = all.first().into_iter().chain(all.last());
    ends.map(|&combination| Crowd { combination, seed, sales }).collect()
}

impl Crowd {
    /// Name in the table and for `--only`.
    pub fn name(&self) -> String {
        format!("{}/two_processes_two_threads", self.combination)
    }

    /// Runs it.
    pub async fn run(self) -> Row {
        let mut complaints = Vec::new();
        let count = match self.carried_out().await {
            Ok((count, findings)) => {
                complaints.extend(findings);
                count
            }
            Err(broken) => {
                complaints.push(format!("not carried out: {broken}"));
                Count::default()
            }
        };
        if count.settled != 2 * WRITERS_OF_A_KIND * self.sales {
            complaints.push("not every sale was settled".to_owned());
        }
        Row { name: self.name(), count, complaints }
    }

    async fn carried_out(&self) -> Result<Outcome> {
        let device = Device::start(self.seed, self.combination.switches()).await?;
        let writers = 2 * WRITERS_OF_A_KIND;
        let mut random = StdRng::seed_from_u64(self.seed);
        for number in 0..writers * self.sales / STRUCK {
            let faults = DISTURBANCES[number % DISTURBANCES.len()].faults(&mut random);
            let skip = random.random_range(0..writers * self.sales) as u64;
            let later = faults.into_iter().map(|fault| kassa_emulator::Fault { skip, ..fault });
            device.emulator().add_faults(later.collect())?;
        }
        let device = Arc::new(device);
        let mut ended = Vec::new();
        for writer in 1..=writers {
            let (tell, told) = oneshot::channel();
            ended.push(told);
            let first = u32::try_from(writer)? * BETWEEN_WRITERS;
            let sales: Vec<Sale> = (first..).take(self.sales).map(Sale::of).collect();
            let device = device.clone();
            // Nobody listens where another writer failed.
            if writer <= WRITERS_OF_A_KIND {
                tokio::spawn(async move { drop(tell.send(in_process(device, sales).await)) });
            } else {
                thread::spawn(move || drop(tell.send(in_thread(device, &sales))));
            }
        }
        let mut count = Count::default();
        let mut findings = Vec::new();
        for told in ended {
            let (of_writer, found) = told.await??;
            count.add(&of_writer);
            findings.extend(found);
        }
        Ok((count, findings))
    }
}

async fn in_process(device: Arc<Device>, sales: Vec<Sale>) -> Result<Outcome> {
    let till = Till::start(device.config()).await?;
    write(&device, till, &sales).await
}

fn in_thread(device: Arc<Device>, sales: &[Sale]) -> Result<Outcome> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { write(&device, Till::here(device.config())?, sales).await })
}

async fn write(device: &Device, till: Till, sales: &[Sale]) -> Result<Outcome> {
    let mut shop = Shop::new(device, till, Person::Decides);
    for sale in sales {
        if !shop.sell(sale).await? {
            break;
        }
    }
    shop.audit(sales).await?;
    let Shop { mut count, judge, .. } = shop;
    judge.add_to(&mut count);
    Ok((count, judge.findings))
}
