//! A whole answer, and what a person is told of one that is not the vendor's own.

use super::Sent;
use super::lenient::without_mark;
use crate::error::{Code, Error};
use crate::receipt::registration::Raw;

/// Most characters that are shown of an answer that cannot be read.
const MOST_SHOWN: usize = 200;

/// A whole answer.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Where a redirect leads. It is not followed.
    pub location: Option<String>,
    /// The wait that `Retry-After` asks for, in milliseconds; an hour at most.
    pub retry_after_ms: Option<u64>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// What the request carried that must not come back.
    pub sent: Sent,
}

impl Answer {
    /// The body as it is kept.
    pub fn raw(&self) -> Raw {
        self.sent.raw(&self.body)
    }

    /// What a person needs to know whose answer it is, where it is not the vendor's own: its status, where it
    /// leads, how it begins.
    pub fn seen(&self) -> String {
        let leads =
            self.location.as_ref().map(|location| format!(", leads to {}", self.sent.hidden(location)));
        let begins = match self.beginning() {
            begins if begins.is_empty() => ", is empty".into(),
            begins => format!(", begins: {begins}"),
        };
        format!("status {}{}{begins}", self.status, leads.unwrap_or_default())
    }

    /// The same of an answer that may hold a token or a password of the vendor's: of what may be JSON nothing is shown.
    pub fn seen_of_login(&self) -> String {
        match self.is_page() {
            true => self.seen(),
            false => format!("status {}", self.status),
        }
    }

    /// The error of an answer that cannot be read. `seen` is what is shown of it.
    pub fn unreadable(&self, why: &str, seen: &str) -> Error {
        let message = format!("the answer cannot be read: {why} ({seen})");
        Error::new(Code::AnswerNotUnderstood, message).after(self.retry_after_ms)
    }

    /// True for what no JSON begins like.
    fn is_page(&self) -> bool {
        let body = without_mark(&self.body).trim_ascii_start();
        match body.first() {
            None => true,
            Some(b'{' | b'[' | b'"') => false,
            // What a success says in plain text may be a token.
            Some(first) => *first == b'<' || self.status >= 300,
        }
    }

    /// The first characters, without what was sent.
    fn beginning(&self) -> String {
        let text = String::from_utf8_lossy(without_mark(&self.body));
        // Hidden before it is cut: half a secret would not be found.
        let text: String = self.sent.hidden(&text).chars().take(10 * MOST_SHOWN).collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST_SHOWN).collect()
    }
}

/// The error for an answer to a log-in that says nothing of the protocol: a gateway's page, an outage. The
/// document behind it was not sent.
pub fn no_login(answer: &Answer) -> Error {
    plain_refusal(answer).unwrap_or_else(|| {
        let message = format!("the log-in answered nothing of the protocol: {}", answer.seen_of_login());
        Error::new(Code::Unreachable, message).after(answer.retry_after_ms)
    })
}

/// The error for an answer that means "come back later" or "who are you?", whatever the vendor.
pub fn plain_refusal(answer: &Answer) -> Option<Error> {
    let (code, message) = match answer.status {
        401 => (Code::CredentialsRefused, "the vendor refuses the credentials (401)"),
        403 => (Code::NotPermitted, "the credentials have no right to this (403)"),
        429 => (Code::Limited, "the vendor asks to slow down (429)"),
        _ => return None,
    };
    // The vendor's own words are told elsewhere; a page is somebody's on the way, perhaps.
    let message = match answer.is_page() && !answer.body.trim_ascii().is_empty() {
        true => format!("{message}: {}", answer.seen()),
        false => message.into(),
    };
    Some(Error::new(code, message).after(answer.retry_after_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, location: Option<&str>, body: &str) -> Answer {
        Answer {
            status,
            location: location.map(str::to_owned),
            retry_after_ms: None,
            body: body.as_bytes().to_vec(),
            sent: Sent::of(["s3cret/pass"]),
        }
    }

    #[test]
    fn of_a_strange_answer_status_location_and_beginning_are_seen_and_nothing_that_was_sent() {
        let long = format!("<html>\r\n  {}s3cret/pass", "x".repeat(189));
        for (answer, seen) in [
            (answer(413, None, "<h1>too\tlarge</h1>"), "status 413, begins: <h1>too large</h1>".to_owned()),
            (
                answer(302, Some("https://a.example/s3cret/pass"), ""),
                "status 302, leads to https://a.example/***, is empty".to_owned(),
            ),
            (answer(200, None, &long), format!("status 200, begins: <html> {}***", "x".repeat(189))),
        ] {
            assert_eq!(answer.seen(), seen);
        }
        assert_eq!(answer(502, None, "<p>").seen_of_login(), "status 502, begins: <p>");
        for body in ["{\"token\": \"a", "\"a token\"", "a-token"] {
            assert_eq!(answer(200, None, body).seen_of_login(), "status 200", "{body}");
        }
    }
}
