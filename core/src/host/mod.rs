//! What every binding needs: one runtime a process, a table of open clients, a check for forks.
//!
//! A binding converts strings and calls `open`, `start`, `close`. Nothing is made when the library
//! is loaded; the runtime is made at the first use and again in a forked child. Hosts are chained
//! by process id and never dropped: a child must touch nothing of its parent's.

mod logging;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::client::Client;
use crate::client::messages::About;
use crate::error::{Code, Error, Kind, Outcome, Result};
use crate::faults::may_fail;
use crate::table::{self, Shared};
use crate::vendor::operation::written;

/// How long a journal that no client uses stays open for the next one.
const UNUSED_FOR: Duration = Duration::from_millis(500);

/// Threads that carry out calls. One would do for the work; a second one goes on where a vendor's endless answer
/// keeps the first one reading.
const WORKERS: usize = 2;

static FIRST: OnceLock<Box<Host>> = OnceLock::new();
/// Ids of clients; never used again, in no process that descends from this one.
static NEXT_CLIENT: AtomicI64 = AtomicI64::new(1);

struct OpenClient {
    client: Client,
    /// What there is to say about its opening. The first call's envelope has it: that of opening has no lines.
    opening: Mutex<Vec<logging::Line>>,
}

/// The number of a call that `start_numbered` began, and its envelope.
pub type Numbered = (u64, String);

struct Host {
    pid: u32,
    /// Ids below belong to an ancestor of this process.
    first_client: i64,
    runtime: Runtime,
    shared: Shared,
    clients: Mutex<HashMap<i64, Arc<OpenClient>>>,
    /// Envelopes of numbered calls, until `finished` fetches them.
    finished: (Sender<Numbered>, Mutex<Receiver<Numbered>>),
    /// The host of a child that was forked from this process.
    child: OnceLock<Box<Host>>,
}

impl Host {
    fn make() -> std::io::Result<Self> {
        may_fail("host_runtime")?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("kassa")
            .on_thread_start(leave_signals_alone)
            .enable_all()
            .build()?;
        logging::install();
        std::panic::set_hook(Box::new(table::note_panic));
        #[cfg(feature = "failpoints")]
        arm_failpoints();
        let (sender, receiver) = channel();
        Ok(Self {
            pid: std::process::id(),
            first_client: NEXT_CLIENT.load(Ordering::SeqCst),
            runtime,
            shared: Shared::default(),
            clients: Mutex::default(),
            finished: (sender, Mutex::new(receiver)),
            child: OnceLock::new(),
        })
    }
}

/// Signals belong to the host program: one that lands on a thread of ours would not wake the call
/// that the program sleeps in.
fn leave_signals_alone() {
    #[cfg(unix)]
    // It fails for an unknown `how` only.
    let _ = nix::sys::signal::SigSet::all().thread_block();
}

/// Arms the steps named in FAILPOINTS, once in a process and its children: it takes a lock for good.
#[cfg(feature = "failpoints")]
fn arm_failpoints() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| std::mem::forget(fail::FailScenario::setup()));
}

/// The host of this very process.
fn host() -> Result<&'static Host> {
    let exhausted = |cause: std::io::Error| {
        let message =
            format!("the system gives the library no thread or no file ({cause}); nothing was sent");
        Error::new(Code::HostExhausted, message)
    };
    let mut place = &FIRST;
    loop {
        if place.get().is_none() {
            // Another thread may have been quicker.
            let made = std::panic::catch_unwind(Host::make);
            // The runtime panics where it gets no thread.
            let made =
                made.unwrap_or_else(|cause| Err(std::io::Error::other(table::panicked(&*cause).message)));
            let _ = place.set(Box::new(made.map_err(exhausted)?));
        }
        match place.get() {
            Some(host) if host.pid == std::process::id() => return Ok(host),
            Some(host) => place = &host.child,
            None => {}
        }
    }
}

#[derive(Serialize)]
struct Opened {
    client: i64,
    #[serde(flatten)]
    about: About,
}

/// Opens a client. The envelope of success has its id: `{"ok": {"client": 1, ...}}`.
pub fn open(config: &str) -> String {
    let opened = guarded(|| {
        let host = host()?;
        may_fail("host_client")?;
        let _runtime = host.runtime.enter();
        let (client, opening) = logging::opening(|| Client::open_with(&host.shared, config))?;
        let id = NEXT_CLIENT.fetch_add(1, Ordering::SeqCst);
        let about = client.about();
        let open = Arc::new(OpenClient { client, opening: Mutex::new(opening) });
        host.clients.lock().unwrap_or_else(PoisonError::into_inner).insert(id, open);
        written(&Opened { client: id, about })
    });
    // Opening sends nothing; only the journal says more of what was sold before.
    table::envelope(opened.map_err(|error| match error.code.kind() {
        Kind::Journal => error,
        _ => error.with_outcome(Outcome::NotRegistered),
    }))
}

