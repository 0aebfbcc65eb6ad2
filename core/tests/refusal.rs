//! What proves a refusal: the vendor's own form with a code that is listed. A gateway's page, another code or a
//! repeat that is refused prove nothing, against the emulator and its ledger.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, atol, call, ikassa, ok, receipt, roubles};
use kassa::Client;
use serde_json::{Value, json};

/// The document is recorded and this comes in place of the answer.
fn recorded_but_answered(bench: &Bench, vendor: &str, route: &str, status: u16, body: &str) {
    bench.fault(
        json!({"vendor": vendor, "route": route, "when": "after_record", "do": "status", "status": status,
        "body": body, "content_type": if body.starts_with('<') { "text/html" } else { "application/json" }}),
    );
}

/// Registers until it is on record; no answer on the way may say that it is not.
async fn recorded_once(bench: &Bench, till: &Client, sale: &Value, place: &str) {
    for _ in 0..20 {
        let envelope = call(till, "register", sale.clone()).await;
        assert_ne!(envelope["error"]["outcome"], "not_registered", "{place}: {envelope}");
        if envelope["ok"]["state"] == "registered" {
            break;
        }
        let _ = call(till, "wait", json!({"id": sale["id"]})).await;
    }
    let end = call(till, "status", json!({"id": sale["id"]})).await;
    assert_eq!(end["ok"]["state"], "registered", "{place}: {end}");
    assert_eq!(bench.sales(), 1, "{place}: {end}");
}

const PAGE: &str = "<html><h1>sorry</h1></html>";

