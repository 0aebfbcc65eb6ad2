//! Reading of answers whose types are not to be relied on.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A scalar as text, whatever JSON type it came in: `1`, `"1"`, `true`. Digits are kept as they
/// stand; null and anything that is no scalar is nothing.
#[derive(Clone, Debug, Default)]
pub struct Scalar(pub Option<String>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        Ok(Scalar(match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).ok(),
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => Some(text.to_owned()),
            _ => None,
        }))
    }
}

/// For `deserialize_with`: a scalar of any type as text.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Scalar::deserialize(deserializer).map(|scalar| scalar.0)
}
