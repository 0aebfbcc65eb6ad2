//! A correction of a receipt: its day, its fiscal sign and, unless others are given, its lines.

use super::{Known, refund};
use crate::error::{Error, Result};
use crate::receipt::{Correction, CorrectionType, Kind, Receipt};

/// Longest fiscal sign of a receipt.
const MOST_SIGN: usize = 16;
const SALES: [Kind; 2] = [Kind::SellCorrection, Kind::SellRefundCorrection];
const PURCHASES: [Kind; 2] = [Kind::BuyCorrection, Kind::BuyRefundCorrection];

pub fn built(request: Receipt, known: &Known<'_>) -> Result<Receipt> {
    let wrong = &known.receipt;
    let kinds = match wrong.kind {
        Kind::Sell | Kind::SellRefund | Kind::SellCorrection | Kind::SellRefundCorrection => SALES,
        Kind::Buy | Kind::BuyRefund | Kind::BuyCorrection | Kind::BuyRefundCorrection => PURCHASES,
    };
    let why = format!("a `{}` is corrected", wrong.kind.word());
    request.of_kind(&kinds, &why).map_err(|found| Error::invalid(vec![found]))?;
    let mut built = request;
    let sign = known.sign.clone().filter(|sign| (1..=MOST_SIGN).contains(&sign.chars().count()));
    match &mut built.correction {
        None => {
            built.correction = Some(Correction {
                correction_type: CorrectionType::Own,
                base_date: known.day.to_string(),
                base_number: None,
                fiscal_sign: sign,
            });
        }
        Some(own) => own.fiscal_sign = own.fiscal_sign.take().or(sign),
    }
    if built.items.is_empty() {
        built.items.clone_from(&wrong.items);
        built.discount = built.discount.or(wrong.discount);
        built.surcharge = built.surcharge.or(wrong.surcharge);
        if built.payments.is_empty() {
            built.payments.clone_from(&wrong.payments);
        }
    }
    let built = built.with_people_of(wrong);
    // What takes a sale back is no more than the sale, together with its refunds.
    if matches!(
        (wrong.kind, built.kind),
        (Kind::Sell, Kind::SellRefundCorrection) | (Kind::Buy, Kind::BuyRefundCorrection)
    ) {
        let id = built.corrects.clone().unwrap_or_default();
        refund::not_taken_back(&built, &id, known)?;
    }
    Ok(built)
}
