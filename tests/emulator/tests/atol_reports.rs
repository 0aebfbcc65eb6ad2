//! protocol/atol.md 4.1 items 18 and 27 to 32: reports and callbacks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cloud;

use cloud::{Hook, Reply, Shop, sale_v4, sale_v5, until, with};
use serde_json::{Value, json};

fn asking(document: Value, hook: &Hook) -> Value {
    with(document, "/service", json!({ "callback_url": hook.url }))
}

fn keys(reply: &Reply) -> Vec<String> {
    reply.json().as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn item_27_an_unknown_uuid_is_error_30() {
    let shop = Shop::v5().await;
    let mine = shop.through("sell", &sale_v5("a")).await.text("/uuid");
    let seed = json!({ "account": { "login": shop.part("login") }, "group": { "code": "second" } });
    shop.emulator.seed("atol", seed).unwrap();
    let foreign = format!("/possystem/v5/second/report/{mine}");
    for path in [
        shop.of_group("report/nonsense"),
        shop.of_group("report/6c1d6a9e-0c3e-4f53-8a2e-9f6f0f4b7d10"),
        foreign,
    ] {
        let reply = shop.call("GET", &path, "").await;
        assert_eq!((reply.error(), reply.text("/status")), ((400, 30), "fail".into()), "{path}");
    }
}

#[tokio::test]
async fn item_28_not_ready_is_200_with_error_34() {
    let shop = Shop::open("v5", &[("tick_ms", json!(600_000))]).await;
    let hook = Hook::open(&[200]).await;
    let uuid = shop.sell(&asking(sale_v5("a"), &hook)).await.text("/uuid");
    let waiting = shop.report(&uuid).await;
    assert_eq!((waiting.error(), waiting.text("/status")), ((200, 34), "wait".into()));
    assert_eq!((waiting.text("/uuid"), waiting.text("/callback_url")), (uuid.clone(), hook.url.clone()));
    let error = waiting.at("/error");
    assert_eq!(
        (&error["text"], &error["type"]),
        (&json!("Состояние чека не найдено. Попробуйте позднее"), &json!("system"))
    );
    shop.switch("wait_has_uuid", false);
    assert!(!shop.report(&uuid).await.has("/uuid"));
}

#[tokio::test]
async fn item_29_finished_answers_carry_everything() {
    let shop = Shop::v5().await;
    let done = shop.through("sell", &sale_v5("a")).await;
    shop.fault(json!({ "route": "submit", "do": "fail" }));
    let failed = shop.through("sell", &sale_v5("b")).await;
    let fields = [
        "callback_url",
        "daemon_code",
        "device_code",
        "error",
        "external_id",
        "group_code",
        "payload",
        "status",
        "timestamp",
        "uuid",
        "warnings",
    ];
    assert_eq!(
        (keys(&done), keys(&failed)),
        (fields.map(str::to_owned).to_vec(), fields.map(str::to_owned).to_vec())
    );
    for reply in [&done, &failed] {
        assert_eq!((reply.at("/warnings"), reply.text("/callback_url")), (Value::Null, String::new()));
        assert_eq!(
            (reply.text("/daemon_code"), reply.text("/group_code")),
            ("emu-agent-1".into(), shop.part("group_code"))
        );
        assert!(reply.text("/device_code").starts_with("KKT"));
    }
    assert_eq!((done.at("/error"), done.text("/external_id")), (Value::Null, "a".into()));
    assert!(done.body.contains("\"warnings\":null") && done.body.contains("\"error\":null"));
    let payload: Vec<_> = done.at("/payload").as_object().unwrap().keys().cloned().collect();
    let fields = [
        "ecr_registration_number",
        "fiscal_document_attribute",
        "fiscal_document_number",
        "fiscal_receipt_number",
        "fn_number",
        "fns_site",
        "marks_result",
        "ofd_inn",
        "ofd_receipt_url",
        "receipt_datetime",
        "shift_number",
        "total",
    ];
    assert_eq!(payload, fields);
    let part = |name: &str| done.at(&format!("/payload/{name}"));
    let link = format!(
        "https://consumer.1-ofd-test.ru/v1?fn={}&fp={}&i={}",
        part("fn_number").as_str().unwrap(),
        part("fiscal_document_attribute"),
        part("fiscal_document_number")
    );
    assert_eq!((part("ofd_receipt_url"), part("ofd_inn")), (json!(link), json!("7709364346")));
}

#[tokio::test]
async fn item_30_documents_are_kept_32_and_30_days() {
    for (protocol, days, switch) in [("v4", 32, "v4_retention_days"), ("v5", 30, "v5_retention_days")] {
        let shop = Shop::open(protocol, &[("token_hours", json!(24 * 100))]).await;
        let body = if protocol == "v4" { sale_v4("a") } else { sale_v5("a") };
        let uuid = shop.through("sell", &body).await.text("/uuid");
        shop.emulator.advance_s(days * 24 * 3600 - 60);
        assert_eq!(shop.report(&uuid).await.text("/status"), "done", "{protocol}");
        shop.emulator.advance_s(60);
        assert_eq!(shop.report(&uuid).await.error(), (400, 30));
        shop.switch(switch, 60);
        assert_eq!(shop.report(&uuid).await.text("/status"), "done");
    }
}

#[tokio::test]
async fn item_31_the_rate_limit_of_v4_reports_is_off_and_can_be_on() {
    let shop = Shop::v4().await;
    let uuid = shop.through("sell", &sale_v4("a")).await.text("/uuid");
    for _ in 0..5 {
        assert_eq!(shop.report(&uuid).await.status, 200);
    }
    shop.switch("report_rate_limit", true);
    shop.emulator.advance_s(10);
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(shop.report(&uuid).await.error());
    }
    assert_eq!(seen, [(200, -1), (200, -1), (429, 40)]);
    shop.emulator.advance_s(1);
    assert_eq!(shop.report(&uuid).await.status, 200);
    let shop = Shop::open("v5", &[("report_rate_limit", json!(true))]).await;
    for _ in 0..5 {
        assert_eq!(shop.report("x").await.status, 400);
    }
}

