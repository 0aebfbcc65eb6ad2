//! The receipt: one model for all vendors. Plain data and what can be checked without a vendor.

pub mod basis;
pub mod days;
pub mod distribute;
pub mod fields;
pub mod hundredths;
pub mod letters;
mod make;
pub mod marking;
pub mod moment;
pub mod money;
pub mod place;
pub mod registration;
pub mod same;
pub mod shift;
pub mod slip;
pub mod tax_id;
pub mod vat;
pub mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::error::{Code, Violation, violation};
use basis::RefundOf;
use money::{Amount, Quantity};

pub use words::{
    AgentType, CorrectionType, Kind, PaymentMethod, PaymentObject, PaymentType, Phone, TaxSystem, Unit, Vat,
};

/// Most lines that a receipt may have in this library.
pub const MOST_LINES: usize = 1_000;

/// Most letters of a name of goods, tag 1030.
pub const MOST_NAME: usize = 128;
/// Most letters of the cashier's name and of the post.
pub const MOST_CASHIER: usize = 64;
/// Most letters of the buyer's name, tag 1227, and of the place of settlement, tag 1187.
pub const MOST_TEXT: usize = 256;

/// A receipt to be put on the fiscal record.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Receipt {
    /// The caller's own id and the idempotency key: the same sale always has the same id.
    #[schemars(length(min = 1, max = 128))]
    pub id: String,
    /// What the receipt records.
    pub kind: Kind,
    /// Goods and services. Required, but for a receipt that builds on another one: it has that one's.
    #[serde(default)]
    #[schemars(length(min = 1, max = MOST_LINES))]
    pub items: Vec<Item>,
    /// Payments; they add up to the items, less the receipt's discount, plus its surcharge. Required, but for a
    /// receipt that builds on another one, where that one says how it was paid.
    #[serde(default)]
    #[schemars(length(min = 1, max = 20))]
    pub payments: Vec<Payment>,
    /// The receipt whose goods come back: of it the lines, their VAT and what was paid are taken (docs/refunds.md).
    pub refund_of: Option<RefundOf>,
    /// Id of the prepayment that is settled now: its lines are taken where `items` is absent, and what was paid then is
    /// set off (docs/refunds.md).
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub settles: Option<String>,
    /// Id of the receipt that a correction is about: its day and fiscal sign are taken, and its lines where `items` is
    /// absent (docs/refunds.md).
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub corrects: Option<String>,
    /// Discount on the whole receipt, where the vendor has such.
    pub discount: Option<Amount>,
    /// Surcharge on the whole receipt, where the vendor has such.
    pub surcharge: Option<Amount>,
    /// Who buys and receives the electronic receipt.
    pub customer: Option<Customer>,
    /// Who sells.
    pub cashier: Option<Cashier>,
    /// The shop.
    pub company: Option<Company>,
    /// Currency (ISO 4217); absent means the vendor's own.
    #[schemars(length(min = 3, max = 3))]
    pub currency: Option<String>,
    /// When the settlement took place; absent means now.
    #[schemars(extend("format" = "date-time"))]
    pub issued_at: Option<String>,
    /// Where the vendor reports the result.
    #[schemars(extend("format" = "uri"), length(max = 1_000))]
    pub callback_url: Option<String>,
    /// Also print on paper.
    #[serde(default, skip_serializing_if = "is_false")]
    pub print: bool,
    /// Basis of a correction; required by the correction kinds.
    pub correction: Option<Correction>,
    /// What only one vendor has.
    pub vendor: Option<VendorReceipt>,
}

/// A line of the receipt.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Item {
    /// Name of the goods or service, tag 1030.
    #[schemars(length(min = 1, max = MOST_NAME))]
    pub name: String,
    /// Price per unit before `discount`.
    pub price: Amount,
    /// How much.
    pub quantity: Quantity,
    /// Discount on the whole line. Line total = price × quantity, rounded, − discount + surcharge.
    pub discount: Option<Amount>,
    /// Surcharge on the whole line, where the vendor has surcharges.
    pub surcharge: Option<Amount>,
    /// VAT rate.
    pub vat: Option<Vat>,
    /// VAT amount of the line, where the shop computes it itself; it is held against rate and line.
    pub vat_sum: Option<Amount>,
    /// Settlement method; absent means `full_payment`.
    pub payment_method: Option<PaymentMethod>,
    /// Settlement object; absent means `commodity`.
    pub payment_object: Option<PaymentObject>,
    /// Unit of measure.
    pub unit: Option<Unit>,
    /// Barcode.
    #[schemars(length(min = 1, max = 128))]
    pub barcode: Option<String>,
    /// The shop's article number.
    #[schemars(length(min = 1, max = 128))]
    pub article: Option<String>,
    /// Marking of the goods.
    pub marking: Option<Marking>,
    /// Sectoral attributes, tag 1260 (marked goods, check with the state system).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 6))]
    pub sectoral: Vec<Sectoral>,
    /// Country of origin, digits of the national classifier, tag 1230.
    #[schemars(length(min = 1, max = 3))]
    pub country_code: Option<String>,
    /// Number of the customs declaration, tag 1231.
    #[schemars(length(min = 1, max = 32))]
    pub customs_declaration: Option<String>,
    /// What only one vendor has.
    pub vendor: Option<VendorItem>,
}

