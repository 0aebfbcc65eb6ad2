//! A receipt written down: read, checked, made into the vendor's request, kept in the journal.

use std::time::Duration;

use time::OffsetDateTime;

use super::Client;
use super::messages::{Enqueue, Enqueued, QueueError, Queued};
use crate::error::{Code, Error, Kind, Result};
use crate::faults::may_fail;
use crate::journal::{Intent, Lease};
use crate::receipt::Receipt;
use crate::vendor::desk::Wanted;

/// Receipts that `enqueue` writes at a time.
const ENQUEUE_CHUNK: usize = 1_000;
/// How long it may take to write one receipt down.
const TIME_OF_A_WRITE: Duration = Duration::from_secs(5);

/// What a receipt says, as JSON.
pub(super) struct Forms {
    /// As it was given.
    pub given: String,
    /// In its one form.
    pub content: String,
    /// As earlier versions wrote that.
    pub earlier: Vec<Vec<u8>>,
}

impl Client {
    pub(super) async fn intent(&self, receipt: Receipt) -> Result<Intent> {
        let made = receipt.made();
        let mut receipt = self.built(receipt).await?;
        let Forms { given, content, earlier } = self.forms(&receipt)?;
        let at = OffsetDateTime::now_utc();
        let (mut violations, _) = self.checked(&mut receipt, at);
        made.tell(&mut violations);
        if !violations.is_empty() {
            return Err(Error::invalid(violations));
        }
        // What is prepared may hold the name of the register.
        self.delivery.ready().await?;
        may_fail("request_prepared")?;
        let prepared = self.delivery.vendor.prepare(&receipt, at)?;
        Ok(self.delivery.intent(Wanted {
            operation: "register",
            basis: receipt.basis()?.map(|basis| basis.id().to_owned()),
            id: receipt.id,
            receipt: Some(given),
            content: content.into_bytes(),
            earlier,
            request: prepared.request,
            vendor_document_id: prepared.vendor_document_id,
        }))
    }

    pub(super) fn forms(&self, receipt: &Receipt) -> Result<Forms> {
        may_fail("content_written")?;
        let currency = receipt.currency.as_ref().and_then(|_| self.delivery.vendor.currency());
        let same = receipt.canonical(self.info.name, currency.as_deref());
        let unwritable = |error: serde_json::Error| Error::new(Code::Internal, error.to_string());
        let content = serde_json::to_string(&same).map_err(unwritable)?;
        // Mostly it is written as the one form is, and then earlier versions kept the same.
        if same == *receipt {
            return Ok(Forms { given: content.clone(), content, earlier: Vec::new() });
        }
        let given = serde_json::to_string(receipt).map_err(unwritable)?;
        let mut earlier = receipt.earlier_forms().map_err(unwritable)?;
        earlier.retain(|form| form != content.as_bytes());
        Ok(Forms { given, content, earlier })
    }

    /// The intent of a receipt. One that builds on another receipt is in the journal then: whoever comes later sees what
    /// it takes.
    pub(super) async fn written(&self, receipt: Receipt) -> Result<Intent> {
        let Some(lease) = self.basis_lease(&receipt).await? else { return self.intent(receipt).await };
        let written = self.written_with(&lease, receipt).await;
        lease.give_back(Duration::ZERO).await;
        written
    }

    async fn written_with(&self, lease: &Lease, receipt: Receipt) -> Result<Intent> {
        let intent = self.intent(receipt).await?;
        // A process that stood still since may not be alone any more.
        if !lease.holds_for(TIME_OF_A_WRITE) {
            let message =
                "the right to build on another receipt ran out before it was written down; nothing was sent";
            return Err(Error::new(Code::Busy, message));
        }
        for written in self.delivery.enqueue(std::slice::from_ref(&intent)).await {
            written?;
        }
        Ok(intent)
    }

    /// See the table of operations.
    pub async fn enqueue(&self, request: Enqueue) -> Result<Enqueued> {
        let mut intents = Vec::with_capacity(request.receipts.len());
        let mut violations = Vec::new();
        let (mut building, mut enqueued) = (Vec::new(), Enqueued { entries: Vec::new(), errors: Vec::new() });
        for (index, receipt) in request.receipts.into_iter().enumerate() {
            // It is made anew when it is written down: what is left to build on may change until then.
            let again = receipt.basis().ok().flatten().is_some().then(|| receipt.clone());
            let receipt_id = receipt.id.clone();
            match self.intent(receipt).await {
                Ok(intent) => match again {
                    Some(receipt) => building.push(receipt),
                    None => intents.push(intent),
                },
                Err(error) if error.kind() == Kind::Conflict => {
                    let error = self.delivery.told(error, &receipt_id).await.into();
                    enqueued.errors.push(QueueError { receipt_id, error });
                }
                Err(error) if error.violations.is_empty() => return Err(error),
                Err(error) => violations.extend(error.violations.into_iter().map(|mut found| {
                    found.path = format!("/receipts/{index}{}", found.path);
                    found
                })),
            }
        }
        if !violations.is_empty() {
            return Err(Error::invalid(violations));
        }
        for chunk in intents.chunks(ENQUEUE_CHUNK) {
            for (intent, result) in chunk.iter().zip(self.delivery.enqueue(chunk).await) {
                let receipt_id = intent.receipt_id.clone();
                match result {
                    Ok(entry) => enqueued.entries.push(Queued { receipt_id, state: entry.state }),
                    Err(error) => enqueued.errors.push(QueueError { receipt_id, error: error.into() }),
                }
            }
        }
        for receipt in building {
            let receipt_id = receipt.id.clone();
            let written = async {
                self.written(receipt).await?;
                self.delivery.entry_of(&receipt_id).await
            };
            match written.await {
                Ok(entry) => enqueued.entries.push(Queued { receipt_id, state: entry.state }),
                Err(error) => {
                    let error = self.delivery.told(error, &receipt_id).await.into();
                    enqueued.errors.push(QueueError { receipt_id, error });
                }
            }
        }
        Ok(enqueued)
    }
}
