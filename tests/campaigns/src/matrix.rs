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

/// Runs cells, `jobs` at a time; `done` sees each as it ends.
pub async fn run(cells: Vec<Cell>, jobs: usize, mut done: impl FnMut(&Cell, &Row)) -> Vec<Row> {
    let tasks = cells.into_iter().map(|cell| async move {
        let row = tokio::spawn(cell.run()).await;
        let row = row.unwrap_or_else(|error| Row {
            name: cell.name(),
            count: Count::default(),
            complaints: vec![format!("not carried out: {error}")],
        });
        (cell, row)
    });
    let mut ended = stream::iter(tasks).buffered(jobs);
    let mut rows = Vec::new();
    while let Some((cell, row)) = ended.next().await {
        done(&cell, &row);
        rows.push(row);
    }
    rows
}

/// The counts of all rows together.
pub fn total(rows: &[Row]) -> Count {
    let mut total = Count::default();
    rows.iter().for_each(|row| total.add(&row.count));
    total
}
