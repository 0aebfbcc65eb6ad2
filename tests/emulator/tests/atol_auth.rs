//! protocol/atol.md 4.1 items 1 to 10: transport, tokens, the order of checks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cloud;

use cloud::{Reply, Shop, sale_v5, with, without};
use serde_json::{Value, json};

const JSON: &str = "Content-Type: application/json";
const OTHER: &str = "demo-shop-ru_1001";

fn is_token(text: &str) -> bool {
    text.len() == 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

impl Shop {
    async fn log_in(&self, body: Value) -> Reply {
        self.send("POST", &self.path("getToken"), &[JSON], &body.to_string()).await
    }

    async fn sell_with(&self, headers: &[&str], query: &str, body: &str) -> Reply {
        self.send("POST", &format!("{}{query}", self.of_group("sell")), headers, body).await
    }
}

#[tokio::test]
async fn item_01_all_services_on_one_port_with_or_without_a_slash() {
    let shop = Shop::v5().await;
    let monitoring = format!("Token: {}", shop.monitoring_token().await);
    let serial = shop.first_serial().await;
    for slash in ["", "/"] {
        let credentials = shop.credentials().to_string();
        for path in ["/possystem/v5/getToken", "/api/auth/v1/gettoken"] {
            let reply = shop.send("POST", &format!("{path}{slash}"), &[JSON], &credentials).await;
            assert!(is_token(&reply.text("/token")), "{path}{slash} {reply:?}");
        }
        let path = shop.of_group(&format!("sell{slash}"));
        let sold = shop.call("POST", &path, &sale_v5(&format!("a{slash}")).to_string()).await;
        assert_eq!(sold.status, 200);
        let path = shop.of_group(&format!("report/{}{slash}", sold.text("/uuid")));
        assert_eq!(shop.call("GET", &path, "").await.status, 200);
        for path in ["".to_owned(), format!("/{serial}")] {
            let path = format!("/api/kkt/v1/cash-registers{path}{slash}");
            assert_eq!(shop.send("GET", &path, &[&monitoring], "").await.status, 200, "{path}");
        }
    }
    for word in ["Sell", "SELL", "sell_correction_refund"] {
        assert_eq!(shop.submit(word, &sale_v5("b")).await.error(), (400, 31), "{word}");
    }
    let path = "/possystem/v3/demo-shop-ru_2001/sell";
    assert_eq!(shop.call("POST", path, &sale_v5("b").to_string()).await.status, 404);
    assert_eq!(shop.call("GET", &shop.of_group("sell"), "").await.error(), (405, 40));
}

#[tokio::test]
async fn item_02_answers_are_utf8_with_plain_cyrillic() {
    let shop = Shop::v5().await;
    let wrong = shop.log_in(json!({ "login": "nobody", "pass": "x" })).await;
    assert_eq!(wrong.header("content-type"), Some("application/json; charset=utf-8"));
    assert!(wrong.body.contains("Неверный логин или пароль"), "{}", wrong.body);
}

#[tokio::test]
async fn item_03_another_content_type_is_error_41() {
    let shop = Shop::v5().await;
    let token = format!("Token: {}", shop.token);
    let body = sale_v5("a").to_string();
    for header in ["Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded", "X: none"] {
        assert_eq!(shop.sell_with(&[&token, header], "", &body).await.error(), (415, 41), "{header}");
        let reply =
            shop.send("POST", &shop.path("getToken"), &[header], &shop.credentials().to_string()).await;
        assert_eq!(reply.error(), (415, 41));
    }
    for header in ["Content-Type: application/json;charset=UTF-8", "content-type: Application/JSON ; q=1"] {
        let reply = shop.sell_with(&[&token, header], "", &body).await;
        assert_ne!(reply.status, 415, "{header}");
    }
}

#[tokio::test]
async fn item_04_a_body_that_is_not_json_is_error_0_or_40() {
    let shop = Shop::v5().await;
    for body in ["{", "", "{\"a\": 1,}", "текст"] {
        let reply = shop.call("POST", &shop.of_group("sell"), body).await;
        assert_eq!((reply.error(), reply.text("/error/type")), ((400, 0), "unknown".into()));
        assert_eq!(reply.text("/error/text"), "Неизвестная ошибка обработки");
        assert!(!reply.has("/status") && !reply.has("/uuid"));
        assert_eq!(shop.call("POST", &shop.path("getToken"), body).await.error(), (400, 0));
    }
    shop.switch("bad_json", "40");
    let reply = shop.call("POST", &shop.of_group("sell"), "{").await;
    assert_eq!((reply.error(), reply.text("/error/type")), ((400, 40), "system".into()));
}

#[tokio::test]
async fn item_05_tokens_by_post_and_get_live_24_hours() {
    let shop = Shop::v5().await;
    let (login, pass) = (shop.part("login"), shop.part("password"));
    let reply = shop.get_token().await;
    assert_eq!((reply.status, reply.at("/error")), (200, Value::Null));
    assert!(is_token(&reply.text("/token")) && reply.text("/timestamp").len() == 19, "{reply:?}");
    let path = shop.path(&format!("getToken?login={login}&pass={pass}&source=kassa-1.0@x"));
    assert_eq!(shop.send("GET", &path, &[], "").await.text("/token"), reply.text("/token"));
    shop.emulator.advance_s(24 * 3600 - 60);
    assert_eq!(shop.sell(&sale_v5("a")).await.status, 200);
    assert_eq!(shop.get_token().await.text("/token"), shop.token);
    shop.emulator.advance_s(120);
    assert_eq!(shop.sell(&sale_v5("b")).await.error(), (401, 11));
    assert_ne!(shop.get_token().await.text("/token"), shop.token);
    let shop = Shop::open("v5", &[("token_hours", json!(1))]).await;
    shop.emulator.advance_s(3600);
    assert_eq!(shop.sell(&sale_v5("b")).await.error(), (401, 11));
}

#[tokio::test]
async fn item_06_tokens_rotate_over_the_replicas_and_all_of_them_work() {
    let shop = Shop::open("v5", &[("token_replicas", json!(3))]).await;
    let mut tokens = vec![shop.token.clone()];
    for _ in 0..5 {
        shop.emulator.advance_s(3600);
        tokens.push(shop.get_token().await.text("/token"));
    }
    assert_eq!(tokens[..3], tokens[3..]);
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2] && tokens[0] != tokens[2]);
    let path = shop.of_group("report/x");
    for token in &tokens {
        let reply = shop.send("GET", &path, &[&format!("Token: {token}")], "").await;
        assert_eq!(reply.error(), (400, 30));
    }
    // The first was issued five hours ago and keeps its own end.
    shop.emulator.advance_s(19 * 3600 + 60);
    let first = shop.send("GET", &path, &[&format!("Token: {}", tokens[0])], "").await;
    let last = shop.send("GET", &path, &[&format!("Token: {}", tokens[2])], "").await;
    assert_eq!((first.error(), last.error()), ((401, 11), (400, 30)));
}

