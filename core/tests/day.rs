//! The day of a shop: what the journal has on record, added up, and found again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, error, ikassa, ok, roubles};
use serde_json::{Value, json};

fn sale(id: &str, kind: &str, vat: &str, price: &str, payment: &str, issued_at: &str) -> Value {
    json!({
        "id": id, "kind": kind, "issued_at": issued_at,
        "items": [{"name": "Mug", "price": price, "quantity": "1", "vat": vat}],
        "payments": [{"type": payment, "sum": price}], "customer": {"email": "buyer@shop.example"},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_are_those_of_the_receipts_on_record() {
    let bench = Bench::new().await;
    let till = bench.client_with(json!({"time_zone": "+03:00"}));
    let receipts = [
        // 22.00 and 0.11 of VAT 22; the second is of the next day in Moscow.
        sale("a", "sell", "22", "122.00", "card", "2026-11-01T12:00:00+03:00"),
        sale("b", "sell", "10", "0.63", "cash", "2026-11-01T23:59:59Z"),
        sale("c", "sell_refund", "22", "122.00", "card", "2026-11-01T13:00:00+03:00"),
        sale("d", "sell", "22", "0.61", "cash", "2026-11-01T13:00:00+03:00"),
    ];
    for receipt in &receipts {
        ok(&till, "register", receipt.clone()).await;
        ok(&till, "wait", json!({"id": receipt["id"]})).await;
    }
    let queued = sale("e", "sell", "22", "5.00", "cash", "2026-11-01T14:00:00+03:00");
    ok(&till, "enqueue", json!({"receipts": [queued]})).await;
    let totals = ok(&till, "totals", json!({})).await;
    let vat = |rate: &str, total: &str, vat: &str| json!({rate: {"total": total, "vat": vat}});
    assert_eq!(
        totals["rows"],
        json!([
            {"day": "2026-11-01", "shift": null, "kind": "sell", "receipts": 2, "total": "122.61",
             "payments": {"card": "122.00", "cash": "0.61"}, "vat": vat("22", "122.61", "22.11")},
            {"day": "2026-11-01", "shift": null, "kind": "sell_refund", "receipts": 1, "total": "122.00",
             "payments": {"card": "122.00"}, "vat": vat("22", "122.00", "22.00")},
            {"day": "2026-11-02", "shift": null, "kind": "sell", "receipts": 1, "total": "0.63",
             "payments": {"cash": "0.63"}, "vat": vat("10", "0.63", "0.06")},
        ])
    );
    assert_eq!(totals["others"], json!({"queued": 1}));
    let later = ok(&till, "totals", json!({"since": "2026-11-02"})).await;
    assert_eq!(later["rows"].as_array().unwrap().len(), 1);
    let none = ok(&till, "totals", json!({"until": "2026-10-31"})).await;
    assert_eq!((&none["rows"], &none["others"]), (&json!([]), &json!({})));
    let shifts = ok(&till, "totals", json!({"by": "shift"})).await;
    assert!(shifts["rows"].as_array().unwrap().iter().all(|row| row["day"].is_null()), "{shifts}");
    let wrong = error(&till, "totals", json!({"since": "2026-11-03", "until": "2026-11-02"})).await;
    assert_eq!(wrong["violations"][0]["path"], "/since");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_content_is_listed_and_added_to_nothing() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    ok(&till, "open_shift", json!({})).await;
    ok(&till, "deposit", json!({"id": "morning", "sum": "1000"})).await;
    ok(&till, "register", roubles("order-1", "cash")).await;
    let totals = ok(&till, "totals", json!({})).await;
    assert_eq!(totals["without_content"], json!(["morning"]));
    assert_eq!(totals["rows"][0]["total"], "290.00");
    assert_eq!(totals["rows"][0]["vat"], json!({"20": {"total": "290.00", "vat": "48.33"}}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_filtered_by_kind_total_time_and_basis() {
    let bench = Bench::new().await;
    let till = bench.client();
    for number in 0..5 {
        let kind = if number % 2 == 0 { "sell" } else { "buy" };
        let price = format!("{}.00", 10 + number / 2);
        let receipt = sale(&format!("r-{number}"), kind, "22", &price, "card", "2026-11-01T12:00:00+03:00");
        ok(&till, "enqueue", json!({"receipts": [receipt]})).await;
    }
    let ids = |page: &Value| -> Vec<String> {
        let id = |entry: &Value| entry["registration"]["receipt_id"].as_str().unwrap().to_owned();
        page["entries"].as_array().unwrap().iter().map(id).collect()
    };
    let found = async |query: Value| ids(&ok(&till, "journal", query).await);
    assert_eq!(found(json!({"kind": "buy"})).await, ["r-1", "r-3"]);
    assert_eq!(found(json!({"total": "11"})).await, ["r-2", "r-3"]);
    assert_eq!(found(json!({"total": "11.00", "kind": "sell"})).await, ["r-2"]);
    assert_eq!(found(json!({"since": "2030-01-01T00:00:00Z"})).await, Vec::<String>::new());
    assert_eq!(found(json!({"until": "2030-01-01T00:00:00Z"})).await.len(), 5);
    // Pages of what is wanted, not of what is looked at.
    let first = ok(&till, "journal", json!({"kind": "sell", "limit": 2})).await;
    assert_eq!((ids(&first), &first["next"]), (vec!["r-0".into(), "r-2".into()], &json!("r-2")));
    let rest = ok(&till, "journal", json!({"kind": "sell", "limit": 2, "after": "r-2"})).await;
    assert_eq!((ids(&rest), &rest["next"]), (vec!["r-4".into()], &Value::Null));
    ok(&till, "deliver", json!({})).await;
    ok(&till, "wait", json!({"id": "r-0"})).await;
    let refund = json!({"id": "back", "kind": "sell_refund", "refund_of": {"id": "r-0"}});
    ok(&till, "enqueue", json!({"receipts": [refund]})).await;
    assert_eq!(found(json!({"basis": "r-0"})).await, ["back"]);
    let one = ok(&till, "journal", json!({"id": "back"})).await;
    let entry = &one["entries"][0];
    assert_eq!(
        (&entry["kind"], &entry["total"], &entry["basis"]),
        (&json!("sell_refund"), &json!("10.00"), &json!("r-0"))
    );
}
