//! `make dates`: every VAT rate on every day from 2018 to 2028, at every settlement method and kind of receipt, held
//! against a statement of the rules that was written from the protocol sheets and knows nothing of the library's table.
//! The same run then has to find each of the tables that are bent on purpose. The last line is JSON.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use kassa::Receipt;
use kassa::receipt::place::{Country, Place};
use kassa::receipt::vat::table::{Afterwards, End, Payers, RATES, Row, Table};
use kassa::receipt::vat::{Seller, check};
use kassa::receipt::{Kind, PaymentMethod, PaymentType, TaxSystem, Vat};
use serde_json::json;
use time::format_description::well_known::Iso8601;
use time::macros::{date, datetime};
use time::{Date, Duration, OffsetDateTime};

type Period = (Country, &'static [&'static str], &'static str, &'static str, &'static str, Level);

/// What the sheets say: country, rates, first day, last day, last day on which new receipts were still taken, what
/// then. Days are texts, compared as texts. Open ends are empty.
/// (rules-2026.md; atol.md 2.8.4, 5.20; modulkassa.md 2.3; ikassa.md 3.3.)
const SHEETS: &[Period] = &[
    (Country::Russia, &["none", "0", "10", "10/110"], "", "", "", Level::Right),
    (Country::Russia, &["18", "18/118"], "", "2018-12-31", "2019-03-31", Level::Refused),
    (Country::Russia, &["20", "20/120"], "2019-01-01", "2025-12-31", "2026-03-31", Level::Warned),
    (Country::Russia, &["22", "22/122"], "2026-01-01", "", "", Level::Right),
    (Country::Russia, &["5", "7", "5/105", "7/107"], "2025-01-01", "", "", Level::Right),
    (Country::Belarus, &["none", "0", "10", "20", "25"], "", "", "", Level::Right),
];
/// Rates of the simplified taxation system.
const SIMPLIFIED: &[&str] = &["5", "7", "5/105", "7/107"];
/// Settlement methods of a prepayment, and what its plain rates should be.
const PREPAYMENTS: &[&str] = &["full_prepayment", "prepayment", "advance"];
const PLAIN: &[&str] = &["5", "7", "10", "18", "20", "22"];

const FIRST: Date = date!(2018 - 01 - 01);
const LAST: Date = date!(2028 - 12 - 31);
/// "Now": every day of the table has been.
const NOW: OffsetDateTime = datetime!(2028-12-31 09:00 UTC);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Right,
    Warned,
    Refused,
}

/// One receipt.
#[derive(Clone, Copy, Debug)]
struct Case {
    country: Country,
    rate: Vat,
    kind: Kind,
    method: Option<PaymentMethod>,
    payment: PaymentType,
    system: Option<TaxSystem>,
}

/// What is right for it on a day, by the sheets. `None`: the country has no such rate.
fn expected(case: &Case, day: &str) -> Option<Level> {
    let rate = case.rate.word();
    let (_, _, since, until, tolerated, afterwards) =
        SHEETS.iter().find(|(country, rates, ..)| *country == case.country && rates.contains(&rate))?;
    let kind = case.kind.word();
    let takes_back = kind.contains("refund");
    let of_the_day = if day < *since {
        // The wrong receipt may have had it, before it was due.
        if takes_back && kind.contains("correction") { Level::Warned } else { Level::Refused }
    } else if takes_back || until.is_empty() || day <= *until {
        Level::Right
    } else if rate.contains('/') && case.payment == PaymentType::Prepaid && *afterwards == Level::Warned {
        // Money of the time before is set off.
        Level::Right
    } else if day <= *tolerated {
        let is_set_off = rate.contains('/') && case.payment == PaymentType::Prepaid;
        if is_set_off { Level::Right } else { Level::Warned }
    } else {
        *afterwards
    };
    let method = case.method.map_or("full_payment", PaymentMethod::word);
    let plain_prepayment = case.country == Country::Russia
        && !takes_back
        && PREPAYMENTS.contains(&method)
        && PLAIN.contains(&rate);
    // The rate's own days come first: before them it is wrong for whatever reason.
    let of_another = SIMPLIFIED.contains(&rate)
        && day >= *since
        && case.system.is_some_and(|own| !own.word().starts_with("usn"));
    Some(if plain_prepayment || of_another { of_the_day.max(Level::Warned) } else { of_the_day })
}

