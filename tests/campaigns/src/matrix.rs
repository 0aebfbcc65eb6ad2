//! The whole matrix: which cells there are, run side by side.

use futures_util::{StreamExt as _, stream};

use crate::cell::{Cell, Row};
use crate::combination::Combination;
use crate::disturbance::Disturbance;
use crate::judge::Count;
use crate::shop::Person;

/// Every combination under every disturbance. A cell's seed and person depend on its place only, so
/// that it can be run alone.
pub fn cells(seed: u64, sales: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (index, combination) in Combination::all().into_iter().enumerate() {
        for disturbance in Disturbance::ALL {
            let place = cells.len() as u64;
            let person =
                if (index as u64 + seed).is_multiple_of(2) { Person::TellsKey } else { Person::Decides };
            let seed = seed.wrapping_mul(1_000).wrapping_add(place);
            cells.push(Cell { combination, disturbance, seed, person, sales });
        }
    }
    cells
}

/// Runs cells, `jobs` at a time; the rows come in the order of the cells.
pub async fn run(cells: &[Cell], jobs: usize) -> Vec<Row> {
    let tasks = cells.iter().enumerate().map(async |(place, cell)| {
        let row = tokio::spawn(cell.run()).await;
        let row = row.unwrap_or_else(|error| Row {
            name: cell.name(),
            count: Count::default(),
            complaints: vec![format!("not carried out: {error}")],
        });
        (place, row)
    });
    // Not in order: one that waits long would hold the others up.
    let mut rows: Vec<(usize, Row)> = stream::iter(tasks).buffer_unordered(jobs).collect().await;
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The counts of all rows together.
pub fn total(rows: &[Row]) -> Count {
    let mut total = Count::default();
    rows.iter().for_each(|row| total.add(&row.count));
    total
}
