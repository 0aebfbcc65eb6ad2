//! The three calls that move the key: checks in their order, then the record
//! (protocol/ikkm.md 6.1 items E5, E6, E8).

use super::cash;
use super::codes::{BAD_REQUEST, Code, NO_CASH, WRONG_KEY};
use super::endpoints::{Endpoint, Request};
use super::items::Row;
use super::keys::Answered;
use super::money::{Tiyn, two_decimals};
use super::printer::laid_out;
use super::sale;
use super::state::{Document, State};
use super::switches::{CashNumber, RepeatCheck, Switches};
use super::{NAME, Surroundings};
use crate::clock::rfc3339;
use crate::ledger::{Kind, LedgerEntry};

/// Who made a receipt by hand, in the ledger.
pub const OPERATOR: &str = "operator";

/// Who used the shop's key, in the ledger.
const OTHER_PROGRAM: &str = "other_writer";

/// A document that passed the checks of its parameters.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it records.
    pub kind: Kind,
    /// What is paid.
    pub total: Tiyn,
    /// How the cash in the drawer changes.
    pub cash: Tiyn,
    /// The code of its tax.
    pub tax: u64,
    /// Its rows.
    pub rows: Vec<Row>,
    /// The text to print.
    pub print: String,
}

/// What a fiscal call comes to.
pub enum Admitted {
    /// It was made before: the answer again.
    Repeat(Answered),
    /// It can be recorded.
    New(Draft),
}

/// Does all checks of a fiscal call in their order (protocol/ikkm.md 6.1 item E8). `occupied`: the
/// call itself is what the device works on.
pub fn admit(
    state: &State,
    around: &Surroundings<'_>,
    request: &Request,
    occupied: bool,
) -> Result<Admitted, Code> {
    let switches = around.switches;
    let key = request.key()?;
    let repeat = state.keys.repeat_of(key, &request.payload(), switches.repeat_criterion);
    match repeat {
        Some(answered) if switches.repeat_check == RepeatCheck::First => {
            return Ok(Admitted::Repeat(answered.clone()));
        }
        None if !state.keys.fits(key, false) => return Err(WRONG_KEY),
        _ => {}
    }
    if !occupied {
        state.free()?;
    }
    let draft = match request.endpoint {
        Endpoint::Register => sale::draft(&request.parameters, switches, &state.tables)?,
        Endpoint::Deposit => cash::draft(Kind::Deposit, &request.parameters)?,
        Endpoint::Withdraw => cash::draft(Kind::Withdraw, &request.parameters)?,
        _ => return Err(BAD_REQUEST),
    };
    state.ready(around.now)?;
    let draft = draft.settled()?;
    if state.drawer + draft.cash < 0 {
        return Err(NO_CASH);
    }
    Ok(repeat.map_or(Admitted::New(draft), |answered| Admitted::Repeat(answered.clone())))
}

/// Records a document and moves the key.
pub fn register(
    state: &mut State,
    around: &Surroundings<'_>,
    request: &Request,
    draft: Draft,
) -> Result<Answered, Code> {
    let key = request.key()?.to_owned();
    let is_cash = matches!(draft.kind, Kind::Deposit | Kind::Withdraw);
    let number = record(state, around, draft, Some(key.clone()), None);
    let new_key = state.keys.move_on(around.switches).to_owned();
    let answered = Answered { key, payload: request.payload(), number, new_key };
    if !is_cash || around.switches.repeat_cash {
        state.keys.remember(answered.clone(), around.switches.repeat_depth);
    }
    Ok(answered)
}

/// Puts a document on the fiscal record; its number.
pub fn record(
    state: &mut State,
    around: &Surroundings<'_>,
    draft: Draft,
    key: Option<String>,
    by: Option<&'static str>,
) -> u64 {
    let shift = state.shifts.open_for(state.user.id, around.now);
    state.shifts.count(draft.kind, draft.total);
    state.drawer += draft.cash;
    let number = next_number(state, around.switches, draft.kind);
    print(state, around.switches, &draft, number);
    let online = state.offline_since.is_none();
    let online_code = if online { state.online_code() } else { String::new() };
    let rows = numbered(state, draft.rows);
    let lines = rows.iter().filter(|(_, row)| !row.is_discount()).count();
    around.frame.ledger.record(LedgerEntry {
        vendor: NAME.to_owned(),
        register: around.register.to_owned(),
        receipt_key: key.clone().unwrap_or_default(),
        number: number.to_string(),
        kind: draft.kind,
        total: two_decimals(draft.total),
        lines,
        fiscal_document_number: number.to_string(),
        fiscal_sign: online_code.clone(),
        at: rfc3339(around.now),
        by: by.map(str::to_owned),
        content: None,
    });
    state.documents.push(Document {
        number,
        kind: draft.kind,
        key,
        created: around.now,
        submitted: online.then_some(around.now),
        online_code,
        shift,
        total: draft.total,
        tax: draft.tax,
        rows,
        by,
    });
    number
}

/// The documentation leaves open which number cash gets (protocol/ikkm.md 6.3).
fn next_number(state: &mut State, switches: &Switches, kind: Kind) -> u64 {
    let is_cash = matches!(kind, Kind::Deposit | Kind::Withdraw);
    if is_cash && switches.cash_number == CashNumber::LastReceipt {
        return state.last_receipt;
    }
    state.last_number += 1;
    if !is_cash {
        state.last_receipt = state.last_number;
    }
    state.last_number
}

fn print(state: &mut State, switches: &Switches, draft: &Draft, number: u64) {
    let mut lines = vec![format!("№{number} {:?} {}", draft.kind, two_decimals(draft.total))];
    if !draft.print.is_empty() {
        lines.extend(laid_out(&draft.print, switches.printer_columns, switches.special_lines_in_receipt));
    }
    let rows = draft.rows.iter().map(|row| format!("{} {}", row.name, two_decimals(row.sum)));
    lines.extend(rows);
    state.printer.print_document(lines);
}

fn numbered(state: &mut State, rows: Vec<Row>) -> Vec<(u64, Row)> {
    let first = state.last_row + 1;
    state.last_row += rows.len() as u64;
    (first..).zip(rows).collect()
}

/// A cash sale made by hand at the device; its number.
pub fn sell_by_hand(state: &mut State, around: &Surroundings<'_>, total: Tiyn) -> u64 {
    let draft = foreign_sale(state, total);
    record(state, around, draft, None, Some(OPERATOR))
}

/// A cash sale that another program makes with the current key.
pub fn sell_by_other(state: &mut State, around: &Surroundings<'_>, total: Tiyn) {
    let draft = foreign_sale(state, total);
    let key = state.keys.current().to_owned();
    let number = record(state, around, draft, Some(key.clone()), Some(OTHER_PROGRAM));
    let new_key = state.keys.move_on(around.switches).to_owned();
    let answered = Answered { key, payload: Vec::new(), number, new_key };
    state.keys.remember(answered, around.switches.repeat_depth);
}

fn foreign_sale(state: &State, total: Tiyn) -> Draft {
    let rows = vec![Row::one(sale::name_of(Kind::Sell), total)];
    let tax = state.tables.default_tax;
    Draft { kind: Kind::Sell, total, cash: total, tax, rows, print: String::new() }
}

/// What is checked after the state of the device.
pub struct Unsettled {
    /// The document, if the rest is right.
    pub draft: Draft,
    /// The code of what is wrong: tax or total.
    pub refusal: Option<Code>,
}

impl Unsettled {
    fn settled(self) -> Result<Draft, Code> {
        self.refusal.map_or(Ok(self.draft), Err)
    }
}
