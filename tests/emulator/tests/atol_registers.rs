//! protocol/atol.md 4.1 items 17 and 19 to 26: repeats, the queue, and what registers do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cloud;

use std::collections::HashSet;

use cloud::{MARK, Shop, correction_v4, correction_v5, sale_v4, sale_v5, until, with};
use kassa_emulator::Kind;
use serde_json::{Value, json};

fn driver(code: i64) -> (String, i64) {
    ("driver".to_owned(), code)
}

/// A v5 sale of one thing: price, quantity and sum as literals.
fn thing(id: &str, price: &str, quantity: &str, sum: &str, total: &str) -> Value {
    let raw = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let item = json!({ "name": "x", "price": raw(price), "quantity": raw(quantity), "sum": raw(sum), "measure": 11,
        "payment_method": "full_payment", "payment_object": 1, "vat": { "type": "vat10" } });
    let body = with(sale_v5(id), "/receipt/items", json!([item]));
    let body = with(body, "/receipt/payments", json!([{ "type": 1, "sum": raw(total) }]));
    with(body, "/receipt/total", raw(total))
}

#[tokio::test]
async fn item_17_a_repeat_gets_error_33_with_the_first_uuid() {
    let shop = Shop::v4().await;
    let first = shop.sell(&sale_v4("ord-1")).await.text("/uuid");
    for _ in 0..2 {
        for operation in ["sell", "sell_refund"] {
            let again = shop.submit(operation, &sale_v4("ord-1")).await;
            assert_eq!(
                (again.error(), again.text("/uuid"), again.text("/status")),
                ((400, 33), first.clone(), "wait".into())
            );
            let text =
                "В системе существует чек с external_id : \"ord-1\" и group_code: \"demo-shop-ru_1001\"";
            assert_eq!(again.text("/error/text"), text);
        }
        shop.finished(&first).await;
    }
    assert_eq!(shop.ledger().len(), 1);
    shop.switch("duplicate_http", "200");
    let again = shop.sell(&sale_v4("ord-1")).await;
    assert_eq!((again.error(), again.text("/uuid")), ((200, 33), first));
}

#[tokio::test]
async fn item_17_the_id_of_a_failed_document() {
    let shop = Shop::v5().await;
    shop.fault(json!({ "route": "submit", "do": "fail" }));
    let failed = shop.through("sell", &sale_v5("a")).await;
    assert_eq!(shop.sell(&sale_v5("a")).await.text("/uuid"), failed.text("/uuid"));
    shop.switch("reuse_after_fail", true);
    let done = shop.through("sell", &sale_v5("a")).await;
    assert_eq!(done.text("/status"), "done");
    assert_eq!(shop.sell(&sale_v5("a")).await.text("/uuid"), done.text("/uuid"));
    assert_eq!(shop.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn item_17_parallel_repeats_make_one_document() {
    let shop = std::sync::Arc::new(Shop::v5().await);
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let shop = shop.clone();
            tokio::spawn(async move { shop.sell(&sale_v5("same")).await })
        })
        .collect();
    let (mut uuids, mut accepted) = (HashSet::new(), 0);
    for task in tasks {
        let reply = task.await.unwrap();
        uuids.insert(reply.text("/uuid"));
        accepted += usize::from(reply.status == 200);
    }
    assert_eq!((uuids.len(), accepted), (1, 1));
    shop.finished(uuids.iter().next().unwrap()).await;
    assert_eq!(shop.ledger().len(), 1);
}

#[tokio::test]
async fn item_19_a_document_waits_for_the_registers() {
    let shop = Shop::open("v5", &[("tick_ms", json!(600_000))]).await;
    let uuid = shop.sell(&sale_v5("a")).await.text("/uuid");
    assert_eq!(shop.report(&uuid).await.text("/status"), "wait");
    shop.switch("tick_ms", 1);
    assert_eq!(shop.finished(&uuid).await.text("/status"), "done");
}

