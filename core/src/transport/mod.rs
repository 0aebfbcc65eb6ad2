//! The one transport: finite deadlines, kept connections, no redirects, no retries of its own.
//! It reports how far a request came, which is what exactly-once delivery stands on.

mod answer;
pub mod lenient;
mod proxy;
mod sent;

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error as _;
use std::fmt;
use std::iter::successors;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Method, Proxy};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::{Url, form_urlencoded};

use crate::config::{Common, Credentials};
use crate::error::{Code, Error, Result};
use crate::faults::{Injected, may_fail};
use crate::trust;
pub use answer::{Answer, no_login, plain_refusal};
pub use sent::Sent;

/// Largest answer in bytes that is read, of whatever vendor.
pub const MOST_ANSWER_BYTES: usize = 8 << 20;
/// The longest wait that a vendor's `Retry-After` is taken for, in seconds.
const MOST_WAIT_S: u64 = 3_600;
/// The shortest time after which the system gives up on bytes that nobody acknowledges.
const LEAST_BYTES_END_AFTER: Duration = Duration::from_secs(1);
/// How long an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How far a request came before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It was not begun: a whole exchange did not fit into the time of the call.
    NotBegun,
    /// Not a byte of it left: no name, no connection, no TLS.
    NotSent,
    /// Something may have left, and there is no whole answer.
    MaybeSent,
}

/// An exchange that ended without a whole answer.
#[derive(Clone, Debug)]
pub struct NoExchange {
    /// How far the request came.
    pub reach: Reach,
    /// What happened, without secrets.
    pub message: String,
}

impl NoExchange {
    /// An exchange for which there is no time.
    pub fn not_begun() -> Self {
        let message = "the time that is left of the call does not suffice for the exchange".into();
        Self { reach: Reach::NotBegun, message }
    }

    /// True where not a byte left this machine.
    pub fn is_not_sent(&self) -> bool {
        self.reach != Reach::MaybeSent
    }
}

impl From<NoExchange> for Error {
    fn from(failure: NoExchange) -> Self {
        let code = match failure.reach {
            Reach::NotBegun => Code::NotBegun,
            Reach::NotSent => Code::Unreachable,
            Reach::MaybeSent => Code::NoAnswer,
        };
        Error::new(code, failure.message)
    }
}

