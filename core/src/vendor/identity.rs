//! Who a cash register is at its vendor, and what the journal calls it.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::address::is_loopback;

/// The system of every address on this machine: emulators and tests. What came on record there counts nowhere
/// else.
pub const LOOPBACK: &str = "loopback";

/// Who a cash register is, as far as the configuration tells: the system that it is at, and what it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The vendor's system by the name of its environment, or the address where it has no name.
    pub system: String,
    /// What the system knows the cash register by: a group, a user name, a retail point, an address.
    pub account: String,
}

impl Identity {
    /// The cash register `account` at `system`.
    pub fn new(system: impl Into<String>, account: impl Into<String>) -> Self {
        Self { system: system.into(), account: account.into() }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" at {}", self.account, self.system)
    }
}

/// The system that an address leads to. `environment` is the configured one: a gateway in front of it changes
/// nothing. `known` are the vendor's own addresses, with the names of their environments.
pub fn system(environment: Option<&str>, address: &Url, known: &[(&str, &str)]) -> String {
    if is_loopback(address) {
        return LOOPBACK.into();
    }
    let origin = origin(address);
    let named = known.iter().find(|(_, own)| Url::parse(own).is_ok_and(|own| self::origin(&own) == origin));
    environment.or(named.map(|(name, _)| *name)).map_or(origin, str::to_owned)
}

/// Scheme, host, port and path of an address, each in one spelling.
fn origin(address: &Url) -> String {
    let port = address.port().map_or_else(String::new, |port| format!(":{port}"));
    let host = address.host_str().unwrap_or_default().trim_end_matches('.');
    format!("{}://{host}{port}{}", address.scheme(), address.path().trim_end_matches('/'))
}

/// What the journal calls a cash register. A name that nobody gave is derived from the configuration, and other
/// fields may have been there when the journal was begun: then the journal's name stays.
#[derive(Debug)]
pub struct RegisterName {
    /// The best first.
    names: Vec<String>,
    is_given: bool,
    kept: OnceLock<String>,
}

impl RegisterName {
    /// A name that the configuration gives.
    pub fn given(vendor: &str, name: &str) -> Self {
        Self { names: vec![format!("{vendor}:{name}")], is_given: true, kept: OnceLock::new() }
    }

    /// A name that is derived: the first of these, unless the journal has one of the others.
    pub fn derived<'a>(vendor: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names = names.into_iter().map(|name| format!("{vendor}:{name}")).collect();
        Self { names, is_given: false, kept: OnceLock::new() }
    }

    /// The configured name, or one that is derived.
    pub fn of<'a>(vendor: &str, given: Option<&str>, derived: impl IntoIterator<Item = &'a str>) -> Self {
        given.map_or_else(|| Self::derived(vendor, derived), |name| Self::given(vendor, name))
    }

    /// True where the configuration gives it.
    pub fn is_given(&self) -> bool {
        self.is_given
    }

    /// True where nothing in the journal can change it any more.
    pub fn is_settled(&self) -> bool {
        self.is_given || self.kept.get().is_some()
    }

    /// Every name that it can have, the best first.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The journal has it under this name. What was settled once stays.
    pub fn settle(&self, name: String) {
        let _ = self.kept.set(name);
    }
}

impl Deref for RegisterName {
    type Target = str;

    fn deref(&self) -> &str {
        self.kept.get().or(self.names.first()).map_or("", String::as_str)
    }
}

impl fmt::Display for RegisterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_has_one_spelling_and_a_known_one_a_name() {
        let known = [("production", "https://vendor.example/api/fn")];
        let of = |environment, address| system(environment, &Url::parse(address).unwrap(), &known);
        for spelling in ["https://vendor.example/api/fn", "HTTPS://Vendor.example:443/api/fn/"] {
            assert_eq!(of(None, spelling), "production", "{spelling}");
        }
        assert_eq!(of(None, "https://gateway.example:8443/"), "https://gateway.example:8443");
        assert_eq!(of(Some("production"), "https://gateway.example:8443/"), "production");
        for here in ["http://127.0.0.1:1/x", "http://localhost:2", "http://[::1]:3"] {
            assert_eq!(of(Some("production"), here), LOOPBACK, "{here}");
        }
    }
}