#[tokio::test]
async fn item_32_the_callback_is_the_report() {
    let (shop, hook) = (Shop::v5().await, Hook::open(&[200]).await);
    let done = shop.through("sell", &asking(sale_v5("a"), &hook)).await;
    until("a callback", || hook.count() == 1).await;
    let head = hook.head(0);
    assert!(head.starts_with("POST /hook HTTP/1.1"), "{head}");
    assert!(head.to_lowercase().contains("content-type: application/json; charset=utf-8"), "{head}");
    assert_eq!(hook.body(0), shop.report(&done.text("/uuid")).await.body);
    shop.fault(json!({ "route": "submit", "do": "fail", "failure_code": 3 }));
    let failed = shop.through("sell", &asking(sale_v5("b"), &hook)).await;
    until("another callback", || hook.count() == 2).await;
    assert_eq!(hook.body(1), failed.body);
}

#[tokio::test]
async fn item_32_no_callback_for_a_document_that_waits() {
    let shop = Shop::open("v5", &[("tick_ms", json!(600_000))]).await;
    let hook = Hook::open(&[200]).await;
    let uuid = shop.sell(&asking(sale_v5("a"), &hook)).await.text("/uuid");
    assert_eq!(shop.report(&uuid).await.text("/status"), "wait");
    assert_eq!(hook.count(), 0);
    shop.switch("tick_ms", 1);
    until("a callback", || hook.count() == 1).await;
}

fn listed(shop: &Shop, id: &str) -> Value {
    let documents = shop.emulator.documents()["atol"].as_array().unwrap().clone();
    documents.into_iter().find(|document| document["external_id"] == id).unwrap()
}

#[tokio::test]
async fn item_32_callbacks_are_tried_again_only_on_demand() {
    let shop = Shop::v5().await;
    let hook = Hook::open(&[500]).await;
    shop.through("sell", &asking(sale_v5("a"), &hook)).await;
    until("the attempt", || listed(&shop, "a")["callback_attempts"] == 1).await;
    assert!(listed(&shop, "a")["callback_problem"].as_str().unwrap().contains("500"));
    let hook = Hook::open(&[500, 500, 200]).await;
    shop.switch("callback_retries", 5);
    shop.switch("callback_backoff_ms", 1);
    shop.through("sell", &asking(sale_v5("b"), &hook)).await;
    until("success", || listed(&shop, "b")["callback_attempts"] == 3).await;
    assert_eq!((hook.count(), &listed(&shop, "b")["callback_problem"]), (3, &Value::Null));
    shop.switch("callback_retries", 0);
    shop.switch("callback_timeout_ms", 20);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    shop.through("sell", &with(sale_v5("c"), "/service", json!({ "callback_url": url }))).await;
    until("the end of patience", || listed(&shop, "c")["callback_problem"].is_string()).await;
    assert!(listed(&shop, "c")["callback_problem"].as_str().unwrap().contains("in time"));
}

