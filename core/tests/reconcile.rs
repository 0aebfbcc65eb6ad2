//! The journal held against the shop's orders and the vendor's record: twelve planted differences, and none where there
//! is none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, atol, ikassa, ikkm, ok, receipt, roubles, tenge};
use kassa::Client;
use serde_json::{Value, json};

async fn registered(till: &Client, request: Value) {
    ok(till, "register", request.clone()).await;
    let ended = ok(till, "wait", json!({"id": request["id"]})).await;
    assert_eq!(ended["state"], "registered", "{ended}");
}

/// Kind and receipt of each difference; without a receipt, the number of the vendor's document.
fn differences(found: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = found["differences"].as_array().unwrap().iter();
    let told = list.map(|one| {
        let about = if one["receipt_id"].is_null() { &one["document_number"] } else { &one["receipt_id"] };
        (text(&one["kind"]), text(about))
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

/// Changes the journal behind the library's back.
fn in_the_journal(bench: &Bench, sql: &str) {
    let journal = rusqlite::Connection::open(bench.folder.path().join("journal.sqlite")).unwrap();
    assert_eq!(journal.execute(sql, []).unwrap(), 1, "{sql}");
}

/// The vendor answers once like this when it is asked about a document.
fn answers(bench: &Bench, vendor: &str, route: &str, body: &Value) {
    bench.fault(json!({"vendor": vendor, "route": route, "when": "answer", "do": "status", "status": 200,
                       "body": body.to_string(), "content_type": "application/json"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_without_a_receipt_in_doubt_and_failed_are_told_apart() {
    let bench = Bench::new().await;
    let till = bench.client();
    registered(&till, receipt("sold")).await;
    ok(&till, "enqueue", json!({"receipts": [receipt("queued"), receipt("withdrawn")]})).await;
    let verdict =
        json!({"id": "withdrawn", "verdict": {"on_record": false, "by": "Anna", "note": "a mistake"}});
    ok(&till, "resolve", verdict).await;
    let ids = ["sold", "queued", "withdrawn", "nobody"];
    let found = ok(&till, "reconcile", json!({"ids": ids, "vendor": false})).await;
    assert_eq!((&found["registered"], &found["missing"]), (&json!(1), &json!(["nobody"])));
    assert_eq!(found["unsettled"][0]["receipt_id"], "queued");
    assert_eq!(
        (&found["failed"][0]["receipt_id"], &found["failed"][0]["state"]),
        (&json!("withdrawn"), &json!("failed"))
    );
    assert_eq!((&found["differences"], &found["compared"]), (&json!([]), &json!(0)));
    // Without ids all receipts of the days count.
    let found = ok(&till, "reconcile", json!({})).await;
    assert_eq!(
        (&found["registered"], &found["compared"], &found["differences"]),
        (&json!(1), &json!(1), &json!([]))
    );
    let found = ok(&till, "reconcile", json!({"until": "2020-01-01"})).await;
    assert_eq!((&found["registered"], &found["compared"]), (&json!(0), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn modulkassa_and_atol_are_asked_about_each_document() {
    for vendor in ["modulkassa", "atol"] {
        let bench = Bench::new().await;
        let till = if vendor == "atol" { atol(&bench, "v5", json!({})) } else { bench.client() };
        for id in ["a", "b", "c", "d"] {
            registered(&till, receipt(id)).await;
        }
        let clean = ok(&till, "reconcile", json!({})).await;
        assert_eq!((&clean["differences"], &clean["compared"]), (&json!([]), &json!(4)), "{vendor}: {clean}");
        // The journal has another number, another total by its own word, and a failure that is none.
        in_the_journal(
            &bench,
            "UPDATE documents SET fiscal = json_set(fiscal, '$.document_number', '1') WHERE receipt_id = 'a'",
        );
        in_the_journal(&bench, "UPDATE documents SET state = 'failed' WHERE receipt_id = 'b'");
        in_the_journal(
            &bench,
            "UPDATE documents SET receipt = NULL, fiscal = json_set(fiscal, '$.total', '1.00') WHERE receipt_id = 'c'",
        );
        let found = ok(&till, "reconcile", json!({})).await;
        let expected = [("number_differs", "a"), ("on_record", "b"), ("total_differs", "c")];
        let expected: Vec<_> =
            expected.iter().map(|(kind, id)| ((*kind).to_owned(), (*id).to_owned())).collect();
        assert_eq!(differences(&found), expected, "{vendor}: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_vendor_does_not_have_is_named() {
    let bench = Bench::new().await;
    let till = bench.client();
    registered(&till, receipt("sold")).await;
    registered(&till, receipt("ghost")).await;
    in_the_journal(
        &bench,
        "UPDATE documents SET vendor_document_id = 'ffffffff-0000-4000-8000-000000000000' WHERE receipt_id = 'ghost'",
    );
    let found = ok(&till, "reconcile", json!({})).await;
    assert_eq!(differences(&found), [("not_on_record".to_owned(), "ghost".to_owned())], "{found}");
    // A return under the id of a sale, of another sum.
    let status = json!({"status": "COMPLETED", "fnState": "READY", "failureInfo": null, "fiscalInfo": {
        "shiftNumber": 1, "checkNumber": 1, "kktNumber": "1", "fnNumber": "1", "fnDocNumber": 7_777, "fnDocMark": 1,
        "date": "2026-11-23T07:11:14+00:00", "sum": 99.99, "checkType": "RETURN", "qr": "t=1"}});
    answers(&bench, "modulkassa", "status", &status);
    let found = ok(&till, "reconcile", json!({})).await;
    let kinds: Vec<String> = differences(&found).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["kind_differs", "not_on_record", "number_differs", "total_differs"], "{found}");
    // What a gateway says is no difference.
    answers(&bench, "modulkassa", "status", &json!("<html>"));
    let found = ok(&till, "reconcile", json!({})).await;
    assert_eq!(found["not_compared"].as_array().unwrap().len(), 1, "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ikkm_tells_its_receipts_by_shift() {
    let bench = Bench::new().await;
    let till = ikkm(&bench, json!({}));
    bench.emulator.switch("ikkm", "pace_ms", json!(0)).unwrap();
    let register = bench.emulator.config("ikkm")["register"].as_str().unwrap().to_owned();
    bench.emulator.operate(&register, "user", json!({"role": "senior"})).unwrap();
    let plain = |id: &str| {
        json!({"id": id, "kind": "sell", "items": [{"name": "Mug", "price": "150", "quantity": "2"}],
               "payments": [{"type": "cash", "sum": "300"}]})
    };
    for id in ["a", "b", "c"] {
        registered(&till, plain(id)).await;
    }
    registered(&till, tenge("discounted")).await;
    registered(&till, json!({"id": "back", "kind": "sell_refund", "refund_of": {"id": "c"}})).await;
    let clean = ok(&till, "reconcile", json!({})).await;
    assert_eq!((&clean["differences"], &clean["compared"]), (&json!([]), &json!(5)), "{clean}");
    // A sale by hand, and a journal that differs in four ways.
    bench.emulator.operate(&register, "sell_by_hand", json!({"sum": "77"})).unwrap();
    in_the_journal(
        &bench,
        "UPDATE documents SET receipt = NULL, fiscal = json_set(fiscal, '$.total', '1.00') WHERE receipt_id = 'a'",
    );
    in_the_journal(
        &bench,
        "UPDATE documents SET fiscal = json_set(fiscal, '$.receipt_number', '999999') WHERE receipt_id = 'b'",
    );
    let found = ok(&till, "reconcile", json!({})).await;
    let kinds: Vec<String> = differences(&found).into_iter().map(|(kind, _)| kind).collect();
    // The receipt that the journal has another number for is a stranger to it, too.
    assert_eq!(kinds, ["not_in_journal", "not_in_journal", "not_on_record"], "{found}");
    let by_hand = found["differences"].as_array().unwrap().iter().find(|one| one["vendor"] == "77.00");
    assert!(by_hand.is_some(), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ikassa_tells_by_its_counters_that_another_program_sold() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    ok(&till, "open_shift", json!({})).await;
    registered(&till, roubles("a", "cash")).await;
    let clean = ok(&till, "reconcile", json!({})).await;
    assert_eq!((&clean["differences"], &clean["compared"]), (&json!([]), &json!(1)), "{clean}");
    let register = bench.emulator.config("ikassa")["register"].as_str().unwrap().to_owned();
    bench.emulator.operate(&register, "sell_elsewhere", json!({"sum": 7_700})).unwrap();
    in_the_journal(
        &bench,
        "UPDATE documents SET vendor_document_id = 'FFFFFFFFFFFFFFFFFFFFFFFF' WHERE receipt_id = 'a'",
    );
    let found = ok(&till, "reconcile", json!({})).await;
    assert_eq!(
        differences(&found),
        [("not_on_record".into(), "a".into()), ("sum_differs".into(), String::new())],
        "{found}"
    );
}
