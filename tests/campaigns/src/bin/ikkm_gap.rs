//! The time the library adds between an iKKM answer and the next sale, in one line of JSON.

use std::process::ExitCode;

use campaigns::{Result, gap};
use clap::Parser;
use serde_json::json;

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
async fn main() -> Result<ExitCode> {
    let Arguments { sales } = Arguments::parse();
    let gaps = gap::measure(sales).await?;
    let rounded = |share| (gaps.quantile_ms(share) * 1_000.0).round() / 1_000.0;
    let median_ms = rounded(0.5);
    println!(
        "{}",
        json!({"sales": sales, "min_ms": rounded(0.0), "median_ms": median_ms, "p95_ms": rounded(0.95)})
    );
    Ok(if median_ms < MOST_MEDIAN_MS { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
