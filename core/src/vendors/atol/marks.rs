//! What became of the marking codes of a document (protocol/atol.md 2.8.6, 2.11).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::transport::lenient::Scalar;
use crate::vendor::look_up;

/// What each result means.
#[rustfmt::skip]
const RESULTS: &[(u8, &str)] = &[
    (0, "not checked by the fiscal storage nor by the marking system"),
    (1, "the fiscal storage's check is negative, the marking system did not check it"),
    (3, "the fiscal storage's check is positive, the marking system did not check it"),
    (16, "not checked: the cash register is offline"),
    (17, "the fiscal storage's check is negative, the cash register is offline"),
    (19, "the fiscal storage's check is positive, the cash register is offline"),
    (5, "the fiscal storage's check is negative, the marking system says that it is incorrect"),
    (7, "the fiscal storage's check is positive, the marking system says that it is incorrect"),
    (15, "both checks are positive"),
];

/// The check of one marking code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AtolMarkResult")]
pub struct MarkResult {
    /// Which line, counted from 0.
    pub position: Option<u32>,
    /// The code as it was sent.
    pub mark_code: Option<String>,
    /// The result, tag 2106.
    pub result: Option<u8>,
    /// What it means.
    pub meaning: Option<String>,
}

impl MarkResult {
    /// The list of a report; one of another form is none.
    pub(super) fn read(json: &RawValue) -> Vec<Self> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Wire {
            position: Scalar,
            mark_code: Scalar,
            result: Scalar,
        }
        fn number<T: std::str::FromStr>(scalar: &Scalar) -> Option<T> {
            scalar.0.as_deref()?.parse().ok()
        }
        let all: Vec<Wire> = serde_json::from_str(json.get()).unwrap_or_default();
        let read = |wire: Wire| {
            let result = number(&wire.result);
            Self {
                position: number(&wire.position),
                mark_code: wire.mark_code.0,
                result,
                meaning: result.and_then(|result| look_up(RESULTS, &result)).map(str::to_owned),
            }
        };
        all.into_iter().map(read).collect()
    }
}
