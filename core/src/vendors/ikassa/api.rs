//! Calls to the cash register (protocol/ikassa.md 2.1 to 2.4, 2.12) and what each answer proves.

use std::collections::BTreeMap;

use reqwest::Method;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::codes;
use super::config::NAME;
use super::document::Document;
use super::vendor::Ikassa;
use crate::error::{Code, Error, Result, VendorFault};
use crate::receipt::registration::Raw;
use crate::transport::lenient::{self, Scalar};
use crate::transport::{Answer, Request, join, plain_refusal};
use crate::vendor::budget::Budget;
use crate::vendor::token::Login as _;
use crate::vendor::{Context, Finding, read};

/// An answer of the interface, read as far as anything about it is known.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    uid: Scalar,
    number: Scalar,
    code: Scalar,
    message: Scalar,
}

/// A uid is a text and nothing else (protocol/ikassa.md 2.1).
#[derive(Deserialize)]
struct Uid {
    uid: String,
}

impl Body {
    /// The body of an answer; everything is absent where it is not the interface's own.
    fn of(answer: &Answer) -> Self {
        lenient::object(&answer.body).unwrap_or_default()
    }
}

/// What a document call came to.
pub enum Made {
    /// Recorded: its uid, its number where the answer has one, the answer.
    Recorded { uid: String, number: Option<String>, raw: Raw },
    /// Anything else.
    Not(Finding),
}

/// The error of an answer that is no success (protocol/ikassa.md 2.12: by status first, then by code). A
/// refusal in the interface's own form proves that nothing was recorded; anything else proves nothing.
fn error_of(answer: &Answer) -> Error {
    answer.sent.error(said_by(answer))
}

fn said_by(answer: &Answer) -> Error {
    let body = Body::of(answer);
    let fault = VendorFault {
        name: NAME.into(),
        code: body.code.0.clone(),
        message: body.message.0.clone(),
        http_status: Some(answer.status),
    };
    if let Some(refusal) = plain_refusal(answer) {
        return refusal.with_vendor(fault);
    }
    match (answer.status, &body.code.0, &body.message.0) {
        (404, None, None) => {
            let message = format!("iKassa does not know it: {}", answer.seen());
            Error::new(Code::NotFound, message).with_vendor(fault)
        }
        (404, _, _) => Error::new(Code::NotFound, said("iKassa does not know it", &body)).with_vendor(fault),
        (400..=499, Some(code), Some(_)) => {
            let code = codes::refusal(code).unwrap_or(Code::AnswerNotUnderstood);
            Error::new(code, said("iKassa refused it", &body)).with_vendor(fault)
        }
        (_, None, None) => {
            let message = format!("iKassa answered nothing of its interface: {}", answer.seen());
            Error::new(Code::AnswerNotUnderstood, message).with_vendor(fault)
        }
        (status, ..) => {
            let message = said(&format!("iKassa answered {status}"), &body);
            Error::new(Code::AnswerNotUnderstood, message).with_vendor(fault)
        }
    }
}

fn said(what: &str, body: &Body) -> String {
    match (&body.code.0, &body.message.0) {
        (None, None) => what.into(),
        (code, message) => {
            let texts: Vec<&str> = [code, message].into_iter().flatten().map(String::as_str).collect();
            format!("{what}: {}", texts.join(", "))
        }
    }
}

impl Ikassa {
    fn request(&self, method: Method, words: &str, query: &[(&str, &str)]) -> Request {
        let mut url = join(&self.api, &["api", words]);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Request::new(method, words.to_owned(), url)
    }

    /// A call that makes no document: a JSON object or array, or the error.
    async fn ask(&self, context: &Context<'_>, request: &Request) -> Result<Answer> {
        let answer = self.send(&self.transport, context, Budget::for_question, request).await??;
        told(&answer)?;
        Ok(answer)
    }

    /// `GET workstations.{what}`.
    pub async fn get(&self, context: &Context<'_>, what: &str, query: &[(&str, &str)]) -> Result<Answer> {
        let json = "application/json".to_owned().into();
        let request = self.request(Method::GET, &format!("workstations.{what}"), query);
        self.ask(context, &request.header("content-type", json)).await
    }

    /// `POST workstations.shift.{what}` with an empty body.
    pub async fn post_shift(&self, context: &Context<'_>, what: &str) -> Result<Answer> {
        let request = self.request(Method::POST, &format!("workstations.shift.{what}"), &[]).json(Vec::new());
        self.ask(context, &request).await
    }

    /// The shift and its counters.
    pub async fn shift_now(&self, context: &Context<'_>) -> Result<ShiftNow> {
        ShiftNow::read(&self.get(context, "shift", &[]).await?)
    }

