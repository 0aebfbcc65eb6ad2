//! How much of a world is explored.

use crate::model::Bounds;
use crate::world::Kind;

/// How far the checker goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Seconds: for the tests.
    Small,
    /// Minutes: at least a million states of each kind.
    Full,
}

const fn bounds(calls: u8, ticks: u8, faults: u8, by_person: u8) -> Bounds {
    Bounds { calls, ticks, faults, by_person }
}

impl Extent {
    /// The bounds of a kind.
    pub const fn of(self, kind: Kind) -> Bounds {
        match (self, kind) {
            (Self::Small, Kind::Key | Kind::AskedKey) => bounds(3, 1, 2, 1),
            (Self::Small, _) => bounds(2, 1, 2, 1),
            (Self::Full, Kind::Key | Kind::AskedKey) => bounds(3, 2, 4, 1),
            (Self::Full, Kind::Counters) => bounds(2, 2, 3, 1),
            (Self::Full, Kind::RotatingKey) => bounds(3, 2, 3, 1),
        }
    }

    /// The bounds within which a broken rule shows. The search ends with the first sign of it.
    pub const OF_MUTATIONS: Bounds = bounds(4, 2, 4, 2);
}
