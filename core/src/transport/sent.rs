//! What an exchange sent that must not come back. A vendor, or something on the way, may repeat the request in its answer;
//! what is taken from that goes into messages, notes, log lines and `raw`, and those are kept and passed on.

use std::borrow::Cow;
use std::collections::BTreeSet;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::{Error, VendorFault};
use crate::receipt::registration::{Failure, Raw};

/// What stands in its place.
const HIDDEN: &str = "***";
/// Shorter texts are found everywhere and would hide what was said.
const SHORTEST: usize = 4;

/// Secrets and contacts of the buyer that a request carried, in every way in which they may come back.
#[derive(Clone, Debug, Default)]
pub struct Sent(Vec<SecretString>);

impl Sent {
    /// These texts.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts = texts.into_iter().filter(|text| text.chars().count() >= SHORTEST);
        let mut written: Vec<String> = texts.flat_map(ways).collect::<BTreeSet<_>>().into_iter().collect();
        // A part of another one is looked for after it.
        written.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(written.into_iter().map(SecretString::from).collect())
    }

    /// A text without them.
    pub fn hidden<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let is_there = |secret: &&SecretString| text.contains(secret.expose_secret());
        let mut there = self.0.iter().filter(is_there).peekable();
        if there.peek().is_none() {
            return text.into();
        }
        there.fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret(), HIDDEN)).into()
    }

    /// A body as it is kept.
    pub fn raw(&self, body: &[u8]) -> Raw {
        let text = String::from_utf8_lossy(body);
        match self.hidden(&text) {
            Cow::Borrowed(_) => Raw::from_body(body),
            Cow::Owned(hidden) => Raw::from_body(hidden.as_bytes()),
        }
    }

    /// An error without them.
    pub fn error(&self, error: Error) -> Error {
        let vendor = error.vendor.map(|fault| Box::new(self.fault(*fault)));
        Error { message: self.hidden(&error.message).into_owned(), vendor, ..error }
    }

    /// A failure without them.
    pub fn failure(&self, failure: Failure) -> Failure {
        let vendor = failure.vendor.map(|fault| self.fault(fault));
        Failure { message: self.hidden(&failure.message).into_owned(), vendor, ..failure }
    }

    fn fault(&self, fault: VendorFault) -> VendorFault {
        let hidden = |text: Option<String>| text.map(|text| self.hidden(&text).into_owned());
        VendorFault { code: hidden(fault.code), message: hidden(fault.message), ..fault }
    }
}

/// A text as it is, in JSON with and without letters beyond ASCII, and in an address.
fn ways(text: &str) -> [String; 4] {
    let json = serde_json::Value::from(text).to_string();
    // Without the two that JSON puts around it; the text may end with one of its own.
    let json = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(&json).to_owned();
    let ascii = json.chars().fold(String::new(), |written, letter| match letter.is_ascii() {
        true => written + letter.encode_utf8(&mut [0; 4]),
        false => letter.encode_utf16(&mut [0; 2]).iter().fold(written, |w, unit| format!("{w}\\u{unit:04x}")),
    });
    [text.to_owned(), json, ascii, utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()]
}

/// The e-mail addresses and phone numbers in a JSON text.
pub(super) fn contacts(json: &str) -> impl Iterator<Item = &str> {
    json.split('"').filter(|text| is_email(text) || is_phone(text))
}

fn is_email(text: &str) -> bool {
    text.len() <= 254
        && !text.contains(|letter: char| letter.is_whitespace() || matches!(letter, ':' | '/' | ','))
        && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (9..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_hidden_however_it_is_written() {
        let sent = Sent::of(["s3cret/pass", "пароль", "a\"b\\c", "no"]);
        for text in [
            "s3cret/pass",
            "s3cret%2Fpass",
            "пароль",
            "\\u043f\\u0430\\u0440\\u043e\\u043b\\u044c",
            r#"a\"b\\c"#,
        ] {
            assert_eq!(sent.hidden(&format!("it was {text}, no?")), "it was ***, no?", "{text}");
        }
        assert_eq!(Sent::of(["pass\""]).hidden(r#"{"got": "pass\""}"#), r#"{"got": "***"}"#);
        assert_eq!(sent.hidden("it was something else, no?"), "it was something else, no?");
        assert_eq!(sent.raw(br#"{"got": "s3cret/pass", "n": 1}"#).text(), r#"{"got": "***", "n": 1}"#);
    }

    #[test]
    fn the_buyers_contacts_are_found() {
        let json = r#"{"email":"buyer@shop.example","phone":"+79991234567","name":"Mug @ home","url":"https://a.b/@x.y","n":"+1"}"#;
        assert_eq!(contacts(json).collect::<Vec<_>>(), ["buyer@shop.example", "+79991234567"]);
    }
}