    /// Makes a document, once.
    pub async fn make(&self, context: &Context<'_>, document: &Document) -> Made {
        let words = format!("workstations.doc.{}", document.call.word());
        let request = self.request(Method::POST, &words, &[]).json(document.body.clone().into_bytes());
        // Not again after a 401: its body is not documented (protocol/ikassa.md 2.12), so it may be anybody's.
        match self.send_once(&self.transport, context, Budget::for_document, &request).await {
            // No token: nothing was sent.
            Err(error) => Made::Not(Finding::NotTaken(error)),
            Ok(Err(failure)) => Made::Not(failure.into()),
            Ok(Ok(answer)) => made(&answer),
        }
    }
}

/// Whether an answer to a call that makes no document is one: a success with a JSON object or array.
pub(super) fn told(answer: &Answer) -> Result<()> {
    if answer.status >= 300 {
        return Err(error_of(answer));
    }
    let body = lenient::without_mark(&answer.body);
    let is_container = matches!(body.trim_ascii().first(), Some(b'{' | b'['));
    if !is_container || serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return Err(answer.unreadable("it is no JSON object", &answer.seen()));
    }
    Ok(())
}

/// What an answer to a document call proves (protocol/ikassa.md 2.1): a uid with 2xx, or a refusal in the
/// interface's own form. An empty, broken or foreign body proves nothing, and so does one that contradicts itself or
/// comes with a status that speaks of something else: the log-in, the address, the time.
pub(super) fn made(answer: &Answer) -> Made {
    let (body, raw) = (Body::of(answer), answer.raw());
    let refusal = body.code.0.as_deref().and_then(codes::refusal).filter(|_| body.message.0.is_some());
    let refusal = refusal.filter(|_| body.uid.0.is_none());
    let is_plain = body.code.0.is_none()
        && lenient::object(&answer.body).is_ok_and(|Uid { uid }| !uid.trim().is_empty());
    Made::Not(match (answer.status, refusal, body.uid.0) {
        (200..=299, _, Some(uid)) if is_plain => {
            return Made::Recorded { uid: answer.sent.record(uid), number: body.number.0, raw };
        }
        (200..=299, ..) => {
            let message = format!("iKassa answered without a uid ({})", answer.seen());
            Finding::Unknown(Error::new(Code::AnswerNotUnderstood, message))
        }
        (401 | 404 | 405 | 407 | 408 | 410 | 425 | 429, ..) => {
            Finding::Unknown(error_of(answer).after(answer.retry_after_ms))
        }
        (400..=499, Some(Code::Refused), _) => {
            Finding::failed(error_of(answer).with_code(Code::Refused), raw)
        }
        (400..=499, Some(_), _) => Finding::NotTaken(error_of(answer)),
        _ => Finding::Unknown(error_of(answer).after(answer.retry_after_ms)),
    })
}

/// Counters of one currency by name, such as `$.cashin.sum`: whole numbers, or nothing where one cannot be
/// read.
pub type Counters = BTreeMap<String, Option<i64>>;
/// Counters by currency.
pub type Reading = BTreeMap<String, Counters>;

/// A shift as the vendor tells it (protocol/ikassa.md 2.4).
pub struct ShiftNow {
    /// True while it is open: `document` is there and null.
    pub open: bool,
    /// Its counters; `None` where the answer has none that can be read.
    pub counters: Option<Reading>,
    /// The answer as it came.
    pub raw: Raw,
}

impl ShiftNow {
    pub(super) fn read(answer: &Answer) -> Result<Self> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Wire<'a> {
            #[serde(borrow, deserialize_with = "present")]
            document: Option<&'a RawValue>,
            #[serde(borrow)]
            counters: Option<&'a RawValue>,
        }
        // `null` is a value here: without it the shift is not open.
        fn present<'de: 'a, 'a, D: serde::Deserializer<'de>>(
            deserializer: D,
        ) -> std::result::Result<Option<&'a RawValue>, D::Error> {
            <&RawValue>::deserialize(deserializer).map(Some)
        }

        let raw = answer.raw();
        // Before the first opening the answer may be an empty list (protocol/ikassa.md 2.4).
        if lenient::without_mark(&answer.body).trim_ascii_start().starts_with(b"[") {
            return Ok(Self { open: false, counters: None, raw });
        }
        let wire: Wire<'_> = read("the shift", &answer.body)?;
        let counters = wire.counters.and_then(|counters| reading(counters.get()));
        let open = wire.document.is_some_and(|document| document.get() == "null");
        Ok(Self { open, counters, raw })
    }
}

