//! Readers of ATOL's answers (feature `testing`).

use super::api::{Submitted, submitted};
use super::config::NAME;
use super::monitoring::{Kkt, Kkts};
use super::report::{Asked, Report, told};
use super::token::token_in;
use crate::error::Result;
use crate::receipt::Kind;
use crate::receipt::registration::State;
use crate::transport::Answer;
use crate::vendor::Finding;
use crate::vendor::reading::{Reader, Said};

/// The id and the uuid of the document that the readers ask about.
pub const ASKED: (&str, &str) = ("order-1", "5f0b8d5e-6c0a-4f55-9a53-6a0a8b1f2c11");

/// The rows.
pub const READERS: &[Reader] = &[
    Reader { vendor: NAME, name: "registration", read: |answer| registration(answer, State::Sending) },
    Reader { vendor: NAME, name: "repeat", read: |answer| registration(answer, State::InDoubt) },
    Reader { vendor: NAME, name: "report", read: |answer| Said::about(report(answer)) },
    Reader { vendor: NAME, name: "token", read: |answer| token_in(answer).into() },
    Reader { vendor: NAME, name: "kkts", read: |answer| Kkts::read(answer).into() },
    Reader { vendor: NAME, name: "kkt", read: |answer| Kkt::read(answer).into() },
];

fn registration(answer: &Answer, state: State) -> Said {
    match submitted(answer, state) {
        Submitted::Told(finding) => finding.into(),
        Submitted::Known(_) => Said::only("known"),
    }
}

fn report(answer: &Answer) -> Result<Finding> {
    let report = Report::read(answer)?;
    let asked = Asked { uuid: ASKED.1, ours: Some(ASKED.0), kind: Some(Kind::Sell) };
    Ok(told(&report, asked, answer.raw(), answer.status))
}
