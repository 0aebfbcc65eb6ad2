//! Hostile configurations, vendors and texts: what an attacker on the network or a buyer can write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, atol, call, error, ikassa, ikkm, ok, receipt, tenge};
use kassa::Client;
use serde_json::{Value, json};

/// The violations of a configuration by path.
fn mistakes(config: &Value) -> Vec<String> {
    match Client::open(&config.to_string()) {
        Ok(_) => Vec::new(),
        Err(error) => error.violations.into_iter().map(|violation| violation.path).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_would_send_elsewhere_is_refused_by_name() {
    let device = |address: &str, more: Value| {
        let mut config =
            json!({"vendor": "ikkm", "base_url": address, "key": "11112222", "journal": "memory:"});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        mistakes(&config)
    };
    for address in
        ["http://192.168.1.20:8080", "http://10.0.0.7", "http://[fe80::1]:8080", "http://till.local:8080"]
    {
        assert!(device(address, json!({})).is_empty(), "{address}");
    }
    for address in [
        "http://8.8.8.8:8080",
        "http://8.8.8.8:80",
        "http://127.0.0.1:22",
        "http://shop:secret@192.168.1.20:8080",
        "http://192.168.1.20:8080?key=1",
        "http://192.168.1.20:8080#x",
        "http://[2001:4860:4860::8888]:8080",
    ] {
        assert_eq!(device(address, json!({})), ["/base_url"], "{address}");
    }
    assert!(device("http://8.8.8.8:8080", json!({"public_address": true})).is_empty());

    let bench = Bench::new().await;
    let mut config = bench.emulator.config("atol");
    config["monitoring_url"] = json!("http://vendor.example/api");
    assert_eq!(mistakes(&config), ["/monitoring_url"]);
    for address in ["https://shop:secret@vendor.example", "https://vendor.example/?x=1"] {
        let mut config = bench.emulator.config("modulkassa");
        config["base_url"] = json!(address);
        assert_eq!(mistakes(&config), ["/base_url"], "{address}");
        let said = Client::open(&config.to_string()).err().unwrap().to_string();
        assert!(!said.contains("secret"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_opens_the_drawer() {
    let bench = Bench::new().await;
    let till = ikkm(&bench, json!({"print_width": 15}));
    // The device prints for a while.
    let print = async |what: Value| loop {
        let envelope = call(&till, "print_text", what.clone()).await;
        match envelope["error"]["code"].as_str() {
            Some("busy") => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            _ => break assert!(envelope["error"].is_null(), "{envelope}"),
        }
    };
    let paper = || {
        let register = bench.emulator.config("ikkm")["register"].as_str().unwrap().to_owned();
        let device = bench.emulator.operate(&register, "user", json!({"role": "senior"})).unwrap();
        device["paper"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for text in ["--open-cash--", "Thanks\r\n--CUT-- ", "a\r--line--"] {
        let refused = error(&till, "print_text", json!({"text": text})).await;
        assert_eq!(refused["violations"][0]["path"], "/text", "{refused}");
        let mut sale = tenge("order-1");
        sale["vendor"] = json!({"ikkm": {"print_text": text}});
        let refused = error(&till, "register", sale).await;
        assert_eq!(refused["violations"][0]["path"], "/vendor/ikkm/print_text", "{refused}");
    }
    // Our own wrapping would make a line of it.
    for text in ["Thank you buyer --open-cash-- and come again", "Thank you buyer--open-cash---"] {
        print(json!({"text": text})).await;
        assert!(!paper().iter().any(|line| line == "[drawer]"), "{:?}", paper());
    }
    print(json!({"text": "paid", "line": true, "open_drawer": true})).await;
    let printed = paper();
    assert_eq!(printed[printed.len() - 3..], ["paid", "[line]", "[drawer]"]);
}

#[cfg(feature = "host")]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_line_has_no_key_and_no_id_in_a_path() {
    let bench = Bench::new().await;
    let collected = |envelope: &Value| envelope["log"].to_string();
    let host = |config: Value| {
        let opened: Value = serde_json::from_str(&kassa::host::open(&config.to_string())).unwrap();
        opened["ok"]["client"].as_i64().unwrap()
    };
    let mut config = bench.emulator.config("ikkm");
    for (name, value) in [("journal", "memory:"), ("log", "debug")] {
        config[name] = json!(value);
    }
    let key = config["key"].as_str().unwrap().to_owned();
    let register = config["register"].as_str().unwrap().to_owned();
    bench.emulator.operate(&register, "user", json!({"role": "senior"})).unwrap();
    let sale = tenge("order-1");
    let envelopes = tokio::task::spawn_blocking(move || {
        let till = host(config);
        let sold = kassa::host::call(till, "register", &sale.to_string());
        let made = kassa::host::call(till, "transaction", r#"{"id": "order-1"}"#);
        [sold, made].map(|text| serde_json::from_str::<Value>(&text).unwrap())
    })
    .await
    .unwrap();
    for envelope in envelopes {
        let log = collected(&envelope);
        assert!(log.contains("answered"), "{envelope}");
        assert!(!log.contains(&key), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_acts_on_a_terminal_is_shown_in_messages_and_notes() {
    let bench = Bench::new().await;
    let till = bench.client();
    let body = json!({"status": 400, "error": "Bad Request", "message": "\u{1b}[2J\u{1b}[1;1Hpaid\r\n2026 INFO ok \u{202e}"});
    bench.fault(json!({"vendor": "modulkassa", "route": "submit", "when": "before_record", "do": "status",
        "status": 400, "body": body.to_string(), "content_type": "application/json"}));
    let envelope = call(&till, "register", receipt("order-1")).await;
    let told = [&envelope["error"]["message"], &envelope["error"]["vendor"]["message"]];
    for text in told {
        let text = text.as_str().unwrap_or_default();
        assert!(
            text.contains("\\u001b[2J") && !text.contains('\u{202e}') && !text.contains(char::is_control),
            "{envelope}"
        );
    }
    let journal = ok(&till, "journal", json!({"id": "order-1"})).await;
    let is_clean = |value: &Value| value.as_str().is_none_or(|text| !text.contains(char::is_control));
    for step in journal["entries"][0]["steps"].as_array().into_iter().flatten() {
        assert!(is_clean(&step["note"]), "{step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_safe_link_of_an_answer_is_shown() {
    for (link, shown) in [
        ("javascript:alert(1)", false),
        ("http://vendor.example/login", false),
        ("https://vendor.example/login", true),
    ] {
        let bench = Bench::new().await;
        let till = ikassa(&bench, json!({}));
        let body = json!({"device_code": "d", "user_code": "u", "verification_uri": link,
            "verification_uri_complete": link, "expires_in": 600, "interval": 5});
        bench.fault(
            json!({"vendor": "ikassa", "route": "device_code", "when": "before_record", "do": "status",
            "status": 200, "body": body.to_string(), "content_type": "application/json"}),
        );
        let started = ok(&till, "start_login", json!({})).await;
        for name in ["verification_uri", "verification_uri_complete"] {
            assert_eq!(started[name].is_string(), shown, "{started}");
        }

        let bench = Bench::new().await;
        let till = atol(&bench, "v5", json!({}));
        let sale = ok(&till, "register", receipt("order-1")).await;
        let body = json!({"uuid": sale["vendor_document_id"], "status": "done",
            "payload": {"fiscal_document_number": 12, "fiscal_document_attribute": 4_021_010_203_u32, "total": 290.0,
            "ofd_receipt_url": link}});
        bench.fault(json!({"vendor": "atol", "route": "report", "when": "before_record", "do": "status",
            "status": 200, "body": body.to_string(), "content_type": "application/json"}));
        let told = ok(&till, "status", json!({"id": "order-1"})).await;
        assert_eq!(told["state"], "registered", "{told}");
        assert_eq!(told["fiscal"]["url"].is_string(), shown, "{told}");
    }
}
