//! What the sample carries of a receipt (protocol/sample.md 2).

use super::map::CURRENCY;
use crate::receipt::fields::{Field, Treatment};

const NO_PLACE: &str = "the document has no place for it";

/// What becomes of a field.
pub const fn treatment(field: Field) -> Treatment {
    use Field::*;
    use Treatment::{Carried, Only, Refused, Warned};
    match field {
        Kind | ItemName | ItemPrice | ItemQuantity | ItemDiscount | ItemVat | PaymentType | PaymentSum => {
            Carried
        }
        Currency => Only(CURRENCY, "the sample records roubles (RUB)"),
        Discount
        | Surcharge
        | ItemSurcharge
        | ItemVatSum
        | ItemPaymentMethod
        | ItemPaymentObject
        | ItemUnit
        | MarkingCode
        | MarkingNomenclatureCode
        | SectoralFederalId
        | SectoralDate
        | SectoralNumber
        | SectoralValue
        | CorrectionType
        | CorrectionBaseDate
        | CorrectionBaseNumber
        | CorrectionFiscalSign => Refused(NO_PLACE),
        IssuedAt
        | CallbackUrl
        | Print
        | ItemBarcode
        | ItemArticle
        | ItemCountryCode
        | ItemCustomsDeclaration
        | CustomerEmail
        | CustomerPhone
        | CustomerName
        | CustomerTaxId
        | CashierName
        | CashierTaxId
        | CashierPosition
        | CompanyTaxId
        | CompanyTaxSystem
        | CompanyPaymentAddress
        | CompanyEmail => Warned(NO_PLACE),
    }
}
