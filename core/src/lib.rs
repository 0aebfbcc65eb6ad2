//! Kassa puts a sale on the fiscal record at a fiscalization vendor, exactly once.
//!
//! ```no_run
//! use kassa::receipt::{Item, Kind, Payment, PaymentType, Receipt};
//!
//! # async fn sale() -> kassa::Result<()> {
//! let till = kassa::Client::open(
//!     r#"{"vendor": "modulkassa", "environment": "demo",
//!         "credentials": {"user_name": "...", "password": "..."}}"#,
//! )?;
//! let mut mug = Item::new("Mug", "150.00".parse()?, "2".parse()?);
//! mug.discount = Some("10.00".parse()?);
//! mug.vat = Some("22".parse()?);
//! let mut receipt = Receipt::new("order-1001", Kind::Sell);
//! receipt.items.push(mug);
//! receipt.payments.push(Payment::new(PaymentType::Card, "290.00".parse()?));
//! // Or from JSON: `kassa::read(text)?`.
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

/// The first sale of the package's own page is compiled too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
