//! Configuration that every vendor shares, and where the journal is kept when nobody says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::address;
use crate::error::{Code, Error, Result, Violation, violation};
use crate::journal::{Keys, mistake};
use crate::trust;

/// Time for a connection, in milliseconds, unless the configuration says otherwise.
pub const CONNECT_TIMEOUT_MS: u64 = 3_000;
/// Time for a whole call, in milliseconds, unless the vendor or the configuration says otherwise.
pub const CALL_TIMEOUT_MS: u64 = 30_000;

/// First pause of `deliver` after a try that came to nothing, in milliseconds.
pub const RETRY_MS: u64 = 2_000;

/// The part of the configuration that is the same for every vendor.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Common {
    /// `sqlite:PATH` (many processes on one host), `postgres://USER:PASSWORD@HOST/DATABASE` (many
    /// hosts), or `memory:` where a restart may forget. Absent: the environment variable
    /// KASSA_JOURNAL, then `kassa/journal.sqlite` in the user's state directory.
    #[schemars(with = "Option<String>")]
    pub journal: Option<SecretString>,
    /// Keys that secrets in the journal are encrypted with: `file:PATH` (a file that only its owner may read) or
    /// `env:NAME` (an environment variable). One key a line, 64 hexadecimal digits, the newest first; older
    /// lines still open what they closed. Absent: secrets are kept in clear.
    #[schemars(length(min = 5, max = 4096))]
    pub journal_key: Option<String>,
    /// Name of the cash register in the journal, where the vendor's own id may change.
    #[schemars(length(min = 1, max = 128))]
    pub register: Option<String>,
    /// Time zone at the place of settlement, as the offset from UTC: `+03:00`. It decides on which day a receipt
    /// is, and so which VAT rates it may have. Absent: a rate that is in force anywhere in the country passes.
    #[schemars(length(min = 6, max = 6))]
    pub time_zone: Option<String>,
    /// Address of the vendor's interface, for the emulator or a gateway. Plain http is taken for
    /// loopback only.
    #[schemars(extend("format" = "uri"))]
    pub base_url: Option<String>,
    /// Time for a connection in milliseconds (3000).
    #[schemars(range(min = 1, max = 600_000))]
    pub connect_timeout_ms: Option<u64>,
    /// Time for a whole call in milliseconds (30000; iKKM 90000). One exchange with the vendor may use two
    /// thirds of it, so that a lost answer can still be looked up within the call.
    #[schemars(range(min = 1, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// How long `deliver` leaves a receipt alone after a try that came to nothing, in milliseconds
    /// (2000). It doubles with each try up to ten minutes; a `Retry-After` of the vendor is honoured.
    #[schemars(range(min = 0, max = 600_000))]
    pub retry_ms: Option<u64>,
    /// Proxy for http and https. Absent: HTTPS_PROXY and its kin; `none` uses no proxy at all.
    pub proxy: Option<String>,
    /// What uses the library, such as `shop-plugin/1.4`: the vendor reads it behind the library's own name in the
    /// User-Agent of every request (not iKKM).
    #[schemars(length(min = 1, max = 64))]
    pub plugin: Option<String>,
    /// True where a web server runs this process, as PHP tells by itself. Then a relative path of the
    /// journal is refused: it would lie among the files that are served.
    pub web_server: Option<bool>,
    /// Trust.
    pub tls: Option<Tls>,
    /// Which log lines come back with each answer; absent means none.
    pub log: Option<LogLevel>,
}

/// Trust in addition to the system's own.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file with one more root certificate, for instance a state root. It is trusted for the
    /// vendor and for the journal.
    pub ca_file: Option<String>,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// What went wrong.
    Error,
    /// What is doubtful.
    Warn,
    /// Each step of a delivery.
    Info,
    /// Each exchange with the vendor.
    Debug,
}

