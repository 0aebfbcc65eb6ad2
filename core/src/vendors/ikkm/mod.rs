//! iKKM: a cash register on the shop's own network (Kazakhstan).
//!
//! Each document consumes the device's web-api key and is answered with the next one: who loses the
//! answer loses the sale's fate and the key at once. So a key is bound to one document from the
//! first byte, the same bytes are sent again to learn what became of them, and the new key is
//! written down in the same stroke as the document (protocol/ikkm.md 3).

mod answer;
mod codes;
mod config;
mod device;
mod fields;
mod key;
mod map;
mod operations;
mod print;
#[cfg(feature = "testing")]
pub mod readers;
mod recorded;
mod reply;
mod reports;
mod vendor;

use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use time::OffsetDateTime;

pub use config::NAME;
pub use config::{Amounts, IkkmConfig};
pub use operations::*;
pub use reports::*;
pub use vendor::Ikkm;

use crate::error::{Code, Error, Result, Violation};
use crate::input;
use crate::journal::Entry;
use crate::receipt::letters::Letters;
use crate::receipt::place::Country;
use crate::receipt::{PaymentObject, Receipt, Unit};
use crate::transport::Transports;
use crate::vendor::identity::{Identity, RegisterName};
use crate::vendor::messages::{Capabilities, Health};
use crate::vendor::recorded::{Asked, Record};
use crate::vendor::{Context, Exclusive, Mode, Opened, Prepared, StepResult, Vendor, VendorInfo};
use device::Device;

/// Time for a whole call: connection, answer, doubt and replay (protocol/ikkm.md 0.1, 3.6).
const CALL_TIMEOUT_MS: u64 = 90_000;

/// The row in the table of vendors.
pub const INFO: VendorInfo = VendorInfo {
    name: NAME,
    summary: "iKKM, Kazakhstan: a device on the shop's network with a key that changes at every sale.",
    country: Country::Kazakhstan,
    call_timeout_ms: CALL_TIMEOUT_MS,
    config: input::schema_of::<IkkmConfig>,
    open,
    fields: fields::treatment,
    letters: Letters::All,
    operations: OPERATIONS,
};

fn open(text: &str, _: &Transports) -> Result<Opened> {
    let config: IkkmConfig = input::read(text)?;
    let violations = config.violations();
    let (Some((host, port)), Some(register), Some(identity), true) =
        (config.address(), config.register(), config.identity(), violations.is_empty())
    else {
        return Err(Error::invalid(violations));
    };
    let common = config.common.clone();
    let device =
        Device::new(host, port, common.connect_timeout(), config.pace(), config.takes_public_address());
    Ok(Opened { vendor: Box::new(Ikkm { register, identity, config, device }), common })
}

#[async_trait]
impl Vendor for Ikkm {
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

    fn marks(&self) -> Vec<String> {
        self.config.mark().into_iter().collect()
    }

    fn forgets(&self) -> &'static [&'static str] {
        &[key::LAST_RECEIPT]
    }

    fn exclusive(&self) -> Exclusive {
        Exclusive::Register
    }

    fn settle_after(&self) -> Duration {
        self.config.settle_after()
    }

    fn exchange_timeout(&self, call: Duration) -> Duration {
        self.config.response_timeout().min(call * 2 / 3)
    }

    fn request_gap(&self) -> Duration {
        self.config.pace()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            vendor: NAME.into(),
            operations: Vec::new(),
            kinds: map::OPERATIONS.iter().map(|(kind, _)| *kind).collect(),
            vat: Vec::new(),
            payment_types: map::PAYMENTS.iter().map(|(kind, _)| *kind).collect(),
            payment_objects: PaymentObject::ALL.to_vec(),
            units: Unit::ALL.to_vec(),
            currencies: vec![map::CURRENCY.into()],
            idempotency_key: true,
            parallel: false,
            callbacks: false,
        }
    }

    fn smallest_sum(&self) -> u64 {
        match self.config.amounts.unwrap_or_default() {
            Amounts::Whole => 100,
            Amounts::Tiyn => 1,
        }
    }

    fn violations(&self, receipt: &Receipt) -> Vec<Violation> {
        map::violations(receipt, &self.config)
    }

    fn prepare(&self, receipt: &Receipt, _: OffsetDateTime) -> Result<Prepared> {
        let parameters = map::parameters(receipt, &self.config);
        let parameters =
            parameters.ok_or_else(|| Error::new(Code::Internal, "unmapped value in a receipt"))?;
        Ok(Prepared { request: parameters.into_bytes(), vendor_document_id: None })
    }

    fn binds(&self) -> bool {
        true
    }

    async fn bind(&self, context: &Context<'_>) -> Result<Option<String>> {
        key::bind(self, context).await.map(Some)
    }

    async fn send(&self, context: &Context<'_>, entry: &Entry) -> StepResult {
        key::send(self, context, entry).await
    }

    async fn settle(&self, context: &Context<'_>, entry: &Entry, mode: Mode) -> StepResult {
        key::settle(self, context, entry, mode).await
    }

    fn is_left_to_a_person(&self, entry: &Entry) -> bool {
        key::is_left_to_a_person(entry)
    }

    async fn learn_key(&self, context: &Context<'_>, key: SecretString) -> Result<()> {
        key::learn(self, context, key).await
    }

    async fn recorded(&self, context: &Context<'_>, asked: &Asked<'_>) -> Result<Record> {
        recorded::recorded(self, context, asked).await
    }

    async fn health(&self, context: &Context<'_>) -> Result<Health> {
        let check = operations::checked(self, context).await?;
        Ok(Health { ready: check.ready, message: check.message, raw: None })
    }
}
