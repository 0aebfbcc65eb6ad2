//! Receipts made of bytes, of which most are right for the vendor.

use serde_json::{Value, json};

use crate::bytes::Bytes;
use crate::{schema, till};

/// A sale that every vendor takes; the name of its line is its id, so that it is known on the wire.
pub fn sale(vendor: &str, id: &str) -> Value {
    let vat = match vendor {
        "ikkm" => None,
        "ikassa" => Some("20"),
        _ => Some("22"),
    };
    let customer = is_russian(vendor).then(|| json!({"email": "buyer@shop.example"}));
    // Not as an optional member: an absent one is what most shops send.
    let mut sale = json!({
        "id": id, "kind": "sell",
        "items": [{"name": id, "price": "150.00", "quantity": "2", "discount": "10.00", "vat": vat}],
        "payments": [{"type": "card", "sum": "290.00"}],
    });
    if let Some(customer) = customer {
        sale["customer"] = customer;
    }
    sale
}

fn is_russian(vendor: &str) -> bool {
    matches!(vendor, "modulkassa" | "atol" | "atol4")
}

fn decimal(number: i128, decimals: usize) -> String {
    let scale = 10i128.pow(decimals as u32);
    format!("{}.{:0decimals$}", number / scale, number % scale)
}

/// One of the words that the vendor knows, seldom any word of the list.
fn word(list: &Value, bytes: &mut Bytes<'_>) -> Value {
    let words = list.as_array().map_or(&[][..], Vec::as_slice);
    words.get(usize::from(bytes.byte()) % words.len().max(1)).cloned().unwrap_or_default()
}

/// A receipt made of bytes. Its payments add up to its total; what else is in it may be wrong.
pub fn made(vendor: &str, bytes: &mut Bytes<'_>) -> Value {
    let can = till::capabilities(vendor);
    let mut receipt = sale(vendor, "order-1");
    receipt["cashier"] = json!({"name": "Anna"});
    receipt["kind"] = word(&can["kinds"], bytes);
    if receipt["kind"].as_str().is_some_and(|kind| kind.contains("correction")) {
        receipt["correction"] = json!({"type": "self_made", "base_date": "2026-11-20"});
    }
    let lines = 1 + usize::from(bytes.byte() % 6);
    receipt["items"] = (0..lines).map(|_| line(&can, bytes)).collect();
    if bytes.rarely(8) {
        receipt["discount"] = decimal(i128::from(bytes.short()), 2).into();
    }
    // Now and then a part that the schema allows and the vendor may not.
    if bytes.rarely(4) {
        let other = schema::request(vendor, "validate", bytes);
        for (name, member) in other.as_object().into_iter().flatten() {
            if !matches!(
                name.as_str(),
                "id" | "customer" | "items" | "payments" | "kind" | "discount" | "surcharge"
            ) {
                receipt[name] = member.clone();
            }
        }
        let extras = other["items"][0]["vendor"].clone();
        if !extras.is_null() {
            receipt["items"][0]["vendor"] = extras;
        }
    }
    let paid = kassa::read(&receipt.to_string()).ok().and_then(|read: kassa::Receipt| read.total());
    let total = paid.and_then(|total| total.hundredths()).map_or(29_000, i128::from);
    receipt["payments"] = payments(&can, total, bytes);
    receipt
}

fn line(can: &Value, bytes: &mut Bytes<'_>) -> Value {
    let price = match bytes.byte() % 4 {
        0 => 15_000,
        1 => i128::from(bytes.short()),
        2 => i128::from(bytes.short()) * i128::from(bytes.byte()),
        _ => bytes.one(&[0, 1, 99, 100, 19_999, 4_294_967_295, 2_000_000_000, 9_999_999_999_999]),
    };
    let quantity = match bytes.byte() % 4 {
        0 => 1_000,
        1 => i128::from(bytes.byte().max(1)) * 1_000,
        2 => i128::from(bytes.short().max(1)),
        _ => bytes.one(&[1, 999, 137, 333, 1_000, 2_000, 9_999_999_999, 0]),
    };
    let gross = (price * quantity + 500) / 1_000;
    let mut line = json!({"name": "Mug", "price": decimal(price, 2), "quantity": decimal(quantity, 3)});
    if let Some(vat) = can["vat"].as_array().filter(|rates| !rates.is_empty()) {
        line["vat"] = word(&vat.clone().into(), bytes);
    }
    if bytes.rarely(4) {
        line["discount"] = decimal(gross * i128::from(bytes.byte() % 101) / 100, 2).into();
    }
    for (member, words) in [("payment_object", "payment_objects"), ("unit", "units")] {
        if bytes.rarely(4) {
            line[member] = word(&can[words], bytes);
        }
    }
    if bytes.rarely(8) {
        line["vat_sum"] = decimal(gross / 6, 2).into();
    }
    line
}

fn payments(can: &Value, total: i128, bytes: &mut Bytes<'_>) -> Value {
    let first = match bytes.byte() % 4 {
        0..=2 => total,
        _ => total * i128::from(bytes.byte()) / 255,
    };
    let sums = [first, total - first];
    let of = |sum: &i128| json!({"type": word(&can["payment_types"], bytes), "sum": decimal(*sum, 2)});
    sums.iter().take(if first == total { 1 } else { 2 }).map(of).collect()
}
