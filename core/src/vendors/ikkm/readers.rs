//! Readers of the device's answers (feature `testing`). The body is all that came over the connection.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::answer::{self, DeviceAnswer};
use super::config::NAME;
use super::reply::{Incoming, Reply};
use super::reports::{Cheque, DeviceInfo, GoodsItem, SaleRow, ShiftReport, ShiftRow, Transaction, told};
use crate::error::{Code, Error, Result};
use crate::receipt::registration::Fiscal;
use crate::transport::Answer;
use crate::transport::lenient::Scalar;
use crate::vendor::reading::{Reader, Said};

/// The key that was sent.
pub const SENT: &str = "11112222";

/// The rows.
pub const READERS: &[Reader] = &[
    Reader { vendor: NAME, name: "document", read: document },
    Reader { vendor: NAME, name: "info", read: table::<DeviceInfo> },
    Reader { vendor: NAME, name: "items", read: table::<Vec<GoodsItem>> },
    Reader { vendor: NAME, name: "taxes", read: table::<BTreeMap<String, Scalar>> },
    Reader { vendor: NAME, name: "shifts", read: table::<Vec<ShiftRow>> },
    Reader { vendor: NAME, name: "cheques", read: table::<Vec<Cheque>> },
    Reader { vendor: NAME, name: "sales", read: table::<Vec<SaleRow>> },
    Reader { vendor: NAME, name: "shift_report", read: table::<ShiftReport> },
    Reader { vendor: NAME, name: "transaction", read: table::<Transaction> },
];

/// What comes of bytes that arrive in pieces of so many.
fn arrived(bytes: &[u8], piece: usize) -> Option<Reply> {
    let mut incoming = Incoming::default();
    for piece in bytes.chunks(piece) {
        incoming.buffer().extend_from_slice(piece);
        if let Some(reply) = incoming.take(false).ok()? {
            return Some(reply);
        }
    }
    incoming.take(true).ok()?
}

/// Status, reason and body of bytes that arrive in pieces of so many.
pub fn reply(bytes: &[u8], piece: usize) -> Option<(u16, Vec<u8>, Vec<u8>)> {
    arrived(bytes, piece).map(|reply| (reply.status, reply.reason, reply.body))
}

/// The size of a piece that is as large as what the system gives at once.
const LARGE: usize = 64 << 10;

fn table<T: DeserializeOwned>(answer: &Answer) -> Said {
    let read: Result<T> = match arrived(&answer.body, LARGE) {
        Some(reply) => told(&reply, SENT).map(|(read, _)| read),
        None => Err(Error::new(Code::NoAnswer, "the answer was lost")),
    };
    read.into()
}

fn document(answer: &Answer) -> Said {
    let Some(reply) = arrived(&answer.body, LARGE) else { return Said::only("unknown") };
    match answer::read(&reply, SENT) {
        DeviceAnswer::Done { receipt, .. } => {
            let number = receipt.map(|number| number.to_string());
            Said {
                fiscal: Some(Fiscal { document_number: number, ..Fiscal::default() }),
                ..Said::only("registered")
            }
        }
        DeviceAnswer::Ready { .. } => Said::only("read"),
        DeviceAnswer::Refused { code, cause } => {
            let error = answer::error(code, &cause);
            let word = if error.code == Code::Refused { "failed" } else { "not_taken" };
            Said { code: Some(error.code.name().into()), ..Said::only(word) }
        }
        DeviceAnswer::Strange(_) => Said::only("unknown"),
    }
}
