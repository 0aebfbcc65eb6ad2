//! A line of which no price of whole kopecks gives the total, as lines of which one does.

use crate::receipt::Item;
use crate::receipt::money::{Amount, Quantity};

/// Lines that are `item` together and come to `total` together, by their prices alone: 3 pieces for 290.00 are 2 for
/// 96.67 and 1 for 96.66. Prices of pieces are whole in `unit` (hundredths). `None` where the line stands for one
/// marking code and has no such price.
pub fn by_price(item: &Item, total: Amount, unit: i64) -> Option<Vec<Item>> {
    let line = |quantity, price| Item {
        price,
        quantity,
        discount: None,
        surcharge: None,
        // It was the old total's.
        vat_sum: if item.total() == Some(total) { item.vat_sum } else { None },
        ..item.clone()
    };
    if item.total() == Some(total) && item.discount.is_none() && item.surcharge.is_none() {
        return Some(vec![item.clone()]);
    }
    let unit = unit.max(1);
    let is_whole = |price: &Amount| price.hundredths().is_some_and(|price| price % unit == 0);
    if let Some(price) = total.per(item.quantity).filter(is_whole) {
        return Some(vec![line(item.quantity, price)]);
    }
    if item.marking.is_some() {
        return None;
    }
    // Pieces, and what is left of a piece: of that every total has a price.
    let (pieces, part) = item.quantity.pieces()?;
    if pieces == 0 {
        return Some(vec![line(part, total.per(part)?)]);
    }
    let units = total.minus(total.share(part, item.quantity)?)?.hundredths()? / unit;
    let of_part = total.minus(Amount::of_hundredths(units * unit)?)?;
    let (low, more) = (units / pieces, units % pieces);
    let mut lines = Vec::with_capacity(3);
    for (count, price) in [(more, (low + 1) * unit), (pieces - more, low * unit)] {
        if count > 0 {
            lines.push(line(Quantity::of_pieces(count)?, Amount::of_hundredths(price)?));
        }
    }
    if !part.is_zero() {
        lines.push(line(part, of_part.per(part)?));
    }
    // A VAT sum is one line's.
    if lines.len() > 1 {
        lines.iter_mut().for_each(|line| line.vat_sum = None);
    }
    Some(lines)
}
