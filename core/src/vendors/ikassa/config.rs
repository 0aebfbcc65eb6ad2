//! iKassa.Cloud's configuration (protocol/ikassa.md 1.1, 1.2, 1.3).

use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::codes;
use crate::address;
use crate::config::Common;
use crate::error::{Code, Violation, violation};
use crate::vendor::identity::{Identity, RegisterName, system};

/// Name in configurations and envelopes.
pub const NAME: &str = "ikassa";

/// Time after a lost answer before "it did not move" is believed, in milliseconds: so long may a
/// request still be on its way into the cash register. The vendor tells no figure.
const SETTLE_MS: u64 = 10_000;

/// Which of the vendor's systems (protocol/ikassa.md 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "IkassaEnvironment")]
pub enum Environment {
    /// The vendor's live system. The address of its interface follows the pattern of the other
    /// addresses and is not confirmed: `base_url` overrides it.
    Production,
    /// The vendor's system for trials.
    Stage,
    /// The vendor's own system for trials, by the name that it has with every vendor: the same as `stage`.
    Test,
}

/// Addresses of a system: accounts, interface, receipt pages.
type Hosts = [&'static str; 3];

const PRODUCTION: Hosts =
    ["https://accounts.ikassa.by", "https://api.cloud.ikassa.by", "https://receipts.cloud.ikassa.by"];
const STAGE: Hosts = [
    "https://accounts.stage.imlab.by",
    "https://api.cloud.stage.imlab.by",
    "https://receipts.cloud.stage.imlab.by",
];

/// Log-in without a person (protocol/ikassa.md 1.3). Experimental: whether it opens the cash register is not
/// known.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IkassaClientCredentials")]
pub struct ClientCredentials {
    /// The client's secret.
    #[schemars(with = "String", length(min = 1, max = 500))]
    pub client_secret: SecretString,
    /// Taxpayer number of the shop (UNP).
    #[schemars(length(min = 1, max = 20))]
    pub audience: String,
}

/// Configuration of an iKassa.Cloud client.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct IkassaConfig {
    /// Always `ikassa`; the facades set it themselves.
    #[schemars(length(min = 1))]
    pub vendor: String,
    /// Which of the vendor's systems; required unless `base_url` is given.
    pub environment: Option<Environment>,
    /// The client id that the vendor's support gave the shop. Each cash register needs a `register`
    /// name of its own where one client id serves several.
    #[schemars(length(min = 1, max = 200))]
    pub client_id: String,
    /// A refresh token from an earlier log-in, to start without a new one. Needed once: then the
    /// journal keeps the newest. One that differs from the one configured before is taken.
    #[schemars(with = "Option<String>", length(min = 1, max = 4_000))]
    pub refresh_token: Option<SecretString>,
    /// Experimental: log in as the client itself, without a person.
    pub client_credentials: Option<ClientCredentials>,
    /// Name of the cashier where a receipt or request has none.
    #[schemars(length(min = 1, max = 64))]
    pub cashier: Option<String>,
    /// Currency where a receipt or request has none (`BYN`): one of BYN, USD, EUR, RUB.
    #[schemars(length(min = 3, max = 3))]
    pub currency: Option<String>,
    /// Address of the log-in; absent means that of `environment`, or `base_url`.
    #[schemars(extend("format" = "uri"))]
    pub accounts_url: Option<String>,
    /// Address of the receipt pages; absent means that of `environment`, or `base_url`.
    #[schemars(extend("format" = "uri"))]
    pub receipts_url: Option<String>,
    /// Whether limits that are only inferred are checked before sending (`true`): one payment in
    /// cash, the form of a third party's taxpayer number, the largest adjustment.
    pub check_limits: Option<bool>,
    /// Milliseconds after a lost answer before the counters are read (10000). Too short a time may
    /// miss a document that is still on its way.
    #[schemars(range(min = 0, max = 60_000))]
    pub settle_ms: Option<u64>,
    /// What every vendor's configuration has. `base_url` is what stands in front of `/api`.
    #[serde(flatten)]
    pub common: Common,
}

impl IkassaConfig {
    fn address(&self, own: Option<&String>, which: usize) -> Option<Url> {
        let of_environment = self.environment.map(|environment| match environment {
            Environment::Production => PRODUCTION[which],
            Environment::Stage | Environment::Test => STAGE[which],
        });
        match own {
            Some(text) => Url::parse(text).ok(),
            None => self.common.address(of_environment),
        }
    }

    /// Address of the log-in.
    pub fn accounts(&self) -> Option<Url> {
        self.address(self.accounts_url.as_ref(), 0)
    }

    /// Address of the interface.
    pub fn api(&self) -> Option<Url> {
        self.address(None, 1)
    }

    /// Address of the receipt pages.
    pub fn receipts(&self) -> Option<Url> {
        self.address(self.receipts_url.as_ref(), 2)
    }

    /// Stable name of the cash register.
    pub fn register(&self) -> RegisterName {
        RegisterName::of(NAME, self.common.register.as_deref(), [self.client_id.as_str()])
    }

    /// The client id, with the name where one client id serves several cash registers, at the system that `api`
    /// leads to. Which cash register a person bound to the log-in, the vendor does not tell (protocol/ikassa.md
    /// 2.3).
    pub fn identity(&self, api: &Url) -> Identity {
        let known = [("production", PRODUCTION[1]), ("stage", STAGE[1])];
        let environment = self.environment.map(|environment| match environment {
            Environment::Production => known[0].0,
            Environment::Stage | Environment::Test => known[1].0,
        });
        let account = match &self.common.register {
            Some(register) => format!("{} {register}", self.client_id),
            None => self.client_id.clone(),
        };
        Identity::new(system(environment, api, &known), account)
    }

    /// The currency where nobody says another.
    pub fn currency(&self) -> &str {
        self.currency.as_deref().unwrap_or(codes::CURRENCIES[0])
    }

    /// Whether inferred limits are checked.
    pub fn checks_limits(&self) -> bool {
        self.check_limits.unwrap_or(true)
    }

    /// How long "it did not move" is not believed.
    pub fn settle_after(&self) -> Duration {
        Duration::from_millis(self.settle_ms.unwrap_or(SETTLE_MS))
    }

    /// Mistakes that the schema cannot see.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = self.common.violations_in_cloud(self.environment.is_some());
        for (path, url) in [("/accounts_url", &self.accounts_url), ("/receipts_url", &self.receipts_url)] {
            found.extend(url.iter().flat_map(|url| address::mistakes_in_cloud(path, url)));
        }
        let mut wrong = |path: &str, code, message: &str| found.push(violation(path, code, message));
        if !codes::CURRENCIES.contains(&self.currency()) {
            wrong("/currency", Code::WrongValue, "must be BYN, USD, EUR or RUB");
        }
        if self.client_id.contains(char::is_whitespace) {
            wrong("/client_id", Code::WrongFormat, "must have no spaces");
        }
        found
    }
}
