//! protocol/ikkm.md 6.1 items E1 to E3, E16, E18, E20; every byte of the answers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod device;

use std::time::{Duration, Instant};

use device::{Kkm, exchange, get_request, sale, until};
use serde_json::json;

#[tokio::test]
async fn item_01_a_device_has_its_own_port_and_closes_after_each_answer() {
    let kkm = Kkm::open().await;
    assert!(kkm.address().starts_with("127.0.0.1:"));
    assert_ne!(format!("http://{}", kkm.address()), kkm.emulator.url());
    let two = format!("{0}{0}", get_request(&format!("/apicheck?key={}", kkm.key())));
    let raw = kkm.try_raw(two.replace("close", "keep-alive").as_bytes()).await.unwrap();
    assert_eq!(String::from_utf8(raw).unwrap().matches("HTTP/1.1").count(), 1);
    let head = kkm.control("GET", "ledger", "").await;
    assert_eq!(head.status, 200);
    let main = kkm.emulator.url().trim_start_matches("http://");
    let asked = get_request("/apicheck").replace("Host: device", "Host: localhost");
    let at_main = exchange(main, asked.as_bytes()).await.unwrap();
    assert!(at_main.starts_with(b"HTTP/1.1 404"));
}

#[tokio::test]
async fn item_02_the_answer_byte_by_byte() {
    let kkm = Kkm::open().await;
    let raw = kkm.try_raw(get_request(&sale(&kkm.key(), 2920)).as_bytes()).await.unwrap();
    let expected = format!(
        "HTTP/1.1 200 1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 8\r\n\
         Connection: close\r\nAccess-Control-Allow-Origin: *\r\n\r\n{}",
        kkm.key()
    );
    assert_eq!(String::from_utf8(raw).unwrap(), expected);
    let table = kkm.call("/dump/table/taxes", "").await;
    assert_eq!(table.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(table.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn item_02_spelling_of_text_bodies() {
    for (spelling, before, after) in [("bare", "", ""), ("crlf", "", "\r\n"), ("bom", "\u{feff}", "")] {
        let kkm = Kkm::open_with(&[("text_body", json!(spelling))]).await;
        assert_eq!(kkm.call("/apicheck", "").await.body(), format!("{before}0{after}"));
        assert_eq!(kkm.api("x=1").await.body(), format!("{before}-7{after}"));
    }
}

#[tokio::test]
async fn item_03_statuses_and_reasons() {
    let kkm = Kkm::open().await;
    let key = kkm.key();
    assert_eq!(kkm.call("/apicheck", "").await.told(), (200, "0".into(), "0".into()));
    let first = kkm.sale_with(&key, 500).await;
    assert_eq!(first.told(), (200, "1".into(), kkm.key()));
    assert_eq!(kkm.sale_with(&key, 500).await.told(), (203, "1".into(), kkm.key()));
    assert_eq!(kkm.sale_with("11111111", 500).await.told(), (400, "wrong key".into(), "-1".into()));
    assert_eq!(kkm.call("/apicheck", "").await.told(), (200, "1".into(), "0".into()));
    assert_eq!(kkm.call("/apideposit/", "&cash=100").await.told(), (200, "2".into(), kkm.key()));
    assert_eq!(kkm.call("/apicheck", "").await.reason(), "1", "a deposit is no receipt");
    assert_eq!(kkm.call("/apiwithdraw/", "&cash=100").await.told(), (200, "3".into(), kkm.key()));
    kkm.switch("cash_number", "last_receipt");
    assert_eq!(kkm.call("/apideposit/", "&cash=100").await.reason(), "1");
    kkm.sell(1).await;
    assert_eq!(kkm.call("/apicheck", "").await.reason(), "4");
}

#[tokio::test]
async fn item_03_the_receipt_number_may_be_missing() {
    let kkm = Kkm::open_with(&[("receipt_reason", json!("absent"))]).await;
    let absent = kkm.sale_with(&kkm.key(), 500).await;
    assert!(absent.raw.starts_with(b"HTTP/1.1 200\r\n"));
    assert_eq!(absent.body(), kkm.key());
    kkm.switch("receipt_reason", "ok");
    assert_eq!(kkm.sale_with(&kkm.key(), 500).await.told(), (200, "OK".into(), kkm.key()));
}

#[tokio::test]
async fn item_03_causes_in_russian_as_utf_8_and_windows_1251() {
    let kkm = Kkm::open().await;
    let key = kkm.key();
    let refused = async || kkm.get(&format!("/api?key={key}&sale=500&cash=300")).await;
    assert_eq!(refused().await.told(), (400, "payment less than amount".into(), "-10".into()));
    kkm.switch("cause", "russian_utf8");
    let utf8 = refused().await;
    assert_eq!((utf8.reason().as_str(), utf8.body()), ("Сумма оплат меньше суммы чека", "-10"));
    kkm.switch("cause", "russian_windows1251");
    let reply = refused().await;
    assert!(reply.raw.starts_with(b"HTTP/1.1 400 \xd1\xf3\xec\xec\xe0 \xee\xef\xeb\xe0\xf2 "));
    assert_eq!((reply.status, reply.body()), (400, "-10"));
}

#[tokio::test]
async fn item_08_paths_with_and_without_slash_and_the_documented_typo() {
    let kkm = Kkm::open().await;
    for path in ["/apicheck", "/apicheck/", "/apicheck/getInfo", "/apicheck/getInfo/", "/dump/table/items/"] {
        assert_eq!(kkm.call(path, "").await.status, 200, "{path}");
    }
    for (path, cash) in [("/apideposit", 5), ("/apideposit/", 6), ("/apiwithdraw", 7), ("/apiwithdraw/", 4)] {
        assert_eq!(kkm.call(path, &format!("&cash={cash}")).await.status, 200, "{path}");
    }
    let literal = format!("/apideposit/key={}&cash=10", kkm.key());
    assert_eq!(kkm.get(&literal).await.status, 200);
    assert_eq!(kkm.ledger().last().unwrap().total, "10.00");
    for wrong in ["/apifoo", "/API", "/", "/api/x", "/dump/table/shifts/1", "/dump/transaction"] {
        assert_eq!(kkm.call(wrong, "").await.told(), (400, "unknown method".into(), "-8".into()), "{wrong}");
    }
    let put = get_request("/apicheck?key=1").replace("GET", "PUT");
    assert!(kkm.try_raw(put.as_bytes()).await.unwrap().ends_with(b"-8"));
}

#[tokio::test]
async fn item_16_reports_answer_zero_or_nothing() {
    let kkm = Kkm::open().await;
    for path in ["/apizreport", "/apixreport"] {
        assert_eq!(kkm.call(path, "").await.told(), (200, "OK".into(), "0".into()));
    }
    kkm.switch("report_answer", "close");
    kkm.sell(100).await;
    let key = kkm.key();
    assert!(kkm.try_get(&format!("/apixreport?key={key}")).await.is_none());
    assert_eq!(kkm.device()["shift"], json!({ "id": 1, "open": true }));
    assert!(kkm.try_get(&format!("/apizreport?key={key}")).await.is_none());
    assert_eq!(kkm.device()["shift"], json!({ "id": 1, "open": false }));
    assert_eq!(kkm.key(), key);
}

#[tokio::test]
async fn item_18_the_last_document_is_forgotten_at_a_reboot() {
    let kkm = Kkm::open().await;
    let print_last = async || kkm.call("/apicheck/printLastDocument", "").await;
    assert_eq!(print_last().await.code(), -7);
    kkm.sell(100).await;
    let key = kkm.key();
    assert_eq!(print_last().await.told(), (200, "OK".into(), "0".into()));
    let paper = kkm.device()["paper"].as_array().unwrap().clone();
    assert_eq!(paper[..paper.len() / 2], paper[paper.len() / 2..]);
    kkm.act("reboot", json!(null));
    assert_eq!(print_last().await.code(), -7);
    assert_eq!(kkm.key(), key);
}

#[tokio::test]
async fn item_20_one_request_a_second() {
    let kkm = Kkm::open_with(&[("pace_ms", json!(60_000))]).await;
    assert_eq!(kkm.call("/apicheck", "").await.status, 200);
    assert_eq!(kkm.api("sale=5&cash=5").await.told(), (400, "busy".into(), "-2".into()));
    kkm.switch("pace_answer", "close");
    assert!(kkm.try_get("/apicheck?key=1").await.is_none());
    assert!(kkm.ledger().is_empty());
    kkm.switch("pace_ms", 50);
    kkm.switch("pace_answer", "busy");
    let (started, mut refused) = (Instant::now(), 0);
    while kkm.api("sale=5&cash=5").await.status != 200 {
        refused += 1;
        assert!(started.elapsed() < Duration::from_secs(10), "{refused}");
    }
    assert_eq!(kkm.ledger().len(), 1);
    let default = kassa_emulator::Emulator::start(kassa_emulator::Options::default()).await.unwrap();
    assert_eq!(default.switches()["ikkm"]["pace_ms"], 1000);
}

#[tokio::test]
async fn item_01_power_off_refuses_connections_until_it_is_on_again() {
    let kkm = Kkm::open().await;
    for action in ["power", "web_api"] {
        let key = kkm.key();
        assert_eq!(kkm.act(action, json!({ "on": false }))["listens"], false);
        let address: std::net::SocketAddr = kkm.address().parse().unwrap();
        let connects = || std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok();
        until("connections are refused", || !connects()).await;
        kkm.act(action, json!({ "on": true }));
        until("connections are taken", connects).await;
        assert_eq!(kkm.call("/apicheck", "").await.status, 200);
        assert_eq!(kkm.key(), key);
    }
    kkm.switch("web_api_moves_key", true);
    let key = kkm.key();
    kkm.act("web_api", json!({ "on": false }));
    assert_ne!(kkm.act("web_api", json!({ "on": true }))["key"], key);
}
