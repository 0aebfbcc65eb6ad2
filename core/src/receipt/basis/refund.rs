//! A refund from its sale. Of each line comes back what is asked for, at its share of what the line cost; the last part
//! of a line takes all that is left of its money, so that the parts add up to the kopeck.

use super::{Amount, For, Known, Quantity, RefundLine, RefundOf, exceeded, settle};
use crate::error::{Code, Error, Result, Violation, violation};
use crate::receipt::distribute::Adjustments;
use crate::receipt::{Item, Kind, Payment, Receipt};

/// Lines that a message names.
const MOST_TOLD: usize = 5;
/// Said where sums or quantities do not fit.
const TOO_LARGE: &str = "the sums are too large to be added up";

/// What is left of a line.
#[derive(Clone, Copy)]
struct Left {
    quantity: Quantity,
    sum: Amount,
}

/// Which kind takes which back.
const KINDS: [(Kind, Kind); 4] = [
    (Kind::Sell, Kind::SellRefund),
    (Kind::Buy, Kind::BuyRefund),
    (Kind::SellCorrection, Kind::SellRefund),
    (Kind::BuyCorrection, Kind::BuyRefund),
];

pub fn built(request: Receipt, of: &RefundOf, known: &Known<'_>, register: For) -> Result<Receipt> {
    let wrong = |found| Error::invalid(vec![found]);
    let kind = KINDS.iter().find(|(sold, _)| *sold == known.receipt.kind).map(|(_, back)| *back);
    let word = known.receipt.kind.word();
    let kind = kind.ok_or_else(|| {
        let message = format!("{} is a `{word}`, which nothing takes back", of.id);
        wrong(violation("/refund_of/id", Code::WrongValue, message))
    })?;
    let found: Vec<Violation> = own(&request)
        .into_iter()
        .chain(request.of_kind(&[kind], &format!("{} is a `{word}`", of.id)).err())
        .collect();
    if !found.is_empty() {
        return Err(Error::invalid(found));
    }
    // A discount on the whole is a discount of every line.
    let lines = Adjustments { discount: true, surcharge: true };
    let sale = match known.receipt.clone() {
        plain if plain.discount.is_none() && plain.surcharge.is_none() => plain,
        whole => whole.distributed(lines, register.unit)?.receipt,
    };
    if sale.has_tax_on_top() {
        let message = format!(
            "{} has a tax on top, and how the device takes that back is not known: give `items` and `payments` \
             yourself, without `refund_of`",
            of.id
        );
        return Err(Error::new(Code::BasisUnusable, message));
    }
    let left = left(&sale, known.others, register.unit)
        .ok_or_else(|| wrong(violation("/refund_of", Code::TooLarge, TOO_LARGE)))?;
    let wanted = wanted(of, &sale, &left, register.unit)?;
    let mut items = Vec::with_capacity(wanted.len());
    for line in &wanted {
        let item = usize::try_from(line.item).ok().and_then(|index| sale.items.get(index)).cloned();
        let (Some(item), Some(quantity), Some(sum)) = (item, line.quantity, line.sum) else { continue };
        items.push(part(item, quantity, sum));
    }
    let is_whole = items == sale.items.iter().cloned().map(returned).collect::<Vec<_>>();
    let refund = Receipt { items, ..request };
    let payments = payments(&refund, &sale, is_whole).map_err(wrong)?;
    not_set_off(&refund, &of.id, known)?;
    not_taken_back(&refund, &of.id, known)?;
    let refund_of =
        Some(RefundOf { id: of.id.clone(), lines: if of.lines.is_empty() { Vec::new() } else { wanted } });
    Ok(Receipt { payments, refund_of, ..refund }.with_people_of(&sale))
}

/// What a refund has from its sale and does not say itself.
fn own(request: &Receipt) -> Vec<Violation> {
    let given = [
        ("/items", !request.items.is_empty()),
        ("/discount", request.discount.is_some()),
        ("/surcharge", request.surcharge.is_some()),
    ];
    let message =
        "comes from the receipt that is refunded: leave it out, and give `refund_of.lines` for a part";
    let given = given.into_iter().filter(|(_, is_given)| *is_given);
    given.map(|(path, _)| violation(path, Code::WrongValue, message)).collect()
}

