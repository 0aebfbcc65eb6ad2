//! Reads the device's HTTP answer as it comes (protocol/ikkm.md 3.12): each byte is looked at once, and nothing of it
//! is kept beyond the largest answer.

use std::io;

use bytes::{Buf as _, BytesMut};

use crate::transport::{MOST_ANSWER_BYTES, Sent};

/// Largest head in bytes: status line and headers.
const MOST_HEAD_BYTES: usize = 64 << 10;
/// Longest line before a chunk, with its extensions.
const MOST_CHUNK_LINE: usize = 1 << 10;

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Reason phrase as it came.
    pub reason: Vec<u8>,
    /// Body as it came.
    pub body: Vec<u8>,
    /// What the request carried that must not come back.
    pub sent: Sent,
}

/// How the end of the body is told.
enum Framing {
    /// By its length.
    Length(usize),
    /// By the end of the connection.
    Close,
    /// By a last chunk. `left` is what is left of the chunk that is being read; absent before its size.
    Chunks { left: Option<usize> },
}

/// An answer that is coming in.
#[derive(Default)]
pub struct Incoming {
    /// What came and is not looked at yet begins at `seen`.
    bytes: BytesMut,
    seen: usize,
    /// Bytes before `seen` of the line that is being read, without its end.
    line: usize,
    head: Option<(Reply, Framing)>,
}

impl Incoming {
    /// Where what comes next is put.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.bytes
    }

    /// The answer, once it is whole. `ended` tells that nothing more comes.
    pub fn take(&mut self, ended: bool) -> io::Result<Option<Reply>> {
        while self.head.is_none() {
            let Some(line) = self.next_line(MOST_HEAD_BYTES)? else { return Ok(None) };
            // The first empty line ends the head; the lines before it are still in the buffer.
            if line.0 == line.1 && line.0 > 0 {
                self.head = Some(read_head(&self.bytes[..line.0])?);
                self.forget_lines();
            }
        }
        let is_whole = self.take_body(ended)?;
        Ok(self.head.take_if(|_| is_whole).map(|(reply, _)| reply))
    }

    /// Moves what came of the body to the reply; true once it is whole.
    fn take_body(&mut self, ended: bool) -> io::Result<bool> {
        loop {
            let Some((reply, framing)) = &mut self.head else { return Ok(false) };
            let wanted = match framing {
                Framing::Close => usize::MAX,
                Framing::Length(length) => *length - reply.body.len(),
                Framing::Chunks { left: Some(left) } => *left,
                Framing::Chunks { left: None } => {
                    let Some((begin, end)) = self.next_line(MOST_CHUNK_LINE)? else { return Ok(false) };
                    let line = String::from_utf8_lossy(&self.bytes[begin..end]).into_owned();
                    self.forget_lines();
                    match chunk_size(&line)? {
                        // The end of the line behind a chunk.
                        None => continue,
                        Some(0) => return Ok(true),
                        Some(size) => {
                            if let Some((_, framing)) = &mut self.head {
                                *framing = Framing::Chunks { left: Some(size) };
                            }
                            continue;
                        }
                    }
                }
            };
            let taken = wanted.min(self.bytes.len());
            reply.body.extend_from_slice(&self.bytes.split_to(taken));
            if reply.body.len() > MOST_ANSWER_BYTES {
                return Err(broken("it is too large"));
            }
            match framing {
                Framing::Close => return Ok(ended),
                Framing::Length(length) => return Ok(reply.body.len() == *length),
                Framing::Chunks { left } if taken == wanted => *left = None,
                Framing::Chunks { left } => {
                    *left = Some(wanted - taken);
                    return Ok(false);
                }
            }
        }
    }

    fn forget_lines(&mut self) {
        self.bytes.advance(self.seen);
        (self.seen, self.line) = (0, 0);
    }

    /// The next line without its end, as its place in the buffer; bare line feeds are taken for line ends.
    fn next_line(&mut self, most: usize) -> io::Result<Option<(usize, usize)>> {
        match self.bytes[self.seen..].iter().position(|byte| *byte == b'\n') {
            None => {
                self.seen = self.bytes.len();
                if self.seen > most { Err(broken("it is too large")) } else { Ok(None) }
            }
            Some(at) => {
                let (begin, end) = (self.line, self.seen + at);
                self.seen = end + 1;
                self.line = self.seen;
                if self.seen > most {
                    return Err(broken("it is too large"));
                }
                let is_carried = end > begin && self.bytes[end - 1] == b'\r';
                Ok(Some((begin, end - usize::from(is_carried))))
            }
        }
    }
}

