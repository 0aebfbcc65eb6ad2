//! iKassa's exactly-once matrix: every cash register under every way to lose an answer, each sale
//! struck.

use std::sync::Arc;
use std::time::Duration;

use kassa_emulator::{Action, Fault, When};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::Result;
use crate::campaign::bench::{Bench, PATIENCE_MS, Setup};
use crate::campaign::cell::Row;
use crate::campaign::client::Client;
use crate::campaign::count::Count;
use crate::campaign::engine::Engine;
use crate::campaign::schedule::{self, Act, Kill};
use crate::campaign::{closing, opening};
use crate::disturbance::Step;
use crate::sale::Sale;
use crate::vendors::ikassa::{MATRIX, Paid, ROW, sold};
use crate::vendors::{Asked, Circumstances, Other};

/// Totals of the sales before, one of each kind, and of the others.
const BEFORE: u32 = 99_000;
const FIRST: u32 = 100_000;
/// Kinds of sale, in turn.
const KINDS: [Paid; 2] = [Paid::Cash, Paid::Card];
/// Milliseconds after which the counters are believed: where nothing is on its way, at once.
const SETTLE_MS: u64 = 10;
const SETTLE_HELD_MS: u64 = 500;
/// How long the vendor works on a receipt whose client is killed meanwhile: shorter than what the
/// library allows for, and longer than any kill takes.
const WORKS_MS: u64 = 200;
const ANSWERS_MS: u64 = 20_000;
/// Pauses of another writer, in milliseconds.
const WRITES_EVERY_MS: std::ops::Range<u64> = 1..40;

/// A way to lose an answer.
#[derive(Clone, Copy, Debug)]
pub enum Loss {
    /// By a fault.
    By(&'static str, Action, When),
    /// The client is killed at a step.
    Killed(Step),
    /// The client is killed while the vendor works for so many milliseconds.
    KilledInFlight(&'static str, When, u64),
}

/// Every way to lose an answer.
pub const LOSSES: [Loss; 12] = [
    Loss::By("drop_before_record", Action::Drop, When::BeforeRecord),
    Loss::By("drop_after_record", Action::Drop, When::AfterRecord),
    Loss::By("cut_answer", Action::Cut, When::Answer),
    Loss::By("garbage", Action::Garbage, When::Answer),
    Loss::By("empty_answer", Action::Empty, When::Answer),
    Loss::By("gateway_before_record", Action::Status, When::BeforeRecord),
    Loss::By("gateway_after_record", Action::Status, When::AfterRecord),
    Loss::Killed(Step::BeforeSend),
    Loss::Killed(Step::AfterAnswer),
    Loss::Killed(Step::BeforeConclude),
    Loss::KilledInFlight("kill_while_working", When::BeforeRecord, WORKS_MS),
    Loss::KilledInFlight("kill_while_answering", When::AfterRecord, ANSWERS_MS),
];

impl Loss {
    fn name(self) -> String {
        match self {
            Self::By(name, ..) | Self::KilledInFlight(name, ..) => name.to_owned(),
            Self::Killed(step) => format!("kill_{}", step.name()),
        }
    }
}

/// A cash register under a loss.
#[derive(Clone, Copy)]
pub struct Combination {
    /// The cash register.
    pub circumstances: &'static Circumstances,
    /// What happens to every sale.
    pub loss: Loss,
    /// The seed of everything random.
    pub seed: u64,
    /// Sales of each kind.
    pub sales: usize,
}

/// All of them. A seed depends on the place only, so that one can be run alone.
pub fn combinations(seed: u64, sales: usize) -> Vec<Combination> {
    let pairs = MATRIX.iter().flat_map(|circumstances| LOSSES.map(|loss| (circumstances, loss)));
    let seeds = seed.wrapping_mul(1_000)..;
    pairs
        .zip(seeds)
        .map(|((circumstances, loss), seed)| Combination { circumstances, loss, seed, sales })
        .collect()
}

impl Combination {
    /// Name in the table and for `--only`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.circumstances.name, self.loss.name())
    }

    /// Runs it. A run that cannot be carried out is a complaint too.
    pub async fn run(self) -> Row {
        let (count, complaints) = match self.carried_out().await {
            Ok(found) => found,
            Err(broken) => (Count::default(), vec![format!("not carried out: {broken}")]),
        };
        Row { vendor: ROW.name, engine: Engine::Sqlite, count, complaints }
    }

    async fn carried_out(self) -> Result<(Count, Vec<String>)> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let before: Vec<Asked> = (BEFORE..).zip(KINDS).map(|(total, paid)| asked(total, paid)).collect();
        let kinds = KINDS.into_iter().cycle().take(KINDS.len() * self.sales);
        let plan: Vec<Act> = (FIRST..).zip(kinds).map(|(total, paid)| self.act(asked(total, paid))).collect();
        let all = before.iter().chain(plan.iter().map(|act| &act.asked));
        let settle_ms = match self.loss {
            Loss::KilledInFlight(..) => SETTLE_HELD_MS,
            Loss::By(..) | Loss::Killed(_) => SETTLE_MS,
        };
        let bench = Bench::start(Setup {
            vendor: &ROW,
            engine: Engine::Sqlite,
            seed: self.seed,
            circumstances: self.circumstances,
            asked: all.cloned().collect(),
            config: json!({"settle_ms": settle_ms, "timeout_ms": PATIENCE_MS}),
            hosts: 1,
            relay: None,
        })
        .await?;
        let _opener = opening::sell(&bench, &before).await?;
        let client = Client::start(&bench, 0, Arc::new(Barrier::new(1))).await?;
        tokio::select! {
            sold = client.run(&plan) => sold?,
            written = write(&bench, &mut random) => written?,
        }
        let (count, mut complaints) = closing::close(&bench, 1).await?;
        let (faults, kills) = match self.loss {
            Loss::By(..) => (plan.len(), 0),
            Loss::Killed(_) => (0, plan.len()),
            Loss::KilledInFlight(..) => (plan.len(), plan.len()),
        };
        if usize::try_from(count.faults)? != faults || count.kills != kills {
            complaints.push(format!(
                "{} of {faults} faults and {} of {kills} kills came about",
                count.faults, count.kills
            ));
        }
        Ok((count, complaints))
    }

    fn act(&self, asked: Asked) -> Act {
        let (mut faults, mut kill) = (Vec::new(), None);
        match self.loss {
            Loss::By(_, action, when) => faults.push(Fault {
                matching: Some(asked.id.clone()),
                ..Fault::new(ROW.name, ROW.route, action).when(when)
            }),
            Loss::Killed(step) => kill = Some(Kill::At(step)),
            Loss::KilledInFlight(_, when, working_ms) => {
                kill = Some(Kill::InFlight(Box::new(schedule::held(&ROW, &asked, when, working_ms))));
            }
        }
        let calls = vec![("register", asked.receipt.clone()), ("status", json!({"id": asked.id}))];
        Act { asked, calls, is_shared: false, faults, kill, jump_s: None, elsewhere: None }
    }
}

fn asked(total: u32, paid: Paid) -> Asked {
    let sale = Sale::of(total);
    ROW.asked_with(&sale, sold(&sale, paid))
}

/// Another program sells at random moments, for ever; where there is none, nothing happens for ever.
async fn write(bench: &Bench, random: &mut StdRng) -> Result<()> {
    let Other::ByOperator { later, .. } = bench.circumstances.other else {
        return std::future::pending().await;
    };
    loop {
        sleep(Duration::from_millis(random.random_range(WRITES_EVERY_MS))).await;
        let (action, what) = later(random);
        bench.operate(action, what)?;
    }
}
