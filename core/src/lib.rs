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

mod backoff;
#[cfg(feature = "failpoints")]
pub mod chance;
#[cfg(not(feature = "failpoints"))]
mod chance;
pub mod client;
pub mod config;
pub mod delivery;
pub mod error;
#[cfg(feature = "host")]
pub mod host;
pub mod http;
pub mod input;
pub mod journal;
mod lenient;
#[cfg(feature = "host")]
mod logging;
pub mod messages;
pub mod metrics;
pub mod money;
pub mod operations;
mod outbox;
pub mod receipt;
pub mod registration;
pub mod shift;
#[cfg(feature = "testing")]
mod testing;
pub mod vat;
pub mod vendors;
pub mod words;

pub use client::{Client, read};
pub use error::{Error, Result};
pub use receipt::Receipt;
pub use registration::Registration;
