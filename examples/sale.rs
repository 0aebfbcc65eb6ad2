//! One sale: `sale CONFIG.json RECEIPT.json` prints the registration.

use std::error::Error;
use std::fs::read_to_string;

use kassa::Client;
use kassa::client::messages::Wait;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [config, receipt] = [1, 2].map(|n| std::env::args().nth(n).unwrap_or_default());
    let till = Client::open(&read_to_string(config)?)?;
    let receipt = kassa::read(&read_to_string(receipt)?)?;

    let sale = till.register(receipt).await?;
    let sale = till.wait(Wait { id: sale.receipt_id, timeout_ms: None }).await?;
    println!("{}", serde_json::to_string(&sale)?);
    Ok(())
}
