//! What the journal has on record, added up: by day or shift, by kind, payment and VAT rate.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};

use super::Client;
use crate::error::{Code, Error, Result, violation};
use crate::journal::{Entry, Filter};
use crate::receipt::days::Days;
use crate::receipt::money::Amount;
use crate::receipt::registration::State;
use crate::receipt::{Kind, PaymentType, Receipt, Vat};

/// Entries that are read at a time.
const PAGE: usize = 1_000;
/// A receipt may be of a day long before or after it was written down: the outbox waits for a vendor that is away, and
/// `issued_at` says an earlier day. Days further apart than this are not looked for.
const FARTHEST: Duration = Duration::days(31);
/// Most ids of receipts that are listed.
const MOST_LISTED: usize = 1_000;

/// What stands in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TotalsBy {
    /// A day at the place of the cash register.
    #[default]
    Day,
    /// A shift, by the number that the vendor gave.
    Shift,
}

/// Which days to add up.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TotalsQuery {
    /// The first day; absent means the first one that the journal has.
    #[schemars(extend("format" = "date"))]
    pub since: Option<String>,
    /// The last day; absent means today.
    #[schemars(extend("format" = "date"))]
    pub until: Option<String>,
    /// What stands in a row; absent means a day.
    pub by: Option<TotalsBy>,
}

/// What the journal has on record.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// The cash register.
    pub register: String,
    /// A row for each day or shift and each kind, in their order.
    pub rows: Vec<TotalsRow>,
    /// How many receipts of these days are in each state that is not `registered`; `annulled` are on record, and so is
    /// what annulled them (iKassa).
    pub others: BTreeMap<String, u64>,
    /// Receipts on record whose content the journal does not hold: documents of the vendor's own form, movements of
    /// cash, and what earlier versions wrote. They are in no row; the first 1000.
    pub without_content: Vec<String>,
}

/// The receipts of one kind on one day or in one shift.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TotalsRow {
    /// The day; absent with `by` `shift`.
    pub day: Option<String>,
    /// The number of the shift, where the vendor told it; absent with `by` `day`.
    pub shift: Option<String>,
    /// The kind.
    pub kind: Kind,
    /// How many there are.
    pub receipts: u64,
    /// What they come to.
    pub total: Amount,
    /// By type of payment.
    pub payments: BTreeMap<String, Amount>,
    /// By VAT rate; lines without one are under `-`. A receipt with several rates and a discount or surcharge on the
    /// whole is in none of them.
    pub vat: BTreeMap<String, VatTotal>,
}

/// The lines of one VAT rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VatTotal {
    /// What they come to.
    pub total: Amount,
    /// The VAT inside, each line rounded half up; the sum that the shop gave where it gave one.
    pub vat: Amount,
}

/// The entries that may be of these days.
fn filter_of(days: Days) -> Filter {
    let ms = |day: Date| i64::try_from(day.midnight().assume_utc().unix_timestamp_nanos() / 1_000_000).ok();
    let since_ms = days.since.and_then(|day| day.checked_sub(FARTHEST)).and_then(ms);
    let until_ms = days.until.and_then(|day| day.checked_add(FARTHEST)).and_then(ms);
    Filter { since_ms, until_ms, limit: PAGE, ..Filter::default() }
}

