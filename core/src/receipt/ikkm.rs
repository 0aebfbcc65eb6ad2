//! What only iKKM has, as it stands under `vendor.ikkm` of a receipt (protocol/ikkm.md 2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::receipt::money::Amount;

/// iKKM's own part of a receipt.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IkkmReceipt")]
pub struct ReceiptExtras {
    /// Tax code from `taxes`; absent means the device's default. Editing a tax on the device changes
    /// its code: read the table anew.
    #[schemars(length(min = 1, max = 10))]
    pub tax_code: Option<String>,
    /// Free text for the paper. No line of it may be a command of the device (`--cut--` and the like).
    #[schemars(length(max = 100_000))]
    pub print_text: Option<String>,
    /// Cash that the customer handed over, where change is given (sales only).
    pub cash_received: Option<Amount>,
    /// True where the receipt's `surcharge` is the tax that the device puts on top of the amount by itself (`tax_code` of
    /// such a tax, sales only): it is not sent, and the payments are the items and it. The device refuses less, and by card more; cash beyond it is change.
    pub tax_on_top: Option<bool>,
    /// One summary line instead of the items: the only way for more than 79 rows.
    pub summary_line: Option<bool>,
}
