//! Reading of answers whose types are not to be relied on.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::text::shown_but;

/// A scalar as text, whatever JSON type it came in: `1`, `"1"`, `true`. Digits are kept as they
/// stand; control characters are shown by their number; null and anything that is no scalar is nothing.
#[derive(Clone, Debug, Default)]
pub struct Scalar(pub Option<String>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        Ok(Scalar(match text.as_bytes().first() {
            Some(b'"') => {
                serde_json::from_str::<String>(text).ok().map(|text| shown_but(&text, "\n").into_owned())
            }
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => Some(text.to_owned()),
            _ => None,
        }))
    }
}

/// Why an answer cannot be read, without anything of it: what was sent may stand in it.
pub fn unreadable(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Data => "something in it has another type, or is missing",
        Category::Eof => "it breaks off",
        Category::Syntax | Category::Io => "it is no JSON",
    };
    // One that was read before has no places.
    match (error.line(), error.column()) {
        (0, _) => what.into(),
        (line, column) => format!("{what} (line {line}, column {column})"),
    }
}

/// For `deserialize_with`: a scalar of any type as text.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Scalar::deserialize(deserializer).map(|scalar| scalar.0)
}

/// A body without the byte order mark that some servers put before it.
pub fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// A body that is one JSON object. A list is none, although serde would take its members in order; a byte
/// order mark before it is left out. The error says what is wrong.
pub fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let body = without_mark(body);
    match body.trim_ascii_start().first() {
        Some(b'{') => serde_json::from_slice(body).map_err(|error| unreadable(&error)),
        Some(_) => Err("it is not a JSON object".into()),
        None => Err("it is empty".into()),
    }
}

/// For `deserialize_with`: an object within an answer, or null. Anything else makes the answer unreadable.
pub fn object_or_null<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    match raw.get() {
        "null" => Ok(None),
        text => object(text.as_bytes()).map(Some).map_err(D::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Outer {
        word: Scalar,
        #[serde(deserialize_with = "object_or_null")]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        word: Scalar,
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_not_repeated() {
        let why = |body: &str| serde_json::from_str::<Vec<bool>>(body).err().map(|error| unreadable(&error));
        for (body, said) in [
            ("[\"TOKEN\"]", "something in it has another type, or is missing (line 1, column 8)"),
            ("[true, TOKEN]", "it is no JSON (line 1, column 8)"),
            ("[true, ", "it breaks off (line 1, column 7)"),
        ] {
            assert_eq!(why(body).as_deref(), Some(said), "{body}");
        }
    }

    #[test]
    fn an_object_is_an_object_and_a_list_is_none() {
        let read = |body: &[u8]| object::<Outer>(body).map(|outer| outer.inner.map(|inner| inner.word.0));
        assert_eq!(read(b"\xef\xbb\xbf {\"inner\": {\"word\": 7}}"), Ok(Some(Some("7".into()))));
        assert_eq!(read(b"{\"inner\": null}"), Ok(None));
        assert_eq!(read(b"{}"), Ok(None));
        for body in
            [&b"[\"x\", null]"[..], b"", b"null", b"{\"inner\": []}", b"{\"inner\": \"x\"}", b"<html>"]
        {
            assert!(read(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn control_characters_are_shown() {
        let word = object::<Outer>(br#"{"word": "a\u0000b\u001b[2J\nc"}"#).map(|outer| outer.word.0);
        assert_eq!(word, Ok(Some("a\\u0000b\\u001b[2J\nc".into())));
    }
}
