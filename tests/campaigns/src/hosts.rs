//! The death of a host: its workers are killed while they hold leases in the data base that they share
//! with other hosts. How long those others are held up, and what becomes of the dead one's receipts.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::future::{join_all, try_join_all};
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use crate::Result;
use crate::campaign::bench::{Bench, Setup};
use crate::campaign::cell::Row;
use crate::campaign::engine::Engine;
use crate::campaign::{closing, opening};
use crate::disturbance::Step;
use crate::runner::{Runner, is_halted};
use crate::sale::Sale;
use crate::vendors::{Asked, Vendor};

/// Hosts.
pub const HOSTS: usize = 4;
/// Workers of each.
pub const WORKERS: usize = 4;
/// The shortest lease, and that of workers whose calls take less (docs/journal.md).
pub const LEASE: Duration = Duration::from_secs(15);
/// Receipts that each worker sells before, for comparison.
const BEFORE: usize = 3;
/// Totals of the receipts.
const FIRST: u32 = 100_000;
/// What may come on top of a lease until a receipt of the dead host is at its end: a pause between two
/// tries for the lease, and the time after which the vendor's "I do not know it" is believed. Where a cash
/// register takes one document at a time, it comes on top for every other worker too: nothing new is sold
/// before that receipt is at its end.
const TAKING_OVER: Duration = Duration::from_secs(1);
/// Calls until a receipt that does not come on record is stuck.
const MOST_CALLS: usize = 20;

/// What came of the death of a host.
#[derive(Debug)]
pub struct Death {
    /// What became of the receipts.
    pub row: Row,
    /// Workers that stood still with their leases when they were killed.
    pub held: usize,
    /// The longest call before, with all hosts at work.
    pub usual: Duration,
    /// From the death until the last of the other workers had sold a receipt of its own.
    pub others: Duration,
    /// From the death until the last receipt of the dead host was taken to its end by another.
    pub taken_over: Duration,
}

/// Kills one of the hosts that share the data base of `KASSA_TEST_POSTGRES`.
pub async fn kill_one(vendor: &'static Vendor, seed: u64) -> Result<Death> {
    let mut sales = (FIRST..).map(|total| vendor.asked(&Sale::of(total)));
    let mut take = |count: usize| sales.by_ref().take(count).collect::<Vec<_>>();
    let all = HOSTS * WORKERS;
    let before: Vec<_> = (0..BEFORE).map(|_| take(all)).collect();
    let (left_behind, own) = (take(WORKERS), take(all - 2 * WORKERS));
    let asked = before.iter().flatten().chain(&left_behind).chain(&own).cloned().collect();
    let circumstances = vendor.circumstances_of(0);
    let (engine, config) = (Engine::Postgres, Value::Null);
    let setup = Setup { vendor, engine, seed, circumstances, asked, config, hosts: HOSTS, relay: None };
    let bench = Bench::start(setup).await?;
    let _opener = opening::sell(&bench, &[]).await?;
    // A worker's number modulo the hosts is its host: host 0 will die.
    let mut dying = Vec::new();
    let mut others = Vec::new();
    for number in 0..all {
        match number % HOSTS {
            0 => dying.push(bench.client(number).await?),
            _ => others.push(bench.patient_client(number).await?),
        }
    }
    let mut usual = Duration::ZERO;
    for round in &before {
        let (of_dying, of_others) = round.split_at(WORKERS);
        let short = async {
            let calls = dying.iter_mut().zip(of_dying).map(|(runner, asked)| ask(&bench, runner, asked));
            try_join_all(calls).await
        };
        let (_, took) = tokio::try_join!(short, all_sold(&bench, &mut others, of_others))?;
        usual = usual.max(took);
    }
    let held = stand_still(vendor, &mut dying, &left_behind).await?;
    // All at once, as when the power goes.
    for ended in join_all(dying.iter_mut().map(Runner::kill)).await {
        ended?;
    }
    bench.seen(|seen| seen.kills += held);
    let (takers, sellers) = others.split_at_mut(WORKERS);
    let (taken_over, sold) =
        tokio::try_join!(all_sold(&bench, takers, &left_behind), all_sold(&bench, sellers, &own))?;
    let (count, mut complaints) = closing::close(&bench, WORKERS).await?;
    let most = vendor.workers_at_once(WORKERS);
    if held != most {
        complaints.push(format!("{held} of {most} workers held a lease when the host died"));
    }
    let until_taken_over = LEASE + usual + TAKING_OVER;
    let others_wait = if vendor.one_at_a_time { until_taken_over } else { usual + TAKING_OVER };
    if sold > others_wait {
        complaints.push(format!("others were held up for {sold:?}: longer than {others_wait:?}"));
    }
    if taken_over > until_taken_over {
        complaints.push(format!("the dead host's receipts were taken over after {taken_over:?}"));
    }
    let row = Row { vendor: vendor.name, engine, count, complaints };
    Ok(Death { row, held, usual, others: sold, taken_over })
}

/// Has the workers stand still with what they hold, and waits until as many do as the vendor lets work at
/// the same time; gives back how many.
async fn stand_still(vendor: &Vendor, dying: &mut [Runner], receipts: &[Asked]) -> Result<usize> {
    for (runner, asked) in dying.iter_mut().zip(receipts) {
        runner.halt_at(Step::AfterAnswer, &asked.id).await?;
        runner.begin("register", &asked.receipt).await?;
    }
    let most = vendor.workers_at_once(dying.len());
    let mut answers: FuturesUnordered<_> = dying.iter_mut().map(Runner::receive).collect();
    let mut held = 0;
    while held < most
        && let Some(answer) = answers.next().await
    {
        // One that waits for the others is told that they are busy, and stands nowhere.
        held += usize::from(is_halted(&answer?));
    }
    Ok(held)
}

/// Sells, each worker a receipt; gives back how long the last one took.
async fn all_sold(bench: &Bench, workers: &mut [Runner], receipts: &[Asked]) -> Result<Duration> {
    let begun = Instant::now();
    try_join_all(workers.iter_mut().zip(receipts).map(|(runner, asked)| sell(bench, runner, asked))).await?;
    Ok(begun.elapsed())
}

/// The same call until the vendor has the receipt.
async fn sell(bench: &Bench, runner: &mut Runner, asked: &Asked) -> Result<()> {
    let mut envelope = Value::Null;
    for _ in 0..MOST_CALLS {
        envelope = ask(bench, runner, asked).await?;
        if !envelope["ok"].is_null() {
            return Ok(());
        }
    }
    Err(format!("{} is stuck: {envelope}", asked.id).into())
}

async fn ask(bench: &Bench, runner: &mut Runner, asked: &Asked) -> Result<Value> {
    let listening = bench.listen(asked, true);
    let envelope = runner.call("register", &asked.receipt).await?;
    bench.heard(asked, &listening, "register", &envelope);
    Ok(envelope)
}

/// Milliseconds, for people.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
