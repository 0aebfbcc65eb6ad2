//! VAT sums that the shop computed, held against rate and line. VAT is inside the price for plain and calculated
//! rates alike: `sum * r / (100 + r)`, rounded half up to the kopeck (protocol/atol.md 2.8.4). A sum that is off by
//! one kopeck a line is taken, with a warning: cash registers have that tolerance (protocol/atol.md 4.1, number 21).

use super::Found;
use crate::error::{Code, violation};
use crate::receipt::money::Amount;
use crate::receipt::{Item, Receipt, Vat};

/// Hundredths by which the VAT of one line may be off.
const TOLERANCE: u64 = 1;

/// The VAT sum of a line.
pub fn line(index: usize, item: &Item, found: &mut Found) {
    if let (Some(vat), Some(given), Some(total)) = (item.vat, item.vat_sum, item.total()) {
        held(&format!("/items/{index}/vat_sum"), (vat, given), (total, 1), found);
    }
}

/// The VAT sums of the whole receipt. Of `none` and `0` either nothing or the whole amount is given
/// (protocol/atol.md 5.9).
pub fn totals(receipt: &Receipt, totals: &[(String, Vat, Amount)], found: &mut Found) {
    for (path, vat, given) in totals {
        let lines: Vec<&Item> = receipt.items.iter().filter(|item| item.vat == Some(*vat)).collect();
        let sum = lines.iter().try_fold(Amount::ZERO, |sum, item| sum.plus(item.total()?));
        let Some(sum) = sum.filter(|sum| vat.percent() > 0 || given != sum) else { continue };
        let count = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        held(&format!("{path}/sum"), (*vat, *given), (sum, count), found);
    }
}

fn held(path: &str, (vat, given): (Vat, Amount), (total, lines): (Amount, u64), found: &mut Found) {
    let Some(right) = total.vat(vat.percent()) else { return };
    let (Some(there), Some(here)) = (given.hundredths(), right.hundredths()) else { return };
    let off = there.abs_diff(here);
    if off == 0 {
        return;
    }
    let message = format!(
        "VAT {} of {total} is {right}, rounded half up, and {given} is given: correct it, or leave it out",
        vat.word()
    );
    // Without VAT there is nothing to round.
    let is_tolerated = vat.percent() > 0 && off <= TOLERANCE.saturating_mul(lines);
    let list = if is_tolerated { &mut found.1 } else { &mut found.0 };
    list.push(violation(path, Code::VatSumDiffers, message));
}