/// What is left of each line after the other refunds.
fn left(sale: &Receipt, others: &[Receipt], unit: u64) -> Option<Vec<Left>> {
    let mut left = Vec::with_capacity(sale.items.len());
    for item in &sale.items {
        left.push(Left { quantity: item.quantity, sum: item.total()? });
    }
    for of in others.iter().filter_map(|other| other.refund_of.as_ref()) {
        // All of it, or these lines.
        if of.lines.is_empty() {
            left.fill(Left { quantity: Quantity::default(), sum: Amount::ZERO });
        }
        for line in &of.lines {
            let Some(left) = usize::try_from(line.item).ok().and_then(|index| left.get_mut(index)) else {
                continue;
            };
            let quantity = line.quantity.unwrap_or(left.quantity);
            // What was kept back of a part does not come back with the next one.
            let share = share(left, quantity, unit).unwrap_or_default().max(line.sum.unwrap_or_default());
            left.quantity = left.quantity.minus(quantity).unwrap_or_default();
            left.sum = left.sum.minus(share).unwrap_or_default();
        }
    }
    Some(left)
}

/// What is asked for, with every quantity and sum. Fails with all that is wrong or more than is left.
fn wanted(of: &RefundOf, sale: &Receipt, left: &[Left], unit: u64) -> Result<Vec<RefundLine>> {
    let asked: Vec<RefundLine> = match of.lines.is_empty() {
        true => (0..).take(left.len()).map(|item| RefundLine { item, quantity: None, sum: None }).collect(),
        false => of.lines.clone(),
    };
    let (mut wanted, mut wrong, mut too_much) = (Vec::with_capacity(asked.len()), Vec::new(), Vec::new());
    for (at, line) in asked.iter().enumerate() {
        let path = format!("/refund_of/lines/{at}");
        let place = usize::try_from(line.item).ok();
        let found = place.and_then(|index| Some((sale.items.get(index)?, left.get(index)?)));
        let Some((item, left)) = found else {
            let message = format!("{} has the lines 0 to {}", of.id, sale.items.len().saturating_sub(1));
            wrong.push(violation(format!("{path}/item"), Code::OutOfRange, message));
            continue;
        };
        if asked[..at].iter().any(|earlier| earlier.item == line.item) {
            wrong.push(violation(format!("{path}/item"), Code::DuplicateField, "each line once"));
            continue;
        }
        let quantity = line.quantity.unwrap_or(item.quantity);
        if quantity.is_zero() {
            wrong.push(violation(format!("{path}/quantity"), Code::OutOfRange, "must be more than 0"));
            continue;
        }
        if item.marking.is_some() && quantity != item.quantity {
            let message = "a line with marking is one code: it comes back whole";
            wrong.push(violation(format!("{path}/quantity"), Code::OutOfRange, message));
            continue;
        }
        let share = share(left, quantity, unit);
        let sum = line.sum.or(share);
        match sum.filter(|sum| quantity <= left.quantity && share.is_some_and(|share| *sum <= share)) {
            Some(sum) => {
                wanted.push(RefundLine { item: line.item, quantity: Some(quantity), sum: Some(sum) })
            }
            None => {
                let asked = line.sum.map_or_else(String::new, |sum| format!(" for {sum}"));
                let share = share.filter(|_| line.sum.is_some() && quantity <= left.quantity);
                let share = share.map_or_else(String::new, |share| format!(", whose share is {share}"));
                too_much.push(format!(
                    "of line {} {} of {} are left, {} of money, and {quantity}{asked} is asked for{share}",
                    line.item, left.quantity, item.quantity, left.sum
                ));
            }
        }
    }
    match (wrong.is_empty(), too_much.is_empty()) {
        (false, _) => Err(Error::invalid(wrong)),
        (_, false) => {
            let more = too_much.len().saturating_sub(MOST_TOLD);
            too_much.truncate(MOST_TOLD);
            let more = if more > 0 { format!("; and {more} lines more") } else { String::new() };
            Err(exceeded(format!("{}: {}{more}", of.id, too_much.join("; "))))
        }
        _ => Ok(wanted),
    }
}

