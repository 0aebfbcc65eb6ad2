//! `kassa._native`: carries JSON strings between Python and the core. It decides nothing.

use std::time::Duration;

use kassa::{host, table};
use pyo3::prelude::*;

/// How often a waiting call looks for Ctrl-C.
const SIGNAL_PAUSE: Duration = Duration::from_millis(100);

/// Opens a client from a configuration; an envelope, always.
#[pyfunction]
fn open(py: Python<'_>, config: String) -> String {
    py.detach(|| host::open(&config))
}

/// Carries out an operation; an envelope, always. Raises only what a signal handler raises, such
/// as KeyboardInterrupt: the operation then goes on without its caller.
#[pyfunction]
fn call(py: Python<'_>, client: i64, operation: String, request: String) -> PyResult<String> {
    let mut ticket = py.detach(|| host::start(client, &operation, &request));
    loop {
        // The ticket goes along: only its owner may wait.
        let (waited, envelope) = py.detach(move || {
            let envelope = ticket.wait(SIGNAL_PAUSE);
            (ticket, envelope)
        });
        if let Some(envelope) = envelope {
            return Ok(envelope);
        }
        py.check_signals()?;
        ticket = waited;
    }
}

/// Starts an operation; `finished` gives its envelope under this number. Where it cannot be started, it comes at once.
/// That is done before another thread would have had its turn, so the GIL is kept.
#[pyfunction]
fn start(client: i64, operation: &str, request: &str, number: u64) -> Option<String> {
    host::start_numbered(client, operation, request, number)
}

/// Waits until started operations have ended: their numbers and envelopes.
#[pyfunction]
fn finished(py: Python<'_>) -> Vec<(u64, String)> {
    py.detach(host::finished)
}

/// Closes a client. Closing twice is harmless.
#[pyfunction]
fn close(py: Python<'_>, client: i64) {
    py.detach(|| host::close(client));
}

/// Describes the library as JSON: vendors, operations with their JSON Schemas, error codes.
#[pyfunction]
fn describe() -> String {
    table::describe()
}

/// Version of the library.
#[pyfunction]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

#[pymodule]
#[pyo3(name = "_native")]
mod native {
    #[pymodule_export]
    use super::{call, close, describe, finished, open, start, version};
}
