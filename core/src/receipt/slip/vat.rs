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
    /// True where the shop did not give all of it: it is computed as `vat::sums` does.
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

/// Line by line, as the totals of a day are.
fn of_lines(vat: Vat, lines: &[&Item]) -> Option<VatOfRate> {
    let mut sums = lines.iter().map(|item| match item.vat_sum.filter(|_| vat.percent() > 0) {
        Some(sum) => Some(VatOfRate { vat, sum, is_computed: false }),
        None => computed(vat, item.total()?),
    });
    let nothing = VatOfRate { vat, sum: Amount::ZERO, is_computed: false };
    sums.try_fold(nothing, |all, one| {
        let one = one?;
        Some(VatOfRate { sum: all.sum.plus(one.sum)?, is_computed: all.is_computed || one.is_computed, vat })
    })
}

fn computed(vat: Vat, total: Amount) -> Option<VatOfRate> {
    match vat.percent() {
        0 => Some(VatOfRate { vat, sum: total, is_computed: false }),
        percent => Some(VatOfRate { vat, sum: total.vat(percent)?, is_computed: true }),
    }
}
