//! The outbox from cron or systemd: `kassa-deliver CONFIG.json [SECONDS]` moves forward what is in the
//! journal for SECONDS (50) at most and prints a line of JSON a receipt, then one for the whole.
//!
//! It ends with 0 where nothing is left, with 75 (try again later) where something is, with 1 where
//! the outbox could not be worked on.

use std::error::Error;
use std::fs::read_to_string;
use std::process::ExitCode;

use kassa::Client;
use kassa::client::messages::Deliver;

const SECONDS: u64 = 50;
const LATER: u8 = 75;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let config = arguments.next().ok_or("usage: kassa-deliver CONFIG.json [SECONDS]")?;
    let seconds: u64 = arguments.next().map_or(Ok(SECONDS), |text| text.parse())?;

    let till = Client::open(&read_to_string(config)?)?;
    let request = Deliver { time_limit_ms: Some(seconds * 1_000), receipts: true, ..Deliver::default() };
    let mut delivered = till.deliver(request).await?;
    for receipt in delivered.receipts.drain(..) {
        println!("{}", serde_json::to_string(&receipt)?);
    }
    println!("{}", serde_json::to_string(&delivered)?);
    Ok(if delivered.left == 0 { ExitCode::SUCCESS } else { ExitCode::from(LATER) })
}
