//! Readers of iKassa's answers (feature `testing`).

use std::collections::BTreeMap;

use super::api::{self, Made, ShiftNow, made};
use super::config::NAME;
use super::counters::{Proof, Watch, proof};
use super::document::Effect;
use super::login::{Tokens, code_in, tokens_in};
use crate::error::Result;
use crate::receipt::registration::Fiscal;
use crate::transport::{Answer, Sent};
use crate::vendor::reading::{Reader, Said};

/// The rows.
pub const READERS: &[Reader] = &[
    Reader { vendor: NAME, name: "document", read: document },
    Reader { vendor: NAME, name: "question", read: |answer| api::told(answer).into() },
    Reader { vendor: NAME, name: "shift", read: |answer| shift(answer).into() },
    Reader {
        vendor: NAME,
        name: "counters",
        read: |answer| counters(answer).unwrap_or(Said::only("unknown")),
    },
    Reader { vendor: NAME, name: "tokens", read: |answer| tokens_in(answer, &Tokens::default()).into() },
    Reader { vendor: NAME, name: "code", read: |answer| code_in(answer).into() },
];

fn document(answer: &Answer) -> Said {
    match made(answer) {
        Made::Recorded { number, .. } => {
            let fiscal = Fiscal { document_number: number, ..Fiscal::default() };
            Said { fiscal: Some(fiscal), ..Said::only("registered") }
        }
        Made::Not(finding) => finding.into(),
    }
}

fn shift(answer: &Answer) -> Result<ShiftNow> {
    api::told(answer)?;
    ShiftNow::read(answer)
}

/// What two shifts, a line each, prove about a cash sale of 290.00 between them.
fn counters(answer: &Answer) -> Option<Said> {
    let mut lines = answer.body.split(|byte| *byte == b'\n').map(|line| {
        let one = Answer {
            status: answer.status,
            location: None,
            retry_after_ms: None,
            body: line.to_vec(),
            sent: Sent::default(),
        };
        shift(&one).ok()?.counters
    });
    let (before, after) = (lines.next()??, lines.next()??);
    let sale = Effect {
        composition: "sale cash".into(),
        currency: "BYN".into(),
        cash: 29_000,
        total: 29_000,
        parts: BTreeMap::from([("cash".into(), 29_000)]),
    };
    Some(Said::only(match proof(Some(&sale), &before, &after, &Watch::default()) {
        Proof::Recorded => "registered",
        Proof::NeverArrived => "absent",
        Proof::None(_) => "unknown",
    }))
}
