//! What each call answers (protocol/ikkm.md 1), in one step on a device that is not disturbed.

use std::time::{Duration, Instant};

use super::codes::{BAD_REQUEST, BAD_VALUE, Code};
use super::endpoints::{Endpoint, Request};
use super::fiscal::{self, Admitted};
use super::keys::Answered;
use super::money;
use super::state::State;
use super::switches::{ReceiptReason, ReportAnswer, Switches, TextBody};
use super::wire::{JSON, Reply, TEXT};
use super::{Surroundings, dumps, info};

const OK: &[u8] = b"OK";
const DONE: &str = "0";
const REGISTERED: u16 = 200;
const REPEATED: u16 = 203;
const REFUSED: u16 = 400;

/// Does a call. `occupied`: a fiscal call that the device already works on.
pub fn answer(state: &mut State, around: &Surroundings<'_>, request: &Request, occupied: bool) -> Reply {
    let attempted = match request.endpoint {
        endpoint if endpoint.is_fiscal() => fiscal(state, around, request, occupied),
        Endpoint::Check => check(state, around, request),
        Endpoint::PrintLast => print_last(state, around, request),
        Endpoint::Info => info::answer(state, around, request),
        Endpoint::Print => print(state, around, request),
        Endpoint::Bank => bank(state, around, request),
        Endpoint::ZReport => z_report(state, around, request),
        Endpoint::XReport => x_report(state, around, request),
        _ => dumps::answer(state, around, request),
    };
    attempted.unwrap_or_else(|code| refused(code, around.switches))
}

/// A refusal: 400, the cause in the status line, the code in the body (protocol/ikkm.md 3.1).
pub fn refused(code: Code, switches: &Switches) -> Reply {
    text(REFUSED, &code.cause(switches.cause), &code.0.to_string(), switches)
}

/// A JSON answer.
pub fn json(body: Vec<u8>) -> Reply {
    Reply::new(REGISTERED, OK, JSON, body)
}

/// The key, if it is the current one.
pub fn current_key(state: &State, request: &Request, previous_too: bool) -> Result<(), Code> {
    let fits = state.keys.fits(request.key()?, previous_too);
    fits.then_some(()).ok_or(super::codes::WRONG_KEY)
}

fn text(status: u16, reason: &[u8], body: &str, switches: &Switches) -> Reply {
    let body = match switches.text_body {
        TextBody::Bare => body.to_owned(),
        TextBody::Crlf => format!("{body}\r\n"),
        TextBody::Bom => format!("\u{feff}{body}"),
    };
    Reply::new(status, reason, TEXT, body)
}

fn numbered(status: u16, number: u64, body: &str, switches: &Switches) -> Reply {
    let reply = text(status, number.to_string().as_bytes(), body, switches);
    match switches.receipt_reason {
        ReceiptReason::Number => reply,
        ReceiptReason::Ok => Reply { reason: Some(OK.to_vec()), ..reply },
        ReceiptReason::Absent => Reply { reason: None, ..reply },
    }
}

fn fiscal(
    state: &mut State,
    around: &Surroundings<'_>,
    request: &Request,
    occupied: bool,
) -> Result<Reply, Code> {
    let (status, Answered { number, new_key, .. }) = match fiscal::admit(state, around, request, occupied)? {
        Admitted::Repeat(answered) => (REPEATED, answered),
        Admitted::New(draft) => (REGISTERED, fiscal::register(state, around, request, draft)?),
    };
    Ok(numbered(status, number, &new_key, around.switches))
}

/// Whether the device could register now (protocol/ikkm.md 1 item 2).
fn check(state: &State, around: &Surroundings<'_>, request: &Request) -> Result<Reply, Code> {
    let switches = around.switches;
    request.key()?;
    if switches.check_compares_key {
        current_key(state, request, switches.check_accepts_previous_key)?;
    }
    state.free()?;
    state.ready(around.now)?;
    Ok(numbered(REGISTERED, state.last_receipt, DONE, switches))
}

/// -7 when nothing was printed since the device was started (protocol/ikkm.md 6.1 item E18).
fn print_last(state: &mut State, around: &Surroundings<'_>, request: &Request) -> Result<Reply, Code> {
    ready_to_print(state, request)?;
    if !state.printer.print_last() {
        return Err(BAD_REQUEST);
    }
    Ok(text(REGISTERED, OK, DONE, around.switches))
}

/// Free text (protocol/ikkm.md 1 item 6, 2.4).
fn print(state: &mut State, around: &Surroundings<'_>, request: &Request) -> Result<Reply, Code> {
    ready_to_print(state, request)?;
    state.printer.print(request.parameters.required("print")?, around.switches.printer_columns);
    Ok(text(REGISTERED, OK, DONE, around.switches))
}

/// Starts the bank application; the device is busy while it runs (protocol/ikkm.md 6.1 item E17).
fn bank(state: &mut State, around: &Surroundings<'_>, request: &Request) -> Result<Reply, Code> {
    current_key(state, request, false)?;
    state.free()?;
    money::amount(request.parameters.required("amount")?, around.switches.amounts)?;
    let end = Instant::now().checked_add(Duration::from_millis(around.switches.bank_busy_ms));
    state.busy_until = Some(end.ok_or(BAD_VALUE)?);
    Ok(text(REGISTERED, OK, DONE, around.switches))
}

/// Closes the shift; nothing to do when none is open (protocol/ikkm.md 6.1 item E13).
fn z_report(state: &mut State, around: &Surroundings<'_>, request: &Request) -> Result<Reply, Code> {
    ready_to_print(state, request)?;
    if !around.switches.z_in_any_shift {
        state.shift_fits(around.now)?;
    }
    state.shifts.close(state.drawer, around.now);
    Ok(report(state, around.switches, "Z"))
}

fn x_report(state: &mut State, around: &Surroundings<'_>, request: &Request) -> Result<Reply, Code> {
    ready_to_print(state, request)?;
    Ok(report(state, around.switches, "X"))
}

fn report(state: &mut State, switches: &Switches, name: &str) -> Reply {
    let shift = state.shifts.last().map_or(0, |shift| shift.id);
    state.printer.lines.push(format!("{name} {shift} {}", money::two_decimals(state.drawer)));
    match switches.report_answer {
        ReportAnswer::Zero => text(REGISTERED, OK, DONE, switches),
        ReportAnswer::Close => Reply::nothing(),
    }
}

fn ready_to_print(state: &State, request: &Request) -> Result<(), Code> {
    current_key(state, request, false)?;
    state.free()?;
    state.powered()?;
    state.printer_ready()
}
