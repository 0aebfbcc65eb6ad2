//! Protocols and operations (protocol/atol.md 2.1, 2.4).

use serde::{Deserialize, Serialize};

use crate::ledger::Kind;

/// The version of the protocol, and with it of the fiscal data format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// FFD 1.05.
    V4,
    /// FFD 1.2.
    V5,
}

impl Protocol {
    /// The protocol of a path.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "v4" => Some(Self::V4),
            "v5" => Some(Self::V5),
            _ => None,
        }
    }
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// The last word of the path.
    pub word: &'static str,
    /// The word that all vendors share.
    pub kind: Kind,
    /// Whether the body is a `correction`, not a `receipt`.
    pub correction: bool,
    /// Whether v4 knows it.
    pub in_v4: bool,
}

const fn row(word: &'static str, kind: Kind, correction: bool, in_v4: bool) -> Operation {
    Operation { word, kind, correction, in_v4 }
}

const OPERATIONS: &[Operation] = &[
    row("sell", Kind::Sell, false, true),
    row("sell_refund", Kind::SellRefund, false, true),
    row("buy", Kind::Buy, false, true),
    row("buy_refund", Kind::BuyRefund, false, true),
    row("sell_correction", Kind::SellCorrection, true, true),
    row("buy_correction", Kind::BuyCorrection, true, true),
    row("sell_refund_correction", Kind::SellRefundCorrection, true, false),
    row("buy_refund_correction", Kind::BuyRefundCorrection, true, false),
];

impl Operation {
    /// The operation of a path; case-sensitive.
    pub fn named(word: &str, protocol: Protocol) -> Option<&'static Self> {
        let known = |row: &&Self| row.word == word && (row.in_v4 || protocol == Protocol::V5);
        OPERATIONS.iter().find(known)
    }

    /// The field that holds the document.
    pub fn root(&self) -> &'static str {
        if self.correction { "correction" } else { "receipt" }
    }
}
