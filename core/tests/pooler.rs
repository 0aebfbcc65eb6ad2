//! A pooler between the journal and its PostgreSQL that does not keep prepared statements: it is named.
#![allow(clippy::unwrap_used)]

mod engines;

use engines::{intent, open};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Types of PostgreSQL's messages that are looked for: an extended query ends with the first, the second is a simple one.
const SYNC: u8 = b'S';
const QUERY: u8 = b'Q';

/// A message of the server.
fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 4).unwrap().to_be_bytes();
    [&[kind], &length[..], content].concat()
}

/// It is ready, and in no transaction.
fn ready() -> Vec<u8> {
    message(b'Z', b"I")
}

/// One row that says `off`: this server takes writes.
fn off() -> Vec<u8> {
    let column: &[u8] = b"\0\x01transaction_read_only\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0";
    let row: &[u8] = b"\0\x01\0\0\0\x03off";
    [message(b'T', column), message(b'D', row), message(b'C', b"SHOW\0"), ready()].concat()
}

fn error(code: &str) -> Vec<u8> {
    let text = "bind message supplies 2 parameters";
    message(b'E', format!("SERROR\0VERROR\0C{code}\0M{text}\0\0").as_bytes())
}

/// A message without its first byte: the length counts itself.
async fn body(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    let mut body = vec![0; length as usize - 4];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

/// Answers every prepared statement with an error of this code.
async fn refuse_all(mut stream: TcpStream, code: &'static str) -> std::io::Result<()> {
    // The one that asks for TLS has a code and nothing else.
    while body(&mut stream).await?.len() == 4 {
        stream.write_all(b"N").await?;
    }
    // No password is asked for.
    stream.write_all(&[message(b'R', &[0; 4]), ready()].concat()).await?;
    loop {
        let kind = stream.read_u8().await?;
        body(&mut stream).await?;
        match kind {
            QUERY => stream.write_all(&off()).await?,
            SYNC => stream.write_all(&[error(code), ready()].concat()).await?,
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_keeps_no_prepared_statements_is_named() {
    // What PgBouncer 1.18 lets through where it mixes up sessions, and another state, which says nothing of poolers.
    for (code, is_pooler) in [("08P01", true), ("26000", true), ("42P05", true), ("42501", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = format!("postgres://shop@{}/shop", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(refuse_all(stream, code));
            }
        });
        let told = open(&place).intend(&intent("a"), None).await.unwrap_err();
        assert_eq!(told.code.name(), "journal_unavailable", "{told}");
        assert_eq!(told.message.contains("max_prepared_statements"), is_pooler, "{code}: {told}");
    }
}
