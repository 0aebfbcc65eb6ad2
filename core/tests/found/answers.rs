//! Rows 20 to 28: answers of a log-in, waits, pages, fields, of whatever vendor.

use std::time::{Duration, Instant};

use kassa::Client;
use kassa::table::readers::{self, Answer};
use kassa::transport::Sent;
use serde_json::{Value, json};

use crate::common::{Bench, atol, call, error, ikassa, ok, receipt, roubles};
use crate::{answers_instead, text};

const PAGE: &str = "<html><h1>sorry</h1></html>";

/// The log-ins that come before a sale: vendor, client, sale.
async fn logins(bench: &Bench) -> Vec<(&'static str, Client, Value)> {
    let shop = ikassa(bench, json!({"journal": "memory:"}));
    vec![
        ("atol", atol(bench, "v4", json!({"journal": "memory:"})), receipt("order-1")),
        ("atol", atol(bench, "v5", json!({"journal": "memory:"})), receipt("order-1")),
        ("ikassa", shop, roubles("order-1", "cash")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn row_20_a_log_in_without_time_sent_nothing_and_says_when() {
    let own = json!({"error": {"code": 50, "type": "system", "text": "no"}, "timestamp": "x"}).to_string();
    let oauth = json!({"error": "invalid_grant"}).to_string();
    for (status, body, wait, kind) in [
        (502, PAGE, None, "unreachable"),
        (503, PAGE, Some(30), "unreachable"),
        (503, own.as_str(), Some(30), "unreachable"),
        (503, oauth.as_str(), Some(30), "unreachable"),
        (429, PAGE, Some(30), "limited"),
        (429, own.as_str(), Some(30), "limited"),
        (200, PAGE, None, "unreachable"),
    ] {
        let bench = Bench::new().await;
        for (vendor, till, sale) in logins(&bench).await {
            let place = format!("{vendor} {status} {body}");
            let more = wait.map_or_else(|| json!({}), |seconds| json!({"retry_after_s": seconds}));
            answers_instead(&bench, vendor, "token", status, body, more);
            let told = error(&till, "register", sale.clone()).await;
            assert_eq!(
                (&told["kind"], &told["outcome"]),
                (&json!(kind), &json!("not_registered")),
                "{place}: {told}"
            );
            assert_eq!(told["retry_after_ms"], json!(wait.map(|seconds| seconds * 1_000)), "{place}: {told}");
            assert!(text(&told["advice"]).contains("with the same id"), "{place}: {told}");
            // The same id later.
            if vendor == "ikassa" {
                call(&till, "open_shift", json!({})).await;
            }
            ok(&till, "register", sale).await;
            assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered", "{place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_21_atol_the_wait_that_an_answer_asks_for_is_kept() {
    let body = json!({"error": {"code": 40, "type": "system", "text": "slow"}, "status": "fail"}).to_string();
    for body in [body.as_str(), PAGE] {
        let bench = Bench::new().await;
        let till = atol(&bench, "v5", json!({}));
        answers_instead(&bench, "atol", "submit", 429, body, json!({"retry_after_s": 7}));
        let told = error(&till, "register", receipt("order-1")).await;
        assert_eq!((&told["outcome"], &told["retry_after_ms"]), (&json!("unknown"), &json!(7_000)), "{told}");
        ok(&till, "register", receipt("order-1")).await;
        assert_eq!(ok(&till, "wait", json!({"id": "order-1"})).await["state"], "registered");
        // Of a question too.
        answers_instead(&bench, "atol", "report", 429, body, json!({"retry_after_s": 9}));
        let told = error(&till, "document_report", json!({"id": "order-1"})).await;
        assert_eq!(
            (&told["outcome"], &told["retry_after_ms"]),
            (&json!("registered"), &json!(9_000)),
            "{told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_22_modulkassa_is_left_alone_as_long_as_it_asks() {
    let bench = Bench::new().await;
    let till = bench.client();
    answers_instead(&bench, "modulkassa", "submit", 503, PAGE, json!({"retry_after_s": 30, "times": null}));
    let told = error(&till, "register", receipt("order-1")).await;
    assert_eq!((&told["outcome"], &told["retry_after_ms"]), (&json!("unknown"), &json!(30_000)), "{told}");
    assert_eq!(bench.requests("POST", "/doc"), 1);

    let bench = Bench::new().await;
    let till = bench.client_with(json!({"timeout_ms": 9_000}));
    answers_instead(&bench, "modulkassa", "submit", 503, PAGE, json!({"retry_after_s": 1}));
    let begun = Instant::now();
    ok(&till, "register", receipt("order-1")).await;
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(bench.requests("POST", "/doc"), 2);
}

#[test]
fn row_23_a_byte_order_mark_is_no_part_of_an_answer() {
    let uuid = readers::ASKED.1;
    let bodies = [
        ("atol", "registration", json!({"uuid": uuid, "status": "wait", "error": null})),
        (
            "atol",
            "report",
            json!({"uuid": uuid, "status": "done", "error": null, "payload":
            {"fiscal_document_number": 7, "fiscal_document_attribute": 9}}),
        ),
        ("atol", "token", json!({"token": "abc", "error": null})),
        ("atol", "kkts", json!([{"serialNumber": "1"}])),
        ("atol", "kkt", json!({"data": {"serialNumber": "1"}})),
        ("modulkassa", "submit", json!({"status": "QUEUED"})),
        ("modulkassa", "status", json!({"status": "QUEUED"})),
        ("modulkassa", "retail_points", json!([{"id": "1"}])),
        ("modulkassa", "retail_point", json!({"id": "1"})),
        ("ikassa", "shift", json!({"document": null, "counters": {}})),
        ("ikassa", "shift", json!([])),
    ];
    for (vendor, name, body) in bodies {
        let known: Vec<_> = readers::all().filter(|reader| reader.vendor == vendor).collect();
        let Some(reader) = known.iter().find(|reader| reader.name == name) else {
            panic!("{vendor} has {:?}", known.iter().map(|reader| reader.name).collect::<Vec<_>>());
        };
        let said = |mark: &str| {
            let body = format!("{mark}{body}").into_bytes();
            (reader.read)(&Answer {
                status: 200,
                location: None,
                retry_after_ms: None,
                body,
                sent: Sent::default(),
            })
        };
        assert!(!["unknown", "unreadable"].contains(&said("").word), "{vendor} {name}: {:?}", said(""));
        assert_eq!(said(""), said("\u{feff}"), "{vendor} {name}");
    }
}

/// A server that gives everybody these bytes.
async fn saying(bytes: &'static str) -> u16 {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 16_384]).await;
            let _ = stream.write_all(bytes.as_bytes()).await;
            let _ = stream.shutdown().await;
            let _ = stream.read(&mut [0; 16_384]).await;
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn row_24_of_a_strange_answer_status_place_and_beginning_are_told() {
    for (bytes, seen) in [
        ("HTTP/1.1 403 No\r\nContent-Length: 20\r\n\r\n<h1>blocked by</h1>\n", &["403", "blocked by"][..]),
        ("HTTP/1.1 413 Big\r\nContent-Length: 9\r\n\r\ntoo large", &["413", "too large"]),
        (
            "HTTP/1.1 302 Found\r\nLocation: https://login.example/x\r\nContent-Length: 0\r\n\r\n",
            &["302", "https://login.example/x"],
        ),
    ] {
        let port = saying(bytes).await;
        let bench = Bench::new().await;
        for (vendor, operation, request) in [
            ("modulkassa", "service_status", json!({})),
            ("modulkassa", "register", receipt("order-1")),
            ("atol", "register", receipt("order-1")),
            ("atol", "kkts", json!({})),
            ("ikassa", "start_login", json!({})),
            ("ikkm", "check", json!({})),
            ("ikkm", "info", json!({})),
        ] {
            let mut config = bench.emulator.config(vendor);
            let base = json!(format!("http://127.0.0.1:{port}"));
            for (name, value) in
                [("base_url", base), ("journal", json!("memory:")), ("timeout_ms", json!(1_500))]
            {
                config[name] = value;
            }
            for name in ["accounts_url", "api_url", "monitoring_url"] {
                if config[name].is_string() {
                    config[name] = config["base_url"].clone();
                }
            }
            let till = Client::open(&config.to_string()).unwrap();
            let told = error(&till, operation, request).await;
            // A device's answer has no address, and its text is told where it is no number.
            let seen = seen.iter().filter(|part| vendor != "ikkm" || !part.starts_with("https"));
            for part in seen {
                assert!(text(&told["message"]).contains(part), "{vendor} {operation} {part}: {told}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_25_modulkassa_the_fields_that_are_wrong_are_named() {
    let bench = Bench::new().await;
    let till = bench.client();
    let body = json!({"timestamp": "x", "status": 400, "error": "Bad Request", "message": "Validation failed",
        "errors": [{"field": "inventPositions[0].name", "message": "must not be blank"},
                   {"field": "email", "defaultMessage": "must be an address"}]});
    answers_instead(&bench, "modulkassa", "submit", 400, &body.to_string(), json!({}));
    let told = error(&till, "register", receipt("order-1")).await;
    assert_eq!((&told["code"], &told["outcome"]), (&json!("refused"), &json!("not_registered")), "{told}");
    for part in
        ["Validation failed", "inventPositions[0].name: must not be blank", "email: must be an address"]
    {
        assert!(text(&told["message"]).contains(part), "{part}: {told}");
        assert!(text(&told["vendor"]["message"]).contains(part), "{part}: {told}");
    }
    // Of another form they cost nothing of the rest.
    for errors in [json!("x"), json!([1]), json!({})] {
        let bench = Bench::new().await;
        let body = json!({"status": 400, "error": "Bad Request", "message": "no", "errors": errors});
        answers_instead(&bench, "modulkassa", "submit", 400, &body.to_string(), json!({}));
        let told = error(&bench.client(), "register", receipt("order-1")).await;
        assert_eq!(
            (&told["code"], &told["vendor"]["message"]),
            (&json!("refused"), &json!("no")),
            "{errors}: {told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_27_another_total_on_record_is_said() {
    let bench = Bench::new().await;
    let till = bench.client();
    ok(&till, "register", receipt("order-1")).await;
    let body =
        json!({"status": "COMPLETED", "fiscalInfo": {"sum": 289.99, "fnDocNumber": 7, "fnDocMark": 9}});
    answers_instead(&bench, "modulkassa", "status", 200, &body.to_string(), json!({}));
    let told = ok(&till, "status", json!({"id": "order-1"})).await;
    assert!(text(&told["notice"]).contains("289.99"), "{told}");

    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let sale = ok(&till, "register", receipt("order-1")).await;
    let body = json!({"uuid": sale["vendor_document_id"], "status": "done", "error": null, "payload":
        {"total": 289.99, "fiscal_document_number": 7, "fiscal_document_attribute": 9}});
    answers_instead(&bench, "atol", "report", 200, &body.to_string(), json!({}));
    let told = ok(&till, "status", json!({"id": "order-1"})).await;
    assert_eq!(told["state"], "registered", "{told}");
    assert!(text(&told["notice"]).contains("289.99"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_28_a_token_is_worth_nothing_with_another_password() {
    let bench = Bench::new().await;
    ok(&atol(&bench, "v5", json!({})), "register", receipt("order-1")).await;
    let tokens = || bench.requests("POST", "/getToken");
    let wrong = atol(&bench, "v5", json!({"password": "wrong"}));
    let told = error(&wrong, "register", receipt("order-2")).await;
    assert_eq!((&told["kind"], &told["outcome"]), (&json!("auth"), &json!("not_registered")), "{told}");
    assert_eq!(tokens(), 2);
    // The right one goes on with the token that it got.
    ok(&atol(&bench, "v5", json!({})), "register", receipt("order-2")).await;
    assert_eq!(tokens(), 2);

    for switch in ["client_credentials", "client_credentials_drive"] {
        bench.emulator.switch("ikassa", switch, json!(true)).unwrap();
    }
    let own = |secret: &str| {
        let own = json!({"client_secret": secret, "audience": "100000001"});
        ikassa(&bench, json!({"client_credentials": own, "refresh_token": null}))
    };
    ok(&own("demo-secret"), "cashbox", json!({})).await;
    let told = error(&own("another-secret"), "cashbox", json!({})).await;
    assert_eq!(told["kind"], "auth", "{told}");
    ok(&own("demo-secret"), "cashbox", json!({})).await;
}