/// The counters of all currencies. `None` where the whole is not of the known form: an object of currencies, each
/// with its `attributes`.
fn reading(counters: &str) -> Option<Reading> {
    #[derive(Deserialize)]
    struct Currency {
        attributes: BTreeMap<String, Box<RawValue>>,
    }
    let currencies: BTreeMap<String, Box<RawValue>> = lenient::object(counters.as_bytes()).ok()?;
    let whole = |value: &RawValue| whole_number(value.get().trim_matches('"'));
    currencies
        .into_iter()
        .map(|(currency, found)| {
            let found: Currency = lenient::object(found.get().as_bytes()).ok()?;
            let counters = found.attributes.into_iter().map(|(name, value)| (name, whole(&value)));
            Some((currency, counters.collect()))
        })
        .collect()
}

/// A whole number in any spelling of JSON: `29000`, `29000.0`, `2.9e4`.
fn whole_number(text: &str) -> Option<i64> {
    let number = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()?;
    number.is_integer().then(|| number.to_i64()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::document::Call;
    use super::*;
    use crate::transport::Sent;

    fn answer(status: u16, body: &str) -> Answer {
        let body = body.as_bytes().to_vec();
        Answer { status, location: None, retry_after_ms: None, body, sent: Sent::default() }
    }

    #[test]
    fn only_a_uid_with_success_is_a_record_and_only_the_own_form_is_a_refusal() {
        let told = |status, body: &str| match made(&answer(status, body)) {
            Made::Recorded { .. } => "recorded",
            Made::Not(Finding::Failed { .. }) => "failed",
            Made::Not(Finding::NotTaken(_)) => "not taken",
            Made::Not(Finding::Unknown(_)) => "unknown",
            Made::Not(_) => "other",
        };
        let refusal = r#"{"code":"kernel.validation","message":"items[0].price"}"#;
        for (status, body, expected) in [
            (200, r#"{"uid":"A17F03C2D94E5B680717CBC1"}"#, "recorded"),
            (200, "", "unknown"),
            (200, "null", "unknown"),
            (200, r#"{"uid":""}"#, "unknown"),
            (200, r#"{"uid":null}"#, "unknown"),
            (200, "<html>ok</html>", "unknown"),
            (204, "", "unknown"),
            (302, r#"{"uid":"A17F03C2D94E5B680717CBC1"}"#, "unknown"),
            (400, refusal, "failed"),
            (400, r#"{"code":"kernel.shift.closed","message":"closed"}"#, "not taken"),
            (409, r#"{"code":"kernel.device.missing","message":"no register"}"#, "not taken"),
            (400, r#"{"message":"no code"}"#, "unknown"),
            (400, "<html>bad</html>", "unknown"),
            (400, r#"{"code":"kernel.melted","message":"no"}"#, "unknown"),
            (400, r#"{"code":"gateway.shift.closed","message":"no"}"#, "unknown"),
            (400, r#"["A17F03C2D94E5B680717CBC1"]"#, "unknown"),
            (401, r#"{"error":"unauthorized"}"#, "unknown"),
            (403, "<html>no</html>", "unknown"),
            (404, "<html>gateway</html>", "unknown"),
            (429, "", "unknown"),
            (500, refusal, "unknown"),
            (502, "<html>bad gateway</html>", "unknown"),
        ] {
            assert_eq!(told(status, body), expected, "{status} {body}");
        }
        assert_eq!(Call::CardWithdraw.word(), "chWithdraw");
    }

    #[test]
    fn a_shift_is_open_only_where_its_document_is_null() {
        let open = |body: &str| ShiftNow::read(&answer(200, body)).map(|shift| shift.open).ok();
        assert_eq!(open(r#"{"document":null,"counters":{}}"#), Some(true));
        assert_eq!(open(r#"{"document":{"uid":"x"}}"#), Some(false));
        assert_eq!(open("{}"), Some(false));
        assert_eq!(open("[]"), Some(false));
        assert_eq!(open("17"), None);
    }

    #[test]
    fn counters_that_cannot_be_read_are_known_to_be_there() {
        let read = |attributes: &str| {
            let body = format!(r#"{{"document":null,"counters":{attributes}}}"#);
            ShiftNow::read(&answer(200, &body)).ok().and_then(|shift| shift.counters)
        };
        let body = r#"{"BYN":{"attributes":{"$.cashin.sum":12350.0,"$.e":1.2e3,"$.text":"x","$.half":1.5,"$.o":{},"$.s":"7"}}}"#;
        let expected = [
            ("$.cashin.sum", Some(12350)),
            ("$.e", Some(1200)),
            ("$.text", None),
            ("$.half", None),
            ("$.o", None),
            ("$.s", Some(7)),
        ];
        let expected = expected.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(read(body), Some(BTreeMap::from([("BYN".into(), expected)])));
        assert_eq!(read("{}"), Some(BTreeMap::new()));
        for body in ["null", "[]", "7", r#"{"BYN":[]}"#, r#"{"BYN":{}}"#, r#"{"BYN":{"attributes":[]}}"#] {
            assert_eq!(read(body), None, "{body}");
        }
    }
}