/// A receipt of which a case says the rest.
fn receipt() -> Receipt {
    let receipt = json!({"id": "order-1", "kind": "sell", "payments": [{"type": "card", "sum": "100.00"}],
        "items": [{"name": "Mug", "price": "100.00", "quantity": "1"}],
        "correction": {"type": "self", "base_date": "2018-01-01"}});
    serde_json::from_value(receipt).unwrap()
}

/// What the library says with this table.
fn said(case: &Case, day: &str, receipt: &mut Receipt, table: Table<'_>) -> Level {
    receipt.kind = case.kind;
    receipt.items[0].vat = Some(case.rate);
    receipt.items[0].payment_method = case.method;
    receipt.payments[0].payment_type = case.payment;
    receipt.issued_at = None;
    if case.kind.is_correction() {
        receipt.correction.as_mut().unwrap().base_date = day.into();
    } else {
        // The same day in all of the country.
        receipt.issued_at = Some(format!("{day}T09:00:00Z"));
    }
    let place = Place { country: case.country, time_zone: None };
    let seller = Seller { tax_system: case.system, ..Seller::default() };
    let (violations, warnings) = check(receipt, place, &seller, NOW, table);
    let is_at_the_rate =
        |one: &kassa::error::Violation| one.path == "/items/0/vat" && !one.message.is_empty();
    assert!(
        violations.iter().chain(&warnings).all(is_at_the_rate),
        "{case:?} {day}: {violations:?} {warnings:?}"
    );
    match (violations.is_empty(), warnings.is_empty()) {
        (false, _) => Level::Refused,
        (true, false) => Level::Warned,
        (true, true) => Level::Right,
    }
}

/// A sale and all that it can be: at every method, of every kind.
fn cases() -> Vec<Case> {
    let sales = sales().flat_map(|sale| {
        let methods = PaymentMethod::ALL.iter().map(move |method| Case { method: Some(*method), ..sale });
        let kinds = Kind::ALL.iter().map(move |kind| Case { kind: *kind, ..sale });
        methods.chain(kinds)
    });
    sales.collect()
}

/// What else decides: prepayments of every kind, money that is set off, the taxation system.
fn further_cases() -> Vec<Case> {
    let sales = sales().flat_map(|sale| {
        let prepayment = Case { method: Some(PaymentMethod::FullPrepayment), ..sale };
        let kinds = Kind::ALL.iter().map(move |kind| Case { kind: *kind, ..prepayment });
        let set_off =
            Kind::ALL.iter().map(move |kind| Case { kind: *kind, payment: PaymentType::Prepaid, ..sale });
        let systems = TaxSystem::ALL.iter().map(move |own| Case { system: Some(*own), ..sale });
        kinds.chain(set_off).chain(systems)
    });
    sales.collect()
}

/// A sale at every rate in every country that has rates.
fn sales() -> impl Iterator<Item = Case> {
    let (kind, payment) = (Kind::Sell, PaymentType::Card);
    let of = move |country| {
        let at = move |rate: &Vat| Case { country, rate: *rate, kind, method: None, payment, system: None };
        Vat::ALL.iter().map(at)
    };
    [Country::Russia, Country::Belarus].into_iter().flat_map(of)
}

/// Every day of the table.
fn every_day() -> impl Iterator<Item = Date> {
    std::iter::successors(Some(FIRST), |day| day.next_day()).take_while(|day| *day <= LAST)
}

/// The days around those on which something changes.
fn days_of_change() -> impl Iterator<Item = Date> {
    let changes = SHEETS.iter().flat_map(|(_, _, since, until, tolerated, _)| [*since, *until, *tolerated]);
    let changes = changes.filter_map(|day| Date::parse(day, &Iso8601::DATE).ok()).collect::<Vec<_>>();
    every_day().filter(move |day| changes.iter().any(|change| (*day - *change).abs() <= Duration::days(1)))
}

/// What came of a run.
#[derive(Default)]
struct Count {
    verdicts: u64,
    wrong: u64,
}

