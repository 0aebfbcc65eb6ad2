//! Everything that the vendor knows: clients, logins, registers.

use std::collections::BTreeMap;

use super::codes::Codes;
use super::grants::Grants;
use super::register::Register;

/// Who may ask for tokens.
#[derive(Debug, Clone)]
pub struct Client {
    /// The secret of the experimental grant (protocol/ikassa.md 1.3).
    pub secret: String,
}

/// The whole of it.
#[derive(Debug)]
pub struct State {
    /// The clients by `client_id`.
    pub clients: BTreeMap<String, Client>,
    /// Device codes.
    pub codes: Codes,
    /// Logins and tokens.
    pub grants: Grants,
    /// The registers in the order in which they were added.
    pub registers: Vec<Register>,
    /// How many receipt pages were asked for with `Authorization` (protocol/ikassa.md 6.4 item 14).
    pub render_authorizations: u64,
}

impl State {
    /// A register by its number.
    pub fn register(&mut self, number: u32) -> Option<&mut Register> {
        self.registers.iter_mut().find(|register| register.number == number)
    }

    /// The register that the human of the cabinet would choose: the first that is not bound, or
    /// else the first. Invented.
    pub fn usual_register(&self) -> Option<u32> {
        let unbound = self.registers.iter().find(|register| !register.bound);
        unbound.or(self.registers.first()).map(|register| register.number)
    }

    /// The first bound register of a taxpayer.
    pub fn register_of_taxpayer(&self, unp: &str) -> Option<u32> {
        let of_taxpayer = |register: &&Register| register.bound && register.unp == unp;
        self.registers.iter().find(of_taxpayer).map(|register| register.number)
    }
}