impl Client {
    /// See the table of operations.
    pub async fn totals(&self, query: TotalsQuery) -> Result<Totals> {
        let days = Days::read(query.since.as_deref(), query.until.as_deref())?;
        let by = query.by.unwrap_or_default();
        let register = self.delivery.register().await?.to_owned();
        let mut rows: BTreeMap<(String, usize), TotalsRow> = BTreeMap::new();
        let mut totals =
            Totals { register, rows: Vec::new(), others: BTreeMap::new(), without_content: Vec::new() };
        let mut annulled = BTreeSet::new();
        if self.annuls() {
            self.each_of(days, |entry, _, _| {
                annulled.extend(entry.basis.clone().filter(|_| self.is_annulment(entry)));
                Ok(())
            })
            .await?;
        }
        self.each_of(days, |entry, receipt, day| {
            if !days.have(day) {
                return Ok(());
            }
            if annulled.contains(&entry.receipt_id) {
                *totals.others.entry("annulled".into()).or_default() += 1;
                return Ok(());
            }
            if entry.state != State::Registered {
                *totals.others.entry(entry.state.word().into()).or_default() += 1;
                return Ok(());
            }
            let Some(receipt) = receipt? else {
                if totals.without_content.len() < MOST_LISTED {
                    totals.without_content.push(entry.receipt_id.clone());
                }
                return Ok(());
            };
            let shift = entry.fiscal.as_ref().and_then(|fiscal| fiscal.shift_number.clone());
            let day = day.to_string();
            let (key, day, shift) = match by {
                TotalsBy::Day => (day.clone(), Some(day), None),
                // In the order of their numbers.
                TotalsBy::Shift => (format!("{:>20}", shift.as_deref().unwrap_or_default()), None, shift),
            };
            let place = Kind::ALL.iter().position(|kind| *kind == receipt.kind).unwrap_or_default();
            let row = rows.entry((key, place)).or_insert_with(|| TotalsRow::new(day, shift, receipt.kind));
            row.add(&receipt).ok_or_else(|| {
                let message = "the sums are too large to be added up: ask for fewer days";
                Error::invalid(vec![violation("/since", Code::TooLarge, message)])
            })
        })
        .await?;
        totals.rows = rows.into_values().collect();
        Ok(totals)
    }

    /// Shows every entry that may be of these days, with its receipt where the journal holds that, and its day.
    pub(super) async fn each_of(
        &self,
        days: Days,
        mut look: impl FnMut(&Entry, Result<Option<Receipt>>, Date) -> Result<()>,
    ) -> Result<()> {
        let register = self.delivery.register().await?;
        let ends = self.delivery.budget().ends();
        let mut filter = filter_of(days);
        loop {
            let page = self.delivery.journal.list(register, &filter).await?;
            for entry in &page {
                let receipt = entry.receipt.as_ref().map(|_| self.receipt_of(entry)).transpose();
                let day = self.day_of(entry, receipt.as_ref().ok().and_then(Option::as_ref));
                look(entry, receipt, day)?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE => filter.after = Some(last.receipt_id.clone()),
                _ => return Ok(()),
            }
            if tokio::time::Instant::now() >= ends {
                let message = "the time for the call ran out before all entries were read; ask for fewer days or raise \
                               `timeout_ms`";
                return Err(Error::new(Code::JournalUnavailable, message));
            }
        }
    }
}

impl TotalsRow {
    fn new(day: Option<String>, shift: Option<String>, kind: Kind) -> Self {
        let (payments, vat) = (BTreeMap::new(), BTreeMap::new());
        Self { day, shift, kind, receipts: 0, total: Amount::ZERO, payments, vat }
    }

    fn add(&mut self, receipt: &Receipt) -> Option<()> {
        self.receipts += 1;
        self.total = self.total.plus(receipt.total()?)?;
        for payment in &receipt.payments {
            let sum = self.payments.entry(PaymentType::word(payment.payment_type).into()).or_default();
            *sum = sum.plus(payment.sum)?;
        }
        let rates: BTreeSet<&str> =
            receipt.items.iter().map(|item| item.vat.map_or("-", Vat::word)).collect();
        if receipt.discount.is_some() || receipt.surcharge.is_some() {
            // On which of several rates it falls is left open.
            if let (Some(rate), 1) = (rates.first(), rates.len()) {
                let (total, percent) = (receipt.total()?, receipt.items.first()?.vat.map_or(0, Vat::percent));
                let row = self.vat.entry((*rate).into()).or_default();
                (row.total, row.vat) = (row.total.plus(total)?, row.vat.plus(total.vat(percent)?)?);
            }
            return Some(());
        }
        for item in &receipt.items {
            let row = self.vat.entry(item.vat.map_or("-", Vat::word).into()).or_default();
            let total = item.total()?;
            let vat = item.vat_sum.or_else(|| total.vat(item.vat.map_or(0, Vat::percent)))?;
            (row.total, row.vat) = (row.total.plus(total)?, row.vat.plus(vat)?);
        }
        Some(())
    }
}

/// The moment in milliseconds since 1970.
pub(super) fn milliseconds(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
