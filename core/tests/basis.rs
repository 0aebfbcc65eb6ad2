//! Receipts that build on others: refunds from the sale, settlements of a prepayment, corrections of what was wrong. The
//! shop gives ids and quantities, and together they never take more than there is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, atol, call, error, ikassa, ikkm, ok, receipt, roubles, tenge};
use kassa::Client;
use serde_json::{Value, json};

/// Kind and total of every document on record, the last one at the end.
fn on_record(bench: &Bench) -> Vec<(String, String)> {
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let ledger = bench.emulator.ledger().into_iter().map(|entry| serde_json::to_value(entry).unwrap());
    ledger.map(|entry| (text(entry["kind"].clone()), text(entry["total"].clone()))).collect()
}

/// The body of the last request with this text in it.
fn last_body(bench: &Bench, text: &str) -> String {
    let mut bodies = bench.emulator.requests().into_iter().filter_map(|request| request.body.clone());
    bodies.rfind(|body| body.contains(text)).unwrap()
}

/// Three mugs for 290.00 together.
fn three(id: &str) -> Value {
    json!({
        "id": id, "kind": "sell",
        "items": [
            {"name": "Mug", "price": "100.00", "quantity": "3", "discount": "10.00", "vat": "22"},
            {"name": "Box", "price": "5.00", "quantity": "1", "vat": "22"},
        ],
        "payments": [{"type": "card", "sum": "295.00"}],
        "customer": {"email": "buyer@shop.example"},
    })
}

fn refund(id: &str, of: &str, lines: Value) -> Value {
    let mut refund = json!({"id": id, "kind": "sell_refund", "refund_of": {"id": of}});
    if !lines.is_null() {
        refund["refund_of"]["lines"] = lines;
    }
    refund
}

