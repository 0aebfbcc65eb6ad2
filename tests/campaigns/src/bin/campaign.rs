//! The campaign: receipts of every vendor through every engine, under faults, kills and restarts.
//! Prints a line a cell, and one line of JSON as the last.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use campaigns::campaign::cell::{Cell, Row};
use campaigns::campaign::engine::Engine;
use campaigns::campaign::table::{self, Plan};
use campaigns::refunds::{self, Raced};
use campaigns::vendors::{self, Vendor};
use campaigns::world::{self, Kind};
use campaigns::{Result, ending};
use clap::Parser;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde_json::{Value, json};

/// Complaints of one cell that are printed.
const MOST_PRINTED: usize = 20;

/// Runs the campaign against the emulator.
#[derive(Parser)]
struct Arguments {
    /// Receipts in all.
    #[arg(long, default_value_t = 200_000)]
    receipts: usize,
    /// Only these vendors.
    #[arg(long, visible_alias = "vendor", value_delimiter = ',')]
    vendors: Vec<String>,
    /// Only these engines: sqlite, postgres.
    #[arg(long, visible_alias = "engine", value_delimiter = ',')]
    engines: Vec<String>,
    /// Seed of the first schedule.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Cells at the same time. Much of their time is waiting.
    #[arg(long, default_value_t = 8)]
    jobs: usize,
    /// Client processes of a cell.
    #[arg(long, default_value_t = 4)]
    processes: usize,
    /// Hosts that they are spread over: each has a folder of its own.
    #[arg(long, default_value_t = 1)]
    hosts: usize,
    /// Only what happens in the world, and only these kinds of it: `all`, or names. Without it the campaign has
    /// everything.
    #[arg(long, value_delimiter = ',')]
    world: Vec<String>,
    /// How often each kind has to happen in each of its cells; follows from the receipts unless given.
    #[arg(long)]
    events: Option<u64>,
    /// How often two processes refund one sale at the same time; follows from the receipts unless given.
    #[arg(long)]
    races: Option<u64>,
    /// Print what was done in every episode of the world.
    #[arg(long)]
    steps: bool,
    /// Where to write the table, as Markdown.
    #[arg(long)]
    write: Option<PathBuf>,
}

impl Arguments {
    fn plan(&self) -> Result<Plan> {
        let vendors: Vec<&'static Vendor> = match self.vendors.is_empty() {
            true => vendors::ALL.to_vec(),
            false => self.vendors.iter().map(|name| Vendor::named(name)).collect::<Result<_>>()?,
        };
        let engines = match self.engines.is_empty() {
            true => Engine::ALL.to_vec(),
            false => self.engines.iter().map(|name| Engine::named(name)).collect::<Result<_>>()?,
        };
        if self.processes == 0 || self.jobs == 0 || self.hosts == 0 {
            return Err("at least one process, one host and one job".into());
        }
        Ok(Plan {
            vendors,
            engines,
            receipts: self.receipts,
            seed: self.seed,
            processes: self.processes,
            hosts: self.hosts,
        })
    }
}