/// A user name with its password. The password shows in no `Debug` output.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// User name.
    #[schemars(length(min = 1, max = 256))]
    pub user_name: String,
    /// Password.
    #[schemars(with = "String", length(min = 1, max = 256))]
    pub password: SecretString,
}

impl Common {
    /// Time for a whole call; `default_ms` is the vendor's.
    pub fn call_timeout(&self, default_ms: u64) -> Duration {
        Duration::from_millis(self.timeout_ms.unwrap_or(default_ms))
    }

    /// The first pause of `deliver` after a try that came to nothing.
    pub fn first_pause(&self) -> Duration {
        Duration::from_millis(self.retry_ms.unwrap_or(RETRY_MS))
    }

    /// Time for a connection.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms.unwrap_or(CONNECT_TIMEOUT_MS))
    }

    /// Where the journal is: the configuration, the environment, the user's state directory.
    pub fn journal_place(&self) -> Result<SecretString> {
        let said = self.journal.clone().or_else(|| env("KASSA_JOURNAL").map(SecretString::from));
        if let Some(place) = said {
            return Ok(place);
        }
        let directory = state_directory().ok_or_else(|| {
            let message = "neither XDG_STATE_HOME nor HOME is set, so there is no place for the journal; \
                           set `journal` to \"sqlite:/var/lib/shop/kassa.sqlite\" or the like";
            Error::new(Code::JournalUnset, message)
        })?;
        Ok(format!("sqlite:{}", directory.join("kassa").join("journal.sqlite").display()).into())
    }

    /// The keys of the journal; else what is wrong with them.
    pub fn keys(&self) -> std::result::Result<Keys, String> {
        self.journal_key.as_deref().map_or_else(|| Ok(Keys::default()), Keys::read)
    }

    /// An address: `base_url`, else the one of the environment.
    pub fn address(&self, of_environment: Option<&str>) -> Option<url::Url> {
        url::Url::parse(self.base_url.as_deref().or(of_environment)?).ok()
    }

    /// Mistakes that the schema cannot see.
    pub fn violations(&self) -> Vec<Violation> {
        let place = self.journal.as_ref().and_then(|place| mistake(place.expose_secret()));
        let keys = self.keys().err();
        let wrong = |path, mistake| violation(path, Code::WrongValue, mistake);
        let journal = place.map(|mistake| wrong("/journal", mistake));
        let keys = keys.map(|mistake| wrong("/journal_key", mistake));
        let is_named = self.plugin.as_deref().is_none_or(|name| name.bytes().all(is_of_a_product));
        let plugin = (!is_named).then(|| wrong("/plugin", "letters, digits, spaces and -._/+ only".into()));
        journal.into_iter().chain(keys).chain(plugin).collect()
    }

    /// The same for a vendor in the cloud: it needs an environment or an address.
    pub fn violations_in_cloud(&self, has_environment: bool) -> Vec<Violation> {
        let address = self.base_url.iter().flat_map(|url| address::mistakes_in_cloud("/base_url", url));
        let mut found: Vec<Violation> = address.chain(self.violations()).collect();
        if !has_environment && self.base_url.is_none() {
            let message = "give `environment` (or `base_url` for the emulator)";
            found.push(violation("/environment", Code::MissingField, message));
        }
        found
    }
}

/// What the name of a product has in a User-Agent.
fn is_of_a_product(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._/+ ".contains(&byte)
}

/// The text of a configuration file. One that other users can read or change is refused: it holds passwords.
pub fn read_file(path: &Path) -> Result<String> {
    let refused = |why: String| Error::new(Code::ConfigInvalid, format!("{}: {why}", path.display()));
    String::from_utf8(trust::read_private(path).map_err(refused)?)
        .map_err(|_| refused("it is no text in UTF-8".into()))
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn state_directory() -> Option<PathBuf> {
    if cfg!(windows) {
        return env("LOCALAPPDATA").map(PathBuf::from);
    }
    env("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| env("HOME").map(|home| PathBuf::from(home).join(".local/state")))
}
