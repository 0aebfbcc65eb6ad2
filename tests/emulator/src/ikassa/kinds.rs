//! The kinds of documents (protocol/ikassa.md 3.6), in one table.

use crate::ledger::Kind;

/// One kind of document.
#[derive(Debug, PartialEq, Eq)]
pub struct DocumentKind {
    /// The last element of its path.
    pub word: &'static str,
    /// The route word of fault rules.
    pub route: &'static str,
    /// What the ledger calls it.
    pub ledger: Kind,
    /// How a deposit or the like changes the cash in the drawer.
    pub cash_sign: i64,
}

const fn kind(word: &'static str, route: &'static str, ledger: Kind, cash_sign: i64) -> DocumentKind {
    DocumentKind { word, route, ledger, cash_sign }
}

/// `sale`.
pub static SALE: DocumentKind = kind("sale", "sale", Kind::Sell, 1);
/// `refund`.
pub static REFUND: DocumentKind = kind("refund", "refund", Kind::SellRefund, -1);
/// `deposit`.
pub static DEPOSIT: DocumentKind = kind("deposit", "deposit", Kind::Deposit, 1);
/// `withdraw`.
pub static WITHDRAW: DocumentKind = kind("withdraw", "withdraw", Kind::Withdraw, -1);
/// `chWithdraw`.
pub static CARD_WITHDRAW: DocumentKind = kind("chWithdraw", "card_withdraw", Kind::CardWithdraw, -1);
/// `rollback`.
pub static ROLLBACK: DocumentKind = kind("rollback", "rollback", Kind::Rollback, 0);
/// The beginning of a shift; the word is invented.
pub static OPEN_SHIFT: DocumentKind = kind("openShift", "open_shift", Kind::OpenShift, 0);
/// The Z report; the word is invented.
pub static CLOSE_SHIFT: DocumentKind = kind("closeShift", "close_shift", Kind::CloseShift, 0);

/// The kinds that a client makes under `workstations.doc.`.
pub static MADE_BY_CLIENTS: [&DocumentKind; 6] =
    [&SALE, &REFUND, &DEPOSIT, &WITHDRAW, &CARD_WITHDRAW, &ROLLBACK];
