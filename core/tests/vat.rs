//! VAT as `validate` tells of it: the day at the place of settlement, corrections, prepayments, sums, old rates on the
//! wire. Every day of every rate is in `dates.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::{Bench, error, ok, prepared, vendors};
use kassa::Client;
use kassa::receipt::vat::table::RATES;
use kassa::receipt::{Kind, Vat};
use kassa::vendor::messages::Nothing;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// A configuration of the vendor, with changes.
fn config(bench: &Bench, vendor: &str, changes: Value) -> Value {
    let all = vendors(bench).into_iter().map(|(_, config)| config);
    let is_wanted = |config: &Value| config["vendor"] == vendor || config["protocol"] == vendor;
    let mut config = all.into_iter().find(is_wanted).unwrap();
    config["journal"] = json!(bench.journal());
    config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    config
}

/// A sale of 300.00 with the rate.
fn sale(vat: &str, issued_at: &str) -> Value {
    json!({
        "id": "order-1", "kind": "sell", "issued_at": issued_at,
        "items": [{"name": "Mug", "price": "150.00", "quantity": "2", "vat": vat}],
        "payments": [{"type": "card", "sum": "300.00"}],
        "customer": {"email": "buyer@shop.example"}, "cashier": {"name": "Anna"},
    })
}

fn correction(kind: &str, vat: &str, base_date: &str) -> Value {
    let mut correction = sale(vat, "2026-11-23T10:11:12+03:00");
    correction["kind"] = json!(kind);
    correction["correction"] = json!({"type": "self", "base_date": base_date});
    correction
}

/// Pointers of violations and of warnings, each with its code.
async fn told(config: &Value, receipt: &Value) -> (Vec<String>, Vec<String>) {
    let client = Client::open(&config.to_string()).unwrap();
    let answer = ok(&client, "validate", receipt.clone()).await;
    let paths = |list: &str| {
        let list = answer[list].as_array().unwrap().iter();
        list.map(|one| format!("{} {}", one["path"].as_str().unwrap(), one["code"].as_str().unwrap()))
            .collect()
    };
    (paths("violations"), paths("warnings"))
}

