//! Durable receipts a second, against the disk's own limit and a bare program, from one process and
//! from eight. The last line is JSON; it fails where the library is below its share.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use campaigns::rate::{self, READY, Writer, measured, median};
use campaigns::{Result, ending};
use clap::Parser;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The least share of what a bare program reaches.
const LEAST_SHARE: f64 = 0.7;
/// How much more a bulk must bring than single receipts.
const LEAST_BULK: f64 = 5.0;

/// Measures every writer in turn, several times, and compares the middle ones.
#[derive(Parser)]
struct Arguments {
    /// How often each is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Milliseconds of one measurement. PostgreSQL chains what was written after ten seconds at the latest:
    /// with 20000 the writers pay for that too.
    #[arg(long, default_value_t = 4_000)]
    ms: u64,
    /// Engines.
    #[arg(long, value_delimiter = ',', default_values_t = ["sqlite".to_owned(), "postgres".to_owned()])]
    engines: Vec<String>,
    /// A folder on the disk that is measured; absent means that for temporary files.
    #[arg(long)]
    folder: Option<std::path::PathBuf>,
    /// Be one of the writers.
    #[arg(long, value_enum, requires = "place")]
    worker: Option<Writer>,
    /// Where the writer writes.
    #[arg(long)]
    place: Option<String>,
    /// The writer's name.
    #[arg(long, default_value = "")]
    name: String,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let time = Duration::from_millis(arguments.ms);
    if let (Some(writer), Some(place)) = (arguments.worker, &arguments.place) {
        let wait = || {
            println!("{READY}");
            std::io::stdout().flush()?;
            std::io::stdin().read_line(&mut String::new())?;
            Ok(())
        };
        println!("{}", rate::write(writer, place, &arguments.name, time, wait).await?);
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ending::end(run(&arguments, time).await))
}

async fn run(arguments: &Arguments, time: Duration) -> Result<(Value, bool)> {
    let folder = match &arguments.folder {
        Some(folder) => TempDir::new_in(folder)?,
        None => TempDir::new()?,
    };
    let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let mut summary = serde_json::Map::new();
    let mut good = true;
    for engine in &arguments.engines {
        let places = match engine.as_str() {
            // Each has a file of its own, which only its own writes make larger.
            "sqlite" => [file("bare"), file("single"), file("bulk")],
            "postgres" => {
                let server = std::env::var("KASSA_TEST_POSTGRES").map_err(
                    |_| "no PostgreSQL: run this as `tests/with-postgres.sh ...` or `make enqueue-rate`",
                )?;
                [server.clone(), server.clone(), server]
            }
            other => return Err(format!("engine {other}: sqlite or postgres").into()),
        };
        for processes in [1, 8] {
            let mut figures: [Vec<f64>; 4] = Default::default();
            let mut shares: [Vec<f64>; 2] = Default::default();
            for round in 0..arguments.rounds {
                let rate = |writer, place: &str| measured(writer, place, round, processes, time);
                let now = [
                    rate(Writer::File, &file("synced"))?,
                    rate(Writer::Bare, &places[0])?,
                    rate(Writer::Single, &places[1])?,
                    rate(Writer::Bulk, &places[2])?,
                ];
                figures.iter_mut().zip(now).for_each(|(all, one)| all.push(one));
                shares[0].push(now[2] / now[1]);
                shares[1].push(now[3] / now[2]);
            }
            let [synced, bare, single, bulk] = figures.map(|all| median(all).round());
            let [share, more] = shares.map(median);
            good &= share >= LEAST_SHARE && more >= LEAST_BULK;
            let [share, more] = [share, more].map(|ratio| (ratio * 100.0).round() / 100.0);
            println!(
                "{engine} x {processes}: synced writes {synced}/s, bare {bare}/s, enqueue {single}/s ({share} of bare), \
                 in bulk {bulk}/s ({more} x single)"
            );
            summary.insert(
                format!("{engine}_{processes}"),
                json!({"synced": synced, "bare": bare, "single": single, "bulk": bulk, "share": share, "bulk_over_single": more}),
            );
        }
    }
    Ok((Value::Object(summary), good))
}
