//! Modulkassa's own operations and mapping, against the emulator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use common::{Bench, error, ok, receipt};
use serde_json::{Value, json};

fn sent_document(bench: &Bench) -> Value {
    let requests = bench.emulator.requests();
    let sent = requests.iter().rfind(|request| request.path.ends_with("/doc")).unwrap();
    serde_json::from_str(sent.body.as_deref().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_association_lives_in_the_journal_and_is_shared() {
    let bench = Bench::new().await;
    let without = json!({"credentials": null});
    let till = bench.client_with(without.clone());
    assert_eq!(error(&till, "register", receipt("order-1")).await["code"], "credentials_missing");
    let association = ok(&till, "associate", json!({"client_id": "web"})).await;
    assert!(association["password"].as_str().is_some_and(|password| !password.is_empty()));
    // Another client on the same journal, as another worker would have.
    let other = bench.client_with(without.clone());
    ok(&other, "register", receipt("order-1")).await;
    assert_eq!(ok(&other, "wait", json!({"id": "order-1"})).await["state"], "registered");
    // Associating again makes a new password; the old one is no use, the journal has the new one.
    ok(&till, "associate", json!({"client_id": "web"})).await;
    ok(&other, "service_status", json!({})).await;
    ok(&till, "dissociate", json!({})).await;
    assert_eq!(error(&other, "service_status", json!({})).await["code"], "credentials_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn associate_tells_a_wrong_account_from_a_foreign_or_unknown_point() {
    let bench = Bench::new().await;
    let wrong = bench.client_with(json!({"account": {"login": "nobody@shop.example", "password": "x"}}));
    assert_eq!(error(&wrong, "associate", json!({})).await["code"], "credentials_refused");
    let till = bench.client();
    let unknown = json!({"retail_point_id": "00000000-0000-0000-0000-000000000000"});
    assert_eq!(error(&till, "associate", unknown).await["code"], "not_found");
    let others = bench.emulator.description()["vendors"]["modulkassa"]["others"].clone();
    let foreign = others[0]["retail_point_id"].clone();
    assert_eq!(error(&till, "associate", json!({"retail_point_id": foreign})).await["code"], "not_permitted");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_status_knows_a_stale_register() {
    let bench = Bench::new().await;
    let till = bench.client();
    let status = ok(&till, "service_status", json!({})).await;
    assert_eq!((status["status"].clone(), status["is_ready"].clone()), (json!("READY"), json!(true)));
    assert_eq!(ok(&till, "health", json!({})).await["ready"], true);
    for (state, ready) in [("associated", false), ("failed", false), ("disabled", false), ("ready", true)] {
        bench.switch("register_state", json!(state));
        assert_eq!(ok(&till, "health", json!({})).await["ready"], ready, "{state}");
    }
    bench.fault(json!({"vendor": "modulkassa", "route": "service_status", "when": "answer", "do": "status", "status": 200,
        "body": "{\"status\":\"ready\",\"statusDateTime\":\"2020-01-01T00:00:00.000+0000\"}", "content_type": "application/json"}));
    let old = ok(&till, "service_status", json!({})).await;
    assert_eq!((old["is_stale"].clone(), old["is_ready"].clone()), (json!(true), json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_document_can_be_put_back_into_the_queue() {
    let bench = Bench::new().await;
    let till = bench.client();
    bench
        .fault(json!({"vendor": "modulkassa", "route": "submit", "do": "fail", "failure_type": "FN_EXPIRED",
        "failure_message": "the storage is too old"}));
    ok(&till, "register", receipt("order-1")).await;
    let failed = ok(&till, "wait", json!({"id": "order-1"})).await;
    assert_eq!(failed["failure"]["vendor"]["code"], "FN_EXPIRED");
    assert_eq!(error(&till, "register", receipt("order-1")).await["code"], "fiscalization_failed");
    assert!(bench.emulator.ledger().is_empty());
    ok(&till, "requeue_document", json!({"id": "order-1"})).await;
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    assert_eq!(error(&till, "requeue_document", json!({"id": "order-1"})).await["code"], "not_requeueable");
    assert_eq!(bench.emulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_a_requeue_is_settled_by_the_status() {
    let bench = Bench::new().await;
    let till = bench.client();
    bench.fault(
        json!({"vendor": "modulkassa", "route": "submit", "do": "fail", "failure_type": "NON_FN_FAILURE"}),
    );
    bench.fault(json!({"vendor": "modulkassa", "route": "requeue", "when": "after_record", "do": "drop"}));
    ok(&till, "register", receipt("order-1")).await;
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "failed");
    ok(&till, "requeue_document", json!({"id": "order-1"})).await;
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    assert_eq!(bench.emulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendors_own_document_goes_through_the_same_delivery() {
    let bench = Bench::new().await;
    let till = bench.client();
    let document = json!({"id": "my-own-1", "docNum": "1", "docType": "SALE",
        "checkoutDateTime": "2026-11-23T10:11:12+03:00", "email": "buyer@shop.example",
        "inventPositions": [{"name": "Mug", "price": 100.10, "quantity": 1, "vatTag": 1105}],
        "moneyPositions": [{"paymentType": "CASH", "sum": 100.10}]});
    bench.fault(json!({"vendor": "modulkassa", "route": "submit", "when": "after_record", "do": "drop"}));
    let sent = ok(&till, "send_document", json!({"document": document})).await;
    assert_eq!(sent["receipt_id"], "my-own-1");
    assert_eq!(ok(&till, "wait", json!({"id": "my-own-1"})).await["state"], "registered");
    let status = ok(&till, "document_status", json!({"document_id": "my-own-1"})).await;
    assert_eq!(
        (status["state"].clone(), status["fiscal"]["total"].clone()),
        (json!("registered"), json!("100.10"))
    );
    assert_eq!(error(&till, "send_document", json!({"document": {"id": 7}})).await["code"], "wrong_type");
    assert_eq!(error(&till, "send_document", json!({"document": {}})).await["code"], "missing_field");
    assert_eq!(bench.emulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn retail_points_are_read_one_or_all() {
    let bench = Bench::new().await;
    let one = ok(&bench.client(), "retail_point", json!({})).await;
    let id = bench.config(json!({}))["retail_point_id"].clone();
    assert_eq!(one["retail_points"][0]["id"], id);
    let all = bench.client_with(json!({"retail_point_id": null}));
    let all = ok(&all, "retail_point", json!({})).await;
    assert!(all["retail_points"].as_array().unwrap().iter().any(|point| point["id"] == id));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_the_receipt_has_its_place_in_the_document() {
    let bench = Bench::new().await;
    let till = bench.client();
    let full = json!({
        "id": "order-1", "kind": "sell", "issued_at": "2026-09-14T15:29:55+03:00", "print": true,
        "callback_url": "https://shop.example/hook?key=s3", "currency": "RUB",
        "customer": {"email": "buyer@shop.example", "phone": "+79990001122", "name": "Example", "tax_id": "7707083893"},
        "cashier": {"name": "K. K.", "tax_id": "500100732259", "position": "Cashier"},
        "company": {"tax_system": "usn_income_outcome"},
        "items": [
            {"name": "Honey", "price": "3000.00", "quantity": "1.000", "discount": "150.00", "vat": "10", "vat_sum": "259.09",
             "article": "SKU-77", "barcode": "4600000000017", "country_code": "643", "customs_declaration": "10/1", "unit": "piece",
             "marking": {"code": "0104600000000017215AbC", "nomenclature_code": "44 4D 00"},
             "sectoral": [{"federal_id": "030", "date": "2023-11-21", "number": "1944", "value": "UUID=7d&Time=1"}]},
            {"name": "Delivery", "price": "350.50", "quantity": "1", "vat": "none", "payment_object": "service",
             "payment_method": "full_prepayment",
             "vendor": {"modulkassa": {"description": "by courier", "agent": {"types": ["commission_agent"]},
                "supplier": {"name": "Carrier", "tax_id": "7707083893", "phones": ["+74950001122"]}}}}],
        "payments": [{"type": "prepaid", "sum": "1000.00"}, {"type": "card", "sum": "2200.50"}],
        "vendor": {"modulkassa": {"document_number": "WEB-1", "text_to_print": "Thanks",
            "agent": {"types": ["paying_agent"], "paying_agent": {"operation": "pay", "phones": ["+74950001122"]},
                "receive_payments_operator": {"phones": ["+74950001123"]},
                "money_transfer_operator": {"phones": ["+74950001124"], "name": "Bank", "address": "Moscow", "tax_id": "7707083893"}}}}
    });
    ok(&till, "register", full).await;
    let requests = bench.emulator.requests();
    let sent = requests.iter().find(|request| request.path.ends_with("/v2/doc")).unwrap();
    let id = ok(&till, "status", json!({"id": "order-1"})).await["vendor_document_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let wanted = format!(
        concat!(
            r#"{{"id":"{}","docNum":"WEB-1","docType":"SALE","checkoutDateTime":"2026-09-14T15:29:55+03:00","#,
            r#""email":"buyer@shop.example","printReceipt":true,"textToPrint":"Thanks","cashierName":"K. K.","#,
            r#""cashierInn":"500100732259","cashierPosition":"Cashier","responseURL":"https://shop.example/hook?key=s3","#,
            r#""taxMode":"SIMPLIFIED_WITH_EXPENSE","clientName":"Example","clientInn":"7707083893","inventPositions":["#,
            r#"{{"name":"Honey","price":3000.00,"quantity":1,"discSum":150.00,"vatTag":1103,"vatSum":259.09,"#,
            r#""paymentObject":"commodity","paymentMethod":"full_payment","inventCode":"SKU-77","barcode":"4600000000017","#,
            r#""originCountryCode":"643","customsDeclarationNumber":"10/1","nomenclatureCode":"44 4D 00","#,
            r#""productMark":"0104600000000017215AbC","industryRequisite":{{"foivId":"030","docDateTime":"2023-11-21T00:00:00","#,
            r#""docNumber":"1944","docData":"UUID=7d&Time=1"}},"measure":"pcs"}},"#,
            r#"{{"name":"Delivery","price":350.50,"quantity":1,"vatTag":1105,"paymentObject":"service","#,
            r#""paymentMethod":"full_prepayment","description":"by courier","agentInfo":{{"types":["commission_agent"]}},"#,
            r#""supplierInfo":{{"phones":["+74950001122"],"name":"Carrier","inn":"7707083893"}}}}],"#,
            r#""moneyPositions":[{{"paymentType":"PREPAID","sum":1000.00}},{{"paymentType":"CARD","sum":2200.50}}],"#,
            r#""agentInfo":{{"types":["paying_agent"],"payingAgent":{{"operation":"pay","phones":["+74950001122"]}},"#,
            r#""receivePaymentsOperator":{{"phones":["+74950001123"]}},"moneyTransferOperator":{{"phones":["+74950001124"],"#,
            r#""name":"Bank","address":"Moscow","inn":"7707083893"}}}}}}"#
        ),
        id
    );
    assert_eq!(sent.body.as_deref(), Some(wanted.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_forms_of_the_submit_call_work() {
    let bench = Bench::new().await;
    let till = bench.client_with(json!({"document_version": "v1"}));
    ok(&till, "register", receipt("order-1")).await;
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    assert_eq!((bench.requests("POST", "/v1/doc"), bench.requests("POST", "/v2/doc")), (1, 0));
    assert_eq!(sent_document(&bench)["docNum"], "order-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_of_every_form_are_read() {
    for form in ["get", "get_double_encoded", "get_without_status", "post_json"] {
        let bench = Bench::new().await;
        bench.switch("callback_form", json!(form));
        let shop = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = shop.local_addr().unwrap();
        let hook = std::thread::spawn(move || one_request(&shop));
        let till = bench.client();
        let mut sale = receipt("order-1");
        sale["callback_url"] = json!(format!("http://{address}/hook?order=order-1"));
        ok(&till, "register", sale).await;
        let (target, body) = hook.join().unwrap();
        let callback = json!({"id": "order-1", "url": target, "body": body});
        let reading = ok(&till, "parse_callback", callback).await;
        assert_eq!(reading["success"], true, "{form}: {reading}");
        assert_eq!(reading["fiscal"]["total"], "290.00", "{form}: {reading}");
        assert_eq!(reading["registration"]["receipt_id"], "order-1");
        let end = ok(&till, "wait", json!({"id": "order-1"})).await;
        assert_eq!(end["fiscal"]["sign"], reading["fiscal"]["sign"], "{form}");
    }
}

/// Answers one HTTP request with 200; gives back its target and body.
fn one_request(shop: &TcpListener) -> (String, String) {
    let (mut stream, _) = shop.accept().unwrap();
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).unwrap();
        text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let wanted = head
            .lines()
            .find_map(|line| {
                line.to_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().unwrap())
            })
            .unwrap_or(0);
        if body.len() >= wanted {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            return (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned());
        }
    }
}

/// A receipt that failed at the cash register.
async fn failed(bench: &Bench, till: &kassa::Client) {
    bench.fault(
        json!({"vendor": "modulkassa", "route": "submit", "do": "fail", "failure_type": "NON_FN_FAILURE"}),
    );
    ok(till, "register", receipt("order-1")).await;
    assert_eq!(ok(till, "wait", json!({"id": "order-1"})).await["state"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_requeue_that_is_not_seen_to_the_end_is_never_a_failure() {
    // The answer is lost, and what the vendor shows then is from before, or is nothing at all.
    for (lost, shown) in [
        (json!({"when": "after_record", "do": "drop"}), None),
        (json!({"when": "after_record", "do": "status", "status": 502}), Some((502, "<html>"))),
        (json!({"when": "answer", "do": "cut"}), Some((404, "<html>"))),
        (json!({"when": "answer", "do": "garbage"}), Some((503, ""))),
        (json!({"when": "after_record", "do": "status", "status": 400, "body": "<html>"}), None),
    ] {
        let bench = Bench::new().await;
        let till = bench.client();
        failed(&bench, &till).await;
        let mut fault = json!({"vendor": "modulkassa", "route": "requeue"});
        for (name, value) in lost.as_object().unwrap() {
            fault[name] = value.clone();
        }
        bench.fault(fault);
        if let Some((status, body)) = shown {
            // The first question is the one before the document is put back.
            bench.fault(json!({"vendor": "modulkassa", "route": "status", "when": "answer", "do": "status",
                "status": status, "body": body, "skip": 1}));
        }
        let envelope = common::call(&till, "requeue_document", json!({"id": "order-1"})).await;
        assert_ne!(envelope["error"]["outcome"], "not_registered", "{lost}: {envelope}");
        let end = ok(&till, "wait", json!({"id": "order-1"})).await;
        assert_eq!(end["state"], "registered", "{lost}: {end}");
        assert_eq!(bench.emulator.ledger().len(), 1, "{lost}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_requeue_that_never_arrived_leaves_the_failure_as_it_was() {
    let bench = Bench::new().await;
    let till = bench.client();
    failed(&bench, &till).await;
    bench.fault(json!({"vendor": "modulkassa", "route": "requeue", "do": "drop"}));
    let refused = error(&till, "requeue_document", json!({"id": "order-1"})).await;
    assert_eq!(
        (&refused["code"], &refused["outcome"]),
        (&json!("fiscalization_failed"), &json!("not_registered")),
        "{refused}"
    );
    ok(&till, "requeue_document", json!({"id": "order-1"})).await;
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_put_back_is_on_record_whatever_the_journal_thought() {
    let bench = Bench::new().await;
    let till = bench.client();
    failed(&bench, &till).await;
    let id = ok(&till, "status", json!({"id": "order-1"})).await["vendor_document_id"].clone();
    // In the vendor's cabinet, or by another program.
    let url = format!(
        "{}/v1/doc/{}/re-queue",
        bench.emulator.config("modulkassa")["base_url"].as_str().unwrap(),
        id.as_str().unwrap()
    );
    let credentials = bench.emulator.config("modulkassa")["credentials"].clone();
    let answer = reqwest::Client::new()
        .put(url)
        .basic_auth(credentials["user_name"].as_str().unwrap(), credentials["password"].as_str())
        .send()
        .await;
    assert!(answer.unwrap().status().is_success());
    for _ in 0..100 {
        let seen = ok(&till, "document_status", json!({"document_id": id})).await;
        if seen["state"] == "registered" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    let again = ok(&till, "register", receipt("order-1")).await;
    assert_eq!(again["state"], "registered");
    assert_eq!(bench.emulator.ledger().len(), 1);
}
