//! What a document is, read from the bytes that are sent: to hold what is on record against it.

use serde::Deserialize;

use super::codes;
use crate::receipt::Kind;
use crate::receipt::money::Amount;
use crate::transport::lenient::{Scalar, object};
use crate::vendor::Claim;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body {
    doc_type: Scalar,
    money_positions: Vec<Sum>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Sum {
    sum: Scalar,
}

/// The claim of a request. Payments are equal to the total (protocol/modulkassa.md 2.13).
pub fn claim(request: &[u8]) -> Claim {
    let body: Body = object(request).unwrap_or_default();
    let sums = body.money_positions.iter().map(|sum| Amount::parse(sum.sum.0.as_deref()?).ok());
    Claim { kind: kind(&body.doc_type), total: sums.reduce(|total, sum| total?.plus(sum?)).flatten() }
}

/// The kind behind `docType` or `checkType` (protocol/modulkassa.md 2.4); `None` for another word.
pub fn kind(word: &Scalar) -> Option<Kind> {
    let word = word.0.as_deref()?;
    codes::DOC_TYPES.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_total_of_a_document() {
        let request = br#"{"docType": "RETURN", "moneyPositions": [{"sum": 100}, {"sum": "0.10"}]}"#;
        let total = Amount::parse("100.10").ok();
        assert_eq!(claim(request), Claim { kind: Some(Kind::SellRefund), total });
        assert_eq!(claim(b"[]"), Claim::default());
    }
}
