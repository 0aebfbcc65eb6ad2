//! The time the library adds between an iKKM answer and the next sale, in one line of JSON.

use std::process::ExitCode;

use campaigns::{Result, ending, gap};
use clap::Parser;
use serde_json::{Value, json};

/// Half of the gaps must be shorter, in milliseconds.
const MOST_MEDIAN_MS: f64 = 5.0;

/// Measures with the pace switched off.
#[derive(Parser)]
struct Arguments {
    /// How many sales.
    #[arg(long, default_value_t = 500)]
    sales: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    ending::end(run(&Arguments::parse()).await)
}

async fn run(&Arguments { sales }: &Arguments) -> Result<(Value, bool)> {
    let gaps = gap::measure(sales).await?;
    let rounded = |share| (gaps.quantile_ms(share) * 1_000.0).round() / 1_000.0;
    let median_ms = rounded(0.5);
    let summary =
        json!({"sales": sales, "min_ms": rounded(0.0), "median_ms": median_ms, "p95_ms": rounded(0.95)});
    Ok((summary, median_ms < MOST_MEDIAN_MS))
}
