//! Who is logged in at the device (protocol/ikkm.md 6.1 item E15).

use serde::{Deserialize, Serialize};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Registers; may not read shifts and documents.
    Cashier,
    /// May do that too.
    Senior,
    /// May do everything.
    Administrator,
}

/// The user of the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The code.
    pub id: u64,
    /// The name.
    pub name: String,
    /// What the user may do.
    pub role: Role,
}

impl User {
    /// The user of a device that nobody changed. Not a plain cashier, so that every call works.
    pub fn seeded() -> Self {
        Self { id: 166, name: "Алия".to_owned(), role: Role::Senior }
    }
}