/// These cases on these days. What is wrong is shown, a little of it.
fn sweep(table: Table<'_>, cases: &[Case], days: &[Date], show: bool) -> Count {
    let (mut receipt, mut count) = (receipt(), Count::default());
    for day in days {
        let text = day.to_string();
        for case in cases {
            let right = expected(case, &text);
            // A rate that the country does not have is the vendor's to refuse.
            let has = table.standing(case.country, case.rate, *day).is_some();
            let said = has.then(|| said(case, &text, &mut receipt, table));
            count.verdicts += 1;
            if said != right {
                count.wrong += 1;
                if show && count.wrong <= 5 {
                    println!("{text} {case:?}: {said:?}, and {right:?} is right");
                }
            }
        }
    }
    count
}

/// All that decides on the days around a change; every rate, method and kind on all other days too.
fn all(table: Table<'_>) -> Count {
    let days: Vec<Date> = every_day().collect();
    let changes: Vec<Date> = days_of_change().collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let counts: Vec<Count> = std::thread::scope(|scope| {
        let work = days.chunks(days.len().div_ceil(threads));
        let run = |days| scope.spawn(move || sweep(table, &cases(), days, true));
        let running: Vec<_> = work.map(run).collect();
        let further = sweep(table, &further_cases(), &changes, true);
        running.into_iter().map(|one| one.join().unwrap()).chain([further]).collect()
    });
    counts.into_iter().fold(Count::default(), |sum, one| Count {
        verdicts: sum.verdicts + one.verdicts,
        wrong: sum.wrong + one.wrong,
    })
}

/// A name, and the library's table with one thing changed.
type Bend = (&'static str, fn(&mut Vec<Row>));

fn row(rows: &mut [Row], rate: Vat) -> &mut Row {
    rows.iter_mut().find(|row| row.country == Country::Russia && row.rates.contains(&rate)).unwrap()
}

fn end(rows: &mut [Row], rate: Vat) -> &mut End {
    row(rows, rate).end.as_mut().unwrap()
}

const BENDS: &[Bend] = &[
    ("22 begins a day late", |rows| row(rows, Vat::Vat22).since = Some(date!(2026 - 01 - 02))),
    ("22 begins a day early", |rows| row(rows, Vat::Vat22).since = Some(date!(2025 - 12 - 31))),
    ("20 ends a day early", |rows| end(rows, Vat::Vat20).until = date!(2025 - 12 - 30)),
    ("20 never ends", |rows| row(rows, Vat::Vat20).end = None),
    ("20 is refused once it is not tolerated", |rows| end(rows, Vat::Vat20).afterwards = Afterwards::Refused),
    ("18 is tolerated a day longer", |rows| end(rows, Vat::Vat18).tolerated_until = date!(2019 - 04 - 01)),
    ("18 is never refused", |rows| end(rows, Vat::Vat18).afterwards = Afterwards::Warned),
    ("5 is for all", |rows| row(rows, Vat::Vat5).payers = Payers::All),
    ("5 always was", |rows| row(rows, Vat::Vat5).since = None),
    ("no 10/110", |rows| row(rows, Vat::Vat10).rates = &[Vat::None, Vat::Vat0, Vat::Vat10]),
    ("no 25 in Belarus", |rows| rows.retain(|row| row.country == Country::Russia)),
];

/// Whether a run over the bent table finds it, on the days around a change.
fn is_found(bend: fn(&mut Vec<Row>)) -> bool {
    let mut rows = RATES.0.to_vec();
    bend(&mut rows);
    let cases = [cases(), further_cases()].concat();
    sweep(Table(&rows), &cases, &days_of_change().collect::<Vec<_>>(), false).wrong > 0
}

fn main() {
    let Count { verdicts, wrong } = all(RATES);
    let unseen: Vec<_> = BENDS.iter().filter(|(_, bend)| !is_found(*bend)).map(|(name, _)| *name).collect();
    println!("{} bent tables, of which these went unnoticed: {unseen:?}", BENDS.len());
    let ok = verdicts > 0 && wrong == 0 && unseen.is_empty();
    println!("{}", json!({"verdicts": verdicts, "wrong": wrong, "ok": ok}));
    std::process::exit(i32::from(!ok));
}
