//! The desk at which a vendor's own operations work: see `vendor::desk`.

use std::any::Any;

use async_trait::async_trait;

use super::Delivery;
use crate::error::{Error, Result};
use crate::journal::{Entry, Filter, Lease};
use crate::receipt::registration::{Registration, State};
use crate::vendor::desk::{Desk, Wanted};
use crate::vendor::{Context, Finding, StepResult};

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
        self.ready().await?;
        self.lease_of(receipt_id, context.budget).await
    }

    async fn settle_earlier(&self, context: &Context<'_>) -> Result<()> {
        self.settle_all_earlier(context.budget).await
    }

    async fn release(&self, lease: Lease) {
        self.give_back(lease).await;
    }

    async fn deliver(&self, wanted: Wanted) -> Result<Registration> {
        if let Err(error) = self.ready().await {
            return Err(self.told(error, &wanted.id).await);
        }
        let progress = self.deliver_intent(&self.intent(wanted), self.budget()).await?;
        progress.verdict().map(|entry| entry.registration())
    }

    async fn entry_of_document(&self, document_id: &str) -> Result<Option<Entry>> {
        let filter = Filter { document: Some(document_id.into()), limit: 1, ..Filter::default() };
        Ok(self.journal.list(self.register().await?, &filter).await?.pop())
    }

    async fn told(&self, error: Error, receipt_id: &str) -> Error {
        self.told(error, receipt_id).await
    }

    async fn put_back(&self, receipt_id: &str) -> Result<Entry> {
        self.put_back(receipt_id, self.budget()).await
    }

    async fn learned(&self, receipt_id: &str, result: StepResult) -> Result<()> {
        let lease = self.lease_of(receipt_id, self.budget()).await?;
        let learned = async {
            let mut entry = self.entry_of(receipt_id).await?;
            let is_news = matches!(result.finding, Finding::Registered { .. } | Finding::Accepted { .. });
            if entry.state == State::Failed && is_news && self.former_of(&entry).await?.is_none() {
                self.learn(&mut entry, "asked by a person", result).await?;
            }
            Ok(())
        };
        lease.during(learned).await
    }
}
