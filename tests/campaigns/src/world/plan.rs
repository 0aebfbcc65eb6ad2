//! The cells of the world in a campaign of a size.

use crate::campaign::engine::Engine;
use crate::vendors::Vendor;
use crate::world::Kind;
use crate::world::cell::Cell;

/// Of so many receipts of the campaign …
const OF: usize = 1_000;
/// … so many times each kind has to happen: 600 at 200,000.
const EVENTS: usize = 3;

/// The most of a cell: several run side by side.
const MOST: u64 = 80;
/// The cells of the campaign beside them have fewer seeds.
const SEEDS: u64 = 100_000;

/// The least that each kind happens in a run of full size.
pub const LEAST: u64 = 500;
/// Receipts of a run of full size.
pub const FULL_SIZE: usize = 200_000;

/// How often each kind has to happen in a campaign of so many receipts.
pub fn events(receipts: usize) -> u64 {
    (receipts * EVENTS).div_ceil(OF) as u64
}

/// The cells of these kinds, each `events` times in all.
pub fn cells(
    kinds: &[&'static Kind],
    vendors: &[&'static Vendor],
    engines: &[Engine],
    events: u64,
    seed: u64,
) -> Vec<Cell> {
    let mut cells = Vec::new();
    for kind in kinds {
        let mut pairs = Vec::new();
        for &engine in engines {
            pairs.extend(
                vendors.iter().filter(|vendor| kind.is_for(vendor, engine)).map(|vendor| (*vendor, engine)),
            );
        }
        let of_a_pair = events.div_ceil(pairs.len().max(1) as u64);
        // Neighbours have different cash registers, and no two of a run the same one: they share a data base.
        let parts = of_a_pair.div_ceil(MOST).max(1);
        for (vendor, engine) in pairs {
            for _ in 0..parts {
                let seed = seed + SEEDS + cells.len() as u64;
                cells.push(Cell { vendor, engine, kind, seed, events: of_a_pair.div_ceil(parts) });
            }
        }
    }
    cells
}
