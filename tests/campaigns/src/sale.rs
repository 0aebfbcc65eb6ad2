//! A sale as the shop asks for it.

use serde_json::{Value, json};

/// A sale with a total that no other sale of the run has.
#[derive(Clone, Debug)]
pub struct Sale {
    /// The shop's id.
    pub id: String,
    /// Total in whole tenge.
    pub tenge: u32,
}

impl Sale {
    /// The sale of this total.
    pub fn of(tenge: u32) -> Self {
        Self { id: format!("sale-{tenge}"), tenge }
    }

    /// The request of `register`.
    pub fn receipt(&self) -> Value {
        let sum = self.tenge.to_string();
        json!({
            "id": self.id, "kind": "sell",
            "items": [{"name": "Mug", "price": sum, "quantity": "1"}],
            "payments": [{"type": "card", "sum": sum}]
        })
    }

    /// The total as the ledger writes it.
    pub fn total(&self) -> String {
        format!("{}.00", self.tenge)
    }
}
