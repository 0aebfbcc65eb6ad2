//! iKassa.Cloud: a cloud cash register behind a log-in that a person approves (Belarus).
//!
//! The vendor offers no key for a document, so a lost answer is settled by the counters of the shift,
//! read before and after under the cash register's lease (protocol/ikassa.md 6.9, `counters.rs`).

mod api;
mod codes;
mod config;
mod counters;
mod document;
mod fields;
mod login;
mod map;
mod operations;
#[cfg(feature = "testing")]
pub mod readers;
mod recorded;
mod settling;
mod vendor;

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

pub use config::NAME;
pub use config::{ClientCredentials, Environment, IkassaConfig};
pub use login::{Login, LoginState, StartLogin, StartedLogin};
pub use operations::*;
pub use vendor::Ikassa;

use crate::error::{Code, Error, Result, Violation};
use crate::input;
use crate::journal::Entry;
use crate::receipt::Receipt;
use crate::receipt::letters::Letters;
use crate::receipt::place::Country;
use crate::transport::Transports;
use crate::vendor::identity::{Identity, RegisterName};
use crate::vendor::messages::{Capabilities, Health};
use crate::vendor::recorded::{Asked, Record};
use crate::vendor::{Context, Exclusive, Mode, Opened, Prepared, StepResult, Vendor, VendorInfo};

/// Time for a whole call: the exchange, the time until the counters are believed, their reading.
const CALL_TIMEOUT_MS: u64 = 60_000;

/// The row in the table of vendors.
pub const INFO: VendorInfo = VendorInfo {
    name: NAME,
    summary: "iKassa.Cloud, Belarus: a cloud cash register behind a log-in that a person approves.",
    country: Country::Belarus,
    call_timeout_ms: CALL_TIMEOUT_MS,
    config: input::schema_of::<IkassaConfig>,
    open,
    fields: fields::treatment,
    letters: Letters::All,
    operations: OPERATIONS,
};

fn open(text: &str, transports: &Transports) -> Result<Opened> {
    let config: IkassaConfig = input::read(text)?;
    let violations = config.violations();
    let (Some(accounts), Some(api), Some(receipts), true) =
        (config.accounts(), config.api(), config.receipts(), violations.is_empty())
    else {
        return Err(Error::invalid(violations));
    };
    let transport = transports.get(&config.common, &api, config.settle_after())?;
    let common = config.common.clone();
    let (register, identity) = (config.register(), config.identity(&api));
    let vendor = Ikassa { register, identity, config, transport, accounts, api, receipts };
    Ok(Opened { vendor: Box::new(vendor), common })
}

#[async_trait]
impl Vendor for Ikassa {
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
        login::mark(&self.config).into_iter().collect()
    }

    fn forgets(&self) -> &'static [&'static str] {
        &[settling::WATCH]
    }

    fn currency(&self) -> Option<String> {
        Some(self.config.currency().into())
    }

    fn exclusive(&self) -> Exclusive {
        Exclusive::Register
    }

    fn settle_after(&self) -> Duration {
        self.config.settle_after()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            vendor: NAME.into(),
            operations: Vec::new(),
            kinds: map::KINDS.iter().map(|(kind, _)| *kind).collect(),
            vat: codes::VATS.iter().map(|(vat, _)| *vat).collect(),
            payment_types: codes::PAYMENTS.iter().map(|(kind, _)| *kind).collect(),
            // Neither goes out (`fields.rs`).
            payment_objects: Vec::new(),
            units: Vec::new(),
            currencies: codes::CURRENCIES.iter().map(|currency| (*currency).into()).collect(),
            idempotency_key: false,
            parallel: false,
            callbacks: false,
        }
    }

    fn violations(&self, receipt: &Receipt) -> Vec<Violation> {
        map::violations(receipt, &self.config)
    }

    fn prepare(&self, receipt: &Receipt, _: OffsetDateTime) -> Result<Prepared> {
        let document = map::document(receipt, &self.config);
        let document = document.ok_or_else(|| Error::new(Code::Internal, "unmapped value in a receipt"))?;
        Ok(Prepared { request: document.to_bytes()?, vendor_document_id: None })
    }

    fn binds(&self) -> bool {
        true
    }

    async fn bind(&self, context: &Context<'_>) -> Result<Option<String>> {
        settling::bind(self, context).await.map(Some)
    }

    async fn send(&self, context: &Context<'_>, entry: &Entry) -> StepResult {
        settling::send(self, context, entry).await
    }

    async fn settle(&self, context: &Context<'_>, entry: &Entry, _: Mode) -> StepResult {
        settling::settle(self, context, entry).await
    }

    fn is_left_to_a_person(&self, entry: &Entry) -> bool {
        settling::is_left_to_a_person(entry)
    }

    fn annulment(&self) -> Option<&'static str> {
        Some(operations::ROLLBACK)
    }

    async fn recorded(&self, context: &Context<'_>, asked: &Asked<'_>) -> Result<Record> {
        recorded::recorded(self, context, asked).await
    }

    async fn health(&self, context: &Context<'_>) -> Result<Health> {
        let cashbox = operations::cashbox_now(self, context).await?;
        if !cashbox.has_device {
            let message = "no cash register is bound to the log-in".into();
            return Ok(Health { ready: false, message, raw: cashbox.raw });
        }
        // A document needs an open shift (protocol/ikassa.md 2.10).
        let shift = self.shift_now(context).await?;
        let message = match shift.open {
            true => "a cash register is bound to the log-in and its shift is open",
            false => {
                "a cash register is bound to the log-in, and its shift is closed: open it with `open_shift`"
            }
        };
        Ok(Health { ready: shift.open, message: message.into(), raw: Some(shift.raw) })
    }
}