#[tokio::test]
async fn item_07_every_refusal_of_a_login() {
    let shop = Shop::v5().await;
    let good = shop.credentials();
    let named = "Ошибка валидации входящего чека. Ошибочные поля : ";
    let malformed = [
        (with(good.clone(), "/login", json!("demo shop")), "PatternMismatch: #/login"),
        (with(good.clone(), "/login", json!("x".repeat(101))), "StringTooLong: #/login"),
        (with(good.clone(), "/pass", json!("x".repeat(101))), "StringTooLong: #/pass"),
        (with(good.clone(), "/pass", json!(1)), "StringExpected: #/pass"),
        (with(good.clone(), "/source", json!("a b")), "PatternMismatch: #/source"),
        (without(good.clone(), "/login"), "PropertyRequired: #/login"),
        (json!({}), "PropertyRequired: #/login, PropertyRequired: #/pass"),
    ];
    for (body, violations) in malformed.clone() {
        let reply = shop.log_in(body).await;
        assert_eq!((reply.error(), reply.text("/status").as_str()), ((400, 32), "fail"), "{violations}");
        assert_eq!(reply.text("/error/text"), format!("{named}{violations}"));
        assert!(!reply.has("/token"));
    }
    assert_eq!(shop.send("GET", &shop.path("getToken"), &[], "").await.error(), (400, 32));
    shop.switch("auth_validation", "13");
    let reply = shop.log_in(malformed[0].0.clone()).await;
    assert_eq!((reply.error(), reply.has("/status")), ((400, 13), false));
    let wrong = shop.log_in(with(good.clone(), "/pass", json!("no"))).await;
    assert_eq!((wrong.error(), wrong.has("/status"), wrong.has("/token")), ((401, 12), false, false));
    let path = "/possystem/v4/getToken";
    assert_eq!(shop.send("POST", path, &[JSON], &good.to_string()).await.error(), (401, 21));
    let account = json!({ "login": shop.part("login"), "blocked": true });
    shop.emulator.seed("atol", json!({ "account": account })).unwrap();
    assert_eq!(shop.log_in(good).await.error(), (403, 14));
}

