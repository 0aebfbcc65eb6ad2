//! Hostile configurations, vendors and texts: what an attacker on the network or a buyer can write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, atol, call, error, ikassa, ikkm, ok, receipt, tenge};
use kassa::Client;
use serde_json::{Value, json};

const EMAIL: &str = "marked.buyer@shop.example";

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

/// A vendor whose answer repeats what it was sent, in its own form and in another.
type Echo = (&'static str, &'static str, u16, fn(&str) -> String);
const ECHOES: &[Echo] = &[
    ("modulkassa", "submit", 400, |all| json!({"status": 400, "error": all, "message": all}).to_string()),
    ("modulkassa", "submit", 500, |all| format!("<html>{all}</html>")),
    ("atol", "submit", 400, |all| {
        json!({"uuid": all, "status": "fail", "error": {"code": 32, "type": "system", "text": all}})
            .to_string()
    }),
    ("atol", "submit", 502, |all| all.into()),
    ("atol", "token", 401, |all| json!({"error": {"code": 12, "type": "system", "text": all}}).to_string()),
    ("ikassa", "sale", 200, |all| json!({"uid": all, "number": 7}).to_string()),
    ("modulkassa", "submit", 200, |all| {
        let info = json!({"fnDocNumber": 1, "fnNumber": "1", "qr": all, "sum": 290.0, "fnDocMark": all});
        json!({"status": "COMPLETED", "fiscalInfo": info}).to_string()
    }),
    ("ikassa", "sale", 400, |all| json!({"code": "kernel.document.bad", "message": all}).to_string()),
    ("ikassa", "sale", 500, |all| json!({"code": all, "message": all}).to_string()),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_repeats_of_the_request_is_kept_nowhere() {
    for (vendor, route, status, body) in ECHOES {
        let bench = Bench::new().await;
        let config = bench.emulator.config(vendor);
        let secrets: Vec<String> = [&config["password"], &config["credentials"]["password"]]
            .into_iter()
            .filter_map(|value| value.as_str().map(str::to_owned))
            .chain([EMAIL, "+79991234567"].map(str::to_owned))
            .collect();
        let (till, mut sale) = match *vendor {
            "modulkassa" => (bench.client(), receipt("order-1")),
            "atol" => (atol(&bench, "v5", json!({})), receipt("order-1")),
            _ => {
                let till = ikassa(&bench, json!({}));
                ok(&till, "open_shift", json!({})).await;
                (till, common::roubles("order-1", "cash"))
            }
        };
        if *vendor != "ikassa" {
            sale["customer"] = json!({"email": EMAIL});
        }
        let all = secrets.join(" and ");
        bench.fault(json!({"vendor": vendor, "route": route, "when": "before_record", "do": "status",
            "status": status, "body": body(&all), "content_type": "application/json"}));
        let envelope = call(&till, "register", sale).await.to_string();
        let kept = call(&till, "export", json!({})).await;
        let entry = kept["ok"]["entries"][0].clone();
        let steps = ["steps", "raw", "failure", "notice", "vendor_document_id", "fiscal"]
            .map(|name| entry[name].to_string())
            .concat();
        // What this exchange sent: a log-in knows no buyer, and iKassa is told none.
        let is_sent = |secret: &&String| match secret.as_str() {
            "+79991234567" => false,
            EMAIL => *vendor != "ikassa" && *route != "token",
            _ => true,
        };
        for secret in secrets.iter().filter(is_sent) {
            assert!(!envelope.contains(secret), "{vendor} {route} {status}: {secret} in {envelope}");
            assert!(!steps.contains(secret), "{vendor} {route} {status}: {secret} in {steps}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_repeats_the_request_is_shown_without_it() {
    let bench = Bench::new().await;
    let config = bench.emulator.config("modulkassa");
    let of_association = config["credentials"]["password"].as_str().unwrap();
    let of_account = config["account"]["password"].as_str().unwrap();
    let till = bench.client();
    let state = json!({"status": "FAILED", "message": of_association});
    for (operation, request, password, answer) in [
        ("health", json!({}), of_association, &state),
        ("service_status", json!({}), of_association, &state),
        ("document_status", json!({"document_id": "order-1"}), of_association, &state),
        // A retail point is an object: a text in its place is named in the message.
        ("retail_point", json!({"retail_point_id": "1"}), of_account, &json!(of_account)),
    ] {
        let body = answer.to_string();
        bench.fault(json!({"vendor": "modulkassa", "route": "*", "when": "before_record", "do": "status",
            "status": 200, "body": body, "content_type": "application/json"}));
        let said = call(&till, operation, request).await.to_string();
        assert!(said.contains("***") && !said.contains(password), "{operation}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pruned_stands_nowhere_in_the_files() {
    let bench = Bench::new().await;
    let path = bench.folder.path().join("journal.sqlite");
    let till = bench.client();
    for number in 0..30 {
        let mut sale = receipt(&format!("order-{number}"));
        sale["customer"] = json!({"email": EMAIL});
        ok(&till, "register", sale).await;
        ok(&till, "wait", json!({"id": format!("order-{number}")})).await;
    }
    let files = || {
        ["", "-wal"].map(|end| std::fs::read(format!("{}{end}", path.display())).unwrap_or_default()).concat()
    };
    let is_there = |bytes: &[u8]| bytes.windows(EMAIL.len()).any(|window| window == EMAIL.as_bytes());
    assert!(is_there(&files()));
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let before =
        time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap();
    assert_eq!(ok(&till, "prune", json!({"before": before})).await["entries"], 30);
    assert!(!is_there(&files()), "a buyer is left in the file");
    ok(&till, "register", receipt("order-next")).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_or_folder_that_everybody_can_change_is_refused() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new().await;
    let shared = bench.folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    let mut config = bench.emulator.config("modulkassa");
    config["journal"] = json!(format!("sqlite:{}", shared.join("journal.sqlite").display()));
    for (mode, is_refused) in [(0o777, true), (0o1777, false), (0o755, false)] {
        set_permissions(&shared, Permissions::from_mode(mode)).unwrap();
        let opened = Client::open(&config.to_string());
        assert_eq!(opened.is_err(), is_refused, "{mode:o}");
        if let Err(error) = opened {
            assert!(error.message.contains("everybody can write"), "{error}");
        }
    }
    let roots = bench.folder.path().join("roots.pem");
    std::fs::write(&roots, rcgen::generate_simple_self_signed(vec!["a".into()]).unwrap().cert.pem()).unwrap();
    config["tls"] = json!({"ca_file": roots});
    for (mode, is_refused) in [(0o666, true), (0o644, false)] {
        set_permissions(&roots, Permissions::from_mode(mode)).unwrap();
        assert_eq!(Client::open(&config.to_string()).is_err(), is_refused, "{mode:o}");
    }
    config["tls"] = json!({"ca_file": bench.folder.path()});
    assert!(Client::open(&config.to_string()).err().unwrap().message.contains("no file"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rogue_server_on_this_machine_is_not_told_the_password() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    for asked in [3_u32, 5] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = vec![0; 4_096];
            let length = stream.read(&mut heard).await.unwrap();
            heard.truncate(length);
            let message = [&b"R"[..], &12_u32.to_be_bytes(), &asked.to_be_bytes(), b"salt"].concat();
            stream.write_all(&message).await.unwrap();
            let _ = stream.read_to_end(&mut heard).await;
            heard
        });
        let bench = Bench::new().await;
        let mut config = bench.emulator.config("modulkassa");
        config["journal"] = json!(format!("postgres://shop:marked-password@127.0.0.1:{port}/kassa"));
        let said = match Client::open(&config.to_string()) {
            Ok(till) => call(&till, "register", receipt("order-1")).await.to_string(),
            Err(error) => error.to_string(),
        };
        assert!(said.contains("scram-sha-256") && !said.contains("marked-password"), "{said}");
        let heard = heard.await.unwrap();
        // The greeting and nothing more: an answer to the question begins with a `p`.
        let greeting = u32::from_be_bytes(heard[..4].try_into().unwrap()) as usize;
        assert_eq!(heard.len(), greeting, "{heard:?}");
    }
}

/// What a vendor may say instead of an answer; `{}` is the address of somebody else.
const ANSWERS: &[&str] = &[
    "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 307 Temporary Redirect\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nRefresh: 0; url={}\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x08\x08\x00",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n{",
    "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n{",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n{",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    "HTTP/1.1 999 ?\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 200\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n",
    "\r\n\r\n\r\n",
    "",
];

/// Answers everybody with the same bytes; counts who came.
async fn answering(bytes: Vec<u8>) -> (u16, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::sync::atomic::Ordering;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let came = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            came.fetch_add(1, Ordering::Relaxed);
            let bytes = bytes.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 16_384]).await;
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                let _ = stream.read(&mut [0; 16_384]).await;
            });
        }
    });
    (port, count)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_vendor_says_is_an_envelope_in_time_and_leads_nowhere() {
    use std::sync::atomic::Ordering;
    let (elsewhere, led) = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec()).await;
    let bench = Bench::new().await;
    let long = [
        format!("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n{}", "[".repeat(200_000)),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Long: y\r\n".repeat(20_000)),
        format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "y".repeat(1 << 20)),
    ];
    let answers =
        ANSWERS.iter().map(|answer| answer.replacen("{}", &format!("http://127.0.0.1:{elsewhere}/"), 1));
    for answer in answers.chain(long) {
        for vendor in ["modulkassa", "atol", "ikassa", "ikkm"] {
            let (port, came) = answering(answer.clone().into_bytes()).await;
            let mut config = bench.emulator.config(vendor);
            config["base_url"] = json!(format!("http://127.0.0.1:{port}"));
            for (name, value) in [("journal", json!("memory:")), ("timeout_ms", json!(1_500))] {
                config[name] = value;
            }
            let till = Client::open(&config.to_string()).unwrap();
            let (operation, sale) = match vendor {
                "ikassa" => ("start_login", json!({})),
                "ikkm" => ("register", tenge("order-1")),
                _ => ("register", receipt("order-1")),
            };
            let place = format!("{vendor} {:?}", answer.chars().take(60).collect::<String>());
            let begun = std::time::Instant::now();
            let envelope = call(&till, operation, sale).await;
            assert!(
                begun.elapsed() < std::time::Duration::from_millis(1_750),
                "{place}: {:?}",
                begun.elapsed()
            );
            let error = &envelope["error"];
            assert!(!error.is_null() || envelope["ok"]["state"] == "in_doubt", "{place}: {envelope}");
            assert_ne!(error["code"], "internal", "{place}: {envelope}");
            assert_ne!(error["outcome"], "registered", "{place}: {envelope}");
            assert!(came.load(Ordering::Relaxed) > 0, "{place}: nobody came, {envelope}");
        }
    }
    assert_eq!(led.load(Ordering::Relaxed), 0, "somebody was led elsewhere");
}