#[tokio::test]
async fn item_19_documents_fail_after_300_seconds_in_the_queue() {
    let shop = Shop::open("v4", &[("registers_on", json!(false))]).await;
    let uuid = shop.sell(&sale_v4("a")).await.text("/uuid");
    shop.emulator.advance_s(290);
    let later = shop.sell(&sale_v4("b")).await.text("/uuid");
    assert_eq!(shop.report(&uuid).await.text("/status"), "wait");
    shop.emulator.advance_s(10);
    let late = shop.finished(&uuid).await;
    assert_eq!(
        (late.text("/error/type"), late.at("/error/code"), late.at("/payload")),
        ("timeout".into(), json!(1), Value::Null)
    );
    shop.switch("registers_on", true);
    assert_eq!(shop.finished(&later).await.text("/status"), "done");
    assert_eq!(shop.ledger().len(), 1);
    shop.switch("registers_on", false);
    shop.switch("queue_timeout_s", 0);
    assert_eq!(shop.failure("sell", &sale_v4("c")).await, ("timeout".to_owned(), 1));
}

#[tokio::test]
async fn item_19_every_register_of_the_group_takes_its_share() {
    let shop = Shop::open("v5", &[("tick_ms", json!(600_000)), ("documents_per_tick", json!(1))]).await;
    let mut uuids = Vec::new();
    for id in ["a", "b", "c"] {
        uuids.push(shop.sell(&sale_v5(id)).await.text("/uuid"));
    }
    shop.switch("tick_ms", 700);
    let first = shop.finished(&uuids[1]).await;
    let zero = shop.report(&uuids[0]).await;
    assert_ne!(first.text("/device_code"), zero.text("/device_code"));
    assert_eq!(shop.report(&uuids[2]).await.text("/status"), "wait");
    let third = shop.finished(&uuids[2]).await;
    assert_eq!(third.text("/device_code"), zero.text("/device_code"));
    let number = |reply: &cloud::Reply| reply.at("/payload/fiscal_document_number").as_u64().unwrap();
    assert_eq!(number(&third), number(&zero) + 1);
}

#[tokio::test]
async fn item_20_a_foreign_inn_fails_at_the_agent() {
    let shop = Shop::v4().await;
    let body = with(sale_v4("a"), "/receipt/company/inn", json!("7700000024"));
    let failed = shop.through("sell", &body).await;
    let text = "ИНН, указанный в чеке 7700000024, не соответствует ИНН группы касс 7700000016. Попыток регистрировать чек не производилось.";
    assert_eq!(failed.at("/error"), json!({ "code": 2009, "text": text, "type": "agent" }));
    assert_eq!((failed.at("/payload"), failed.text("/status")), (Value::Null, "fail".into()));
    assert!(shop.ledger().is_empty());
}

#[tokio::test]
async fn a_taxation_system_that_the_group_does_not_have_is_a_switch() {
    for (shop, body) in [(Shop::v4().await, sale_v4("a")), (Shop::v5().await, sale_v5("a"))] {
        let with_id = |id: &str| {
            with(with(body.clone(), "/external_id", json!(id)), "/receipt/company/sno", json!("patent"))
        };
        assert_eq!(shop.through("sell", &with_id("a")).await.text("/status"), "done");
        shop.switch("check_tax_system", true);
        let failed = shop.through("sell", &with_id("b")).await;
        assert_eq!((failed.at("/error/code"), failed.text("/error/type")), (json!(143), "driver".into()));
        let own = with(body.clone(), "/external_id", json!("c"));
        assert_eq!(shop.through("sell", &own).await.text("/status"), "done");
    }
}

