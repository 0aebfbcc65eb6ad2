//! Long runs that count: the campaign of all vendors, iKKM's and iKassa's exactly-once matrices, and
//! the time that the library adds between two sales.
//!
//! The emulator's ledger is the only judge. What the library says is compared with it at the moment
//! it is said.

pub mod baskets;
pub mod book;
pub mod campaign;
pub mod cell;
pub mod combination;
pub mod device;
pub mod disturbance;
pub mod ending;
pub mod gap;
pub mod growth;
pub mod hosts;
pub mod ikassa_matrix;
pub mod judge;
pub mod matrix;
pub mod rate;
pub mod refunds;
pub mod relay;
pub mod runner;
pub mod sale;
pub mod shop;
pub mod till;
#[cfg(feature = "failpoints")]
pub mod torture;
pub mod vendors;
pub mod world;
pub mod writers;

/// Why a run could not be carried out: no verdict on the library.
pub type Broken = Box<dyn std::error::Error + Send + Sync>;

/// Result of everything in this crate.
pub type Result<T> = std::result::Result<T, Broken>;
