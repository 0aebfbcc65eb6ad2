//! One cell: a vendor, an engine and a schedule.

use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::Value;
use tokio::sync::Barrier;

use crate::Result;
use crate::campaign::bench::{Bench, Setup};
use crate::campaign::client::Client;
use crate::campaign::closing;
use crate::campaign::count::Count;
use crate::campaign::engine::Engine;
use crate::campaign::opening;
use crate::campaign::schedule;
use crate::vendors::Vendor;

/// What a cell is made of.
#[derive(Clone, Copy)]
pub struct Cell {
    /// The vendor.
    pub vendor: &'static Vendor,
    /// What keeps the journal.
    pub engine: Engine,
    /// The seed of its schedule.
    pub seed: u64,
    /// Client processes.
    pub processes: usize,
    /// Hosts that they are spread over.
    pub hosts: usize,
    /// Receipts.
    pub receipts: usize,
}

/// What came of a cell.
#[derive(Debug)]
pub struct Row {
    /// The vendor.
    pub vendor: &'static str,
    /// What kept the journal.
    pub engine: Engine,
    /// The counts.
    pub count: Count,
    /// What is not as it should be.
    pub complaints: Vec<String>,
}

impl Row {
    /// Whether everything is as it should be.
    pub fn is_right(&self) -> bool {
        self.complaints.is_empty() && self.count.found.is_right()
    }
}

impl Cell {
    /// Runs it. A run that cannot be carried out is a complaint too.
    pub async fn run(self) -> Row {
        let (count, complaints) = match self.carried_out().await {
            Ok(found) => found,
            Err(broken) => (Count::default(), vec![format!("not carried out: {broken}")]),
        };
        Row { vendor: self.vendor.name, engine: self.engine, count, complaints }
    }

    async fn carried_out(self) -> Result<(Count, Vec<String>)> {
        let Self { vendor, engine, seed, hosts, .. } = self;
        let plans = schedule::draw(vendor, seed, self.processes, self.receipts);
        let circumstances = vendor.circumstances_of(seed);
        let first = opening::receipts(vendor, circumstances);
        let asked = plans.iter().flatten().map(|act| &act.asked).chain(&first).cloned().collect();
        let bench = Bench::start(Setup {
            vendor,
            engine,
            seed,
            circumstances,
            asked,
            config: Value::Null,
            hosts,
            relay: None,
        })
        .await?;
        let _opener = opening::sell(&bench, &first).await?;
        let neighbours: Vec<_> = (0..self.processes.div_ceil(2)).map(|_| Arc::new(Barrier::new(2))).collect();
        try_join_all(plans.iter().enumerate().map(async |(place, plan)| {
            Client::start(&bench, place, neighbours[place / 2].clone()).await?.run(plan).await
        }))
        .await?;
        closing::close(&bench, self.processes).await
    }

    /// The command that runs it alone.
    pub fn command(&self) -> String {
        format!(
            "campaign --vendor {} --engine {} --seed {} --receipts {} --processes {} --hosts {}",
            self.vendor.name,
            self.engine.name(),
            self.seed,
            self.receipts,
            self.processes,
            self.hosts
        )
    }
}