#[tokio::test]
async fn item_21_vat_amounts() {
    let shop = Shop::v4().await;
    let wrong = with(sale_v4("a"), "/receipt/vats/0/sum", json!(83.37));
    let failed = shop.through("sell", &wrong).await;
    assert_eq!(
        (failed.at("/error/code"), failed.text("/error/text")),
        (json!(128), "Некорректная сумма налога".into())
    );
    // Receipt-level sums are the only ones that count.
    let items = with(sale_v4("b"), "/receipt/items/0/vat/sum", json!(1));
    assert_eq!(shop.through("sell", &items).await.text("/status"), "done");
    let items = with(
        with(sale_v4("c"), "/receipt/items/0/vat/sum", json!(83.35)),
        "/receipt/vats",
        json!([{ "type": "vat10", "sum": 13.62 }]),
    );
    assert_eq!(shop.through("sell", &items).await.text("/status"), "done");
    let alone = |id: &str, sum: f64| {
        cloud::without(with(sale_v4(id), "/receipt/items/0/vat/sum", json!(sum)), "/receipt/vats")
    };
    assert_eq!(shop.failure("sell", &alone("d", 83.35)).await, driver(128));
    shop.switch("vat_error_code", "243");
    assert_eq!(shop.failure("sell", &alone("e", 83.35)).await, driver(243));
    shop.switch("vat_tolerance_kopecks", 2);
    assert_eq!(shop.through("sell", &alone("f", 83.35)).await.text("/status"), "done");
    let rate = |id: &str, word: &str, sum: f64| {
        let body = with(correction_v4(id), "/correction/vats/0", json!({ "type": word, "sum": sum }));
        with(body, "/correction/payments/0/sum", json!(100))
    };
    for (word, sum) in [
        ("vat5", 4.76),
        ("vat107", 6.54),
        ("vat10", 9.09),
        ("vat118", 15.25),
        ("vat20", 16.67),
        ("vat122", 18.03),
        ("none", 0.0),
        ("vat0", 100.0),
    ] {
        assert_eq!(
            shop.through("sell_correction", &rate(word, word, sum)).await.text("/status"),
            "done",
            "{word}"
        );
        let off = shop
            .failure(
                "sell_correction",
                &rate(&format!("{word}!"), word, (sum * 100.0 + 10.0).round() / 100.0),
            )
            .await;
        assert_eq!(off, driver(243), "{word}");
    }
    for (name, zero) in [("zero", "done"), ("amount", "fail")] {
        shop.switch("zero_vat_sum", name);
        assert_eq!(shop.through("sell_correction", &rate(name, "none", 0.0)).await.text("/status"), zero);
        let amount = shop.through("sell_correction", &rate(&format!("{name}2"), "none", 100.0)).await;
        assert_ne!(amount.text("/status"), zero);
    }
}

#[tokio::test]
async fn item_22_payments_against_the_total() {
    let shop = Shop::v4().await;
    let paid = |id: &str, payments: Value| with(sale_v4(id), "/receipt/payments", payments);
    let short = paid("a", json!([{ "type": 1, "sum": 649.84 }]));
    assert_eq!(shop.failure("sell", &short).await, driver(66));
    let over = paid("b", json!([{ "type": 1, "sum": 649.86 }]));
    assert_eq!(shop.failure("sell", &over).await, driver(52));
    let change = paid("c", json!([{ "type": 0, "sum": 500 }, { "type": 2, "sum": 400 }]));
    assert_eq!(shop.through("sell", &change).await.text("/status"), "done");
    let untold = paid("d", json!([{ "type": 0, "sum": null }]));
    assert_eq!(shop.through("sell", &untold).await.text("/status"), "done");
}

#[tokio::test]
async fn item_23_sums_are_exact_to_the_kopeck() {
    let shop = Shop::v5().await;
    assert_eq!(shop.failure("sell", &thing("a", "99.9", "1.5", "149.84", "149.84")).await, driver(16));
    assert_eq!(shop.failure("sell", &thing("b", "99.9", "1.5", "149.85", "149.86")).await, driver(227));
    for (index, sum) in ["0.12", "0.13"].into_iter().enumerate() {
        // 0.25 x 0.5 = 0.125: an exact half may go either way.
        assert_eq!(
            shop.through("sell", &thing(&format!("h{index}"), "0.25", "0.5", sum, sum)).await.text("/status"),
            "done"
        );
    }
    // In floats 1.1 x 3 is more than 3.3.
    let done = shop.through("sell", &thing("c", "1.10", "3", "3.30", "3.30")).await;
    assert!(done.body.contains("\"total\":3.3,"), "{}", done.body);
    assert_eq!(shop.ledger().last().unwrap().total, "3.30");
    let shop = Shop::v4().await;
    let rounded = |id: &str, total: f64| {
        let body = with(sale_v4(id), "/receipt/total", json!(total));
        with(body, "/receipt/payments/0/sum", json!(total))
    };
    let done = shop.through("sell", &rounded("r", 649.0)).await;
    assert_eq!((done.text("/status"), done.at("/payload/total")), ("done".into(), json!(649.85)));
    assert_eq!(shop.failure("sell", &rounded("s", 648.85)).await, driver(227));
}

