//! The desk at which a vendor's own operations work: see `vendor::desk`.

use std::any::Any;

use async_trait::async_trait;

use super::Delivery;
use super::steps::Step;
use crate::error::Result;
use crate::journal::{Entry, Lease};
use crate::receipt::registration::{Registration, State};
use crate::vendor::desk::{Desk, Wanted};
use crate::vendor::{Context, Finding};

#[async_trait]
impl Desk for Delivery {
    fn vendor(&self) -> &dyn Any {
        &*self.vendor
    }

    fn context(&self) -> Context<'_> {
        self.context_of(self.budget())
    }

    async fn entry(&self, receipt_id: &str) -> Result<Entry> {
        self.entry_of(receipt_id).await
    }

    async fn lease(&self, receipt_id: &str, context: &Context<'_>) -> Result<Lease> {
        self.lease_of(receipt_id, context.budget).await
    }

    fn release(&self, lease: Lease) {
        self.give_back(lease);
    }

    async fn deliver(&self, wanted: Wanted) -> Result<Registration> {
        let progress = self.deliver_intent(&self.intent(wanted), self.budget()).await?;
        progress.verdict().map(|entry| entry.registration())
    }

    async fn put_back(&self, receipt_id: &str, finding: Finding) -> Result<()> {
        let Some(mut entry) = self.journal.find(self.vendor.register(), receipt_id).await? else {
            return Ok(());
        };
        if entry.state == State::Failed {
            let raw = match &finding {
                Finding::Registered { raw, .. } | Finding::Accepted { raw, .. } => Some(raw.clone()),
                _ => None,
            };
            self.conclude(&mut entry, Step::put_back(raw)).await?;
            if matches!(finding, Finding::Registered { .. } | Finding::Failed { .. }) {
                self.conclude(&mut entry, Step::with_vendor("re-queued", finding.into())).await?;
            }
        }
        Ok(())
    }
}
