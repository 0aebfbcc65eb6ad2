//! Modulkassa: a cloud queue in front of a shop's cash register (Russia).
//!
//! The client chooses each document's id, a UUID derived from the cash register and the receipt's
//! id. What a repeat of an id gives is not documented, so a lost answer is settled by asking for
//! the document first (protocol/modulkassa.md 3.7).

mod api;
mod callback;
mod claim;
mod codes;
mod config;
mod fields;
mod map;
mod operations;
#[cfg(feature = "testing")]
pub mod readers;
mod status;
mod vendor;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

pub use config::NAME;
pub use config::{Account, DocumentVersion, Environment, ModulkassaConfig};
pub use operations::*;
pub use vendor::Modulkassa;

use crate::config::CALL_TIMEOUT_MS;
use crate::error::{Code, Error, Result, Violation};
use crate::input;
use crate::journal::Entry;
use crate::receipt::letters::Letters;
use crate::receipt::place::Country;
use crate::receipt::{Kind, Receipt};
use crate::transport::Transports;
use crate::vendor::identity::{Identity, RegisterName};
use crate::vendor::messages::{Callback, CallbackReading, Capabilities, Health};
use crate::vendor::recorded::{Asked, Record, each};
use crate::vendor::{Claim, Context, Exclusive, Mode, Opened, Prepared, StepResult, Vendor, VendorInfo};

/// The row in the table of vendors.
pub const INFO: VendorInfo = VendorInfo {
    name: NAME,
    summary: "Modulkassa (Modulpos), Russia: a cloud queue in front of a shop's cash register.",
    country: Country::Russia,
    call_timeout_ms: CALL_TIMEOUT_MS,
    config: input::schema_of::<ModulkassaConfig>,
    open,
    fields: fields::treatment,
    letters: Letters::Cp866,
    operations: OPERATIONS,
};

/// Namespace of the document ids. Never change it: ids of documents in flight depend on it.
const DOCUMENT_NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_3c52_8e0b_4b7a_9a44_5d2e_71c0_b3f8);
fn open(text: &str, transports: &Transports) -> Result<Opened> {
    let config: ModulkassaConfig = input::read(text)?;
    let violations = config.violations();
    let (Some(base), Some(register), true) = (config.base(), config.register(), violations.is_empty()) else {
        return Err(Error::invalid(violations));
    };
    let transport = transports.get(&config.common, &base, config.settle_after())?;
    let common = config.common.clone();
    let identity = config.identity(&base);
    Ok(Opened { vendor: Box::new(Modulkassa { register, identity, config, transport, base }), common })
}

/// The vendor's id for a document: the same for the same register and receipt, in any process.
fn document_id(register: &str, receipt_id: &str) -> String {
    Uuid::new_v5(&DOCUMENT_NAMESPACE, format!("{register}\n{receipt_id}").as_bytes()).to_string()
}

#[async_trait]
impl Vendor for Modulkassa {
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
        self.config.settle_after()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            vendor: NAME.into(),
            operations: Vec::new(),
            kinds: Kind::ALL.to_vec(),
            vat: map::rates(self.config.version()).collect(),
            payment_types: codes::PAYMENT_TYPES.iter().map(|(kind, _)| *kind).collect(),
            payment_objects: codes::OBJECTS.to_vec(),
            units: codes::MEASURES.iter().map(|(unit, _)| *unit).collect(),
            currencies: vec![map::CURRENCY.into()],
            idempotency_key: true,
            parallel: true,
            callbacks: true,
        }
    }

    fn violations(&self, receipt: &Receipt) -> Vec<Violation> {
        map::violations(receipt, self.config.version())
    }

    fn warnings(&self, receipt: &Receipt) -> Vec<Violation> {
        map::warnings(receipt)
    }

    fn prepare(&self, receipt: &Receipt, at: OffsetDateTime) -> Result<Prepared> {
        let id = document_id(&self.register, &receipt.id);
        let internal =
            |what: &str| Error::new(Code::Internal, format!("the document cannot be written: {what}"));
        let document = map::document(receipt, id.clone(), at).ok_or_else(|| internal("unmapped value"))?;
        let request = serde_json::to_vec(&document).map_err(|error| internal(&error.to_string()))?;
        Ok(Prepared { request, vendor_document_id: Some(id) })
    }

    fn claim(&self, entry: &Entry) -> Claim {
        claim::claim(&entry.request)
    }

    async fn send(&self, context: &Context<'_>, entry: &Entry) -> StepResult {
        self.submit(context, entry).await
    }

    async fn settle(&self, context: &Context<'_>, entry: &Entry, _: Mode) -> StepResult {
        self.look_up(context, api::document_of(entry)).await
    }

    async fn put_back(&self, context: &Context<'_>, entry: &Entry) -> StepResult {
        self.requeue(context, entry).await
    }

    async fn recorded(&self, context: &Context<'_>, asked: &Asked<'_>) -> Result<Record> {
        Ok(each(self, context, asked.entries).await)
    }

    async fn health(&self, context: &Context<'_>) -> Result<Health> {
        let status = self.service_status(context).await?;
        Ok(Health { ready: status.is_ready, message: status.summary(), raw: status.raw })
    }

    fn read_callback(&self, callback: &Callback) -> Result<CallbackReading> {
        callback::read(callback)
    }
}
