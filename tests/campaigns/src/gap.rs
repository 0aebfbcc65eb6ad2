//! The time that the library adds between the answer to one sale and the next: measured at the
//! device's end of the wire, by a device that does nothing but answer.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::Result;
use crate::sale::Sale;
use crate::till::Till;

pub(crate) const FIRST_KEY: u64 = 10_000_000;
const FIRST_TENGE: u32 = 1_000;
/// Where the device answers with a new key; elsewhere it is ready.
const REGISTRATION: &str = "POST /api ";

/// Gaps, from the shortest to the longest.
#[derive(Debug)]
pub struct Gaps(Vec<Duration>);

impl Gaps {
    /// The gap that this share of all gaps does not exceed, in milliseconds.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let index = (last as f64 * share).round() as usize;
        self.0.get(index).map_or(f64::NAN, |gap| gap.as_secs_f64() * 1_000.0)
    }
}

/// Sells one after the other, as fast as it goes, through a SQLite journal.
pub async fn measure(sales: u32) -> Result<Gaps> {
    let folder = TempDir::new()?;
    let (address, gaps) = device()?;
    let mut till = Till::here(&json!({
        "vendor": "ikkm",
        "base_url": format!("http://{address}"),
        "key": FIRST_KEY.to_string(),
        "journal": format!("sqlite:{}", folder.path().join("journal.sqlite").display()),
        "pace_ms": 0,
    }))?;
    for sale in (FIRST_TENGE..).take(usize::try_from(sales)?).map(Sale::of) {
        let envelope = till.call("register", &sale.receipt()).await?;
        if envelope["ok"]["state"] != "registered" {
            return Err(format!("not registered: {envelope}").into());
        }
    }
    let mut gaps: Vec<Duration> = gaps.try_iter().collect();
    gaps.sort();
    Ok(Gaps(gaps))
}

/// A device on a thread of its own. It tells the time from the end of each answer to the first byte
/// of the next request, and ends with the receiver.
pub(crate) fn device() -> Result<(SocketAddr, mpsc::Receiver<Duration>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut answered = None;
        for (number, stream) in (1..).zip(listener.incoming()) {
            let Ok((begun, ended)) = stream.and_then(|stream| exchange(stream, number)) else { continue };
            let gap = answered.replace(ended).map(|answered: Instant| begun.duration_since(answered));
            if gap.is_some_and(|gap| tell.send(gap).is_err()) {
                return;
            }
        }
    });
    Ok((address, told))
}

/// Answers one request; when its first byte came, and when its answer was out.
fn exchange(mut stream: TcpStream, number: u64) -> io::Result<(Instant, Instant)> {
    stream.set_nodelay(true)?;
    let mut input = BufReader::new(stream.try_clone()?);
    input.fill_buf()?;
    let begun = Instant::now();
    let mut line = String::new();
    input.read_line(&mut line)?;
    let body = if line.starts_with(REGISTRATION) { FIRST_KEY + number } else { 0 };
    let mut length = 0;
    loop {
        line.clear();
        input.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap_or(0);
            }
            Some(_) => {}
            None => break,
        }
    }
    input.read_exact(&mut vec![0; length])?;
    let body = body.to_string();
    let head =
        format!("HTTP/1.1 200 {number}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes())?;
    Ok((begun, Instant::now()))
}
