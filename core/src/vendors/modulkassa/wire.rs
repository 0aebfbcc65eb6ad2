//! Modulkassa's JSON as it goes over the wire (protocol/modulkassa.md 2 and 3). Written exactly, read
//! leniently: every member of an answer may be absent, numbers may be strings and strings numbers.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_with::skip_serializing_none;

use crate::receipt::modulkassa::{PayingAgent, ReceivePaymentsOperator};
use crate::receipt::money::{Amount, Quantity};
use crate::receipt::{AgentType, Phone};
use crate::transport::lenient::{Scalar, object_or_null};

/// Document (protocol/modulkassa.md 2.1), in the order of the protocol sheet. Absent optional fields are left
/// out.
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<'a> {
    pub id: String,
    pub doc_num: &'a str,
    pub doc_type: &'static str,
    pub checkout_date_time: String,
    pub email: &'a str,
    pub print_receipt: bool,
    pub text_to_print: Option<&'a str>,
    pub cashier_name: Option<&'a str>,
    pub cashier_inn: Option<&'a str>,
    pub cashier_position: Option<&'a str>,
    #[serde(rename = "responseURL")]
    pub response_url: Option<&'a str>,
    pub tax_mode: Option<&'static str>,
    pub client_name: Option<&'a str>,
    pub client_inn: Option<&'a str>,
    pub invent_positions: Vec<Position<'a>>,
    pub money_positions: Vec<Money>,
    pub agent_info: Option<Agent<'a>>,
    pub correction_info: Option<Correction<'a>>,
}

/// InventPosition (protocol/modulkassa.md 2.2).
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Position<'a> {
    pub name: &'a str,
    #[serde(serialize_with = "number")]
    pub price: Amount,
    #[serde(serialize_with = "number")]
    pub quantity: Quantity,
    #[serde(serialize_with = "optional_number")]
    pub disc_sum: Option<Amount>,
    pub vat_tag: u16,
    pub vat_revision: Option<u16>,
    #[serde(serialize_with = "optional_number")]
    pub vat_sum: Option<Amount>,
    pub payment_object: &'static str,
    pub payment_method: &'static str,
    pub invent_code: Option<&'a str>,
    pub barcode: Option<&'a str>,
    pub origin_country_code: Option<&'a str>,
    pub customs_declaration_number: Option<&'a str>,
    pub nomenclature_code: Option<&'a str>,
    pub product_mark: Option<String>,
    pub industry_requisite: Option<Industry<'a>>,
    pub measure: Option<&'a str>,
    pub description: Option<&'a str>,
    pub agent_info: Option<Agent<'a>>,
    pub supplier_info: Option<Supplier<'a>>,
}

/// MoneyPosition (protocol/modulkassa.md 2.12).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Money {
    pub payment_type: &'static str,
    #[serde(serialize_with = "number")]
    pub sum: Amount,
}

/// industryRequisite (protocol/modulkassa.md 2.8).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Industry<'a> {
    pub foiv_id: &'a str,
    pub doc_date_time: String,
    pub doc_number: &'a str,
    pub doc_data: &'a str,
}

/// AgentInformation (protocol/modulkassa.md 2.9).
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Agent<'a> {
    pub types: &'a [AgentType],
    pub paying_agent: Option<&'a PayingAgent>,
    pub receive_payments_operator: Option<&'a ReceivePaymentsOperator>,
    pub money_transfer_operator: Option<TransferOperator<'a>>,
}

#[skip_serializing_none]
#[derive(Serialize)]
pub struct TransferOperator<'a> {
    pub phones: &'a [Phone],
    pub name: Option<&'a str>,
    pub address: Option<&'a str>,
    pub inn: Option<&'a str>,
}

/// SupplierInformation (protocol/modulkassa.md 2.9).
#[skip_serializing_none]
#[derive(Serialize)]
pub struct Supplier<'a> {
    #[serde(skip_serializing_if = "<[Phone]>::is_empty")]
    pub phones: &'a [Phone],
    pub name: Option<&'a str>,
    pub inn: Option<&'a str>,
}

