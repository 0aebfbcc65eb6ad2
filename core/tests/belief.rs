//! An answer is believed only where it is about this document: answers of other documents, of other programs and
//! of nobody at all, against the emulator and its ledger.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, atol, call, error, ikassa, ikkm, ok, receipt, roubles, tenge};
use kassa::Client;
use serde_json::{Value, json};

/// An answer in place of the vendor's own, once.
fn answers(bench: &Bench, vendor: &str, route: &str, status: u16, body: &Value) {
    let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    bench.fault(json!({"vendor": vendor, "route": route, "when": "after_record", "do": "status",
        "status": status, "body": body, "content_type": "application/json"}));
}

/// Calls `wait` until the receipt is registered.
async fn registered_in_the_end(till: &Client, id: &str) -> Value {
    for _ in 0..20 {
        let envelope = call(till, "register", receipt(id)).await;
        if envelope["ok"]["state"] == "registered" {
            return envelope["ok"].clone();
        }
        call(till, "wait", json!({"id": id})).await;
    }
    panic!("{id} is not registered: {}", call(till, "status", json!({"id": id})).await);
}

const OTHERS_UUID: &str = "11111111-2222-4333-8444-555555555555";

#[tokio::test(flavor = "multi_thread")]
async fn atol_a_uuid_that_cannot_be_one_is_not_believed() {
    for body in [
        json!({"uuid": true, "status": "wait", "error": null}),
        json!({"uuid": "..", "status": "wait", "error": null}),
        json!({"uuid": "a/../b", "status": "wait", "error": null}),
        json!({"uuid": format!("{OTHERS_UUID}\u{0}"), "status": "wait", "error": null}),
        json!({"uuid": "", "status": "wait", "error": null}),
        json!([OTHERS_UUID, "wait", null]),
        json!({"uuid": "..", "status": "wait", "error": {"code": 33, "type": "system", "text": "known"}}),
    ] {
        let bench = Bench::new().await;
        let till = atol(&bench, "v5", json!({}));
        answers(&bench, "atol", "submit", 200, &body);
        let first = call(&till, "register", receipt("order-1")).await;
        assert_ne!(first["ok"]["vendor_document_id"], body["uuid"], "{body}: {first}");
        registered_in_the_end(&till, "order-1").await;
        assert_eq!(bench.emulator.ledger().len(), 1, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn atol_a_report_of_another_document_or_of_none_is_not_believed() {
    let payload = json!({"total": 290.0, "fn_number": "9999078900000123", "shift_number": 41,
        "receipt_datetime": "14.02.2026 09:05:00", "fiscal_receipt_number": 7, "fiscal_document_number": 10518,
        "ecr_registration_number": "0000000009900417", "fiscal_document_attribute": 3_211_640_095_u32});
    for report in [
        json!({"uuid": OTHERS_UUID, "status": "done", "error": null, "payload": payload, "external_id": "order-1"}),
        json!({"status": "done", "error": null, "payload": payload, "external_id": "order-2"}),
        json!({"status": "done", "error": null, "payload": null, "external_id": "order-1"}),
        json!({"status": "done", "error": null, "payload": {}, "external_id": "order-1"}),
        json!({"status": "done", "error": null, "payload": [], "external_id": "order-1"}),
        json!({"uuid": OTHERS_UUID, "status": "fail", "error": {"code": 2009, "type": "agent", "text": "no"}}),
        json!({"status": "fail", "external_id": "order-2", "error": {"code": 2009, "type": "agent", "text": "no"}}),
    ] {
        let bench = Bench::new().await;
        let till = atol(&bench, "v5", json!({}));
        ok(&till, "register", receipt("order-1")).await;
        answers(&bench, "atol", "report", 200, &report);
        let asked = ok(&till, "status", json!({"id": "order-1"})).await;
        assert_eq!(asked["state"], "accepted", "{report}: {asked}");
        assert!(asked["notice"].as_str().is_some_and(|notice| !notice.is_empty()), "{report}: {asked}");
        let end = ok(&till, "wait", json!({"id": "order-1"})).await;
        assert_eq!((&end["state"], &end["notice"]), (&json!("registered"), &Value::Null), "{report}: {end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_another_program_used_is_a_failure_and_never_our_sale() {
    let bench = Bench::new().await;
    let theirs = atol(&bench, "v5", json!({"journal": "memory:"}));
    let mut hundred = receipt("order-1");
    hundred["items"][0]["discount"] = json!("200.00");
    hundred["payments"][0]["sum"] = json!("100.00");
    ok(&theirs, "register", hundred.clone()).await;
    ok(&theirs, "wait", json!({"id": "order-1"})).await;
    let till = atol(&bench, "v5", json!({}));
    let taken = error(&till, "register", receipt("order-1")).await;
    assert_eq!(
        (&taken["code"], &taken["outcome"], &taken["kind"]),
        (&json!("key_taken"), &json!("not_registered"), &json!("refused")),
        "{taken}"
    );
    assert!(taken["advice"].as_str().unwrap().contains("a new id"), "{taken}");
    // The same receipt, from a journal that was lost: it is ours, and that it was known is said.
    let lost = atol(&bench, "v5", json!({"journal": bench.journal().replace("journal.", "other.")}));
    let ours = ok(&lost, "register", hundred).await;
    assert_eq!(ours["state"], "registered", "{ours}");
    assert!(ours["notice"].as_str().is_some_and(|notice| notice.contains("before")), "{ours}");
    assert_eq!(bench.emulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn modulkassa_a_key_that_another_program_used_is_a_failure() {
    for duplicate in ["status", "409", "400"] {
        let bench = Bench::new().await;
        bench.switch("duplicate", json!(duplicate));
        let other = json!({"journal": "memory:"});
        let theirs = bench.client_with(other);
        let mut hundred = receipt("order-1");
        hundred["items"][0]["discount"] = json!("200.00");
        hundred["payments"][0]["sum"] = json!("100.00");
        ok(&theirs, "register", hundred).await;
        ok(&theirs, "wait", json!({"id": "order-1"})).await;
        let till = bench.client();
        let taken = error(&till, "register", receipt("order-1")).await;
        assert_eq!(
            (&taken["code"], &taken["outcome"]),
            (&json!("key_taken"), &json!("not_registered")),
            "{taken}"
        );
        let mut refund = receipt("order-1");
        refund["kind"] = json!("sell_refund");
        refund["items"][0]["discount"] = json!("200.00");
        refund["payments"][0]["sum"] = json!("100.00");
        let other = bench.client_with(json!({"journal": bench.journal().replace("journal.", "other.")}));
        assert_eq!(error(&other, "register", refund).await["code"], "key_taken");
        assert_eq!(bench.emulator.ledger().len(), 1, "{duplicate}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn modulkassa_an_answer_of_another_document_is_not_believed() {
    for fiscal in [
        json!({"sum": 100.0, "checkType": "SALE", "fnDocNumber": 17, "fnDocMark": 99}),
        json!({"sum": 290.0, "checkType": "RETURN", "fnDocNumber": 17, "fnDocMark": 99}),
        json!([]),
    ] {
        let bench = Bench::new().await;
        let till = bench.client();
        ok(&till, "register", receipt("order-1")).await;
        let told = json!({"status": "COMPLETED", "fnState": "READY", "fiscalInfo": fiscal});
        answers(&bench, "modulkassa", "status", 200, &told);
        let asked = ok(&till, "status", json!({"id": "order-1"})).await;
        assert_eq!(asked["state"], "accepted", "{fiscal}: {asked}");
        assert!(asked["notice"].is_string(), "{fiscal}: {asked}");
        assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ikassa_a_uid_of_another_receipt_is_not_believed() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    ok(&till, "open_shift", json!({})).await;
    let first = ok(&till, "register", roubles("order-1", "cash")).await;
    let body = json!({"uid": first["vendor_document_id"], "number": first["fiscal"]["document_number"]});
    // A proxy gives the answer of the first sale; the sale itself never arrived.
    for id in ["order-2", "order-3"] {
        bench.fault(
            json!({"vendor": "ikassa", "route": "sale", "when": "before_record", "do": "status", "status": 200,
            "body": body.to_string(), "content_type": "application/json"}),
        );
        let sale = ok(&till, "register", roubles(id, "cash")).await;
        assert_ne!(sale["vendor_document_id"], first["vendor_document_id"], "{sale}");
    }
    assert_eq!(bench.sales(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn ikassa_a_number_of_a_receipt_whose_own_answer_was_lost_is_not_believed() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    ok(&till, "open_shift", json!({})).await;
    let first = ok(&till, "register", roubles("order-1", "cash")).await;
    bench.fault(json!({"vendor": "ikassa", "route": "sale", "when": "after_record", "do": "drop"}));
    // The counters say that it is on record; its uid and number nobody told.
    ok(&till, "register", roubles("order-2", "cash")).await;
    let number: u64 = first["fiscal"]["document_number"].as_str().unwrap().parse().unwrap();
    let body = json!({"uid": "lost-and-found", "number": number + 1});
    bench.fault(
        json!({"vendor": "ikassa", "route": "sale", "when": "before_record", "do": "status", "status": 200,
        "body": body.to_string(), "content_type": "application/json"}),
    );
    let third = ok(&till, "register", roubles("order-3", "cash")).await;
    assert_ne!(third["vendor_document_id"], "lost-and-found", "{third}");
    assert_eq!(bench.sales(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn ikkm_a_repeat_of_the_last_receipts_number_is_not_believed() {
    let bench = Bench::new().await;
    bench.emulator.switch("ikkm", "pace_ms", json!(0)).unwrap();
    let till = ikkm(&bench, json!({}));
    let first = ok(&till, "register", tenge("order-1")).await;
    bench.fault(
        json!({"vendor": "ikkm", "route": "register", "when": "before_record", "do": "status", "status": 200,
        "body": "77778888", "reason": first["fiscal"]["receipt_number"]}),
    );
    let second = call(&till, "register", tenge("order-2")).await;
    assert_ne!(second["ok"]["fiscal"]["receipt_number"], first["fiscal"]["receipt_number"], "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ikkm_a_203_that_names_an_older_receipt_is_not_believed_and_teaches_nothing() {
    let bench = Bench::new().await;
    bench.emulator.switch("ikkm", "pace_ms", json!(0)).unwrap();
    let till = ikkm(&bench, json!({}));
    let mut numbers = Vec::new();
    for (place, old) in [None, None, Some((0, 203)), Some((1, 200))].into_iter().enumerate() {
        if let Some((which, status)) = old {
            let reason: &Value = &numbers[which];
            bench
                .fault(json!({"vendor": "ikkm", "route": "register", "when": "after_record", "do": "status",
                "status": status, "body": "77778888", "reason": reason}));
        }
        let sale = ok(&till, "register", tenge(&format!("order-{place}"))).await;
        assert_eq!(sale["state"], "registered", "{sale}");
        assert!(!numbers.contains(&sale["fiscal"]["receipt_number"]), "{sale}");
        numbers.push(sale["fiscal"]["receipt_number"].clone());
    }
    assert_eq!(bench.sales(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_in_a_form_that_every_language_reads() {
    let deep = format!("{}{}", "[".repeat(600), "]".repeat(600));
    let long = "9".repeat(6_000);
    for extra in [deep.as_str(), "\"\\ud800\"", long.as_str()] {
        let bench = Bench::new().await;
        let till = bench.client();
        let body = format!("{{\"status\":\"QUEUED\",\"fnState\":\"READY\",\"more\":{extra}}}");
        answers(&bench, "modulkassa", "submit", 200, &json!(body));
        let sale = ok(&till, "register", receipt("order-1")).await;
        assert!(sale["raw"].is_string(), "{sale}");
        assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    }
}
