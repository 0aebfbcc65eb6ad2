//! The exchange with the device: HTTP/1.1 over one TCP connection a request.
//!
//! The receipt number stands in the reason phrase, which general HTTP stacks drop or choke on, and
//! whether a byte left decides over doubt (protocol/ikkm.md 3.12). So this one vendor has its own
//! exchange: no kept connections, no proxy, no redirects, no retries, reason phrase as raw bytes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Mutex;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::reply::{Incoming, Reply, broken};
use crate::address::is_near;
use crate::transport::{NoExchange, Reach, Sent};

/// What to do where nobody answers (protocol/ikkm.md 4).
const LOOK: &str = "; look at the network, and whether the web-api is on at the device";

/// A device on the network.
pub struct Device {
    host: String,
    port: u16,
    connect_timeout: Duration,
    /// Whether it may be where other networks reach it.
    public: bool,
    /// Least time between the starts of two requests (protocol/ikkm.md 0.1: one a second).
    pace: Duration,
    next_start: Mutex<Option<Instant>>,
}

/// What is sent.
pub struct Call<'a> {
    /// What log lines call it: the path without the values in it, of which one may be a key.
    route: &'static str,
    /// Path and query.
    target: String,
    /// The form of a POST; absent for a GET.
    form: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// A GET; `value` stands in place of `{}` in the route.
    pub fn get(route: &'static str, value: &str, query: &str) -> Self {
        Self { route, target: format!("{}?{query}", route.replace("{}", value)), form: None }
    }

    /// The key that it carries: it must not come back in anything that is taken from the answer.
    fn sent(&self) -> Sent {
        let (_, query) = self.target.split_once('?').unwrap_or_default();
        Sent::of(self.form.unwrap_or(query).split('&').filter_map(|field| field.strip_prefix("key=")))
    }

    /// A POST of a form.
    pub fn post(route: &'static str, form: &'a str) -> Self {
        Self { route, target: route.into(), form: Some(form) }
    }
}

impl Device {
    pub fn new(host: String, port: u16, connect_timeout: Duration, pace: Duration, public: bool) -> Self {
        Self { host, port, connect_timeout, public, pace, next_start: Mutex::new(None) }
    }

    /// A connection to it. What a name leads to is known only now.
    async fn connect(&self) -> io::Result<TcpStream> {
        let places: Vec<SocketAddr> = lookup_host((self.host.as_str(), self.port)).await?.collect();
        let near: Vec<SocketAddr> =
            places.into_iter().filter(|place| self.public || is_near(place.ip())).collect();
        if near.is_empty() {
            let message = "the name of the device leads to a public address; see `public_address`";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        TcpStream::connect(&near[..]).await
    }

    /// Sends a request once and reads the whole answer within the time that `limit` gives once the device may
    /// be asked.
    pub async fn exchange(
        &self,
        call: &Call<'_>,
        limit: impl FnOnce() -> Result<Duration, NoExchange>,
    ) -> Result<Reply, NoExchange> {
        self.keep_pace().await;
        let limit = limit()?;
        let started = Instant::now();
        let result = self.once(call, limit).await;
        let ms = started.elapsed().as_millis() as u64;
        let route = call.route;
        match &result {
            Ok(reply) => tracing::debug!(target: "kassa::http", route, status = reply.status, ms, "answered"),
            Err(failure) => {
                tracing::warn!(target: "kassa::http", route, reach = ?failure.reach, ms, "{}", failure.message);
            }
        }
        result
    }

    async fn keep_pace(&self) {
        let mut next = self.next_start.lock().await;
        if let Some(start) = *next {
            sleep_until(start).await;
        }
        *next = Some(Instant::now() + self.pace);
    }

    async fn once(&self, call: &Call<'_>, limit: Duration) -> Result<Reply, NoExchange> {
        let until = Instant::now() + limit;
        let not_sent = |message: String| NoExchange { reach: Reach::NotSent, message };
        let mut stream = match timeout(self.connect_timeout.min(limit), self.connect()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(not_sent(format!("no connection: {error}{LOOK}"))),
            Err(_) => return Err(not_sent(format!("no connection in time{LOOK}"))),
        };
        let request = self.written(call);
        // From the first byte on nothing but a whole answer is conclusive.
        let lost = |message: String| NoExchange { reach: Reach::MaybeSent, message };
        let exchange = async {
            stream.set_nodelay(true)?;
            stream.write_all(&request).await?;
            read_answer(&mut stream).await
        };
        let lost = match timeout_at(until, exchange).await {
            Ok(Ok(reply)) => return Ok(Reply { sent: call.sent(), ..reply }),
            Ok(Err(error)) => lost(format!("the answer was lost: {error}")),
            Err(_) => lost(format!("no answer in time{LOOK}")),
        };
        // What the system still holds of the request must not reach the device later; where it cannot be
        // dropped, the wait before the device is asked covers it.
        let _ = stream.set_zero_linger();
        Err(lost)
    }

    fn written(&self, call: &Call<'_>) -> Vec<u8> {
        let method = if call.form.is_some() { "POST" } else { "GET" };
        let form = call.form.unwrap_or_default();
        let content = match call.form {
            Some(form) => format!(
                "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: {}\r\n",
                form.len()
            ),
            None => String::new(),
        };
        format!(
            "{method} {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\nCache-Control: no-store\r\n{content}\r\n{form}",
            call.target, self.host, self.port
        )
        .into_bytes()
    }
}

async fn read_answer(stream: &mut TcpStream) -> io::Result<Reply> {
    let mut incoming = Incoming::default();
    loop {
        let ended = stream.read_buf(incoming.buffer()).await? == 0;
        match incoming.take(ended)? {
            Some(reply) => return Ok(reply),
            None if ended => return Err(broken("it was cut")),
            // Other calls of the process go on meanwhile.
            None => yield_now().await,
        }
    }
}
