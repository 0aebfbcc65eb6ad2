//! ATOL Online: v4, v5 and monitoring, against the emulator and its ledger.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, atol, call, error, ok, receipt};
use serde_json::{Value, json};

const PROTOCOLS: [&str; 2] = ["v4", "v5"];

fn fault(bench: &Bench, fault: Value) {
    let mut whole = json!({"vendor": "atol", "route": "submit"});
    for (name, value) in fault.as_object().unwrap() {
        whole[name] = value.clone();
    }
    bench.fault(whole);
}

fn count(bench: &Bench, end: &str) -> usize {
    bench.emulator.requests().iter().filter(|request| request.path.to_lowercase().ends_with(end)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_accepted_then_registered() {
    for protocol in PROTOCOLS {
        let bench = Bench::new().await;
        let till = atol(&bench, protocol, json!({}));
        let sale = ok(&till, "register", receipt("order-1")).await;
        assert_eq!(sale["state"], "accepted", "{protocol}");
        let sale = ok(&till, "wait", json!({"id": "order-1"})).await;
        assert_eq!(sale["state"], "registered", "{protocol}: {sale}");
        let ledger = bench.emulator.ledger();
        assert_eq!(ledger.len(), 1);
        assert_eq!(sale["fiscal"]["document_number"], ledger[0].fiscal_document_number);
        assert_eq!(sale["fiscal"]["sign"], ledger[0].fiscal_sign);
        assert_eq!(sale["fiscal"]["total"], "290.00");
        assert_eq!(ledger[0].receipt_key, "order-1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_by_the_same_bytes() {
    for protocol in PROTOCOLS {
        for lost in [
            json!({"when": "before_record", "do": "drop"}),
            json!({"when": "after_record", "do": "drop"}),
            json!({"when": "answer", "do": "cut"}),
            json!({"when": "answer", "do": "garbage"}),
            json!({"when": "after_record", "do": "status", "status": 502}),
        ] {
            let bench = Bench::new().await;
            let till = atol(&bench, protocol, json!({}));
            fault(&bench, lost.clone());
            ok(&till, "register", receipt("order-1")).await;
            let sale = ok(&till, "wait", json!({"id": "order-1"})).await;
            assert_eq!(sale["state"], "registered", "{protocol} {lost}: {sale}");
            assert_eq!(bench.emulator.ledger().len(), 1, "{protocol} {lost}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_request_in_answer_to_a_repeat_proves_nothing() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    // Recorded, the answer lost; then a repeat is answered with error 40, which is not among the
    // errors after which a document is known not to be registered.
    fault(&bench, json!({"when": "after_record", "do": "drop"}));
    fault(&bench, json!({"when": "before_record", "do": "status", "status": 400, "skip": 1}));
    let doubt = error(&till, "register", receipt("order-1")).await;
    assert_eq!((doubt["code"].clone(), doubt["outcome"].clone()), (json!("in_doubt"), json!("unknown")));
    ok(&till, "register", receipt("order-1")).await;
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    assert_eq!(bench.emulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_share_one_token_and_renew_it_once() {
    let bench = Bench::new().await;
    let tills: Vec<_> = (0..8).map(|_| atol(&bench, "v5", json!({}))).collect();
    let sell = async |round: usize| {
        let calls = tills.iter().enumerate().map(async |(index, till)| {
            ok(till, "register", receipt(&format!("order-{round}-{index}"))).await;
        });
        futures_util::future::join_all(calls).await;
    };
    sell(0).await;
    assert_eq!(count(&bench, "gettoken"), 1);
    bench.emulator.advance_s(25 * 3600);
    sell(1).await;
    assert_eq!(count(&bench, "gettoken"), 2);
    let shown = ok(&tills[0], "journal", json!({})).await.to_string();
    assert!(!shown.contains("token"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_token_that_no_header_can_carry_is_asked_for_anew() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    ok(&till, "register", receipt("order-1")).await;
    bench.damage_secret("token", "value || char(1)");
    ok(&till, "register", receipt("order-2")).await;
    assert_eq!(count(&bench, "gettoken"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_token_of_a_time_that_cannot_be_is_asked_for_anew() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    ok(&till, "register", receipt("order-1")).await;
    bench.damage_secret("token", "'-9223372036854775808' || substr(value, instr(value, char(10)))");
    ok(&till, "register", receipt("order-2")).await;
    assert_eq!(count(&bench, "gettoken"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_document_of_both_protocols_is_recorded() {
    for (protocol, kinds) in [
        ("v4", &["sell", "sell_refund", "buy", "buy_refund", "sell_correction", "buy_correction"][..]),
        (
            "v5",
            &[
                "sell",
                "sell_refund",
                "buy",
                "buy_refund",
                "sell_correction",
                "buy_correction",
                "sell_refund_correction",
                "buy_refund_correction",
            ][..],
        ),
    ] {
        let bench = Bench::new().await;
        let till = atol(&bench, protocol, json!({}));
        for kind in kinds {
            let mut document = receipt(kind);
            document["kind"] = json!(kind);
            if kind.ends_with("_correction") {
                document["correction"] =
                    json!({"type": "instruction", "base_date": "2026-01-02", "base_number": "17"});
            }
            ok(&till, "register", document).await;
            let end = ok(&till, "wait", json!({"id": kind})).await;
            assert_eq!(end["state"], "registered", "{protocol} {kind}: {end}");
        }
        let recorded: Vec<_> =
            bench.emulator.ledger().into_iter().map(|e| serde_json::to_value(e.kind).unwrap()).collect();
        assert_eq!(json!(recorded), json!(kinds));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_document_is_final_and_says_what_to_do() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let document = json!({"external_id": "own-1", "timestamp": "23.11.2026 10:11:12", "receipt": {}});
    let refused = error(&till, "send_document", json!({"operation": "sell", "document": document})).await;
    assert_eq!(
        (refused["code"].clone(), refused["vendor"]["code"].clone()),
        (json!("refused"), json!("system/32"))
    );
    assert_eq!(refused["outcome"], "not_registered");
    let wrong_group = atol(&bench, "v5", json!({"group_code": "foreign", "register": "x"}));
    let refused = error(&wrong_group, "register", receipt("order-1")).await;
    assert_eq!(
        (refused["kind"].clone(), refused["vendor"]["code"].clone()),
        (json!("auth"), json!("system/20"))
    );
    let wrong_password = atol(&bench, "v5", json!({"password": "wrong", "journal": "memory:"}));
    let refused = error(&wrong_password, "register", receipt("order-1")).await;
    assert_eq!(
        (refused["kind"].clone(), refused["vendor"]["code"].clone()),
        (json!("auth"), json!("system/12"))
    );
    assert!(bench.emulator.ledger().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_report_is_final_and_says_whether_a_new_id_may_be_used() {
    let bench = Bench::new().await;
    let till = atol(
        &bench,
        "v5",
        json!({"company": {"tax_id": "7707083893", "tax_system": "osn",
        "payment_address": "https://shop.example", "email": "shop@shop.example"}}),
    );
    ok(&till, "register", receipt("order-1")).await;
    let failed = ok(&till, "wait", json!({"id": "order-1"})).await;
    assert_eq!(failed["state"], "failed", "{failed}");
    assert_eq!(failed["failure"]["vendor"]["code"], "agent/2009");
    let again = error(&till, "register", receipt("order-1")).await;
    assert_eq!(
        (&again["vendor"]["code"], &again["kind"]),
        (&json!("agent/2009"), &json!("refused")),
        "{again}"
    );
    assert!(again["advice"].as_str().unwrap().contains("under a new id"), "{again}");
    assert!(bench.emulator.ledger().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_are_listed_and_read_with_zeros_and_falses() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let all = ok(&till, "kkts", json!({})).await;
    let first = all["kkts"][0].clone();
    assert_eq!(first["network_error_code"], 0);
    assert_eq!(first["is_shift_open"], false);
    assert_eq!(first["unsent_documents"], Value::Null);
    assert_eq!(
        ok(&till, "kkts", json!({"limit": 1, "offset": 0})).await["kkts"].as_array().unwrap().len(),
        1
    );
    let one = ok(&till, "kkt", json!({"serial_number": first["serial_number"]})).await;
    assert_eq!(one["registration_number"], first["registration_number"]);
    assert_eq!(error(&till, "kkt", json!({"serial_number": "000"})).await["code"], "not_found");
    assert_eq!(ok(&till, "health", json!({})).await["ready"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_receipts_from_eight_clients_with_every_fault() {
    let bench = Bench::new().await;
    let tills: Vec<_> = (0..8).map(|_| atol(&bench, "v5", json!({"timeout_ms": 30_000}))).collect();
    for (skip, lost) in [
        json!({"when": "before_record", "do": "drop"}),
        json!({"when": "after_record", "do": "drop"}),
        json!({"when": "answer", "do": "cut"}),
        json!({"when": "after_record", "do": "status", "status": 502}),
        json!({"when": "answer", "do": "garbage"}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut lost = lost;
        lost["times"] = json!(40);
        lost["skip"] = json!(skip * 150);
        fault(&bench, lost);
    }
    let sell = tills.iter().enumerate().map(async |(index, till)| {
        for number in 0..125 {
            let id = format!("order-{index}-{number}");
            for _ in 0..100 {
                if call(till, "register", receipt(&id)).await["error"].is_null() {
                    break;
                }
            }
            assert_eq!(ok(till, "wait", json!({"id": id})).await["state"], "registered", "{id}");
        }
    });
    futures_util::future::join_all(sell).await;
    let mut keys: Vec<_> = bench.emulator.ledger().into_iter().map(|entry| entry.receipt_key).collect();
    assert_eq!(keys.len(), 1_000);
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 1_000);
    assert_eq!(count(&bench, "gettoken"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_that_a_refused_document_asks_for_is_kept() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    bench.fault(
        json!({"vendor": "atol", "route": "submit", "when": "before_record", "do": "status", "status": 429,
        "body": "<html>slow down</html>", "content_type": "text/html", "retry_after_s": 7}),
    );
    // Whose page that is, nobody knows: the document may be on record.
    let slow = error(&till, "register", receipt("order-1")).await;
    assert_eq!((&slow["code"], &slow["retry_after_ms"]), (&json!("in_doubt"), &json!(7_000)), "{slow}");
    ok(&till, "register", receipt("order-1")).await;
    assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
    assert_eq!(bench.emulator.ledger().len(), 1);
}
