//! What is on the wire is what was given: prices, sums, days. Random receipts through every vendor's map.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::LazyLock;

use common::{Bench, vendors};
use kassa::Receipt;
use kassa::error::Violation;
use kassa::receipt::fields::not_carried;
use kassa::receipt::place::Place;
use kassa::receipt::vat;
use kassa::transport::Transports;
use kassa::vendor::{Vendor, VendorInfo};
use proptest::prelude::*;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::macros::{datetime, offset};
use time::{OffsetDateTime, UtcOffset};

struct Opened {
    info: &'static VendorInfo,
    vendor: Box<dyn Vendor>,
}

/// Every vendor, opened; the emulator only says with which configuration.
static OPENED: LazyLock<Vec<Opened>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let configs = runtime.block_on(async { vendors(&Bench::new().await) });
    let open = |(info, mut config): (&'static VendorInfo, Value)| {
        if info.name == "ikkm" {
            config["amounts"] = json!("tiyn");
        }
        let vendor = (info.open)(&config.to_string(), &Transports::default()).unwrap().vendor;
        Opened { info, vendor }
    };
    configs.into_iter().map(open).collect()
});

impl Opened {
    fn violations(&self, receipt: &Receipt) -> Vec<Violation> {
        let at = OffsetDateTime::now_utc();
        let mut found = receipt.violations();
        found.extend(self.vendor.violations(receipt));
        let moscow = Place { country: self.info.country, time_zone: Some(offset!(+3)) };
        found.extend(vat::check(receipt, moscow, &self.vendor.seller(receipt), at, vat::table::RATES).0);
        found.extend(not_carried(receipt, self.info.fields).0);
        found
    }

    fn request(&self, receipt: &Receipt) -> String {
        let prepared = self.vendor.prepare(receipt, OffsetDateTime::now_utc()).unwrap();
        String::from_utf8(prepared.request).unwrap()
    }
}

/// Money in hundredths and a quantity in thousandths, so that the test rounds by itself.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    price: i128,
    quantity: i128,
    discount: i128,
}

impl Line {
    fn gross(&self) -> i128 {
        (self.price * self.quantity + 500) / 1000
    }

    fn sum(&self) -> i128 {
        self.gross() - self.discount
    }
}

fn line() -> impl Strategy<Value = Line> {
    let price = prop_oneof![0i128..100_000, 0i128..10_000_000];
    let quantity =
        prop_oneof![Just(1000i128), (1i128..100).prop_map(|n| n * 1000), 1i128..5_000, 1i128..99_999];
    (price, quantity, prop_oneof![3 => Just(0i128), 1 => 0i128..=100]).prop_map(
        |(price, quantity, percent)| {
            let whole = Line { price, quantity, discount: 0 };
            Line { discount: whole.gross() * percent / 100, ..whole }
        },
    )
}

fn decimal(number: i128, decimals: usize) -> String {
    let scale = 10i128.pow(decimals as u32);
    format!("{}.{:0decimals$}", number / scale, number % scale)
}

/// Digits of a number on the wire, or of a text, as a whole number of its last decimals.
fn whole(value: &Value, decimals: usize) -> i128 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (digits, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = if fraction == "0" { "" } else { fraction };
    assert!(fraction.len() <= decimals, "{text}");
    format!("{digits}{fraction:0<decimals$}").parse().unwrap()
}

fn receipt(vendor: &str, lines: &[Line]) -> Receipt {
    let vat = (vendor != "ikkm").then_some("22");
    let vat = if vendor == "ikassa" { Some("20") } else { vat };
    let items: Vec<Value> = lines
        .iter()
        .map(|line| {
            let discount = (line.discount > 0).then(|| decimal(line.discount, 2));
            json!({"name": "x", "price": decimal(line.price, 2), "quantity": decimal(line.quantity, 3),
                   "discount": discount, "vat": vat})
        })
        .collect();
    let total = lines.iter().map(Line::sum).sum();
    let customer = (vendor == "atol" || vendor == "modulkassa").then(|| json!({"email": "a@shop.example"}));
    let receipt = json!({
        "id": "order-1", "kind": "sell", "items": items, "customer": customer, "cashier": {"name": "Anna"},
        "payments": [{"type": "card", "sum": decimal(total, 2)}],
    });
    serde_json::from_value(receipt).unwrap()
}

