//! What a document is, read from the bytes that are sent: to hold what is on record against it.

use serde::Deserialize;

use crate::receipt::money::Amount;
use crate::transport::lenient::{Scalar, object, object_or_null};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(deserialize_with = "object_or_null")]
    receipt: Option<Content>,
    #[serde(deserialize_with = "object_or_null")]
    correction: Option<Content>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Content {
    items: Vec<Sum>,
    payments: Vec<Sum>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Sum {
    sum: Scalar,
}

/// The total that comes on record: the sum of the items, not the total that is sent (protocol/atol.md 2.11). A v4
/// correction has payments only.
pub fn total(request: &[u8]) -> Option<Amount> {
    let body = &request[request.iter().position(|byte| *byte == b'\n')? + 1..];
    let body: Body = object(body).ok()?;
    let content = body.receipt.or(body.correction)?;
    let sums = if content.items.is_empty() { &content.payments } else { &content.items };
    let sums = sums.iter().map(|sum| Amount::parse(sum.sum.0.as_deref()?).ok());
    sums.reduce(|total, sum| total?.plus(sum?)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_the_sum_of_the_items_else_of_the_payments() {
        let total = |body: &str| total(format!("sell\n{body}").as_bytes()).map(|total| total.to_string());
        let receipt =
            r#"{"receipt": {"items": [{"sum": 100}, {"sum": 0.1}], "total": 7, "payments": [{"sum": 7}]}}"#;
        assert_eq!(total(receipt).as_deref(), Some("100.10"));
        assert_eq!(total(r#"{"correction": {"payments": [{"sum": 3.5}]}}"#).as_deref(), Some("3.50"));
        for unknown in ["{}", "[]", r#"{"receipt": {}}"#, r#"{"receipt": {"items": [{"sum": "x"}]}}"#] {
            assert_eq!(total(unknown), None, "{unknown}");
        }
    }
}