/// Marking of a line. Give what you have; `code` is what the scanner read.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Marking {
    /// The marking code as scanned: what is certain is put right, and `validate` says so; see `parse_marking`.
    #[schemars(extend("format" = "any"), length(min = 1, max = 255))]
    pub code: Option<String>,
    /// Product code of the older format, tag 1162: hex bytes separated by spaces.
    #[schemars(length(min = 1, max = 95))]
    pub nomenclature_code: Option<String>,
}

/// A sectoral attribute, tag 1260.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sectoral {
    /// Id of the authority, tag 1262: 3 digits.
    #[schemars(length(min = 3, max = 3))]
    pub federal_id: String,
    /// Date of the basis document, tag 1263.
    #[schemars(extend("format" = "date"))]
    pub date: String,
    /// Number of the basis document, tag 1264.
    #[schemars(length(min = 1, max = 32))]
    pub number: String,
    /// Value, tag 1265.
    #[schemars(length(min = 1, max = 256))]
    pub value: String,
}

/// One payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Payment {
    /// How it is paid.
    #[serde(rename = "type")]
    pub payment_type: PaymentType,
    /// How much.
    pub sum: Amount,
}

/// The buyer.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Customer {
    /// E-mail address for the electronic receipt.
    #[schemars(extend("format" = "email"), length(max = 64))]
    pub email: Option<String>,
    /// Phone for the electronic receipt, `+` and digits.
    #[schemars(extend("format" = "phone"))]
    pub phone: Option<String>,
    /// Name of the person or organisation, tag 1227.
    #[schemars(length(min = 1, max = MOST_TEXT))]
    pub name: Option<String>,
    /// Taxpayer number, tag 1228.
    #[schemars(length(min = 1, max = 12))]
    pub tax_id: Option<String>,
}

/// The cashier.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Cashier {
    /// Name, tag 1021.
    #[schemars(length(min = 1, max = MOST_CASHIER))]
    pub name: String,
    /// Taxpayer number, tag 1203.
    #[schemars(length(min = 1, max = 12))]
    pub tax_id: Option<String>,
    /// Post.
    #[schemars(length(min = 1, max = MOST_CASHIER))]
    pub position: Option<String>,
}

/// The shop.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Company {
    /// Taxpayer number, tag 1018.
    #[schemars(length(min = 1, max = 12))]
    pub tax_id: Option<String>,
    /// Taxation system, tag 1055.
    pub tax_system: Option<TaxSystem>,
    /// Place of settlement, tag 1187.
    #[schemars(length(min = 1, max = MOST_TEXT))]
    pub payment_address: Option<String>,
    /// E-mail address of the shop, tag 1117.
    #[schemars(extend("format" = "email"), length(max = 64))]
    pub email: Option<String>,
}

/// Basis of a correction.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Correction {
    /// Why the correction is made.
    #[serde(rename = "type")]
    pub correction_type: CorrectionType,
    /// Date of the settlement that is corrected, tag 1178; it decides the VAT rates, and is not in the future.
    #[schemars(extend("format" = "date"))]
    pub base_date: String,
    /// Number of the order, tag 1179; required with `instruction`.
    #[schemars(length(min = 1, max = 32))]
    pub base_number: Option<String>,
    /// Fiscal sign of the wrong receipt.
    #[schemars(length(min = 1, max = 16))]
    pub fiscal_sign: Option<String>,
}

/// Makes the modules of the vendors' extras and the two types that hold them of one list.
macro_rules! extras {
    ($(#[$name:meta] $vendor:ident { $receipt:ident $(, $item:ident)? })*) => {
        $(pub mod $vendor;)*

        /// What only one vendor has, for the receipt as a whole. Other vendors leave it unread.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct VendorReceipt {
            $(
                #[$name]
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $vendor: Option<$vendor::$receipt>,
            )*
        }

        impl VendorReceipt {
            /// What the vendor with this name reads of it, where that says anything.
            fn of(self, name: &str) -> Self {
                Self { $($vendor: self.$vendor.filter(|own| {
                    name == stringify!($vendor) && *own != $vendor::$receipt::default()
                }),)* }
            }
        }

        impl VendorItem {
            /// What the vendor with this name reads of it, where that says anything.
            fn of(self, name: &str) -> Self {
                Self { $($($vendor: self.$vendor.filter(|own| {
                    name == stringify!($vendor) && *own != $vendor::$item::default()
                }),)?)* }
            }
        }

        /// What only one vendor has, for a line. Other vendors leave it unread.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct VendorItem {
            $($(
                #[$name]
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $vendor: Option<$vendor::$item>,
            )?)*
        }
    };
}

