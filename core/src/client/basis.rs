//! What the journal has of a receipt, and a receipt that builds on another one. Two that build on one are made one after
//! the other, under a lease, so that together they never take more than there is.

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};

use super::Client;
use crate::delivery::fingerprint;
use crate::error::{Code, Error, Result, violation};
use crate::journal::{Entry, Filter, Lease};
use crate::receipt::Receipt;
use crate::receipt::basis::{Basis, For, Known};
use crate::receipt::distribute::Adjustments;
use crate::receipt::money::Amount;
use crate::receipt::registration::State;

/// Receipts that build on one, read at a time.
const PAGE: usize = 1_000;

impl Client {
    /// True where the vendor annuls documents.
    pub(super) fn annuls(&self) -> bool {
        self.delivery.vendor.annulment().is_some()
    }

    /// True for a document that annuls the one it builds on.
    pub(super) fn is_annulment(&self, entry: &Entry) -> bool {
        self.delivery.vendor.annulment() == Some(entry.operation.as_str()) && entry.state != State::Failed
    }

    /// The document that annuls a receipt, where this journal has one.
    pub(super) async fn annulment_of(&self, receipt_id: &str) -> Result<Option<Entry>> {
        if !self.annuls() {
            return Ok(None);
        }
        Ok(self.building_on(receipt_id).await?.into_iter().find(|other| self.is_annulment(other)))
    }

    /// The right to write down a receipt that builds on another one; none where it builds on none.
    pub(super) async fn basis_lease(&self, receipt: &Receipt) -> Result<Option<Lease>> {
        let Some(basis) = receipt.basis()? else { return Ok(None) };
        let name = format!("basis {} {}", self.delivery.register().await?, basis.id());
        self.delivery.journal.lease(&name, self.delivery.budget().ends()).await.map(Some)
    }

    /// The receipt with all that it has from the one it builds on.
    pub(super) async fn built(&self, receipt: Receipt) -> Result<Receipt> {
        let Some(basis) = receipt.basis()? else { return Ok(receipt) };
        let register = self.delivery.register().await?;
        let before = self.delivery.journal.find(register, &receipt.id).await?;
        if let Some(before) = before {
            // The same call once more gives the same receipt, whatever was refunded since.
            return Ok(match self.receipt_of(&before) {
                Ok(kept) if kept.basis().ok().flatten() == Some(basis) => receipt.repeated(&kept),
                // The fingerprints tell that it is another one.
                _ => receipt,
            });
        }
        let (entry, known) = self.known(basis).await?;
        let mut others = Vec::new();
        // What failed took nothing.
        for other in
            self.building_on(&entry.receipt_id).await?.iter().filter(|other| other.state != State::Failed)
        {
            if self.is_annulment(other) {
                let message = format!("{} was annulled by {}", entry.receipt_id, other.receipt_id);
                return Err(Error::new(Code::BasisUnusable, message));
            }
            others.push(self.receipt_of(other)?);
        }
        let returned = self.returned(&others).await?;
        let stands = self.delivery.vendor.seller(&receipt).place(self.stands);
        let at = receipt.moment(OffsetDateTime::now_utc()).unwrap_or_else(OffsetDateTime::now_utc);
        let register = For {
            adjustments: Adjustments::of(self.info.fields),
            unit: self.delivery.vendor.smallest_sum(),
            country: stands.country,
            today: stands.days(at).0,
        };
        receipt.built(&Known { others: &others, returned, ..known }, register)
    }

    /// The entries that build on a receipt.
    async fn building_on(&self, receipt_id: &str) -> Result<Vec<Entry>> {
        let register = self.delivery.register().await?;
        let mut filter = Filter { basis: Some(receipt_id.into()), limit: PAGE, ..Filter::default() };
        let mut all = Vec::new();
        loop {
            let page = self.delivery.journal.list(register, &filter).await?;
            let is_last = page.len() < PAGE;
            all.extend(page);
            match all.last() {
                Some(last) if !is_last => filter.after = Some(last.receipt_id.clone()),
                _ => return Ok(all),
            }
        }
    }