async fn registered(till: &Client, request: Value) -> String {
    let mut registration = ok(till, "register", request.clone()).await;
    if registration["state"] == "accepted" {
        registration = ok(till, "wait", json!({"id": request["id"]})).await;
    }
    assert_eq!(registration["state"], "registered", "{registration}");
    registration["fiscal"]["total"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_sale_comes_back_at_every_vendor() {
    let bench = Bench::new().await;
    let tills = [
        (bench.client(), receipt("order-1")),
        (atol(&bench, "v5", json!({})), receipt("order-1")),
        (atol(&bench, "v4", json!({"register": "v4"})), receipt("order-1")),
        (ikkm(&bench, json!({})), tenge("order-1")),
        (ikassa(&bench, json!({})), roubles("order-1", "cash")),
    ];
    for (till, sale) in tills {
        let vendor = till.about().vendor;
        if vendor == "ikassa" {
            ok(&till, "open_shift", json!({})).await;
        }
        registered(&till, sale).await;
        let back = refund("refund-1", "order-1", Value::Null);
        registered(&till, back.clone()).await;
        let record = on_record(&bench);
        let [.., sold, returned] = record.as_slice() else { panic!("{record:?}") };
        assert_eq!((returned.0.as_str(), &returned.1), ("sell_refund", &sold.1), "{vendor}");
        // The same call once more makes nothing, another refund is more than there is.
        registered(&till, back).await;
        let again = error(&till, "register", refund("refund-2", "order-1", Value::Null)).await;
        assert_eq!((&again["code"], &again["outcome"]), (&json!("basis_exceeded"), &json!("not_registered")));
        assert!(
            again["message"].as_str().unwrap().contains("of line 0 0 of 2 are left, 0.00 of money"),
            "{again}"
        );
        assert_eq!(on_record(&bench), record, "{vendor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_add_up_to_the_kopeck() {
    let bench = Bench::new().await;
    let till = bench.client();
    registered(&till, three("order-1")).await;
    let one = |id: &str| refund(id, "order-1", json!([{"item": 0, "quantity": "1"}]));
    let mut totals = Vec::new();
    for id in ["r-1", "r-2", "r-3"] {
        totals.push(registered(&till, one(id)).await);
    }
    assert_eq!(totals, ["96.67", "96.67", "96.66"]);
    // The first one once more, after the others.
    assert_eq!(registered(&till, one("r-1")).await, "96.67");
    let more = error(&till, "register", one("r-4")).await;
    assert_eq!(more["code"], "basis_exceeded", "{more}");
    // The same id for another part is a conflict.
    let other = refund("r-1", "order-1", json!([{"item": 0, "quantity": "2"}]));
    assert_eq!(error(&till, "register", other).await["code"], "receipt_conflict");
    let line = refund("r-5", "order-1", json!([{"item": 1}]));
    assert_eq!(registered(&till, line).await, "5.00");
    assert_eq!(on_record(&bench).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_divide_is_split_where_the_vendor_has_no_discounts() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let sale = ok(&till, "distribute", three("order-1")).await["receipt"].clone();
    assert_eq!(sale["items"].as_array().unwrap().len(), 3, "{sale}");
    registered(&till, sale).await;
    let money = refund("r-1", "order-1", json!([{"item": 0, "quantity": "2", "sum": "100.01"}]));
    assert_eq!(registered(&till, money).await, "100.01");
    let all = error(&till, "register", refund("r-2", "order-1", Value::Null)).await;
    assert_eq!(all["code"], "basis_exceeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discount_on_the_whole_comes_back_with_its_lines() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    ok(&till, "open_shift", json!({})).await;
    let mut sale = json!({
        "id": "order-1", "kind": "sell", "discount": "10.00",
        "items": [{"name": "A", "price": "60.00", "quantity": "1"}, {"name": "B", "price": "40.00", "quantity": "1"}],
        "payments": [{"type": "cash", "sum": "90.00"}],
    });
    sale["cashier"] = json!({"name": "Anna"});
    registered(&till, sale).await;
    registered(&till, refund("r-1", "order-1", json!([{"item": 1}]))).await;
    registered(&till, refund("r-2", "order-1", json!([{"item": 0}]))).await;
    let sales = on_record(&bench).into_iter().filter(|(kind, _)| kind.starts_with("sell"));
    let totals: Vec<String> = sales.map(|(_, total)| total).collect();
    assert_eq!(totals, ["90.00", "36.00", "54.00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_named_before_anything_is_sent() {
    let bench = Bench::new().await;
    let till = bench.client();
    registered(&till, three("order-1")).await;
    let sold = on_record(&bench);
    let mut wrong =
        refund("r", "order-1", json!([{"item": 2}, {"item": 0}, {"item": 0}, {"item": 1, "quantity": "0"}]));
    let paths = |error: &Value| -> Vec<String> {
        let found = error["violations"].as_array().unwrap();
        found.iter().map(|violation| violation["path"].as_str().unwrap().to_owned()).collect()
    };
    let found = error(&till, "register", wrong.clone()).await;
    assert_eq!(
        paths(&found),
        ["/refund_of/lines/0/item", "/refund_of/lines/2/item", "/refund_of/lines/3/quantity"]
    );
    (wrong["kind"], wrong["items"]) = (json!("sell"), three("x")["items"].clone());
    assert_eq!(paths(&error(&till, "register", wrong).await), ["/items", "/kind"]);
    for (changes, path) in [
        (json!({"refund_of": {"id": "r"}}), "/refund_of/id"),
        (json!({"refund_of": {"id": "nobody"}}), "/refund_of/id"),
        (json!({"refund_of": {"id": "order-1"}, "settles": "order-1"}), "/settles"),
        (json!({}), "/items"),
    ] {
        let mut request = json!({"id": "r", "kind": "sell_refund"});
        request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        assert_eq!(paths(&error(&till, "register", request).await)[0], path);
    }
    let validation = ok(&till, "validate", refund("r", "order-1", json!([{"item": 7}]))).await;
    assert_eq!(
        (&validation["valid"], paths(&validation)),
        (&json!(false), vec!["/refund_of/lines/0/item".into()])
    );
    let validation = ok(&till, "validate", refund("r", "order-1", Value::Null)).await;
    assert_eq!(
        (&validation["valid"], &validation["total"]),
        (&json!(true), &json!("295.00")),
        "{validation}"
    );
    assert_eq!(on_record(&bench), sold);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_is_not_on_record_is_not_refunded() {
    let bench = Bench::new().await;
    let till = bench.client();
    ok(&till, "enqueue", json!({"receipts": [three("queued"), three("withdrawn")]})).await;
    let verdict = json!({"id": "withdrawn", "verdict": {"on_record": false, "by": "Anna"}});
    ok(&till, "resolve", verdict).await;
    ok(&till, "send_document", json!({"document": sent_as_it_is()})).await;
    ok(&till, "wait", json!({"id": "theirs"})).await;
    for (of, word) in
        [("queued", "is `queued`"), ("withdrawn", "failed and is not on record"), ("theirs", "own form")]
    {
        let refused = error(&till, "register", refund("r-1", of, Value::Null)).await;
        assert_eq!(
            (&refused["code"], &refused["outcome"]),
            (&json!("basis_unusable"), &json!("not_registered"))
        );
        assert!(refused["message"].as_str().unwrap().contains(word), "{refused}");
    }
}

fn sent_as_it_is() -> Value {
    json!({
        "id": "theirs", "docNum": "1", "docType": "SALE", "checkoutDateTime": "2026-03-04T10:00:00+03:00",
        "email": "buyer@shop.example", "inventPositions": [{"name": "Mug", "price": 10, "quantity": 1, "vatTag": 1105}],
        "moneyPositions": [{"paymentType": "CARD", "sum": 10}],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepayment_is_settled_once() {
    let bench = Bench::new().await;
    let till = bench.client();
    let mut prepaid = three("advance-1");
    for item in prepaid["items"].as_array_mut().unwrap() {
        (item["payment_method"], item["vat"]) = (json!("full_prepayment"), json!("22/122"));
    }
    registered(&till, prepaid).await;
    let settled = json!({"id": "order-1", "kind": "sell", "settles": "advance-1"});
    assert_eq!(registered(&till, settled.clone()).await, "295.00");
    assert_eq!(registered(&till, settled).await, "295.00");
    let sent: Value = serde_json::from_str(&last_body(&bench, "docNum")).unwrap();
    assert_eq!(sent["moneyPositions"], json!([{"paymentType": "PREPAID", "sum": 295.00}]), "{sent}");
    assert_eq!(sent["inventPositions"][0]["paymentMethod"], "full_payment", "{sent}");
    let again = json!({"id": "order-2", "kind": "sell", "settles": "advance-1"});
    assert_eq!(error(&till, "register", again).await["code"], "basis_exceeded");
    // What was set off does not go back as a prepayment, but as what was handed over.
    let money = error(&till, "register", refund("back-1", "advance-1", Value::Null)).await;
    assert_eq!(money["code"], "basis_exceeded");
    assert!(money["message"].as_str().unwrap().contains("was set off: 0.00 of it is left"), "{money}");
    assert_eq!(on_record(&bench).len(), 2);
    assert_eq!(registered(&till, refund("back-2", "order-1", Value::Null)).await, "295.00");
    // With the goods the prepaid money came back: it may be set off once more, or go back to the buyer.
    let settled = json!({"id": "order-3", "kind": "sell", "settles": "advance-1"});
    assert_eq!(registered(&till, settled).await, "295.00");
    let again = json!({"id": "order-4", "kind": "sell", "settles": "advance-1"});
    assert_eq!(error(&till, "register", again).await["code"], "basis_exceeded");
    assert_eq!(registered(&till, refund("back-3", "order-3", Value::Null)).await, "295.00");
    assert_eq!(registered(&till, refund("back-4", "advance-1", Value::Null)).await, "295.00");
    let nothing = refund("back-5", "advance-1", Value::Null);
    assert_eq!(error(&till, "register", nothing.clone()).await["code"], "basis_exceeded");
    // To ask beforehand is to get an answer.
    let asked = ok(&till, "validate", nothing).await;
    assert_eq!(asked["valid"], false, "{asked}");
    assert_eq!(asked["violations"][0]["path"], "/refund_of/id", "{asked}");
    assert_eq!(asked["violations"][0]["code"], "basis_exceeded", "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_what_was_made_is_told_at_the_field_that_was_given() {
    let bench = Bench::new().await;
    let till = ikkm(&bench, json!({}));
    let lines = vec![json!({"name": "Mug", "price": "100", "quantity": "1"}); 50];
    let sale = json!({"id": "order-1", "kind": "sell", "items": lines, "discount": "50",
        "payments": [{"type": "card", "sum": "4950"}]});
    registered(&till, sale).await;
    // Each line has its part of the discount now, and so twice as many rows.
    let back = refund("back-1", "order-1", Value::Null);
    for violations in [
        error(&till, "register", back.clone()).await["violations"].clone(),
        ok(&till, "validate", back.clone()).await["violations"].clone(),
    ] {
        assert_eq!(violations[0]["path"], "/refund_of/id", "{violations}");
        assert!(
            violations[0]["message"].as_str().unwrap().starts_with("`/items` of the receipt"),
            "{violations}"
        );
    }
    let mut summary = back;
    summary["vendor"] = json!({"ikkm": {"summary_line": true}});
    assert_eq!(registered(&till, summary).await, "4950.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_an_advance_is_paid_at_the_counter() {
    let bench = Bench::new().await;
    let till = bench.client();
    let advance = json!({
        "id": "advance-1", "kind": "sell",
        "items": [{"name": "Advance", "price": "100.00", "quantity": "1", "vat": "22/122", "payment_method": "advance",
                   "payment_object": "payment"}],
        "payments": [{"type": "card", "sum": "100.00"}], "customer": {"email": "buyer@shop.example"},
    });
    registered(&till, advance).await;
    let mut sale = json!({"id": "order-1", "kind": "sell", "settles": "advance-1"});
    assert_eq!(error(&till, "register", sale.clone()).await["violations"][0]["path"], "/items");
    sale["items"] = three("x")["items"].clone();
    assert_eq!(error(&till, "register", sale.clone()).await["code"], "payments_differ");
    sale["payments"] = json!([{"type": "cash", "sum": "195.00"}]);
    assert_eq!(registered(&till, sale.clone()).await, "295.00");
    assert_eq!(registered(&till, sale).await, "295.00");
    assert_eq!(on_record(&bench).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_has_the_day_and_the_sign_of_what_was_wrong() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let mut sale = receipt("order-1");
    (sale["items"][0]["vat"], sale["items"][0]["discount"]) = (json!("22"), Value::Null);
    (sale["payments"][0]["sum"], sale["issued_at"]) = (json!("300.00"), json!("2026-10-05T23:30:00+03:00"));
    registered(&till, sale).await;
    let undo = json!({"id": "undo-1", "kind": "sell_refund_correction", "corrects": "order-1"});
    assert_eq!(registered(&till, undo.clone()).await, "300.00");
    let sent = last_body(&bench, "undo-1");
    assert!(sent.contains("05.10.2026"), "{sent}");
    assert_eq!(registered(&till, undo).await, "300.00");
    let wrong = json!({"id": "undo-2", "kind": "buy_correction", "corrects": "order-1"});
    assert_eq!(error(&till, "register", wrong).await["violations"][0]["path"], "/kind");
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_at_once_never_take_more_than_the_sale() {
    let bench = Bench::new().await;
    let tills: Vec<Client> = (0..4).map(|_| bench.client()).collect();
    registered(&tills[0], three("order-1")).await;
    let works = (0..12).map(|number| {
        let request = refund(&format!("r-{number}"), "order-1", json!([{"item": 0, "quantity": "1"}]));
        call(&tills[number % tills.len()], "register", request)
    });
    let results = futures_util::future::join_all(works).await;
    let refused = results.iter().filter(|result| result["error"]["code"] == "basis_exceeded").count();
    assert_eq!(refused, 9, "{results:?}");
    ok(&tills[0], "deliver", json!({})).await;
    for result in results.iter().filter(|result| result["error"].is_null()) {
        ok(&tills[0], "wait", json!({"id": result["ok"]["receipt_id"]})).await;
    }
    let refunds: Vec<_> = on_record(&bench).into_iter().filter(|(kind, _)| kind == "sell_refund").collect();
    assert_eq!(refunds.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_in_the_outbox_take_their_part_at_once() {
    let bench = Bench::new().await;
    let till = bench.client();
    registered(&till, three("order-1")).await;
    let part = |id: &str| refund(id, "order-1", json!([{"item": 0, "quantity": "2"}]));
    let enqueued =
        ok(&till, "enqueue", json!({"receipts": [part("r-1"), part("r-2"), three("order-2")]})).await;
    assert_eq!(enqueued["entries"].as_array().unwrap().len(), 2, "{enqueued}");
    let failed = &enqueued["errors"][0];
    assert_eq!((&failed["receipt_id"], &failed["error"]["code"]), (&json!("r-2"), &json!("basis_exceeded")));
    let delivered = ok(&till, "deliver", json!({})).await;
    assert_eq!(delivered["errors"], json!([]), "{delivered}");
    // One that failed takes nothing.
    ok(&till, "enqueue", json!({"receipts": [refund("r-3", "order-1", json!([{"item": 0}]))]})).await;
    let one = refund("r-4", "order-1", json!([{"item": 0, "quantity": "1"}]));
    ok(&till, "enqueue", json!({"receipts": [one.clone()]})).await;
    let verdict = json!({"id": "r-4", "verdict": {"on_record": false, "by": "Anna"}});
    ok(&till, "resolve", verdict).await;
    let anew = refund("r-5", "order-1", json!([{"item": 0, "quantity": "1"}]));
    assert_eq!(registered(&till, anew).await, "96.67");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_receipt_is_replaced_in_one_call_that_goes_on_where_it_stopped() {
    let bench = Bench::new().await;
    let till = bench.client();
    registered(&till, three("order-1")).await;
    let mut right = three("order-1-right");
    (right["items"][1]["price"], right["payments"][0]["sum"]) = (json!("6.00"), json!("296.00"));
    let mut request = json!({"wrong": "order-1", "refund_id": "order-1-back", "receipt": right});
    // With a mistake in the right one nothing is taken back.
    let mut mistaken = request.clone();
    mistaken["receipt"]["payments"][0]["sum"] = json!("1.00");
    let refused = error(&till, "replace", mistaken).await;
    assert_eq!(refused["violations"][0]["path"], "/receipt/payments", "{refused}");
    assert_eq!(on_record(&bench).len(), 1);
    let same = error(&till, "replace", json!({"wrong": "a", "refund_id": "a", "receipt": three("b")})).await;
    assert_eq!(same["violations"][0]["path"], "/refund_id");
    // It stops between the two: what is sent for the right one is lost on its way.
    bench.fault(json!({"vendor": "modulkassa", "route": "submit", "when": "before_record", "do": "drop",
                       "match": "order-1-right", "times": 5}));
    let (mut stopped, mut replaced) = (0, json!({}));
    while replaced["receipt"].is_null() {
        assert!(stopped < 50, "{replaced}");
        let envelope = call(&till, "replace", request.clone()).await;
        if envelope["error"].is_object() {
            let message = envelope["error"]["message"].as_str().unwrap();
            assert!(message.starts_with("the refund order-1-back is on record, and"), "{message}");
            stopped += 1;
        }
        replaced = envelope["ok"].clone();
        if replaced["receipt"].is_null() {
            ok(&till, "wait", json!({"id": "order-1-back"})).await;
        }
    }
    assert!(stopped > 0);
    assert_eq!(replaced["refund"]["state"], "registered");
    ok(&till, "wait", json!({"id": "order-1-right"})).await;
    request["refund_id"] = json!("another");
    assert_eq!(error(&till, "replace", request).await["code"], "basis_exceeded");
    let record = on_record(&bench);
    let record: Vec<_> = record.iter().map(|(kind, total)| (kind.as_str(), total.as_str())).collect();
    assert_eq!(record, [("sell", "295.00"), ("sell_refund", "295.00"), ("sell", "296.00")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn corrections_that_take_a_sale_back_count_with_its_refunds() {
    let bench = Bench::new().await;
    let till = bench.client();
    registered(&till, three("order-1")).await;
    let undo = |id: &str| json!({"id": id, "kind": "sell_refund_correction", "corrects": "order-1"});
    assert_eq!(registered(&till, undo("undo-1")).await, "295.00");
    for more in [undo("undo-2"), refund("back-1", "order-1", json!([{"item": 1}]))] {
        let refused = error(&till, "register", more).await;
        assert_eq!(refused["code"], "basis_exceeded", "{refused}");
        assert!(refused["message"].as_str().unwrap().contains("0.00 of order-1 is left"), "{refused}");
    }
    // The right one after it takes nothing back.
    let again = json!({"id": "anew-1", "kind": "sell_correction", "corrects": "order-1"});
    assert_eq!(registered(&till, again).await, "295.00");
    registered(&till, three("order-2")).await;
    registered(&till, refund("back-2", "order-2", json!([{"item": 1}]))).await;
    let whole = json!({"id": "undo-3", "kind": "sell_refund_correction", "corrects": "order-2"});
    assert_eq!(error(&till, "register", whole).await["code"], "basis_exceeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_prepayment_is_settled() {
    let bench = Bench::new().await;
    let till = bench.client();
    registered(&till, three("plain")).await;
    let settle =
        |id: &str, of: &str| json!({"id": id, "kind": "sell", "settles": of, "items": three("x")["items"]});
    let refused = error(&till, "register", settle("a", "plain")).await;
    assert_eq!(refused["violations"][0]["path"], "/settles", "{refused}");
    let mut advance = three("advance-1");
    for item in advance["items"].as_array_mut().unwrap() {
        (item["payment_method"], item["vat"]) = (json!("full_prepayment"), json!("22/122"));
    }
    registered(&till, advance).await;
    registered(&till, json!({"id": "order-1", "kind": "sell", "settles": "advance-1"})).await;
    // A settlement is none.
    assert_eq!(error(&till, "register", settle("b", "order-1")).await["violations"][0]["path"], "/settles");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_gets_its_share_and_what_was_kept_back_stays_with_the_shop() {
    let bench = Bench::new().await;
    let till = bench.client();
    registered(&till, three("order-1")).await;
    let one = |id: &str, sum: Value| refund(id, "order-1", json!([{"item": 0, "quantity": "1", "sum": sum}]));
    let too_much = error(&till, "register", one("a", json!("150.00"))).await;
    assert_eq!(too_much["code"], "basis_exceeded", "{too_much}");
    assert!(
        too_much["message"].as_str().unwrap().ends_with("for 150.00 is asked for, whose share is 96.67"),
        "{too_much}"
    );
    assert_eq!(registered(&till, one("b", json!("10.00"))).await, "10.00");
    assert_eq!(registered(&till, one("c", Value::Null)).await, "96.67");
    assert_eq!(registered(&till, one("d", Value::Null)).await, "96.66");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_annulled_is_not_refunded_counted_or_copied() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    ok(&till, "open_shift", json!({})).await;
    registered(&till, roubles("kept", "cash")).await;
    let sold = ok(&till, "register", roubles("annulled", "cash")).await;
    let number: u64 = sold["fiscal"]["document_number"].as_str().unwrap().parse().unwrap();
    ok(&till, "rollback", json!({"id": "undo", "number": number})).await;
    let refused = error(&till, "register", refund("r", "annulled", Value::Null)).await;
    assert_eq!(refused["code"], "basis_unusable", "{refused}");
    let totals = ok(&till, "totals", json!({})).await;
    assert_eq!(
        (&totals["rows"][0]["receipts"], &totals["others"]),
        (&json!(1), &json!({"annulled": 1})),
        "{totals}"
    );
    let slip = error(&till, "slip", json!({"id": "annulled", "format": "text"})).await;
    assert_eq!(slip["code"], "not_on_record", "{slip}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_back_where_the_right_receipt_cannot_come() {
    let bench = Bench::new().await;
    let till = bench.client();
    registered(&till, three("wrong")).await;
    registered(&till, receipt("taken")).await;
    let right = |receipt: Value| json!({"wrong": "wrong", "refund_id": "back", "receipt": receipt});
    let conflict = error(&till, "replace", right(three("taken"))).await;
    assert_eq!((&conflict["code"], &conflict["outcome"]), (&json!("receipt_conflict"), &json!("registered")));
    let built = error(&till, "replace", right(refund("r", "wrong", Value::Null))).await;
    assert_eq!(built["violations"][0]["path"], "/receipt", "{built}");
    assert_eq!(on_record(&bench).len(), 2);
}