#[tokio::test]
async fn item_24_marking_codes_are_checked() {
    let shop = Shop::v5().await;
    let done = shop.through("sell", &sale_v5("a")).await;
    assert_eq!(done.at("/payload/marks_result"), json!([{ "position": 1, "mark_code": MARK, "result": 15 }]));
    shop.switch("mark_result", 7);
    assert_eq!(shop.through("sell", &sale_v5("b")).await.at("/payload/marks_result/0/result"), json!(7));
    shop.switch("ism_timeout", true);
    let done = shop.through("sell", &sale_v5("c")).await;
    assert_eq!(done.at("/payload/marks_result/0/result"), json!(0));
    let strict = with(sale_v5("d"), "/ism_optional", json!(false));
    assert_eq!(shop.failure("sell", &strict).await, driver(421));
    assert_eq!(shop.failure("sell", &cloud::without(sale_v5("e"), "/ism_optional")).await, driver(421));
    let plain = shop.through("sell", &thing("f", "1", "1", "1", "1")).await;
    assert_eq!((plain.text("/status"), plain.has("/payload/marks_result")), ("done".into(), false));
    shop.switch("ism_timeout", false);
    for (count, status) in [(128, "done"), (129, "fail")] {
        let item = sale_v5("x")["receipt"]["items"][1].clone();
        let body = with(sale_v5(&format!("{count}")), "/receipt/items", json!(vec![item; count]));
        let sum = json!(1200 * count);
        let body = with(
            with(body, "/receipt/total", sum.clone()),
            "/receipt/payments",
            json!([{ "type": 1, "sum": sum }]),
        );
        let reply = shop.through("sell", &body).await;
        assert_eq!(reply.text("/status"), status);
        assert_eq!(reply.at("/error/code"), if count > 128 { json!(408) } else { Value::Null });
    }
}

#[tokio::test]
async fn item_25_numbers_shifts_and_signs() {
    let shop = Shop::open("v5", &[("token_hours", json!(1000))]).await;
    let seeded = shop.emulator.seed("atol", json!({ "account": { "login": shop.part("login") }, "group": { "kkts": 1, "tax_id": "770000000007" } }));
    let shop = Shop { config: seeded.unwrap()["config"].clone(), ..shop };
    let mut replies = Vec::new();
    for index in 0..4 {
        if index == 2 {
            shop.emulator.advance_s(24 * 3600 - 60);
        }
        if index == 3 {
            shop.emulator.advance_s(120);
        }
        replies.push(shop.through("sell", &sale_v5(&format!("{index}"))).await.json()["payload"].clone());
    }
    let numbers = |name: &str| replies.iter().map(|r| r[name].as_u64().unwrap()).collect::<Vec<_>>();
    let documents = numbers("fiscal_document_number");
    assert!(documents.windows(2).all(|pair| pair[1] == pair[0] + 1), "{documents:?}");
    assert_eq!(numbers("fiscal_receipt_number"), [1, 2, 3, 1]);
    let shifts = numbers("shift_number");
    assert_eq!(shifts, [shifts[0], shifts[0], shifts[0], shifts[0] + 1]);
    let signs = numbers("fiscal_document_attribute");
    assert!(
        signs.iter().all(|s| *s <= u64::from(u32::MAX))
            && signs.iter().filter(|s| **s > 1 << 31).count() >= 2,
        "{signs:?}"
    );
    for name in ["fn_number", "ecr_registration_number"] {
        let text = replies[0][name].as_str().unwrap();
        assert!(text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit()), "{name} {text}");
    }
    assert!(replies[0]["ecr_registration_number"].as_str().unwrap().starts_with('0'));
    assert_eq!((&replies[0]["fns_site"], &replies[0]["total"]), (&json!("www.nalog.gov.ru"), &json!(1500)));
    assert_eq!(replies[0]["receipt_datetime"].as_str().unwrap().len(), 19);
}

