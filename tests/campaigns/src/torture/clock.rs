//! The wall clock goes a day back or forward between two steps: nothing is lost, nothing comes twice,
//! nothing waits for ever.

use std::time::Duration;

use kassa::faults;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::Tally;
use super::bench::{Bench, Engine, call};
use crate::Result;

const DAY_MS: i64 = 86_400_000;
/// Off by so much before and after the jump.
const JUMPS: [(&str, i64, i64); 4] =
    [("back", 0, -DAY_MS), ("forward", 0, DAY_MS), ("corrected", DAY_MS, 0), ("late", -DAY_MS, 0)];
/// What waits for its next try comes within this time, whatever the clock did.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// Runs all of it at one vendor. The clock is the whole process's: nothing else may run.
pub async fn run(tally: &mut Tally, vendor: &'static str, engines: &[Engine]) -> Result<()> {
    let before = tally.so_far();
    for &engine in engines {
        for (name, first, then) in JUMPS {
            for (way, in_doubt) in [("in-doubt", true), ("not-taken", false)] {
                let case = format!("clock/{vendor}/{}/{way}/{name};", engine.name());
                if !tally.wants(&case) {
                    continue;
                }
                let bench = Bench::new(vendor, engine).await?;
                let result = jump(&bench, first, then, in_doubt).await;
                faults::turn_clock(0);
                bench.remove().await?;
                tally.injected(&case);
                tally.judged(&case, result);
            }
        }
    }
    if tally.wants_some_of(&format!("clock/{vendor}/")) {
        tally.group(&format!("clock/{vendor}/"), before);
    }
    Ok(())
}

/// Sells, leaves a sale in doubt or refused for now, turns the clock, and goes on.
async fn jump(bench: &Bench, first: i64, then: i64, in_doubt: bool) -> Result<()> {
    faults::turn_clock(first);
    let till = bench.open()?;
    bench.ends_right(&till, 101).await?;
    call(&till, "enqueue", &json!({"receipts": [bench.sale(102)]})).await?;
    if in_doubt {
        bench.lose_answer()?;
    } else {
        bench.not_reached()?;
    }
    call(&till, "deliver", &json!({})).await?;
    faults::turn_clock(then);
    let end = Instant::now() + LONGEST_WAIT;
    loop {
        let delivered = call(&till, "deliver", &json!({})).await?;
        if delivered["ok"]["left"] == 0 {
            break;
        }
        if Instant::now() > end {
            return Err(format!("waits: {delivered}").into());
        }
        sleep(Duration::from_millis(50)).await;
    }
    bench.ends_right(&till, 102).await?;
    bench.ends_right(&till, 103).await?;
    faults::turn_clock(first);
    bench.ends_right(&till, 104).await?;
    bench.is_whole(&till).await
}
