//! ATOL Online: rented cash registers in a data centre (Russia). Documents in the protocol's versions
//! 4 and 5, and monitoring of the cash registers.
//!
//! The caller's id is the vendor's `external_id`, unique within a group: sending a document again is
//! answered with error 33 and the uuid of the first one, so a lost answer is settled by the same
//! bytes (protocol/atol.md 2.12).

mod api;
mod checks;
mod claim;
mod codes;
mod config;
mod error_table;
mod errors;
mod fields;
mod json;
mod map;
mod marking;
mod marks;
mod monitoring;
mod operations;
#[cfg(feature = "testing")]
pub mod readers;
mod report;
mod token;
mod vendor;

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

pub use config::NAME;
pub use config::{AtolConfig, Environment, Protocol};
pub use marks::MarkResult;
pub use monitoring::{Kkt, Kkts};
pub use operations::*;
pub use vendor::Atol;

use report::{Asked, Report, told};

use crate::config::CALL_TIMEOUT_MS;
use crate::error::{Code, Error, Result, Violation};
use crate::input;
use crate::journal::Entry;
use crate::receipt::letters::Letters;
use crate::receipt::place::Country;
use crate::receipt::registration::Raw;
use crate::receipt::vat::Seller;
use crate::receipt::{Kind, PaymentObject, Receipt, atol};
use crate::transport::Transports;
use crate::transport::join;
use crate::vendor::identity::{Identity, RegisterName};
use crate::vendor::messages::{Callback, CallbackReading, Capabilities, Health};
use crate::vendor::recorded::{self, Record, each};
use crate::vendor::{
    Claim, Context, Exclusive, Finding, Mode, Opened, Prepared, StepResult, Vendor, VendorInfo,
};

/// Milliseconds between two questions about a document (protocol/atol.md 2.11, 4.3).
const POLL_MS: u64 = 1_000;

/// When the system gives up on bytes that nobody acknowledges: what arrives late makes no second document.
const REPEATED_SAFELY: Duration = Duration::from_secs(20);

/// Which letters the fiscal record holds.
const LETTERS: Letters = Letters::Cp866;

/// The row in the table of vendors.
pub const INFO: VendorInfo = VendorInfo {
    name: NAME,
    summary: "ATOL Online, Russia: rented cash registers; documents in v4 and v5, and monitoring.",
    country: Country::Russia,
    call_timeout_ms: CALL_TIMEOUT_MS,
    config: input::schema_of::<AtolConfig>,
    open,
    fields: fields::treatment,
    letters: LETTERS,
    operations: OPERATIONS,
};

fn open(text: &str, transports: &Transports) -> Result<Opened> {
    let config: AtolConfig = input::read(text)?;
    let violations = config.violations();
    let (Some(base), Some(monitoring), true) = (config.base(), config.monitoring(), violations.is_empty())
    else {
        return Err(Error::invalid(violations));
    };
    let transport = transports.get(&config.common, &base, REPEATED_SAFELY)?;
    let common = config.common.clone();
    let version = join(&base, &[config.protocol().path()]);
    let (register, identity) = (config.register(), config.identity(&base));
    let vendor = Atol { register, identity, config, transport, version, monitoring };
    Ok(Opened { vendor: Box::new(vendor), common })
}

