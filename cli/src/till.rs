//! The configuration, and the client that is opened with it.

use std::fs::read_to_string;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use kassa::Client;
use kassa::error::ErrorBody;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::out::{Answer, read};

/// Where the configuration is, unless somebody says otherwise.
const CONFIG: &str = "kassa.json";
/// The environment variable that says so.
const VARIABLE: &str = "KASSA_CONFIG";

/// Where the configuration is: the flag, the environment, the working directory.
pub fn place(given: Option<&Path>) -> PathBuf {
    let said = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    given.map(Path::to_owned).or(said).unwrap_or_else(|| CONFIG.into())
}

/// The text of the configuration.
pub fn config(place: &Path) -> Result<String, Failure> {
    if !place.exists() {
        return Err(Failure::usage(
            format!("there is no configuration {}", place.display()),
            format!("Name it with --config FILE or in {VARIABLE}, or make one with `kassa init VENDOR`."),
        ));
    }
    kassa::config::read_file(place).map_err(|error| {
        Failure::usage(error.message, "Only its owner may read a configuration: it holds passwords.")
    })
}

/// A client.
pub struct Till {
    /// The client.
    pub client: Client,
}

/// What an operation answers.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Envelope {
    Ok(Box<RawValue>),
    Error(Box<ErrorBody>),
}

impl Till {
    /// Opens the client of a configuration.
    pub fn open(config: &str) -> Result<Self, Failure> {
        Ok(Self { client: Client::open(config)? })
    }

    /// Carries out an operation.
    pub async fn call(&self, operation: &str, request: &Value) -> Result<Answer, Failure> {
        self.call_with(operation, &request.to_string()).await
    }

    /// The same with the request as JSON.
    pub async fn call_with(&self, operation: &str, request: &str) -> Result<Answer, Failure> {
        let envelope = RawValue::from_string(self.client.call(operation, request).await);
        let envelope = envelope.map_err(|error| {
            let message = format!("an answer of the library is no JSON: {error}");
            kassa::Error::new(kassa::error::Code::Internal, message)
        })?;
        match read(&envelope)? {
            Envelope::Ok(answer) => Ok(Answer(answer)),
            Envelope::Error(error) => Err((*error).into()),
        }
    }
}

/// The text of a file; `-` is standard input.
pub fn text_of(file: &Path) -> Result<String, Failure> {
    if file.as_os_str() != "-" {
        return read_to_string(file).map_err(|error| Failure::of_file(file, &error));
    }
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::of_file("standard input".as_ref(), &error)),
    }
}
