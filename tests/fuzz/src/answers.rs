//! Every reader of a vendor's answer, by itself. An input is a line with vendor, reader and status, then the body.

use kassa::error::Code;
use kassa::table::readers::{self, Answer};
use kassa::transport::Sent;
use serde_json::Value;

use crate::bytes::{line, words};
use crate::exchange::published;
use crate::record::{self, Given};

/// Any answer gives words that it stands for: never `registered` without a legible confirmation, never `failed` from
/// what no table knows, never a defect.
pub fn answers(data: &[u8]) {
    let (head, body) = line(data);
    let words = words(head);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let all: Vec<_> = readers::all().collect();
    let known = all.iter().find(|reader| reader.vendor == word(0) && reader.name == word(1));
    let number = head.iter().fold(0, |sum: usize, byte| sum * 31 % 9_973 + usize::from(*byte));
    let reader = known.unwrap_or(&all[number % all.len()]);
    let status = word(2).parse().unwrap_or(200);
    let said = (reader.read)(&Answer {
        status,
        location: None,
        retry_after_ms: None,
        body: body.to_vec(),
        sent: Sent::default(),
    });
    let told =
        || format!("{} {} {status} says {said:?} of {}", reader.vendor, reader.name, body.escape_ascii());
    assert_ne!(said.code.as_deref(), Some(Code::Internal.name()), "{}", told());
    if let Some(fiscal) = &said.fiscal {
        let written = serde_json::to_string(fiscal).unwrap();
        let read = serde_json::from_str(&written).unwrap();
        assert_eq!(*fiscal, read, "{}", told());
    }
    let given = if reader.vendor == "ikkm" {
        let whole = readers::reply(body, body.len().max(1));
        // The pieces in which it comes are the network's choice. Once it is whole, nothing behind it is looked at.
        assert_eq!(whole, readers::reply(body, 1), "{}", told());
        whole.map(|(status, reason, body)| Given { status, reason, body })
    } else {
        Some(Given { status, reason: Vec::new(), body: body.to_vec() })
    };
    let is_of_counters = reader.name == "counters";
    match said.word {
        "registered" if is_of_counters => {
            assert!(given.is_some_and(|given| given.body.contains(&b'\n')), "{}", told())
        }
        "registered" => {
            assert!(given.is_some_and(|given| record::confirms(reader.vendor, &given)), "{}", told())
        }
        "failed" => assert!(given.is_some_and(|given| record::refuses(reader.vendor, &given)), "{}", told()),
        "absent" if reader.vendor == "modulkassa" => assert_eq!(status, 404, "{}", told()),
        _ => {}
    }
}

