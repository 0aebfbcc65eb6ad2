//! protocol/ikassa.md 6.6: scripted faults on all calls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod till;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use till::{DEVICE, FORM, JSON, NAME, Till, cash, no, receipt, with};

/// Every call by its route word: method, path, body.
fn calls() -> Vec<(&'static str, &'static str, &'static str, String)> {
    let money = cash(1).to_string();
    let sale = receipt(100, &[(1, 100)]).to_string();
    let rollback = json!({ "header": { "cashier": "x" }, "number": 1 }).to_string();
    let none = String::new;
    vec![
        ("device_code", "POST", "/oauth/device/code", DEVICE.to_owned()),
        ("token", "POST", "/oauth/token", "client_id=demo-client&grant_type=refresh_token".to_owned()),
        ("cashbox", "GET", "/api/workstations.cashbox", none()),
        ("shift", "GET", "/api/workstations.shift", none()),
        ("open_shift", "POST", "/api/workstations.shift.open", none()),
        ("close_shift", "POST", "/api/workstations.shift.close", none()),
        ("sale", "POST", "/api/workstations.doc.sale", sale.clone()),
        ("refund", "POST", "/api/workstations.doc.refund", sale),
        ("deposit", "POST", "/api/workstations.doc.deposit", money.clone()),
        ("withdraw", "POST", "/api/workstations.doc.withdraw", money.clone()),
        ("card_withdraw", "POST", "/api/workstations.doc.chWithdraw", money),
        ("rollback", "POST", "/api/workstations.doc.rollback", rollback),
        ("document", "GET", "/api/workstations.docs.get?uid=1", none()),
        ("render", "GET", "/render/1", none()),
    ]
}

impl Till {
    async fn raw(&self, method: &str, path: &str, body: &str) -> Option<till::Reply> {
        let kind = if path.starts_with("/oauth") { FORM } else { JSON };
        let authorization = format!("Authorization: Bearer {}", self.token);
        self.try_send(method, path, &[kind, &authorization], body).await
    }
}

#[tokio::test]
async fn every_call_can_be_struck_before_it_has_any_effect() {
    let till = Till::selling().await;
    let before = till.ledger();
    for (route, method, path, body) in calls() {
        till.fault(json!({ "route": route, "do": "drop" }));
        assert!(till.raw(method, path, &body).await.is_none(), "{route}");
        till.fault(json!({ "route": route, "do": "status", "status": 503, "retry_after_s": 7 }));
        let reply = till.raw(method, path, &body).await.unwrap();
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("7")), "{route}");
        assert!(reply.body.starts_with("<html>"), "{reply:?}");
        for answer in ["", "null", "{}", "<html></html>"] {
            let rule = json!({ "route": route, "do": "status", "status": 500, "body": answer, "content_type": "x/y" });
            till.fault(rule);
            let reply = till.raw(method, path, &body).await.unwrap();
            assert_eq!(
                (reply.status, reply.body.as_str(), reply.header("content-type")),
                (500, answer, Some("x/y"))
            );
        }
        till.fault(json!({ "route": route, "do": "status", "status": 200, "body": "null" }));
        assert_eq!(till.raw(method, path, &body).await.unwrap().body, "null", "{route}");
    }
    assert_eq!(till.ledger(), before);
    assert!(till.emulator.faults().is_empty());
}

#[tokio::test]
async fn scripted_errors_have_the_form_of_their_host() {
    let till = Till::selling().await;
    for (route, method, path, body) in calls() {
        till.fault(json!({ "route": route, "do": "status", "status": 500 }));
        let reply = till.raw(method, path, &body).await.unwrap();
        match route {
            "device_code" | "token" => assert_eq!(reply.error(), no(500, "server_error")),
            "render" => assert!(reply.body.starts_with("<html>"), "{reply:?}"),
            _ => assert_eq!(reply.refused(), no(500, "kernel.error"), "{route}"),
        }
    }
    till.fault(json!({ "route": "sale", "do": "status", "status": 401 }));
    let reply = till.make("sale", &receipt(1, &[(1, 1)])).await;
    assert_eq!(reply.refused(), no(401, "auth.unauthorized"));
}

