//! What the same content is: a receipt in any spelling is known again, and one that says something else is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod engines;

use common::{Bench, atol, error, ikassa, ikkm, ok, receipt, roubles, tenge};
use kassa::journal::{Intended, Intent};
use kassa::receipt::Receipt;
use kassa::receipt::registration::State;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The receipt with members put in, by pointer.
fn with(receipt: &Value, members: &[(&str, Value)]) -> Value {
    let mut changed = receipt.clone();
    for (pointer, value) in members {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = changed.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Value::Null => drop(parent.remove(name)),
            value => drop(parent.insert(name.into(), value.clone())),
        }
    }
    changed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_the_same_in_every_spelling() {
    let bench = Bench::new().await;
    let till = bench.client();
    let plain = receipt("order-1");
    ok(&till, "register", with(&plain, &[("/issued_at", json!("2026-11-23T10:11:12+03:00"))])).await;
    for members in [
        vec![],
        vec![
            ("/items/0/payment_method", json!("full_payment")),
            ("/items/0/payment_object", json!("commodity")),
        ],
        vec![("/currency", json!("RUB"))],
        vec![("/print", json!(false))],
        vec![
            ("/items/0/price", json!(150)),
            ("/items/0/discount", json!(10.0)),
            ("/payments/0/sum", json!("290")),
        ],
        vec![("/items/0/quantity", json!("2.000")), ("/items/0/sectoral", json!([]))],
        vec![("/cashier", Value::Null), ("/company", json!({}))],
        vec![("/vendor", json!({})), ("/items/0/vendor", json!({"modulkassa": {}}))],
        vec![("/vendor", json!({"modulkassa": {"document_number": "order-1"}}))],
        vec![("/vendor", json!({"atol": {"location": "Minsk"}, "ikassa": {"attributes": {"a": "b"}}}))],
        vec![("/issued_at", json!("2026-11-23T10:11:12+03:00"))],
        vec![("/issued_at", json!("2026-11-23T07:11:12Z"))],
        vec![("/issued_at", json!("2026-11-23T10:15:00+03:00"))],
    ] {
        let again = ok(&till, "register", with(&plain, &members)).await;
        assert_eq!(again["receipt_id"], "order-1", "{members:?}");
    }
    assert_eq!(bench.requests("POST", "/doc"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_says_something_else_is_a_conflict() {
    let bench = Bench::new().await;
    let till = bench.client();
    let plain = receipt("order-1");
    ok(&till, "register", plain.clone()).await;
    for members in [
        vec![("/kind", json!("sell_refund"))],
        vec![("/items/0/name", json!("Cup"))],
        vec![("/items/0/price", json!("300")), ("/items/0/quantity", json!("1"))],
        vec![("/items/0/vat", json!("10"))],
        vec![("/items/0/payment_method", json!("advance"))],
        vec![("/items/0/payment_object", json!("service"))],
        vec![("/payments/0/type", json!("cash"))],
        vec![("/customer/email", json!("other@shop.example"))],
        vec![("/customer", Value::Null), ("/customer", json!({"phone": "+79990000000"}))],
        vec![("/print", json!(true))],
        vec![("/callback_url", json!("https://shop.example/kassa"))],
        vec![("/vendor", json!({"modulkassa": {"document_number": "17"}}))],
    ] {
        let refused = error(&till, "register", with(&plain, &members)).await;
        assert_eq!(refused["code"], "receipt_conflict", "{members:?}: {refused}");
    }
    assert_eq!(bench.requests("POST", "/doc"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_that_is_made_anew_at_each_try_is_the_same_sale_and_the_first_one_counts() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let at = |moment: &str| with(&receipt("order-1"), &[("/issued_at", json!(moment))]);
    bench.fault(json!({"vendor": "atol", "route": "submit", "when": "after_record", "do": "drop"}));
    for moment in ["2026-11-23T10:11:12+03:00", "2026-11-23T10:11:14+03:00", "2026-11-23T10:11:20+03:00"] {
        let _ = common::call(&till, "register", at(moment)).await;
    }
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    assert_eq!(bench.emulator.ledger().len(), 1);
    for request in bench.emulator.requests().iter().filter(|request| request.path.ends_with("/sell")) {
        let body = request.body.clone().unwrap_or_default();
        assert!(body.contains("10:11:12"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_vendor_has_its_own_currency_and_its_own_defaults() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    ok(&till, "open_shift", json!({})).await;
    let plain = roubles("order-1", "card");
    ok(&till, "register", plain.clone()).await;
    ok(&till, "register", with(&plain, &[("/currency", json!("BYN"))])).await;
    let nothing =
        [("/discount", json!("0")), ("/surcharge", json!(0)), ("/items/0/surcharge", json!("0.00"))];
    ok(&till, "register", with(&plain, &nothing)).await;
    let dollars = error(&till, "register", with(&plain, &[("/currency", json!("USD"))])).await;
    assert_eq!(dollars["code"], "receipt_conflict");
    let till = ikkm(&bench, json!({}));
    let plain = tenge("order-1");
    ok(&till, "register", plain.clone()).await;
    let written_out = [("/currency", json!("KZT")), ("/vendor", json!({"ikkm": {"summary_line": false}}))];
    ok(&till, "register", with(&plain, &written_out)).await;
    assert_eq!(bench.sales(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_the_vendors_form_is_the_same_in_another_order_and_with_other_spaces() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let mut answers = Vec::new();
    for document in [
        r#"{"external_id": "o", "timestamp": "t", "receipt": {"total": 290.0}}"#,
        r#"{"receipt":{"total":290},"timestamp":"t","external_id":"o"}"#,
        r#"{"receipt":{"total":291},"timestamp":"t","external_id":"o"}"#,
    ] {
        let request = format!(r#"{{"operation": "sell", "document": {document}}}"#);
        let envelope: Value = serde_json::from_str(&till.call("send_document", &request).await).unwrap();
        answers.push(envelope["error"]["code"].clone());
    }
    assert_eq!(answers, ["refused", "refused", "receipt_conflict"]);
}

/// SHA-256 in hex, as a journal keeps it.
fn fingerprint(content: &str) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_earlier_versions_wrote_down_is_known_again() {
    let extras = json!({"atol": {"location": "Minsk"}, "ikassa": {"attributes": {"a": "b"}}});
    let plain = receipt("order-1");
    let members = [
        vec![],
        vec![("/issued_at", json!("2026-11-23T10:11:12+03:00"))],
        vec![("/items/0/payment_method", json!("full_payment")), ("/currency", json!("RUB"))],
        vec![("/vendor", extras.clone())],
    ];
    let forms = members.map(|members| {
        let sale = with(&plain, &members);
        let read: Receipt = serde_json::from_value(sale.clone()).unwrap();
        (sale, serde_json::to_string(&read).unwrap())
    });
    // Up to the last version but one the extras of iKassa came first.
    let former = forms[3].1.replace(
        r#""vendor":{"atol":{"location":"Minsk"},"ikassa":{"attributes":{"a":"b"}}}"#,
        r#""vendor":{"ikassa":{"attributes":{"a":"b"}},"atol":{"location":"Minsk"}}"#,
    );
    assert_ne!(former, forms[3].1);
    let former = (forms[3].0.clone(), former);
    for (sale, content) in forms.into_iter().chain([former]) {
        let bench = Bench::new().await;
        let till = atol(&bench, "v5", json!({"register": "main"}));
        let journal = engines::open(&bench.journal());
        let intent = Intent {
            register: "atol:main".into(),
            vendor: "atol",
            fingerprint: fingerprint(&content),
            ..engines::intent("order-1")
        };
        let Intended::New(entry) = journal.intend(&intent, Some(None)).await.unwrap() else {
            panic!("not new")
        };
        journal.conclude(&entry, &engines::conclusion(State::Registered)).await.unwrap();
        assert_eq!(ok(&till, "register", sale).await["state"], "registered", "{content}");
        assert_eq!(
            error(&till, "register", with(&plain, &[("/kind", json!("buy"))])).await["code"],
            "receipt_conflict"
        );
        assert_eq!(bench.emulator.requests().len(), 0);
    }
}
