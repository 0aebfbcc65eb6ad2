//! Four hosts with four workers each on one PostgreSQL: every vendor under faults and kills, then the
//! death of a host that holds leases. The last line is JSON; it fails where anything is not as it should be.

use std::process::ExitCode;

use campaigns::campaign::cell::{Cell, Row};
use campaigns::campaign::engine::Engine;
use campaigns::campaign::table;
use campaigns::hosts::{self, Death, HOSTS, LEASE, WORKERS, milliseconds};
use campaigns::vendors::{self, Vendor};
use campaigns::{Result, ending};
use clap::Parser;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

/// Cells at the same time: much of their time is waiting.
const JOBS: usize = 4;

/// Runs it against the emulator and the server of `KASSA_TEST_POSTGRES`.
#[derive(Parser)]
struct Arguments {
    /// Receipts of each vendor.
    #[arg(long, default_value_t = 2_500)]
    receipts: usize,
    /// Seeds of each vendor: a cash register of another kind each.
    #[arg(long, default_value_t = 2)]
    seeds: u64,
    /// Only these vendors.
    #[arg(long, value_delimiter = ',')]
    vendors: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    ending::end(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<(Value, bool)> {
    let vendors: Vec<&'static Vendor> = match arguments.vendors.is_empty() {
        true => vendors::ALL.to_vec(),
        false => arguments.vendors.iter().map(|name| Vendor::named(name)).collect::<Result<_>>()?,
    };
    let cells = (1..=arguments.seeds).flat_map(|seed| {
        let cell = move |vendor| Cell {
            vendor,
            engine: Engine::Postgres,
            seed,
            processes: HOSTS * WORKERS,
            hosts: HOSTS,
            receipts: arguments.receipts,
        };
        vendors.clone().into_iter().map(cell)
    });
    let runs = cells.map(async |cell| {
        let row = tokio::spawn(cell.run()).await?;
        print(&row);
        Result::Ok(row)
    });
    let rows: Vec<Result<Row>> = stream::iter(runs).buffer_unordered(JOBS).collect().await;
    let rows = rows.into_iter().collect::<Result<Vec<_>>>()?;
    let mut total = table::total(&rows);
    let mut bad = table::bad(&rows);
    let mut deaths = serde_json::Map::new();
    // A cash register that no cell had: the journal knows those.
    let seed = arguments.seeds + 1;
    for vendor in vendors {
        let death = hosts::kill_one(vendor, seed).await?;
        print_death(&death);
        total.add(&death.row.count);
        bad += usize::from(!death.row.is_right());
        deaths.insert(
            vendor.name.into(),
            json!({
                "held": death.held,
                "usual_ms": milliseconds(death.usual),
                "others_ms": milliseconds(death.others),
                "taken_over_ms": milliseconds(death.taken_over),
            }),
        );
    }
    let more = json!({
        "hosts": HOSTS,
        "workers": HOSTS * WORKERS,
        "lease_ms": milliseconds(LEASE),
        "cells": rows.len(),
        "bad": bad,
        "deaths": deaths,
    });
    Ok((total.summary(more), !rows.is_empty() && bad == 0))
}

fn print(row: &Row) {
    println!("{:<11}{}  in doubt {}", row.vendor, row.count.line(), table::reasons(&row.count));
    row.complaints.iter().take(20).for_each(|complaint| println!("    {complaint}"));
}

fn print_death(death: &Death) {
    println!(
        "{:<11}a host died with {} leases: others went on after {} ms (usually {} ms), its receipts were taken over \
         after {} ms",
        death.row.vendor,
        death.held,
        milliseconds(death.others),
        milliseconds(death.usual),
        milliseconds(death.taken_over),
    );
    death.row.complaints.iter().take(20).for_each(|complaint| println!("    {complaint}"));
}