    /// The prepaid money that settlements among `others` set off and that is to be used again, because refunds of them
    /// are on record.
    async fn returned(&self, others: &[Receipt]) -> Result<Amount> {
        let mut sum = Amount::ZERO;
        for settlement in others.iter().filter(|other| other.settles.is_some()) {
            for refund in self.building_on(&settlement.id).await? {
                // One that may still fail gives nothing back.
                if refund.state == State::Registered && !self.is_annulment(&refund) {
                    let refund = self.receipt_of(&refund)?;
                    let back = refund.refund_of.is_some().then(|| refund.set_off()).flatten();
                    sum = back.and_then(|back| sum.plus(back)).unwrap_or(sum);
                }
            }
        }
        Ok(sum)
    }

    /// The receipt that another one builds on: it has to be on record.
    async fn known(&self, basis: Basis<'_>) -> Result<(Entry, Known<'static>)> {
        let (id, path) = (basis.id(), basis.path());
        let entry = self.delivery.entry_of(id).await.map_err(|error| match error.code {
            Code::ReceiptUnknown => Error::invalid(vec![violation(path, error.code, error.message)]),
            _ => error,
        })?;
        // One of another system does not count here.
        self.delivery.counted(&entry).await?;
        let unusable = |why: &str| Error::new(Code::BasisUnusable, format!("{id} {why}"));
        match entry.state {
            State::Registered => {}
            State::Failed => return Err(unusable("failed and is not on record: nothing can build on it")),
            state => {
                let why = format!("is `{}`: settle it first (`status`, `deliver`, `resolve`)", state.word());
                return Err(unusable(&why));
            }
        }
        let receipt = self.receipt_of(&entry)?;
        let sign = entry.fiscal.as_ref().and_then(|fiscal| fiscal.sign.clone());
        let day = self.day_of(&entry, Some(&receipt));
        Ok((entry, Known { receipt, day, sign, others: &[], returned: Amount::ZERO }))
    }

    /// The receipt of an entry, as it was given.
    pub(super) fn receipt_of(&self, entry: &Entry) -> Result<Receipt> {
        let Some(kept) = entry.receipt.as_deref() else {
            let message = format!(
                "the journal does not hold what {} says: it is a document of the vendor's own form or a movement of cash, \
                 or was written by an earlier version",
                entry.receipt_id
            );
            return Err(Error::new(Code::BasisUnusable, message));
        };
        let damaged = || {
            let message =
                format!("what the journal holds of {} is not what was written there", entry.receipt_id);
            Error::new(Code::JournalDamaged, message)
        };
        let receipt: Receipt = serde_json::from_str(kept).map_err(|_| damaged())?;
        // A configuration may have had another currency then.
        let forms = self.forms(&receipt)?;
        let bare = serde_json::to_string(&receipt.canonical(self.info.name, None)).map_err(|_| damaged())?;
        let own = [forms.content.as_bytes(), bare.as_bytes()].into_iter();
        let mut all = own.chain(forms.earlier.iter().map(Vec::as_slice));
        if !all.any(|form| fingerprint(form) == entry.fingerprint) {
            return Err(damaged());
        }
        Ok(receipt)
    }

    /// The day that a receipt is of: as it says itself, as the vendor recorded it, or as it was written down.
    pub(super) fn day_of(&self, entry: &Entry, receipt: Option<&Receipt>) -> Date {
        let recorded = entry.fiscal.as_ref().and_then(|fiscal| fiscal.registered_at.as_deref());
        // The day as it is written: the time zone is that of the place.
        let written = |text: &str| Date::parse(text.get(..10)?, &Iso8601::DATE).ok();
        let place =
            receipt.map_or(self.stands, |receipt| self.delivery.vendor.seller(receipt).place(self.stands));
        let arrived = || {
            let moment = OffsetDateTime::from_unix_timestamp(entry.created_at_ms / 1_000);
            place.days(moment.unwrap_or(OffsetDateTime::UNIX_EPOCH)).0
        };
        let issued = receipt.and_then(|receipt| receipt.issued_at.as_deref()).and_then(|text| {
            let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
            Some(place.time_zone.map_or(moment, |zone| moment.to_offset(zone)).date())
        });
        issued.or_else(|| recorded.and_then(written)).unwrap_or_else(arrived)
    }
}
