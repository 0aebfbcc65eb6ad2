//! Opens a client from its configuration.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use serde::Deserialize;

use crate::client::Client;
use crate::client::metrics::Counters;
use crate::delivery::Delivery;
use crate::error::{Code, Error, Outcome, Result, violation};
use crate::journal::{self, Journals, Locked};
use crate::receipt::place::{Place, time_zone};
use crate::transport::Transports;
use crate::vendors::VENDORS;

/// What clients of one process share: connections, parsed roots, open journals.
#[derive(Default)]
pub struct Shared {
    pub(crate) transports: Transports,
    pub(crate) journals: Journals,
}

#[derive(Deserialize)]
struct VendorName {
    vendor: Option<String>,
}

impl Client {
    /// Opens a client from a configuration (JSON). No connection is made.
    ///
    /// Fails with `config_invalid` and everything that is wrong, or with a `journal` error, whose outcome is unknown:
    /// what was sold before stands in the journal.
    pub fn open(config: &str) -> Result<Self> {
        Self::open_with(&Shared::default(), config)
    }

    /// Opens a client that shares connections and journals with the others of `shared`.
    pub fn open_with(shared: &Shared, config: &str) -> Result<Self> {
        let wrong = |code, message| {
            let known = VENDORS.iter().map(|vendor| vendor.name).collect::<Vec<_>>().join(", ");
            as_config(Error::invalid(vec![violation("/vendor", code, format!("{message} {known}"))]))
        };
        let name = serde_json::from_str::<VendorName>(config).ok().and_then(|named| named.vendor);
        let message = "the configuration is a JSON object that names its `vendor`:";
        let name = name.ok_or_else(|| wrong(Code::MissingField, message))?;
        let info = VENDORS.iter().copied().find(|vendor| vendor.name == name);
        let info = info.ok_or_else(|| wrong(Code::WrongValue, "must be one of"))?;
        let opened = (info.open)(config, &shared.transports).map_err(as_config)?;
        let common = opened.common;
        let time_zone = common.time_zone.as_deref().map(|text| time_zone(text, info.country)).transpose();
        let zone_wrong = |message| Error::invalid(vec![violation("/time_zone", Code::WrongValue, message)]);
        let time_zone = time_zone.map_err(|message| as_config(zone_wrong(message)))?;
        let place = common.journal_place()?;
        if common.web_server == Some(true) && journal::is_relative(place.expose_secret()) {
            let message = "must be an absolute path under a web server: a relative one lies among the files that are served";
            return Err(as_config(Error::invalid(vec![violation("/journal", Code::WrongValue, message)])));
        }
        let ca_file = common.tls.as_ref().and_then(|tls| tls.ca_file.as_deref());
        let call_timeout = common.call_timeout(info.call_timeout_ms);
        // What was sold before nobody can tell without the journal.
        let unknown = |error: Error| error.with_outcome(Outcome::Unknown);
        let journal = shared.journals.open(place.expose_secret(), ca_file).map_err(unknown)?;
        let keys =
            common.keys().map_err(|why| Error::new(Code::ConfigInvalid, format!("journal_key: {why}")))?;
        let journal = Arc::new(Locked::new(journal, keys));
        let delivery = Delivery::new(journal, Arc::from(opened.vendor), call_timeout, common.first_pause());
        let place = journal::shown(place.expose_secret());
        Ok(Self {
            info,
            delivery,
            counters: Counters::default(),
            log: common.log,
            place,
            stands: Place { country: info.country, time_zone },
        })
    }
}

/// The mistakes of a configuration, told as such.
fn as_config(error: Error) -> Error {
    if error.violations.is_empty() { error } else { error.with_code(Code::ConfigInvalid) }
}
