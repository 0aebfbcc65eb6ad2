//! The emulator's ledger by receipt, read on from where it was read before.

use std::collections::HashMap;

use kassa_emulator::{Emulator, LedgerEntry};

/// Documents by what stands for their receipt.
#[derive(Debug, Default)]
pub struct Book {
    read: usize,
    by_key: HashMap<String, Vec<LedgerEntry>>,
}

impl Book {
    /// Reads what is new.
    pub fn read(&mut self, emulator: &Emulator, key: fn(&LedgerEntry) -> Option<String>) {
        let new = emulator.ledger_after(self.read);
        self.read += new.len();
        for entry in new {
            if let Some(key) = key(&entry) {
                self.by_key.entry(key).or_default().push(entry);
            }
        }
    }

    /// The documents of a receipt.
    pub fn documents(&self, key: &str) -> &[LedgerEntry] {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }

    /// What the documents are found by.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.by_key.keys().map(String::as_str)
    }
}
