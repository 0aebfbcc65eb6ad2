//! The device's directories, reports and info (protocol/ikkm.md 5): typed, read leniently. Numbers are
//! texts here, digit for digit; what the sheet does not know stays in `raw`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::answer::{self, DeviceAnswer};
use super::device::Call;
use super::key;
use super::reply::Reply;
use super::vendor::Ikkm;
use crate::error::{Code, Error, Result};
use crate::receipt::registration::Raw;
use crate::transport::lenient::text;
use crate::vendor::{Context, read};

/// A path of the device, and what stands in place of `{}` in it.
pub type Place<'a> = (&'static str, &'a str);

/// Asks for JSON at `path` with the current key; `parameters` stand in front of the key.
pub async fn ask<T: DeserializeOwned>(
    vendor: &Ikkm,
    context: &Context<'_>,
    place: Place<'_>,
    parameters: &str,
) -> Result<(T, Option<Raw>)> {
    let key = key::current(vendor, context).await?;
    ask_with(vendor, context, place, parameters, &key).await
}

/// As `ask`, with a key that is not in the journal yet.
pub(super) async fn ask_with<T: DeserializeOwned>(
    vendor: &Ikkm,
    context: &Context<'_>,
    place: Place<'_>,
    parameters: &str,
    key: &str,
) -> Result<(T, Option<Raw>)> {
    let (route, value) = place;
    let call = Call::get(route, value, &format!("{parameters}key={key}"));
    told(&vendor.ask(context, &call).await?, key)
}

/// The JSON of a reply to a question with `key`.
pub(super) fn told<T: DeserializeOwned>(reply: &Reply, key: &str) -> Result<(T, Option<Raw>)> {
    // An error is presumably the plain code instead of JSON (5).
    match answer::read(reply, key) {
        DeviceAnswer::Refused { code, cause } => Err(answer::error(code, &cause)),
        _ if reply.status != 200 => Err(Error::new(
            Code::AnswerNotUnderstood,
            format!("the device answered with status {}{}", reply.status, answer::beginning(reply)),
        )),
        _ => {
            let told = read("the answer", &reply.body).map_err(|error| {
                Error::new(error.code, format!("{}{}", error.message, answer::beginning(reply)))
            })?;
            Ok((told, Some(reply.sent.raw(&reply.body))))
        }
    }
}

