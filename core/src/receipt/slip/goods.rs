//! The lines of a slip, what they come to, and how it was paid.

use super::data::{Row, Weight};
use super::source::Source;
use super::vat::by_rate;
use super::words::{Said as _, Word};
use crate::receipt::fields::Field;
use crate::receipt::money::Amount;
use crate::receipt::{Item, PaymentMethod, PaymentObject, PaymentType, Vat};

/// The lines.
pub fn lines(source: &Source<'_>) -> Vec<Row> {
    source.receipt.items.iter().flat_map(|item| line(source, item)).collect()
}

fn line(source: &Source<'_>, item: &Item) -> Vec<Row> {
    let language = source.language;
    let unit = item.unit.filter(|_| source.carries(Field::ItemUnit));
    let unit = unit.map_or_else(String::new, |unit| format!(" {}", unit.said(language)));
    let counted = format!("{}{unit} x {}", item.quantity, item.price);
    let price = item.price.times(item.quantity).map_or_else(String::new, |price| price.to_string());
    let mut rows = vec![Row::text(&item.name, Weight::Plain), Row::pair(&counted, &price, Weight::Plain)];
    rows.extend(changes(source, item.discount, item.surcharge));
    if let Some(total) = item.total().filter(|_| rows.len() > 2) {
        rows.push(source.sum(Word::LineTotal, total, Weight::Plain));
    }
    let vat = item.vat.map(|vat| rate(source, vat));
    let method = item.payment_method.filter(|method| *method != PaymentMethod::FullPayment);
    let object = item.payment_object.filter(|object| *object != PaymentObject::Commodity);
    let object = object.filter(|_| source.carries(Field::ItemPaymentObject));
    let notes =
        [vat, method.map(|one| one.said(language).into()), object.map(|one| one.said(language).into())];
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    if !notes.is_empty() {
        rows.push(Row::text(&notes.join(", "), Weight::Small));
    }
    rows
}

fn changes(source: &Source<'_>, discount: Option<Amount>, surcharge: Option<Amount>) -> Vec<Row> {
    let row = |word, sign: char, sum: Option<Amount>| {
        let sum = sum.filter(|sum| !sum.is_zero())?;
        Some(Row::pair(source.said(word), &format!("{sign}{sum}"), Weight::Plain))
    };
    [row(Word::Discount, '-', discount), row(Word::Surcharge, '+', surcharge)].into_iter().flatten().collect()
}

/// The rate in words: "НДС 22%", "НДС 22/122", "Без НДС".
fn rate(source: &Source<'_>, vat: Vat) -> String {
    match vat {
        Vat::None => source.said(Word::WithoutVat).into(),
        _ if vat.is_calculated() => format!("{} {}", source.said(Word::Vat), vat.word()),
        _ => format!("{} {}%", source.said(Word::Vat), vat.word()),
    }
}

/// What the lines come to, with what is taken off or put on the whole.
pub fn total(source: &Source<'_>) -> Vec<Row> {
    let receipt = source.receipt;
    let changes = changes(source, receipt.discount, receipt.surcharge);
    let lines = receipt.items.iter().try_fold(Amount::ZERO, |sum, item| sum.plus(item.total()?));
    let lines = lines.filter(|_| !changes.is_empty());
    let mut rows: Vec<Row> =
        lines.map(|lines| source.sum(Word::Lines, lines, Weight::Plain)).into_iter().collect();
    rows.extend(changes);
    if let Some(total) = receipt.total() {
        let label = match receipt.currency.as_deref().or(source.currency) {
            Some(currency) => format!("{}, {currency}", source.said(Word::Total)),
            None => source.said(Word::Total).into(),
        };
        rows.push(Row::pair(&label, &total.to_string(), Weight::Strong));
    }
    rows
}

/// How it was paid.
pub fn payments(source: &Source<'_>) -> Vec<Row> {
    let payments = &source.receipt.payments;
    let row = |kind: PaymentType, sum: Amount| {
        Row::pair(kind.said(source.language), &sum.to_string(), Weight::Plain)
    };
    let mut rows: Vec<Row> = payments.iter().map(|one| row(one.payment_type, one.sum)).collect();
    // Only a cash register that is told of it gives change.
    if let Some(received) = source.extras().ikkm.and_then(|extras| extras.cash_received) {
        let mut cash = payments.iter().filter(|one| one.payment_type == PaymentType::Cash);
        let cash = cash.try_fold(Amount::ZERO, |sum, one| sum.plus(one.sum));
        rows.push(source.sum(Word::CashReceived, received, Weight::Plain));
        let change = cash.and_then(|cash| received.minus(cash));
        rows.extend(change.map(|change| source.sum(Word::Change, change, Weight::Plain)));
    }
    rows
}

/// VAT by rate, and where it comes from.
pub fn vat(source: &Source<'_>) -> Vec<Row> {
    let sums = by_rate(source.receipt, &source.extras());
    let label = |vat| match vat {
        // Not VAT but what has none.
        Vat::None => source.said(Word::SumWithoutVat).into(),
        Vat::Vat0 => source.said(Word::SumAtZero).into(),
        _ => rate(source, vat),
    };
    let row = |(vat, sum): (Vat, Amount)| Row::pair(&label(vat), &sum.to_string(), Weight::Plain);
    let mut rows: Vec<Row> = sums.iter().map(|one| row((one.vat, one.sum))).collect();
    if sums.iter().any(|one| one.is_computed) {
        rows.push(Row::text(source.said(Word::VatComputed), Weight::Small));
    }
    rows
}