#[tokio::test]
async fn item_25_the_ledger_has_every_operation_in_shared_words() {
    let receipts = [
        ("sell", Kind::Sell),
        ("sell_refund", Kind::SellRefund),
        ("buy", Kind::Buy),
        ("buy_refund", Kind::BuyRefund),
    ];
    let corrections = [
        ("sell_correction", Kind::SellCorrection),
        ("buy_correction", Kind::BuyCorrection),
        ("sell_refund_correction", Kind::SellRefundCorrection),
        ("buy_refund_correction", Kind::BuyRefundCorrection),
    ];
    let (v4, v5) = (Shop::v4().await, Shop::v5().await);
    for (word, kind) in receipts {
        for (shop, body) in [(&v4, sale_v4(word)), (&v5, sale_v5(word))] {
            assert_eq!(shop.through(word, &body).await.text("/status"), "done", "{word}");
            let entry = shop.ledger().last().unwrap().clone();
            assert_eq!((entry.kind, entry.lines, entry.receipt_key.as_str()), (kind, 2, word));
        }
    }
    for (index, (word, kind)) in corrections.into_iter().enumerate() {
        assert_eq!(v5.through(word, &correction_v5(word)).await.text("/status"), "done", "{word}");
        let entry = v5.ledger().last().unwrap().clone();
        assert_eq!((entry.kind, entry.total.as_str(), entry.lines), (kind, "250.00", 1));
        if index < 2 {
            let done = v4.through(word, &correction_v4(word)).await;
            assert!(done.body.contains("\"total\":1200,"), "{}", done.body);
            let entry = v4.ledger().last().unwrap().clone();
            assert_eq!((entry.kind, entry.total.as_str(), entry.lines), (kind, "1200.00", 0));
        }
    }
}

#[tokio::test]
async fn item_26_any_failure_delay_or_status_by_rule() {
    let shop = Shop::v5().await;
    let fail = json!({ "route": "submit", "do": "fail", "match": "ord-", "failure_type": "system", "failure_code": -2146233033, "failure_message": "Ошибка формата" });
    shop.fault(fail);
    assert_eq!(shop.through("sell", &sale_v5("other")).await.text("/status"), "done");
    let failed = shop.through("sell", &sale_v5("ord-1")).await;
    assert_eq!(
        failed.at("/error"),
        json!({ "code": -2146233033_i64, "text": "Ошибка формата", "type": "system" })
    );
    shop.fault(json!({ "route": "*", "do": "fail" }));
    assert_eq!(shop.failure("sell", &sale_v5("ord-2")).await, driver(2));
    shop.fault(json!({ "route": "submit", "do": "status", "status": 500 }));
    let broken = shop.sell(&sale_v5("c")).await;
    assert_eq!(
        (broken.error(), broken.text("/error/text")),
        ((500, 50), "Ошибка сервера. Обратитесь к Администратору.".into())
    );
    for (status, code) in [(400, 40), (401, 11), (403, 14), (415, 41), (429, 40)] {
        shop.fault(json!({ "route": "submit", "do": "status", "status": status, "retry_after_s": 2 }));
        let reply = shop.sell(&sale_v5("c")).await;
        assert_eq!((reply.error(), reply.header("retry-after")), ((status, code), Some("2")));
    }
    shop.fault(json!({ "route": "submit", "do": "status", "status": 502 }));
    assert!(shop.sell(&sale_v5("c")).await.body.starts_with("<html>"));
    shop.fault(json!({ "route": "submit", "when": "after_record", "do": "garbage" }));
    let garbage = shop.sell(&sale_v5("c")).await;
    assert!(serde_json::from_str::<Value>(&garbage.body).is_err());
    assert_eq!(shop.sell(&sale_v5("c")).await.error(), (400, 33));
    shop.fault(json!({ "route": "submit", "do": "delay", "delay_ms": 60 }));
    let started = std::time::Instant::now();
    assert_eq!(shop.sell(&sale_v5("d")).await.status, 200);
    assert!(started.elapsed().as_millis() >= 60);
    until("all are recorded", || shop.ledger().len() == 3).await;
}

#[tokio::test]
async fn item_26_error_ids_by_switch() {
    let shop = Shop::v5().await;
    let service = || shop.report("no");
    let failed = |id: &'static str| {
        shop.fault(json!({ "route": "submit", "do": "fail" }));
        let shop = &shop;
        async move { shop.through("sell", &sale_v5(id)).await.has("/error/error_id") }
    };
    let id = service().await.text("/error/error_id");
    assert_eq!(uuid::Uuid::parse_str(&id).unwrap().to_string(), id);
    assert_ne!(service().await.text("/error/error_id"), id);
    assert!(!failed("a").await);
    shop.switch("error_ids", "always");
    assert!(failed("b").await && service().await.has("/error/error_id"));
    shop.switch("error_ids", "never");
    assert!(!failed("c").await && !service().await.has("/error/error_id"));
}
