//! What was prepaid, handed over now: the prepaid money is set off, and the lines get the VAT of the day.

use super::{Amount, For, Known, exceeded};
use crate::error::{Code, Error, Result, Violation, violation};
use crate::receipt::vat::PREPAYMENTS;
use crate::receipt::vat::table::RATES;
use crate::receipt::{Item, Kind, Payment, PaymentMethod, PaymentObject, PaymentType, Receipt, Vat};

pub fn built(request: Receipt, known: &Known<'_>, register: For) -> Result<Receipt> {
    let prepayment = &known.receipt;
    let id = request.settles.clone().unwrap_or_default();
    let wrong = |found| Error::invalid(vec![found]);
    let is_prepaid = |item: &Item| item.payment_method.is_some_and(|method| PREPAYMENTS.contains(&method));
    let is_sale = matches!(prepayment.kind, Kind::Sell | Kind::Buy);
    if !is_sale || !prepayment.items.iter().any(is_prepaid) {
        let message = format!(
            "{id} is no prepayment: that is a sale with the settlement method `full_prepayment`, `prepayment` or `advance`"
        );
        return Err(wrong(violation("/settles", Code::WrongValue, message)));
    }
    let why = format!("{id} is a `{}`", prepayment.kind.word());
    request.of_kind(&[prepayment.kind], &why).map_err(wrong)?;
    let items = match request.items.is_empty() {
        false => request.items.clone(),
        true => lines(known, &id, register).map_err(wrong)?,
    };
    let mut built = Receipt { items, ..request };
    let left = left(known).ok_or_else(|| too_large("/settles"))?;
    if built.payments.iter().all(|payment| payment.payment_type != PaymentType::Prepaid) {
        let total = built.total().ok_or_else(|| too_large("/items"))?;
        let sum = left.min(total);
        if sum.is_zero() {
            return Err(exceeded(format!("of {id} nothing is left to set off: it was settled or refunded")));
        }
        built.payments.insert(0, Payment { payment_type: PaymentType::Prepaid, sum });
    }
    let sum = built.set_off().ok_or_else(|| too_large("/payments"))?;
    if sum > left {
        return Err(exceeded(format!("of {id} {left} is left to set off, and {sum} is asked for")));
    }
    Ok(built.with_people_of(prepayment))
}

fn too_large(path: &str) -> Error {
    Error::invalid(vec![violation(path, Code::TooLarge, "the sums are too large to be added up")])
}

impl Receipt {
    /// The prepaid money that is set off with it.
    pub fn set_off(&self) -> Option<Amount> {
        paid(self, true)
    }
}

/// What was set off with a receipt, or the money that was paid with it.
fn paid(receipt: &Receipt, only_prepaid: bool) -> Option<Amount> {
    let is_meant = |payment: &&Payment| match payment.payment_type {
        PaymentType::Prepaid => only_prepaid,
        // Nothing was paid on credit.
        PaymentType::Credit => false,
        _ => !only_prepaid,
    };
    receipt.payments.iter().filter(is_meant).try_fold(Amount::ZERO, |sum, payment| sum.plus(payment.sum))
}

/// What is left of the prepaid money, after its refunds and the settlements before, with what came back from those.
pub fn left(known: &Known<'_>) -> Option<Amount> {
    let all = paid(&known.receipt, false)?.plus(known.returned)?;
    known.others.iter().try_fold(all, |left, other| {
        let gone = match (&other.settles, &other.refund_of) {
            (Some(_), _) => other.set_off()?,
            (None, Some(_)) => paid(other, false)?,
            (None, None) => Amount::ZERO,
        };
        Some(left.minus(gone).unwrap_or_default())
    })
}

/// The lines of a prepayment of whole goods, as they are handed over.
fn lines(known: &Known<'_>, id: &str, register: For) -> std::result::Result<Vec<Item>, Violation> {
    let prepayment = &known.receipt;
    if known.others.iter().any(|other| other.refund_of.is_some()) {
        let message = format!("a part of {id} was refunded: give what is handed over");
        return Err(violation("/items", Code::MissingField, message));
    }
    let is_whole = |item: &Item| item.payment_method == Some(PaymentMethod::FullPrepayment);
    if !prepayment.items.iter().all(is_whole) {
        let message = format!("{id} is no prepayment of whole lines: give what is handed over");
        return Err(violation("/items", Code::MissingField, message));
    }
    let handed_over = |item: &Item| Item {
        payment_method: None,
        payment_object: item.payment_object.filter(|object| *object != PaymentObject::Payment),
        vat: item.vat.map(|vat| plain(vat, register)),
        vat_sum: None,
        ..item.clone()
    };
    Ok(prepayment.items.iter().map(handed_over).collect())
}

/// The plain form of a calculated rate, as it is on the day: 22 for 22/122 and, since 2026, for 20/120.
fn plain(vat: Vat, register: For) -> Vat {
    let form = |rate: &Vat| !rate.is_calculated() && rate.percent() == vat.percent();
    let plain = match vat.is_calculated() {
        true => Vat::ALL.iter().copied().find(form).unwrap_or(vat),
        false => vat,
    };
    RATES.instead(register.country, plain, register.today).unwrap_or(plain)
}
