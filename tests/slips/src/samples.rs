//! A receipt of each vendor and what became of it. All values are invented.

use kassa::receipt::Receipt;
use kassa::receipt::place::{Place, time_zone};
use kassa::receipt::registration::Registration;
use kassa::receipt::slip::build::paper;
use kassa::receipt::slip::data::Paper;
use kassa::receipt::slip::source::Source;
use kassa::receipt::slip::words::Language;
use kassa::vendor::VendorInfo;
use kassa::vendors::VENDORS;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A receipt, and what became of it.
#[derive(Clone, Deserialize)]
pub struct Sample {
    /// Which vendor.
    pub vendor: String,
    /// Its currency.
    pub currency: String,
    /// The language of its picture.
    pub language: Language,
    /// When the shop wrote it down.
    pub at: String,
    /// The time zone of the configuration.
    pub time_zone: Option<String>,
    /// The receipt, as the shop gave it.
    pub receipt: Receipt,
    /// What became of it.
    pub registration: Registration,
}

/// A sample of each vendor.
pub fn samples() -> Vec<Sample> {
    serde_json::from_str(include_str!("../samples.json")).unwrap_or_default()
}

impl Sample {
    fn info(&self) -> &'static VendorInfo {
        VENDORS.iter().find(|info| info.name == self.vendor).copied().unwrap_or(VENDORS[0])
    }

    /// The slip of it.
    pub fn paper(&self, language: Language, customer: bool) -> Paper {
        let info = self.info();
        let mut receipt = self.receipt.clone();
        receipt.write_in(info.letters);
        let zone = self.time_zone.as_deref().and_then(|text| time_zone(text, info.country).ok());
        paper(&Source {
            receipt: &receipt,
            registration: &self.registration,
            fields: info.fields,
            place: Place { country: info.country, time_zone: zone },
            currency: Some(&self.currency),
            at: OffsetDateTime::parse(&self.at, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH),
            language,
            customer,
        })
    }

    /// What a scanner must read from it: the vendor's own text, or its address where it has no other.
    pub fn qr(&self) -> Option<&str> {
        let fiscal = self.registration.fiscal.as_ref()?;
        fiscal.qr.as_deref().or(fiscal.url.as_deref())
    }
}