#[tokio::test(flavor = "multi_thread")]
async fn a_gateways_page_on_a_submit_proves_nothing() {
    for status in [400, 401, 403, 404, 405, 407, 408, 409, 410, 413, 415, 422, 429, 451, 500, 503] {
        let place = format!("{status}");
        let bench = Bench::new().await;
        recorded_but_answered(&bench, "modulkassa", "submit", status, PAGE);
        recorded_once(&bench, &bench.client(), &receipt("order-1"), &format!("modulkassa {place}")).await;

        let bench = Bench::new().await;
        recorded_but_answered(&bench, "atol", "submit", status, PAGE);
        recorded_once(&bench, &atol(&bench, "v5", json!({})), &receipt("order-1"), &format!("atol {place}"))
            .await;

        let bench = Bench::new().await;
        let till = ikassa(&bench, json!({}));
        ok(&till, "open_shift", json!({})).await;
        recorded_but_answered(&bench, "ikassa", "sale", status, PAGE);
        recorded_once(&bench, &till, &roubles("order-1", "cash"), &format!("ikassa {place}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn modulkassa_a_refusal_page_and_one_not_found_do_not_make_a_failure() {
    for status in [400, 408, 409, 413, 422] {
        let bench = Bench::new().await;
        recorded_but_answered(&bench, "modulkassa", "submit", status, PAGE);
        // The document is not to be seen at once.
        bench.fault(json!({"vendor": "modulkassa", "route": "status", "when": "before_record", "do": "status",
            "status": 404, "body": "{\"status\":404,\"error\":\"Not Found\"}", "content_type": "application/json"}));
        recorded_once(&bench, &bench.client(), &receipt("order-1"), &format!("{status}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn atol_a_repeat_that_is_refused_says_nothing_of_the_first() {
    for code in [31, 32, 41, 40, 20, 50] {
        let bench = Bench::new().await;
        let till = atol(&bench, "v5", json!({}));
        bench.fault(json!({"vendor": "atol", "route": "submit", "when": "after_record", "do": "drop"}));
        let body =
            json!({"error": {"code": code, "type": "system", "text": "no"}, "status": "fail"}).to_string();
        bench.fault(json!({"vendor": "atol", "route": "submit", "when": "before_record", "do": "status",
            "status": 400, "body": body, "content_type": "application/json", "skip": 1}));
        recorded_once(&bench, &till, &receipt("order-1"), &format!("{code}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn atol_what_a_cash_register_says_is_no_answer_to_a_registration() {
    for (kind, code, uuid) in
        [("driver", 13, None), ("driver", 3, None), ("timeout", 1, None), ("system", 32, Some("u"))]
    {
        let bench = Bench::new().await;
        let till = atol(&bench, "v5", json!({}));
        let uuid = uuid.map(|_| "0c0f2e1a-6e0b-4c7e-9d7f-0a3f5f3c9a11");
        let body =
            json!({"uuid": uuid, "error": {"code": code, "type": kind, "text": "no"}, "status": "fail"});
        recorded_but_answered(&bench, "atol", "submit", 200, &body.to_string());
        recorded_once(&bench, &till, &receipt("order-1"), &body.to_string()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn modulkassa_json_of_a_gateway_is_not_the_vendors_form() {
    for status in [400, 401, 403, 409, 422, 429] {
        for body in [
            json!({"type": "about:blank", "title": "no", "status": status}),
            json!({"status": status}),
            json!({"status": status.to_string(), "error": "no"}),
        ] {
            let bench = Bench::new().await;
            recorded_but_answered(&bench, "modulkassa", "submit", status, &body.to_string());
            recorded_once(&bench, &bench.client(), &receipt("order-1"), &body.to_string()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn modulkassa_a_refused_put_back_is_looked_at() {
    let bench = Bench::new().await;
    let till = bench.client();
    bench.fault(
        json!({"vendor": "modulkassa", "route": "submit", "do": "fail", "failure_type": "FN_EXPIRED"}),
    );
    let _ = call(&till, "register", receipt("order-1")).await;
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "failed");
    // A proxy sent it twice, and this is the answer to the second.
    let body = json!({"status": 400, "error": "Bad Request", "message": "not FAILED"}).to_string();
    recorded_but_answered(&bench, "modulkassa", "requeue", 400, &body);
    let put_back = call(&till, "requeue_document", json!({"id": "order-1"})).await;
    assert_ne!(put_back["error"]["outcome"], "not_registered", "{put_back}");
    recorded_once(&bench, &till, &receipt("order-1"), "put back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn atol_a_report_that_fails_without_a_documented_reason_is_not_final() {
    for error in [
        json!(null),
        json!({}),
        json!({"text": "no"}),
        json!({"code": 77_777, "type": "driver", "text": "no"}),
        json!({"code": 2, "type": "planet", "text": "no"}),
        json!({"code": 10, "type": "system", "text": "no"}),
        json!({"code": 14, "type": "system", "text": "no"}),
        json!({"code": 20, "type": "system", "text": "no"}),
        json!({"code": 30, "type": "system", "text": "no"}),
        json!({"code": 40, "type": "system", "text": "no"}),
        json!({"code": 50, "type": "system", "text": "no"}),
    ] {
        for status in [200, 400] {
            let bench = Bench::new().await;
            let till = atol(&bench, "v5", json!({}));
            ok(&till, "register", receipt("order-1")).await;
            let report = json!({"status": "fail", "error": error, "payload": null}).to_string();
            recorded_but_answered(&bench, "atol", "report", status, &report);
            let asked = ok(&till, "status", json!({"id": "order-1"})).await;
            // With an error of the token the report was asked for once more.
            assert_ne!(asked["state"], "failed", "{report}: {asked}");
            recorded_once(&bench, &till, &receipt("order-1"), &report).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn modulkassa_a_conflict_and_one_not_found_are_no_refusal() {
    let bench = Bench::new().await;
    let said = |status: u16, error: &str| json!({"status": status, "error": error}).to_string();
    recorded_but_answered(&bench, "modulkassa", "submit", 409, &said(409, "Conflict"));
    recorded_but_answered(&bench, "modulkassa", "status", 404, &said(404, "Not Found"));
    recorded_once(&bench, &bench.client(), &receipt("order-1"), "409, then 404").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_says_failed_and_has_a_document_is_not_final() {
    let bench = Bench::new().await;
    let till = bench.client();
    ok(&till, "register", receipt("order-1")).await;
    let body = json!({"status": "FAILED", "fiscalInfo": {"fnDocNumber": 12, "fnDocMark": 4_021_010_203_u32}});
    recorded_but_answered(&bench, "modulkassa", "status", 200, &body.to_string());
    let asked = ok(&till, "status", json!({"id": "order-1"})).await;
    assert_ne!(asked["state"], "failed", "{asked}");
    recorded_once(&bench, &till, &receipt("order-1"), "modulkassa").await;

    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let sale = ok(&till, "register", receipt("order-1")).await;
    let body = json!({"uuid": sale["vendor_document_id"], "status": "fail",
        "error": {"code": 2_009, "type": "agent", "text": "no"},
        "payload": {"fiscal_document_number": 12, "fiscal_document_attribute": 4_021_010_203_u32}});
    recorded_but_answered(&bench, "atol", "report", 200, &body.to_string());
    let asked = ok(&till, "status", json!({"id": "order-1"})).await;
    assert_ne!(asked["state"], "failed", "{asked}");
    recorded_once(&bench, &till, &receipt("order-1"), "atol").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ikassa_a_code_that_nobody_knows_proves_nothing() {
    for (status, body) in [
        (400, r#"{"code":"kernel.melted","message":"no"}"#),
        (400, r#"{"code":"gateway.limit","message":"no"}"#),
        (401, r#"{"error":"unauthorized"}"#),
        (403, r#"{"code":"forbidden","message":"no"}"#),
        (429, r#"{"code":"slow","message":"no"}"#),
        (401, r#"{"code":"kernel.device.missing","message":"no"}"#),
        (404, r#"{"code":"kernel.shift","message":"no"}"#),
        (408, r#"{"code":"kernel.shift.timeout","message":"no"}"#),
        (429, r#"{"code":"kernel.device.timeout","message":"no"}"#),
        // These two contradict themselves.
        (400, r#"{"code":"kernel.shift.closed","message":"no","uid":"5"}"#),
        (200, r#"{"code":"kernel.shift.closed","message":"no","uid":"5"}"#),
        (200, r#"{"uid":true}"#),
        (200, r#"{"uid":5}"#),
        (200, r#"{"uid":" "}"#),
    ] {
        let bench = Bench::new().await;
        let till = ikassa(&bench, json!({}));
        ok(&till, "open_shift", json!({})).await;
        recorded_but_answered(&bench, "ikassa", "sale", status, body);
        recorded_once(&bench, &till, &roubles("order-1", "cash"), body).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ikassa_counters_that_cannot_be_read_prove_nothing() {
    for counters in [
        json!({"BYN": {"attributes": {"$.cashin.sum": "x"}}}),
        json!({"BYN": {"attributes": {"$.cashin.sum": 29000.5}}}),
        json!({"BYN": {"attributes": {"$.cashin.sum": null}}}),
        json!({"BYN": {"attributes": {}}}),
        json!({"BYN": {}}),
        json!({"BYN": []}),
        json!({}),
        json!(null),
    ] {
        let bench = Bench::new().await;
        let till = ikassa(&bench, json!({}));
        ok(&till, "open_shift", json!({})).await;
        ok(&till, "deposit", json!({"id": "in-1", "sum": "10.00"})).await;
        bench.fault(json!({"vendor": "ikassa", "route": "sale", "when": "after_record", "do": "drop"}));
        let shift = json!({"document": null, "counters": counters}).to_string();
        // The reading before the sale is whole, the one after it is not.
        bench.fault(
            json!({"vendor": "ikassa", "route": "shift", "when": "answer", "do": "status", "status": 200,
            "body": shift, "content_type": "application/json", "skip": 1, "times": null}),
        );
        let envelope = call(&till, "register", roubles("order-1", "cash")).await;
        assert_eq!(envelope["error"]["outcome"], "unknown", "{counters}: {envelope}");
        assert_eq!(bench.sales(), 1, "{counters}");
    }
    // Whole numbers in another spelling are read.
    for sum in [json!(30_000.0), json!("30000"), json!(3.0e4)] {
        let bench = Bench::new().await;
        let till = ikassa(&bench, json!({}));
        ok(&till, "open_shift", json!({})).await;
        ok(&till, "deposit", json!({"id": "in-1", "sum": "10.00"})).await;
        bench.fault(json!({"vendor": "ikassa", "route": "sale", "when": "after_record", "do": "drop"}));
        let shift = json!({"document": null, "counters": {"BYN": {"attributes": {"$.cashin.sum": sum}}}});
        bench.fault(
            json!({"vendor": "ikassa", "route": "shift", "when": "answer", "do": "status", "status": 200,
            "body": shift.to_string(), "content_type": "application/json", "skip": 1}),
        );
        let sale = ok(&till, "register", roubles("order-1", "cash")).await;
        assert_eq!(sale["state"], "registered", "{sum}: {sale}");
        assert_eq!(bench.sales(), 1, "{sum}");
    }
}
