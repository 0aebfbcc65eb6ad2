//! Shift and cash drawer: the shared words of vendors that have them. Plain data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::receipt::money::Amount;
use crate::receipt::registration::Raw;

/// A shift.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Shift {
    /// True where the shift is open.
    pub open: bool,
    /// Number of the shift.
    pub number: Option<String>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// What a report did. The paper has the numbers.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// True where the device's state proves that the report was made; false where it may have been
    /// printed and nothing can tell.
    pub confirmed: bool,
    /// The shift afterwards.
    pub shift: Option<Shift>,
}

/// Cash in the drawer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Cash {
    /// Amounts by currency.
    pub amounts: Vec<CashAmount>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// Cash of one currency.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CashAmount {
    /// Currency (ISO 4217).
    pub currency: String,
    /// How much: a decimal text.
    pub sum: String,
}

/// Cash that is put into the drawer or taken out of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CashMovement {
    /// The caller's own id and the idempotency key.
    #[schemars(length(min = 1, max = 128))]
    pub id: String,
    /// How much.
    pub sum: Amount,
}
