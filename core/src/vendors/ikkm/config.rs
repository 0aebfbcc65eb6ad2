//! iKKM's configuration (protocol/ikkm.md 0.1, 1, 2).

use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use crate::address::{self, is_loopback, is_near};
use crate::config::Common;
use crate::error::{Code, Violation, violation};
use crate::vendor::identity::{Identity, LOOPBACK, RegisterName};

/// Name in configurations and envelopes.
pub const NAME: &str = "ikkm";

/// Port of the device's web-api.
const PORT: u16 = 8080;
/// Time for an answer, in milliseconds (protocol/ikkm.md 0.1: never under 10 s).
const RESPONSE_TIMEOUT_MS: u64 = 30_000;
/// Time for a report that closes the shift, in milliseconds (protocol/ikkm.md 0.1).
const REPORT_TIMEOUT_MS: u64 = 90_000;
/// Time between the starts of two requests, in milliseconds (protocol/ikkm.md 0.1: one a second).
const PACE_MS: u64 = 1_000;
/// Time after a lost answer before the device is asked about it, in milliseconds (protocol/ikkm.md 3.6 item
/// P0).
const SETTLE_MS: u64 = 10_000;

/// How amounts are written for this device (protocol/ikkm.md 0.1, 2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Amounts {
    /// Whole tenge, digits only: every firmware takes them.
    #[default]
    Whole,
    /// Tiyn too, with a decimal point: newer firmware.
    Tiyn,
}

/// Configuration of an iKKM client.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct IkkmConfig {
    /// Always `ikkm`; the facades set it themselves.
    #[schemars(length(min = 1))]
    pub vendor: String,
    /// The web-api key that an operator set on the device. Needed once: then the journal keeps the
    /// key that the device gave last. A key that differs from the one configured before is taken
    /// for a new one of the operator.
    #[schemars(with = "Option<String>", length(min = 1, max = 20))]
    pub key: Option<SecretString>,
    /// How amounts are written; `whole` unless given.
    pub amounts: Option<Amounts>,
    /// Whether the items are sent (`true`). Switch it off where the device has no item list.
    pub item_list: Option<bool>,
    /// Characters in a printed line: 24, 32 or 19 on the built-in printer, 42 or 30 on another.
    /// Longer lines of `print_text` are wrapped; absent means they are left alone.
    #[schemars(range(min = 10, max = 80))]
    pub print_width: Option<u16>,
    /// Milliseconds between the starts of two requests (1000); the device takes one a second.
    #[schemars(range(min = 0, max = 60_000))]
    pub pace_ms: Option<u64>,
    /// Milliseconds for an answer (30000). A short time only makes doubt.
    #[schemars(range(min = 1, max = 600_000))]
    pub response_timeout_ms: Option<u64>,
    /// Milliseconds for a report that may close the shift (90000).
    #[schemars(range(min = 1, max = 600_000))]
    pub report_timeout_ms: Option<u64>,
    /// Milliseconds after a lost answer before the device is asked about it (10000).
    #[schemars(range(min = 0, max = 60_000))]
    pub settle_ms: Option<u64>,
    /// Takes a device at an address that other networks reach (`false`). The key and the receipts go there in clear.
    pub public_address: Option<bool>,
    /// What every vendor's configuration has. `base_url` is the device: `http://192.168.1.20:8080`.
    #[serde(flatten)]
    pub common: Common,
}

impl IkkmConfig {
    /// Host and port of the device.
    pub fn address(&self) -> Option<(String, u16)> {
        let url = url::Url::parse(self.common.base_url.as_deref()?).ok()?;
        // Port 80 is the one that addresses leave out; the device's is 8080.
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some((host, url.port().unwrap_or(PORT)))
    }

    /// Stable name of the cash register.
    pub fn register(&self) -> Option<RegisterName> {
        let (host, port) = self.address()?;
        Some(RegisterName::of(NAME, self.common.register.as_deref(), [format!("{host}:{port}").as_str()]))
    }

    /// The device by the name that the configuration gives it, else by its address. There is no system behind it:
    /// each device on the shop's network is its own, and one with a name may get another address there.
    pub fn identity(&self) -> Option<Identity> {
        let (host, port) = self.address()?;
        let name = self.common.register.clone().unwrap_or_else(|| format!("{host}:{port}"));
        Some(Identity::new(self.system()?, name))
    }

    /// What its address is in the journal: two names for one address are one device.
    pub fn mark(&self) -> Option<String> {
        let (host, port) = self.address()?;
        Some(format!("device {} {host}:{port}", self.system()?))
    }

    fn system(&self) -> Option<&'static str> {
        let url = url::Url::parse(self.common.base_url.as_deref()?).ok()?;
        Some(if is_loopback(&url) { LOOPBACK } else { "the shop's network" })
    }

    /// Least time between the starts of two requests.
    pub fn pace(&self) -> Duration {
        Duration::from_millis(self.pace_ms.unwrap_or(PACE_MS))
    }

    /// Time for an answer.
    pub fn response_timeout(&self) -> Duration {
        Duration::from_millis(self.response_timeout_ms.unwrap_or(RESPONSE_TIMEOUT_MS))
    }

    /// Time for a report that may close the shift.
    pub fn report_timeout(&self) -> Duration {
        Duration::from_millis(self.report_timeout_ms.unwrap_or(REPORT_TIMEOUT_MS))
    }

    /// How long after a lost answer the device is left alone.
    pub fn settle_after(&self) -> Duration {
        Duration::from_millis(self.settle_ms.unwrap_or(SETTLE_MS))
    }

    /// Whether the device may have an address that other networks reach.
    pub fn takes_public_address(&self) -> bool {
        self.public_address.unwrap_or(false)
    }

    /// Mistakes that the schema cannot see.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = self.common.violations();
        let mut wrong = |path: &str, code, message: &str| found.push(violation(path, code, message));
        match self.common.base_url.as_deref().map(url::Url::parse) {
            None => wrong("/base_url", Code::MissingField, "give the address of the device, http://IP:8080"),
            Some(Ok(url)) if url.scheme() != "http" || !matches!(url.path(), "" | "/") => {
                wrong(
                    "/base_url",
                    Code::WrongValue,
                    "must be http://IP:PORT: the device has no TLS and no folders",
                );
            }
            // Another service's port: what is sent there would be somebody else's.
            Some(Ok(url)) if url.port().is_some_and(|port| port < 1_024) => {
                wrong(
                    "/base_url",
                    Code::WrongValue,
                    "must be the port of the device's web-api, 8080 or the like",
                );
            }
            Some(Ok(url)) if !self.takes_public_address() && is_public(&url) => {
                let message = "must be on the shop's own network: what is sent to a public address is in clear; \
                               `public_address` takes one all the same";
                wrong("/base_url", Code::WrongValue, message);
            }
            Some(_) => {}
        }
        found.extend(self.common.base_url.iter().flat_map(|url| address::mistakes("/base_url", url)));
        found
    }
}

/// True for an address of numbers that other networks reach. A name is looked up when it is used.
fn is_public(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(place)) => !is_near(place.into()),
        Some(url::Host::Ipv6(place)) => !is_near(place.into()),
        _ => false,
    }
}