#[async_trait]
impl Vendor for Atol {
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
        Duration::ZERO
    }

    fn poll_pause(&self) -> Duration {
        Duration::from_millis(self.config.poll_ms.unwrap_or(POLL_MS))
    }

    fn capabilities(&self) -> Capabilities {
        let protocol = self.config.protocol();
        Capabilities {
            vendor: NAME.into(),
            operations: Vec::new(),
            kinds: Kind::ALL.iter().copied().filter(|kind| map::kind_known(*kind, protocol)).collect(),
            vat: map::rates(protocol).collect(),
            payment_types: codes::PAYMENTS.iter().map(|(kind, _)| *kind).collect(),
            payment_objects: PaymentObject::ALL
                .iter()
                .copied()
                .filter(|o| map::object_known(*o, protocol))
                .collect(),
            units: codes::UNITS.iter().map(|(unit, ..)| *unit).collect(),
            currencies: vec![map::CURRENCY.into()],
            idempotency_key: true,
            parallel: true,
            callbacks: true,
        }
    }

    fn violations(&self, receipt: &Receipt) -> Vec<Violation> {
        let texts = LETTERS.copy_with(receipt, atol::texts).map(|(_, violations, _)| violations);
        let found = checks::violations(receipt, &self.config);
        texts.unwrap_or_default().into_iter().chain(found).collect()
    }

    fn seller(&self, receipt: &Receipt) -> Seller {
        map::seller(receipt, &self.config)
    }

    fn warnings(&self, receipt: &Receipt) -> Vec<Violation> {
        let texts = LETTERS.copy_with(receipt, atol::texts).map(|(.., warnings)| warnings);
        let found = checks::warnings(receipt, &self.config);
        texts.unwrap_or_default().into_iter().chain(found).collect()
    }

    fn prepare(&self, receipt: &Receipt, at: OffsetDateTime) -> Result<Prepared> {
        self.group()?;
        let written = LETTERS.copy_with(receipt, atol::texts).map(|(receipt, ..)| receipt);
        let body = map::body(written.as_ref().unwrap_or(receipt), &self.config, at);
        let body = body.ok_or_else(|| Error::new(Code::Internal, "unmapped value in a receipt"))?;
        Ok(Prepared {
            request: format!("{}\n{body}", receipt.kind.word()).into_bytes(),
            vendor_document_id: None,
        })
    }

    fn claim(&self, entry: &Entry) -> Claim {
        Claim { kind: None, total: claim::total(&entry.request) }
    }

    async fn send(&self, context: &Context<'_>, entry: &Entry) -> StepResult {
        self.submit(context, entry).await
    }

    async fn settle(&self, context: &Context<'_>, entry: &Entry, mode: Mode) -> StepResult {
        match (&entry.vendor_document_id, mode) {
            (Some(uuid), _) => self.ask(context, entry, uuid, mode).await,
            // The service knows the id: the same bytes make no second document (protocol/atol.md 2.12).
            (None, Mode::Complete) => self.submit(context, entry).await,
            (None, Mode::Probe) => {
                let message =
                    "only sending it again tells whether it arrived; call `register` or `resolve` for that";
                Finding::Unknown(Error::new(Code::InDoubt, message)).into()
            }
        }
    }

    async fn recorded(&self, context: &Context<'_>, asked: &recorded::Asked<'_>) -> Result<Record> {
        Ok(each(self, context, asked.entries).await)
    }

    async fn health(&self, context: &Context<'_>) -> Result<Health> {
        let kkts = self.kkts(context, None, None).await?;
        let ours: Vec<&Kkt> = match &self.config.group_code {
            Some(group) => kkts.kkts.iter().filter(|kkt| kkt.group_code.as_ref() == Some(group)).collect(),
            None => kkts.kkts.iter().collect(),
        };
        let well = ours.iter().filter(|kkt| kkt.network_error_code == Some(0)).count();
        let message = format!("{well} of {} cash registers without a network error", ours.len());
        Ok(Health { ready: well > 0, message, raw: kkts.raw })
    }

    fn read_callback(&self, callback: &Callback) -> Result<CallbackReading> {
        let unreadable = |why: &str| Error::new(Code::CallbackUnreadable, why);
        let body = callback.body.as_deref().ok_or_else(|| unreadable("ATOL reports in the body"))?;
        let report = Report::in_body(body.as_bytes()).map_err(|why| unreadable(&why))?;
        let raw = Raw::from_body(body.as_bytes());
        let uuid = report.uuid().unwrap_or_default();
        let asked = Asked { uuid: &uuid, ..Asked::default() };
        let (success, fiscal) = match told(&report, asked, raw.clone(), 200) {
            Finding::Registered { fiscal, .. } => (true, Some(*fiscal)),
            Finding::Failed { .. } | Finding::Accepted { .. } => (false, None),
            _ if report.status.0.as_deref() == Some("fail") || report.fault().is_some() => (false, None),
            _ => return Err(unreadable("the body has no known `status`")),
        };
        Ok(CallbackReading {
            success,
            receipt_id: report.external_id.0,
            vendor_status: report.status.0,
            fiscal,
            registration: None,
            raw: Some(raw),
        })
    }
}
