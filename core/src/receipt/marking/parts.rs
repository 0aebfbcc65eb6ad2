//! What a marking code is made of, and what is said of it. Plain data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::receipt::words::words;

words! {
    /// What a marking code is.
    MarkingKind {
        /// Elements of GS1, each with its application identifier: most marked goods.
        Gs1 "gs1",
        /// Barcode EAN-8: goods without a code of their own for each piece.
        Ean8 "ean8",
        /// Barcode EAN-13: goods without a code of their own for each piece.
        Ean13 "ean13",
        /// Barcode ITF-14: goods without a code of their own for each piece.
        Itf14 "itf14",
        /// Control sign of fur, such as `RU-430302-ABC1234567`.
        Fur "fur",
        /// A pack of tobacco: GTIN, serial number, price and check, 29 characters.
        Tobacco "tobacco",
        /// Another short code: a GTIN and a serial number without application identifiers.
        Short "short",
        /// Excise stamp of alcohol, second version, 68 characters.
        Egais20 "egais20",
        /// Excise stamp of alcohol, third version, 150 characters.
        Egais30 "egais30",
        /// None of these.
        Unknown "unknown",
    }
}

impl MarkingKind {
    /// True where the code is of goods and not of one piece of them.
    pub const fn is_barcode(self) -> bool {
        matches!(self, MarkingKind::Ean8 | MarkingKind::Ean13 | MarkingKind::Itf14)
    }
}

/// An element of a GS1 code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MarkingElement")]
pub struct Element {
    /// Application identifier, 2 to 4 digits.
    pub ai: String,
    /// What the identifier means.
    pub name: String,
    /// What stands behind it.
    pub value: String,
    /// Where it begins in the text that was given, counted in characters from 1.
    pub position: usize,
}

/// Something in the text that was put right because it can mean one thing only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MarkingRepair")]
pub struct Repair {
    /// Where, counted in characters of the text that was given, from 1.
    pub position: usize,
    /// What was done.
    pub message: String,
}

impl Repair {
    /// What was done at this place.
    pub(super) fn new(position: usize, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }
}

/// Why a text is no marking code, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, counted in characters of the text that was given, from 1.
    pub position: usize,
    /// What is wrong, in a sentence.
    pub message: String,
}

impl Fault {
    /// What is wrong at this place.
    pub(super) fn new(position: usize, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "position {}: {}", self.position, self.message)
    }
}
