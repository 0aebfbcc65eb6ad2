//! `kassa._native`: carries JSON strings between Python and the core. It decides nothing.

mod gate;

use std::time::Duration;

use kassa::{host, operations};
use pyo3::prelude::*;

/// How often a waiting call looks for Ctrl-C.
const SIGNAL_PAUSE: Duration = Duration::from_millis(100);

/// Does work that may wait with the GIL released, so that other Python threads run.
fn released<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    let done = py.detach(|| {
        let done = work();
        gate::enter();
        done
    });
    gate::leave();
    done
}

/// Opens a client from a configuration; an envelope, always.
#[pyfunction]
fn open(py: Python<'_>, config: String) -> String {
    released(py, move || host::open(&config))
}

/// Carries out an operation; an envelope, always. Raises only what a signal handler raises, such
/// as KeyboardInterrupt: the operation then goes on without its caller.
#[pyfunction]
fn call(py: Python<'_>, client: i64, operation: String, request: String) -> PyResult<String> {
    let mut ticket = None;
    loop {
        let (waited, envelope) = released(py, || {
            let ticket = ticket.take().unwrap_or_else(|| host::start(client, &operation, &request));
            let envelope = ticket.wait(SIGNAL_PAUSE);
            (ticket, envelope)
        });
        if let Some(envelope) = envelope {
            return Ok(envelope);
        }
        ticket = Some(waited);
        py.check_signals()?;
    }
}

/// Closes a client. Closing twice is harmless.
#[pyfunction]
fn close(py: Python<'_>, client: i64) {
    released(py, move || host::close(client));
}

/// Describes the library as JSON: vendors, operations with their JSON Schemas, error codes.
#[pyfunction]
fn describe() -> String {
    operations::describe()
}

/// Version of the library.
#[pyfunction]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// For `os.register_at_fork`: closes every journal file for the moment of the fork.
#[pyfunction]
fn before_fork() {
    host::before_fork();
}

/// For `os.register_at_fork`, in the parent and in the child.
#[pyfunction]
fn after_fork(in_child: bool) {
    if in_child {
        gate::forget();
    }
    host::after_fork();
}

/// For `atexit`: from here on no call of another thread comes back to Python.
#[pyfunction]
fn exiting(py: Python<'_>) {
    py.detach(gate::shut);
}

#[pymodule]
#[pyo3(name = "_native")]
mod native {
    #[pymodule_export]
    use super::{after_fork, before_fork, call, close, describe, exiting, open, version};
}
