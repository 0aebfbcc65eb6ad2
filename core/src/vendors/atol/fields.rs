//! What ATOL carries of a receipt (protocol/atol.md 2.5 to 2.7). v4's correction has no lines: `checks.rs` warns
//! of them.

use super::map::CURRENCY;
use crate::receipt::fields::{Field, Treatment};

const NO_ADJUSTMENTS: &str =
    "ATOL has no surcharges and no discount on the whole receipt; `distribute` puts it on the lines";
const NO_PLACE: &str = "ATOL has no place for this";

/// What becomes of a field.
pub const fn treatment(field: Field) -> Treatment {
    use Field::*;
    use Treatment::{Carried, CarriedIf, Only, Refused, Warned};
    match field {
        Kind | IssuedAt | CallbackUrl | PaymentType | PaymentSum => Carried,
        Currency => Only(CURRENCY, "ATOL records roubles (RUB) only"),
        Discount | Surcharge | ItemSurcharge => Refused(NO_ADJUSTMENTS),
        Print => Warned("ATOL's cash registers stand in a data centre and print nothing for the shop"),
        ItemName
        | ItemPrice
        | ItemQuantity
        | ItemVat
        | ItemVatSum
        | ItemPaymentMethod
        | ItemPaymentObject
        | ItemUnit
        | ItemCountryCode
        | ItemCustomsDeclaration => Carried,
        ItemDiscount => CarriedIf("as a lower price"),
        ItemBarcode | ItemArticle => Warned(NO_PLACE),
        MarkingCode => CarriedIf("unless another form of the code is given"),
        MarkingNomenclatureCode => CarriedIf("v4"),
        SectoralFederalId | SectoralDate | SectoralNumber | SectoralValue => CarriedIf("v5"),
        CustomerEmail | CustomerPhone | CustomerName | CustomerTaxId => Carried,
        CashierName => Carried,
        CashierTaxId => CarriedIf("v5"),
        CashierPosition => Warned(NO_PLACE),
        CompanyTaxId | CompanyTaxSystem | CompanyPaymentAddress | CompanyEmail => Carried,
        CorrectionType | CorrectionBaseDate | CorrectionBaseNumber => Carried,
        CorrectionFiscalSign => {
            Warned("ATOL has no place for this; see `vendor.atol.additional_check_props`")
        }
    }
}