/// A request that can be sent, and sent again, byte for byte.
#[derive(Clone)]
pub struct Request {
    method: Method,
    route: Cow<'static, str>,
    url: Url,
    authorization: Option<(String, SecretString)>,
    json: Option<Vec<u8>>,
    form: Option<SecretString>,
    headers: Vec<(&'static str, SecretString)>,
    hidden: Vec<SecretString>,
}

impl Request {
    /// A request without a body. `route` is what log lines call it: the path without the values in it.
    pub fn new(method: Method, route: impl Into<Cow<'static, str>>, url: Url) -> Self {
        Self {
            method,
            route: route.into(),
            url,
            authorization: None,
            json: None,
            form: None,
            headers: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// With HTTP Basic credentials.
    #[must_use]
    pub fn basic(mut self, credentials: &Credentials) -> Self {
        self.authorization = Some((credentials.user_name.clone(), credentials.password.clone()));
        self
    }

    /// With a header whose value may be a secret.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: SecretString) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With a body of form fields, in this order; values may be secrets.
    #[must_use]
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        self.form = Some(form.extend_pairs(fields).finish().into());
        self
    }

    /// With a secret that stands in its JSON body.
    #[must_use]
    pub fn hiding(mut self, secret: &SecretString) -> Self {
        self.hidden.push(secret.clone());
        self
    }

    /// With a JSON body, byte for byte.
    #[must_use]
    pub fn json(mut self, body: Vec<u8>) -> Self {
        self.json = Some(body);
        self
    }
}

/// Headers and form fields without a secret.
const OPEN: &[&str] = &["accept", "content-type", "grant_type", "client_id", "scope"];

impl Request {
    /// What it carries that must not come back in anything that is taken from the answer.
    fn sent(&self) -> Sent {
        let mut texts: Vec<SecretString> = Vec::new();
        if let Some((name, password)) = &self.authorization {
            let basic = format!("{name}:{}", password.expose_secret());
            texts.extend([password.clone(), BASE64_STANDARD.encode(basic).into()]);
        }
        let values = self.headers.iter().filter(|(name, _)| !OPEN.contains(name)).map(|(_, value)| value);
        texts.extend(values.map(|value| {
            let value = value.expose_secret();
            value.strip_prefix("Bearer ").unwrap_or(value).into()
        }));
        let form = self.form.iter().flat_map(|form| form_urlencoded::parse(form.expose_secret().as_bytes()));
        texts.extend(
            form.filter(|(name, _)| !OPEN.contains(&&**name)).map(|(_, value)| value.into_owned().into()),
        );
        let json = self.json.as_deref().and_then(|json| std::str::from_utf8(json).ok()).unwrap_or_default();
        let hidden = self.hidden.iter();
        Sent::of(texts.iter().chain(hidden).map(ExposeSecret::expose_secret).chain(sent::contacts(json)))
    }
}

impl fmt::Debug for Request {
    /// Method and route only: paths, queries, credentials and bodies hold secrets and buyers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.route)
    }
}

/// Joins a base address and path segments; each segment is percent-encoded as a whole.
pub fn join(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // Web addresses always have path segments; `Common::violations` lets nothing else through.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// What decides whether two clients can share connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Terms {
    ca_file: Option<String>,
    proxy: Option<String>,
    plugin: Option<String>,
    connect_timeout: Duration,
    bytes_end_after: Duration,
    plain: bool,
    direct: bool,
}

/// The transports of a process: clients on the same terms share connections and parsed roots.
#[derive(Default)]
pub struct Transports(Mutex<HashMap<Terms, Client>>);

impl Transports {
    /// The transport for a configuration whose vendor is at `base`. What was sent and not received within
    /// `believed_after` is not delivered any more: by then the vendor's "I do not know it" is believed.
    pub fn get(&self, common: &Common, base: &Url, believed_after: Duration) -> Result<Transport> {
        let terms = Terms {
            ca_file: common.tls.as_ref().and_then(|tls| tls.ca_file.clone()),
            proxy: common.proxy.clone(),
            plugin: common.plugin.clone(),
            connect_timeout: common.connect_timeout(),
            bytes_end_after: believed_after.max(LEAST_BYTES_END_AFTER),
            plain: base.scheme() == "http",
            direct: crate::address::is_loopback(base),
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = kept.get(&terms) {
            return Ok(Transport { client: client.clone() });
        }
        let client = build(&terms)?;
        kept.insert(terms, client.clone());
        Ok(Transport { client })
    }
}

fn build(terms: &Terms) -> Result<Client> {
    let config = |message: String| Error::new(Code::ConfigInvalid, message);
    // Fails only where a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    may_fail("http_set_up").map_err(|injected| config(injected.to_string()))?;
    let mut builder = ClientBuilder::new()
        .connect_timeout(terms.connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .user_agent(user_agent(terms.plugin.as_deref()));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    {
        // Else the system goes on sending for minutes what a call has given up.
        builder = builder.tcp_user_timeout(terms.bytes_end_after);
    }
    if let Some(path) = &terms.ca_file {
        let pem = trust::read(path.as_ref()).map_err(|e| config(format!("tls.ca_file {path}: {e}")))?;
        let certificates =
            Certificate::from_pem_bundle(&pem).map_err(|e| config(format!("tls.ca_file {path}: {e}")))?;
        if certificates.is_empty() {
            return Err(config(format!("tls.ca_file {path}: no certificate in it")));
        }
        builder = builder.tls_certs_merge(certificates);
    } else if terms.plain {
        // Reading the system's roots takes milliseconds and fails where there are none.
        builder = builder.tls_certs_only([]);
    }
    if terms.direct || terms.proxy.as_deref() == Some("none") {
        builder = builder.no_proxy();
    } else if let Some(address) = &terms.proxy {
        // The address may hold a password: the error must not repeat it.
        let proxy = Proxy::all(address).map_err(|_| config("proxy: not an address".into()))?;
        builder = builder.proxy(proxy);
    } else if let Some(why) = proxy::left_out(terms.plain, |name| std::env::var(name).ok()) {
        tracing::warn!(target: "kassa::http", "{why}");
    }
    builder.build().map_err(|error| config(format!("the HTTP client cannot be set up: {}", causes(&error))))
}

/// The library, and what uses it.
fn user_agent(plugin: Option<&str>) -> String {
    let own = concat!("kassa/", env!("CARGO_PKG_VERSION"));
    plugin.map_or_else(|| own.to_owned(), |plugin| format!("{own} {plugin}"))
}

/// Sends requests, each of them once.
#[derive(Clone)]
pub struct Transport {
    client: Client,
}

impl Transport {
    /// Sends `request` once and reads the whole answer within `timeout`.
    pub async fn send(
        &self,
        request: &Request,
        timeout: Duration,
    ) -> std::result::Result<Answer, NoExchange> {
        let started = Instant::now();
        let result = self.exchange(request, timeout).await;
        let ms = started.elapsed().as_millis() as u64;
        match &result {
            Ok(answer) => {
                tracing::debug!(target: "kassa::http", request = ?request, status = answer.status, ms, "answered");
            }
            Err(failure) => {
                tracing::warn!(target: "kassa::http", request = ?request, reach = ?failure.reach, ms, "{}", failure.message);
            }
        }
        result
    }

    /// Whether somebody answers at `url`, whatever the answer: its time by the `Date` of the answer, where it has one.
    pub async fn reach(
        &self,
        url: &Url,
        timeout: Duration,
    ) -> std::result::Result<Option<OffsetDateTime>, NoExchange> {
        let response = self.client.head(url.clone()).timeout(timeout).send().await;
        let response = response.map_err(|error| failure(&error))?;
        let date = response.headers().get("date").and_then(|value| value.to_str().ok());
        Ok(date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok()))
    }

    async fn exchange(
        &self,
        request: &Request,
        timeout: Duration,
    ) -> std::result::Result<Answer, NoExchange> {
        let mut builder = self.client.request(request.method.clone(), request.url.clone()).timeout(timeout);
        if let Some((name, password)) = &request.authorization {
            builder = builder.basic_auth(name, Some(password.expose_secret()));
        }
        for (name, value) in &request.headers {
            builder = builder.header(*name, value.expose_secret());
        }
        if let Some(body) = &request.json {
            builder = builder.header("content-type", "application/json").body(body.clone());
        }
        if let Some(form) = &request.form {
            builder = builder
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.expose_secret().to_owned());
        }
        may_fail("http_connect").map_err(|injected| failed_on_purpose(&injected, Reach::NotSent))?;
        let broken = |injected: Injected| failed_on_purpose(&injected, Reach::MaybeSent);
        may_fail("http_send").map_err(broken)?;
        let mut response = builder.send().await.map_err(|error| failure(&error))?;
        may_fail("http_answer_lost").map_err(broken)?;
        let status = response.status().as_u16();
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        let location = location.map(str::to_owned);
        let retry_after_ms = response
            .headers()
            .get("retry-after")
            .and_then(|value| wait_asked_for(value.to_str().ok()?, OffsetDateTime::now_utc()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + chunk.len() > MOST_ANSWER_BYTES {
                let message = format!("the answer is larger than {MOST_ANSWER_BYTES} bytes");
                return Err(NoExchange { reach: Reach::MaybeSent, message });
            }
            may_fail("http_answer_cut").map_err(broken)?;
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, location, retry_after_ms, body, sent: request.sent() })
    }
}

/// The wait of `Retry-After` in milliseconds: seconds or a date, an hour at most.
fn wait_asked_for(value: &str, now: OffsetDateTime) -> Option<u64> {
    let value = value.trim();
    let seconds = match value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        // More digits than a number holds are more than an hour.
        true => value.parse().unwrap_or(u64::MAX),
        false => {
            let until = OffsetDateTime::parse(value, &Rfc2822).ok()?;
            u64::try_from((until - now).whole_seconds()).unwrap_or(0)
        }
    };
    Some(seconds.min(MOST_WAIT_S) * 1_000)
}

