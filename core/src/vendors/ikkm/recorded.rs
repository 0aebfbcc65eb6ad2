//! The device's shifts and their receipts, held against the journal (protocol/ikkm.md 5.5, 5.6).

use std::collections::{BTreeMap, BTreeSet};

use time::Date;
use time::format_description::well_known::Iso8601;

use super::reports::{Cheque, ShiftRow, ask};
use super::vendor::Ikkm;
use crate::error::Result;
use crate::journal::Entry;
use crate::receipt::Kind;
use crate::receipt::money::Amount;
use crate::receipt::registration::State;
use crate::vendor::Context;
use crate::vendor::look_up;
use crate::vendor::recorded::{Asked, Record, Recorded, Told};

/// Types of receipts (protocol/ikkm.md 5.6).
const TYPES: &[(&str, Kind)] =
    &[("0", Kind::Sell), ("1", Kind::Buy), ("2", Kind::SellRefund), ("3", Kind::BuyRefund)];

/// What the device has of these days.
pub async fn recorded(vendor: &Ikkm, context: &Context<'_>, asked: &Asked<'_>) -> Result<Record> {
    let (shifts, _): (Vec<ShiftRow>, _) = ask(vendor, context, ("/dump/table/shifts", ""), "").await?;
    let mut cheques = Vec::new();
    for number in
        shifts.iter().filter(|shift| is_of(shift, asked)).filter_map(|shift| shift.number.as_deref())
    {
        let place = ("/dump/table/shifts/{}/cheques", number);
        let (found, _): (Vec<Cheque>, _) = ask(vendor, context, place, "").await?;
        cheques.extend(found);
    }
    Ok(compared(&cheques, asked))
}

/// The day of a time of the device, which stands in front.
fn day(text: Option<&str>) -> Option<Date> {
    Date::parse(text?.get(..10)?, &Iso8601::DATE).ok()
}

/// True where the shift may have receipts of these days.
fn is_of(shift: &ShiftRow, asked: &Asked<'_>) -> bool {
    let opened = day(shift.opened_at.as_deref());
    let closed = day(shift.closed_at.as_deref());
    asked.days.until.is_none_or(|until| opened.is_none_or(|opened| opened <= until))
        && asked.days.since.is_none_or(|since| closed.is_none_or(|closed| since <= closed))
}

fn number(entry: &Entry) -> Option<&str> {
    entry.fiscal.as_ref()?.receipt_number.as_deref()
}

/// The receipts of the device beside the entries.
fn compared(cheques: &[Cheque], asked: &Asked<'_>) -> Record {
    let by_number: BTreeMap<&str, &Cheque> =
        cheques.iter().filter_map(|cheque| Some((cheque.receipt_number.as_deref()?, cheque))).collect();
    let value = |text: &str| text.parse::<u64>().ok();
    let first = by_number.keys().filter_map(|number| value(number)).min();
    let mut record = Record::default();
    for entry in asked.entries.iter().filter(|entry| entry.state == State::Registered) {
        let told = match (number(entry), first) {
            (None, _) => Told::Nothing("the device did not tell the number of this receipt".into()),
            (Some(number), first) => match by_number.get(number) {
                Some(cheque) => Told::OnRecord(recorded_of(cheque, entry)),
                None if first.is_none_or(|first| value(number).is_none_or(|number| number < first)) => {
                    Told::Nothing("the device tells no shift with this receipt any more".into())
                }
                None => Told::NotOnRecord("the device has no receipt with this number".into()),
            },
        };
        record.entries.push((entry.receipt_id.clone(), told));
    }
    // A receipt in doubt may be one of those without an entry.
    let ours: BTreeSet<&str> = asked.nearby.iter().filter_map(number).collect();
    let doubts = asked.nearby.iter().filter(|entry| !entry.state.is_final() && entry.attempts > 0).count();
    let strangers = by_number.iter().filter(|(number, _)| !ours.contains(*number));
    for (_, cheque) in strangers {
        if day(cheque.opened_at.as_deref()).is_none_or(|day| asked.days.have(day)) {
            record.strangers.push(theirs(cheque));
        }
    }
    if doubts > 0 && !record.strangers.is_empty() {
        record
            .untold
            .push(format!("{doubts} receipts are in doubt: some of the others' documents may be theirs"));
    }
    record
}

/// What the device tells of a receipt of ours. How it lists a discount is not documented, nor what it lists for a
/// receipt without lines: then the total is not compared.
fn recorded_of(cheque: &Cheque, entry: &Entry) -> Recorded {
    let is_plain = entry.given().is_some_and(|receipt| {
        receipt.discount.is_none()
            && receipt.surcharge.is_none()
            && receipt.items.iter().all(|item| item.discount.is_none_or(Amount::is_zero))
    });
    let recorded = theirs(cheque);
    Recorded { total: recorded.total.filter(|_| is_plain), ..recorded }
}

fn theirs(cheque: &Cheque) -> Recorded {
    let mut sums = cheque.rows.iter().map(|row| Amount::parse(row.sum.as_deref()?).ok());
    let total = sums.try_fold(Amount::ZERO, |total, sum| total.plus(sum?));
    Recorded {
        number: cheque.receipt_number.clone(),
        kind: cheque.cheque_type.as_deref().and_then(|text| look_up(TYPES, &text)),
        total: total.filter(|_| !cheque.rows.is_empty()),
    }
}
