//! What `enqueue` and `deliver` cost at the beginning of a long queue and at its end, and what
//! memory the process has then.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use kassa::client::messages::{Deliver, Enqueue, MOST_COUNTED};
use kassa::{Client, Receipt};
use serde_json::json;

use crate::Result;
use crate::gap::{FIRST_KEY, device};
use crate::rate::{median, numbered, receipt};

/// Receipts in one `enqueue`.
const BULK: usize = 1_000;
/// How long `deliver` is measured at a time.
const SLICE: Duration = Duration::from_millis(500);
/// How often.
const SLICES: usize = 7;

/// Costs at one length of the queue.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// Receipts in the queue.
    pub queued: usize,
    /// Microseconds that a receipt costs to enqueue, in bulk: the middle one of ten bulks.
    pub enqueue_us: f64,
    /// Microseconds that a receipt costs to deliver: the middle one of seven slices.
    pub deliver_us: f64,
    /// Resident memory of the process in MiB.
    pub memory_mib: f64,
}

/// A queue that grows.
pub struct Queue {
    till: Client,
    template: Receipt,
    queued: usize,
    delivered: u64,
}

impl Queue {
    /// An empty queue in the journal at `place`, before a device that only answers.
    pub fn new(place: &str, register: &str) -> Result<Self> {
        let (address, gaps) = device()?;
        // The device ends with the receiver; here nobody looks at the gaps.
        std::thread::spawn(move || gaps.iter().for_each(drop));
        Ok(Self { till: client(place, register, address)?, template: receipt()?, queued: 0, delivered: 0 })
    }

    /// Enqueues up to so many, and measures the last ten bulks and `deliver` there.
    pub async fn grown_to(&mut self, length: usize) -> Result<Costs> {
        let mut bulks = Vec::new();
        while self.queued < length {
            let first = self.queued;
            let receipts = (first..first + BULK)
                .map(|number| numbered(&self.template, format!("order-{number:09}")))
                .collect();
            let begun = Instant::now();
            let done = self.till.enqueue(Enqueue { receipts }).await?;
            bulks.push(begun.elapsed().as_secs_f64() * 1e6 / BULK as f64);
            if let Some(error) = done.errors.first() {
                return Err(error.error.message.clone().into());
            }
            self.queued += BULK;
        }
        let last = bulks.split_off(bulks.len().saturating_sub(10));
        let mut slices = Vec::new();
        for _ in 0..SLICES {
            slices.push(self.delivered_for(SLICE).await?);
        }
        Ok(Costs {
            queued: length,
            enqueue_us: median(last),
            deliver_us: median(slices),
            memory_mib: memory_mib()?,
        })
    }

    /// Microseconds that each receipt took.
    async fn delivered_for(&mut self, time: Duration) -> Result<f64> {
        let request = Deliver { time_limit_ms: u64::try_from(time.as_millis()).ok(), ..Deliver::default() };
        let begun = Instant::now();
        let done = self.till.deliver(request).await?;
        let took = begun.elapsed();
        self.delivered += done.registered;
        let expected = (self.queued as u64 - self.delivered).min(MOST_COUNTED);
        if done.registered == 0 || done.left != expected {
            return Err(format!("{} left instead of {expected}: {:?}", done.left, done.errors.first()).into());
        }
        Ok(took.as_secs_f64() * 1e6 / done.registered as f64)
    }
}

fn client(place: &str, register: &str, address: SocketAddr) -> Result<Client> {
    let config = json!({
        "vendor": "ikkm", "base_url": format!("http://{address}"), "key": FIRST_KEY.to_string(), "register": register,
        "journal": place, "pace_ms": 0,
    });
    Ok(Client::open(&config.to_string())?)
}

/// `VmRSS` of this process.
fn memory_mib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok((kib / 1_024.0 * 10.0).round() / 10.0)
}
