//! The sample's configuration (protocol/sample.md 1).

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::config::{Common, Credentials};
use crate::error::{Code, Violation, violation};
use crate::vendor::identity::{Identity, RegisterName, system};

/// Name in configurations and envelopes.
pub const NAME: &str = "sample";

/// Configuration of a client of the sample.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct SampleConfig {
    /// Always `sample`; the facades set it themselves.
    #[schemars(length(min = 1))]
    pub vendor: String,
    /// Credentials of the cash register. The user name names it in the journal unless `register` does.
    pub credentials: Credentials,
    /// Milliseconds after a lost answer from which "unknown document" is believed (1000).
    #[schemars(range(min = 0, max = 60_000))]
    pub settle_ms: Option<u64>,
    /// What every vendor's configuration has.
    #[serde(flatten)]
    pub common: Common,
}

impl SampleConfig {
    /// What stands in front of `/documents`.
    pub fn base(&self) -> Option<Url> {
        self.common.address(None)
    }

    /// Stable name of the cash register.
    pub fn register(&self) -> RegisterName {
        RegisterName::of(NAME, self.common.register.as_deref(), [self.credentials.user_name.as_str()])
    }

    /// Who the cash register is, at the system that `base` leads to.
    pub fn identity(&self, base: &Url) -> Identity {
        Identity::new(system(None, base, &[]), &self.credentials.user_name)
    }

    /// Mistakes that the schema cannot see.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = self.common.violations_in_cloud(true);
        if self.common.base_url.is_none() {
            found.push(violation("/base_url", Code::MissingField, "the sample has no address of its own"));
        }
        found
    }
}
