//! protocol/modulkassa.md 6.1 items 6 to 10: accounts and associations.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Shop, account_of, association_of, document};

async fn associate(shop: &Shop, client: &str) -> (String, String) {
    let path = format!("/fn/v1/associate/{}{client}", shop.point());
    let reply = shop.call_as(&shop.account(), "POST", &path, "").await;
    assert_eq!(reply.status, 200);
    assert!(!reply.text("name").is_empty() && !reply.text("address").is_empty());
    (reply.text("userName"), reply.text("password"))
}

async fn status_as(shop: &Shop, (user, password): &(String, String)) -> u16 {
    let who = format!("{user}:{password}");
    shop.call_as(&who, "GET", "/fn/v1/status", "").await.status
}

#[tokio::test]
async fn item_06_every_client_id_has_credentials_of_its_own() {
    let shop = Shop::open().await;
    let a = associate(&shop, "?clientId=a").await;
    let b = associate(&shop, "?clientId=b").await;
    assert_ne!(a.0, b.0);
    associate(&shop, "?clientId=b").await;
    assert_eq!(status_as(&shop, &a).await, 200);
    assert_eq!(status_as(&shop, &b).await, 401);
    assert_eq!(shop.call("GET", "/fn/v1/status", "").await.status, 200);
}

#[tokio::test]
async fn item_07_associate_rotates_the_password_and_keeps_the_user_name() {
    let shop = Shop::open().await;
    let (user, password) = associate(&shop, "").await;
    assert_eq!(user, shop.part("/credentials/user_name"));
    assert_ne!(password, shop.part("/credentials/password"));
    assert_eq!(shop.call("GET", "/fn/v1/status", "").await.status, 401);
    assert_eq!(status_as(&shop, &(user, password)).await, 200);
}

#[tokio::test]
async fn item_07_associate_refuses_strangers_and_unknown_points() {
    let shop = Shop::open().await;
    let path = format!("/fn/v1/associate/{}", shop.point());
    let unknown = "/fn/v1/associate/00000000-0000-4000-8000-000000000000";
    let other = account_of(&shop.other());
    let login = shop.part("/account/login");
    let cases = [
        (String::new(), path.as_str(), 401),
        ("nobody:x".to_owned(), path.as_str(), 401),
        (format!("{login}:wrong"), path.as_str(), 401),
        (other, path.as_str(), 403),
        (shop.account(), unknown, 404),
        (shop.account(), "/fn/v1/associate/no-uuid", 404),
    ];
    for (who, path, expected) in cases {
        assert_eq!(shop.call_as(&who, "POST", path, "").await.status, expected, "{who} {path}");
    }
    assert_eq!(shop.call("GET", "/fn/v1/status", "").await.status, 200);
}

#[tokio::test]
async fn item_08_dissociate_ends_the_credentials() {
    let shop = Shop::open().await;
    let reply = shop.call("DELETE", "/fn/v1/associate", "").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    assert_eq!(shop.call("GET", "/fn/v1/status", "").await.status, 401);
    assert_eq!(shop.call("DELETE", "/fn/v1/associate", "").await.status, 401);
    let other = shop.other();
    let path = format!("/fn/v1/associate/{}", other["retail_point_id"].as_str().unwrap());
    let reply = shop.call_as(&association_of(&other), "DELETE", &path, "").await;
    assert_eq!(reply.status, 200);
    assert_eq!(shop.call_as(&association_of(&other), "GET", "/fn/v1/status", "").await.status, 401);
}

#[tokio::test]
async fn item_09_each_kind_of_credentials_opens_only_its_own_calls() {
    let shop = Shop::open().await;
    let account = shop.account();
    let calls = [
        ("GET", "/fn/v1/status"),
        ("POST", "/fn/v2/doc"),
        ("GET", "/fn/v1/doc/a/status"),
        ("PUT", "/fn/v1/doc/a/re-queue"),
    ];
    for (method, path) in calls {
        assert_eq!(shop.call_as(&account, method, path, "{}").await.status, 401, "{path}");
        assert_eq!(shop.call_as("", method, path, "{}").await.status, 401, "{path}");
    }
    let path = format!("/fn/v1/associate/{}", shop.point());
    assert_eq!(shop.call("POST", &path, "").await.status, 401);
}

#[tokio::test]
async fn item_10_documents_are_seen_only_by_their_own_point() {
    let shop = Shop::open().await;
    shop.submit(&document("mine")).await;
    let other = association_of(&shop.other());
    let call = |method, path| shop.call_as(&other, method, path, "");
    assert_eq!(call("GET", "/fn/v1/doc/mine/status").await.status, 404);
    assert_eq!(call("PUT", "/fn/v1/doc/mine/re-queue").await.status, 404);
    let unknown = shop.status("none").await;
    assert_eq!((unknown.status, unknown.json()["status"].clone()), (404, 404.into()));
    assert_eq!(shop.requeue("none").await.status, 404);
    shop.switch("unknown_document", "400");
    assert_eq!(shop.status("none").await.status, 400);
    assert_eq!(shop.requeue("none").await.status, 400);
}
