//! What happens in the world, each kind a few times at each vendor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use campaigns::campaign::engine::Engine;
use campaigns::vendors;
use campaigns::world::{self, cell::Row, plan};
use futures_util::{StreamExt, stream};

const SEED: u64 = 1;
const JOBS: usize = 8;
/// How often each kind happens in a cell.
const EVENTS: u64 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_in_the_world() {
    let engines: Vec<Engine> = Engine::ALL.into_iter().filter(|engine| engine.is_there()).collect();
    let mut cells = plan::cells(&world::ALL, &vendors::ALL, &engines, EVENTS, SEED);
    cells.iter_mut().for_each(|cell| cell.events = EVENTS);
    let rows: Vec<Row> = stream::iter(cells).map(|cell| cell.run()).buffer_unordered(JOBS).collect().await;
    for row in &rows {
        for violation in &row.violations {
            println!("{}", row.cell.told(violation));
        }
    }
    let bad: Vec<_> = rows
        .iter()
        .filter(|row| !row.is_right())
        .map(|row| format!("{}: {:?} {:#?}", row.cell.command(), row.broken, row.violations))
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    let happened = world::table::happened(&rows, &world::ALL);
    let too_few = world::table::too_few(&happened, EVENTS);
    assert!(too_few.is_empty(), "{happened}");
}
