//! The campaign: receipts of every vendor through every engine, under faults, kills and restarts.
//! Prints a line a cell, and one line of JSON as the last.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use campaigns::campaign::cell::{Cell, Row};
use campaigns::campaign::engine::Engine;
use campaigns::campaign::table::{self, Plan};
use campaigns::vendors::{self, Vendor};
use campaigns::{Result, ending};
use clap::Parser;
use futures_util::{StreamExt as _, stream};
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

#[tokio::main]
async fn main() -> ExitCode {
    ending::end(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<(Value, bool)> {
    let plan = arguments.plan()?;
    let started = Instant::now();
    let runs = table::cells(&plan).into_iter().map(async |cell| {
        let began = Instant::now();
        // A task of its own: cells share the machine's cores.
        let row = tokio::spawn(cell.run()).await?;
        print(&cell, &row, began.elapsed().as_secs_f64());
        Result::Ok(row)
    });
    let rows: Vec<Result<Row>> = stream::iter(runs).buffer_unordered(arguments.jobs).collect().await;
    let rows = rows.into_iter().collect::<Result<Vec<Row>>>()?;
    let total = table::total(&rows);
    println!("{:.0} s", started.elapsed().as_secs_f64());
    if let Some(path) = &arguments.write {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let command = format!("make campaign ARGS=\"{}\"", words.join(" "));
        std::fs::write(path, table::markdown(&rows, &command))?;
    }
    let bad = table::bad(&rows);
    let more = json!({
        "vendors": plan.vendors.iter().map(|vendor| vendor.name).collect::<Vec<_>>(),
        "engines": plan.engines.iter().map(|engine| engine.name()).collect::<Vec<_>>(),
        "cells": rows.len(),
        "bad": bad,
    });
    Ok((total.summary(more), !rows.is_empty() && bad == 0))
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
