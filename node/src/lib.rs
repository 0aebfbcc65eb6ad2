//! The native half of the npm package `kassa`: carries JSON strings between JavaScript and the
//! core. It decides nothing.

use kassa::{host, table};
use napi_derive::napi;

/// Opens a client from a configuration; an envelope, always.
#[napi(catch_unwind)]
pub fn open(config: String) -> String {
    host::open(&config)
}

/// Carries out an operation; a Promise of an envelope, always.
#[napi]
pub async fn call(client: i64, operation: String, request: String) -> String {
    host::call_async(client, &operation, &request).await
}

/// Carries out an operation while the event loop stands still; an envelope, always.
#[napi(catch_unwind)]
pub fn call_sync(client: i64, operation: String, request: String) -> String {
    host::call(client, &operation, &request)
}

/// Closes a client. Closing twice is harmless.
#[napi(catch_unwind)]
pub fn close(client: i64) {
    host::close(client);
}

/// Describes the library as JSON: vendors, operations with their JSON Schemas, error codes.
#[napi(catch_unwind)]
pub fn describe() -> String {
    table::describe()
}

/// Version of the library.
#[napi(catch_unwind)]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
