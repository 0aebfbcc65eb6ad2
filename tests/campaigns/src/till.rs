//! A client of the library, in this process or in one of its own.

use serde_json::Value;

use crate::Result;
use crate::runner::Runner;

/// A client.
pub enum Till {
    /// In this process.
    Here(kassa::Client),
    /// A `kassa-runner`.
    Process(Box<Runner>),
}

impl Till {
    /// A client in this process.
    pub fn here(config: &Value) -> Result<Self> {
        Ok(Self::Here(kassa::Client::open(&config.to_string())?))
    }

    /// A client in a process of its own.
    pub async fn start(config: &Value) -> Result<Self> {
        let mut runner = Runner::start()?;
        runner.open(config).await?;
        Ok(Self::Process(Box::new(runner)))
    }

    /// The process, where the client is in one of its own.
    pub fn process(&mut self) -> Result<&mut Runner> {
        match self {
            Self::Process(runner) => Ok(runner),
            Self::Here(_) => Err("only a process can be killed".into()),
        }
    }

    /// The envelope of a call.
    pub async fn call(&mut self, operation: &str, request: &Value) -> Result<Value> {
        match self {
            Self::Here(client) => {
                Ok(serde_json::from_str(&client.call(operation, &request.to_string()).await)?)
            }
            Self::Process(runner) => runner.call(operation, request).await,
        }
    }

    /// The same client with another configuration.
    pub async fn reopen(&mut self, config: &Value) -> Result<()> {
        match self {
            Self::Here(client) => *client = kassa::Client::open(&config.to_string())?,
            Self::Process(runner) => runner.open(config).await?,
        }
        Ok(())
    }
}
