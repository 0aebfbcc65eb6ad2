//! What only iKassa.Cloud has, as it stands under `vendor.ikassa` of a receipt or a line
//! (protocol/ikassa.md 2.5, 2.6).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::receipt::registration::Raw;

/// iKassa.Cloud's own part of a receipt.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IkassaReceipt")]
pub struct ReceiptExtras {
    /// Printed name and group of the receipt's discount.
    pub discount: Option<ModifierText>,
    /// Printed name and group of the receipt's surcharge.
    pub surcharge: Option<ModifierText>,
    /// Free attributes of the document (`@attrs`); their meaning is not documented.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// iKassa.Cloud's own part of a line.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IkassaItem")]
pub struct ItemExtras {
    /// Section (department).
    pub section: Option<Section>,
    /// Taxpayer number (UNP) of the seller on whose behalf the line is sold: 9 digits, or 2 letters
    /// and 7 digits.
    #[schemars(length(min = 1, max = 32))]
    pub third_party_tax_id: Option<String>,
    /// Printed name and group of the line's discount.
    pub discount: Option<ModifierText>,
    /// Printed name and group of the line's surcharge.
    pub surcharge: Option<ModifierText>,
    /// Code of the position. Its form on the wire is inferred and was never seen sent: try it on the
    /// vendor's trial system first.
    pub code: Option<PositionCode>,
    /// Fields that are added to the position as they are, for what this library does not know.
    pub fields: Option<Raw>,
}

/// Section (department).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IkassaSection")]
pub struct Section {
    /// Number.
    pub code: u8,
    /// Name.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
}

/// What is printed for a discount or surcharge.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IkassaModifierText")]
pub struct ModifierText {
    /// Printed name.
    #[schemars(length(min = 1, max = 128))]
    pub name: Option<String>,
    /// Group, for the shop's statistics.
    #[schemars(length(min = 1, max = 128))]
    pub group: Option<String>,
}

/// Code of a position; give one of them.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IkassaPositionCode")]
pub struct PositionCode {
    /// A code of the shop's own.
    #[schemars(length(min = 1, max = 255))]
    pub code: Option<String>,
    /// Trade item number (GTIN).
    #[schemars(length(min = 1, max = 255))]
    pub gtin: Option<String>,
    /// A service; 0 where it has no number.
    pub service: Option<u32>,
    /// A prepayment; 0 where it has no number.
    pub prepayment: Option<u32>,
}

impl PositionCode {
    /// How many of them are given.
    pub fn given(&self) -> usize {
        [self.code.is_some(), self.gtin.is_some(), self.service.is_some(), self.prepayment.is_some()]
            .iter()
            .filter(|given| **given)
            .count()
    }
}
