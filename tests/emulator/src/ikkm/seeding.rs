//! The device that is there at the start, and more of them on demand.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;

use super::money::{Tiyn, money};
use crate::frame::Refused;

/// The documentation's own serial number (protocol/ikkm.md 5.10) and those after it.
const FIRST_REGISTER: u64 = 11_700_029_000;

/// What `POST seed` takes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// The new device.
    #[serde(default)]
    pub device: Wanted,
}

/// A new device; everything that is left out is made up.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    register: Option<String>,
    key: Option<String>,
    port: u16,
    drawer: Option<String>,
    last_receipt: u64,
}

/// A device as it begins.
#[derive(Debug, Clone)]
pub struct Seeded {
    /// The serial number.
    pub register: String,
    /// The first key.
    pub key: String,
    /// The port; 0 for any that is free.
    pub port: u16,
    /// Cash in the drawer.
    pub drawer: Tiyn,
    /// The number of the last receipt.
    pub last_receipt: u64,
    /// The seed of its keys and codes.
    pub random: u64,
}

/// Makes a device up; `index` is its place among all devices.
pub fn device(wanted: Wanted, seed: u64, index: u64) -> Result<Seeded, Refused> {
    let random = seed.wrapping_add(index);
    let made_up = || StdRng::seed_from_u64(random).random_range(10_000_000..100_000_000_u32).to_string();
    let register = wanted.register.unwrap_or_else(|| format!("{:012}", FIRST_REGISTER + index));
    let key = wanted.key.unwrap_or_else(made_up);
    check_key(&key)?;
    let drawer = match wanted.drawer {
        Some(text) => {
            money(&text).ok_or_else(|| Refused::new("drawer: tenge as text, such as \"1000.00\""))?
        }
        None => 0,
    };
    Ok(Seeded { register, key, port: wanted.port, drawer, last_receipt: wanted.last_receipt, random })
}

/// A key is a positive whole number (protocol/ikkm.md 6.1 item E4).
pub fn check_key(key: &str) -> Result<(), Refused> {
    let fits = key.bytes().all(|b| b.is_ascii_digit()) && key.bytes().any(|b| b != b'0');
    fits.then_some(()).ok_or_else(|| Refused::new("key: digits, not all zero"))
}
