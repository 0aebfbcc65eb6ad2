//! The exchange with the device: HTTP/1.1 over one TCP connection a request.
//!
//! The receipt number stands in the reason phrase, which general HTTP stacks drop or choke on, and
//! whether a byte left decides over doubt (protocol/ikkm.md 3.12). So this one vendor has its own
//! exchange: no kept connections, no proxy, no redirects, no retries, reason phrase as raw bytes.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::transport::{MOST_ANSWER_BYTES, NoExchange, Reach};

/// A device on the network.
pub struct Device {
    host: String,
    port: u16,
    connect_timeout: Duration,
    /// Least time between the starts of two requests (protocol/ikkm.md 0.1: one a second).
    pace: Duration,
    next_start: Mutex<Option<Instant>>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Reason phrase as it came.
    pub reason: Vec<u8>,
    /// Body as it came.
    pub body: Vec<u8>,
}

/// What is sent: a target, and the parameters of a POST.
pub struct Call<'a> {
    /// Path and query.
    pub target: &'a str,
    /// The form of a POST; absent for a GET.
    pub form: Option<&'a str>,
}

impl Device {
    pub fn new(host: String, port: u16, connect_timeout: Duration, pace: Duration) -> Self {
        Self { host, port, connect_timeout, pace, next_start: Mutex::new(None) }
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
        let path = call.target.split('?').next().unwrap_or_default();
        match &result {
            Ok(reply) => tracing::debug!(target: "kassa::http", path, status = reply.status, ms, "answered"),
            Err(failure) => {
                tracing::warn!(target: "kassa::http", path, reach = ?failure.reach, ms, "{}", failure.message);
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
        let connect = TcpStream::connect((self.host.as_str(), self.port));
        let mut stream = match timeout(self.connect_timeout.min(limit), connect).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(not_sent(format!("no connection: {error}"))),
            Err(_) => return Err(not_sent("no connection in time".into())),
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
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(error)) => lost(format!("the answer was lost: {error}")),
            Err(_) => lost("no answer in time".into()),
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
    let mut bytes = Vec::new();
    loop {
        if let Some(reply) = parse(&bytes, false)? {
            return Ok(reply);
        }
        if bytes.len() > MOST_ANSWER_BYTES {
            return Err(broken("it is too large"));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return parse(&bytes, true)?.ok_or_else(|| broken("it was cut"));
        }
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The answer in `bytes`, or `None` while more is to come. `ended` tells that nothing more comes.
/// Bare line feeds are taken for line ends (protocol/ikkm.md 3.12).
fn parse(bytes: &[u8], ended: bool) -> io::Result<Option<Reply>> {
    let Some((head, body)) = split_head(bytes) else { return Ok(None) };
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut words = lines.next().unwrap_or_default().splitn(3, |byte| *byte == b' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|word| std::str::from_utf8(word).ok()?.parse::<u16>().ok());
    let Some(status) = status.filter(|_| version.starts_with(b"HTTP/1.")) else {
        return Err(broken("it is not HTTP"));
    };
    let reason = words.next().unwrap_or_default().to_vec();
    let (mut length, mut chunked) = (None, false);
    for line in lines {
        let Some((name, value)) = std::str::from_utf8(line).ok().and_then(|line| line.split_once(':')) else {
            continue;
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "content-length" => {
                length = Some(value.trim().parse::<usize>().map_err(|_| broken("its length is no number"))?);
            }
            "transfer-encoding" => chunked = value.to_ascii_lowercase().contains("chunked"),
            _ => {}
        }
    }
    let body = match (chunked, length) {
        (true, _) => unchunked(body)?,
        (false, Some(length)) => body.get(..length).map(<[u8]>::to_vec),
        (false, None) => ended.then(|| body.to_vec()),
    };
    Ok(body.map(|body| Reply { status, reason, body }))
}

fn split_head(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = |mark: &[u8]| {
        bytes.windows(mark.len()).position(|window| window == mark).map(|at| (at, at + mark.len()))
    };
    let (head, body) = match (end(b"\r\n\r\n"), end(b"\n\n")) {
        (Some(one), Some(other)) => one.min(other),
        (one, other) => one.or(other)?,
    };
    Some((&bytes[..head], &bytes[body..]))
}

/// The content of a chunked body, or `None` while its last chunk is to come.
fn unchunked(mut bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    loop {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let size =
            std::str::from_utf8(&bytes[..end]).unwrap_or_default().split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16).map_err(|_| broken("a chunk has no size"))?;
        let Some(chunk) = bytes.get(end + 1..).and_then(|rest| rest.get(..size)) else { return Ok(None) };
        if size == 0 {
            return Ok(Some(content));
        }
        content.extend_from_slice(chunk);
        let rest = &bytes[end + 1 + size..];
        bytes = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn whole(text: &[u8]) -> Reply {
        parse(text, true).unwrap().unwrap()
    }

    #[test]
    fn answers_of_every_form_are_read() {
        let reply = whole(b"HTTP/1.1 200 1566\r\nContent-Length: 8\r\n\r\n11112222");
        assert_eq!(
            (reply.status, reply.reason.as_slice(), reply.body.as_slice()),
            (200, &b"1566"[..], &b"11112222"[..])
        );
        assert_eq!(whole(b"HTTP/1.0 203 7\n\n33334444").body, b"33334444");
        assert_eq!(
            whole(b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").body,
            b"abc"
        );
        // Neither Russian bytes nor control characters in the reason lose the body.
        assert_eq!(whole(b"HTTP/1.1 400 \xcd\xe5\xf2\x01\r\nContent-Length: 3\r\n\r\n-10").body, b"-10");
    }

    #[test]
    fn a_cut_answer_is_no_answer() {
        let text = b"HTTP/1.1 200 1566\r\nContent-Length: 8\r\n\r\n11112222";
        for length in 0..text.len() {
            assert!(parse(&text[..length], true).map_or(true, |reply| reply.is_none()), "{length}");
        }
        assert!(parse(b"<html>\r\n\r\n", true).is_err());
    }
}