/// The part of the money that falls to a part of what is left, in whole units of the cash register.
fn share(left: &Left, quantity: Quantity, unit: u64) -> Option<Amount> {
    if quantity >= left.quantity {
        return Some(left.sum);
    }
    let share = left.sum.share(quantity, left.quantity)?.hundredths()?;
    let unit = i64::try_from(unit).unwrap_or(1).max(1);
    let is_round = left.sum.hundredths()? % unit == 0;
    Amount::of_hundredths(if is_round { share / unit * unit } else { share })
}

/// The line with so much of it.
fn part(item: Item, quantity: Quantity, sum: Amount) -> Item {
    let item = returned(item);
    if quantity == item.quantity && item.total() == Some(sum) {
        return item;
    }
    let gross = item.price.times(quantity).unwrap_or_default();
    let beyond = |one: Amount, other: Amount| one.minus(other).filter(|more| !more.is_zero());
    Item { quantity, discount: beyond(gross, sum), surcharge: beyond(sum, gross), vat_sum: None, ..item }
}

/// The line without what was said of goods that leave the shop.
fn returned(mut item: Item) -> Item {
    if let Some(own) = item.vendor.as_mut().and_then(|vendor| vendor.atol.as_mut()) {
        own.planned_status = None;
    }
    item
}

/// Fails where the money of a prepayment was set off since.
fn not_set_off(refund: &Receipt, id: &str, known: &Known<'_>) -> Result<()> {
    if known.others.iter().all(|other| other.settles.is_none()) {
        return Ok(());
    }
    let left = settle::left(known);
    match (left, refund.total()) {
        (Some(left), Some(total)) if total <= left => Ok(()),
        (left, _) => {
            let left = left.unwrap_or_default();
            Err(exceeded(format!(
                "{id} was set off: {left} of it is left. Refund what was handed over instead"
            )))
        }
    }
}

/// Fails where corrections took the sale back already.
pub fn not_taken_back(receipt: &Receipt, id: &str, known: &Known<'_>) -> Result<()> {
    let undone = |other: &Receipt| other.corrects.is_some() && is_undo(other.kind);
    if !is_undo(receipt.kind) && !known.others.iter().any(undone) {
        return Ok(());
    }
    let takes = |other: &&Receipt| other.refund_of.is_some() || undone(other);
    let mut taken = known.others.iter().filter(takes);
    let taken = taken.try_fold(Amount::ZERO, |sum, other| sum.plus(other.total()?));
    let left = taken.and_then(|taken| known.receipt.total()?.minus(taken)).unwrap_or_default();
    match receipt.total() {
        Some(total) if total <= left => Ok(()),
        _ => Err(exceeded(format!("{left} of {id} is left: refunds and corrections took the rest back"))),
    }
}

/// True for the corrections that take a receipt back.
const fn is_undo(kind: Kind) -> bool {
    matches!(kind, Kind::SellRefundCorrection | Kind::BuyRefundCorrection)
}

/// How the money goes back: as the shop says, or as it came.
fn payments(
    refund: &Receipt,
    sale: &Receipt,
    is_whole: bool,
) -> std::result::Result<Vec<Payment>, Violation> {
    if !refund.payments.is_empty() {
        return Ok(refund.payments.clone());
    }
    if is_whole {
        return Ok(sale.payments.clone());
    }
    let sum = refund.total().ok_or_else(|| violation("/refund_of", Code::TooLarge, TOO_LARGE))?;
    match sale.payments.as_slice() {
        [first, rest @ ..] if rest.iter().all(|other| other.payment_type == first.payment_type) => {
            Ok(vec![Payment { sum, ..first.clone() }])
        }
        _ => {
            let message = format!("the sale was paid in several ways: say how the {sum} go back");
            Err(violation("/payments", Code::MissingField, message))
        }
    }
}
