//! protocol/modulkassa.md 6.1 item 27: the result is brought to the shop.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Hook, Shop, document, until, with};
use serde_json::{Value, json};

async fn shop() -> Shop {
    Shop::open_with(&[("callback_backoff_ms", json!(5))]).await
}

fn asking(id: &str, url: &str) -> Value {
    with(document(id), "/responseURL", json!(url))
}

/// The QR text of a document, escaped so many times.
async fn escaped_qr(shop: &Shop, id: &str, times: usize) -> String {
    let info = shop.status(id).await.json()["fiscalInfo"].clone();
    let escape = |text: String| text.replace('%', "%25").replace('=', "%3D").replace('&', "%26");
    (0..times).fold(info["qr"].as_str().unwrap().to_owned(), |text, _| escape(text))
}

#[tokio::test]
async fn item_27_get_with_status_and_qr_completes_the_document() {
    let (shop, hook) = (shop().await, Hook::open(&[200]).await);
    let url = format!("{}/hook?order=1&key=s3#top", hook.url);
    let done = shop.submit_until(&asking("a", &url), "COMPLETED").await;
    assert_eq!(done.text("message"), "Document successfully completed with callback");
    let qr = escaped_qr(&shop, "a", 1).await;
    let line = format!("GET /hook?order=1&key=s3&status=SUCCESS&qr={qr} HTTP/1.1");
    assert_eq!((hook.line(0), hook.count()), (line, 1));
    assert_eq!(shop.stored("a")["history"], json!(["QUEUED", "PENDING", "PRINTED", "COMPLETED"]));
}

#[tokio::test]
async fn item_27_other_forms_by_switch() {
    let (shop, hook) = (shop().await, Hook::open(&[200]).await);
    let url = format!("{}/hook", hook.url);
    shop.switch("callback_form", "get_double_encoded");
    shop.submit_until(&asking("double", &url), "COMPLETED").await;
    let qr = escaped_qr(&shop, "double", 2).await;
    assert_eq!(hook.line(0), format!("GET /hook?status=SUCCESS&qr={qr} HTTP/1.1"));
    shop.switch("callback_form", "get_without_status");
    shop.submit_until(&asking("bare", &url), "COMPLETED").await;
    let qr = escaped_qr(&shop, "bare", 1).await;
    assert_eq!(hook.line(1), format!("GET /hook?qr={qr} HTTP/1.1"));
    shop.switch("callback_form", "post_json");
    shop.submit_until(&asking("post", &url), "COMPLETED").await;
    assert_eq!(hook.line(2), "POST /hook HTTP/1.1");
    let request = hook.received.lock().unwrap()[2].clone();
    let body: Value = serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((&body["status"], &body["fnState"]), (&json!("PRINTED"), &json!("READY")));
    assert!(body["fiscalInfo"]["fnDocNumber"].is_u64());
}

#[tokio::test]
async fn item_27_retries_until_200() {
    let (shop, hook) = (shop().await, Hook::open(&[500, 302, 200]).await);
    shop.submit_until(&asking("a", &hook.url), "COMPLETED").await;
    assert_eq!(hook.count(), 3);
    let history = json!(["QUEUED", "PENDING", "PRINTED", "WAIT_FOR_CALLBACK", "COMPLETED"]);
    assert_eq!(shop.stored("a")["history"], history);
}

#[tokio::test]
async fn item_27_stays_waiting_when_the_retries_are_used_up() {
    let (shop, hook) = (shop().await, Hook::open(&[500]).await);
    shop.switch("callback_retries", 2);
    shop.submit_until(&asking("a", &hook.url), "WAIT_FOR_CALLBACK").await;
    until("all attempts", || shop.stored("a")["callback_attempts"] == 3).await;
    let waiting = shop.status("a").await.json();
    assert_eq!(waiting["status"], "WAIT_FOR_CALLBACK");
    assert!(waiting["fiscalInfo"].is_object());
    assert_eq!(shop.emulator.ledger().len(), 1);
}

#[tokio::test]
async fn item_27_a_shop_that_says_nothing_is_given_up_in_time() {
    let shop = shop().await;
    shop.switch("callback_timeout_ms", 20);
    shop.switch("callback_retries", 0);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    shop.submit_until(&asking("a", &url), "WAIT_FOR_CALLBACK").await;
    let problem = shop.stored("a")["callback_problem"].as_str().unwrap().to_owned();
    assert!(problem.contains("in time"), "{problem}");
}

#[tokio::test]
async fn item_27_nothing_leaves_this_machine_unless_allowed() {
    let shop = shop().await;
    shop.switch("callback_retries", 0);
    for (id, url) in [
        ("a", "http://192.0.2.1/hook"),
        ("b", "http://shop.example/"),
        ("c", "https://127.0.0.1/"),
        ("d", "no url"),
    ] {
        shop.submit_until(&asking(id, url), "WAIT_FOR_CALLBACK").await;
        let problem = shop.stored(id)["callback_problem"].as_str().unwrap().to_owned();
        assert!(problem.starts_with("responseURL"), "{problem}");
    }
}

#[tokio::test]
async fn item_27_failures_are_told_only_on_demand() {
    let (shop, hook) = (shop().await, Hook::open(&[200]).await);
    shop.fault(json!({ "vendor": "modulkassa", "route": "submit", "do": "fail", "times": 2 }));
    shop.submit_until(&asking("a", &hook.url), "FAILED").await;
    shop.submit_until(&with(asking("x", &hook.url), "/moneyPositions/0/sum", json!(1)), "FAILED").await;
    assert_eq!(hook.count(), 0);
    shop.switch("callback_on_failure", true);
    shop.submit_until(&with(asking("b", &hook.url), "/moneyPositions/0/sum", json!(1)), "FAILED").await;
    until("the failure is told", || hook.count() == 1).await;
    assert_eq!(hook.line(0), "GET /?status=FAILED HTTP/1.1");
    assert_eq!(shop.status("b").await.text("status"), "FAILED");
}

#[tokio::test]
async fn a_fault_delivers_twice() {
    let (shop, hook) = (shop().await, Hook::open(&[200]).await);
    shop.fault(json!({ "vendor": "modulkassa", "route": "callback", "do": "twice", "match": "a" }));
    shop.submit_until(&asking("a", &hook.url), "COMPLETED").await;
    until("both deliveries", || hook.count() == 2).await;
    assert_eq!(hook.line(0), hook.line(1));
    assert_eq!(shop.emulator.ledger().len(), 1);
}

#[tokio::test]
async fn a_fault_delivers_before_the_answer_to_the_submit() {
    let shop = Shop::open_with(&[("tick_ms", json!(600_000))]).await;
    let hook = Hook::open(&[200]).await;
    shop.fault(json!({ "vendor": "modulkassa", "route": "callback", "do": "before_answer" }));
    let reply = shop.submit(&asking("a", &hook.url)).await;
    assert_eq!((reply.text("status").as_str(), hook.count()), ("QUEUED", 1));
    assert_eq!(shop.status("a").await.text("status"), "COMPLETED");
}
