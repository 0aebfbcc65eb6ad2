//! Every operation of every vendor with any request, where no vendor answers. An input is a line with the vendor, then
//! a line a call: the operation, and its request as JSON, or `~` and bytes of which one is made, or `+` and bytes of
//! which a receipt is made.

use kassa::Client;
use kassa::transport::Transports;
use serde_json::Value;
use time::OffsetDateTime;

use crate::bytes::{Bytes, line};
use crate::envelope::Envelope;
use crate::exchange::cases;
use crate::wire::sums;
use crate::{receipts, schema, till};

/// Most calls of an input.
const MOST_CALLS: usize = 8;

/// Any request gives an envelope. What `validate` takes, `register` does not refuse by itself, and what is sent for it
/// adds up to the kopeck.
pub fn dispatch(data: &[u8]) {
    let (vendor, calls) = line(data);
    let vendor = till::meant(&String::from_utf8_lossy(vendor));
    let client = till::client(&till::config(vendor, till::NOWHERE));
    let operations = till::operations(vendor);
    for call in calls.split(|byte| *byte == b'\n').take(MOST_CALLS) {
        let at = call.iter().position(|byte| *byte == b' ').unwrap_or(call.len());
        let (name, rest) = call.split_at(at);
        let name = String::from_utf8_lossy(name);
        // Most mutations of a name should still be an operation; those of the bindings' tests fail on purpose.
        let number = name.bytes().map(usize::from).sum::<usize>();
        let name = match operations.iter().find(|known| **known == name) {
            Some(known) => known.clone(),
            None if !name.len().is_multiple_of(4) || name.starts_with("test_") => {
                operations[number % operations.len()].clone()
            }
            None => name.into_owned(),
        };
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        let request = match rest.split_first() {
            Some((b'~', bytes)) => schema::request(vendor, &name, &mut Bytes(bytes)).to_string(),
            Some((b'+', bytes)) => receipts::made(vendor, &mut Bytes(bytes)).to_string(),
            _ => String::from_utf8_lossy(rest).into_owned(),
        };
        let envelope =
            Envelope::held(&till::called(&client, &name, &request), &format!("{vendor} {name} {request}"));
        assert!(!envelope.says("registered"), "{vendor} {name} {request}: nobody answered");
        if name == "validate" && matches!(envelope, Envelope::Ok(_)) {
            validated(vendor, &request, &envelope);
        }
    }
}

/// Holds `register` to what `validate` said.
fn validated(vendor: &str, request: &str, envelope: &Envelope) {
    let told = envelope.told();
    let asked = format!("{vendor} register {request}");
    let envelope = Envelope::held(&till::called(&fresh(vendor), "register", request), &asked);
    if told.valid == Some(false) {
        let names_them = matches!(&envelope, Envelope::Error(error) if !error.violations.is_empty());
        assert!(names_them, "not valid, and not refused for it: {asked}");
        return;
    }
    if let Envelope::Error(error) = &envelope {
        assert!(!envelope.blames_the_request(), "valid, and refused: {error:?}\n{asked}");
    }
    adds_up(vendor, request, told.total.as_deref());
}

fn fresh(vendor: &str) -> Client {
    till::client(&till::config(vendor, till::NOWHERE))
}

/// Holds the bytes that would be sent for a receipt to its total.
fn adds_up(vendor: &str, request: &str, total: Option<&str>) {
    let opened =
        (till::info(vendor).open)(&till::config(vendor, till::NOWHERE).to_string(), &Transports::default());
    let receipt: kassa::Receipt = kassa::read(request).unwrap();
    let at = OffsetDateTime::now_utc();
    let prepared = opened.unwrap().vendor.prepare(&receipt, at);
    let prepared =
        prepared.unwrap_or_else(|error| panic!("valid, and cannot be written: {error}\n{request}"));
    let prepared = String::from_utf8(prepared.request).unwrap();
    let total = total.map(|total| total.replace('.', "").parse::<i128>().unwrap()).unwrap();
    let sums = sums(vendor, &prepared);
    let told = || format!("{vendor} {request}\nsends {prepared}\n{sums:?}");
    assert_eq!(sums.lines.unwrap_or(total), total, "{}", told());
    assert_eq!(sums.total.unwrap_or(total), total, "{}", told());
    // The cash that a buyer hands over may be more than what is paid with it.
    let received = receipt.vendor.as_ref().and_then(|vendor| vendor.ikkm.as_ref()?.cash_received);
    if received.is_none() || vendor != "ikkm" {
        assert_eq!(sums.paid, total, "{}", told());
    }
}

/// Every published request, a made one for every operation, and receipts of many kinds.
pub fn corpus() -> Vec<Vec<u8>> {
    let mut made = Vec::new();
    for vendor in till::NAMES {
        for case in cases(vendor).iter().step_by(4) {
            let call =
                |step: &Value| format!("\n{} {}", step["operation"].as_str().unwrap(), step["request"]);
            let steps = case["steps"].as_array().map_or(&[][..], Vec::as_slice);
            let calls: String = steps.iter().take(3).map(call).collect();
            made.push(format!("{vendor}{calls}").into_bytes());
        }
        for operations in till::operations(vendor).chunks(4) {
            let calls = operations
                .iter()
                .map(|name| format!("\n{name} ~\u{3}\u{7}\u{3}\u{1}\u{7}\u{3}\u{7}\u{3}\u{1}\u{3}"));
            made.push(format!("{vendor}{}", calls.collect::<String>()).into_bytes());
        }
        for seed in 0..6_u8 {
            let bytes: Vec<u8> =
                (0..90_u8).map(|at| at.wrapping_mul(seed * 37 + 1) ^ seed).filter(|b| *b != b'\n').collect();
            made.push([format!("{vendor}\nvalidate +").into_bytes(), bytes].concat());
        }
    }
    made
}
