//! `/dump/table/shifts/N/report` (protocol/ikkm.md 5.8).

use super::dates;
use super::json::{Json, number, object, text};
use super::money::{plain, two_decimals};
use super::shifts::{Counter, Counters, OPERATIONS, Shift};
use super::state::State;
use super::switches::{ArchivedFiscal, ArchivedName, Switches};
use crate::ledger::Kind;

const ON_OPEN: &str = "fiscalDataOnShiftOpen";
const CURRENT: &str = "fiscalData";

/// What a shift's report says.
pub fn told(state: &State, switches: &Switches, shift: &Shift) -> Json {
    let on_open = totals("sale", &shift.at_open);
    let current = totals("sales", &state.shifts.totals);
    if shift.archived {
        return archived(switches, on_open, current);
    }
    let counters = &shift.counters;
    let [sale, buy, sale_return, buy_return] = OPERATIONS.map(|kind| counters.of(kind));
    let (opened, closed) = (shift.opened, shift.closed);
    let Json::Object(mut fields) = object([
        ("shiftState", text(if shift.is_open() { "opened" } else { "closed" })),
        ("dateOpen", text(dates::minutes(opened, switches))),
        (ON_OPEN, on_open),
        ("totalSaleCheques", number(all(Kind::Sell, shift))),
        ("saleDetails", details(sale)),
        ("totalBuyCheques", number(all(Kind::Buy, shift))),
        ("buyDetails", details(buy)),
        ("totalSaleReturnCheques", number(all(Kind::SellRefund, shift))),
        ("saleReturnDetails", details(sale_return)),
        ("totalBuyReturnCheques", number(all(Kind::BuyRefund, shift))),
        ("buyRetDetails", details(buy_return)),
        ("cashOutDocCount", number(counters.cash_out.count)),
        ("cashOutTotal", number(plain(counters.cash_out.sum))),
        ("cashInDocCount", number(counters.cash_in.count)),
        ("cashInTotal", number(plain(counters.cash_in.sum))),
        ("cashWeHave", number(two_decimals(shift.cash_at_close.unwrap_or(state.drawer)))),
        ("revenue", number(plain(counters.revenue()))),
        (CURRENT, current),
    ]) else {
        return object([]);
    };
    if let Some(closed) = closed {
        // Behind `dateOpen`; only of a closed shift.
        fields.insert(2, ("dateClose".to_owned(), text(dates::minutes(closed, switches))));
    }
    Json::Object(fields)
}

fn archived(switches: &Switches, on_open: Json, current: Json) -> Json {
    let fiscal = match switches.archived_fiscal {
        ArchivedFiscal::Current => (CURRENT, current),
        ArchivedFiscal::OnShiftOpen => (ON_OPEN, on_open),
    };
    let name = match switches.archived_name {
        ArchivedName::Documented => "isArhived",
        ArchivedName::Correct => "isArchived",
    };
    let mark = if switches.archived_as_string { text(true) } else { Json::Flag(true) };
    object([fiscal, (name, mark)])
}

/// The sale's key differs between the two objects (protocol/ikkm.md 5.12 item 10).
fn totals(sale: &str, counters: &Counters) -> Json {
    let [sold, bought, returned, buy_returned] = OPERATIONS.map(|kind| number(plain(counters.of(kind).sum)));
    object([(sale, sold), ("buy", bought), ("saleReturn", returned), ("buyReturn", buy_returned)])
}

fn details(counter: Counter) -> Json {
    object([("sum", number(plain(counter.sum))), ("cheques", number(counter.count))])
}

/// The count of ALL receipts of a kind, up to the end of the shift (protocol/ikkm.md 5.8).
fn all(kind: Kind, shift: &Shift) -> u64 {
    shift.at_open.of(kind).count + shift.counters.of(kind).count
}