impl Arguments {
    /// The kinds of thing that happen in this run.
    fn kinds(&self) -> Result<Vec<&'static Kind>> {
        match self.world.iter().any(|name| name == "all") || self.world.is_empty() {
            true => Ok(world::ALL.to_vec()),
            false => self.world.iter().map(|name| Kind::named(name)).collect(),
        }
    }

    fn world_cells(&self, plan: &Plan, kinds: &[&'static Kind]) -> Vec<world::cell::Cell> {
        let events = world::plan::events(self.receipts);
        let mut cells = world::plan::cells(kinds, &plan.vendors, &plan.engines, events, self.seed);
        if let Some(events) = self.events {
            cells.dedup_by_key(|cell| (cell.kind.name, cell.vendor.name, cell.engine.name()));
            cells.iter_mut().for_each(|cell| cell.events = events);
            // One cell again, as it was: its seed is the one that was told. Several need one each.
            if let [only] = &mut *cells {
                only.seed = self.seed;
            }
        }
        cells
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    ending::end(run(&Arguments::parse()).await)
}

/// What came of a cell of either part.
enum Ran {
    Campaign(Row),
    World(world::cell::Row),
}

async fn run(arguments: &Arguments) -> Result<(Value, bool)> {
    let plan = arguments.plan()?;
    let kinds = arguments.kinds()?;
    let started = Instant::now();
    let mut cells = if arguments.world.is_empty() { table::cells(&plan) } else { Vec::new() };
    let mut world_cells = arguments.world_cells(&plan, &kinds);
    // The slow ones first: on PostgreSQL the leases of a killed process end by the clock.
    cells.sort_by_key(|cell| cell.engine != Engine::Postgres);
    world_cells.sort_by_key(|cell| cell.engine != Engine::Postgres);
    let of_campaign = cells.into_iter().map(|cell| {
        async move {
            let began = Instant::now();
            // A task of its own: cells share the machine's cores.
            let row = tokio::spawn(cell.run()).await?;
            print(&cell, &row, began.elapsed().as_secs_f64());
            Result::Ok(Ran::Campaign(row))
        }
        .boxed()
    });
    let prints_steps = arguments.steps;
    let of_world = world_cells.into_iter().map(|cell| {
        async move {
            let began = Instant::now();
            let row = tokio::spawn(cell.run()).await?;
            print_world(&row, began.elapsed().as_secs_f64());
            if prints_steps {
                row.episodes.iter().for_each(|steps| println!("    {}", json!(steps)));
            }
            Result::Ok(Ran::World(row))
        }
        .boxed()
    });
    // Both kinds of cell by turns: those of the world wait most of their time.
    let runs = mixed(of_campaign.collect(), of_world.collect());
    let ran: Vec<Result<Ran>> = stream::iter(runs).buffer_unordered(arguments.jobs).collect().await;
    let (mut rows, mut world_rows) = (Vec::new(), Vec::new());
    for ran in ran {
        match ran? {
            Ran::Campaign(row) => rows.push(row),
            Ran::World(row) => world_rows.push(row),
        }
    }
    let races = arguments.races.unwrap_or(if arguments.world.is_empty() {
        of_receipts(arguments.receipts)
    } else {
        0
    });
    let races = refunds::plan(&plan.vendors, &plan.engines, races, arguments.seed);
    let races = races.into_iter().filter(|races| races.races > 0).map(|races| tokio::spawn(races.run()));
    let raced: Vec<_> = stream::iter(races).buffer_unordered(arguments.jobs).collect().await;
    let raced = raced.into_iter().try_fold(Raced::default(), |sum, one| one.map(|one| sum.and(one)))?;
    raced.complaints.iter().take(MOST_PRINTED).for_each(|complaint| println!("    {complaint}"));
    let mut total = table::total(&rows);
    world_rows.iter().for_each(|row| total.add(&row.count));
    println!("{:.0} s", started.elapsed().as_secs_f64());
    if let Some(path) = &arguments.write {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let command = format!("make campaign ARGS=\"{}\"", words.join(" "));
        let text = table::markdown(&rows, &command)
            + &world::table::markdown(&world_rows, &kinds)
            + &raced.markdown();
        std::fs::write(path, text)?;
    }
    let bad = table::bad(&rows) + world_rows.iter().filter(|row| !row.is_right()).count();
    let happened = world::table::happened(&world_rows, &kinds);
    let is_full = arguments.receipts >= world::plan::FULL_SIZE && arguments.world.is_empty();
    let too_few = world::table::too_few(&happened, if is_full { world::plan::LEAST } else { 1 });
    let more = json!({
        "vendors": plan.vendors.iter().map(|vendor| vendor.name).collect::<Vec<_>>(),
        "engines": plan.engines.iter().map(|engine| engine.name()).collect::<Vec<_>>(),
        "cells": rows.len() + world_rows.len(),
        "bad": bad,
        "stuck": world_rows.iter().map(|row| row.of_class("stuck")).sum::<usize>(),
        "world": happened,
        "too_few": too_few,
        "refunds": raced.summary(),
    });
    let is_something = !rows.is_empty() || !world_rows.is_empty();
    let is_whole = total.found.traces == total.receipts;
    let is_right = bad == 0 && too_few.is_empty() && raced.is_right();
    Ok((total.summary(more), is_something && is_right && is_whole))
}

/// Races of a campaign of so many receipts: 1,000 of 200,000.
const fn of_receipts(receipts: usize) -> u64 {
    receipts.div_ceil(200) as u64
}

type Run = BoxFuture<'static, Result<Ran>>;

/// Two lists as one, each spread over its whole length.
fn mixed(one: Vec<Run>, other: Vec<Run>) -> Vec<Run> {
    let place = |place: usize, of: usize| (2 * place + 1) as f64 / of as f64;
    let (of_one, of_other) = (one.len(), other.len());
    let mut all: Vec<(f64, Run)> =
        one.into_iter().enumerate().map(|(at, run)| (place(at, of_one), run)).collect();
    all.extend(other.into_iter().enumerate().map(|(at, run)| (place(at, of_other), run)));
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    all.into_iter().map(|(_, run)| run).collect()
}

fn print_world(row: &world::cell::Row, seconds: f64) {
    let cell = &row.cell;
    println!(
        "{:<11}{:<9}seed {:<6}{:<20}{:>6} receipts{:>6} times{:>7} registered{:>3} wrong in all{:>7.0} s  in doubt {}",
        cell.vendor.name,
        cell.engine.name(),
        cell.seed,
        cell.kind.name,
        row.count.receipts,
        row.happened,
        row.count.registered,
        row.violations.len(),
        seconds,
        table::reasons(&row.count),
    );
    for broken in &row.broken {
        println!("    {broken}");
    }
    for violation in row.violations.iter().take(MOST_PRINTED) {
        println!("    {}", cell.told(violation));
    }
    if !row.is_right() {
        println!("    seed {}; again: {}", cell.seed, cell.command());
    }
}

fn print(cell: &Cell, row: &Row, seconds: f64) {
    let count = &row.count;
    println!(
        "{:<11}{:<9}seed {:<6}{:<20}{}{:>7.0}/s  in doubt {}",
        cell.vendor.name,
        cell.engine.name(),
        cell.seed,
        cell.vendor.circumstances_of(cell.seed).name,
        count.line(),
        count.receipts as f64 / seconds,
        table::reasons(count),
    );
    for complaint in row.complaints.iter().take(MOST_PRINTED) {
        println!("    {complaint}");
    }
    if !row.is_right() {
        println!("    seed {}; again: {}", cell.seed, cell.command());
    }
}