/// Closes a client. Calls under way come to their end; closing twice is harmless.
pub fn close(client: i64) {
    // Without a host there is no client to close.
    let Some(host) = current() else { return };
    let removed = host.clients.lock().unwrap_or_else(PoisonError::into_inner).remove(&client);
    // A client that panics while it is dropped must not take the caller with it.
    let _ = guarded(|| {
        drop(removed);
        let Some(host) = current() else { return Ok(()) };
        // Another copy of the library in this process, such as the next release, may want the journal.
        host.runtime.spawn(async {
            tokio::time::sleep(UNUSED_FOR).await;
            let _ = tokio::task::spawn_blocking(|| {
                if let Some(host) = current() {
                    host.shared.journals.let_go_unused();
                }
            })
            .await;
        });
        Ok(())
    });
}

/// A call under way. Dropping it does not stop the call: what was begun is brought to its end.
pub struct Ticket(Receiver<String>);

impl Ticket {
    /// The envelope, or `None` where it did not come within `timeout`.
    pub fn wait(&self, timeout: Duration) -> Option<String> {
        match self.0.recv_timeout(timeout) {
            Ok(envelope) => Some(envelope),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(table::envelope(Err(stopped()))),
        }
    }

    /// The envelope, however long it takes; every operation has a deadline of its own.
    pub fn finish(self) -> String {
        self.0.recv().unwrap_or_else(|_| table::envelope(Err(stopped())))
    }
}

fn stopped() -> Error {
    Error::new(Code::Internal, "the runtime stopped before the call ended")
}

/// Starts an operation and gives back a ticket to wait with.
pub fn start(client: i64, operation: &str, request: &str) -> Ticket {
    let (sender, receiver) = sync_channel(1);
    let tell = sender.clone();
    let done = move |envelope| {
        // Nobody listens where the caller gave up.
        let _ = tell.try_send(envelope);
    };
    if let Err(error) = start_with(client, operation, request, done) {
        let _ = sender.try_send(table::envelope(Err(error)));
    }
    Ticket(receiver)
}

/// Carries out an operation and waits for it.
pub fn call(client: i64, operation: &str, request: &str) -> String {
    start(client, operation, request).finish()
}

/// Carries out an operation for a caller that has a runtime of its own.
pub async fn call_async(client: i64, operation: &str, request: &str) -> String {
    match begun(client, operation, request) {
        Ok(answer) => heard(answer).await,
        Err(error) => table::envelope(Err(error)),
    }
}

/// Starts an operation whose envelope `finished` gives under this number. Where it cannot be started, the envelope
/// comes back at once.
pub fn start_numbered(client: i64, operation: &str, request: &str, number: u64) -> Option<String> {
    let started = guarded(|| {
        let host = host()?;
        let answer = begun(client, operation, request)?;
        let sender = host.finished.0.clone();
        // The receiver stays as long as the process.
        host.runtime.spawn(async move { sender.send((number, heard(answer).await)) });
        Ok(())
    });
    started.err().map(|error| table::envelope(Err(error)))
}

/// Waits for numbered calls of this process and gives back all that have come to their end. Ask again where there is
/// none: the process has no runtime yet.
pub fn finished() -> Vec<Numbered> {
    let Ok(host) = host() else {
        std::thread::sleep(UNUSED_FOR);
        return Vec::new();
    };
    let receiver = host.finished.1.lock().unwrap_or_else(PoisonError::into_inner);
    receiver.recv().into_iter().chain(receiver.try_iter()).collect()
}

fn begun(client: i64, operation: &str, request: &str) -> Result<oneshot::Receiver<String>> {
    let (sender, receiver) = oneshot::channel();
    let done = move |envelope| {
        // Nobody listens where the caller gave up.
        let _ = sender.send(envelope);
    };
    start_with(client, operation, request, done)?;
    Ok(receiver)
}

async fn heard(answer: oneshot::Receiver<String>) -> String {
    answer.await.unwrap_or_else(|_| table::envelope(Err(stopped())))
}

fn start_with(
    client: i64,
    operation: &str,
    request: &str,
    done: impl FnOnce(String) + Send + 'static,
) -> Result<()> {
    guarded(|| {
        let host = host()?;
        let found = find(host, client)?;
        let (operation, request) = (operation.to_owned(), request.to_owned());
        host.runtime.spawn(async move {
            let before = std::mem::take(&mut *found.opening.lock().unwrap_or_else(PoisonError::into_inner));
            let client = &found.client;
            done(logging::collect(client, before, client.call(&operation, &request)).await);
        });
        Ok(())
    })
}

fn find(host: &Host, client: i64) -> Result<Arc<OpenClient>> {
    if let Some(found) = host.clients.lock().unwrap_or_else(PoisonError::into_inner).get(&client) {
        return Ok(found.clone());
    }
    if (1..host.first_client).contains(&client) {
        let message =
            format!("client {client} was opened before a fork, in another process than {}", host.pid);
        return Err(Error::new(Code::ClientForked, message));
    }
    // What was sold through it cannot be told without it.
    let closed = Error::new(Code::ClientClosed, "the client is closed, or was never opened");
    Err(closed.with_outcome(Outcome::Unknown))
}

/// The host of this process, if it has one.
fn current() -> Option<&'static Host> {
    let mut host = FIRST.get()?;
    while host.pid != std::process::id() {
        host = host.child.get()?;
    }
    Some(host)
}

/// Turns a panic into an error, so that none crosses the border.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|cause| Err(table::panicked(&*cause)))
}
