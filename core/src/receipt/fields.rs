//! The fields of the receipt, and what becomes of each at a vendor. A field that is added to a struct must be
//! named here, and then no vendor compiles until its `fields.rs` says what becomes of it. `id` and
//! what a receipt builds on are the journal's own, and `vendor` has one part for each vendor: they stand outside.

use serde_json::Value;

use super::{Cashier, Company, Correction, Customer, Item, Marking, Payment, Receipt, Sectoral};
use crate::error::{Code, Violation, violation};

/// What becomes of a field that is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It reaches the vendor. Which of its values do is the vendor's own check.
    Carried,
    /// It reaches the vendor where this note says; elsewhere the vendor's own checks speak.
    CarriedIf(&'static str),
    /// The vendor takes this value for granted, and any other is refused with this message.
    Only(&'static str, &'static str),
    /// It cannot reach the vendor, and without it the receipt would say something else: refused with this
    /// message.
    Refused(&'static str),
    /// It cannot reach the vendor, and the receipt is complete without it: a warning with this message.
    Warned(&'static str),
}

impl Treatment {
    /// The cell of `docs/fields.md`.
    pub fn cell(self) -> String {
        match self {
            Treatment::Carried => "carried".into(),
            Treatment::CarriedIf(note) => format!("carried: {note}"),
            Treatment::Only(word, _) => format!("carried: only `{word}`"),
            Treatment::Refused(_) => "refused".into(),
            Treatment::Warned(_) => "warned".into(),
        }
    }
}

/// Looks at a given field: which it is, its value, the pointer of the part that it stands in.
type Look<'a> = dyn FnMut(Field, &dyn Fn() -> Value, &str) + 'a;

/// A part of the receipt that has fields.
trait Part {
    /// Shows every field of the part at `place`.
    fn show(&self, place: &str, look: &mut Look<'_>);
}

impl<T: Part> Part for Option<T> {
    fn show(&self, place: &str, look: &mut Look<'_>) {
        self.iter().for_each(|part| part.show(place, look));
    }
}

impl<T: Part> Part for Vec<T> {
    fn show(&self, place: &str, look: &mut Look<'_>) {
        self.iter().enumerate().for_each(|(index, part)| part.show(&format!("{place}/{index}"), look));
    }
}

macro_rules! fields {
    ($($part:ident $at:literal { $($variant:ident $field:ident $name:literal,)* }
       parts { $($inner:ident)* } outside { $($outside:ident)* })*) => {
        /// A field of the receipt or of one of its parts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Field { $($(#[doc = concat!("`", $at, $name, "`")] $variant,)*)* }

        impl Field {
            /// Every field, in the order of the structs.
            pub const ALL: &'static [Field] = &[$($(Field::$variant,)*)*];

            /// Where it stands, such as `items[].price`.
            pub const fn place(self) -> &'static str {
                match self { $($(Field::$variant => concat!($at, $name),)*)* }
            }

            /// Its name within its part.
            pub const fn name(self) -> &'static str {
                match self { $($(Field::$variant => $name,)*)* }
            }
        }

        $(impl Part for $part {
            fn show(&self, _place: &str, look: &mut Look<'_>) {
                // Without `..`: a new field of the struct does not compile until it is a row below.
                let Self { $($field,)* $($inner,)* $($outside: _,)* } = self;
                $(look(Field::$variant, &|| serde_json::to_value($field).unwrap_or_default(), _place);)*
                $($inner.show(&format!("{_place}/{}", stringify!($inner)), look);)*
            }
        })*
    };
}

fields! {
    Receipt "" {
        Kind kind "kind",
        Discount discount "discount",
        Surcharge surcharge "surcharge",
        Currency currency "currency",
        IssuedAt issued_at "issued_at",
        CallbackUrl callback_url "callback_url",
        Print print "print",
    } parts { items payments customer cashier company correction }
      outside { id vendor refund_of settles corrects }
    Item "items[]." {
        ItemName name "name",
        ItemPrice price "price",
        ItemQuantity quantity "quantity",
        ItemDiscount discount "discount",
        ItemSurcharge surcharge "surcharge",
        ItemVat vat "vat",
        ItemVatSum vat_sum "vat_sum",
        ItemPaymentMethod payment_method "payment_method",
        ItemPaymentObject payment_object "payment_object",
        ItemUnit unit "unit",
        ItemBarcode barcode "barcode",
        ItemArticle article "article",
        ItemCountryCode country_code "country_code",
        ItemCustomsDeclaration customs_declaration "customs_declaration",
    } parts { marking sectoral } outside { vendor }
    Marking "items[].marking." {
        MarkingCode code "code",
        MarkingNomenclatureCode nomenclature_code "nomenclature_code",
    } parts {} outside {}
    Sectoral "items[].sectoral[]." {
        SectoralFederalId federal_id "federal_id",
        SectoralDate date "date",
        SectoralNumber number "number",
        SectoralValue value "value",
    } parts {} outside {}
    Payment "payments[]." {
        PaymentType payment_type "type",
        PaymentSum sum "sum",
    } parts {} outside {}
    Customer "customer." {
        CustomerEmail email "email",
        CustomerPhone phone "phone",
        CustomerName name "name",
        CustomerTaxId tax_id "tax_id",
    } parts {} outside {}
    Cashier "cashier." {
        CashierName name "name",
        CashierTaxId tax_id "tax_id",
        CashierPosition position "position",
    } parts {} outside {}
    Company "company." {
        CompanyTaxId tax_id "tax_id",
        CompanyTaxSystem tax_system "tax_system",
        CompanyPaymentAddress payment_address "payment_address",
        CompanyEmail email "email",
    } parts {} outside {}
    Correction "correction." {
        CorrectionType correction_type "type",
        CorrectionBaseDate base_date "base_date",
        CorrectionBaseNumber base_number "base_number",
        CorrectionFiscalSign fiscal_sign "fiscal_sign",
    } parts {} outside {}
}

/// Violations and warnings of the fields that a vendor does not carry.
pub fn not_carried(receipt: &Receipt, treatment: fn(Field) -> Treatment) -> (Vec<Violation>, Vec<Violation>) {
    let (mut violations, mut warnings) = (Vec::new(), Vec::new());
    receipt.show("", &mut |field, value, place| {
        let (list, message) = match treatment(field) {
            Treatment::Carried | Treatment::CarriedIf(_) => return,
            Treatment::Only(word, _) if value() == word => return,
            Treatment::Only(_, message) | Treatment::Refused(message) => (&mut violations, message),
            Treatment::Warned(message) => (&mut warnings, message),
        };
        if !matches!(value(), Value::Null | Value::Bool(false)) {
            let pointer = format!("{place}/{}", field.name());
            list.push(violation(pointer, Code::NotForThisVendor, message));
        }
    });
    (violations, warnings)
}
