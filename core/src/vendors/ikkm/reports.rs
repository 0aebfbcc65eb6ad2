//! The device's directories, reports and info (protocol/ikkm.md 5): typed, read leniently. Numbers are
//! texts here, digit for digit; what the sheet does not know stays in `raw`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::answer::{self, DeviceAnswer};
use super::device::Call;
use super::key;
use super::vendor::Ikkm;
use crate::error::{Code, Error, Result};
use crate::receipt::registration::Raw;
use crate::transport::lenient::{Scalar, text};
use crate::vendor::Context;

/// Asks for JSON at `path` with the current key; `parameters` stand in front of the key.
pub async fn ask<T: DeserializeOwned>(
    vendor: &Ikkm,
    context: &Context<'_>,
    path: &str,
    parameters: &str,
) -> Result<(T, Raw)> {
    let key = key::current(vendor, context).await?;
    ask_with(vendor, context, path, parameters, &key).await
}

/// As `ask`, with a key that is not in the journal yet.
pub(super) async fn ask_with<T: DeserializeOwned>(
    vendor: &Ikkm,
    context: &Context<'_>,
    path: &str,
    parameters: &str,
    key: &str,
) -> Result<(T, Raw)> {
    let target = format!("{path}?{parameters}key={key}");
    let reply = vendor.ask(context, &Call { target: &target, form: None }).await?;
    // An error is presumably the plain code instead of JSON (5).
    match answer::read(&reply, key) {
        DeviceAnswer::Refused { code, cause } => Err(answer::error(code, &cause)),
        _ if reply.status != 200 => Err(Error::new(
            Code::AnswerNotUnderstood,
            format!("the device answered with status {}", reply.status),
        )),
        _ => match serde_json::from_slice(&reply.body) {
            Ok(value) => Ok((value, Raw::from_body(&reply.body))),
            Err(error) => {
                Err(Error::new(Code::AnswerNotUnderstood, format!("the answer cannot be read: {error}")))
            }
        },
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

/// An article of the device (protocol/ikkm.md 5.1).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GoodsItem {
    /// Internal unique code.
    #[serde(default, alias = "uid", deserialize_with = "text")]
    pub id: Option<String>,
    /// Goods code.
    #[serde(default, alias = "code1", deserialize_with = "text")]
    pub code: Option<String>,
    /// Barcode.
    #[serde(default, alias = "code2", deserialize_with = "text")]
    pub barcode: Option<String>,
    /// Name.
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    /// Retail price.
    #[serde(default, alias = "price1", deserialize_with = "text")]
    pub price: Option<String>,
    /// Tax code.
    #[serde(default, alias = "itemtax1", deserialize_with = "text")]
    pub tax_code: Option<String>,
    /// Type; its values are not documented.
    #[serde(default, alias = "itemtype", deserialize_with = "text")]
    pub item_type: Option<String>,
    /// Unit; its values are not documented.
    #[serde(default, deserialize_with = "text")]
    pub measure: Option<String>,
    /// Catalogue code.
    #[serde(default, alias = "catalogid", deserialize_with = "text")]
    pub catalog_code: Option<String>,
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

/// A shift of the device (protocol/ikkm.md 5.5). Totals are those at the start of the shift.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ShiftRow {
    /// Number.
    #[serde(default, alias = "id", deserialize_with = "text")]
    pub number: Option<String>,
    /// `1` open, `0` closed.
    #[serde(default, deserialize_with = "text")]
    pub opened: Option<String>,
    /// When it was opened, by the device's clock.
    #[serde(default, alias = "openDate", deserialize_with = "text")]
    pub opened_at: Option<String>,
    /// When it was closed, by the device's clock.
    #[serde(default, alias = "closeDate", deserialize_with = "text")]
    pub closed_at: Option<String>,
    /// Cashier.
    #[serde(default, alias = "cashierId", alias = "cashierID", deserialize_with = "text")]
    pub cashier_id: Option<String>,
    /// Sales so far.
    #[serde(default, deserialize_with = "text")]
    pub sale: Option<String>,
    /// Purchases so far.
    #[serde(default, deserialize_with = "text")]
    pub buy: Option<String>,
    /// Returns of sales so far.
    #[serde(default, alias = "saleReturn", deserialize_with = "text")]
    pub sale_return: Option<String>,
    /// Returns of purchases so far.
    #[serde(default, alias = "buyReturn", deserialize_with = "text")]
    pub buy_return: Option<String>,
}

/// Receipts of a shift (protocol/ikkm.md 5.6).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Cheques {
    /// The receipts.
    pub cheques: Vec<Cheque>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// A receipt of the device (protocol/ikkm.md 5.6).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Cheque {
    /// Receipt number.
    #[serde(default, alias = "chequeId", deserialize_with = "text")]
    pub receipt_number: Option<String>,
    /// When it was opened, by the device's clock.
    #[serde(default, alias = "chequeDate", deserialize_with = "text")]
    pub opened_at: Option<String>,
    /// `0` sale, `1` purchase, `2` return of sale, `3` return of purchase.
    #[serde(default, alias = "chequeType", deserialize_with = "text")]
    pub cheque_type: Option<String>,
    /// Rows.
    #[serde(default, alias = "chequeSales")]
    pub rows: Vec<SaleRow>,
}

