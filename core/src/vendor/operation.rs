//! A row of the closed table of operations: name, request, response, doc. JSON in, JSON out.

use futures_util::future::BoxFuture;
use schemars::Schema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::{Code, Error, Outcome, Result};
use crate::faults::may_fail;

/// A row of the table of operations: what carries it out is a client, or the desk of a vendor's own
/// operations.
pub struct Operation<Worker: ?Sized + 'static> {
    /// Name; the method's name in every language.
    pub name: &'static str,
    /// What it does, in sentences.
    pub doc: &'static str,
    /// True where it may change what is on the fiscal record.
    pub fiscal: bool,
    /// JSON Schema of the request.
    pub request: fn() -> Schema,
    /// JSON Schema of the response.
    pub response: fn() -> Schema,
    /// Reads the request, does it, writes the response.
    pub run: Run<Worker>,
}

type Run<Worker> = for<'a> fn(&'a Worker, &'a str) -> BoxFuture<'a, Result<Box<RawValue>>>;

/// For `operation!`: it may change what is on the fiscal record.
pub(crate) const FISCAL: bool = true;
/// For `operation!`: it leaves the fiscal record as it is.
pub(crate) const HARMLESS: bool = false;

/// Writes a row: `operation!("name", FISCAL, function, Request => Response, "doc")`.
macro_rules! operation {
    ($name:literal, $fiscal:ident, $run:path, $request:ty => $response:ty, $doc:literal) => {
        $crate::vendor::operation::Operation {
            name: $name,
            doc: $doc,
            fiscal: $crate::vendor::operation::$fiscal,
            request: $crate::input::schema_of::<$request>,
            response: $crate::input::schema_of::<$response>,
            run: |worker, text| {
                Box::pin(async move {
                    let request: $request = $crate::input::read(text)?;
                    let response: $response = $run(worker, request).await?;
                    $crate::vendor::operation::written(&response)
                })
            },
        }
    };
}
pub(crate) use operation;

/// The response as JSON. An error of it comes after the work was done: it tells nothing of that.
pub(crate) fn written<T: Serialize>(response: &T) -> Result<Box<RawValue>> {
    let unwritable = |error: &dyn std::fmt::Display| {
        let message = format!("the response cannot be written: {error}");
        Error::new(Code::Internal, message).with_outcome(Outcome::Unknown)
    };
    may_fail("answer_written").map_err(|injected| unwritable(&injected))?;
    serde_json::value::to_raw_value(response).map_err(|error| unwritable(&error))
}
