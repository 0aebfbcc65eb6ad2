//! Tables and documents (protocol/ikkm.md 5.1 to 5.9, 6.1 items E15, E21).

use super::Surroundings;
use super::calls::{current_key, json};
use super::codes::{BAD_REQUEST, Code};
use super::dates;
use super::endpoints::{Endpoint, Request};
use super::items::Row;
use super::json::{Json, number, object, text};
use super::money::{plain, plain_quantity};
use super::shift_report;
use super::shifts::{OPERATIONS, Shift};
use super::state::{Document, State};
use super::switches::LookupNotFound;
use super::tables::Item;
use super::wire::{HTML, Reply};
use crate::ledger::Kind;

const SENT: u8 = 1;
const NOT_SENT: u8 = 0;

/// The device knows the codes of goods only for what is sold at its own screen.
const NO_ITEM_CODE: &str = "";

/// Answers a call that only reads.
pub fn answer(state: &State, around: &Surroundings<'_>, request: &Request) -> Result<Reply, Code> {
    let switches = around.switches;
    current_key(state, request, switches.dump_accepts_previous_key)?;
    let (is_lookup, is_table) = match request.endpoint {
        Endpoint::Items | Endpoint::Catalog | Endpoint::Taxes | Endpoint::Cashiers => (false, true),
        endpoint => (endpoint == Endpoint::Transaction, false),
    };
    if !is_table && (!is_lookup || switches.lookup_needs_senior) {
        state.senior()?;
    }
    if is_lookup {
        return transaction(state, around, &request.in_path);
    }
    let table = match request.endpoint {
        Endpoint::Items => items(state),
        Endpoint::Catalog => names(state.tables.catalog.iter().copied()),
        Endpoint::Taxes => names(state.tables.taxes.iter().map(|tax| (tax.code, tax.name.as_str()))),
        Endpoint::Cashiers => names(state.tables.cashiers.iter().map(|(id, name)| (*id, name.as_str()))),
        Endpoint::Shifts => shifts(state, around),
        of_shift => {
            let shift = state.shifts.find(&request.in_path).ok_or(BAD_REQUEST)?;
            match of_shift {
                Endpoint::Cheques => cheques(state, around, shift),
                Endpoint::Sales => sales(state, shift),
                _ => shift_report::told(state, around.switches, shift),
            }
        }
    };
    Ok(json(table.written(switches)))
}

fn names<'a>(rows: impl Iterator<Item = (u64, &'a str)>) -> Json {
    Json::Object(rows.map(|(code, name)| (code.to_string(), text(name))).collect())
}

fn items(state: &State) -> Json {
    let row = |&(uid, code1, code2, name, price, tax, group): &Item| {
        object([
            ("uid", number(uid)),
            ("code1", number(code1)),
            ("code2", text(code2)),
            ("name", text(name)),
            ("price1", number(price)),
            ("itemtax1", number(tax)),
            ("itemtype", number(0)),
            ("measure", number(0)),
            ("catalogid", number(group)),
        ])
    };
    Json::List(state.tables.items.iter().map(row).collect())
}

fn shifts(state: &State, around: &Surroundings<'_>) -> Json {
    let row = |shift: &Shift| {
        let [sale, buy, sale_return, buy_return] =
            OPERATIONS.map(|kind| number(plain(shift.at_open.of(kind).sum)));
        let closed = shift.closed.map(|moment| dates::seconds(moment, around.switches));
        object([
            ("id", number(shift.id)),
            ("opened", number(u8::from(shift.is_open()))),
            ("openDate", text(dates::seconds(shift.opened, around.switches))),
            ("closeDate", text(closed.unwrap_or_default())),
            ("cashierId", number(shift.cashier)),
            ("sale", sale),
            ("buy", buy),
            ("saleReturn", sale_return),
            ("buyReturn", buy_return),
        ])
    };
    Json::List(state.shifts.all().iter().filter(|shift| !shift.archived).map(row).collect())
}

/// The receipts of a shift; deposits and withdrawals are none.
fn receipts<'a>(state: &'a State, shift: &Shift) -> impl Iterator<Item = (&'a Document, &'static str)> {
    let id = shift.id;
    let of_shift = state.documents.iter().filter(move |document| document.shift == id);
    of_shift.filter_map(|document| Some((document, cheque_type(document.kind)?)))
}

/// `chequeType` (protocol/ikkm.md 5.6).
fn cheque_type(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Sell => Some("0"),
        Kind::Buy => Some("1"),
        Kind::SellRefund => Some("2"),
        Kind::BuyRefund => Some("3"),
        _ => None,
    }
}

fn cheques(state: &State, around: &Surroundings<'_>, shift: &Shift) -> Json {
    let cheque = |(document, kind): (&Document, &str)| {
        let row = |(id, row): &(u64, Row)| Json::Object(row_fields(*id, row, document.tax));
        object([
            ("chequeId", number(document.number)),
            ("chequeDate", text(dates::seconds(document.created, around.switches))),
            ("chequeType", text(kind)),
            ("chequeSales", Json::List(document.rows.iter().map(row).collect())),
        ])
    };
    Json::List(receipts(state, shift).map(cheque).collect())
}

fn sales(state: &State, shift: &Shift) -> Json {
    let rows = receipts(state, shift).flat_map(|(document, _)| {
        document.rows.iter().map(|(id, row)| {
            let mut fields = row_fields(*id, row, document.tax);
            fields.insert(1, ("chequeId".to_owned(), number(document.number)));
            Json::Object(fields)
        })
    });
    Json::List(rows.collect())
}

fn row_fields(id: u64, row: &Row, tax: u64) -> Vec<(String, Json)> {
    let fields = [
        ("id", number(id)),
        ("itemCode", text(NO_ITEM_CODE)),
        ("qty", number(plain_quantity(row.quantity))),
        ("price", number(plain(row.price))),
        ("saleSum", number(plain(row.sum))),
        ("taxId", number(tax)),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

fn transaction(state: &State, around: &Surroundings<'_>, key: &str) -> Result<Reply, Code> {
    let switches = around.switches;
    let is_cash = |document: &Document| cheque_type(document.kind).is_none();
    let made_by = |document: &&Document| document.key.as_deref() == Some(key);
    let seen = |document: &&Document| switches.lookup_finds_cash || !is_cash(document);
    let Some(document) = state.documents.iter().rev().filter(seen).find(made_by) else {
        return match switches.lookup_not_found {
            LookupNotFound::Code => Err(BAD_REQUEST),
            LookupNotFound::Empty => Ok(json(Vec::new())),
            LookupNotFound::Object => Ok(json(b"{}".to_vec())),
            LookupNotFound::NotFound => Ok(Reply::new(404, b"Not Found", HTML, "")),
        };
    };
    let submitted = document.submitted.map(|moment| dates::seconds(moment, switches));
    let status = if submitted.is_some() { SENT } else { NOT_SENT };
    let told = object([
        ("docid", text(document.number)),
        ("createDate", text(dates::seconds(document.created, switches))),
        ("submitDate", text(submitted.unwrap_or_default())),
        ("status", number(status)),
        ("onlineCode", text(&document.online_code)),
    ]);
    Ok(json(told.written(switches)))
}