/// Rows of all receipts of a shift (protocol/ikkm.md 5.7).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Sales {
    /// The rows.
    pub rows: Vec<SaleRow>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// A row of a receipt (protocol/ikkm.md 5.6, 5.7).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SaleRow {
    /// Row code.
    #[serde(default, deserialize_with = "text")]
    pub id: Option<String>,
    /// Receipt number; in the rows of a shift only.
    #[serde(default, alias = "chequeId", deserialize_with = "text")]
    pub receipt_number: Option<String>,
    /// Goods code, may be empty.
    #[serde(default, alias = "itemCode", deserialize_with = "text")]
    pub item_code: Option<String>,
    /// Quantity.
    #[serde(default, alias = "qty", deserialize_with = "text")]
    pub quantity: Option<String>,
    /// Price.
    #[serde(default, deserialize_with = "text")]
    pub price: Option<String>,
    /// Sum of the row.
    #[serde(default, alias = "saleSum", deserialize_with = "text")]
    pub sum: Option<String>,
    /// Tax code.
    #[serde(default, alias = "taxId", deserialize_with = "text")]
    pub tax_code: Option<String>,
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

/// Running totals (protocol/ikkm.md 5.8). Sales are `sale` in one object of the device and `sales` in the
/// other.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "RunningTotals")]
pub struct Totals {
    /// Sales.
    #[serde(alias = "sales", deserialize_with = "text")]
    pub sale: Option<String>,
    /// Purchases.
    #[serde(deserialize_with = "text")]
    pub buy: Option<String>,
    /// Returns of sales.
    #[serde(alias = "saleReturn", deserialize_with = "text")]
    pub sale_return: Option<String>,
    /// Returns of purchases.
    #[serde(alias = "buyReturn", deserialize_with = "text")]
    pub buy_return: Option<String>,
}

/// A sum over receipts (protocol/ikkm.md 5.8).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Counted {
    /// Sum.
    #[serde(deserialize_with = "text")]
    pub sum: Option<String>,
    /// Number of receipts.
    #[serde(alias = "cheques", deserialize_with = "text")]
    pub count: Option<String>,
}

/// What was made with a key (protocol/ikkm.md 5.9).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Transaction {
    /// Receipt number.
    #[serde(alias = "docid", deserialize_with = "text")]
    pub receipt_number: Option<String>,
    /// When it was made, by the device's clock.
    #[serde(alias = "createDate", deserialize_with = "text")]
    pub created_at: Option<String>,
    /// When it was sent to the fiscal data operator.
    #[serde(alias = "submitDate", deserialize_with = "text")]
    pub submitted_at: Option<String>,
    /// `1` sent to the operator, `0` not yet: on record all the same.
    #[serde(deserialize_with = "text")]
    pub status: Option<String>,
    /// The operator's receipt code.
    #[serde(alias = "onlineCode", deserialize_with = "text")]
    pub online_code: Option<String>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

