//! A disk without room: a process of its own whose files may not grow beyond a limit (RLIMIT_FSIZE).
//! Each sale is on record, or refused and not sent; with room again the same calls end right.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::Tally;
use super::bench::{Bench, Engine};
use crate::Result;
use crate::runner::program;

/// Sales that are tried on the full disk.
const SALES: std::ops::Range<u32> = 101..109;

/// Runs all of it at one vendor, with limits up to `most` bytes.
pub async fn run(tally: &mut Tally, vendor: &'static str, most: u64, step: usize) -> Result<()> {
    let beginning = format!("disk/{vendor}/");
    if !tally.wants_some_of(&beginning) {
        return Ok(());
    }
    let before = tally.so_far();
    for limit in (0..most).step_by(step) {
        let case = format!("{beginning}{limit};");
        if tally.wants(&case) {
            let bench = Bench::new(vendor, Engine::Sqlite).await?;
            tally.injected(&case);
            tally.judged(&case, filled(&bench, limit).await);
        }
    }
    tally.group(&beginning, before);
    Ok(())
}

async fn filled(bench: &Bench, limit: u64) -> Result<()> {
    let mut lines = format!("open {}\n", bench.config);
    for price in SALES {
        lines.push_str(&format!("call register {}\n", bench.sale(price)));
    }
    // A write beyond the limit then fails instead of ending the process.
    let limited = format!("trap '' XFSZ; exec prlimit --fsize={limit} \"$0\"");
    let mut child = Command::new("sh")
        .args(["-c", &limited])
        .arg(program()?)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = child.stdin.take().ok_or("the process has no input")?;
    input.write_all(lines.as_bytes()).await?;
    drop(input);
    let output = child.wait_with_output().await?;
    let answers: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(serde_json::from_str)
        .collect::<std::result::Result<_, _>>()?;
    if !output.status.success() || answers.len() != SALES.len() + 1 {
        return Err(format!("the process ended: {}, {answers:?}", output.status).into());
    }
    for (price, envelope) in SALES.zip(answers.iter().skip(1)) {
        bench.check(price, envelope)?;
    }
    let till = bench.open()?;
    for price in SALES {
        bench.ends_right(&till, price).await?;
    }
    bench.is_whole(&till).await
}
