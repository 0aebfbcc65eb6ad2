//! Modulkassa's configuration (protocol/modulkassa.md 1.1, 1.2).

use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::config::{Common, Credentials};
use crate::error::{Code, Violation, violation};
use crate::vendor::identity::{Identity, RegisterName, system};

/// Milliseconds after a lost answer from which "unknown document" is believed: what a repeated id gives is not
/// documented, so the time is that of vendors without a key.
const SETTLE_MS: u64 = 10_000;

/// Name in configurations and envelopes.
pub const NAME: &str = "modulkassa";

/// Which of the vendor's systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// my.modulkassa.ru.
    Production,
    /// service.modulpos.ru, the older name of the same system.
    ProductionLegacy,
    /// demo.modulpos.ru: documents are recorded virtually. Associations are separate from production.
    Demo,
    /// The vendor's own system for trials, by the name that it has with every vendor: the same as `demo`.
    Test,
}

/// Names and addresses of the systems. Production has two addresses and is one system.
const SYSTEMS: [(&str, &str); 3] = [
    ("production", "https://my.modulkassa.ru/api/fn"),
    ("production", "https://service.modulpos.ru/api/fn"),
    ("demo", "https://demo.modulpos.ru/api/fn"),
];

impl Environment {
    const fn system(self) -> (&'static str, &'static str) {
        match self {
            Environment::Production => SYSTEMS[0],
            Environment::ProductionLegacy => SYSTEMS[1],
            Environment::Demo | Environment::Test => SYSTEMS[2],
        }
    }
}

/// Which form of the submit call is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentVersion {
    /// `v1/doc`, the older one.
    V1,
    /// `v2/doc`.
    #[default]
    V2,
}

impl DocumentVersion {
    /// The version as it stands in paths.
    pub const fn path(self) -> &'static str {
        match self {
            DocumentVersion::V1 => "v1",
            DocumentVersion::V2 => "v2",
        }
    }
}

/// Account of the back office. The password shows in no `Debug` output.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// E-mail address of the account, or the name shown for the service of online receipts.
    #[schemars(length(min = 1, max = 256))]
    pub login: String,
    /// Password.
    #[schemars(with = "String", length(min = 1, max = 256))]
    pub password: SecretString,
}

/// Configuration of a Modulkassa client.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ModulkassaConfig {
    /// Always `modulkassa`; the facades set it themselves.
    #[schemars(length(min = 1))]
    pub vendor: String,
    /// Which of the vendor's systems; required unless `base_url` is given.
    pub environment: Option<Environment>,
    /// Credentials of the association. Absent: those that `associate` left in the journal.
    pub credentials: Option<Credentials>,
    /// Account of the back office, for `associate` and `retail_point`.
    pub account: Option<Account>,
    /// The retail point. It names the cash register in the journal unless `register` does.
    #[schemars(length(min = 1, max = 128))]
    pub retail_point_id: Option<String>,
    /// Tells several applications at one retail point apart.
    #[schemars(length(min = 1, max = 128))]
    pub client_id: Option<String>,
    /// Form of the submit call; `v2` unless given.
    pub document_version: Option<DocumentVersion>,
    /// Milliseconds after a lost answer from which "unknown document" is believed (10000).
    #[schemars(range(min = 0, max = 60_000))]
    pub settle_ms: Option<u64>,
    /// What every vendor's configuration has.
    #[serde(flatten)]
    pub common: Common,
}

impl ModulkassaConfig {
    /// How long "unknown document" is not believed.
    pub fn settle_after(&self) -> Duration {
        Duration::from_millis(self.settle_ms.unwrap_or(SETTLE_MS))
    }

    /// The form of the submit call.
    pub fn version(&self) -> DocumentVersion {
        self.document_version.unwrap_or_default()
    }

    /// Address of the fiscalization interface: what stands in front of `/v1` and `/v2`.
    pub fn base(&self) -> Option<Url> {
        self.common.address(self.environment.map(|environment| environment.system().1))
    }

    fn user_name(&self) -> Option<&str> {
        self.credentials.as_ref().map(|credentials| credentials.user_name.as_str())
    }

    /// Stable name of the cash register. A journal that was begun before the retail point was named has it under
    /// the association's user name.
    pub fn register(&self) -> Option<RegisterName> {
        let derived = self.retail_point_id.as_deref().into_iter().chain(self.user_name());
        let name = RegisterName::of(NAME, self.common.register.as_deref(), derived);
        (!name.names().is_empty()).then_some(name)
    }

    /// The association, else the retail point, at the system that `base` leads to.
    pub fn identity(&self, base: &Url) -> Identity {
        let environment = self.environment.map(|environment| environment.system().0);
        let account = self.user_name().or(self.retail_point_id.as_deref());
        // Without either it is known by its name alone.
        let account = account.or(self.common.register.as_deref()).unwrap_or_default();
        Identity::new(system(environment, base, &SYSTEMS), account)
    }

    /// Mistakes that the schema cannot see.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = self.common.violations_in_cloud(self.environment.is_some());
        let mut wrong = |path: &str, code, message: &str| found.push(violation(path, code, message));
        if self.credentials.is_none() && self.account.is_none() {
            wrong("/credentials", Code::MissingField, "give `credentials`, or `account` to associate with");
        }
        if self.register().is_none() {
            wrong(
                "/retail_point_id",
                Code::MissingField,
                "without `credentials` the retail point must be named",
            );
        }
        found
    }
}
