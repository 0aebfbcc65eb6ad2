//! ATOL Online's configuration (protocol/atol.md 1.1, 2.1, 2.3, 2.6).

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::address;
use crate::config::Common;
use crate::error::{Code, Violation, violation};
use crate::receipt::Company;
use crate::vendor::identity::{Identity, RegisterName, system};

/// Name in configurations and envelopes.
pub const NAME: &str = "atol";

/// Which of the vendor's systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AtolEnvironment")]
pub enum Environment {
    /// online.atol.ru.
    Production,
    /// testonline.atol.ru, the vendor's public stand.
    Test,
}

/// Names and addresses of the systems.
const SYSTEMS: [(&str, &str); 2] =
    [("production", "https://online.atol.ru/possystem"), ("test", "https://testonline.atol.ru/possystem")];

impl Environment {
    const fn system(self) -> (&'static str, &'static str) {
        match self {
            Environment::Production => SYSTEMS[0],
            Environment::Test => SYSTEMS[1],
        }
    }
}

/// Version of the document protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Version 4, format FFD 1.05.
    V4,
    /// Version 5, format FFD 1.2.
    V5,
}

impl Protocol {
    /// The version as it stands in paths.
    pub const fn path(self) -> &'static str {
        match self {
            Protocol::V4 => "v4",
            Protocol::V5 => "v5",
        }
    }
}

/// Configuration of an ATOL Online client.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct AtolConfig {
    /// Always `atol`; the facades set it themselves.
    #[schemars(length(min = 1))]
    pub vendor: String,
    /// Which of the vendor's systems; required unless `base_url` is given.
    pub environment: Option<Environment>,
    /// Login of the integrator settings.
    #[schemars(length(min = 1, max = 100))]
    pub login: String,
    /// Password of the integrator settings.
    #[schemars(with = "String", length(min = 1, max = 100))]
    pub password: SecretString,
    /// Code of the group of cash registers. Needed for documents, not for monitoring.
    #[schemars(length(min = 1, max = 100))]
    pub group_code: Option<String>,
    /// Version of the document protocol; `v5` unless given. Error 21 says that a group needs the other.
    pub protocol: Option<Protocol>,
    /// False for a group of v5 that does not know `planned_status` yet (protocol/atol.md 5.19): then it goes out only
    /// where a line gives it. Otherwise marked goods have it always.
    pub planned_status: Option<bool>,
    /// What a receipt's `company` leaves out.
    pub company: Option<Company>,
    /// Address of the monitoring interface; absent means that of `environment`, or `api` beside
    /// `base_url`.
    #[schemars(extend("format" = "uri"))]
    pub monitoring_url: Option<String>,
    /// Milliseconds between two questions of `wait` (1000: the vendor allows one a second and cash
    /// register in v4).
    #[schemars(range(min = 10, max = 60_000))]
    pub poll_ms: Option<u64>,
    /// What every vendor's configuration has. `base_url` is what stands in front of `/v4` and `/v5`.
    #[serde(flatten)]
    pub common: Common,
}

impl AtolConfig {
    /// Address of the documents: what stands in front of `/v4` and `/v5`.
    pub fn base(&self) -> Option<Url> {
        self.common.address(self.environment.map(|environment| environment.system().1))
    }

    /// Address of the monitoring: what stands in front of `/auth` and `/kkt`.
    pub fn monitoring(&self) -> Option<Url> {
        match &self.monitoring_url {
            Some(text) => Url::parse(text).ok(),
            None => self.base()?.join("/api").ok(),
        }
    }

    /// The document protocol.
    pub fn protocol(&self) -> Protocol {
        self.protocol.unwrap_or(Protocol::V5)
    }

    fn group_or_login(&self) -> &str {
        self.group_code.as_deref().unwrap_or(&self.login)
    }

    /// Stable name of the group of cash registers. Ids are unique within it (protocol/atol.md 2.12).
    pub fn register(&self) -> RegisterName {
        RegisterName::of(NAME, self.common.register.as_deref(), [self.group_or_login()])
    }

    /// The group, at the system that `base` leads to.
    pub fn identity(&self, base: &Url) -> Identity {
        let environment = self.environment.map(|environment| environment.system().0);
        Identity::new(system(environment, base, &SYSTEMS), self.group_or_login())
    }

    /// Mistakes that the schema cannot see.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = self.common.violations_in_cloud(self.environment.is_some());
        let monitoring = self.monitoring_url.iter();
        found.extend(monitoring.flat_map(|url| address::mistakes_in_cloud("/monitoring_url", url)));
        let mut wrong = |path: &str, code, message: &str| found.push(violation(path, code, message));
        if self.login.contains(char::is_whitespace) {
            wrong("/login", Code::WrongFormat, "must have no spaces");
        }
        found
    }
}
