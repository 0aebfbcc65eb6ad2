//! The calls that make a document or ask for one
//! (protocol/ikassa.md 2.5 to 2.9, 6.4 items 7 to 12, 15).

use axum::body::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::asked::Asked;
use super::body::{CashBody, Item, ReceiptBody, RollbackBody};
use super::calls::DOCUMENT;
use super::document::{Document, Draft};
use super::errors::{MALFORMED, NOT_FOUND, Refusal, TOO_LARGE, shown};
use super::kinds::{DocumentKind, REFUND, ROLLBACK, SALE};
use super::reading::{self, Raw};
use super::receipt::settle;
use super::register::{Around, Register};
use super::rollback::roll_back;
use super::rules::{self, Shape, is_tax_number};
use super::switches::{RefundModifiers, Switches};
use crate::answers::Answer;

const MOST_BYTES: usize = 1024 * 1024;

/// `POST /api/workstations.doc.{kind}`.
pub async fn make(asked: Asked, kind: &'static DocumentKind, body: Bytes) -> Answer {
    let raw = reading::body(&body);
    let keys = raw.map(keys).unwrap_or_default();
    let work = |register: &mut Register, around: Around<'_>| {
        if body.len() > MOST_BYTES {
            return Err((&TOO_LARGE).into());
        }
        let document = put(register, around, kind, raw.ok_or(&MALFORMED)?)?;
        Ok(shown(&made(document, around.switches)))
    };
    asked.serve_register(kind.route, keys, work).await
}

/// `GET /api/workstations.docs.get`.
pub async fn get(asked: Asked) -> Answer {
    let uid = asked.parameter("uid").unwrap_or_default().to_owned();
    let work = |register: &mut Register, around: Around<'_>| {
        if uid.is_empty() {
            return Err(Refusal::invalid("uid: required".to_owned()));
        }
        let document = register.find(&uid).ok_or(&NOT_FOUND)?;
        Ok(shown(&match around.switches.rich_documents {
            true => document.shown(),
            false => json!({ "uid": document.uid }),
        }))
    };
    asked.serve_register(DOCUMENT, vec![uid.to_ascii_uppercase(), uid.clone()], work).await
}

/// What `match` of a fault rule looks at: header and items, or the number.
fn keys(raw: Raw<'_>) -> Vec<String> {
    let value: Value = serde_json::from_str(raw.get()).unwrap_or_default();
    let names = value["items"].as_array().into_iter().flatten().map(|item| &item["name"]);
    let header = [&value["header"]["cashier"], &value["number"]].into_iter();
    let texts = header.chain(names).filter(|part| !part.is_null());
    let mut all: Vec<String> =
        texts.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
    all.push(value["header"]["@attrs"].to_string());
    all
}

fn put<'a>(
    register: &'a mut Register,
    around: Around<'_>,
    kind: &'static DocumentKind,
    raw: Raw<'_>,
) -> Result<&'a Document, Refusal> {
    let switches = around.switches;
    if *kind == ROLLBACK {
        return roll_back(register, around, read::<RollbackBody>(raw, &rules::ROLLBACK, switches)?);
    }
    let draft = if *kind == SALE || *kind == REFUND {
        receipt(kind, read(raw, &rules::RECEIPT, switches)?, switches)?
    } else {
        let body: CashBody = read(raw, &rules::CASH, switches)?;
        Draft::plain(kind, body.header, body.sum)
    };
    register.accept(around, draft)
}

fn read<T: DeserializeOwned>(raw: Raw<'_>, shape: &Shape, switches: &Switches) -> Result<T, Refusal> {
    rules::check(raw, shape, switches)?;
    serde_json::from_str(raw.get()).map_err(|error| Refusal::invalid(error.to_string()))
}

fn receipt(kind: &'static DocumentKind, body: ReceiptBody, switches: &Switches) -> Result<Draft, Refusal> {
    let settled = settle(&body, kind, switches)?;
    let counted = *kind == SALE || switches.refund_modifiers == RefundModifiers::Apply;
    Ok(Draft {
        cash: kind.cash_sign * settled.cash,
        change: settled.change,
        warnings: warnings(&body.items),
        items: body.items,
        modifiers: if counted { body.modifiers } else { Vec::new() },
        payments: body.payments,
        ..Draft::plain(kind, body.header, settled.total)
    })
}

/// Taxpayer numbers that look wrong (protocol/ikassa.md 6.5: warn only).
fn warnings(items: &[Item]) -> Vec<String> {
    let looks_wrong = |item: &Item| item.tp_tax_number.as_deref().is_some_and(|unp| !is_tax_number(unp));
    let numbered = items.iter().enumerate().filter(|(_, item)| looks_wrong(item));
    numbered.map(|(index, _)| format!("items[{index}].tpTaxNumber")).collect()
}

/// `uid`, and more with a switch (protocol/ikassa.md 6.4 item 12). `number` and `sum` are invented.
fn made(document: &Document, switches: &Switches) -> Value {
    match switches.rich_answers {
        true => json!({ "uid": document.uid, "number": document.number, "sum": document.draft.total }),
        false => json!({ "uid": document.uid }),
    }
}