/// correctionInfo (protocol/modulkassa.md 2.10).
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Correction<'a> {
    pub reason: &'static str,
    pub document_date: String,
    pub document_num: Option<&'a str>,
    pub fiscal_sign: Option<&'a str>,
}

/// A decimal as a JSON number with all its digits (protocol/modulkassa.md 2.14).
fn number<T: std::fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let raw = RawValue::from_string(value.to_string()).map_err(serde::ser::Error::custom)?;
    raw.serialize(serializer)
}

fn optional_number<T: std::fmt::Display, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => number(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// RetailPointAssociation (protocol/modulkassa.md 3.1).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Association {
    pub user_name: Scalar,
    pub password: Scalar,
    pub name: Scalar,
    pub address: Scalar,
}

/// FNStatus (protocol/modulkassa.md 3.2). Old texts call the date `statusDateTime`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceStatus {
    pub status: Scalar,
    #[serde(alias = "statusDateTime")]
    pub date_time: Scalar,
    pub message: Scalar,
}

/// DocumentStatus (protocol/modulkassa.md 3.3).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DocumentStatus {
    pub status: Scalar,
    pub fn_state: Scalar,
    #[serde(deserialize_with = "object_or_null")]
    pub fiscal_info: Option<FiscalInfo>,
    #[serde(deserialize_with = "object_or_null")]
    pub failure_info: Option<FailureInfo>,
    pub message: Scalar,
    pub time_status_changed: Scalar,
}

/// FiscalInfo (protocol/modulkassa.md 3.3).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FiscalInfo {
    pub shift_number: Scalar,
    pub check_number: Scalar,
    pub kkt_number: Scalar,
    pub fn_number: Scalar,
    pub fn_doc_number: Scalar,
    pub fn_doc_mark: Scalar,
    pub date: Scalar,
    pub sum: Scalar,
    pub check_type: Scalar,
    pub qr: Scalar,
    pub ecr_registration_number: Scalar,
}

/// FailureInfo (protocol/modulkassa.md 3.3).
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct FailureInfo {
    #[serde(rename = "type")]
    pub kind: Scalar,
    pub message: Scalar,
}

/// The body that errors have in practice (protocol/modulkassa.md 3.8).
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Fault {
    pub status: Scalar,
    pub error: Scalar,
    pub message: Scalar,
    errors: Option<Box<RawValue>>,
}

/// What is wrong with a field; in the newer bodies of errors.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct FieldFault {
    field: Scalar,
    #[serde(alias = "defaultMessage")]
    message: Scalar,
}

/// Most fields that a message names.
const MOST_FIELDS: usize = 20;

impl Fault {
    /// What it says, with the fields that it names.
    pub fn said(&self) -> Option<String> {
        let fields =
            self.errors.as_ref().and_then(|json| serde_json::from_str::<Vec<FieldFault>>(json.get()).ok());
        let fields = fields.unwrap_or_default().into_iter().take(MOST_FIELDS);
        let fields: Vec<String> = fields
            .filter_map(|fault| match (fault.field.0, fault.message.0) {
                (Some(field), Some(said)) => Some(format!("{field}: {said}")),
                (field, said) => said.or(field),
            })
            .collect();
        match (self.message.0.clone(), fields.is_empty()) {
            (said, true) => said,
            (Some(said), false) => Some(format!("{said} ({})", fields.join("; "))),
            (None, false) => Some(fields.join("; ")),
        }
    }
}

/// The part of a retail point that clients read (protocol/modulkassa.md 1.4).
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct RetailPoint {
    pub id: Scalar,
    pub name: Scalar,
    pub address: Scalar,
    pub inn: Scalar,
    pub time_zone_id: Scalar,
    pub kkm_info: Option<KkmInfo>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct KkmInfo {
    pub payments_address: Scalar,
}