/// Answers that almost confirm or almost refuse a document.
const ALMOST: &[(&str, u16, &str)] = &[
    (
        "atol report",
        200,
        r#"{"uuid": "5f0b8d5e-6c0a-4f55-9a53-6a0a8b1f2c11", "status": "done", "payload": {"fiscal_document_number": 7}}"#,
    ),
    (
        "atol report",
        200,
        r#"{"uuid": "5f0b8d5e-6c0a-4f55-9a53-6a0a8b1f2c11", "status": "done", "payload": {"fiscal_document_attribute": 7}}"#,
    ),
    (
        "atol report",
        200,
        r#"{"status": "done", "payload": {"fiscal_document_number": 7, "fiscal_document_attribute": 7}}"#,
    ),
    (
        "atol report",
        200,
        r#"{"uuid": "5f0b8d5e-6c0a-4f55-9a53-6a0a8b1f2c11", "status": "fail", "error": {"type": "driver", "code": 70001}}"#,
    ),
    (
        "atol report",
        200,
        r#"{"uuid": "5f0b8d5e-6c0a-4f55-9a53-6a0a8b1f2c11", "status": "fail", "error": {"code": null}}"#,
    ),
    ("atol registration", 400, r#"{"error": {"type": "system", "code": 32000}}"#),
    ("atol registration", 400, r#"{"status": "fail", "error": {}}"#),
    ("modulkassa look_up", 200, r#"{"status": "COMPLETED", "fiscalInfo": {"shiftNumber": 1}}"#),
    ("modulkassa look_up", 200, r#"{"status": "COMPLETED", "fiscalInfo": null}"#),
    ("modulkassa submit", 200, r#"{"status": "PRINTED", "fiscalInfo": {"sum": "x", "qr": null}}"#),
    ("modulkassa submit", 302, r#"{"status": "COMPLETED", "fiscalInfo": {"fnDocNumber": 7}}"#),
    ("modulkassa look_up", 200, r#"{"status": "FAILED", "fiscalInfo": {"fnDocNumber": 7}}"#),
    ("modulkassa look_up", 404, "<html>"),
    ("ikassa document", 200, r#"{"uid": 7}"#),
    ("ikassa document", 200, r#"{"uid": " "}"#),
    ("ikassa document", 200, r#"{"uid": "A17F", "code": "kernel.document.refused"}"#),
    ("ikassa document", 400, r#"{"code": "kernel.documents.refused", "message": "no"}"#),
    ("ikassa document", 400, r#"{"code": "gateway.document.refused", "message": "no"}"#),
    ("ikkm document", 0, "HTTP/1.1 200 7\r\nContent-Length: 8\r\n\r\n11112222"),
    ("ikkm document", 0, "HTTP/1.1 200 7\r\nContent-Length: 8\r\n\r\n00000000"),
    ("ikkm document", 0, "HTTP/1.1 400 7\r\nContent-Length: 8\r\n\r\n33334444"),
    ("ikkm document", 0, "HTTP/1.1 200 7\r\nContent-Length: 3\r\n\r\n-10"),
    ("ikkm document", 0, "HTTP/1.1 400 7\r\nContent-Length: 3\r\n\r\n-18"),
];

/// Every published answer of a vendor, to every reader of it that may meet it.
pub fn corpus() -> Vec<Vec<u8>> {
    let mut made = Vec::new();
    for exchange in published() {
        let path = exchange.request["path"].as_str().unwrap_or_default();
        let names: &[&str] = match (exchange.vendor, path) {
            ("atol", path) if path.contains("oken") => &["token"],
            ("atol", path) if path.contains("report") => &["report"],
            ("atol", path) if path.contains("cash-registers/") => &["kkt"],
            ("atol", path) if path.contains("cash-registers") => &["kkts"],
            ("atol", _) => &["registration", "repeat"],
            ("modulkassa", path) if path.ends_with("/doc") => &["submit"],
            ("modulkassa", path) if path.ends_with("re-queue") => &["requeue"],
            ("modulkassa", path) if path.contains("/doc/") => &["look_up", "status"],
            ("modulkassa", path) if path.contains("associate") => &["association"],
            ("modulkassa", path) if path.contains("retail-points") => &["retail_points"],
            ("modulkassa", path) if path.contains("retail-point") => &["retail_point"],
            ("modulkassa", _) => &["service_status"],
            ("ikassa", path) if path.contains("device") => &["code"],
            ("ikassa", path) if path.contains("token") => &["tokens"],
            ("ikassa", path) if path.contains(".doc.") => &["document"],
            ("ikassa", path) if path.ends_with(".shift") => &["shift"],
            ("ikassa", _) => &["question"],
            (_, path) if path.contains("getInfo") => &["info"],
            (_, path) if path.contains("transaction") => &["transaction"],
            (_, path) if path.contains("cheques") => &["cheques"],
            (_, path) if path.contains("sales") => &["sales"],
            (_, path) if path.contains("report") => &["shift_report"],
            (_, path) if path.contains("shifts") => &["shifts"],
            (_, path) if path.contains("items") => &["items"],
            (_, path) if path.contains("table") => &["taxes"],
            _ => &["document"],
        };
        for name in names {
            let status = exchange.given.status;
            let mut input = format!("{} {name} {status}\n", exchange.vendor).into_bytes();
            if exchange.vendor == "ikkm" {
                input.extend(crate::fake::written(&exchange.given, true));
            } else {
                input.extend(&exchange.given.body);
            }
            made.push(input);
        }
    }
    let shift = |cash: i64| {
        let attributes = serde_json::json!({"$.cashin.sum": cash, "$.sale.sum": cash});
        serde_json::json!({"document": null, "counters": {"BYN": {"attributes": attributes}}}).to_string()
    };
    for after in [0, 29_000, 30_000] {
        made.push(format!("ikassa counters 200\n{}\n{}", shift(0), shift(after)).into_bytes());
    }
    let chunked =
        "HTTP/1.1 200 1566\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\n3333\r\n4\r\n4444\r\n0\r\n\r\n";
    made.push(format!("ikkm document 200\n{chunked}").into_bytes());
    for code in [-1, -10, -99, -115, i32::MIN] {
        made.push(
            format!("ikkm document 400\nHTTP/1.1 400 no\r\nContent-Length: 12\r\n\r\n{code:12}").into_bytes(),
        );
    }
    made.extend(
        ALMOST.iter().map(|(reader, status, body)| format!("{reader} {status}\n{body}").into_bytes()),
    );
    let strange: [Value; 4] =
        [Value::Null, serde_json::json!([]), serde_json::json!(1e300), serde_json::json!("\u{0}")];
    made.extend(
        strange.iter().map(|body| format!("modulkassa look_up 200\n{{\"status\": {body}}}").into_bytes()),
    );
    made
}
