//! On top: every vendor and every operation. Opens clients, dispatches, describes.

mod describe;
mod dispatch;
mod open;
#[cfg(feature = "testing")]
pub mod readers;
#[cfg(feature = "testing")]
mod testing;

pub use describe::describe;
pub use dispatch::{envelope, note_panic, panicked};
pub use open::Shared;
