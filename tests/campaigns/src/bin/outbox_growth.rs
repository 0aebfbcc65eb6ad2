//! What `enqueue` and `deliver` cost a receipt in a short queue and in a long one. The last line is
//! JSON; it fails where the long one costs more than it may.

use std::process::ExitCode;

use campaigns::growth::{Costs, Queue};
use campaigns::{Result, ending};
use clap::Parser;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How much more the end may cost than the beginning.
const MOST_RATIO: f64 = 1.3;
/// How much more memory the end may have, in MiB: nothing of the queue is kept in memory.
const MOST_MEMORY_MIB: f64 = 64.0;

/// Measures both durable engines.
#[derive(Parser)]
struct Arguments {
    /// Receipts at the beginning.
    #[arg(long, default_value_t = 10_000)]
    first: usize,
    /// Receipts at the end.
    #[arg(long, default_value_t = 1_000_000)]
    last: usize,
    /// Engines.
    #[arg(long, value_delimiter = ',', default_values_t = ["sqlite".to_owned(), "postgres".to_owned()])]
    engines: Vec<String>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> ExitCode {
    ending::end(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<(Value, bool)> {
    let folder = TempDir::new()?;
    let mut summary = serde_json::Map::new();
    let mut good = true;
    for engine in &arguments.engines {
        let place = match engine.as_str() {
            "sqlite" => format!("sqlite:{}", folder.path().join("journal.sqlite").display()),
            "postgres" => std::env::var("KASSA_TEST_POSTGRES").map_err(
                |_| "no PostgreSQL: run this as `tests/with-postgres.sh ...` or `make outbox-growth`",
            )?,
            other => return Err(format!("engine {other}: sqlite or postgres").into()),
        };
        let mut queue = Queue::new(&place, &format!("growth-{engine}"))?;
        // The first of all pays for what happens once.
        queue.grown_to(2_000).await?;
        let first = queue.grown_to(arguments.first).await?;
        shown(engine, &first);
        let last = queue.grown_to(arguments.last).await?;
        shown(engine, &last);
        let ratio = |of: fn(&Costs) -> f64| (of(&last) / of(&first) * 100.0).round() / 100.0;
        let (enqueue, deliver) = (ratio(|costs| costs.enqueue_us), ratio(|costs| costs.deliver_us));
        let memory = last.memory_mib - first.memory_mib;
        good &= enqueue <= MOST_RATIO && deliver <= MOST_RATIO && memory <= MOST_MEMORY_MIB;
        summary.insert(
            engine.clone(),
            json!({"first": first.queued, "last": last.queued, "enqueue_ratio": enqueue, "deliver_ratio": deliver,
                   "memory_mib": [first.memory_mib, last.memory_mib]}),
        );
    }
    Ok((Value::Object(summary), good))
}

fn shown(engine: &str, costs: &Costs) {
    println!(
        "{engine}, {} queued: enqueue {:.1} us, deliver {:.0} us a receipt, {} MiB",
        costs.queued, costs.enqueue_us, costs.deliver_us, costs.memory_mib
    );
}
