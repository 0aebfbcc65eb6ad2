//! The campaigns, short enough for every day.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use campaigns::campaign::cell::Row;
use campaigns::campaign::count::Count;
use campaigns::campaign::engine::Engine;
use campaigns::campaign::table::{self, Plan};
use campaigns::{ikassa_matrix, matrix, vendors, writers};
use futures_util::{StreamExt, stream};

const SEED: u64 = 1;
/// One of them is struck.
const SALES: usize = 10;
const JOBS: usize = 8;
const CAMPAIGN_RECEIPTS: usize = 600;
/// In cash and by card each.
const IKASSA_SALES: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn every_combination_under_every_disturbance() {
    let rows = matrix::run(&matrix::cells(SEED, SALES), JOBS).await;
    let bad: Vec<_> = rows.iter().filter(|row| !row.complaints.is_empty()).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let total = matrix::total(&rows);
    assert!(total.is_right(), "{total:?}");
    assert_eq!(total.settled + total.left_for_a_person, rows.len() * SALES);
    assert_eq!(total.traces, rows.len() * SALES);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_and_threads_at_one_device() {
    for crowd in writers::crowds(SEED, SALES) {
        let row = crowd.run().await;
        assert!(row.complaints.is_empty() && row.count.is_right(), "{row:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_vendor_under_faults_and_kills() {
    let plan = Plan {
        vendors: vendors::ALL.to_vec(),
        engines: Engine::ALL.into_iter().filter(|engine| engine.is_there()).collect(),
        receipts: CAMPAIGN_RECEIPTS,
        seed: SEED,
        processes: 4,
        hosts: 2,
    };
    let cells = table::cells(&plan);
    let rows: Vec<Row> = stream::iter(cells).map(|cell| cell.run()).buffer_unordered(JOBS).collect().await;
    let total = all_right(&rows);
    assert_eq!(total.registered + total.all_in_doubt(), total.receipts);
    assert!(total.faults > 0 && total.kills > 0, "{total:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lost_answer_of_ikassa() {
    let all = ikassa_matrix::combinations(SEED, IKASSA_SALES);
    let rows: Vec<Row> = stream::iter(all).map(|one| one.run()).buffer_unordered(JOBS).collect().await;
    let total = all_right(&rows);
    assert_eq!(total.registered + total.all_in_doubt(), total.receipts);
}

fn all_right(rows: &[Row]) -> Count {
    let bad: Vec<_> = rows.iter().filter(|row| !row.is_right()).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let total = table::total(rows);
    assert_eq!(total.found.traces, total.receipts);
    total
}
