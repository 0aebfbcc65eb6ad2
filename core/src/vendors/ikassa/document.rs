//! A document as the journal keeps it: the call, what it does to the counters, the exact body.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::journal::Entry;

/// Calls that make a document (protocol/ikassa.md 2.2), by the last word of their path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A sale.
    Sale,
    /// A refund of goods.
    Refund,
    /// Cash into the drawer.
    Deposit,
    /// Cash out of the drawer.
    Withdraw,
    /// Cash handed to a customer.
    CardWithdraw,
    /// Annulment of the last document.
    Rollback,
}

impl Call {
    const ALL: [Call; 6] =
        [Call::Sale, Call::Refund, Call::Deposit, Call::Withdraw, Call::CardWithdraw, Call::Rollback];

    /// The last word of the path. `chWithdraw` is spelt like that (protocol/ikassa.md 2.2).
    pub const fn word(self) -> &'static str {
        match self {
            Call::Sale => "sale",
            Call::Refund => "refund",
            Call::Deposit => "deposit",
            Call::Withdraw => "withdraw",
            Call::CardWithdraw => "chWithdraw",
            Call::Rollback => "rollback",
        }
    }

    /// Which way cash goes: 1 into the drawer, -1 out of it (protocol/ikassa.md 2.5, 2.6).
    pub const fn direction(self) -> i64 {
        match self {
            Call::Sale | Call::Deposit => 1,
            Call::Refund | Call::Withdraw | Call::CardWithdraw | Call::Rollback => -1,
        }
    }
}

/// What a document does to the counters of the shift, as far as it can be said beforehand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Call and types of payment, such as `sale card+cash`: documents of one composition move the
    /// same counters.
    pub composition: String,
    /// Currency.
    pub currency: String,
    /// What the drawer gains or loses, in hundredths.
    pub cash: i64,
    /// The document's total, in hundredths.
    pub total: i64,
    /// Sums by type of payment, in hundredths.
    pub parts: BTreeMap<String, i64>,
}

impl Effect {
    /// The effect of undoing a document.
    pub fn undone(&self) -> Self {
        Self { composition: format!("rollback of {}", self.composition), cash: -self.cash, ..self.clone() }
    }
}

/// A document ready to be sent.
#[derive(Clone, Debug)]
pub struct Document {
    /// Which call makes it.
    pub call: Call,
    /// What it does; absent for a rollback of a document that this journal does not know.
    pub effect: Option<Effect>,
    /// The exact body.
    pub body: String,
}

impl Document {
    /// The bytes that the journal keeps: call, effect and body, a line each.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let effect = serde_json::to_string(&self.effect)
            .map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        Ok(format!("{}\n{effect}\n{}", self.call.word(), self.body).into_bytes())
    }

    /// The document of an entry.
    pub fn of(entry: &Entry) -> Result<Self> {
        let damaged = || Error::new(Code::JournalDamaged, "the journal has lost a part of the document");
        let text = std::str::from_utf8(&entry.request).map_err(|_| damaged())?;
        let mut lines = text.splitn(3, '\n');
        let (Some(word), Some(effect), Some(body)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(damaged());
        };
        let call = Call::ALL.into_iter().find(|call| call.word() == word).ok_or_else(damaged)?;
        let effect = serde_json::from_str(effect).map_err(|_| damaged())?;
        Ok(Self { call, effect, body: body.into() })
    }
}
