//! Operations for the bindings' own tests (feature `testing`): each binding must carry texts,
//! errors, panics and long waits across the border in the same way. Never shown by `describe`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::{Code, Error, Result};
use crate::vendor::messages::Nothing;
use crate::vendor::operation::{Operation, operation};

/// The rows.
pub const OPERATIONS: &[Operation<Client>] = &[
    operation!("test_echo", HARMLESS, echo, Echo => Echo, "Gives the text back."),
    operation!("test_error", HARMLESS, error, Fail => Nothing, "Fails with the code that was asked for."),
    operation!("test_panic", HARMLESS, panic, Nothing => Nothing, "Panics."),
    operation!("test_sleep", HARMLESS, sleep, Sleep => Nothing, "Waits without doing anything."),
];

/// A text.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Echo {
    /// The text.
    #[schemars(extend("format" = "any"))]
    pub text: String,
}

/// The error that is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// Its code.
    pub code: String,
}

/// How long to wait.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sleep {
    /// Milliseconds.
    pub ms: u64,
}

async fn echo(_: &Client, request: Echo) -> Result<Echo> {
    Ok(request)
}

async fn error(_: &Client, request: Fail) -> Result<Nothing> {
    let code = Code::named(&request.code).unwrap_or(Code::Internal);
    Err(Error::new(code, format!("asked for {}", request.code)))
}

#[allow(clippy::panic)]
async fn panic(_: &Client, _: Nothing) -> Result<Nothing> {
    panic!("asked for a panic");
}

async fn sleep(_: &Client, request: Sleep) -> Result<Nothing> {
    tokio::time::sleep(std::time::Duration::from_millis(request.ms)).await;
    Ok(Nothing {})
}
