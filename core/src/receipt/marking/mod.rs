//! Marking codes: what a scanner read, understood and put right where that is certain (`docs/marking.md`). No vendor, no
//! I/O.

pub mod ai;
pub mod brackets;
pub mod checks;
pub mod gs1;
pub mod kinds;
pub mod lost;
pub mod parts;
pub mod reading;
pub mod signs;

pub use parts::{Element, Fault, MarkingKind, Repair};
pub use reading::{Reading, read};