/// All messages of violations and warnings.
async fn messages(config: &Value, receipt: &Value) -> String {
    let client = Client::open(&config.to_string()).unwrap();
    let answer = ok(&client, "validate", receipt.clone()).await;
    let all = ["violations", "warnings"].map(|list| answer[list].as_array().unwrap().clone()).concat();
    all.iter().map(|one| one["message"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

fn path(path: &str, code: &str) -> Vec<String> {
    vec![format!("{path} {code}")]
}

fn nothing() -> Vec<String> {
    Vec::new()
}

const VAT: &str = "/items/0/vat";
const NOT_ALLOWED: &str = "vat_not_allowed";

#[tokio::test(flavor = "multi_thread")]
async fn the_day_is_that_of_the_place_of_settlement() {
    let bench = Bench::new().await;
    let (refused, warned) = (path(VAT, NOT_ALLOWED), path(VAT, NOT_ALLOWED));
    // Ten in the evening in Moscow on New Year's Eve: 2026 has begun in the east.
    let eve = "2025-12-31T22:00:00+03:00";
    for vendor in ["modulkassa", "v4", "v5"] {
        let at = |zone: Value| config(&bench, vendor, json!({"time_zone": zone}));
        for (zone, rate, expected) in [
            (json!("+03:00"), "22", (refused.clone(), nothing())),
            (json!("+03:00"), "20", (nothing(), nothing())),
            (json!("+12:00"), "22", (nothing(), nothing())),
            (json!("+12:00"), "20", (nothing(), warned.clone())),
            // Nobody says where: either passes, and is told of.
            (json!(null), "22", (nothing(), warned.clone())),
            (json!(null), "20", (nothing(), warned.clone())),
        ] {
            assert_eq!(told(&at(zone.clone()), &sale(rate, eve)).await, expected, "{vendor} {zone} {rate}");
        }
        assert!(messages(&at(json!(null)), &sale("22", eve)).await.contains("`time_zone`"));
        // The same moment, in whatever zone it is written.
        let written = [eve, "2025-12-31T19:00:00Z", "2026-01-01T07:00:00+12:00"];
        for moment in written {
            assert_eq!(told(&at(json!("+03:00")), &sale("22", moment)).await.0, refused, "{moment}");
        }
    }
    // ATOL's own field on the receipt says it for this receipt: 11 is UTC+12.
    let mut own = sale("22", eve);
    own["vendor"] = json!({"atol": {"timezone": 11}});
    let moscow = config(&bench, "v5", json!({"time_zone": "+03:00"}));
    assert_eq!(told(&moscow, &own).await, (nothing(), nothing()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_zone_of_another_country_opens_no_client() {
    let bench = Bench::new().await;
    let opened = |vendor, zone| Client::open(&config(&bench, vendor, json!({"time_zone": zone})).to_string());
    for (vendor, zone) in [("ikassa", "+03:00"), ("ikkm", "+05:00"), ("v5", "+12:00")] {
        assert!(opened(vendor, zone).is_ok(), "{vendor} {zone}");
    }
    for (vendor, zone) in [("ikassa", "+05:00"), ("ikkm", "+03:00"), ("v5", "-03:00"), ("v4", "MSK+00")] {
        let error = opened(vendor, zone).err().unwrap();
        assert_eq!((error.code.name(), error.violations[0].path.as_str()), ("config_invalid", "/time_zone"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_rate_is_for_refunds_and_corrections() {
    let bench = Bench::new().await;
    let v4 = config(&bench, "v4", json!({}));
    let today = "2026-11-23T10:11:12+03:00";
    let text = messages(&v4, &sale("20", today)).await;
    assert!(text.contains("until 2025-12-31") && text.contains("use 22;"), "{text}");
    assert_eq!(told(&v4, &sale("18", today)).await, (path(VAT, NOT_ALLOWED), nothing()));
    for rate in ["18", "18/118", "20", "20/120", "22", "22/122"] {
        let mut refund = sale(rate, today);
        refund["kind"] = json!("sell_refund");
        assert_eq!(told(&v4, &refund).await, (nothing(), nothing()), "{rate}");
    }
    let mut early = sale("22", "2025-06-01T10:00:00+03:00");
    early["kind"] = json!("sell_refund");
    assert_eq!(told(&v4, &early).await.0, path(VAT, NOT_ALLOWED));
    // Money of the time before 2026, set off now.
    let mut set_off = sale("20/120", today);
    set_off["payments"][0]["type"] = json!("prepaid");
    assert_eq!(told(&v4, &set_off).await, (nothing(), nothing()));
    assert_eq!(told(&v4, &sale("20/120", today)).await.1, path(VAT, NOT_ALLOWED));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_has_the_rate_of_the_corrected_day() {
    let bench = Bench::new().await;
    let v5 = config(&bench, "v5", json!({}));
    let lost = |found: Vec<String>| found.into_iter().filter(|one| one.starts_with(VAT)).collect::<Vec<_>>();
    for (kind, vat, day, refused, warned) in [
        ("sell_correction", "22", "2025-11-16", true, false),
        ("sell_correction", "20", "2025-11-16", false, false),
        ("sell_correction", "20", "2026-11-16", false, true),
        ("sell_correction", "22", "2026-11-16", false, false),
        ("buy_correction", "5", "2024-12-31", true, false),
        // The wrong receipt may have had the rate that is taken back.
        ("sell_refund_correction", "22", "2025-11-16", false, true),
        ("sell_refund_correction", "20", "2026-11-16", false, false),
    ] {
        let (violations, warnings) = told(&v5, &correction(kind, vat, day)).await;
        let there = (!lost(violations).is_empty(), !lost(warnings).is_empty());
        assert_eq!(there, (refused, warned), "{kind} {vat} {day}");
    }
    // v4 has the rate of 2018 too.
    let v4 = config(&bench, "v4", json!({}));
    assert_eq!(told(&v4, &correction("sell_correction", "18", "2018-06-01")).await.0, nothing());
    assert_eq!(told(&v4, &correction("sell_correction", "18", "2020-06-01")).await.0, path(VAT, NOT_ALLOWED));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_day_is_neither_in_the_future_nor_before_the_table() {
    let bench = Bench::new().await;
    const DAY: &str = "/correction/base_date";
    for vendor in ["modulkassa", "v4", "v5"] {
        let config = config(&bench, vendor, json!({}));
        for day in ["2027-01-01", "9999-12-31", "2026-11-25"] {
            let (violations, _) = told(&config, &correction("sell_correction", "22", day)).await;
            assert_eq!(violations, path(DAY, "out_of_range"), "{vendor} {day}");
        }
        // Without a moment of its own the correction is of now.
        let mut of_now = correction("sell_correction", "22", "2026-11-23");
        of_now["issued_at"] = json!(null);
        assert_eq!(told(&config, &of_now).await.0, nothing());
        of_now["correction"]["base_date"] =
            json!((OffsetDateTime::now_utc() + time::Duration::days(2)).date().to_string());
        assert_eq!(told(&config, &of_now).await.0, path(DAY, "out_of_range"));
        let (_, warnings) = told(&config, &correction("sell_correction", "10", "2017-12-31")).await;
        assert!(warnings.contains(&format!("{DAY} {NOT_ALLOWED}")), "{vendor} {warnings:?}");
        let text = messages(&config, &correction("sell_correction", "10", "2017-12-31")).await;
        assert!(text.contains("from 2018-01-01 to 2028-12-31"), "{text}");
    }
    let v5 = config(&bench, "v5", json!({}));
    let later = sale("22", "2029-01-02T00:00:00+03:00");
    assert_eq!(told(&v5, &later).await, (nothing(), path("/issued_at", NOT_ALLOWED)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_rate_on_a_prepayment_is_told_of() {
    let bench = Bench::new().await;
    let v5 = config(&bench, "v5", json!({}));
    let of = |vat: &str, method: &str, kind: &str| {
        let mut sale = sale(vat, "2026-11-23T10:11:12+03:00");
        sale["items"][0]["payment_method"] = json!(method);
        sale["kind"] = json!(kind);
        sale
    };
    for method in ["full_prepayment", "prepayment", "advance"] {
        assert_eq!(told(&v5, &of("22", method, "sell")).await, (nothing(), path(VAT, NOT_ALLOWED)));
        assert!(messages(&v5, &of("22", method, "sell")).await.contains("use 22/122"));
        assert_eq!(told(&v5, &of("22", method, "sell_refund")).await, (nothing(), nothing()));
        for right in ["22/122", "none", "0"] {
            assert_eq!(
                told(&v5, &of(right, method, "sell")).await,
                (nothing(), nothing()),
                "{right} {method}"
            );
        }
        // The old rate and its form are two mistakes, with one cure.
        let text = messages(&v5, &of("20", method, "sell")).await;
        assert!(
            text.contains("use 22;") && text.contains("use 22/122") && !text.contains("20/120"),
            "{text}"
        );
    }
    for method in ["full_payment", "partial_payment", "credit", "credit_payment"] {
        assert_eq!(told(&v5, &of("22", method, "sell")).await, (nothing(), nothing()), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_of_the_simplified_system_are_for_it() {
    let bench = Bench::new().await;
    let of = |system: &str| {
        let mut sale = sale("5", "2026-11-23T10:11:12+03:00");
        sale["company"] = json!({"tax_system": system});
        sale
    };
    for vendor in ["modulkassa", "v5"] {
        let config = config(&bench, vendor, json!({}));
        assert_eq!(told(&config, &of("osn")).await, (nothing(), path(VAT, NOT_ALLOWED)), "{vendor}");
        for own in ["usn_income", "usn_income_outcome"] {
            assert_eq!(told(&config, &of(own)).await, (nothing(), nothing()), "{vendor} {own}");
        }
    }
    // ATOL's configuration says it for every receipt.
    let mut shop = config(&bench, "v5", json!({}));
    shop["company"]["tax_system"] = json!("patent");
    let sale = sale("7/107", "2026-11-23T10:11:12+03:00");
    assert_eq!(told(&shop, &sale).await, (nothing(), path(VAT, NOT_ALLOWED)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vat_sum_is_held_against_rate_and_line() {
    let bench = Bench::new().await;
    const SUM: &str = "/items/0/vat_sum";
    for vendor in ["modulkassa", "v5"] {
        let config = config(&bench, vendor, json!({}));
        // 300 * 22 / 122 = 54.098...; 300 * 18 / 118 = 45.76 is the vendor's own example.
        for (vat, sum, violations, warnings) in [
            ("22", "54.10", 0, 0),
            ("22/122", "54.10", 0, 0),
            ("22", "54.09", 0, 1),
            ("22", "54.11", 0, 1),
            ("22", "54.08", 1, 0),
            ("22", "66.00", 1, 0),
            ("22", "0.00", 1, 0),
            ("10", "27.27", 0, 0),
            ("none", "0.00", 0, 0),
            ("none", "0.01", 1, 0),
            ("0", "0.01", 1, 0),
        ] {
            let mut sale = sale(vat, "2026-11-23T10:11:12+03:00");
            sale["items"][0]["vat_sum"] = json!(sum);
            let found = told(&config, &sale).await;
            let expected = |count| if count == 0 { nothing() } else { path(SUM, "vat_sum_differs") };
            assert_eq!(found, (expected(violations), expected(warnings)), "{vendor} {vat} {sum}");
            if violations + warnings > 0 {
                let text = messages(&config, &sale).await;
                assert!(text.contains("rounded half up") && text.contains("300.00"), "{text}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vat_of_the_whole_receipt_is_held_against_its_lines() {
    let bench = Bench::new().await;
    let v5 = config(&bench, "v5", json!({}));
    let of = |vat: &str, sum: &str| {
        let mut sale = sale("22", "2026-11-23T10:11:12+03:00");
        sale["items"] = json!([
            {"name": "Mug", "price": "100.00", "quantity": "1", "vat": "22"},
            {"name": "Cup", "price": "100.00", "quantity": "1", "vat": "22"},
            {"name": "Book", "price": "100.00", "quantity": "1", "vat": "none"},
        ]);
        sale["vendor"] = json!({"atol": {"vats": [{"vat": vat, "sum": sum}]}});
        sale
    };
    let sum = |count| if count == 0 { nothing() } else { path("/vendor/atol/vats/0/sum", "vat_sum_differs") };
    // 200 * 22 / 122 = 36.065...; each of two lines may be a kopeck off. `none` has nothing or all of it.
    for (vat, given, violations, warnings) in [
        ("22", "36.07", 0, 0),
        ("22", "36.05", 0, 1),
        ("22", "36.09", 0, 1),
        ("22", "36.04", 1, 0),
        ("none", "0.00", 0, 0),
        ("none", "100.00", 0, 0),
        ("none", "99.99", 1, 0),
        ("10", "9.09", 1, 0),
    ] {
        assert_eq!(told(&v5, &of(vat, given)).await, (sum(violations), sum(warnings)), "{vat} {given}");
    }
    let early = {
        let mut early = of("22", "36.07");
        early["issued_at"] = json!("2025-06-01T10:00:00+03:00");
        told(&v5, &early).await.0
    };
    assert!(early.contains(&format!("/vendor/atol/vats/0/vat {NOT_ALLOWED}")), "{early:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_has_no_rate_that_its_country_does_not_have() {
    let bench = Bench::new().await;
    let mut seen = BTreeSet::new();
    for (info, config) in vendors(&bench) {
        let mut config = config;
        config["journal"] = json!("memory:");
        let client = Client::open(&config.to_string()).unwrap();
        let rates = client.capabilities(Nothing {}).await.unwrap().vat;
        for rate in rates {
            let has = |row: &&kassa::receipt::vat::table::Row| {
                row.country == info.country && row.rates.contains(&rate)
            };
            assert!(RATES.0.iter().any(|row| has(&row)), "{} {}", info.name, rate.word());
            seen.insert(rate.word());
        }
    }
    // No word without a vendor either.
    assert_eq!(seen.len(), Vat::ALL.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn modulkassa_says_the_rate_of_2018_by_a_revision_in_refunds_of_v1() {
    let bench = Bench::new().await;
    let of = |kind: Kind, vat: &str| {
        let mut receipt = sale(vat, "2026-11-23T10:11:12+03:00");
        receipt["kind"] = json!(kind.word());
        receipt
    };
    let v1 = config(&bench, "modulkassa", json!({"document_version": "v1"}));
    for (vat, tag) in [("18", 1102), ("18/118", 1106)] {
        let refund = of(Kind::SellRefund, vat);
        assert_eq!(told(&v1, &refund).await, (nothing(), nothing()), "{vat}");
        let client = Client::open(&v1.to_string()).unwrap();
        let refund = json!({"id": vat, "kind": refund["kind"], "items": refund["items"],
            "payments": refund["payments"], "customer": refund["customer"]});
        let state = ok(&client, "register", refund.clone()).await["state"].clone();
        assert!(state == "accepted" || state == "registered", "{vat} {state}");
        let sent: Value = serde_json::from_slice(&prepared(&v1, &refund)).unwrap();
        let line = &sent["inventPositions"][0];
        assert_eq!((&line["vatTag"], &line["vatRevision"]), (&json!(tag), &json!(2018)), "{line}");
    }
    let sent: Value = serde_json::from_slice(&prepared(&v1, &of(Kind::SellRefund, "20"))).unwrap();
    let line = &sent["inventPositions"][0];
    assert_eq!((&line["vatTag"], &line["vatRevision"]), (&json!(1102), &json!(null)), "{line}");
    let mut corrected = of(Kind::SellCorrection, "18");
    corrected["correction"] = json!({"type": "self", "base_date": "2018-06-01"});
    assert_eq!(told(&v1, &corrected).await.0, path(VAT, NOT_ALLOWED));
    let sent = bench.emulator.requests().len();
    let v2 = config(&bench, "modulkassa", json!({}));
    let client = Client::open(&v2.to_string()).unwrap();
    let refused = error(&client, "register", of(Kind::SellRefund, "18")).await;
    assert!(refused["message"].as_str().unwrap().contains("`v1`"), "{refused}");
    assert_eq!(bench.emulator.requests().len(), sent);
}
