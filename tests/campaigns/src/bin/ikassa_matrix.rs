//! iKassa's exactly-once matrix: every sale of every cash register loses its answer. Prints a table,
//! and one line of JSON as the last.

use std::process::ExitCode;
use std::time::Instant;

use campaigns::campaign::cell::Row;
use campaigns::campaign::table;
use campaigns::ikassa_matrix::{self, Combination};
use campaigns::{Result, ending};
use clap::Parser;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

/// Runs the matrix against emulated cash registers.
#[derive(Parser)]
struct Arguments {
    /// Sales of each combination, in cash and by card each.
    #[arg(long, default_value_t = 200)]
    sales: usize,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Combinations at the same time. Most of their time is waiting.
    #[arg(long, default_value_t = 8)]
    jobs: usize,
    /// Only the combinations whose name contains this.
    #[arg(long)]
    only: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    ending::end(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<(Value, bool)> {
    let started = Instant::now();
    let wanted = |one: &Combination| arguments.only.as_deref().is_none_or(|part| one.name().contains(part));
    let all = ikassa_matrix::combinations(arguments.seed, arguments.sales);
    println!(
        "{:<40}{:>7}{:>7}{:>7}{:>12}{:>6}{:>9}{:>7}  in doubt",
        "cash register/loss", "sales", "faults", "kills", "registered", "lost", "doubled", "wrong"
    );
    let runs = all.into_iter().filter(wanted).map(async |one| {
        let row = tokio::spawn(one.run()).await?;
        print(&one, &row, arguments);
        Result::Ok(row)
    });
    let rows: Vec<Result<Row>> = stream::iter(runs).buffer_unordered(arguments.jobs.max(1)).collect().await;
    let rows = rows.into_iter().collect::<Result<Vec<Row>>>()?;
    let total = table::total(&rows);
    println!("{:.0} s", started.elapsed().as_secs_f64());
    let bad = table::bad(&rows);
    let more = json!({"combinations": rows.len(), "bad": bad, "sales": total.receipts});
    Ok((total.summary(more), !rows.is_empty() && bad == 0))
}

fn print(one: &Combination, row: &Row, arguments: &Arguments) {
    let count = &row.count;
    println!(
        "{:<40}{:>7}{:>7}{:>7}{:>12}{:>6}{:>9}{:>7}  {}",
        one.name(),
        count.receipts,
        count.faults,
        count.kills,
        count.registered,
        count.found.lost,
        count.found.doubled,
        count.found.wrong,
        table::reasons(count)
    );
    for complaint in &row.complaints {
        println!("    {complaint}");
    }
    if !row.is_right() {
        println!(
            "    seed {}; again: ikassa-matrix --seed {} --sales {} --only '{}'",
            one.seed,
            arguments.seed,
            arguments.sales,
            one.name()
        );
    }
}
