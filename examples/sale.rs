//! One sale: `sale CONFIG.json RECEIPT.json` prints the registration, and ends with 0 where it is on record.

use std::error::Error;
use std::fs::read_to_string;
use std::process::ExitCode;

use kassa::Client;
use kassa::client::messages::Wait;
use kassa::receipt::registration::State;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let [config, receipt] = [1, 2].map(|n| std::env::args().nth(n).unwrap_or_default());
    let till = Client::open(&read_to_string(config)?)?;
    let receipt = kassa::read(&read_to_string(receipt)?)?;

    let sale = till.register(receipt).await?;
    let sale = till.wait(Wait { id: sale.receipt_id, timeout_ms: None }).await?;
    println!("{}", serde_json::to_string(&sale)?);
    Ok(if sale.state == State::Registered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