pub fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn read_head(head: &[u8]) -> io::Result<(Reply, Framing)> {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut words = lines.next().unwrap_or_default().splitn(3, |byte| *byte == b' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|word| std::str::from_utf8(word).ok()?.parse::<u16>().ok());
    let Some(status) = status.filter(|_| version.starts_with(b"HTTP/1.")) else {
        return Err(broken("it is not HTTP"));
    };
    let reason = words.next().unwrap_or_default().to_vec();
    let mut framing = Framing::Close;
    for line in lines {
        let Some((name, value)) = std::str::from_utf8(line).ok().and_then(|line| line.split_once(':')) else {
            continue;
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "content-length" if !matches!(framing, Framing::Chunks { .. }) => {
                let length: usize = value.trim().parse().map_err(|_| broken("its length is no number"))?;
                if length > MOST_ANSWER_BYTES {
                    return Err(broken("it is too large"));
                }
                framing = Framing::Length(length);
            }
            "transfer-encoding" if value.to_ascii_lowercase().contains("chunked") => {
                framing = Framing::Chunks { left: None };
            }
            _ => {}
        }
    }
    Ok((Reply { status, reason, body: Vec::new(), sent: Sent::default() }, framing))
}

/// The size of the chunk behind this line; `None` for the empty line behind a chunk.
fn chunk_size(line: &str) -> io::Result<Option<usize>> {
    let size = line.split(';').next().unwrap_or_default().trim();
    if size.is_empty() {
        return Ok(None);
    }
    usize::from_str_radix(size, 16).map(Some).map_err(|_| broken("a chunk has no size"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::{Duration, Instant};

    use super::*;

    /// What comes of a text that arrives in pieces of `size` bytes.
    fn arrived(text: &[u8], size: usize) -> io::Result<Option<Reply>> {
        let mut incoming = Incoming::default();
        for piece in text.chunks(size) {
            incoming.buffer().extend_from_slice(piece);
            if let Some(reply) = incoming.take(false)? {
                return Ok(Some(reply));
            }
        }
        incoming.take(true)
    }

    #[test]
    fn answers_of_every_form_are_read_in_pieces_of_every_size() {
        for (text, status, reason, body) in [
            (
                &b"HTTP/1.1 200 1566\r\nContent-Length: 8\r\n\r\n11112222"[..],
                200,
                &b"1566"[..],
                &b"11112222"[..],
            ),
            (b"HTTP/1.0 203 7\n\n33334444", 203, b"7", b"33334444"),
            (
                b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\nde\n0\r\n\r\n",
                200,
                b"",
                b"abcde",
            ),
            // Neither Russian bytes nor control characters in the reason lose the body.
            (
                b"HTTP/1.1 400 \xcd\xe5\xf2\x01\r\nContent-Length: 3\r\n\r\n-10",
                400,
                b"\xcd\xe5\xf2\x01",
                b"-10",
            ),
        ] {
            for size in 1..=text.len() {
                let reply = arrived(text, size).unwrap().unwrap();
                assert_eq!(
                    (reply.status, &reply.reason[..], &reply.body[..]),
                    (status, reason, body),
                    "{size}"
                );
            }
        }
    }

    #[test]
    fn a_cut_answer_is_no_answer() {
        for text in [
            &b"HTTP/1.1 200 1566\r\nContent-Length: 8\r\n\r\n11112222"[..],
            b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        ] {
            for length in 0..text.len() {
                assert!(arrived(&text[..length], 7).map_or(true, |reply| reply.is_none()), "{length}");
            }
        }
        assert!(arrived(b"<html>\r\n\r\n", 4).is_err());
    }

    #[test]
    fn an_endless_answer_ends_and_a_large_one_is_read_in_one_go() {
        assert!(arrived(&b"x".repeat(MOST_HEAD_BYTES + 2), 1_000).is_err());
        assert!(arrived(&b"HTTP/1.1 200 1\r\nA: b\r\n".repeat(10_000), 1_000).is_err());
        let begin = b"HTTP/1.1 200 1\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        let began = Instant::now();
        let small = [begin.clone(), b"1\r\nx\r\n".repeat(200_000), b"0\r\n\r\n".to_vec()].concat();
        assert_eq!(arrived(&small, 1_460).unwrap().unwrap().body.len(), 200_000);
        assert!(arrived(&[begin, b"1\r\nx\r\n".repeat(MOST_ANSWER_BYTES + 1)].concat(), 65_536).is_err());
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    }
}