#[tokio::test]
async fn item_32_callbacks_stay_on_this_machine_unless_allowed() {
    let shop = Shop::open("v5", &[("callback_timeout_ms", json!(50))]).await;
    let far = |id: &str| with(sale_v5(id), "/service", json!({ "callback_url": "http://192.0.2.1/hook" }));
    for (id, allowed) in [("a", false), ("b", true)] {
        shop.switch("allow_foreign_callbacks", allowed);
        shop.through("sell", &far(id)).await;
        until("a problem", || listed(&shop, id)["callback_problem"].is_string()).await;
        let problem = listed(&shop, id)["callback_problem"].as_str().unwrap().to_owned();
        assert_eq!(problem.contains("not allowed"), !allowed, "{problem}");
    }
}

#[tokio::test]
async fn item_32_callbacks_are_lost_late_doubled_and_early_by_rule() {
    let (shop, hook) = (Shop::v5().await, Hook::open(&[200]).await);
    shop.fault(json!({ "route": "callback", "do": "twice", "match": "a" }));
    shop.through("sell", &asking(sale_v5("a"), &hook)).await;
    until("both", || hook.count() == 2).await;
    assert_eq!(hook.body(0), hook.body(1));
    shop.fault(json!({ "route": "callback", "do": "drop" }));
    shop.through("sell", &asking(sale_v5("b"), &hook)).await;
    until("the loss", || listed(&shop, "b")["callback_problem"].is_string()).await;
    assert_eq!(hook.count(), 2);
    shop.fault(json!({ "route": "callback", "do": "delay", "delay_ms": 50 }));
    let started = std::time::Instant::now();
    shop.through("sell", &asking(sale_v5("c"), &hook)).await;
    until("the late one", || hook.count() == 3).await;
    assert!(started.elapsed().as_millis() >= 50);
    shop.switch("tick_ms", 600_000);
    shop.fault(json!({ "route": "callback", "do": "before_answer" }));
    let accepted = shop.sell(&asking(sale_v5("d"), &hook)).await;
    assert_eq!((accepted.text("/status"), hook.count()), ("wait".into(), 4));
    assert_eq!(shop.report(&accepted.text("/uuid")).await.body, hook.body(3));
    for rule in [
        json!({ "route": "callback", "do": "status" }),
        json!({ "route": "submitt", "do": "drop" }),
        json!({ "route": "submit", "do": "busy" }),
    ] {
        let rule = with(rule, "/vendor", json!("atol"));
        assert!(shop.emulator.add_fault(serde_json::from_value(rule.clone()).unwrap()).is_err(), "{rule}");
    }
}

#[tokio::test]
async fn item_18_a_callback_url_outside_the_mask() {
    let shop = Shop::v4().await;
    let masked = |document: Value, url: &str| with(document, "/service", json!({ "callback_url": url }));
    let bad = [
        "ftp://shop.ru/",
        "http://shop.ru/~me",
        "http://me@shop.ru/",
        "http://[::1]/",
        "http://shop.ru/a:b",
        "http://shop-:80/",
        "http://",
        "shop.ru",
    ];
    let good = [
        "https://shop.ru:8080/cb",
        "http://127.0.0.1:1/hook?x=1",
        "http://localhost/cb",
        "http://магазин.рф/чек",
        "http://café.ru:/x",
    ];
    for (index, url) in bad.iter().chain(&good).enumerate() {
        let done = shop.through("sell", &masked(sale_v4(&format!("{index}")), url)).await;
        let warning = if bad.contains(url) {
            json!({ "callback_url": "callback_url не соответствует маске" })
        } else {
            Value::Null
        };
        assert_eq!((done.at("/warnings"), done.text("/callback_url")), (warning, (*url).to_owned()), "{url}");
    }
    let shop = Shop::v5().await;
    for url in bad {
        assert_eq!(
            shop.violations("sell", &masked(sale_v5("a"), url)).await,
            ["PatternMismatch: #/service.callback_url"]
        );
    }
    for url in good {
        assert_eq!(shop.sell(&masked(sale_v5(url), url)).await.status, 200, "{url}");
    }
    shop.switch("bad_callback_v5", "warning");
    let done = shop.through("sell", &masked(sale_v5("w"), bad[0])).await;
    assert!(done.has("/warnings/callback_url"));
    let refused = ["PatternMismatch: #/service.callback_url"];
    assert_eq!(shop.violations("sell", &masked(sale_v5("e"), "")).await, refused);
    shop.switch("empty_callback_v5", "warning");
    let done = shop.through("sell", &masked(sale_v5("e"), "")).await;
    assert_eq!((done.text("/status"), done.at("/warnings")), ("done".into(), Value::Null));
}
