//! The sample: the smallest vendor there can be, to be copied. Behind the feature `sample`, for the tests;
//! what it speaks is in protocol/sample.md, how to make another in `docs/adding-a-vendor.md`.

mod api;
mod config;
mod fields;
mod map;

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

pub use config::{NAME, SampleConfig};

use crate::config::CALL_TIMEOUT_MS;
use crate::error::{Code, Error, Result, Violation};
use crate::input;
use crate::journal::Entry;
use crate::receipt::Receipt;
use crate::receipt::letters::Letters;
use crate::receipt::place::Country;
use crate::transport::Transports;
use crate::vendor::identity::{Identity, RegisterName};
use crate::vendor::messages::{Capabilities, Health};
use crate::vendor::{Claim, Context, Exclusive, Mode, Opened, Prepared, StepResult, Vendor, VendorInfo};
use api::Api;

/// The row in the table of vendors.
pub const INFO: VendorInfo = VendorInfo {
    name: NAME,
    summary: "A sample of a vendor, for the tests.",
    country: Country::Russia,
    call_timeout_ms: CALL_TIMEOUT_MS,
    config: input::schema_of::<SampleConfig>,
    open,
    fields: fields::treatment,
    letters: Letters::All,
    operations: &[],
};

/// Namespace of the document ids. Never change it: ids of documents in flight depend on it.
const DOCUMENT_NAMESPACE: Uuid = Uuid::from_u128(0x2b1e_94c7_0d5a_4f63_8c17_6e0a_f3b9_d852);
/// Milliseconds after a lost answer from which "unknown document" is believed.
const SETTLE_MS: u64 = 1_000;

/// A client's vendor.
pub struct Sample {
    register: RegisterName,
    identity: Identity,
    settle_after: Duration,
    api: Api,
}

fn open(text: &str, transports: &Transports) -> Result<Opened> {
    let config: SampleConfig = input::read(text)?;
    let violations = config.violations();
    let (Some(base), true) = (config.base(), violations.is_empty()) else {
        return Err(Error::invalid(violations));
    };
    let settle_after = Duration::from_millis(config.settle_ms.unwrap_or(SETTLE_MS));
    let transport = transports.get(&config.common, &base, settle_after)?;
    let vendor = Sample {
        register: config.register(),
        identity: config.identity(&base),
        settle_after,
        api: Api { transport, base, credentials: config.credentials },
    };
    Ok(Opened { vendor: Box::new(vendor), common: config.common })
}

#[async_trait]
impl Vendor for Sample {
    fn name(&self) -> &'static str {
        NAME
    }

    fn register(&self) -> &str {
        &self.register
    }

    fn called(&self) -> Option<&RegisterName> {
        Some(&self.register)
    }

    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn exclusive(&self) -> Exclusive {
        Exclusive::Document
    }

    fn settle_after(&self) -> Duration {
        self.settle_after
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            vendor: NAME.into(),
            operations: Vec::new(),
            kinds: map::KINDS.iter().map(|(kind, _)| *kind).collect(),
            vat: map::RATES.iter().map(|(rate, _)| *rate).collect(),
            payment_types: map::PAYMENTS.iter().map(|(payment, _)| *payment).collect(),
            payment_objects: Vec::new(),
            units: Vec::new(),
            currencies: vec![map::CURRENCY.into()],
            idempotency_key: true,
            parallel: true,
            callbacks: false,
        }
    }

    fn violations(&self, receipt: &Receipt) -> Vec<Violation> {
        map::violations(receipt)
    }

    fn prepare(&self, receipt: &Receipt, _: OffsetDateTime) -> Result<Prepared> {
        let name = format!("{}\n{}", self.register, receipt.id);
        let id = Uuid::new_v5(&DOCUMENT_NAMESPACE, name.as_bytes()).to_string();
        let unmapped = || Error::new(Code::Internal, "the document cannot be written: unmapped value");
        let request = map::document(receipt, &id).ok_or_else(unmapped)?.to_string().into_bytes();
        Ok(Prepared { request, vendor_document_id: Some(id) })
    }

    fn claim(&self, entry: &Entry) -> Claim {
        map::claim(&entry.request)
    }

    async fn send(&self, context: &Context<'_>, entry: &Entry) -> StepResult {
        self.api.submit(context, entry).await.into()
    }

    async fn settle(&self, context: &Context<'_>, entry: &Entry, _: Mode) -> StepResult {
        self.api.look_up(context, entry).await.into()
    }

    async fn health(&self, context: &Context<'_>) -> Result<Health> {
        self.api.health(context).await
    }
}
