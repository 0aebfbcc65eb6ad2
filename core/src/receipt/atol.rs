//! What only ATOL Online has, as it stands under `vendor.atol` of a receipt or a line (protocol/atol.md 2.5
//! to 2.7). Where our name is the protocol's, the value goes out as it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::receipt::letters::Text;
use crate::receipt::money::Amount;
use crate::receipt::{AgentType, Phone, Receipt, Sectoral, Vat};

macro_rules! part {
    ($(#[$doc:meta])* $name:ident $schema:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty $([$($limit:tt)*])?,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(rename = $schema)]
        pub struct $name {
            $($(#[$field_doc])*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            $(#[schemars($($limit)*)])?
            pub $field: Option<$type>,)*
        }
    };
}

part! {
    /// ATOL's own part of a receipt.
    ReceiptExtras "AtolReceipt" {
        /// The buyer's further data (v5).
        client: ClientExtras,
        /// Place of settlement beyond the address, tag 1009.
        location: String [length(min = 1, max = 256)],
        /// Agent for the receipt as a whole (v4).
        agent_info: AgentInfo,
        /// Supplier for the receipt as a whole (v4).
        supplier_info: SupplierInfo,
        /// Additional attribute of the receipt, tag 1192.
        additional_check_props: String [length(max = 16)],
        /// Additional attribute of the user, tag 1084.
        additional_user_props: UserProps,
        /// Operational attribute of the receipt, tag 1270 (v5).
        operating_check_props: OperatingProps,
        /// Sectoral attributes of the receipt, tag 1261 (v5).
        sectoral_check_props: Vec<Sectoral> [length(min = 1, max = 10)],
        /// Number of the automatic device, tag 1036.
        device_number: String [length(min = 1, max = 20)],
        /// Settled on the Internet, tag 1125.
        internet: bool,
        /// Cashless payments in detail, tag 1235.
        cashless_payments: Vec<CashlessPayment> [length(min = 1, max = 10)],
        /// Time zone of the settlement, 1 to 11: UTC+2 to UTC+12, tag 1011 (v5).
        timezone: u8 [range(min = 1, max = 11)],
        /// Record it even if the marking system does not answer in time (v5).
        ism_optional: bool,
        /// VAT of the receipt as a whole; where given, the vendor counts only this (protocol/atol.md 2.6).
        vats: Vec<VatSum> [length(min = 1, max = 6)],
        /// What payments of the type `other` are: 4, or one of the extended kinds 5 to 9 that the cash register has.
        other_payment: u8 [range(min = 4, max = 9)],
        /// Number of the sending system, 0 to 9.
        source_id: u8 [range(min = 0, max = 9)],
    }
}

part! {
    /// The buyer's further data (v5).
    ClientExtras "AtolClient" {
        /// Date of birth, tag 1243.
        birthdate: String [extend("format" = "date")],
        /// Citizenship, 3 digits, tag 1244.
        citizenship: String [length(min = 3, max = 3)],
        /// Kind of identity document, 2 digits, tag 1245.
        document_code: String [length(min = 2, max = 2)],
        /// Data of the identity document, tag 1246.
        document_data: String [length(min = 1, max = 64)],
        /// Address, tag 1254.
        address: String [length(min = 1, max = 256)],
    }
}

part! {
    /// ATOL's own part of a line.
    ItemExtras "AtolItem" {
        /// Unit as free text (v4); absent means the word for `unit`.
        measurement_unit: String [length(min = 1, max = 16)],
        /// Agent for this line.
        agent_info: AgentInfo,
        /// Supplier of this line.
        supplier_info: SupplierInfo,
        /// Additional attribute of the line, tag 1191.
        user_data: String [length(min = 1, max = 64)],
        /// Excise, tag 1229.
        excise: Amount,
        /// Marking code in one of the protocol's forms (v5); absent means the form of `marking.code`.
        mark_code: MarkCode,
        /// Part of a marked package (v5).
        mark_quantity: MarkQuantity,
        /// Planned status of marked goods, 1 to 6, tag 2003 (v5); absent means 1 for whole pieces that are sold and 3 for
        /// those that come back.
        planned_status: u8 [range(min = 1, max = 6)],
        /// Accounting by volume and sort (v5).
        wholesale: bool,
    }
}

part! {
    /// A marking code; give exactly one form (protocol/atol.md 2.7.2).
    MarkCode "AtolMarkCode" {
        /// Not recognised, tag 1300.
        unknown: String [extend("format" = "any"), length(min = 1, max = 32)],
        /// EAN-8, tag 1301.
        ean8: String [length(min = 8, max = 8)],
        /// EAN-13, tag 1302.
        ean13: String [length(min = 13, max = 13)],
        /// ITF-14, tag 1303.
        itf14: String [length(min = 14, max = 14)],
        /// GS1 of goods that are not subject to marking, tag 1304.
        gs10: String [extend("format" = "any"), length(min = 1, max = 38)],
        /// GS1 of marked goods, the whole code in Base64, tag 1305.
        gs1m: String [extend("format" = "any"), length(min = 1, max = 200)],
        /// Short code, tag 1306.
        short: String [extend("format" = "any"), length(min = 1, max = 38)],
        /// Fur, tag 1307.
        fur: String [length(min = 20, max = 20)],
        /// Alcohol, second version, tag 1308.
        egais20: String [length(min = 23, max = 33)],
        /// Alcohol, third version, tag 1309.
        egais30: String [length(min = 14, max = 14)],
    }
}

impl MarkCode {
    /// The forms that are given: the name of each and its value.
    pub fn given(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("unknown", &self.unknown),
            ("ean8", &self.ean8),
            ("ean13", &self.ean13),
            ("itf14", &self.itf14),
            ("gs10", &self.gs10),
            ("gs1m", &self.gs1m),
            ("short", &self.short),
            ("fur", &self.fur),
            ("egais20", &self.egais20),
            ("egais30", &self.egais30),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }
}

/// VAT of one rate over the whole receipt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AtolVatSum")]
pub struct VatSum {
    /// Rate.
    pub vat: Vat,
    /// Amount of VAT.
    pub sum: Amount,
}

/// Part of a marked package: smaller than a whole (protocol/atol.md 2.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AtolMarkQuantity")]
pub struct MarkQuantity {
    /// Numerator, tag 1293.
    #[schemars(range(min = 1))]
    pub numerator: u32,
    /// Denominator, tag 1294.
    #[schemars(range(min = 1))]
    pub denominator: u32,
}

/// Additional attribute of the user, tag 1084.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AtolUserProps")]
pub struct UserProps {
    /// Name, tag 1085.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// Value, tag 1086.
    #[schemars(length(min = 1, max = 256))]
    pub value: String,
}

/// Operational attribute of the receipt, tag 1270.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AtolOperatingProps")]
pub struct OperatingProps {
    /// Value, tag 1272.
    #[schemars(length(min = 1, max = 64))]
    pub value: String,
    /// Time, tag 1273.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
}

/// A cashless payment in detail, tag 1235.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AtolCashlessPayment")]
pub struct CashlessPayment {
    /// How much, tag 1082.
    pub sum: Amount,
    /// Method as the tax service numbers them, tag 1236.
    #[schemars(range(min = 0, max = 255))]
    pub method: u8,
    /// Id of the payment, tag 1237.
    #[schemars(length(min = 1, max = 256))]
    pub id: String,
    /// More about it, tag 1238.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub additional_info: Option<String>,
}

/// Agent (protocol/atol.md 2.6.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AtolAgent")]
pub struct AgentInfo {
    /// Kind of agent, of those the cash register was set up with.
    #[serde(rename = "type")]
    pub agent_type: AgentType,
    /// Paying agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paying_agent: Option<PayingAgent>,
    /// Operator that receives payments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive_payments_operator: Option<Phones>,
    /// Operator that transfers money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money_transfer_operator: Option<MoneyTransferOperator>,
}

part! {
    /// Paying agent.
    PayingAgent "AtolPayingAgent" {
        /// Operation, tag 1044.
        operation: String [length(min = 1, max = 24)],
        /// Phones, tag 1073.
        phones: Vec<Phone> [length(max = 10)],
    }
}

part! {
    /// Operator that receives payments.
    Phones "AtolPhones" {
        /// Phones, tag 1074.
        phones: Vec<Phone> [length(max = 10)],
    }
}

part! {
    /// Operator that transfers money.
    MoneyTransferOperator "AtolMoneyTransferOperator" {
        /// Phones, tag 1075.
        phones: Vec<Phone> [length(max = 10)],
        /// Name, tag 1026.
        name: String [length(min = 1, max = 64)],
        /// Address, tag 1005.
        address: String [length(min = 1, max = 256)],
        /// Taxpayer number, tag 1016.
        inn: String [length(min = 10, max = 12)],
    }
}

/// Supplier (protocol/atol.md 2.6.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AtolSupplier")]
pub struct SupplierInfo {
    /// Phones, tag 1171.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub phones: Vec<Phone>,
    /// Name, tag 1225.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub name: Option<String>,
    /// Taxpayer number, tag 1226; `000000000000` for a supplier without a Russian one.
    #[schemars(length(min = 10, max = 12))]
    pub inn: String,
}

/// The texts of ATOL's own part that come on record.
pub fn texts(receipt: &mut Receipt) -> Vec<Text<'_>> {
    let mut all = Vec::new();
    if let Some(extras) = receipt.vendor.as_mut().and_then(|vendor| vendor.atol.as_mut()) {
        let place = "/vendor/atol";
        all.push((format!("{place}/location"), extras.location.as_mut(), 256));
        settlement(place, extras.agent_info.as_mut(), extras.supplier_info.as_mut(), &mut all);
    }
    for (index, item) in receipt.items.iter_mut().enumerate() {
        let Some(extras) = item.vendor.as_mut().and_then(|vendor| vendor.atol.as_mut()) else { continue };
        let place = format!("/items/{index}/vendor/atol");
        all.push((format!("{place}/user_data"), extras.user_data.as_mut(), 64));
        settlement(&place, extras.agent_info.as_mut(), extras.supplier_info.as_mut(), &mut all);
    }
    all
}

/// The texts of an agent and of a supplier.
fn settlement<'a>(
    place: &str,
    agent: Option<&'a mut AgentInfo>,
    supplier: Option<&'a mut SupplierInfo>,
    all: &mut Vec<Text<'a>>,
) {
    if let Some(AgentInfo { paying_agent, money_transfer_operator, .. }) = agent {
        let operation = paying_agent.as_mut().and_then(|agent| agent.operation.as_mut());
        all.push((format!("{place}/agent_info/paying_agent/operation"), operation, 24));
        if let Some(operator) = money_transfer_operator {
            let place = format!("{place}/agent_info/money_transfer_operator");
            all.push((format!("{place}/name"), operator.name.as_mut(), 64));
            all.push((format!("{place}/address"), operator.address.as_mut(), 256));
        }
    }
    if let Some(supplier) = supplier {
        all.push((format!("{place}/supplier_info/name"), supplier.name.as_mut(), 256));
    }
}
