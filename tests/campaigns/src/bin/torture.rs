//! `torture`: every failure that can be injected, counted. The last line is JSON; the exit code is 1
//! where a case ended wrong.

use std::process::ExitCode;
use std::time::Instant;

use campaigns::ending;
use campaigns::torture::{Engine, Tally, VENDORS, clock, cut, full_disk, points, server, system};
use clap::Parser;

/// Makes every call of the library fail that can, cuts and bends its journal, fills its disk, kills
/// its server and turns its clock.
#[derive(Parser)]
struct Arguments {
    /// Only the cases whose name begins with this.
    #[arg(long)]
    only: Option<String>,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Cases at the same time. Most of their time is waiting.
    #[arg(long, default_value_t = 8)]
    jobs: usize,
    /// A call that is passed several times fails at so many of its passes, one a case.
    #[arg(long, default_value_t = 4)]
    hits: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let started = Instant::now();
    let mut tally = Tally::new(arguments.only.clone());
    let done = run(&mut tally, &arguments).await;
    println!("{:.0} s", started.elapsed().as_secs_f64());
    ending::end(done.map(|()| (tally.line(), tally.is_right())))
}

async fn run(tally: &mut Tally, arguments: &Arguments) -> campaigns::Result<()> {
    system::hook_in()?;
    let engines = Engine::available();
    let extent =
        points::Extent { vendors: VENDORS, engines: &engines, hits: arguments.hits, jobs: arguments.jobs };
    tokio::task::block_in_place(|| points::run(tally, extent))?;
    for vendor in VENDORS {
        system::run(tally, vendor, system::Extent { step: 1, memory_step: 37 }).await?;
        let extent = cut::Extent {
            seed: arguments.seed,
            step: 1,
            last: 4,
            flips: 2_000,
            frames: 1,
            jobs: arguments.jobs,
        };
        cut::run(tally, vendor, extent).await?;
        full_disk::run(tally, vendor, 600_000, 15_000).await?;
        clock::run(tally, vendor, &engines).await?;
        if engines.contains(&Engine::Postgres) {
            server::run(tally, vendor, arguments.seed, 40, 3).await?;
        }
    }
    Ok(())
}
