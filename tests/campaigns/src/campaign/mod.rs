//! The campaign: processes that sell through one journal, under faults, kills and restarts, judged
//! by the emulator's ledger alone.

pub mod bench;
pub mod cell;
pub mod client;
pub mod closing;
pub mod count;
pub mod engine;
pub mod opening;
pub mod person;
pub mod schedule;
pub mod table;
