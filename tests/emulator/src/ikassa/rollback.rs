//! The annulment of the last document (protocol/ikassa.md 2.8, 6.4 item 10).

use super::body::RollbackBody;
use super::counters::is_paid;
use super::document::{Document, Draft};
use super::errors::{ApiError, NOT_LAST, NOT_ROLLED_BACK, ROLLED_BACK, Refusal};
use super::kinds::{CLOSE_SHIFT, OPEN_SHIFT, ROLLBACK};
use super::register::{Around, Register};

type Wrong = fn(&Target<'_>) -> bool;

struct Target<'a> {
    document: &'a Document,
    around: Around<'a>,
    last: Option<u64>,
    shift: u64,
}

/// Why a document is not rolled back, in the order of the checks.
const RULES: &[(Wrong, &ApiError)] = &[
    (|target| target.document.rolled_back, &ROLLED_BACK),
    (|target| target.document.number != target.last, &NOT_LAST),
    (|target| !may_be_undone(target), &NOT_ROLLED_BACK),
    (
        |target| target.document.shift != target.shift && !target.around.switches.rollback_earlier_shift,
        &NOT_ROLLED_BACK,
    ),
];

fn may_be_undone(target: &Target<'_>) -> bool {
    let kind = target.document.draft.kind;
    let never = [&ROLLBACK, &OPEN_SHIFT, &CLOSE_SHIFT].contains(&kind);
    is_paid(kind) || (target.around.switches.rollback_any && !never)
}

/// Rolls the last document back: its effect on the drawer is undone and it is marked.
pub fn roll_back<'a>(
    register: &'a mut Register,
    around: Around<'_>,
    body: RollbackBody,
) -> Result<&'a Document, Refusal> {
    register.takes_documents(around)?;
    let number = u64::try_from(body.number).ok();
    let target =
        register.documents.iter().find(|document| document.number.is_some() && document.number == number);
    let document = target.ok_or(&NOT_LAST)?;
    let target = Target {
        document,
        around,
        last: register.last_numbered().and_then(|last| last.number),
        shift: register.shift.as_ref().map_or(0, |shift| shift.number),
    };
    if let Some((_, error)) = RULES.iter().find(|(wrong, _)| wrong(&target)) {
        return Err((*error).into());
    }
    let undone = document.uid.clone();
    let mut header = body.header;
    header.currency.clone_from(&document.draft.header.currency);
    let draft = Draft {
        cash: -document.draft.cash,
        rolls_back: Some(undone.clone()),
        ..Draft::plain(&ROLLBACK, header, document.draft.total)
    };
    let uid = register.accept(around, draft)?.uid.clone();
    if let Some(document) = register.find(&undone) {
        document.rolled_back = true;
    }
    register.find(&uid).map(|document| &*document).ok_or_else(|| (&NOT_LAST).into())
}
