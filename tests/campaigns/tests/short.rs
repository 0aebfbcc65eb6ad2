//! The campaigns, short enough for every day.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use campaigns::{matrix, writers};

const SEED: u64 = 1;
/// One of them is struck.
const SALES: usize = 10;
const JOBS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn every_combination_under_every_disturbance() {
    let rows = matrix::run(&matrix::cells(SEED, SALES), JOBS).await;
    let bad: Vec<_> = rows.iter().filter(|row| !row.complaints.is_empty()).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let total = matrix::total(&rows);
    assert!(total.is_right(), "{total:?}");
    assert_eq!(total.settled + total.left_for_a_person, rows.len() * SALES);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_and_threads_at_one_device() {
    for crowd in writers::crowds(SEED, SALES) {
        let row = crowd.run().await;
        assert!(row.complaints.is_empty() && row.count.is_right(), "{row:#?}");
    }
}
