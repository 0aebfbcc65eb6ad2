//! What vendors take and give back: the messages of operations that a vendor carries out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::receipt::registration::{Fiscal, Raw, Registration};
use crate::receipt::words::{Kind, PaymentObject, PaymentType, Unit, Vat};

/// A request or response without fields.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What a vendor can do.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Capabilities {
    /// Which vendor.
    pub vendor: String,
    /// Its operations.
    pub operations: Vec<String>,
    /// Kinds of receipt.
    pub kinds: Vec<Kind>,
    /// VAT rates; the receipt's date decides too.
    pub vat: Vec<Vat>,
    /// Types of payment.
    pub payment_types: Vec<PaymentType>,
    /// Settlement objects.
    pub payment_objects: Vec<PaymentObject>,
    /// Units of measure.
    pub units: Vec<Unit>,
    /// Currencies.
    pub currencies: Vec<String>,
    /// True where the vendor knows documents by a key of the caller.
    pub idempotency_key: bool,
    /// True where documents may be sent at the same time.
    pub parallel: bool,
    /// True where the vendor reports to `callback_url`.
    pub callbacks: bool,
}

/// Which receipt.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptKey {
    /// The caller's id.
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub id: String,
}

/// What the vendor sent to `callback_url`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// The caller's id, where the shop put it into its address: adds what the journal knows.
    #[schemars(length(min = 1, max = 128))]
    pub id: Option<String>,
    /// The address that was called, whole or from the path on.
    #[schemars(length(max = 65_536))]
    pub url: Option<String>,
    /// The query alone, where the address is not at hand.
    #[schemars(length(max = 65_536))]
    pub query: Option<String>,
    /// The body.
    #[schemars(length(max = 1_048_576))]
    pub body: Option<String>,
}

/// What a callback says. It proves nothing: ask for the `status`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CallbackReading {
    /// True where it reports that the document is on record.
    pub success: bool,
    /// The caller's id, where the vendor tells it.
    pub receipt_id: Option<String>,
    /// The vendor's word for it, if it has one.
    pub vendor_status: Option<String>,
    /// Fiscal data, if it has any.
    pub fiscal: Option<Fiscal>,
    /// What our journal knows, where `id` was given.
    pub registration: Option<Registration>,
    /// The body as it came.
    pub raw: Option<Raw>,
}

/// Whether the vendor and its cash register are ready.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// True where a receipt sent now would be recorded soon.
    pub ready: bool,
    /// What the vendor says.
    pub message: String,
    /// The answer as it came.
    pub raw: Option<Raw>,
}