#[tokio::test]
async fn a_lost_answer_leaves_the_document_on_the_record() {
    let till = Till::selling().await;
    for (index, (kind, body)) in [
        ("deposit", cash(1000)),
        ("withdraw", cash(100)),
        ("chWithdraw", cash(100)),
        ("sale", receipt(100, &[(0, 100)])),
        ("refund", receipt(100, &[(0, 100)])),
        ("sale", receipt(7, &[(0, 7)])),
        ("rollback", json!({ "header": { "cashier": "x" }, "number": 6 })),
    ]
    .into_iter()
    .enumerate()
    {
        till.fault(json!({ "route": "*", "do": "drop", "when": "after_record" }));
        assert!(till.try_post(&format!("doc.{kind}"), &body.to_string()).await.is_none());
        assert_eq!(till.ledger().len(), index + 2, "{kind}");
    }
    assert_eq!(till.cash("BYN").await, 800);
}

#[tokio::test]
async fn a_refused_call_does_not_use_up_a_fault_after_the_record() {
    let till = Till::selling().await;
    till.fault(json!({ "route": "withdraw", "do": "drop", "when": "after_record" }));
    assert_eq!(till.make("withdraw", &cash(1)).await.refused(), no(400, "kernel.cashin.not_enough"));
    assert_eq!(till.emulator.faults().len(), 1);
}

#[tokio::test]
async fn answers_are_spoiled_on_the_way_back() {
    let till = Till::selling().await;
    let sale = receipt(100, &[(1, 100)]).to_string();
    let path = "/api/workstations.doc.sale";
    till.fault(json!({ "route": "sale", "do": "garbage" }));
    let reply = till.raw("POST", path, &sale).await.unwrap();
    assert_eq!((reply.status, serde_json::from_str::<Value>(&reply.body).is_err()), (200, true));
    till.fault(json!({ "route": "sale", "do": "empty" }));
    let reply = till.raw("POST", path, &sale).await.unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    till.fault(json!({ "route": "sale", "do": "cut" }));
    let reply = till.raw("POST", path, &sale).await.unwrap();
    let promised: usize = reply.header("content-length").unwrap().parse().unwrap();
    assert_eq!(reply.body.len(), promised / 2);
    for (named, expected) in [(Value::Null, "text/html"), (json!("text/plain"), "text/plain")] {
        till.fault(json!({ "route": "sale", "do": "wrong_content_type", "content_type": named }));
        let reply = till.raw("POST", path, &sale).await.unwrap();
        assert_eq!((reply.header("content-type"), reply.text("uid").len()), (Some(expected), 24));
    }
    assert_eq!(till.ledger().len(), 6, "the opening and five sales");
}

