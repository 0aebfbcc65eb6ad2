//! What the device's answers say (protocol/ikkm.md 3.1): body first, then the status for consistency.

use super::codes;
use super::config::NAME;
use super::reply::Reply;
use crate::error::{Code, Error, VendorFault};
use crate::transport::lenient::without_mark;

/// Most characters that are shown of an answer that is not the device's.
const MOST_SHOWN: usize = 200;
/// Digits in a row from which on they may be a key.
const SHORTEST_KEY: usize = 4;

/// The body of a call that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceAnswer {
    /// A new key: the document is on record. `repeated` tells an answer that was given before.
    Done { key: String, repeated: bool, receipt: Option<u64> },
    /// Ready, or started. With the number of the last closed receipt, where it is told.
    Ready { receipt: Option<u64> },
    /// A refusal.
    Refused { code: i32, cause: String },
    /// Anything else: it proves nothing.
    Strange(String),
}

impl DeviceAnswer {
    /// The error of an answer that is not the one that was asked for.
    pub fn unexpected(self) -> Error {
        let strange = |what: String| Error::new(Code::AnswerNotUnderstood, what);
        match self {
            Self::Done { .. } => strange("a key instead of readiness".into()),
            Self::Ready { .. } => strange("readiness instead of a key".into()),
            Self::Refused { code, cause } => error(code, &cause),
            Self::Strange(what) => strange(what),
        }
    }
}

/// Reads the answer to a call with the key `sent`.
pub fn read(reply: &Reply, sent: &str) -> DeviceAnswer {
    let text = String::from_utf8_lossy(&reply.body);
    let text = text.trim_start_matches('\u{feff}').trim_matches([' ', '\t', '\r', '\n']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.len() > 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let begins = beginning(reply);
        return DeviceAnswer::Strange(format!("the answer ({}) is not a number{begins}", reply.status));
    }
    let is_zero = digits.bytes().all(|byte| byte == b'0');
    match (reply.status, text.starts_with('-'), is_zero) {
        (400, true, false) => match text.parse() {
            Ok(code) => DeviceAnswer::Refused { code, cause: reason(reply) },
            Err(_) => DeviceAnswer::Strange("the code is too large".into()),
        },
        (200, false, true) => DeviceAnswer::Ready { receipt: number(reply) },
        (200 | 203, false, false) if text == sent => {
            DeviceAnswer::Strange("the answer repeats the key that was sent".into())
        }
        (200 | 203, false, false) => {
            DeviceAnswer::Done { key: text.into(), repeated: reply.status == 203, receipt: number(reply) }
        }
        (status, ..) => {
            DeviceAnswer::Strange(format!("status {status} does not go with the answer's number"))
        }
    }
}

/// The receipt number of the reason phrase, where there is one.
fn number(reply: &Reply) -> Option<u64> {
    let text = std::str::from_utf8(&reply.reason).ok()?.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The reason phrase as text. Its encoding is not documented; bytes that are not UTF-8 are lost.
fn reason(reply: &Reply) -> String {
    let text = String::from_utf8_lossy(&reply.reason);
    let text = text
        .chars()
        .filter(|letter| !letter.is_control() && *letter != '\u{fffd}')
        .take(200)
        .collect::<String>();
    reply.sent.hidden(text.trim()).into_owned()
}

/// How an answer begins that is not the device's, without long numbers: one of them may be a key.
pub fn beginning(reply: &Reply) -> String {
    let (mut shown, mut digits) = (String::new(), 0);
    for letter in String::from_utf8_lossy(without_mark(&reply.body)).trim().chars().take(MOST_SHOWN) {
        digits = if letter.is_ascii_digit() { digits + 1 } else { 0 };
        match digits {
            0..SHORTEST_KEY => shown.push(letter),
            SHORTEST_KEY => {
                shown.truncate(shown.len() + 1 - SHORTEST_KEY);
                shown.push_str("***");
            }
            _ => {}
        }
    }
    if shown.is_empty() { String::new() } else { format!(": it begins {shown:?}") }
}

/// A refusal as an error.
pub fn error(code: i32, cause: &str) -> Error {
    let meaning = codes::meaning(code);
    let kind = match meaning.class {
        codes::Class::Parameters | codes::Class::Tax => Code::Refused,
        codes::Class::Device => Code::RegisterNotReady,
        codes::Class::Key => Code::KeyRefused,
        codes::Class::Busy => Code::Busy,
        codes::Class::Unclear => Code::AnswerNotUnderstood,
    };
    let operator = codes::operator(code);
    let operator = operator.map_or_else(String::new, |(name, sense)| format!(": {name}, {sense}"));
    let said = if cause.is_empty() { String::new() } else { format!("; the device says: {cause}") };
    Error::new(kind, format!("{}{operator} ({code}){said}", meaning.english)).with_vendor(VendorFault {
        name: NAME.into(),
        code: Some(code.to_string()),
        message: Some(meaning.russian.into()),
        http_status: Some(400),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Sent;

    fn said(status: u16, reason: &[u8], body: &[u8]) -> DeviceAnswer {
        read(
            &Reply { status, reason: reason.into(), body: body.into(), sent: Sent::of(["11112222"]) },
            "11112222",
        )
    }

    #[test]
    fn a_strange_answer_is_shown_without_what_may_be_a_key() {
        for (body, shown) in [
            ("<h1>404 no</h1>", "the answer (200) is not a number: it begins \"<h1>404 no</h1>\""),
            ("33334444 5555 x", "the answer (200) is not a number: it begins \"*** *** x\""),
            ("", "the answer (200) is not a number"),
        ] {
            assert_eq!(said(200, b"OK", body.as_bytes()), DeviceAnswer::Strange(shown.into()), "{body}");
        }
    }

    #[test]
    fn body_first_then_status() {
        let done = |repeated, receipt| DeviceAnswer::Done { key: "33334444".into(), repeated, receipt };
        assert_eq!(said(200, b"1566", b"33334444"), done(false, Some(1566)));
        assert_eq!(said(203, b"1566", b"\xef\xbb\xbf33334444\r\n"), done(true, Some(1566)));
        assert_eq!(said(200, b"OK", b"33334444"), done(false, None));
        assert_eq!(said(200, b"0", b"0"), DeviceAnswer::Ready { receipt: Some(0) });
        assert_eq!(
            said(400, "мало".as_bytes(), b"-10"),
            DeviceAnswer::Refused { code: -10, cause: "мало".into() }
        );
        for (status, body) in
            [(200, "11112222"), (200, "-10"), (400, "33334444"), (200, ""), (500, "1"), (200, "<html>")]
        {
            assert!(
                matches!(said(status, b"OK", body.as_bytes()), DeviceAnswer::Strange(_)),
                "{status} {body}"
            );
        }
    }
}
