//! Torture: every call of the library that can fail fails, the journal's file is cut and bent, the
//! disk is full, the server dies, the clock jumps. The vendors' ledger is the judge: never a second
//! document, never a lie, and the same call again always ends right.

pub mod audit;
pub mod bench;
pub mod clock;
pub mod cut;
pub mod full_disk;
pub mod names;
pub mod points;
pub mod server;
pub mod system;
pub mod tally;
pub mod traces;

pub use bench::{Engine, VENDORS};
pub use tally::Tally;
