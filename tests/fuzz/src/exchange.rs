//! A whole client against a vendor that answers whatever the input says. An input is a line with the vendor and the
//! operations, then the answers, each behind a byte 255: a line with status and reason, or `raw`, or `lost`, then the
//! body.

use std::cell::OnceCell;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::bytes::{Bytes, line, words};
use crate::envelope::Envelope;
use crate::fake::{Fake, Next};
use crate::record::{Given, confirms, refuses};
use crate::{receipts, schema, till};

/// What stands before each answer.
const MARK: u8 = 0xff;
/// Most operations and answers of an input.
const MOST: usize = 12;

thread_local! {
    static FAKE: OnceCell<&'static Fake> = const { OnceCell::new() };
}

/// The vendor of this thread.
pub fn fake() -> &'static Fake {
    FAKE.with(|fake| *fake.get_or_init(|| Box::leak(Box::new(Fake::new()))))
}

/// Any answers give envelopes. What is `registered` was confirmed by one of them, what `failed` was refused by one, and
/// what is either is not sent again.
pub fn exchange(data: &[u8]) {
    let (head, answers) = line(data);
    let words = words(head);
    let vendor = till::meant(words.first().map_or("", String::as_str));
    let fake = fake();
    fake.plays(answers.split(|byte| *byte == MARK).skip(1).take(MOST).map(answer));
    let client = till::client(&till::config(vendor, &fake.address));
    let operations = till::operations(vendor);
    let mut final_after = None;
    for word in words.iter().skip(1).take(MOST) {
        let (operation, request, id) = call(vendor, &operations, word);
        let text = fake.during(client.call(&operation, &request));
        let told = || format!("{vendor} {operation} {request}: {text}\nafter {}", shown(&fake.given()));
        let envelope = Envelope::held(&text, &told());
        let given = fake.given();
        if envelope.says("registered") {
            // Without a key the counters of the shift may tell it.
            let by_counters = vendor == "ikassa" && counters(&given) > 1;
            assert!(by_counters || given.iter().any(|one| confirms(vendor, one)), "unconfirmed: {}", told());
        }
        if envelope.says("failed") {
            // Another's document under our id is final too.
            let is_taken = text.contains("key_taken") && given.iter().any(|one| confirms(vendor, one));
            assert!(is_taken || given.iter().any(|one| refuses(vendor, one)), "never refused: {}", told());
        }
        let sent = documents(vendor, "order-1");
        match final_after {
            Some(then) if operation != "requeue_document" => {
                assert_eq!(sent, then, "sent again after it was final: {}", told());
            }
            _ if id == "order-1" && (envelope.says("registered") || envelope.says("failed")) => {
                final_after = Some(sent);
            }
            _ => {}
        }
    }
}

/// Answers, to be read by a person.
fn shown(given: &[Given]) -> String {
    let one =
        |one: &Given| format!("{} {} {}; ", one.status, one.reason.escape_ascii(), one.body.escape_ascii());
    given.iter().map(one).collect()
}

/// Answers that have counters of a shift.
fn counters(given: &[Given]) -> usize {
    let has = |one: &&Given| String::from_utf8_lossy(&one.body).contains("attributes");
    given.iter().filter(has).count()
}

/// How many requests came that can make a document of this receipt.
fn documents(vendor: &str, id: &str) -> usize {
    let makes = |line: &str| match vendor {
        "modulkassa" => line == "POST /api/fn/v2/doc",
        "ikassa" => line.starts_with("POST /api/workstations.doc."),
        "ikkm" => line == "POST /api",
        _ => line.starts_with("POST /possystem/") && line.ends_with("/g/sell"),
    };
    fake().asked().iter().filter(|asked| makes(&asked.line) && asked.body.contains(id)).count()
}

/// The operation that a word of an input means, its request, and the id that it is about.
fn call(vendor: &str, operations: &[String], word: &str) -> (String, String, &'static str) {
    let key = json!({"id": "order-1"});
    let (operation, request, id) = match word {
        "register" => ("register", receipts::sale(vendor, "order-1"), "order-1"),
        "other" => ("register", receipts::sale(vendor, "order-2"), "order-2"),
        "status" => ("status", key, "order-1"),
        "complete" => ("resolve", json!({"id": "order-1", "mode": "complete"}), "order-1"),
        "probe" => ("resolve", json!({"id": "order-1", "mode": "probe"}), "order-1"),
        "wait" => ("wait", json!({"id": "order-1", "timeout_ms": 5}), "order-1"),
        "deliver" => ("deliver", json!({"time_limit_ms": 20, "receipts": true}), ""),
        "requeue" if vendor == "modulkassa" => ("requeue_document", key, "order-1"),
        "report" if vendor.starts_with("atol") => ("document_report", key, "order-1"),
        "document" if vendor == "modulkassa" => ("document_status", key, "order-1"),
        word => {
            let number = word.bytes().map(usize::from).sum::<usize>();
            let known = operations.iter().find(|known| *known == word);
            let operation = known.unwrap_or(&operations[number % operations.len()]);
            let mut request = schema::request(vendor, operation, &mut Bytes(&[]));
            // A verdict is a person's, and no answer of the vendor.
            if !request["id"].is_null() {
                request["id"] = json!("cash-1");
            }
            if matches!(operation.as_str(), "wait" | "deliver" | "finish_login") {
                request[if operation == "deliver" { "time_limit_ms" } else { "timeout_ms" }] = json!(5);
            }
            // Nothing in it is taken for the receipt that is looked at.
            return (operation.clone(), request.to_string().replace("order-1", "cash-1"), "");
        }
    };
    (operation.into(), request.to_string(), id)
}

