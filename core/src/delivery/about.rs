//! An answer is believed only where it is about this document: what the vendor has on record is held against
//! what was sent.

use crate::error::{Code, Error};
use crate::receipt::Kind;
use crate::receipt::registration::{Failure, Fiscal};
use crate::vendor::{Claim, Finding, KnownBy, StepResult};

/// A finding that may be believed, and what a person should know of it.
pub struct Believed {
    /// The result of the step; an answer about another document is `Unknown` in it.
    pub result: StepResult,
    /// What is odd about what is on record.
    pub notice: Option<String>,
}

/// What of a step's result may be believed. `claim` is what the document is.
pub fn believed(claim: Claim, mut result: StepResult) -> Believed {
    let mut notice = None;
    result.finding = match result.finding {
        Finding::Registered { document_id, fiscal, raw } => {
            let differs = difference(claim, result.kind, &fiscal);
            let is_told = claim.total.is_some() && fiscal.total.is_some();
            let registered = |fiscal| Finding::Registered { document_id, fiscal, raw: raw.clone() };
            match (result.known_by, differs) {
                (KnownBy::OwnId, differs) => {
                    notice = differs.map(|how| format!("what is on record is not what was sent: {how}"));
                    registered(fiscal)
                }
                (KnownBy::Key | KnownBy::AtOnce, None) => registered(fiscal),
                (KnownBy::KeyBefore, None) if is_told => {
                    let text = "the vendor had this document before it was sent now: another program or an earlier \
                                journal sent it";
                    notice = Some(text.into());
                    registered(fiscal)
                }
                (KnownBy::KeyBefore, None) => {
                    let message =
                        "the vendor had a document under this id before, and its total cannot be compared";
                    Finding::Unknown(Error::new(Code::InDoubt, message))
                }
                (KnownBy::Key, Some(how)) => {
                    let message = format!("the vendor has another document on record under this id: {how}");
                    Finding::Unknown(Error::new(Code::InDoubt, message))
                }
                (KnownBy::AtOnce | KnownBy::KeyBefore, Some(how)) => {
                    let message = format!("the vendor had another document under this id before: {how}");
                    let failure = Failure { code: Code::KeyTaken.name().into(), message, vendor: None };
                    Finding::Failed { failure, raw: Some(raw) }
                }
            }
        }
        finding => finding,
    };
    Believed { result, notice }
}

/// How what is on record differs from what was sent; what either side does not tell is not compared.
fn difference(claim: Claim, kind: Option<Kind>, fiscal: &Fiscal) -> Option<String> {
    if let (Some(sent), Some(found)) = (claim.kind, kind)
        && sent != found
    {
        return Some(format!("it is a `{}` and not a `{}`", found.word(), sent.word()));
    }
    match (claim.total, fiscal.total) {
        (Some(sent), Some(found)) if sent != found => Some(format!("its total is {found} and not {sent}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::money::Amount;
    use crate::receipt::registration::Raw;

    fn amount(text: &str) -> Option<Amount> {
        Amount::parse(text).ok()
    }

    #[test]
    fn what_is_on_record_is_held_against_what_was_sent() {
        let claim = Claim { kind: Some(Kind::SellRefund), total: amount("250") };
        let told = |known_by, kind, total: &str| {
            let fiscal = Box::new(Fiscal { total: amount(total), ..Fiscal::default() });
            let finding = Finding::Registered { document_id: None, fiscal, raw: Raw::from_body(b"{}") };
            let Believed { result, notice } =
                believed(claim, StepResult { known_by, kind, ..finding.into() });
            let state = match result.finding {
                Finding::Registered { .. } => "registered",
                Finding::Failed { .. } => "failed",
                _ => "unknown",
            };
            (state, notice.is_some())
        };
        let refund = Some(Kind::SellRefund);
        for (known_by, kind, total, expected) in [
            (KnownBy::OwnId, None, "250", ("registered", false)),
            (KnownBy::OwnId, None, "249.99", ("registered", true)),
            (KnownBy::Key, refund, "250", ("registered", false)),
            (KnownBy::Key, refund, "100", ("unknown", false)),
            (KnownBy::Key, Some(Kind::Sell), "250", ("unknown", false)),
            (KnownBy::Key, None, "not told", ("registered", false)),
            (KnownBy::AtOnce, None, "250", ("registered", false)),
            (KnownBy::AtOnce, None, "100", ("failed", false)),
            (KnownBy::KeyBefore, None, "250", ("registered", true)),
            (KnownBy::KeyBefore, None, "100", ("failed", false)),
            (KnownBy::KeyBefore, Some(Kind::Sell), "250", ("failed", false)),
            (KnownBy::KeyBefore, None, "not told", ("unknown", false)),
        ] {
            assert_eq!(told(known_by, kind, total), expected, "{known_by:?} {kind:?} {total}");
        }
    }
}