/// Whether a token can be sent in a header at all. One that cannot, from a vendor or from a journal
/// that was damaged, is as good as none.
pub fn can_be_sent(token: &str) -> bool {
    !token.is_empty() && HeaderValue::from_str(token).is_ok()
}

fn failure(error: &reqwest::Error) -> NoExchange {
    let not_sent = error.is_connect() || error.is_builder();
    let reach = if not_sent { Reach::NotSent } else { Reach::MaybeSent };
    let what = match (not_sent, error.is_timeout()) {
        (true, true) => "no connection in time",
        (true, false) => "no connection",
        (false, true) => "no answer in time",
        (false, false) => "the answer was lost",
    };
    NoExchange { reach, message: format!("{what}: {}", causes(error)) }
}

/// The failure that a test asked for.
fn failed_on_purpose(injected: &Injected, reach: Reach) -> NoExchange {
    NoExchange { reach, message: injected.to_string() }
}

/// The innermost causes. The outer text of reqwest names the whole address, query included.
fn causes(error: &reqwest::Error) -> String {
    let causes = successors(error.source(), |&cause| cause.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    if texts.is_empty() { "no cause given".into() } else { texts.join(": ") }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_wait_is_read_in_both_forms_and_is_an_hour_at_most() {
        let now = datetime!(2026-11-29 12:00:00 UTC);
        for (value, expected) in [
            ("7", Some(7_000)),
            (" 0 ", Some(0)),
            ("10000000000000", Some(3_600_000)),
            ("18446744073709551616", Some(3_600_000)),
            ("Sun, 29 Nov 2026 12:00:30 GMT", Some(30_000)),
            ("Sun, 29 Nov 2026 11:00:00 GMT", Some(0)),
            ("Sun, 29 Nov 2099 12:00:00 GMT", Some(3_600_000)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(wait_asked_for(value, now), expected, "{value}");
        }
    }
}
