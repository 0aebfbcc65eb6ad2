//! Capabilities held against what happens.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use kassa::Client;
use serde_json::{Value, json};

use crate::common::{call, error, ok};
use crate::row::Row;
use crate::shop::Shop;

/// The lists of words, the types of which they are part, and where a word stands in a receipt.
const LISTS: [(&str, &str, &str); 5] = [
    ("kinds", "ReceiptKind", "/kind"),
    ("vat", "Vat", "/items/0/vat"),
    ("payment_types", "PaymentType", "/payments/0/type"),
    ("payment_objects", "PaymentObject", "/items/0/payment_object"),
    ("units", "Unit", "/items/0/unit"),
];

/// Receipts with a word in its place: as it is, with what some vendors want beside it, and as a refund, which has
/// rates that no sale of today has.
fn with_word(mut receipt: Value, pointer: &str, word: &str) -> [Value; 3] {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    receipt.pointer_mut(parent).unwrap()[field] = json!(word);
    if word.ends_with("_correction") {
        receipt["correction"] =
            json!({"type": "instruction", "base_date": "2026-01-02", "base_number": "17"});
    }
    let mut marked = receipt.clone();
    marked["items"][0]["marking"] = json!({"code": "0104600000000017215AbCdEfGhIjK"});
    // A marking code is of one piece.
    marked["items"][0]["quantity"] = json!("1");
    marked["items"][0]["discount"] = json!(null);
    marked["payments"][0]["sum"] = marked["items"][0]["price"].clone();
    let mut refund = receipt.clone();
    if pointer == "/items/0/vat" {
        refund["kind"] = json!("sell_refund");
    }
    [receipt, marked, refund]
}

/// The first receipt that `validate` takes without a word that this vendor has no place for what stands at `pointer`, or
/// else the first one; and whether it is carried so.
async fn carried(till: &Client, receipts: [Value; 3], pointer: &str) -> (Value, bool) {
    for receipt in &receipts {
        let validation = ok(till, "validate", receipt.clone()).await;
        let mut warnings = validation["warnings"].as_array().unwrap().iter();
        let is_lost = warnings.any(|one| one["path"] == pointer && one["code"] == "not_for_this_vendor");
        if validation["valid"] == true && !is_lost {
            return (receipt.clone(), true);
        }
    }
    let [first, ..] = receipts;
    (first, false)
}

/// What is listed is carried, and nothing else is: it is refused, or warned of and then it goes out without it.
pub async fn each_word_is_taken_where_it_is_listed_only(row: &'static Row) {
    let shop = Shop::open(row).await;
    let can = ok(&shop.till, "capabilities", json!({})).await;
    assert_eq!(can["vendor"], row.vendor);
    let schema = serde_json::to_value(kassa::input::schema_of::<kassa::Receipt>()).unwrap();
    let (before, mut registered) = (shop.bench.emulator.ledger().len(), 0);
    for (list, name, pointer) in LISTS {
        for word in schema["$defs"][name]["oneOf"].as_array().unwrap().iter().map(|one| &one["const"]) {
            let id = format!("{list} {word}");
            let receipts = with_word(shop.sale(&id), pointer, word.as_str().unwrap());
            let listed = can[list].as_array().unwrap().contains(word);
            let (receipt, is_carried) = carried(&shop.till, receipts, pointer).await;
            assert_eq!(is_carried, listed, "{list} {word}: {receipt}");
            let is_valid = ok(&shop.till, "validate", receipt.clone()).await["valid"] == true;
            let envelope = call(&shop.till, "register", receipt).await;
            if is_valid {
                assert!(envelope["error"].is_null(), "{list} {word}: {envelope}");
                let end = ok(&shop.till, "wait", json!({"id": id, "timeout_ms": 10_000})).await;
                assert_eq!(end["state"], "registered", "{list} {word}: {end}");
                registered += 1;
            } else {
                assert_eq!(envelope["error"]["kind"], "invalid", "{list} {word}: {envelope}");
            }
        }
    }
    assert_eq!(shop.bench.emulator.ledger().len(), before + registered);
    for currency in can["currencies"].as_array().unwrap().iter().chain([&json!("XTS")]) {
        let mut sale = shop.sale("currency");
        sale["currency"] = currency.clone();
        assert_eq!(ok(&shop.till, "validate", sale).await["valid"], currency != "XTS", "{currency}");
    }
    for operation in can["operations"].as_array().unwrap() {
        let envelope = call(&shop.till, operation.as_str().unwrap(), json!({"no_such_field": 1})).await;
        assert_eq!(envelope["error"]["kind"], "invalid", "{operation}");
    }
    assert_eq!(error(&shop.till, "no_such_operation", json!({})).await["code"], "operation_unknown");
    assert_eq!(ok(&shop.till, "health", json!({})).await["ready"], true);
}

/// The vendor's own callback, where it has any; else it says that it has none.
pub async fn callbacks_are_read_where_there_are_any(row: &'static Row) {
    let shop = Shop::open(row).await;
    if ok(&shop.till, "capabilities", json!({})).await["callbacks"] == false {
        let refused = error(&shop.till, "parse_callback", json!({"body": "{}"})).await;
        assert_eq!((&refused["kind"], &refused["code"]), (&json!("unsupported"), &json!("unsupported")));
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let hook = std::thread::spawn(move || one_request(&listener));
    let mut sale = shop.sale("order-1");
    sale["callback_url"] = json!(format!("http://{address}/hook"));
    let end = shop.sold(&sale).await;
    let (url, body) = hook.join().unwrap();
    let callback = json!({"id": "order-1", "url": url, "body": body});
    let reading = ok(&shop.till, "parse_callback", callback).await;
    assert_eq!((&reading["success"], &reading["registration"]), (&json!(true), &end), "{reading}");
    assert_eq!(reading["fiscal"]["sign"], end["fiscal"]["sign"], "{reading}");
    let broken = error(&shop.till, "parse_callback", json!({"body": "<html>"})).await;
    assert_eq!(broken["code"], "callback_unreadable");
}

/// Answers one HTTP request with 200; gives back its target and body.
fn one_request(shop: &TcpListener) -> (String, String) {
    let (mut stream, _) = shop.accept().unwrap();
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut buffer).unwrap();
        text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_lowercase();
        let wanted = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        if body.len() >= wanted.unwrap_or(0) {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            return (text.split(' ').nth(1).unwrap().to_owned(), body.to_owned());
        }
    }
}
