//! Torture, short enough for every day: iKKM, and PostgreSQL where `KASSA_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use campaigns::torture::{Engine, Tally, clock, cut, full_disk, points, server, system};

const VENDOR: &str = "ikkm";
const SEED: u64 = 1;
const JOBS: usize = 8;

/// One test, since the clock and SQLite's hooks belong to the whole process.
#[tokio::test(flavor = "multi_thread")]
async fn every_failure_ends_right() {
    system::hook_in().unwrap();
    let mut tally = Tally::new(None);
    let sqlite = [Engine::Sqlite];
    let extent = points::Extent { vendors: &[VENDOR], engines: &sqlite, hits: 1, jobs: JOBS };
    tokio::task::block_in_place(|| points::run(&mut tally, extent)).unwrap();
    system::run(&mut tally, VENDOR, system::Extent { step: 23, memory_step: 997 }).await.unwrap();
    let extent = cut::Extent { seed: SEED, step: 211, last: 2, flips: 20, frames: 23, jobs: JOBS };
    cut::run(&mut tally, VENDOR, extent).await.unwrap();
    full_disk::run(&mut tally, VENDOR, 600_000, 45_000).await.unwrap();
    clock::run(&mut tally, VENDOR, &sqlite).await.unwrap();
    if Engine::available().contains(&Engine::Postgres) {
        server::run(&mut tally, VENDOR, SEED, 2, 1).await.unwrap();
    }
    assert!(tally.bad().is_empty(), "{:#?}", tally.bad());
    assert!(tally.so_far().1 > 100, "{}", tally.line());
    let line = tally.line();
    assert!(line["traces"].as_u64().is_some_and(|traces| traces > 100), "{line}");
    assert_eq!(line["trace_violations"], 0, "{line}");
}
