//! What an exchange sent that must not come back. A vendor, or something on the way, may repeat the request in its answer;
//! what is taken from that goes into messages, notes, log lines and `raw`, and those are kept and passed on.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded;

use crate::error::{Error, VendorFault};
use crate::receipt::registration::{Failure, Raw};

/// What stands in its place.
const HIDDEN: &str = "***";
/// Shorter texts are found everywhere and would hide what was said.
const SHORTEST: usize = 4;
/// The same in what is on record, where a number must not be bent because a password stands in it by chance.
const SHORTEST_IN_RECORD: usize = 8;

/// Secrets and contacts of the buyer that a request carried, in every way in which they may come back. Capitals are
/// taken for small letters: a gateway may fold them.
#[derive(Clone, Debug, Default)]
pub struct Sent(Vec<SecretString>);

impl Sent {
    /// These texts.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts = texts.into_iter().filter(|text| text.chars().count() >= SHORTEST);
        let written = texts.flat_map(ways).map(|way| way.to_ascii_lowercase());
        let mut written: Vec<String> = written.collect::<BTreeSet<_>>().into_iter().collect();
        // A part of another one is looked for after it.
        written.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(written.into_iter().map(SecretString::from).collect())
    }

    /// A text without them.
    pub fn hidden<'a>(&self, text: &'a str) -> Cow<'a, str> {
        replaced(text, self.0.iter().map(ExposeSecret::expose_secret))
    }

    /// Fiscal data and ids without them. A text of digits is taken for a number on record and stays.
    pub fn record<T: Serialize + DeserializeOwned>(&self, of_vendor: T) -> T {
        let is_hidden = |text: &&str| {
            text.len() >= SHORTEST_IN_RECORD
                && text.bytes().any(|byte| !byte.is_ascii_digit() && !b".-+:".contains(&byte))
        };
        let hidden = |text: &str| {
            let secrets = self.0.iter().map(ExposeSecret::expose_secret).filter(is_hidden);
            replaced(text, secrets).into_owned()
        };
        let found = serde_json::to_value(&of_vendor).map(|value| each_text(value, &hidden));
        found.and_then(serde_json::from_value).unwrap_or(of_vendor)
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

/// A text without `secrets`, which are in small letters.
fn replaced<'a, 's>(text: &'a str, secrets: impl Iterator<Item = &'s str>) -> Cow<'a, str> {
    // Letter for letter as long as the text itself, before and after each secret.
    let mut small = text.to_ascii_lowercase();
    let mut left = Cow::Borrowed(text);
    for secret in secrets {
        let places: Vec<usize> = small.match_indices(secret).map(|(at, _)| at).collect();
        if !places.is_empty() {
            left = without(&left, &places, secret.len()).into();
            small = without(&small, &places, secret.len());
        }
    }
    left
}

/// A text with so many bytes hidden at each of these places.
fn without(text: &str, places: &[usize], length: usize) -> String {
    let mut left = String::with_capacity(text.len());
    let mut from = 0;
    for at in places {
        left.push_str(text.get(from..*at).unwrap_or_default());
        left.push_str(HIDDEN);
        from = at + length;
    }
    left + text.get(from..).unwrap_or_default()
}

/// The value with every text in it changed.
fn each_text(value: Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => change(&text).into(),
        Value::Array(all) => all.into_iter().map(|one| each_text(one, change)).collect(),
        Value::Object(all) => all.into_iter().map(|(name, one)| (name, each_text(one, change))).collect(),
        other => other,
    }
}

/// A text as it is, in JSON with and without letters beyond ASCII, in an address, in a form, on a page and in Base64.
fn ways(text: &str) -> [String; 8] {
    let json = serde_json::Value::from(text).to_string();
    // Without the two that JSON puts around it; the text may end with one of its own.
    let json = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(&json).to_owned();
    let ascii = json.chars().fold(String::new(), |written, letter| match letter.is_ascii() {
        true => written + letter.encode_utf8(&mut [0; 4]),
        false => letter.encode_utf16(&mut [0; 2]).iter().fold(written, |w, unit| format!("{w}\\u{unit:04x}")),
    });
    let page = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;")]
        .into_iter()
        .fold(text.to_owned(), |page, (letter, name)| page.replace(letter, name));
    [
        text.to_owned(),
        json,
        ascii,
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
        form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        page.replace('\'', "&#39;"),
        page.replace('\'', "&#x27;"),
        // Without the signs at its end: behind the text may stand more.
        BASE64_STANDARD_NO_PAD.encode(text),
    ]
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
    use crate::receipt::money::Amount;
    use crate::receipt::registration::Fiscal;

    #[test]
    fn what_was_sent_is_hidden_however_it_is_written() {
        let sent = Sent::of(["s3cret/pass", "пароль", "a\"b\\c", "<it's> & more", "no"]);
        for text in [
            "s3cret/pass",
            "S3CRET/Pass",
            "s3cret%2Fpass",
            "s3cret%2fpass",
            "czNjcmV0L3Bhc3M",
            "пароль",
            "\\u043f\\u0430\\u0440\\u043e\\u043b\\u044c",
            "\\u043F\\u0430\\u0440\\u043E\\u043B\\u044C",
            r#"a\"b\\c"#,
            "&lt;it&#39;s&gt; &amp; more",
            "&lt;it&#x27;s&gt; &amp; more",
            "%3Cit%27s%3E+%26+more",
        ] {
            assert_eq!(sent.hidden(&format!("it was {text}, no?")), "it was ***, no?", "{text}");
        }
        assert_eq!(sent.hidden("S3cret/PASS or s3cret/pass, Пароль"), "*** or ***, Пароль");
        assert_eq!(Sent::of(["pass\""]).hidden(r#"{"got": "pass\""}"#), r#"{"got": "***"}"#);
        assert_eq!(sent.hidden("it was something else, no?"), "it was something else, no?");
        assert_eq!(sent.raw(br#"{"got": "s3cret/pass", "n": 1}"#).text(), r#"{"got": "***", "n": 1}"#);
    }

    #[test]
    fn what_is_on_record_has_no_secret_and_keeps_its_numbers() {
        let sent = Sent::of(["s3cret/pass", "12345678", "100.00", "+79991234567"]);
        let fiscal = Fiscal {
            sign: Some("1234567890".into()),
            url: Some("https://ofd.example/?p=s3cret%2Fpass".into()),
            total: Amount::parse("100.00").ok(),
            ..Fiscal::default()
        };
        let kept = sent.record(fiscal.clone());
        assert_eq!(kept.url.as_deref(), Some("https://ofd.example/?p=***"));
        assert_eq!((kept.sign, kept.total), (fiscal.sign, fiscal.total));
        assert_eq!(sent.record(Some("uid s3cret/pass".to_owned())), Some("uid ***".to_owned()));
    }

    #[test]
    fn the_buyers_contacts_are_found() {
        let json = r#"{"email":"buyer@shop.example","phone":"+79991234567","name":"Mug @ home","url":"https://a.b/@x.y","n":"+1"}"#;
        assert_eq!(contacts(json).collect::<Vec<_>>(), ["buyer@shop.example", "+79991234567"]);
    }
}
