//! `deliver`: moves the outbox forward, once or for as long as it is not told to stop.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use clap::Args;
use kassa::client::messages::{Delivered, DeliveredReceipt, QueueError};
use kassa::receipt::registration::State;
use serde_json::json;
use tokio::time::sleep;

use crate::exit::Exit;
use crate::failure::{Failure, say};
use crate::out::{Columns, Done, Out, Table};
use crate::till::Till;

const COLUMNS: Columns = &[("ID", false), ("STATE", false), ("DOCUMENT", false), ("WHY", false)];
/// How long a pass of `--watch` begins receipts: so long it may take to stop.
const PASS_S: u64 = 5;
/// Pause between two passes of `--watch`.
const PAUSE: Duration = Duration::from_secs(1);

/// How to deliver.
#[derive(Args)]
pub struct Deliver {
    /// How long receipts are begun; each has the time of a whole call from then on
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Go on until SIGTERM or Ctrl-C, and then end after the receipts that are under way
    #[arg(long, conflicts_with = "seconds")]
    watch: bool,
    /// Also what waits for its next try
    #[arg(long)]
    all: bool,
}

/// Delivers.
pub async fn deliver(till: &Till, out: &mut Out, how: &Deliver) -> Done {
    let mut told = Told::default();
    if !how.watch {
        let delivered = pass(till, how, how.seconds).await?;
        told.receipts(out, &delivered)?;
        sum(out, &delivered)?;
        return Ok(exit(&delivered));
    }
    let mut stop = std::pin::pin!(told_to_stop()?);
    loop {
        let mut is_over = false;
        let mut work = std::pin::pin!(pass(till, how, PASS_S));
        let delivered = tokio::select! {
            delivered = &mut work => delivered?,
            () = &mut stop => {
                is_over = true;
                let mut again = std::pin::pin!(told_to_stop()?);
                tokio::select! {
                    delivered = &mut work => delivered?,
                    // What is under way is settled by the next one.
                    () = &mut again => return Ok(Exit::Later),
                }
            }
        };
        told.receipts(out, &delivered)?;
        if !is_over && !out.is_closed() {
            tokio::select! {
                () = sleep(PAUSE) => continue,
                () = &mut stop => {}
            }
        }
        sum(out, &delivered)?;
        return Ok(exit(&delivered));
    }
}

async fn pass(till: &Till, how: &Deliver, seconds: u64) -> Result<Delivered, Failure> {
    let request = json!({ "time_limit_ms": seconds * 1_000, "all": how.all, "receipts": true });
    till.call("deliver", &request).await?.read()
}

const fn exit(delivered: &Delivered) -> Exit {
    if delivered.left == 0 { Exit::Done } else { Exit::Later }
}

fn sum(out: &mut Out, delivered: &Delivered) -> Result<(), Failure> {
    let Delivered { registered, accepted, failed, in_doubt, left, .. } = delivered;
    out.line(&match out.json {
        true => json!(Delivered { receipts: Vec::new(), ..delivered.clone() }).to_string(),
        false => format!(
            "{registered} registered, {accepted} accepted, {failed} failed, {in_doubt} in doubt; {left} left"
        ),
    })
}

/// What was told of receipts that are not final: it is not told again.
#[derive(Default)]
struct Told(HashMap<String, (Option<State>, Option<String>)>);

impl Told {
    fn receipts(&mut self, out: &mut Out, delivered: &Delivered) -> Result<(), Failure> {
        let mut table = Table::new(COLUMNS);
        let mut errors: Vec<&QueueError> = delivered.errors.iter().collect();
        for receipt in &delivered.receipts {
            if !self.is_news(receipt) {
                errors.retain(|error| error.receipt_id != receipt.receipt_id);
                continue;
            }
            if out.json {
                out.line(&json!(receipt).to_string())?;
            } else {
                table.row([
                    receipt.receipt_id.clone(),
                    receipt.state.map_or_else(String::new, |state| state.word().into()),
                    receipt.document_number.clone().unwrap_or_default(),
                    receipt.message.clone().unwrap_or_default(),
                ]);
            }
        }
        table.write(out)?;
        // Many receipts may have met the same error.
        let errors = errors.into_iter().map(|error| Failure::from(error.error.clone()).text());
        if !out.json {
            errors.collect::<BTreeSet<_>>().iter().for_each(|error| say(error));
        }
        Ok(())
    }

    fn is_news(&mut self, receipt: &DeliveredReceipt) -> bool {
        if receipt.state.is_some_and(State::is_final) {
            self.0.remove(&receipt.receipt_id);
            return true;
        }
        let now = (receipt.state, receipt.message.clone());
        self.0.insert(receipt.receipt_id.clone(), now.clone()) != Some(now)
    }
}

/// Ends when the program is told to stop. It listens from the call on.
#[cfg(unix)]
fn told_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| Failure::of_file("signals".as_ref(), &error));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn told_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
