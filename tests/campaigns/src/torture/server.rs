//! The data base goes away in the middle of a sale: its sessions are ended again and again, or the
//! whole server is stopped as by a power cut and started.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::process::Command;
use tokio::time::sleep;

use super::Tally;
use super::bench::{Bench, Engine, call, prompt};
use crate::Result;

/// Ends every session of the library.
const END_SESSIONS: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kassa'";
/// The variable that names a program which stops the server at once and starts it again.
const RESTART: &str = "KASSA_TEST_POSTGRES_RESTART";
/// Until when in a sale the first outage comes, in milliseconds, and how many come.
const FIRST_MS: std::ops::Range<u64> = 0..120;
const OUTAGES: std::ops::Range<u32> = 1..6;

/// What happens to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outage {
    Sessions,
    Restart,
}

/// Runs all of it at one vendor: `sales` times each.
pub async fn run(
    tally: &mut Tally,
    vendor: &'static str,
    seed: u64,
    sales: u64,
    restarts: u64,
) -> Result<()> {
    let can_restart = std::env::var_os(RESTART).is_some();
    let outages = [(Outage::Sessions, "sessions", sales), (Outage::Restart, "restart", restarts)];
    for (outage, name, count) in
        outages.into_iter().filter(|(outage, ..)| can_restart || *outage == Outage::Sessions)
    {
        let beginning = format!("server/{vendor}/{name}/");
        if !tally.wants_some_of(&beginning) {
            continue;
        }
        let before = tally.so_far();
        for number in 0..count {
            let case = format!("{beginning}{number};");
            if tally.wants(&case) {
                let bench = Bench::new(vendor, Engine::Postgres).await?;
                let mut random = StdRng::seed_from_u64(seed.wrapping_mul(1_000).wrapping_add(number));
                let result = struck(&bench, outage, &mut random).await;
                bench.remove().await?;
                tally.injected(&case);
                tally.judged(&case, result);
            }
        }
        tally.group(&beginning, before);
    }
    Ok(())
}

async fn struck(bench: &Bench, outage: Outage, random: &mut StdRng) -> Result<()> {
    let till = bench.open()?;
    bench.ends_right(&till, 101).await?;
    let first = Duration::from_millis(random.random_range(FIRST_MS));
    let outages = random.random_range(OUTAGES);
    let strike = async {
        sleep(first).await;
        match outage {
            Outage::Restart => restart().await?,
            Outage::Sessions => {
                let person = prompt().await?;
                for _ in 0..outages {
                    person.batch_execute(END_SESSIONS).await?;
                }
            }
        }
        Ok::<_, crate::Broken>(())
    };
    let sale = bench.sale(102);
    let (envelope, struck) = tokio::join!(call(&till, "register", &sale), strike);
    struck?;
    bench.check(102, &envelope?)?;
    bench.ends_right(&till, 102).await?;
    bench.ends_right(&till, 103).await?;
    bench.is_whole(&till).await
}

async fn restart() -> Result<()> {
    let status = Command::new(std::env::var_os(RESTART).ok_or("no way to restart")?).status().await?;
    if status.success() { Ok(()) } else { Err(format!("the server does not start: {status}").into()) }
}
