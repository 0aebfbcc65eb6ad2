//! Marked goods: the form in which each vendor gets a code, and what is refused before anything is sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::codes::{GTIN, code, milk, shoes};
use common::{Bench, error, ok, prepared};
use serde_json::{Value, json};

/// A sale of one piece, with a code.
fn sale(code: &str) -> Value {
    json!({
        "id": "order-1", "kind": "sell", "issued_at": "2026-03-04T01:02:03+03:00",
        "items": [{"name": "Shoes", "price": "100.00", "quantity": "1", "vat": "none", "marking": {"code": code}}],
        "payments": [{"type": "card", "sum": "100.00"}],
        "customer": {"email": "buyer@shop.example"},
    })
}

/// The receipt with other content at a pointer.
fn with(mut receipt: Value, pointer: &str, value: Value) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    receipt.pointer_mut(parent).unwrap()[field] = value;
    receipt
}

/// A configuration of a vendor: ATOL's two versions, or Modulkassa.
fn config(bench: &Bench, vendor: &str) -> Value {
    let (name, protocol) = vendor.split_once(' ').unwrap_or((vendor, ""));
    let mut config = bench.emulator.config(name);
    if name == "atol" {
        let described = bench.emulator.description()["vendors"]["atol"].clone();
        let others = described["others"].as_array().cloned().unwrap_or_default();
        let mut all = std::iter::once(described["config"].clone()).chain(others);
        config = all.find(|config| config["protocol"] == protocol).unwrap();
    }
    config["journal"] = json!("memory:");
    config
}

async fn validation(config: &Value, receipt: &Value) -> Value {
    let client = kassa::Client::open(&config.to_string()).unwrap();
    ok(&client, "validate", receipt.clone()).await
}

/// The line that goes out.
fn line(config: &Value, receipt: &Value) -> Value {
    let bytes = prepared(config, receipt);
    let body = bytes.split(|byte| *byte == b'\n').next_back().unwrap();
    let body: Value = serde_json::from_slice(body).unwrap();
    let items = body.pointer("/receipt/items").or_else(|| body.pointer("/correction/items"));
    items.unwrap_or(&body["inventPositions"])[0].clone()
}

