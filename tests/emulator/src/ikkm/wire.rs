//! HTTP/1.1 by hand, because the status line carries data (protocol/ikkm.md 3.1, 6.1 items E1, E2).

use std::io;

use axum::http::request::Parts;
use axum::http::{Request, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::faults::Part;

const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
const HEAD_END: &[u8] = b"\r\n\r\n";
const CHUNK_BYTES: usize = 16 * 1024;
/// What a wrong `Content-Length` promises too much.
const EXTRA_LENGTH: usize = 7;

/// The type of text answers.
pub const TEXT: &str = "text/plain; charset=utf-8";
/// The type of JSON answers.
pub const JSON: &str = "application/json; charset=utf-8";
/// The type of what is no iKKM.
pub const HTML: &str = "text/html";

/// How much of a reply arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// All of it.
    Whole,
    /// A part is spoilt.
    Cut(Part),
    /// Nothing: the connection is closed.
    Nothing,
}

/// An answer before it goes out.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The bytes of the reason phrase; None leaves the space before it out too.
    pub reason: Option<Vec<u8>>,
    /// `Content-Type`.
    pub content_type: String,
    /// `Retry-After` in seconds, if any.
    pub retry_after_s: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
    /// How much of it arrives.
    pub arrival: Arrival,
}

impl Reply {
    /// A reply that arrives whole.
    pub fn new(status: u16, reason: &[u8], content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            reason: Some(reason.to_vec()),
            content_type: content_type.to_owned(),
            retry_after_s: None,
            body: body.into(),
            arrival: Arrival::Whole,
        }
    }

    /// No reply: the connection is closed.
    pub fn nothing() -> Self {
        Self { arrival: Arrival::Nothing, ..Self::new(200, b"OK", TEXT, "") }
    }

    /// Whether the call had its effect.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut line = format!("HTTP/1.1 {}", self.status).into_bytes();
        if let Some(reason) = &self.reason {
            line.push(b' ');
            line.extend(reason);
        }
        let length = match self.arrival {
            Arrival::Cut(Part::Length) => self.body.len() + EXTRA_LENGTH,
            _ => self.body.len(),
        };
        let retry_after = self.retry_after_s.map(|s| format!("Retry-After: {s}\r\n")).unwrap_or_default();
        let head = format!(
            "\r\nContent-Type: {}\r\nContent-Length: {length}\r\nConnection: close\r\n\
             Access-Control-Allow-Origin: *\r\n{retry_after}\r\n",
            self.content_type
        );
        let sent = match self.arrival {
            Arrival::Nothing => return Vec::new(),
            Arrival::Cut(Part::StatusLine) => return line[..line.len() / 2].to_vec(),
            Arrival::Cut(Part::Headers) => 0,
            Arrival::Cut(Part::Body) => self.body.len() / 2,
            Arrival::Cut(Part::Length) | Arrival::Whole => self.body.len(),
        };
        line.extend(head.into_bytes());
        line.extend(&self.body[..sent]);
        line
    }
}

/// Reads one request; None when the client sends none.
pub async fn read(stream: &mut TcpStream) -> io::Result<Option<(Parts, Vec<u8>)>> {
    let mut received = Vec::new();
    let head_end = loop {
        if let Some(end) = received.windows(HEAD_END.len()).position(|bytes| bytes == HEAD_END) {
            break end;
        }
        if received.len() > MAX_HEAD_BYTES || !more(stream, &mut received).await? {
            return Ok(None);
        }
    };
    let Some(head) = head(&received[..head_end]) else {
        return Ok(None);
    };
    let length = head.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let length: usize = length.unwrap_or(0);
    let end = head_end + HEAD_END.len() + length;
    if length > MAX_BODY_BYTES {
        return Ok(None);
    }
    while received.len() < end {
        if !more(stream, &mut received).await? {
            return Ok(None);
        }
    }
    let body = received[end - length..end].to_vec();
    Ok(Some((head, body)))
}

/// Sends a reply and closes the connection.
pub async fn write(stream: &mut TcpStream, reply: &Reply) -> io::Result<()> {
    stream.write_all(&reply.bytes()).await?;
    stream.shutdown().await
}

async fn more(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let read = stream.read(&mut chunk).await?;
    received.extend_from_slice(&chunk[..read]);
    Ok(read > 0)
}

fn head(bytes: &[u8]) -> Option<Parts> {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut first = lines.next()?.split(|byte| *byte == b' ');
    let (method, target) = (first.next()?, first.next()?);
    let target = std::str::from_utf8(target).ok()?;
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    Some(request.body(()).ok()?.into_parts().0)
}
