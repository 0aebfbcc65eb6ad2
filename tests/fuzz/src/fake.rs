//! A vendor on loopback that answers each request with the next answer of a list, and with nothing where that ends.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Write as _;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

use crate::record::Given;
use crate::till::runtime;

/// What the next request is answered with.
#[derive(Clone, Debug)]
pub enum Next {
    /// A whole answer.
    Answer(Given),
    /// These bytes, and the end of the connection.
    Raw(Vec<u8>),
    /// Only the end of the connection.
    Lost,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method and path.
    pub line: String,
    /// Body.
    pub body: String,
}

#[derive(Default)]
struct Script {
    left: VecDeque<Next>,
    given: Vec<Given>,
    asked: Vec<Asked>,
}

/// A vendor of one thread.
pub struct Fake {
    /// Where it listens.
    pub address: String,
    script: Rc<RefCell<Script>>,
    tasks: LocalSet,
}

impl Fake {
    /// A vendor that has no answers yet.
    pub fn new() -> Self {
        let listener = runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let script = Rc::<RefCell<Script>>::default();
        let tasks = LocalSet::new();
        let shared = script.clone();
        tasks.spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                spawn_local(serve(stream, shared.clone()));
            }
        });
        Self { address, script, tasks }
    }

    /// Begins anew with these answers.
    pub fn plays(&self, answers: impl IntoIterator<Item = Next>) {
        *self.script.borrow_mut() = Script { left: answers.into_iter().collect(), ..Script::default() };
    }

    /// The answers that were given so far.
    pub fn given(&self) -> Vec<Given> {
        self.script.borrow().given.clone()
    }

    /// The requests that came so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.script.borrow().asked.clone()
    }

    /// Lets the vendor work while a call runs.
    pub fn during<T>(&self, call: impl Future<Output = T>) -> T {
        runtime().block_on(self.tasks.run_until(call))
    }
}

/// An answer as it goes over the wire.
pub fn written(given: &Given, is_last: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = write!(bytes, "HTTP/1.1 {} ", given.status);
    bytes.extend(given.reason.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')));
    let close = if is_last { "Connection: close\r\n" } else { "" };
    let _ = write!(bytes, "\r\n{close}Content-Length: {}\r\n\r\n", given.body.len());
    bytes.extend(&given.body);
    bytes
}

async fn serve(mut stream: TcpStream, script: Rc<RefCell<Script>>) {
    let _ = stream.set_nodelay(true);
    while let Some(asked) = request(&mut stream).await {
        let next = {
            let mut script = script.borrow_mut();
            script.asked.push(asked);
            let next = script.left.pop_front().unwrap_or(Next::Lost);
            match &next {
                Next::Answer(given) => script.given.push(given.clone()),
                Next::Raw(bytes) => script.given.extend(read_raw(bytes)),
                Next::Lost => {}
            }
            next
        };
        let (bytes, is_last) = match next {
            // What follows such a head is not its body.
            Next::Answer(given) if matches!(given.status, 204 | 304) => (written(&given, true), true),
            Next::Answer(given) => (written(&given, false), false),
            Next::Raw(bytes) => (bytes, true),
            Next::Lost => (Vec::new(), true),
        };
        if stream.write_all(&bytes).await.is_err() || is_last {
            return;
        }
    }
}

/// What a raw answer may be taken for, whatever its head says of its end: the status and all that is behind the head.
fn read_raw(bytes: &[u8]) -> Vec<Given> {
    let Some((status, reason, body)) = kassa::table::readers::reply(bytes, bytes.len().max(1)) else {
        return Vec::new();
    };
    vec![Given { status, reason, body }]
}

async fn request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    while bytes.len() < head + length.unwrap_or(0) {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let line = text.lines().next().unwrap_or_default().rsplit_once(' ').map_or("", |(line, _)| line);
    Some(Asked { line: line.into(), body: String::from_utf8_lossy(&bytes[head..]).into_owned() })
}