#[tokio::test]
async fn item_08_the_token_of_a_call() {
    let shop = Shop::v5().await;
    let body = sale_v5("a").to_string();
    let (good, bad) = (format!("Token: {}", shop.token), "Token: no");
    let in_query = format!("?token={}", shop.token);
    assert_eq!(shop.sell_with(&[JSON], "", &body).await.error(), (401, 10));
    assert_eq!(shop.sell_with(&[JSON, bad], &in_query, &body).await.error(), (401, 10));
    assert_eq!(shop.sell_with(&[JSON, &good], "?token=no", &body).await.status, 200);
    assert_eq!(shop.sell_with(&[JSON], &in_query, &body).await.error(), (400, 33));
    for path in ["/possystem/v4/demo-shop-ru_1001/sell", "/possystem/v5/nobody/sell"] {
        let foreign = shop.call("POST", path, &body).await;
        assert_eq!((foreign.error(), foreign.has("/status")), ((401, 20), false));
    }
    let path = format!("/possystem/v4/{}/sell", shop.part("group_code"));
    assert_eq!(shop.call("POST", &path, &body).await.error(), (401, 21));
    let path = format!("/possystem/v5/{OTHER}/report/x");
    assert_eq!(shop.call("GET", &path, "").await.error(), (401, 20));
}

#[tokio::test]
async fn item_08_tokens_expire_and_are_forgotten_on_demand() {
    let shop = Shop::v5().await;
    for (action, code) in [("expire_token", 11), ("forget_token", 10)] {
        let token = shop.get_token().await.text("/token");
        shop.fault(json!({ "route": "submit", "do": action }));
        let path = shop.of_group("sell");
        let headers = [JSON, &format!("Token: {token}")];
        let body = sale_v5(action).to_string();
        assert_eq!(shop.send("POST", &path, &headers, &body).await.error(), (401, code));
        assert_eq!(shop.send("POST", &path, &headers, &body).await.error(), (401, code));
        let renewed = format!("Token: {}", shop.get_token().await.text("/token"));
        assert_eq!(shop.send("POST", &path, &[JSON, &renewed], &body).await.status, 200);
    }
}

#[tokio::test]
async fn item_09_monitoring_knows_the_same_users_and_has_tokens_of_its_own() {
    let shop = Shop::v5().await;
    let path = "/api/auth/v1/gettoken";
    assert_eq!(shop.send("GET", path, &[], "").await.status, 400);
    let wrong = with(shop.credentials(), "/pass", json!("no")).to_string();
    assert_eq!(shop.send("POST", path, &[JSON], &wrong).await.error(), (401, 12));
    let list = "/api/kkt/v1/cash-registers";
    assert_eq!(shop.call("GET", list, "").await.error(), (401, 10));
    let token = format!("Token: {}", shop.monitoring_token().await);
    assert_eq!(shop.send("GET", list, &[&token], "").await.status, 200);
    assert_eq!(shop.send("GET", &shop.of_group("report/x"), &[&token], "").await.error(), (401, 10));
    shop.switch("tokens_shared", true);
    assert_eq!(shop.call("GET", list, "").await.status, 200);
    assert_eq!(shop.monitoring_token().await, shop.token);
}

#[tokio::test]
async fn item_10_the_order_of_checks() {
    let shop = Shop::v5().await;
    let good = sale_v5("a");
    assert_eq!(shop.sell(&good).await.status, 200);
    let (text, token, bad) = ("Content-Type: text/plain", format!("Token: {}", shop.token), "Token: no");
    let invalid = without(good.clone(), "/receipt/total").to_string();
    let good = good.to_string();
    let (mine, foreign) = (shop.part("group_code"), OTHER.to_owned());
    let worse = [
        (text, bad, &foreign, "no", "{", 41),
        (JSON, bad, &foreign, "no", "{", 0),
        (JSON, bad, &foreign, "no", invalid.as_str(), 10),
        (JSON, &token, &foreign, "no", &invalid, 20),
        (JSON, &token, &mine, "no", &invalid, 31),
        (JSON, &token, &mine, "sell", &invalid, 32),
        (JSON, &token, &mine, "sell", &good, 33),
    ];
    for (kind, token, group, operation, body, code) in worse {
        let path = format!("/possystem/v5/{group}/{operation}");
        let reply = shop.send("POST", &path, &[kind, token], body).await;
        assert_eq!(reply.at("/error/code"), code, "{reply:?}");
    }
    let order = ["duplicate", "validation", "operation", "group", "token", "json", "content_type"];
    shop.switch("check_order", json!(order));
    let path = format!("/possystem/v5/{mine}/sell");
    assert_eq!(shop.send("POST", &path, &[text, bad], &good).await.error(), (400, 33));
    assert_eq!(
        shop.send("POST", &path, &[text, bad], &invalid.replace("\"a\"", "\"b\"")).await.error(),
        (400, 32)
    );
    let path = "/possystem/v5/nobody/sell";
    assert_eq!(
        shop.send("POST", path, &[text, bad], &good.replace("\"a\"", "\"b\"")).await.error(),
        (401, 20)
    );
    assert!(shop.emulator.switch("atol", "check_order", json!(["token"])).is_err());
}
