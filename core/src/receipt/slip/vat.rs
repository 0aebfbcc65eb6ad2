//! The VAT of a receipt by rate, as far as the receipt tells it.

use crate::receipt::money::Amount;
use crate::receipt::{Item, Receipt, Vat, VendorReceipt};

/// VAT of one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VatOfRate {
    /// The rate.
    pub vat: Vat,
    /// VAT of it; the whole sum where the rate has none.
    pub sum: Amount,
    /// True where the shop did not give it: it is computed as `vat::sums` does.
    pub is_computed: bool,
}

/// VAT by rate. None at all where a discount or surcharge on the whole does not tell on which rate it falls.
pub fn by_rate(receipt: &Receipt, extras: &VendorReceipt) -> Vec<VatOfRate> {
    // ATOL counts only these then (protocol/atol.md 2.6).
    if let Some(vats) = extras.atol.as_ref().and_then(|atol| atol.vats.as_ref()) {
        return vats.iter().map(|one| VatOfRate { vat: one.vat, sum: one.sum, is_computed: false }).collect();
    }
    let lines_of =
        |vat: Vat| -> Vec<&Item> { receipt.items.iter().filter(|item| item.vat == Some(vat)).collect() };
    let is_whole_changed = receipt.discount.is_some() || receipt.surcharge.is_some();
    let rates = Vat::ALL.iter().map(|vat| (*vat, lines_of(*vat))).filter(|(_, lines)| !lines.is_empty());
    rates
        .filter_map(|(vat, lines)| match is_whole_changed {
            false => of_lines(vat, &lines),
            true if lines.len() == receipt.items.len() => computed(vat, receipt.total()?),
            true => None,
        })
        .collect()
}

fn of_lines(vat: Vat, lines: &[&Item]) -> Option<VatOfRate> {
    let add = |sum: Amount, more: Amount| sum.plus(more);
    let given = lines.iter().filter_map(|item| item.vat_sum).try_fold(Amount::ZERO, add)?;
    let mut rest = lines.iter().filter(|item| item.vat_sum.is_none() || vat.percent() == 0).peekable();
    if rest.peek().is_none() {
        return Some(VatOfRate { vat, sum: given, is_computed: false });
    }
    let rest = computed(vat, rest.try_fold(Amount::ZERO, |sum, item| sum.plus(item.total()?))?)?;
    // Without VAT the sum is that of the lines, and what was given of it is 0 or the same once more.
    let sum = if vat.percent() == 0 { rest.sum } else { rest.sum.plus(given)? };
    Some(VatOfRate { sum, ..rest })
}

fn computed(vat: Vat, total: Amount) -> Option<VatOfRate> {
    match vat.percent() {
        0 => Some(VatOfRate { vat, sum: total, is_computed: false }),
        percent => Some(VatOfRate { vat, sum: total.vat(percent)?, is_computed: true }),
    }
}
