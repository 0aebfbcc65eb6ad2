//! Rows 26, 29, 32 and 80 to 87: ATOL's answers.

use serde_json::{Value, json};

use crate::common::{Bench, atol, call, error, ok, receipt};
use crate::{answers_instead, text};

const DAY_S: i64 = 24 * 3_600;

/// A report of the document of `sale`.
fn report_of(sale: &Value, changes: Value) -> String {
    let mut report = json!({"uuid": sale["vendor_document_id"], "status": "done", "error": null, "warnings": null,
        "external_id": sale["receipt_id"], "payload": {"fiscal_receipt_number": 7, "shift_number": 41,
            "receipt_datetime": "14.02.2026 09:05:00", "total": 290, "fn_number": "9999078900000123",
            "ecr_registration_number": "0000000009900417", "fiscal_document_number": 10518,
            "fiscal_document_attribute": 3_211_640_095_u32}});
    for (name, value) in changes.as_object().unwrap() {
        let place = if report["payload"].get(name).is_some() { &mut report["payload"] } else { &mut report };
        place[name] = value.clone();
    }
    report.to_string()
}

async fn reported(changes: Value) -> Value {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let sale = ok(&till, "register", receipt("order-1")).await;
    answers_instead(&bench, "atol", "report", 200, &report_of(&sale, changes), json!({}));
    ok(&till, "status", json!({"id": "order-1"})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn row_26_an_error_of_the_type_none_is_none_and_numbers_keep_their_zeros() {
    let none = json!({"code": 0, "text": "", "type": "none"});
    let told = reported(json!({"error": none, "ecr_registration_number": 9_900_417})).await;
    assert_eq!(told["state"], "registered", "{told}");
    assert_eq!(told["fiscal"]["register_number"], "0000000009900417", "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_29_a_uuid_that_the_service_does_not_know_is_not_found() {
    let bench = Bench::new().await;
    for protocol in ["v4", "v5"] {
        let till = atol(&bench, protocol, json!({}));
        let uuid = "11111111-2222-4333-8444-555555555555";
        let told = error(&till, "document_report", json!({"uuid": uuid})).await;
        assert_eq!(told["code"], "not_found", "{told}");
        assert!(!told.to_string().contains("a new id"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_32_atol_qr() {
    for (protocol, kind, number) in [
        ("v5", "sell", 1),
        ("v4", "sell_refund", 2),
        ("v4", "buy", 3),
        ("v5", "buy_refund", 4),
        ("v5", "sell_correction", 1),
    ] {
        let bench = Bench::new().await;
        let till = atol(&bench, protocol, json!({}));
        let mut document = receipt("order-1");
        document["kind"] = json!(kind);
        if kind.ends_with("correction") {
            document["correction"] = json!({"type": "self", "base_date": "2026-01-02"});
        }
        ok(&till, "register", document).await;
        let sale = ok(&till, "wait", json!({"id": "order-1"})).await;
        let fiscal = &sale["fiscal"];
        // The day and the time as the vendor wrote them.
        let at = text(&fiscal["registered_at"]).replace(['-', ':'], "")[..13].to_owned();
        let wanted = format!(
            "t={at}&s=290.00&fn={}&i={}&fp={}&n={number}",
            text(&fiscal["storage_number"]),
            text(&fiscal["document_number"]),
            text(&fiscal["sign"])
        );
        assert_eq!(text(&fiscal["qr"]), wanted, "{protocol} {kind}: {sale}");
        // The vendor's own report has the same.
        let report = ok(&till, "document_report", json!({"id": "order-1"})).await;
        assert_eq!(report["fiscal"], *fiscal, "{report}");
    }
    for part in ["receipt_datetime", "total", "fn_number"] {
        let told = reported(json!({part: null})).await;
        assert_eq!(
            (&told["state"], &told["fiscal"]["qr"]),
            (&json!("registered"), &Value::Null),
            "{part}: {told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_80_of_a_registered_receipt_the_journal_knows_whatever_the_vendor_says() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    ok(&till, "register", receipt("order-1")).await;
    let sale = ok(&till, "wait", json!({"id": "order-1"})).await;
    let keys = [json!({"id": "order-1"}), json!({"uuid": sale["vendor_document_id"]})];
    let error_50 = json!({"error": {"code": 50, "type": "system", "text": "no"}}).to_string();
    for (status, body) in [(500, error_50.as_str()), (502, "<html>bad gateway</html>"), (0, "")] {
        for key in &keys {
            match status {
                // The vendor forgets reports after 30 days.
                0 => bench.emulator.advance_s(31 * DAY_S),
                _ => answers_instead(&bench, "atol", "report", status, body, json!({})),
            }
            let told = error(&till, "document_report", key.clone()).await;
            assert_eq!(told["outcome"], "registered", "{status} {key}: {told}");
            assert_ne!(told["code"], "fiscalization_failed", "{status} {key}: {told}");
            assert!(status != 0 || told["code"] == "not_found", "{key}: {told}");
            assert!(!text(&told["advice"]).contains("under a new id"), "{status} {key}: {told}");
            assert!(text(&told["advice"]).contains("do not register it again"), "{status} {key}: {told}");
        }
    }
    assert_eq!(ok(&till, "status", json!({"id": "order-1"})).await["state"], "registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_81_an_error_that_proves_nothing_has_one_advice() {
    for (status, kind, code) in [
        (500, "system", 50),
        (400, "unknown", 0),
        (400, "system", 1),
        (400, "system", 30),
        (400, "system", 40),
    ] {
        let bench = Bench::new().await;
        let till = atol(&bench, "v5", json!({"timeout_ms": 1_500}));
        let body = json!({"error": {"code": code, "type": kind, "text": "no"}}).to_string();
        answers_instead(&bench, "atol", "submit", status, &body, json!({"times": null}));
        let told = error(&till, "register", receipt("order-1")).await;
        assert_eq!(told["outcome"], "unknown", "{kind}/{code}: {told}");
        assert!(!text(&told["message"]).contains("new id"), "{kind}/{code}: {told}");
        assert!(text(&told["advice"]).contains("never use a new id"), "{kind}/{code}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_82_a_report_of_nothing_or_of_another_is_not_understood() {
    let other = "11111111-2222-4333-8444-555555555555";
    for changes in [json!({"payload": null}), json!({"uuid": other}), json!({"external_id": "order-2"})] {
        let told = reported(changes.clone()).await;
        assert_eq!(
            (&told["state"], &told["fiscal"]),
            (&json!("accepted"), &Value::Null),
            "{changes}: {told}"
        );
        assert!(text(&told["notice"]).contains("the report"), "{changes}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_83_why_an_accepted_document_does_not_get_further_is_said() {
    let said = |code: i64| json!({"code": code, "type": "system", "text": "no"});
    for (status, changes, reason) in [
        (400, json!({"status": "fail", "error": said(50), "payload": null}), "the service failed"),
        (200, json!({"status": "fail", "error": null, "payload": null}), "without a reason"),
        (
            400,
            json!({"uuid": null, "status": "fail", "error": said(30), "payload": null}),
            "does not know the uuid",
        ),
    ] {
        let bench = Bench::new().await;
        let till = atol(&bench, "v5", json!({}));
        let sale = ok(&till, "register", receipt("order-1")).await;
        let report = report_of(&sale, changes);
        answers_instead(&bench, "atol", "report", status, &report, json!({}));
        let told = ok(&till, "status", json!({"id": "order-1"})).await;
        assert_eq!(told["state"], "accepted", "{report}: {told}");
        assert!(text(&told["notice"]).contains(reason), "{report}: {told}");
        assert_eq!(told["raw"], serde_json::from_str::<Value>(&report).unwrap(), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_84_an_error_of_the_log_in_is_told_as_one() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let body = json!({"error": {"code": 32, "type": "system", "text": "PatternMismatch: #/login"}, "status": "fail"});
    answers_instead(&bench, "atol", "token", 400, &body.to_string(), json!({}));
    let told = error(&till, "register", receipt("order-1")).await;
    assert_eq!((&told["kind"], &told["outcome"]), (&json!("auth"), &json!("not_registered")), "{told}");
    let message = text(&told["message"]);
    assert!(
        message.contains("log-in") && message.contains("#/login") && !message.contains("document"),
        "{told}"
    );
    assert!(text(&told["advice"]).contains("the same id"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_85_marked_goods_have_the_status_that_a_group_asks_for() {
    let bench = Bench::new().await;
    bench.emulator.switch("atol", "v5_planned_status_required", json!(true)).unwrap();
    let till = atol(&bench, "v5", json!({}));
    let mut sale = receipt("order-1");
    sale["items"][0] = json!({"name": "Milk", "price": "150.00", "quantity": "1", "vat": "22",
        "marking": {"code": crate::common::codes::milk()}});
    sale["payments"][0]["sum"] = json!("150.00");
    ok(&till, "register", sale).await;
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_86_a_time_in_rfc_3339_is_read() {
    let told = reported(json!({"receipt_datetime": "2026-02-14T09:05:00+05:00"})).await;
    assert_eq!(told["fiscal"]["registered_at"], "2026-02-14T09:05:00+05:00", "{told}");
    assert!(text(&told["fiscal"]["qr"]).starts_with("t=20260214T0905&"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_86_not_finished_with_a_uuid_is_accepted() {
    for kind in [json!("system"), json!(null)] {
        let bench = Bench::new().await;
        let till = atol(&bench, "v5", json!({}));
        let uuid = "11111111-2222-4333-8444-555555555555";
        let body =
            json!({"uuid": uuid, "status": "wait", "error": {"code": 34, "type": kind, "text": "later"}});
        answers_instead(&bench, "atol", "submit", 200, &body.to_string(), json!({}));
        let sale = ok(&till, "register", receipt("order-1")).await;
        assert_eq!(
            (&sale["state"], &sale["vendor_document_id"]),
            (&json!("accepted"), &json!(uuid)),
            "{kind}: {sale}"
        );
        assert_eq!(bench.requests("POST", "/sell"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_86_an_error_without_a_type_is_known_by_its_code() {
    let said = |code: i64| json!({"error": {"code": code, "text": "no"}}).to_string();
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    ok(&till, "register", receipt("order-1")).await;
    // The token has ended: a new one, and the same call again.
    answers_instead(&bench, "atol", "submit", 401, &said(11), json!({}));
    ok(&till, "register", receipt("order-2")).await;
    assert_eq!(bench.requests("POST", "/getToken"), 2);
    answers_instead(&bench, "atol", "submit", 400, &said(32), json!({}));
    let told = error(&till, "register", receipt("order-3")).await;
    assert_eq!((&told["code"], &told["vendor"]["code"]), (&json!("refused"), &json!("system/32")), "{told}");
    // A success that says so contradicts itself.
    answers_instead(&bench, "atol", "submit", 200, &said(32), json!({}));
    ok(&till, "register", receipt("order-5")).await;
    answers_instead(&bench, "atol", "token", 401, &said(12), json!({}));
    let other = atol(&bench, "v5", json!({"journal": "memory:"}));
    assert_eq!(error(&other, "register", receipt("order-4")).await["kind"], "auth");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_87_what_a_report_tells_beside_the_fiscal_data_has_its_types() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let sale = ok(&till, "register", receipt("order-1")).await;
    let body = report_of(
        &sale,
        json!({"device_code": "KKT000120", "daemon_code": "quasar", "warnings": {"callback_url": "не соответствует маске"}}),
    );
    let mut body: Value = serde_json::from_str(&body).unwrap();
    body["payload"]["marks_result"] =
        json!([{"position": 1, "mark_code": "MDEw", "result": 15}, {"position": "0", "result": 99}]);
    answers_instead(&bench, "atol", "report", 200, &body.to_string(), json!({}));
    let told = ok(&till, "document_report", json!({"id": "order-1"})).await;
    assert_eq!(
        (&told["device_code"], &told["daemon_code"]),
        (&json!("KKT000120"), &json!("quasar")),
        "{told}"
    );
    assert_eq!(told["warnings"], json!({"callback_url": "не соответствует маске"}), "{told}");
    let marks = json!([
        {"position": 1, "mark_code": "MDEw", "result": 15, "meaning": "both checks are positive"},
        {"position": 0, "mark_code": null, "result": 99, "meaning": null}]);
    assert_eq!(told["marks"], marks, "{told}");
    // Of another form they cost nothing of the rest.
    for (name, value) in [("marks_result", json!("x")), ("warnings", json!([1]))] {
        let mut strange = body.clone();
        let place = if name == "warnings" { &mut strange } else { &mut strange["payload"] };
        place[name] = value;
        answers_instead(&bench, "atol", "report", 200, &strange.to_string(), json!({}));
        assert_eq!(ok(&till, "document_report", json!({"id": "order-1"})).await["state"], "registered");
    }
    // A callback that has an error and nothing else is no success, and is read.
    for status in [json!("fail"), json!(null)] {
        let body = json!({"uuid": sale["vendor_document_id"], "status": status, "payload": null,
            "error": {"code": 30, "type": "system", "text": "no"}, "external_id": "order-1"});
        let read = call(&till, "parse_callback", json!({"body": body.to_string()})).await;
        assert_eq!(
            (&read["ok"]["success"], &read["ok"]["receipt_id"]),
            (&json!(false), &json!("order-1")),
            "{read}"
        );
    }
}
