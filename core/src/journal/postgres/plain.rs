//! A connection without TLS, to a server on this machine. Whoever holds the port there may be another user's program, so
//! a password is only proved to it (SCRAM) and never told: not in clear, and not as MD5, which is as good.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Config, Connection, NoTls};

/// Port of a server where the address has none.
const PORT: u16 = 5432;
/// Time for a connection where the address says nothing.
const TIME: Duration = Duration::from_secs(5);
/// What the server asks for when all is well, and when it wants a proof of the password (PostgreSQL's protocol, message
/// `R`): done, SASL, and the two steps of SASL.
const ALLOWED: &[u32] = &[0, 10, 11, 12];

/// Both directions to a server.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// How many hosts an address names.
pub(super) fn hosts(config: &Config) -> usize {
    config.get_hosts().len().max(config.get_hostaddrs().len())
}

/// Connects to one of them.
pub(super) async fn connect(
    config: &Config,
    index: usize,
) -> Result<(Client, Connection<Guarded, NoTlsStream>), tokio_postgres::Error> {
    let stream = open(config, index).await;
    config.connect_raw(Guarded { stream, watch: Watch::default() }, NoTls).await
}

async fn open(config: &Config, index: usize) -> io::Result<Box<dyn Stream>> {
    let time = config.get_connect_timeout().copied().unwrap_or(TIME);
    let ports = config.get_ports();
    let port = ports.get(index).or(ports.first()).copied().unwrap_or(PORT);
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection in time");
    let tcp = |stream: io::Result<TcpStream>| -> io::Result<Box<dyn Stream>> {
        let stream = stream?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    };
    if let Some(address) = config.get_hostaddrs().get(index) {
        return tcp(timeout(time, TcpStream::connect((*address, port))).await.map_err(late)?);
    }
    match config.get_hosts().get(index) {
        Some(Host::Tcp(name)) => {
            tcp(timeout(time, TcpStream::connect((name.as_str(), port))).await.map_err(late)?)
        }
        #[cfg(unix)]
        Some(Host::Unix(folder)) => {
            let path = folder.join(format!(".s.PGSQL.{port}"));
            Ok(Box::new(timeout(time, UnixStream::connect(path)).await.map_err(late)??))
        }
        None => Err(io::Error::new(io::ErrorKind::NotFound, "the address names no host")),
    }
}

/// A connection on which the server is heard before the driver hears it.
pub(super) struct Guarded {
    /// A failure is told by the first use: the driver's errors can be made by the driver only.
    stream: io::Result<Box<dyn Stream>>,
    watch: Watch,
}

impl Guarded {
    fn stream(&mut self) -> io::Result<Pin<&mut dyn Stream>> {
        match &mut self.stream {
            Ok(stream) => Ok(Pin::new(&mut **stream)),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(self.stream()?.poll_read(context, into))?;
        let new = into.filled().get(before..).unwrap_or_default();
        Poll::Ready(self.watch.hear(new))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(context)
    }
}

/// Follows what the server says until the log-in is done.
#[derive(Default)]
struct Watch {
    /// The first bytes of the message that is coming: its letter, its length, what an `R` asks for.
    head: Vec<u8>,
    /// Bytes of the message that are of no interest.
    skipped: usize,
    is_done: bool,
}

impl Watch {
    /// Fails where the server asks for the password itself.
    fn hear(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !self.is_done && !bytes.is_empty() {
            let skipped = self.skipped.min(bytes.len());
            (self.skipped, bytes) = (self.skipped - skipped, &bytes[skipped..]);
            let Some((byte, rest)) = bytes.split_first() else { break };
            bytes = rest;
            self.head.push(*byte);
            let number = |at: usize| {
                let four = self.head.get(at..at + 4).and_then(|four| four.try_into().ok());
                four.map(u32::from_be_bytes)
            };
            match (self.head.first(), self.head.len()) {
                (Some(b'R'), 9) => {
                    let asked = number(5).unwrap_or(u32::MAX);
                    if !ALLOWED.contains(&asked) {
                        return Err(io::Error::new(
                            io::ErrorKind::PermissionDenied,
                            "the server asks for the password in clear or as MD5, and there is no TLS: nothing of it was \
                             sent; set `password_encryption = scram-sha-256` on the server and the password anew, or \
                             `sslmode=require` in the address",
                        ));
                    }
                    self.is_done = asked == 0;
                    self.next(number(1), 8);
                }
                (Some(b'R'), _) | (_, 0..=4) => {}
                _ => self.next(number(1), 4),
            }
        }
        Ok(())
    }

    /// The rest of this message, of which the length counts all but the letter, is of no interest.
    fn next(&mut self, length: Option<u32>, heard: u32) {
        self.skipped = length.unwrap_or_default().saturating_sub(heard) as usize;
        self.head.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(letter: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len() as u32 + 4;
        [&[letter][..], &length.to_be_bytes(), content].concat()
    }

    fn asks(what: u32) -> Vec<u8> {
        message(b'R', &what.to_be_bytes())
    }

    #[test]
    fn a_password_is_proved_and_never_told() {
        let scram = [message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0"), message(b'R', b"\0\0\0\x0br=x"), asks(0)]
            .concat();
        let notice = message(b'N', b"SNOTICE\0Rx\0\0");
        for (said, is_right) in [
            (asks(0), true),
            (scram.clone(), true),
            ([notice.clone(), scram].concat(), true),
            (asks(3), false),
            (message(b'R', b"\0\0\0\x05salt"), false),
            ([notice, asks(3)].concat(), false),
            ([message(b'R', b"\0\0\0\x0aSCRAM\0\0"), asks(3)].concat(), false),
            // Once the log-in is done, an `R` is not looked for in what follows.
            ([asks(0), message(b'D', &[b'R'; 40]), asks(3)].concat(), true),
        ] {
            for size in 1..=said.len() {
                let mut watch = Watch::default();
                let heard = said.chunks(size).try_for_each(|piece| watch.hear(piece));
                assert_eq!(heard.is_ok(), is_right, "{said:?} {size}");
            }
        }
    }
}
