//! iKKM's exactly-once matrix: every combination of what the documentation leaves open, under every
//! disturbance. Prints a table, and one line of JSON as the last.

use std::process::ExitCode;
use std::time::Instant;

use campaigns::cell::{Cell, Row};
use campaigns::judge::Count;
use campaigns::{ending, matrix, writers};
use clap::Parser;
use serde_json::{Value, json};

/// Runs the matrix against emulated devices.
#[derive(Parser)]
struct Arguments {
    /// Sales of each combination.
    #[arg(long, default_value_t = 100)]
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
    ending::end(Ok(run(&Arguments::parse()).await))
}

async fn run(arguments: &Arguments) -> (Value, bool) {
    let started = Instant::now();
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|part| name.contains(part));
    let cells: Vec<Cell> = matrix::cells(arguments.seed, arguments.sales)
        .into_iter()
        .filter(|cell| wanted(&cell.name()))
        .collect();
    println!(
        "{:<62}{:>7}{:>9}{:>6}{:>6}{:>9}{:>7}",
        "combination/fault", "sales", "settled", "left", "lost", "doubled", "wrong"
    );
    let mut rows = matrix::run(&cells, arguments.jobs).await;
    for (cell, row) in cells.iter().zip(&rows) {
        print(cell.seed, row, arguments);
    }
    for crowd in writers::crowds(arguments.seed, arguments.sales) {
        if wanted(&crowd.name()) {
            let row = crowd.run().await;
            print(crowd.seed, &row, arguments);
            rows.push(row);
        }
    }
    let total = matrix::total(&rows);
    println!("{:.0} s", started.elapsed().as_secs_f64());
    let bad = rows.iter().filter(|row| !row.complaints.is_empty() || !row.count.is_right()).count();
    let summary = json!({
        "combinations": rows.len(),
        "bad": bad,
        "sales": total.sales,
        "settled": total.settled,
        "left_for_a_person": total.left_for_a_person,
        "lost": total.lost,
        "doubled": total.doubled,
        "wrong": total.wrong,
        "traces": total.traces,
        "trace_violations": total.trace_violations,
    });
    (summary, !rows.is_empty() && bad == 0)
}

fn print(seed: u64, row: &Row, arguments: &Arguments) {
    let Count { sales, settled, left_for_a_person: left, lost, doubled, wrong, .. } = row.count;
    println!("{:<62}{sales:>7}{settled:>9}{left:>6}{lost:>6}{doubled:>9}{wrong:>7}", row.name);
    if row.complaints.is_empty() {
        return;
    }
    for complaint in &row.complaints {
        println!("    {complaint}");
    }
    println!(
        "    seed {seed}; again: ikkm-matrix --seed {} --sales {} --only '{}'",
        arguments.seed, arguments.sales, row.name
    );
}
