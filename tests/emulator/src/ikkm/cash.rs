//! Cash put into the drawer and taken out of it (protocol/ikkm.md 1 items 10 and 11).

use super::codes::Code;
use super::fiscal::{Draft, Unsettled};
use super::money;
use super::parameters::Parameters;
use super::switches::Amounts;
use crate::ledger::Kind;

/// Reads a deposit or withdrawal: always whole tenge (protocol/ikkm.md 2.3).
pub fn draft(kind: Kind, parameters: &Parameters) -> Result<Unsettled, Code> {
    let total = money::amount(parameters.required("cash")?, Amounts::Whole)?;
    let cash = if kind == Kind::Withdraw { -total } else { total };
    let draft = Draft { kind, total, cash, tax: 0, rows: Vec::new(), print: String::new() };
    Ok(Unsettled { draft, refusal: None })
}
