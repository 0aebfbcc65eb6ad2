//! A relay between the library and a vendor: it passes every exchange on, and does to single ones what networks and
//! gateways do. What it did is told by the ticket of the order, never by the order.

mod exchange;
mod http;
mod order;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use self::http::{Answer, Page};
pub use self::order::{Call, Done, Gate, Meeting, Order, Progress, Ticket, Treatment};
use crate::Result;

/// Answers of a kind of call that are kept, to be given once more.
const KEPT: usize = 8;
const SCHEME: &str = "http://";

/// What the tasks of a relay share.
pub(crate) struct Shared {
    calls: Vec<Call>,
    orders: Mutex<VecDeque<(Order, watch::Sender<Progress>)>>,
    older: Mutex<HashMap<&'static str, VecDeque<Answer>>>,
    under_way: AtomicUsize,
    documents: AtomicUsize,
}

/// A relay that listens; it stops when this is dropped.
pub struct Relay {
    shared: Arc<Shared>,
    places: BTreeMap<String, String>,
    tasks: Vec<AbortHandle>,
}

impl Relay {
    /// Listens on loopback for each of the addresses in a configuration. `calls` are the kinds of call that orders
    /// may be about; the first that fits is a request's.
    pub async fn start(config: &Value, calls: Vec<Call>) -> Result<Self> {
        let shared = Arc::new(Shared {
            calls,
            orders: Mutex::default(),
            older: Mutex::default(),
            under_way: AtomicUsize::new(0),
            documents: AtomicUsize::new(0),
        });
        let mut relay = Self { shared, places: BTreeMap::new(), tasks: Vec::new() };
        for upstream in authorities(config) {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            relay.places.insert(upstream.clone(), listener.local_addr()?.to_string());
            let shared = relay.shared.clone();
            let task = tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (shared, upstream) = (shared.clone(), upstream.clone());
                    tokio::spawn(async move { exchange::carry(&shared, stream, &upstream).await });
                }
            });
            relay.tasks.push(task.abort_handle());
        }
        Ok(relay)
    }

    /// A configuration with every address led through the relay.
    pub fn through(&self, config: &Value) -> Value {
        let mut config = config.clone();
        for value in config.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
            let Some(upstream) = value.as_str().and_then(authority) else { continue };
            if let (Some(here), Some(text)) = (self.places.get(upstream), value.as_str()) {
                *value = text.replacen(upstream, here, 1).into();
            }
        }
        config
    }

    /// Has something done to the next exchange that the order is about.
    pub fn order(&self, order: Order) -> Ticket {
        let (tell, told) = watch::channel(Progress::Waiting);
        self.shared.orders.lock().push_back((order, tell));
        Ticket::new(told)
    }

    /// Takes back the orders that no exchange came for.
    pub fn clear(&self) {
        self.shared.orders.lock().clear();
    }

    /// Whether an exchange is under way, one whose client hung up included.
    pub fn is_busy(&self) -> bool {
        self.shared.under_way.load(Ordering::SeqCst) > 0
    }

    /// How many requests for a document it passed on.
    pub fn documents(&self) -> usize {
        self.shared.documents.load(Ordering::SeqCst)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Shared {
    /// The kind of a call, by its method and path.
    fn call_of(&self, line: &str) -> Option<&'static str> {
        self.calls.iter().find(|call| (call.is)(line)).map(|call| call.name)
    }

    /// Takes the first order that is about this request.
    fn take(&self, call: &str, request: &[u8]) -> Option<(Order, watch::Sender<Progress>)> {
        let mut orders = self.orders.lock();
        let place = orders.iter().position(|(order, _)| order.is_about(call, request))?;
        orders.remove(place)
    }

    /// Keeps an answer of a kind of call.
    fn keep(&self, call: &'static str, answer: &Answer) {
        if answer.is_success() {
            let mut older = self.older.lock();
            let kept = older.entry(call).or_default();
            kept.push_back(answer.clone());
            if kept.len() > KEPT {
                kept.pop_front();
            }
        }
    }

    /// An answer of this kind of call to an earlier request: so many before the last one.
    fn older(&self, call: &str, back: usize) -> Option<Answer> {
        let older = self.older.lock();
        let kept = older.get(call)?;
        kept.iter().rev().nth(back.min(kept.len().checked_sub(1)?)).cloned()
    }
}

/// Host and port of every address in a configuration.
fn authorities(config: &Value) -> BTreeSet<String> {
    let values = config.as_object().into_iter().flat_map(serde_json::Map::values);
    values.filter_map(|value| authority(value.as_str()?)).map(str::to_owned).collect()
}

fn authority(address: &str) -> Option<&str> {
    address.strip_prefix(SCHEME)?.split('/').next()
}