fn answer(part: &[u8]) -> Next {
    let (head, body) = line(part);
    let mut head = head.splitn(2, |byte| *byte == b' ');
    let status = head.next().unwrap_or_default();
    let reason = head.next().unwrap_or_default().to_vec();
    match (status, std::str::from_utf8(status).ok().and_then(|text| text.parse::<u16>().ok())) {
        (b"raw", _) => Next::Raw(body.to_vec()),
        (b"lost", _) => Next::Lost,
        // Below 200 more would have to follow.
        (_, Some(status @ 200..=999)) => Next::Answer(Given { status, reason, body: body.to_vec() }),
        _ => Next::Answer(Given { status: 200, reason, body: body.to_vec() }),
    }
}

/// The published cases of a vendor (`tests/cases`).
pub fn cases(vendor: &str) -> Vec<Value> {
    let vendor = if vendor == "atol4" { "atol" } else { vendor };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../cases/{vendor}.json"));
    let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}

/// A published exchange.
pub struct Published {
    /// The vendor.
    pub vendor: &'static str,
    /// What was sent.
    pub request: Value,
    /// What came.
    pub given: Given,
}

fn exchanges(vendor: &'static str, step: &Value) -> Vec<Published> {
    let one = |exchange: &Value| {
        let response = &exchange["response"];
        let body = response["body"].as_str().map_or_else(|| response["body"].to_string(), str::to_owned);
        let given = Given {
            status: response["status"].as_u64().unwrap_or(200) as u16,
            reason: response["reason"].as_str().unwrap_or_default().into(),
            body: body.into(),
        };
        Published { vendor, request: exchange["request"].clone(), given }
    };
    step["exchange"].as_array().into_iter().flatten().map(one).collect()
}

fn steps(case: &Value) -> &[Value] {
    case["steps"].as_array().map_or(&[], Vec::as_slice)
}

/// Every published exchange of every vendor.
pub fn published() -> Vec<Published> {
    let vendors = till::NAMES.into_iter().filter(|name| *name != "atol4");
    let of = |vendor| {
        cases(vendor).iter().flat_map(steps).flat_map(|step| exchanges(vendor, step)).collect::<Vec<_>>()
    };
    vendors.flat_map(of).collect()
}

/// Every published case as its operations and answers; the first answer lost; and an answer that is not understood.
pub fn corpus() -> Vec<Vec<u8>> {
    let mut made = Vec::new();
    for vendor in till::NAMES.into_iter().filter(|name| *name != "atol4") {
        for case in
            cases(vendor).iter().filter(|case| steps(case).iter().any(|step| step["exchange"].is_array()))
        {
            let names: Vec<&str> = steps(case).iter().filter_map(|step| step["operation"].as_str()).collect();
            let mut input = format!("{vendor} {} status register\n", names.join(" ")).into_bytes();
            for published in steps(case).iter().flat_map(|step| exchanges(vendor, step)) {
                input.push(MARK);
                input.extend(format!("{} ", published.given.status).into_bytes());
                input.extend([published.given.reason, vec![b'\n'], published.given.body].concat());
            }
            made.push(input);
        }
    }
    // After the token or the first question, the answer to the document itself is lost, foreign or spoilt.
    let first = [
        ("atol", "200 OK\n{\"token\": \"t\"}"),
        ("ikassa", "200 OK\n{\"access_token\": \"t\", \"expires_in\": 3600}"),
        ("ikkm", "200 1565\n0"),
    ];
    let shift =
        "200 OK\n{\"document\": null, \"counters\": {\"BYN\": {\"attributes\": {\"$.cashin.sum\": 0}}}}";
    for vendor in ["modulkassa", "atol", "ikassa", "ikkm"] {
        for answer in [
            "lost",
            "raw\nHTTP/1.1 200 7\r\nContent-Length: 9\r\n\r\n33334444",
            "502 Bad\n<html>",
            "200 1566\n{}",
        ] {
            let mut input = format!("{vendor} register status complete wait deliver\n").into_bytes();
            let before = first.iter().find(|(name, _)| *name == vendor).map(|(_, answer)| *answer);
            let shift = (vendor == "ikassa").then_some(shift);
            for part in before.into_iter().chain(shift).chain([answer]).chain(shift) {
                input.push(MARK);
                input.extend(part.as_bytes());
            }
            made.push(input);
        }
    }
    made
}
