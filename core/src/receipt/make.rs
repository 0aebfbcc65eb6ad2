//! Making a receipt in Rust: what each part cannot be without. Everything else is a field to be set.

use std::str::FromStr;

use super::money::{Amount, DecimalFault, Quantity};
use super::{
    Cashier, Correction, CorrectionType, Item, Kind, Marking, Payment, PaymentType, Receipt, Sectoral, Vat,
};
use crate::error::{Code, Error};

impl Receipt {
    /// A receipt with the caller's own id, which is the idempotency key, and nothing in it yet.
    pub fn new(id: impl Into<String>, kind: Kind) -> Self {
        Self { id: id.into(), kind, ..Self::default() }
    }
}

impl Item {
    /// A line: what is sold, the price of one, how much of it.
    pub fn new(name: impl Into<String>, price: Amount, quantity: Quantity) -> Self {
        Self {
            name: name.into(),
            price,
            quantity,
            discount: None,
            surcharge: None,
            vat: None,
            vat_sum: None,
            payment_method: None,
            payment_object: None,
            unit: None,
            barcode: None,
            article: None,
            marking: None,
            sectoral: Vec::new(),
            country_code: None,
            customs_declaration: None,
            vendor: None,
        }
    }
}

impl Payment {
    /// How it is paid, and how much.
    pub fn new(payment_type: PaymentType, sum: Amount) -> Self {
        Self { payment_type, sum }
    }
}

impl Marking {
    /// A marking code as the scanner read it.
    pub fn scanned(code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), nomenclature_code: None }
    }
}

impl Sectoral {
    /// A sectoral attribute: id of the authority, date and number of the basis document, value.
    pub fn new(
        federal_id: impl Into<String>,
        date: impl Into<String>,
        number: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Self { federal_id: federal_id.into(), date: date.into(), number: number.into(), value: value.into() }
    }
}

impl Cashier {
    /// A cashier by name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

impl Correction {
    /// The basis of a correction: why it is made, and the day that is corrected, such as `2026-11-30`.
    pub fn new(correction_type: CorrectionType, base_date: impl Into<String>) -> Self {
        Self { correction_type, base_date: base_date.into(), base_number: None, fiscal_sign: None }
    }
}

impl FromStr for Amount {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text).map_err(told)
    }
}

impl FromStr for Quantity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text).map_err(told)
    }
}

fn told((_, message): DecimalFault) -> Error {
    Error::new(Code::WrongFormat, message)
}

impl FromStr for Vat {
    type Err = Error;

    /// Reads a rate as it stands in JSON: `22`, `22/122`, `none`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.iter().copied().find(|rate| rate.word() == text);
        found.ok_or_else(|| {
            let rates: Vec<_> = Self::ALL.iter().map(|rate| rate.word()).collect();
            Error::new(Code::WrongFormat, format!("the VAT rate is one of {}", rates.join(", ")))
        })
    }
}