impl Transaction {
    /// Asks what was made with `old`, with the current key.
    pub(super) async fn ask(vendor: &Ikkm, context: &Context<'_>, old: &str, current: &str) -> Result<Self> {
        let path = format!("/dump/transaction/{old}");
        let (transaction, raw): (Transaction, Raw) = ask_with(vendor, context, &path, "", current).await?;
        Ok(Transaction { raw: Some(raw), ..transaction })
    }
}

/// Info of the device (protocol/ikkm.md 5.10, 5.11).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeviceInfo {
    /// Version of the application.
    #[serde(alias = "applicationVersion", deserialize_with = "text")]
    pub application_version: Option<String>,
    /// Charge of the battery in percent, where there is one.
    #[serde(alias = "batteryCapacityPerc", deserialize_with = "text")]
    pub battery_percent: Option<String>,
    /// Cash in the drawer.
    #[serde(alias = "cashWeHave", deserialize_with = "text")]
    pub cash: Option<String>,
    /// Current cashier.
    #[serde(alias = "cashierID", alias = "cashierId", deserialize_with = "text")]
    pub cashier_id: Option<String>,
    /// Name of the current cashier.
    #[serde(alias = "cashierName", deserialize_with = "text")]
    pub cashier_name: Option<String>,
    /// Current shift.
    #[serde(alias = "currentShiftID", deserialize_with = "text")]
    pub shift_number: Option<String>,
    /// `opened` or `closed`.
    #[serde(alias = "currentShiftStatus", deserialize_with = "text")]
    pub shift_state: Option<String>,
    /// Size of the data base in kilobytes.
    #[serde(alias = "databaseSizeKb", deserialize_with = "text")]
    pub database_kilobytes: Option<String>,
    /// Default tax of the web-api.
    #[serde(alias = "defaultApiTaxID", deserialize_with = "text")]
    pub default_tax_code: Option<String>,
    /// Factory serial number; it names the device.
    #[serde(alias = "factorySerialNumber", deserialize_with = "text")]
    pub serial_number: Option<String>,
    /// Last closed receipt.
    #[serde(alias = "lastClosedChequeId", deserialize_with = "text")]
    pub last_receipt: Option<String>,
    /// Messages not yet sent to the operator.
    #[serde(alias = "messagesQueueSize", deserialize_with = "text")]
    pub unsent_messages: Option<String>,
    /// Printer in use.
    #[serde(alias = "printingMode", deserialize_with = "text")]
    pub printing_mode: Option<String>,
    /// Whether sums are rounded.
    #[serde(alias = "roundingRule", deserialize_with = "text")]
    pub rounding_rule: Option<String>,
    /// Flash in use, in megabytes.
    #[serde(alias = "totalFlashUsedMb", deserialize_with = "text")]
    pub flash_used_megabytes: Option<String>,
    /// Free memory in megabytes; the device's name for it says "used".
    #[serde(alias = "totalRamUsedMb", deserialize_with = "text")]
    pub memory_free_megabytes: Option<String>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

impl DeviceInfo {
    /// Asks the device; `minimum` is the form that the vendor recommends.
    pub(super) async fn ask(vendor: &Ikkm, context: &Context<'_>, minimum: bool) -> Result<Self> {
        let (path, parameters) =
            if minimum { ("/apicheck/getInfo/", "show=minimum&") } else { ("/apicheck/getInfo", "") };
        let (info, raw): (DeviceInfo, Raw) = ask(vendor, context, path, parameters).await?;
        Ok(DeviceInfo { raw: Some(raw), ..info })
    }

    /// True where the current shift is open.
    pub(super) fn is_shift_open(&self) -> bool {
        self.shift_state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("opened"))
    }
}

/// Names by code, whatever JSON type the names have.
pub(super) async fn directory(vendor: &Ikkm, context: &Context<'_>, table: &str) -> Result<Directory> {
    let path = format!("/dump/table/{table}");
    let (rows, raw): (BTreeMap<String, Scalar>, Raw) = ask(vendor, context, &path, "").await?;
    let names = rows.into_iter().map(|(code, name)| (code, name.0.unwrap_or_default())).collect();
    Ok(Directory { names, raw: Some(raw) })
}