/// Path and message of each violation or warning.
fn told(validation: &Value, list: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    validation[list]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["path"]), text(&one["message"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_vendor_gets_its_form() {
    let bench = Bench::new().await;
    let base64 = |code: &str| json!({"gs1m": STANDARD.encode(code)});
    let joined = shoes().replace('\u{1d}', "");
    let bytes = "44 4D 04 2F 05 5D B0 0F 35 41 62 43 64 45";
    for (vendor, field, code, wanted) in [
        ("modulkassa", "productMark", shoes(), json!(shoes())),
        (
            "modulkassa",
            "productMark",
            format!("]d2{}\r\n", shoes().replace('\u{1d}', "\u{e8}")),
            json!(shoes()),
        ),
        ("modulkassa", "productMark", "RU-430302-ABC1234567".into(), json!("RU-430302-ABC1234567")),
        ("modulkassa", "productMark", "0002".into(), json!("0002")),
        ("atol v5", "mark_code", shoes(), base64(&shoes())),
        ("atol v5", "mark_code", shoes().replace('\u{1d}', "{FNC1}"), base64(&shoes())),
        ("atol v5", "mark_code", "RU-430302-ABC1234567".into(), json!({"fur": "RU-430302-ABC1234567"})),
        ("atol v5", "mark_code", "4600000000015".into(), json!({"ean13": "4600000000015"})),
        ("atol v5", "mark_code", "0002".into(), json!({"unknown": "0002"})),
        (
            "atol v5",
            "mark_code",
            "04600000000015-abCdEfACzQ%&*1".into(),
            json!({"short": "04600000000015-abCdEfACzQ%&*1"}),
        ),
        // Found: v4's pattern has no separator, and its serial number has 13 characters.
        ("atol v4", "nomenclature_code", shoes(), json!(joined)),
        ("atol v4", "nomenclature_code", milk(), json!(bytes)),
        ("atol v4", "nomenclature_code", shoes().replace("5AbCdEfGhIjKL", "5AbCdE"), json!(bytes)),
        (
            "atol v4",
            "nomenclature_code",
            "04600000000015-abCdEfACzQ%&*1".into(),
            json!("04600000000015-abCdEfACzQ%&*1"),
        ),
    ] {
        let receipt = sale(&code);
        let config = config(&bench, vendor);
        let validation = validation(&config, &receipt).await;
        assert_eq!(validation["valid"], true, "{vendor} {code:?}: {validation}");
        assert_eq!(line(&config, &receipt)[field], wanted, "{vendor} {code:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_emulated_vendors_take_every_form() {
    let bench = Bench::new().await;
    bench.emulator.switch("atol", "v5_planned_status_required", json!(true)).unwrap();
    bench.emulator.switch("atol", "v5_marked_item_is_one_piece", json!(true)).unwrap();
    let codes = [shoes(), milk().replace('\u{1d}', "<GS>"), "04600000000015-abCdEfACzQ%&*1".into()];
    for (index, code) in codes.iter().enumerate() {
        for vendor in ["atol v4", "atol v5", "modulkassa"] {
            let till = kassa::Client::open(&config(&bench, vendor).to_string()).unwrap();
            let id = format!("{vendor} {index}");
            let answer = ok(&till, "register", with(sale(code), "/id", json!(id))).await;
            assert!(answer["state"] == "accepted" || answer["state"] == "registered", "{answer}");
            assert_eq!(
                ok(&till, "wait", json!({"id": id})).await["state"],
                "registered",
                "{vendor} {code:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_put_right_or_is_odd_is_a_warning() {
    let bench = Bench::new().await;
    for vendor in ["atol v4", "atol v5", "modulkassa"] {
        let config = config(&bench, vendor);
        let receipt = with(sale(&shoes()), "/items/0/payment_object", json!("commodity"));
        let quiet = told(&validation(&config, &receipt).await, "warnings");
        let is_of_the_code = |(path, _): &(String, String)| path == "/items/0/marking/code";
        assert!(!quiet.iter().any(is_of_the_code), "{vendor}: {quiet:?}");
        let broken = sale(&format!("]d2{}", shoes().replacen('\u{1d}', "\u{241d}", 1)));
        let warnings = told(&validation(&config, &broken).await, "warnings");
        let of_the_code: Vec<_> =
            warnings.into_iter().filter(is_of_the_code).map(|(_, message)| message).collect();
        let wanted = [
            "position 1: the scanner's prefix was left out",
            "position 35: `\u{241d}` was taken for the separator",
        ];
        assert_eq!(of_the_code.len(), 2, "{vendor}: {of_the_code:?}");
        assert!(
            wanted.iter().all(|wanted| of_the_code.iter().any(|said| said == wanted)),
            "{vendor}: {of_the_code:?}"
        );
    }
}

/// A vendor, a receipt that it must refuse, where, and with which words.
async fn assert_refused(bench: &Bench, vendor: &str, receipt: &Value, path: &str, words: &str) {
    let violations = told(&validation(&config(bench, vendor), receipt).await, "violations");
    let is_wanted = |(at, message): &(String, String)| at == path && message.contains(words);
    assert!(matches!(&violations[..], [only] if is_wanted(only)), "{vendor} {receipt}: {violations:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_vendor_cannot_get_is_refused_before_anything_is_sent() {
    let bench = Bench::new().await;
    let code_path = "/items/0/marking/code";
    for vendor in ["atol v4", "atol v5", "modulkassa"] {
        let lost = sale(&milk().replace('\u{1d}', ""));
        assert_refused(
            &bench,
            vendor,
            &lost,
            code_path,
            "position 25: the separator after the serial is lost",
        )
        .await;
        let two = sale(&format!("{}{}", milk(), shoes()));
        assert_refused(&bench, vendor, &two, code_path, "position 32: a second code begins here").await;

        let mut pieces = with(sale(&shoes()), "/items/0/quantity", json!("2"));
        pieces["payments"][0]["sum"] = json!("200.00");
        assert_refused(&bench, vendor, &pieces, "/items/0/quantity", "a marking code is of one piece").await;

        // The same piece in another spelling.
        let mut twice = sale(&shoes());
        let second = sale(&shoes().replace('\u{1d}', "<GS>"))["items"][0].clone();
        twice["items"].as_array_mut().unwrap().push(second);
        twice["payments"][0]["sum"] = json!("200.00");
        assert_refused(&bench, vendor, &twice, "/items/1/marking/code", "line 0 has the same code").await;
    }
    // Found: 157 characters are 212 in Base64.
    let long = code(&format!("{GTIN}215AbCdEfGhIjKL|91EE10|92{}", "x".repeat(85)));
    let long = format!("{long}\u{1d}240{}", "y".repeat(157 - long.len() - 4));
    assert_eq!(long.chars().count(), 157);
    let words = "157 characters are 212 in Base64, and v5 takes 200";
    assert_refused(&bench, "atol v5", &sale(&long), code_path, words).await;
    assert_eq!(validation(&config(&bench, "modulkassa"), &sale(&long)).await["valid"], true);
    let just = code(&format!("{}|240{}", shoes(), "y".repeat(30)));
    assert_eq!(validation(&config(&bench, "atol v5"), &sale(&just)).await["valid"], true);

    let stamp = "A1B2C3D4E5".repeat(15);
    assert_refused(&bench, "atol v5", &sale(&stamp), code_path, "give it as `vendor.atol.mark_code`").await;
    assert_refused(&bench, "atol v4", &sale(&stamp), code_path, "give `nomenclature_code`").await;
    let unknown = "x".repeat(33);
    assert_refused(&bench, "atol v5", &sale(&unknown), code_path, "v5 takes 32 characters of such, not 33")
        .await;
    assert_refused(&bench, "atol v4", &sale("RU-430302-ABC1234567"), code_path, "give `nomenclature_code`")
        .await;
    let bytes = with(sale("x"), "/items/0/marking", json!({"nomenclature_code": "44 4D 0"}));
    for vendor in ["atol v4", "modulkassa"] {
        assert_refused(&bench, vendor, &bytes, "/items/0/marking/nomenclature_code", "1 to 32 bytes in hex")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_codes_than_a_receipt_can_have_are_refused() {
    let bench = Bench::new().await;
    let of = |count: usize| {
        let line = |n: usize| sale(&code(&format!("{GTIN}21{n:06}|93dGVz")))["items"][0].clone();
        let mut receipt = sale("x");
        receipt["items"] = (0..count).map(line).collect();
        receipt["payments"][0]["sum"] = json!(format!("{count}00.00"));
        receipt
    };
    assert_eq!(validation(&config(&bench, "atol v5"), &of(128)).await["valid"], true);
    assert_refused(&bench, "atol v5", &of(129), "/items", "at most 128 marking codes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn measured_goods_may_share_a_code_and_have_any_quantity() {
    let bench = Bench::new().await;
    for vendor in ["atol v5", "modulkassa"] {
        let mut beer = with(sale(&milk()), "/items/0/unit", json!("litre"));
        beer["items"][0]["vendor"] = json!({"atol": {"planned_status": 2}});
        let second = with(beer.clone(), "/items/0/quantity", json!("2"))["items"][0].clone();
        beer["items"].as_array_mut().unwrap().push(second);
        beer["payments"][0]["sum"] = json!("300.00");
        let validation = validation(&config(&bench, vendor), &beer).await;
        assert_eq!(validation["valid"], true, "{validation}");
        let wanted = ("/items/1/marking/code".to_owned(), "line 0 has the same code".to_owned());
        assert!(told(&validation, "warnings").contains(&wanted), "{validation}");
    }
    let mut wholesale = with(sale(&milk()), "/items/0/quantity", json!("2"));
    wholesale["payments"][0]["sum"] = json!("200.00");
    wholesale["items"][0]["vendor"] = json!({"atol": {"wholesale": true}});
    assert_eq!(validation(&config(&bench, "atol v5"), &wholesale).await["valid"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn marked_goods_go_to_atol_as_marked_goods() {
    let bench = Bench::new().await;
    let config = config(&bench, "atol v5");
    let place = "/items/0/payment_object";
    // What is said, the excise, what goes out, whether that is told.
    for (said, excise, wanted, is_told) in [
        (json!(null), json!(null), 33, true),
        (json!("commodity"), json!(null), 33, true),
        (json!("commodity"), json!("0.00"), 33, true),
        (json!(null), json!("5.00"), 31, true),
        (json!("excise"), json!(null), 31, true),
        (json!("marked"), json!(null), 33, false),
        (json!("excise_marked"), json!("5.00"), 31, false),
        (json!("service"), json!(null), 4, true),
    ] {
        let mut receipt = with(sale(&shoes()), place, said.clone());
        receipt["items"][0]["vendor"] = json!({"atol": {"excise": excise}});
        let validation = validation(&config, &receipt).await;
        assert_eq!(validation["valid"], true, "{validation}");
        let warned = told(&validation, "warnings").iter().any(|(path, _)| path == place);
        assert_eq!(warned, is_told, "{said} {excise}: {validation}");
        let line = line(&config, &receipt);
        assert_eq!(
            (&line["payment_object"], &line["mark_processing_mode"]),
            (&json!(wanted), &json!("0")),
            "{said}"
        );
    }
    // A barcode is of goods that have no code for each piece.
    assert_eq!(line(&config, &sale("4600000000015"))["payment_object"], 1);
    // Found: a code, and the word that there is none.
    for word in ["marked_without_code", "excise_marked_without_code"] {
        let receipt = with(sale(&shoes()), place, json!(word));
        assert_refused(&bench, "atol v5", &receipt, place, "says that there is no code").await;
        let mut given = with(receipt, "/items/0/marking", json!(null));
        given["items"][0]["vendor"] = json!({"atol": {"mark_code": {"fur": "RU-430302-ABC1234567"}}});
        assert_refused(&bench, "atol v5", &given, place, "says that there is no code").await;
        let without = with(with(sale("x"), place, json!(word)), "/items/0/marking", json!(null));
        assert_eq!(validation(&config, &without).await["valid"], true);
    }
    let without = with(with(sale("x"), place, json!("marked")), "/items/0/marking", json!(null));
    assert_refused(&bench, "atol v5", &without, "/items/0/marking/code", "sold with it").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_planned_status_is_filled_or_asked_for() {
    let bench = Bench::new().await;
    let config = config(&bench, "atol v5");
    let correction = json!({"type": "self", "base_date": "2026-01-02"});
    let part = json!({"mark_quantity": {"numerator": 1, "denominator": 2}});
    // The kind, ATOL's part, the status that goes out; none where it is asked for.
    for (kind, extras, wanted) in [
        ("sell", json!({}), Some(1)),
        ("sell_refund", json!({}), Some(3)),
        ("sell_correction", json!({}), Some(1)),
        ("sell_refund_correction", json!({}), Some(3)),
        ("buy", json!({}), None),
        ("sell", part, None),
        ("sell", json!({"planned_status": 5}), Some(5)),
    ] {
        let mut receipt = with(sale(&shoes()), "/kind", json!(kind));
        receipt["items"][0]["vendor"] = json!({"atol": extras});
        if kind.ends_with("correction") {
            receipt["correction"] = correction.clone();
        }
        match wanted {
            Some(status) => assert_eq!(line(&config, &receipt)["planned_status"], status, "{kind}"),
            None => {
                let place = "/items/0/vendor/atol/planned_status";
                assert_refused(
                    &bench,
                    "atol v5",
                    &receipt,
                    place,
                    "what becomes of these goods is not known",
                )
                .await;
            }
        }
    }
    let litres = with(sale(&shoes()), "/items/0/unit", json!("litre"));
    let place = "/items/0/vendor/atol/planned_status";
    assert_refused(&bench, "atol v5", &litres, place, "2 or 6 for measured goods").await;
    // Fur needs none, and a group that does not know it gets none.
    assert_eq!(line(&config, &sale("RU-430302-ABC1234567"))["planned_status"], json!(null));
    let mut old = config.clone();
    old["planned_status"] = json!(false);
    assert_eq!(line(&old, &sale(&shoes()))["planned_status"], json!(null));
    assert_eq!(line(&old, &litres)["measure"], 41);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_the_shop_chose_is_checked() {
    let bench = Bench::new().await;
    let with_form = |form: Value| {
        let mut receipt = with(sale("x"), "/items/0/marking", json!(null));
        receipt["items"][0]["vendor"] = json!({"atol": {"mark_code": form}});
        receipt
    };
    let place = "/items/0/vendor/atol/mark_code";
    for (form, path, words) in [
        (json!({"gs1m": shoes()}), format!("{place}/gs1m"), "in Base64"),
        (json!({"fur": "RU-43O302-ABC1234567"}), format!("{place}/fur"), "such as"),
        (json!({"ean13": "460000000001X"}), format!("{place}/ean13"), "digits"),
        (json!({"short": "a", "gs10": "b"}), place.to_owned(), "exactly one form"),
    ] {
        assert_refused(&bench, "atol v5", &with_form(form), &path, words).await;
    }
    let good = with_form(json!({"gs1m": STANDARD.encode(shoes())}));
    assert_eq!(validation(&config(&bench, "atol v5"), &good).await["valid"], true);
    let mut two = with(good, "/items/0/quantity", json!("2"));
    two["payments"][0]["sum"] = json!("200.00");
    assert_refused(&bench, "atol v5", &two, "/items/0/quantity", "a marking code is of one piece").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parse_marking_tells_what_was_found_or_what_is_wrong() {
    let bench = Bench::new().await;
    let till = bench.client();
    let answer = ok(&till, "parse_marking", json!({"code": "(01)04600000000015(21)5AbCdE"})).await;
    assert_eq!(
        answer,
        json!({
            "kind": "gs1", "code": "0104600000000015215AbCdE",
            "elements": [
                {"ai": "01", "name": "GTIN", "value": "04600000000015", "position": 2},
                {"ai": "21", "name": "serial number", "value": "5AbCdE", "position": 20},
            ],
            "repairs": [
                {"position": 1, "message": "the brackets round the application identifier were left out"},
                {"position": 19, "message": "the brackets round the application identifier were left out"},
            ],
            "doubts": ["the check (91 with 92, or 93) is not there: the code may be cut off"],
        })
    );
    let refused = error(&till, "parse_marking", json!({"code": milk().replace('\u{1d}', "")})).await;
    assert_eq!((&refused["code"], &refused["outcome"]), (&json!("wrong_format"), &json!("not_registered")));
    assert_eq!(
        refused["violations"],
        json!([{"path": "/code", "code": "wrong_format", "message": "position 25: the separator after the serial is lost"}])
    );
}