// The vendors that have fields of their own, each in its file: for the receipt, and for a line if at all.
extras! {
    /// Modulkassa.
    modulkassa { ReceiptExtras, ItemExtras }
    /// iKKM.
    ikkm { ReceiptExtras }
    /// ATOL Online.
    atol { ReceiptExtras, ItemExtras }
    /// iKassa.Cloud.
    ikassa { ReceiptExtras, ItemExtras }
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}

impl Item {
    /// Total of the line: price × quantity, rounded half up, − discount + surcharge. `None` where
    /// the discount is larger than the line.
    pub fn total(&self) -> Option<Amount> {
        let discounted = self.price.times(self.quantity)?.minus(self.discount.unwrap_or_default())?;
        discounted.plus(self.surcharge.unwrap_or_default())
    }
}

impl Receipt {
    /// Total of the items − discount + surcharge; `None` where a line has none, the sum does not
    /// fit, or the discount is larger than the items.
    pub fn total(&self) -> Option<Amount> {
        let items = self.items.iter().try_fold(Amount::ZERO, |sum, item| sum.plus(item.total()?))?;
        items.minus(self.discount.unwrap_or_default())?.plus(self.surcharge.unwrap_or_default())
    }

    /// Total of the payments.
    pub fn paid(&self) -> Option<Amount> {
        self.payments.iter().try_fold(Amount::ZERO, |sum, payment| sum.plus(payment.sum))
    }

    /// True where its surcharge is a tax that iKKM's device puts on top.
    pub fn has_tax_on_top(&self) -> bool {
        self.vendor.as_ref().and_then(|own| own.ikkm.as_ref()?.tax_on_top).unwrap_or(false)
    }

    /// Lines and payments that a receipt needs once it has all that it takes from another one.
    fn missing(&self) -> Vec<Violation> {
        let needed = [("/items", self.items.is_empty()), ("/payments", self.payments.is_empty())];
        let missing = needed.into_iter().filter(|(_, is_missing)| *is_missing);
        missing.map(|(path, _)| violation(path, Code::MissingField, "is required")).collect()
    }

    /// Everything that is wrong whatever the vendor is: sums, quantities, corrections.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.issued_at.as_deref().is_some_and(|text| moment::read(text).is_none()) {
            found.push(violation("/issued_at", Code::OutOfRange, moment::OUT_OF_RANGE));
        }
        let missing = self.missing();
        let is_complete = missing.is_empty();
        found.extend(missing);
        for (index, item) in self.items.iter().enumerate() {
            if item.quantity.is_zero() {
                let message = "the quantity must be more than 0";
                found.push(violation(format!("/items/{index}/quantity"), Code::OutOfRange, message));
            }
            if item.total().is_none() {
                let message = "the discount is larger than price × quantity";
                let path = format!("/items/{index}/discount");
                found.push(violation(path, Code::DiscountTooLarge, message));
            }
            if item.marking.as_ref().is_some_and(|m| m.code.is_none() && m.nomenclature_code.is_none()) {
                let message = "give `code` or `nomenclature_code`";
                found.push(violation(format!("/items/{index}/marking"), Code::MissingField, message));
            }
        }
        if self.total().is_none() && self.items.iter().all(|item| item.total().is_some()) {
            let message = "the discount is larger than the items";
            found.push(violation("/discount", Code::DiscountTooLarge, message));
        }
        if let (Some(total), Some(paid)) = (self.total(), self.paid())
            && is_complete
            && total != paid
        {
            let message = format!(
                "payments give {paid}, items give {total}; `distribute` spreads a discount over the lines and gives back change"
            );
            found.push(violation("/payments", Code::PaymentsDiffer, message));
        }
        match (&self.correction, self.kind.is_correction()) {
            (None, true) => {
                let message = format!("`{}` needs `correction`", self.kind.word());
                found.push(violation("/correction", Code::CorrectionMismatch, message));
            }
            (Some(_), false) => {
                let message = format!("`{}` has no `correction`", self.kind.word());
                found.push(violation("/correction", Code::CorrectionMismatch, message));
            }
            (
                Some(Correction { correction_type: CorrectionType::Instruction, base_number: None, .. }),
                true,
            ) => {
                let message = "an order of the tax service has a number";
                found.push(violation("/correction/base_number", Code::MissingField, message));
            }
            _ => {}
        }
        found
    }
}
