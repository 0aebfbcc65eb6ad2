//! What iKassa carries of a receipt (protocol/ikassa.md 2.6, 2.7).

use crate::receipt::fields::{Field, Treatment};

const NO_CALLBACK: &str = "iKassa calls nobody back";
const NO_CORRECTION: &str = "iKassa has no corrections";
const NO_MARKING: &str = "how iKassa takes marking is not known; see `vendor.ikassa.fields`";
const NO_PLACE: &str = "iKassa has no place for this";
const FULL_PAYMENT: &str = "iKassa knows full payment only; see `vendor.ikassa.code` for prepayments";

/// What becomes of a field.
pub const fn treatment(field: Field) -> Treatment {
    use Field::*;
    use Treatment::{Carried, CarriedIf, Only, Refused, Warned};
    match field {
        Kind | Currency | PaymentType | PaymentSum | CashierName => Carried,
        Discount | Surcharge => CarriedIf("in a sale"),
        CallbackUrl => Refused(NO_CALLBACK),
        IssuedAt | Print => Warned(NO_PLACE),
        ItemName | ItemPrice | ItemQuantity | ItemDiscount | ItemSurcharge | ItemVat => Carried,
        ItemVatSum => Refused("iKassa computes the VAT itself"),
        ItemPaymentMethod => Only("full_payment", FULL_PAYMENT),
        ItemPaymentObject | ItemUnit | ItemBarcode | ItemArticle => Warned(NO_PLACE),
        ItemCountryCode | ItemCustomsDeclaration => Warned(NO_PLACE),
        MarkingCode | MarkingNomenclatureCode => Refused(NO_MARKING),
        SectoralFederalId | SectoralDate | SectoralNumber | SectoralValue => Refused(NO_MARKING),
        CustomerEmail | CustomerPhone | CustomerName | CustomerTaxId => Warned(NO_PLACE),
        CashierTaxId | CashierPosition => Warned(NO_PLACE),
        CompanyTaxId | CompanyTaxSystem | CompanyPaymentAddress | CompanyEmail => Warned(NO_PLACE),
        CorrectionType | CorrectionBaseDate | CorrectionBaseNumber | CorrectionFiscalSign => {
            Refused(NO_CORRECTION)
        }
    }
}