#[tokio::test]
async fn a_delay_holds_a_call_up() {
    let till = Till::selling().await;
    till.fault(json!({ "route": "shift", "do": "delay", "delay_ms": 60 }));
    let begin = Instant::now();
    assert_eq!(till.get("shift").await.status, 200);
    assert!(begin.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn the_access_token_expires_or_is_forgotten_on_demand() {
    let mut till = Till::selling().await;
    let mut refresh = till.emulator.seed(NAME, json!({ "register": { "number": "119000001" } })).unwrap()
        ["config"]["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    for action in ["expire_token", "forget_token"] {
        till.fault(json!({ "route": "deposit", "do": action }));
        assert_eq!(till.get("shift").await.status, 200);
        assert_eq!(till.make("deposit", &cash(1)).await.refused(), no(401, "auth.unauthorized"));
        assert_eq!(till.get("shift").await.status, 401);
        let renewed = till.refresh(&refresh).await;
        (till.token, refresh) = (renewed.text("access_token"), renewed.text("refresh_token"));
        assert_eq!(till.make("deposit", &cash(1)).await.status, 200);
    }
}

#[tokio::test]
async fn the_next_polls_are_told_to_slow_down() {
    let till = Till::with(&[("interval", json!(0)), ("auto_approve", json!(true))]).await;
    let code = till.device_code().await.text("device_code");
    till.fault(json!({ "route": "token", "do": "slow_down", "times": 2 }));
    for _ in 0..2 {
        assert_eq!(till.poll(&code).await.error(), no(400, "slow_down"));
    }
    assert_eq!(till.poll(&code).await.status, 200);
}

#[tokio::test]
async fn codes_and_refresh_tokens_expire_or_are_forgotten_on_demand() {
    let till = Till::with(&[("auto_approve", json!(true))]).await;
    for (action, of_code) in [("expire_token", "expired_token"), ("forget_token", "invalid_grant")] {
        let code = till.device_code().await.text("device_code");
        let tokens = till.poll(&code).await;
        till.fault(json!({ "route": "token", "do": action }));
        let refused = till.refresh(&tokens.text("refresh_token")).await;
        assert_eq!(refused.error(), no(400, "invalid_grant"));
        let code = till.device_code().await.text("device_code");
        till.fault(json!({ "route": "token", "do": action }));
        assert_eq!(till.poll(&code).await.error(), no(400, of_code));
    }
}

#[tokio::test]
async fn a_rule_for_one_document_or_one_register() {
    let till = Till::selling().await;
    let plain = receipt(100, &[(1, 100)]);
    let marked = with(plain.clone(), "/header/@attrs", json!({ "order": "A-17" }));
    let renamed = with(plain.clone(), "/items/0/name", json!("Apples"));
    for (part, body) in [("A-17", &marked), ("Apples", &renamed), ("119000001", &plain), ("Sidorova", &plain)]
    {
        till.fault(json!({ "route": "sale", "do": "drop", "match": part }));
        if part == "A-17" || part == "Apples" {
            till.made("sale", &plain).await;
        }
        assert!(till.try_post("doc.sale", &body.to_string()).await.is_none(), "{part}");
    }
    let uid = till.made("sale", &plain).await.text("uid");
    till.fault(json!({ "route": "*", "do": "status", "status": 404, "match": uid, "times": 2 }));
    assert_eq!(till.get("shift").await.status, 200);
    assert_eq!(till.get(&format!("docs.get?uid={uid}")).await.status, 404);
    assert_eq!(till.send("GET", &format!("/render/{uid}"), &[], "").await.status, 404);
}

#[tokio::test]
async fn rules_that_cannot_strike_are_refused() {
    let till = Till::open().await;
    for (rule, named) in [
        (json!({ "route": "submit", "do": "drop" }), "route"),
        (json!({ "route": "sale", "do": "slow_down" }), "route"),
        (json!({ "route": "*", "do": "slow_down" }), "route"),
        (json!({ "route": "*", "do": "busy" }), "do"),
        (json!({ "route": "*", "do": "fail" }), "do"),
        (json!({ "route": "sale", "do": "twice" }), "route"),
    ] {
        let mut whole = rule.clone();
        whole["vendor"] = NAME.into();
        let fault = serde_json::from_value(whole).unwrap();
        let error = till.emulator.add_fault(fault).unwrap_err().to_string();
        assert!(error.starts_with(named), "{rule}: {error}");
    }
    for vendor in ["atol", "modulkassa"] {
        let rule = json!({ "vendor": vendor, "route": "*", "do": "wrong_content_type" });
        assert!(till.emulator.add_fault(serde_json::from_value(rule).unwrap()).is_err());
    }
}

#[tokio::test]
async fn what_was_under_way_at_a_reset_leaves_no_trace() {
    let till = Till::selling().await;
    till.fault(json!({ "route": "sale", "do": "delay", "delay_ms": 50 }));
    let body = receipt(100, &[(1, 100)]).to_string();
    let seen = till.emulator.requests().len();
    let (reply, ()) = tokio::join!(till.try_post("doc.sale", &body), async {
        while till.emulator.requests().len() == seen {
            tokio::task::yield_now().await;
        }
        till.emulator.reset();
    });
    assert!(reply.is_none());
    assert!(till.ledger().is_empty() && till.documents().is_empty());
}
