//! What only Modulkassa has, as it stands under `vendor.modulkassa` of a receipt or a line
//! (protocol/modulkassa.md 2.1, 2.2, 2.9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::receipt::letters::Text;
use crate::receipt::{AgentType, Phone, Receipt};

/// Modulkassa's own part of a receipt.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ModulkassaReceipt")]
pub struct ReceiptExtras {
    /// The shop's order number; absent means the receipt's id.
    #[schemars(length(min = 1, max = 128))]
    pub document_number: Option<String>,
    /// Free text on the paper receipt.
    #[schemars(length(max = 3_000))]
    pub text_to_print: Option<String>,
    /// Agent for the receipt as a whole.
    pub agent: Option<Agent>,
}

/// Modulkassa's own part of a line.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ModulkassaItem")]
pub struct ItemExtras {
    /// Description; the vendor's sheet has it in examples only.
    #[schemars(length(min = 1, max = 1_000))]
    pub description: Option<String>,
    /// Agent for this line.
    pub agent: Option<Agent>,
    /// Supplier of this line.
    pub supplier: Option<Supplier>,
}

/// Agent.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ModulkassaAgent")]
pub struct Agent {
    /// Kinds of agent, of those the cash register was set up with.
    #[schemars(length(min = 1, max = 7))]
    pub types: Vec<AgentType>,
    /// Paying agent.
    pub paying_agent: Option<PayingAgent>,
    /// Operator that receives payments.
    pub receive_payments_operator: Option<ReceivePaymentsOperator>,
    /// Operator that transfers money.
    pub money_transfer_operator: Option<MoneyTransferOperator>,
}

/// Paying agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PayingAgent {
    /// Operation.
    #[schemars(length(min = 1, max = 24))]
    pub operation: String,
    /// Phones, `+` and digits.
    #[schemars(length(max = 10))]
    pub phones: Vec<Phone>,
}

/// Operator that receives payments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivePaymentsOperator {
    /// Phones, `+` and digits.
    #[schemars(length(max = 10))]
    pub phones: Vec<Phone>,
}

/// Operator that transfers money.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoneyTransferOperator {
    /// Phones, `+` and digits.
    #[schemars(length(max = 10))]
    pub phones: Vec<Phone>,
    /// Name.
    #[schemars(length(min = 1, max = 64))]
    pub name: Option<String>,
    /// Address.
    #[schemars(length(min = 1, max = 255))]
    pub address: Option<String>,
    /// Taxpayer number.
    #[schemars(length(min = 10, max = 12))]
    pub tax_id: Option<String>,
}

/// Supplier.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ModulkassaSupplier")]
pub struct Supplier {
    /// Phones, `+` and digits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub phones: Vec<Phone>,
    /// Name.
    #[schemars(length(min = 1, max = 255))]
    pub name: Option<String>,
    /// Taxpayer number.
    #[schemars(length(min = 10, max = 12))]
    pub tax_id: Option<String>,
}

/// The texts of Modulkassa's own part that come on record.
pub fn texts(receipt: &mut Receipt) -> Vec<Text<'_>> {
    let mut all = Vec::new();
    if let Some(extras) = receipt.vendor.as_mut().and_then(|vendor| vendor.modulkassa.as_mut()) {
        of_agent("/vendor/modulkassa", extras.agent.as_mut(), &mut all);
    }
    for (index, item) in receipt.items.iter_mut().enumerate() {
        let Some(extras) = item.vendor.as_mut().and_then(|vendor| vendor.modulkassa.as_mut()) else {
            continue;
        };
        let place = format!("/items/{index}/vendor/modulkassa");
        of_agent(&place, extras.agent.as_mut(), &mut all);
        let supplier = extras.supplier.as_mut().and_then(|supplier| supplier.name.as_mut());
        all.push((format!("{place}/supplier/name"), supplier, 255));
    }
    all
}

fn of_agent<'a>(place: &str, agent: Option<&'a mut Agent>, all: &mut Vec<Text<'a>>) {
    let Some(Agent { paying_agent, money_transfer_operator, .. }) = agent else { return };
    let operation = paying_agent.as_mut().map(|agent| &mut agent.operation);
    all.push((format!("{place}/agent/paying_agent/operation"), operation, 24));
    if let Some(operator) = money_transfer_operator {
        let place = format!("{place}/agent/money_transfer_operator");
        all.push((format!("{place}/name"), operator.name.as_mut(), 64));
        all.push((format!("{place}/address"), operator.address.as_mut(), 255));
    }
}
