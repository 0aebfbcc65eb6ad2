//! Requests and answers as far as the relay has to know them: where they end, and what it changes in them.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const HEAD_END: &[u8] = b"\r\n\r\n";
const CLOSE: &str = "connection: close\r\n";

/// A gateway's page.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Its status.
    pub status: u16,
    /// JSON of some other program, not HTML.
    pub is_json: bool,
}

impl Page {
    /// As it goes out.
    pub fn answer(self) -> Answer {
        let Self { status, is_json } = self;
        let (kind, body) = match is_json {
            true => (
                "application/json",
                format!(r#"{{"message":"gateway says {status}","request_id":"a1b2c3"}}"#),
            ),
            false => (
                "text/html",
                format!(
                    "<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>gateway</body></html>"
                ),
            ),
        };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} Gateway\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{CLOSE}\r\n"
        );
        Answer([head.into_bytes(), body.into_bytes()].concat())
    }
}

/// A whole request.
pub struct Request {
    /// Method and path.
    pub line: String,
    /// As it came, but for `Connection`.
    pub bytes: Vec<u8>,
}

/// A whole answer as it came.
#[derive(Clone, Debug)]
pub struct Answer(pub Vec<u8>);

impl Answer {
    fn head_end(&self) -> Option<usize> {
        position(&self.0).map(|at| at + HEAD_END.len())
    }

    /// Whether its status says that it went well.
    pub fn is_success(&self) -> bool {
        self.0.split(|byte| *byte == b' ').nth(1).is_some_and(|status| status.first() == Some(&b'2'))
    }

    /// The body as text.
    pub fn body(&self) -> Option<&str> {
        std::str::from_utf8(&self.0[self.head_end()?..]).ok()
    }

    /// The same with another body, and the length that goes with it.
    pub fn with_body(&self, body: &str) -> Option<Self> {
        let head = String::from_utf8_lossy(&self.0[..position(&self.0)?]).into_owned();
        let of_length = |line: &&str| {
            let name = line.split(':').next().unwrap_or_default();
            !name.eq_ignore_ascii_case("content-length") && !name.eq_ignore_ascii_case("transfer-encoding")
        };
        let lines: Vec<&str> = head.split("\r\n").filter(of_length).collect();
        let head = format!("{}\r\ncontent-length: {}\r\n\r\n", lines.join("\r\n"), body.len());
        Some(Self([head.as_bytes(), body.as_bytes()].concat()))
    }
}

/// Reads one request; `None` where the client sends none.
pub async fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = position(&bytes) {
            break end + HEAD_END.len();
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let length = header(&head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    let line = head.split(" HTTP/").next().unwrap_or_default().to_owned();
    if header(&head, "connection").is_none() {
        let at = head.find("\r\n").map_or(0, |at| at + 2);
        bytes.splice(at..at, CLOSE.bytes());
    }
    Ok(Some(Request { line, bytes }))
}

/// Passes a request on, on a connection of its own, and reads the answer to its end.
pub async fn forward(upstream: &str, request: &Request) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(upstream).await?;
    stream.set_nodelay(true)?;
    stream.write_all(&request.bytes).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(Answer(bytes))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

fn position(bytes: &[u8]) -> Option<usize> {
    bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_answer_keeps_its_status_line_when_its_body_is_changed() {
        let answer = Answer(b"HTTP/1.1 200 1566\r\nContent-Length: 3\r\nX: 1\r\n\r\nabc".to_vec());
        assert_eq!(answer.body().unwrap(), "abc");
        let changed = answer.with_body("longer").unwrap();
        assert_eq!(changed.0, b"HTTP/1.1 200 1566\r\nX: 1\r\ncontent-length: 6\r\n\r\nlonger");
        assert!(changed.is_success());
        assert!(!Page { status: 403, is_json: true }.answer().is_success());
    }
}