/// What stands on the wire: lines, their sums where they are written, the total, the payments.
struct Wire {
    lines: Vec<Line>,
    sums: Vec<i128>,
    total: Option<i128>,
    paid: i128,
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn wire(vendor: &str, request: &str) -> Wire {
    if vendor == "ikkm" {
        return ikkm(request);
    }
    let body: Value = serde_json::from_str(request.lines().last().unwrap()).unwrap();
    let (lines, paid, sums, total): (Vec<Line>, _, _, _) = match vendor {
        "atol" => {
            let items = list(&body["receipt"]["items"]);
            let line = |item: &Value| Line {
                price: whole(&item["price"], 2),
                quantity: whole(&item["quantity"], 3),
                discount: 0,
            };
            let sums = items.iter().map(|item| whole(&item["sum"], 2)).collect();
            let paid = list(&body["receipt"]["payments"]).iter().map(|one| whole(&one["sum"], 2)).sum();
            (items.iter().map(line).collect(), paid, sums, Some(whole(&body["receipt"]["total"], 2)))
        }
        "modulkassa" => {
            let line = |item: &Value| Line {
                price: whole(&item["price"], 2),
                quantity: whole(&item["quantity"], 3),
                discount: item.get("discSum").map_or(0, |sum| whole(sum, 2)),
            };
            let paid = list(&body["moneyPositions"]).iter().map(|one| whole(&one["sum"], 2)).sum();
            (list(&body["inventPositions"]).iter().map(line).collect(), paid, Vec::new(), None)
        }
        "sample" => {
            let line = |item: &Value| {
                let (price, quantity) = (whole(&item["price"], 2), whole(&item["quantity"], 3));
                let whole_line = Line { price, quantity, discount: 0 };
                Line { discount: whole_line.gross() - whole(&item["total"], 2), ..whole_line }
            };
            let paid = list(&body["payments"]).iter().map(|one| whole(&one["sum"], 2)).sum();
            let total = Some(whole(&body["total"], 2));
            (list(&body["lines"]).iter().map(line).collect(), paid, Vec::new(), total)
        }
        _ => {
            let line = |item: &Value| Line {
                price: whole(&item["price"], 0),
                quantity: whole(&item["quantity"], 0),
                discount: -list(&item["modifiers"])
                    .iter()
                    .map(|one| whole(&one["modifier"], 0))
                    .sum::<i128>(),
            };
            let paid = list(&body["payments"]).iter().map(|one| whole(&one["sum"], 0)).sum();
            (list(&body["items"]).iter().map(line).collect(), paid, Vec::new(), None)
        }
    };
    Wire { lines, sums, total, paid }
}

fn ikkm(request: &str) -> Wire {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(request.as_bytes()).into_owned().collect();
    let of = |name: &str| &form.iter().find(|(known, _)| known == name).unwrap().1;
    let rows: Value = serde_json::from_str(of("itemdata")).unwrap();
    let (mut lines, mut sums) = (Vec::<Line>::new(), Vec::new());
    for row in list(&rows) {
        match row.get("discount") {
            Some(discount) => {
                let discount = whole(discount, 2);
                lines.last_mut().unwrap().discount = discount;
                *sums.last_mut().unwrap() -= discount;
            }
            None => {
                let (price, quantity) = (whole(&row["price"], 2), whole(&row["qty"], 3));
                lines.push(Line { price, quantity, discount: 0 });
                sums.push(whole(&row["sum"], 2));
            }
        }
    }
    let amount = |name| whole(&json!(of(name)), 2);
    Wire { lines, sums, total: Some(amount("sale")), paid: amount("bank") }
}

/// Holds the wire of every vendor that accepts the lines against them.
fn hold(lines: &[Line]) {
    let total: i128 = lines.iter().map(Line::sum).sum();
    for opened in OPENED.iter() {
        let name = opened.info.name;
        let receipt = receipt(name, lines);
        let refused = opened.violations(&receipt);
        if !refused.is_empty() {
            // Only a discount, an empty total and a large one are reasons.
            let reason = lines.iter().any(|line| line.discount > 0) || total == 0 || total > 2_000_000_000;
            assert!(reason, "{name} {lines:?}: {refused:?}");
            continue;
        }
        let wire = wire(name, &opened.request(&receipt));
        assert_eq!(wire.lines.len(), lines.len(), "{name}");
        for (line, there) in lines.iter().zip(&wire.lines) {
            assert_eq!(line.sum(), there.sum(), "{name} {line:?}");
            if name != "atol" || line.discount == 0 {
                assert_eq!(line, there, "{name}");
            }
        }
        for (line, sum) in lines.iter().zip(&wire.sums) {
            assert_eq!(line.sum(), *sum, "{name} {line:?}");
        }
        assert_eq!((wire.total.unwrap_or(total), wire.paid), (total, total), "{name}");
    }
}

#[test]
fn a_price_that_gives_the_same_line_as_another_is_not_exchanged_for_it() {
    hold(&[Line { price: 19_999, quantity: 137, discount: 0 }]);
}

/// A moment and a zone in which a shop may write it.
fn moment() -> impl Strategy<Value = (OffsetDateTime, UtcOffset)> {
    let turn = datetime!(2026-01-01 00:00 +3).unix_timestamp();
    let seconds = prop_oneof![turn - 100_000..turn + 100_000, 1_577_836_800i64..1_893_456_000];
    let zone = (-23 * 60..=23 * 60i32).prop_map(|m| UtcOffset::from_whole_seconds(m * 60).unwrap());
    (seconds.prop_map(|s| OffsetDateTime::from_unix_timestamp(s).unwrap()), zone)
}

fn sale_at(issued_at: &str) -> Receipt {
    let mut sale = receipt("atol", &[Line { price: 100, quantity: 1000, discount: 0 }]);
    sale.issued_at = Some(issued_at.into());
    sale
}

proptest! {
    #[test]
    fn the_price_on_the_wire_is_the_price_given_and_the_lines_add_up(
        lines in prop::collection::vec(line(), 1..6)
    ) {
        hold(&lines);
    }

    #[test]
    fn a_moment_is_of_the_same_day_in_whatever_zone_it_is_written((moment, zone) in moment()) {
        let sale = sale_at(&moment.to_offset(zone).format(&Rfc3339).unwrap());
        let there = moment.to_offset(offset!(+3));
        for opened in OPENED.iter().filter(|opened| matches!(opened.info.name, "atol" | "modulkassa")) {
            let too_early = opened.violations(&sale).iter().any(|one| one.path == "/items/0/vat");
            prop_assert_eq!(too_early, there.year() < 2026, "{}", opened.info.name);
            if !too_early && opened.info.name == "atol" {
                let date = format!("\"timestamp\":\"{:02}.{:02}.{} {:02}:{:02}:{:02}\"", there.day(),
                    u8::from(there.month()), there.year(), there.hour(), there.minute(), there.second());
                let request = opened.request(&sale);
                prop_assert!(request.contains(&date), "{} {}", date, request);
            }
        }
    }
}

#[test]
fn a_moment_without_a_year_of_4_digits_in_moscow_is_out_of_range() {
    for (moment, is_refused) in [
        ("9999-12-31T20:59:59Z", false),
        ("9999-12-31T21:00:00Z", true),
        ("9999-12-31T23:59:59-23:59", true),
        ("9999-12-31T23:59:59+03:00", false),
        ("0000-01-01T00:00:00+14:00", true),
    ] {
        for opened in OPENED.iter() {
            let found = opened.violations(&sale_at(moment));
            let refused = found.iter().any(|one| one.path == "/issued_at" && one.code == "out_of_range");
            assert_eq!(refused, is_refused, "{} {moment}", opened.info.name);
            if opened.info.name == "atol" {
                let mut sale = sale_at("2026-03-04T01:02:03+03:00");
                let extras = json!({"atol": {"operating_check_props": {"value": "x", "at": moment}}});
                sale.vendor = Some(serde_json::from_value(extras).unwrap());
                let found = opened.violations(&sale);
                let path = "/vendor/atol/operating_check_props/at";
                assert_eq!(found.iter().any(|one| one.path == path), is_refused, "{moment}");
            }
        }
    }
}
