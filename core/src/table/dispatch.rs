//! An operation by its name: JSON in, envelope out.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::client::Client;
use crate::client::operations::SHARED;
use crate::error::{Code, Error, ErrorBody, Kind, Outcome, Result};

impl Client {
    /// Carries out an operation by name: the boundary that every language stands on. Never fails and
    /// never panics: an envelope always.
    pub async fn call(&self, operation: &str, request: &str) -> String {
        let started = std::time::Instant::now();
        let (name, work) = self.found(operation, request);
        let result = AssertUnwindSafe(work).catch_unwind().await;
        let result = result.unwrap_or_else(|cause| Err(panicked(&*cause)));
        self.counters.count(name, started.elapsed(), result.as_ref().err());
        envelope(result)
    }

    /// The operation with this name, ready to run. The rows for the bindings' own tests are found but
    /// never shown.
    fn found<'a>(
        &'a self,
        name: &str,
        request: &'a str,
    ) -> (&'static str, BoxFuture<'a, Result<Box<RawValue>>>) {
        #[cfg(feature = "testing")]
        if let Some(row) = super::testing::OPERATIONS.iter().find(|row| row.name == name) {
            return (row.name, (row.run)(self, request));
        }
        if let Some(row) = SHARED.iter().find(|row| row.name == name) {
            let work = async move {
                match (row.run)(self, request).await {
                    // It could not be read, and yet the id in it may be on record from before.
                    Err(error) if error.kind() == Kind::Invalid => match serde_json::from_str(request) {
                        Ok(About { id }) => Err(self.delivery.told(error, &id).await),
                        Err(_) => Err(error),
                    },
                    result => result,
                }
            };
            return (row.name, Box::pin(work));
        }
        if let Some(row) = self.info.operations.iter().find(|row| row.name == name) {
            let work = async move {
                // A vendor's own operations use its name for secrets too.
                self.delivery.register().await?;
                (row.run)(&self.delivery, request).await
            };
            return (row.name, Box::pin(work));
        }
        let error = unknown_operation(self, name);
        ("unknown", Box::pin(async move { Err(error) }))
    }
}

/// The receipt that a request is about.
#[derive(Deserialize)]
struct About {
    id: String,
}

fn unknown_operation(client: &Client, operation: &str) -> Error {
    let name: String = operation.chars().take(60).collect();
    let known = client.operations().join(", ");
    let message = format!("{} has no operation `{name}`; there are {known}", client.info.name);
    Error::new(Code::OperationUnknown, message)
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Envelope {
    Ok(Box<RawValue>),
    Error(ErrorBody),
}

/// The envelope of a result: `{"ok": ...}` or `{"error": {...}}`.
pub fn envelope(result: Result<Box<RawValue>>) -> String {
    let envelope = result.map_or_else(|error| Envelope::Error(error.into()), Envelope::Ok);
    serde_json::to_string(&envelope).unwrap_or_else(|_| UNWRITABLE.into())
}

const UNWRITABLE: &str = r#"{"error":{"code":"internal","kind":"internal","message":"the envelope cannot be written","advice":"A defect of this library. Please report it.","outcome":"unknown","retry_after_ms":null,"violations":[],"vendor":null}}"#;

thread_local! {
    /// Where this thread panicked last, until that is told.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// A hook for panics: prints nothing, because the host's standard error is not ours to write to, and remembers the
/// place for the error.
pub fn note_panic(panic: &PanicHookInfo<'_>) {
    // A thread that ends has nobody left to tell it to.
    let _ = PLACE.try_with(|place| place.set(panic.location().map(ToString::to_string)));
}

/// The error of a panic: after it nobody knows what was sent.
pub fn panicked(cause: &(dyn Any + Send)) -> Error {
    let text =
        cause.downcast_ref::<&str>().copied().or_else(|| cause.downcast_ref::<String>().map(String::as_str));
    let at = PLACE.take().map_or_else(String::new, |place| format!(" at {place}"));
    let message = format!("panic{at}: {}", text.unwrap_or("no message"));
    Error::new(Code::Internal, message).with_outcome(Outcome::Unknown)
}