/// Structs of texts that may be absent, whatever JSON type they came in. Behind a field stands what the device calls
/// it, where that is another name; behind `+` stand the fields of other types.
macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident {
        $($(#[$doc:meta])* $field:ident $($alias:literal)*,)*
    } $(+ { $($(#[$other_meta:meta])* $other:ident: $type:ty,)* })?)*) => {$(
        #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(default)]
        $(#[$meta])*
        pub struct $name {
            $($(#[$doc])* #[serde($(alias = $alias,)* deserialize_with = "text")] pub $field: Option<String>,)*
            $($($(#[$other_meta])* pub $other: $type,)*)?
        }
    )*};
}

texts! {
    /// An article of the device (protocol/ikkm.md 5.1).
    GoodsItem {
        /// Internal unique code.
        id "uid",
        /// Goods code.
        code "code1",
        /// Barcode.
        barcode "code2",
        /// Name.
        name,
        /// Retail price.
        price "price1",
        /// Tax code.
        tax_code "itemtax1",
        /// Type; its values are not documented.
        item_type "itemtype",
        /// Unit; its values are not documented.
        measure,
        /// Catalogue code.
        catalog_code "catalogid",
    }

    /// A shift of the device (protocol/ikkm.md 5.5). Totals are those at the start of the shift.
    ShiftRow {
        /// Number.
        number "id",
        /// `1` open, `0` closed.
        opened,
        /// When it was opened, by the device's clock.
        opened_at "openDate",
        /// When it was closed, by the device's clock.
        closed_at "closeDate",
        /// Cashier.
        cashier_id "cashierId" "cashierID",
        /// Sales so far.
        sale,
        /// Purchases so far.
        buy,
        /// Returns of sales so far.
        sale_return "saleReturn",
        /// Returns of purchases so far.
        buy_return "buyReturn",
    }

    /// A receipt of the device (protocol/ikkm.md 5.6).
    Cheque {
        /// Receipt number.
        receipt_number "chequeId",
        /// When it was opened, by the device's clock.
        opened_at "chequeDate",
        /// `0` sale, `1` purchase, `2` return of sale, `3` return of purchase.
        cheque_type "chequeType",
    } + {
        /// Rows.
        #[serde(default, alias = "chequeSales")]
        rows: Vec<SaleRow>,
    }

    /// A row of a receipt (protocol/ikkm.md 5.6, 5.7).
    SaleRow {
        /// Row code.
        id,
        /// Receipt number; in the rows of a shift only.
        receipt_number "chequeId",
        /// Goods code, may be empty.
        item_code "itemCode",
        /// Quantity.
        quantity "qty",
        /// Price.
        price,
        /// Sum of the row.
        sum "saleSum",
        /// Tax code.
        tax_code "taxId",
    }

    /// Running totals (protocol/ikkm.md 5.8). Sales are `sale` in one object of the device and `sales` in the
    /// other.
    #[schemars(rename = "RunningTotals")]
    Totals {
        /// Sales.
        sale "sales",
        /// Purchases.
        buy,
        /// Returns of sales.
        sale_return "saleReturn",
        /// Returns of purchases.
        buy_return "buyReturn",
    }

    /// A sum over receipts (protocol/ikkm.md 5.8).
    Counted {
        /// Sum.
        sum,
        /// Number of receipts.
        count "cheques",
    }

    /// What was made with a key (protocol/ikkm.md 5.9).
    Transaction {
        /// Receipt number.
        receipt_number "docid",
        /// When it was made, by the device's clock.
        created_at "createDate",
        /// When it was sent to the fiscal data operator.
        submitted_at "submitDate",
        /// `1` sent to the operator, `0` not yet: on record all the same.
        status,
        /// The operator's receipt code.
        online_code "onlineCode",
    } + {
        /// The answer as it came.
        raw: Option<Raw>,
    }

    /// Info of the device (protocol/ikkm.md 5.10, 5.11).
    DeviceInfo {
        /// Version of the application.
        application_version "applicationVersion",
        /// Charge of the battery in percent, where there is one.
        battery_percent "batteryCapacityPerc",
        /// Cash in the drawer.
        cash "cashWeHave",
        /// Current cashier.
        cashier_id "cashierID" "cashierId",
        /// Name of the current cashier.
        cashier_name "cashierName",
        /// Current shift.
        shift_number "currentShiftID",
        /// `opened` or `closed`.
        shift_state "currentShiftStatus",
        /// Size of the data base in kilobytes.
        database_kilobytes "databaseSizeKb",
        /// Default tax of the web-api.
        default_tax_code "defaultApiTaxID",
        /// Factory serial number; it names the device.
        serial_number "factorySerialNumber",
        /// Last closed receipt.
        last_receipt "lastClosedChequeId",
        /// Messages not yet sent to the operator.
        unsent_messages "messagesQueueSize",
        /// Printer in use.
        printing_mode "printingMode",
        /// Whether sums are rounded.
        rounding_rule "roundingRule",
        /// Flash in use, in megabytes.
        flash_used_megabytes "totalFlashUsedMb",
        /// Free memory in megabytes; the device's name for it says "used".
        memory_free_megabytes "totalRamUsedMb",
    } + {
        /// The answer as it came.
        raw: Option<Raw>,
    }
}

/// Goods of the device (protocol/ikkm.md 5.1).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Goods {
    /// The goods.
    pub items: Vec<GoodsItem>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// A directory: names by their codes (protocol/ikkm.md 5.2 to 5.4).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Directory {
    /// Names by code.
    pub names: BTreeMap<String, String>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// Shifts that are not archived (protocol/ikkm.md 5.5).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Shifts {
    /// The shifts.
    pub shifts: Vec<ShiftRow>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// Receipts of a shift (protocol/ikkm.md 5.6).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Cheques {
    /// The receipts.
    pub cheques: Vec<Cheque>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// Rows of all receipts of a shift (protocol/ikkm.md 5.7).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Sales {
    /// The rows.
    pub rows: Vec<SaleRow>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// Report of a shift (protocol/ikkm.md 5.8).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ShiftReport {
    /// `opened` or `closed`.
    #[serde(alias = "shiftState", deserialize_with = "text")]
    pub state: Option<String>,
    /// When it was opened, without seconds.
    #[serde(alias = "dateOpen", deserialize_with = "text")]
    pub opened_at: Option<String>,
    /// When it was closed, without seconds.
    #[serde(alias = "dateClose", deserialize_with = "text")]
    pub closed_at: Option<String>,
    /// `true` for an archived shift; the device spells it `isArhived`.
    #[serde(alias = "isArhived", alias = "isArchived", deserialize_with = "text")]
    pub archived: Option<String>,
    /// Running totals at the start of the shift.
    #[serde(alias = "fiscalDataOnShiftOpen")]
    pub totals_at_start: Option<Totals>,
    /// Running totals now, whatever shift was asked for.
    #[serde(alias = "fiscalData")]
    pub totals_now: Option<Totals>,
    /// Sales of the shift.
    #[serde(alias = "saleDetails")]
    pub sales: Option<Counted>,
    /// Purchases of the shift.
    #[serde(alias = "buyDetails")]
    pub purchases: Option<Counted>,
    /// Returns of sales of the shift.
    #[serde(alias = "saleReturnDetails")]
    pub sale_returns: Option<Counted>,
    /// Returns of purchases of the shift; the device spells it `buyRetDetails`.
    #[serde(alias = "buyRetDetails", alias = "buyReturnDetails")]
    pub purchase_returns: Option<Counted>,
    /// Number of withdrawals.
    #[serde(alias = "cashOutDocCount", deserialize_with = "text")]
    pub withdrawals: Option<String>,
    /// Cash withdrawn.
    #[serde(alias = "cashOutTotal", deserialize_with = "text")]
    pub withdrawn: Option<String>,
    /// Number of deposits.
    #[serde(alias = "cashInDocCount", deserialize_with = "text")]
    pub deposits: Option<String>,
    /// Cash deposited.
    #[serde(alias = "cashInTotal", deserialize_with = "text")]
    pub deposited: Option<String>,
    /// Cash in the drawer.
    #[serde(alias = "cashWeHave", deserialize_with = "text")]
    pub cash: Option<String>,
    /// Income.
    #[serde(deserialize_with = "text")]
    pub revenue: Option<String>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

impl Transaction {
    /// Asks what was made with `old`, with the current key.
    pub(super) async fn ask(vendor: &Ikkm, context: &Context<'_>, old: &str, current: &str) -> Result<Self> {
        let (transaction, raw) =
            ask_with(vendor, context, ("/dump/transaction/{}", old), "", current).await?;
        Ok(Transaction { raw, ..transaction })
    }
}

impl DeviceInfo {
    /// Asks the device; `minimum` is the form that the vendor recommends.
    pub(super) async fn ask(vendor: &Ikkm, context: &Context<'_>, minimum: bool) -> Result<Self> {
        let (route, parameters) =
            if minimum { ("/apicheck/getInfo/", "show=minimum&") } else { ("/apicheck/getInfo", "") };
        let (info, raw) = ask(vendor, context, (route, ""), parameters).await?;
        Ok(DeviceInfo { raw, ..info })
    }

    /// True where the current shift is open.
    pub(super) fn is_shift_open(&self) -> bool {
        self.shift_state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("opened"))
    }
}
