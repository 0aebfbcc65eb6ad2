//! Kassa puts a sale on the fiscal record at a fiscalization vendor, exactly once.
//!
//! ```no_run
//! # async fn sale() -> kassa::Result<()> {
//! let till = kassa::Client::open(
//!     r#"{"vendor": "modulkassa", "environment": "demo",
//!         "credentials": {"user_name": "...", "password": "..."}}"#,
//! )?;
//! let receipt = kassa::read(
//!     r#"{"id": "order-1001", "kind": "sell",
//!         "items": [{"name": "Mug", "price": "150.00", "quantity": "2", "discount": "10.00", "vat": "22"}],
//!         "payments": [{"type": "card", "sum": "290.00"}],
//!         "customer": {"email": "buyer@shop.example"}}"#,
//! )?;
//! println!("{:?}", till.register(receipt).await?.state);
//! # Ok(())
//! # }
//! ```

mod address;
pub mod client;
pub mod config;
pub mod delivery;
pub mod error;
#[cfg(feature = "failpoints")]
pub mod faults;
#[cfg(not(feature = "failpoints"))]
mod faults;
#[cfg(feature = "host")]
pub mod host;
pub mod input;
pub mod journal;
pub mod receipt;
pub mod table;
mod text;
pub mod transport;
mod trust;
pub mod vendor;
pub mod vendors;

pub use client::Client;
pub use error::{Error, Result};
pub use input::read;
pub use receipt::Receipt;
pub use receipt::registration::Registration;
pub use text::shown;
