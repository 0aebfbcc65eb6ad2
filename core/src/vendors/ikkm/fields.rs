//! What iKKM carries of a receipt (protocol/ikkm.md 2). Lines go out as the item list only.

use super::map::CURRENCY;
use crate::receipt::fields::{Field, Treatment};

const LIST: &str = "with the item list";
const NO_SURCHARGE: &str = "iKKM has no surcharges";
const NO_CALLBACK: &str = "iKKM calls nobody back";
const NO_CORRECTION: &str = "iKKM has no corrections";
const NO_MARKING: &str = "iKKM carries no marking";
const NO_PLACE: &str = "iKKM has no place for this";
const NO_VAT: &str = "taxes are set up on the device; see `vendor.ikkm.tax_code`";

/// What becomes of a field.
pub const fn treatment(field: Field) -> Treatment {
    use Field::*;
    use Treatment::{Carried, CarriedIf, Only, Refused, Warned};
    match field {
        Kind | PaymentType | PaymentSum => Carried,
        Currency => Only(CURRENCY, "iKKM records tenge (KZT) only"),
        Discount => Carried,
        Surcharge => CarriedIf("as the tax on top of a sale"),
        ItemSurcharge => Refused(NO_SURCHARGE),
        CallbackUrl => Refused(NO_CALLBACK),
        IssuedAt => Warned(NO_PLACE),
        Print => Warned("whether iKKM prints is set up on the device"),
        ItemName => CarriedIf(LIST),
        ItemPrice | ItemQuantity | ItemDiscount => Carried,
        ItemVat | ItemVatSum => Refused(NO_VAT),
        ItemPaymentMethod => Only("full_payment", "iKKM knows full payment only"),
        ItemPaymentObject | ItemUnit | ItemBarcode | ItemArticle => Warned(NO_PLACE),
        ItemCountryCode | ItemCustomsDeclaration => Warned(NO_PLACE),
        MarkingCode | MarkingNomenclatureCode => Refused(NO_MARKING),
        SectoralFederalId | SectoralDate | SectoralNumber | SectoralValue => Refused(NO_MARKING),
        CustomerEmail | CustomerPhone | CustomerName | CustomerTaxId => Warned(NO_PLACE),
        CashierName | CashierTaxId | CashierPosition => Warned(NO_PLACE),
        CompanyTaxId | CompanyTaxSystem | CompanyPaymentAddress | CompanyEmail => Warned(NO_PLACE),
        CorrectionType | CorrectionBaseDate | CorrectionBaseNumber | CorrectionFiscalSign => {
            Refused(NO_CORRECTION)
        }
    }
}
