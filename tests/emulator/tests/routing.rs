//! protocol/modulkassa.md 6.1 items 1 to 5: routing and transport.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Shop, document, request};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn item_01_both_bases_with_slashes_too_many_or_missing() {
    let shop = Shop::open().await;
    for base in ["/api/fn/", "/fn/", "/api/fn//", "/fn//", "/api/fn", "/fn"] {
        let reply = shop.call("GET", &format!("{base}v1/status"), "").await;
        assert_eq!(reply.status, 200, "{base}");
        assert_eq!(reply.text("status"), "READY");
    }
}

#[tokio::test]
async fn item_01_connections_are_kept_alive_and_listen_on_loopback_only() {
    let shop = Shop::open().await;
    let address = shop.emulator.url().trim_start_matches("http://");
    assert!(address.starts_with("127.0.0.1:"));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let kept = request(&shop.association(), "GET", "/fn/v1/status", "").replace("close", "keep-alive");
    for _ in 0..3 {
        stream.write_all(kept.as_bytes()).await.unwrap();
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(buffer[..read].starts_with(b"HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn item_02_management_tells_the_points_of_an_account() {
    let shop = Shop::open().await;
    let one = format!("/api/v1/retail-point/{}", shop.point());
    let reply = shop.call_as(&shop.account(), "GET", &one, "").await;
    assert_eq!((reply.status, reply.text("id")), (200, shop.point()));
    for field in ["name", "address", "inn", "timeZoneId"] {
        assert!(!reply.text(field).is_empty(), "{field}");
    }
    assert!(reply.json()["kkmInfo"]["paymentsAddress"].is_string());
    let all = shop.call_as(&shop.account(), "GET", "/api/v1/retail-points", "").await.json();
    assert_eq!(all, json!([reply.json()]));
    assert_eq!(shop.call("GET", &one, "").await.status, 401);
    let other = common::account_of(&shop.other());
    assert_eq!(shop.call_as(&other, "GET", &one, "").await.status, 403);
    let none = "/api/v1/retail-point/00000000-0000-4000-8000-000000000000";
    assert_eq!(shop.call_as(&shop.account(), "GET", none, "").await.status, 404);
}

#[tokio::test]
async fn item_03_bodies_where_none_belong_are_ignored() {
    let shop = Shop::open().await;
    assert_eq!(shop.call("GET", "/fn/v1/status", "[]").await.status, 200);
    shop.submit(&document("a")).await;
    assert_eq!(shop.call("GET", "/fn/v1/doc/a/status", "[]").await.status, 200);
    let path = format!("/fn/v1/associate/{}?clientId=x", shop.point());
    for body in ["", "\"\""] {
        let reply = shop.call_as(&shop.account(), "POST", &path, body).await;
        assert_eq!(reply.status, 200, "{body}");
    }
    let bare = request(&shop.account(), "POST", &path, "").replace("Content-Length: 0\r\n", "");
    assert!(shop.raw(bare.as_bytes()).await.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn item_04_json_with_charset_and_empty_answers_with_length_zero() {
    let shop = Shop::open().await;
    let json = "application/json;charset=UTF-8";
    assert_eq!(shop.call("GET", "/fn/v1/status", "").await.header("content-type"), Some(json));
    let refused = shop.call_as("a:b", "GET", "/fn/v1/status", "").await;
    assert_eq!(refused.header("content-type"), Some(json));
    assert_eq!(refused.json()["status"], 401);
    for field in ["timestamp", "error", "message", "path"] {
        assert!(!refused.text(field).is_empty(), "{field}");
    }
    shop.switch("error_bodies", "none");
    for reply in [
        shop.call_as("a:b", "GET", "/fn/v1/status", "").await,
        shop.call("GET", "/fn/v1/nothing", "").await,
        shop.call("PATCH", "/fn/v1/status", "").await,
        shop.call("DELETE", "/fn/v1/associate", "").await,
    ] {
        assert_eq!((reply.header("content-length"), reply.body.as_str()), (Some("0"), ""));
    }
}

#[tokio::test]
async fn item_05_unknown_route_wrong_method_and_no_json() {
    let shop = Shop::open().await;
    assert_eq!(shop.call("GET", "/fn/v2/status", "").await.status, 404);
    assert_eq!(shop.call("POST", "/fn/v1/status", "").await.status, 405);
    assert_eq!(shop.call("GET", "/fn/v2/doc", "").await.status, 405);
    for body in ["", "[]", "{", "text"] {
        assert_eq!(shop.call("POST", "/fn/v2/doc", body).await.status, 400, "{body}");
    }
}
