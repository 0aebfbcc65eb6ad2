//! What Modulkassa carries of a receipt (protocol/modulkassa.md 2).

use super::map::CURRENCY;
use crate::receipt::fields::{Field, Treatment};

const NO_ADJUSTMENTS: &str =
    "Modulkassa has no surcharges and no discount on the whole receipt; `distribute` puts it on the lines";
const SETTINGS: &str = "Modulkassa takes this from the settings of the retail point";

/// What becomes of a field.
pub const fn treatment(field: Field) -> Treatment {
    use Field::*;
    use Treatment::{Carried, CarriedIf, Only, Refused, Warned};
    match field {
        Kind | IssuedAt | CallbackUrl | Print | PaymentType | PaymentSum => Carried,
        Currency => Only(CURRENCY, "Modulkassa records roubles (RUB) only"),
        Discount | Surcharge | ItemSurcharge => Refused(NO_ADJUSTMENTS),
        ItemName
        | ItemPrice
        | ItemQuantity
        | ItemDiscount
        | ItemVat
        | ItemVatSum
        | ItemPaymentMethod
        | ItemPaymentObject
        | ItemUnit
        | ItemBarcode
        | ItemArticle
        | ItemCountryCode
        | ItemCustomsDeclaration => Carried,
        MarkingCode | MarkingNomenclatureCode => Carried,
        SectoralFederalId | SectoralDate | SectoralNumber | SectoralValue => Carried,
        CustomerEmail | CustomerName | CustomerTaxId => Carried,
        CustomerPhone => CarriedIf("without an e-mail address"),
        CashierName | CashierTaxId | CashierPosition => Carried,
        CompanyTaxSystem => Carried,
        CompanyTaxId | CompanyPaymentAddress | CompanyEmail => Warned(SETTINGS),
        CorrectionType | CorrectionBaseDate | CorrectionBaseNumber | CorrectionFiscalSign => Carried,
    }
}
