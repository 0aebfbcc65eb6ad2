//! protocol/ikassa.md 6.2: the device login and its tokens.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod till;

use serde_json::{Value, json};
use till::{BOUND, DEVICE, FORM, FRESH, JSON, NAME, Till, no};

impl Till {
    /// A device code and its user code.
    async fn codes(&self) -> (String, String) {
        let reply = self.device_code().await;
        (reply.text("device_code"), reply.text("user_code"))
    }

    async fn approved(&self) -> String {
        let (device_code, user_code) = self.codes().await;
        self.operate(NAME, "approve", json!({ "user_code": user_code }));
        device_code
    }

    async fn opens(&self, token: &str) -> bool {
        self.call(token, "GET", "/api/workstations.cashbox?skipShift=true", "").await.status == 200
    }
}

#[tokio::test]
async fn item_01_a_form_and_a_known_client_are_demanded() {
    let till = Till::open().await;
    let unknown = DEVICE.replace("demo-client", "nobody");
    let as_json = json!({ "client_id": "demo-client" }).to_string();
    let wrong = [(FORM, unknown.as_str()), (FORM, "scope=offline"), (JSON, DEVICE), (JSON, &as_json)];
    for (kind, body) in wrong {
        let reply = till.send("POST", "/oauth/device/code", &[kind], body).await;
        assert_eq!(reply.error(), no(401, "invalid_client"), "{kind} {body}");
        assert!(!reply.text("error_description").is_empty());
    }
    let body = "client_id=nobody&grant_type=refresh_token&refresh_token=x";
    assert_eq!(till.form("/oauth/token", body).await.error(), no(401, "invalid_client"));
    till.switch("invalid_client_status", 400);
    assert_eq!(till.form("/oauth/device/code", &unknown).await.error(), no(400, "invalid_client"));
}

#[tokio::test]
async fn item_02_device_fields_are_required_with_a_switch_only() {
    let till = Till::open().await;
    assert_eq!(till.form("/oauth/device/code", "client_id=demo-client").await.status, 200);
    till.switch("strict_device_fields", true);
    assert_eq!(till.device_code().await.status, 200);
    for name in ["scope", "_os", "_osVer", "_device", "_app"] {
        let body = DEVICE.replace(&format!("&{name}="), "&x=");
        let reply = till.form("/oauth/device/code", &body).await;
        assert_eq!(reply.error(), no(400, "invalid_request"), "{name}");
    }
}

#[tokio::test]
async fn item_03_the_answer_about_a_device_code() {
    let till = Till::open().await;
    let reply = till.device_code().await;
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(reply.text("device_code").len() >= 32);
    let user_code = reply.text("user_code");
    assert!(user_code.len() == 8 && user_code.chars().all(|c| c.is_ascii_alphanumeric()), "{user_code}");
    assert_eq!((reply.at("/expires_in"), reply.at("/interval")), (json!(600), json!(5)));
    assert!(reply.text("verification_uri").starts_with(till.emulator.url()), "{reply:?}");
    till.switch("minimal_device_response", true);
    till.switch("device_expires_in", 60);
    let reply = till.device_code().await;
    assert_eq!(reply.names(), ["device_code", "expires_in", "user_code"]);
    assert_eq!(reply.at("/expires_in"), 60);
}

#[tokio::test]
async fn item_04_a_poll_before_the_human_answers_is_pending() {
    let till = Till::open().await;
    let (code, _) = till.codes().await;
    let pending = till.poll(&code).await;
    assert_eq!(pending.error(), no(400, "authorization_pending"));
    assert_eq!(pending.names(), ["error", "error_description"]);
}

#[tokio::test]
async fn item_04_polls_closer_than_the_interval_are_told_to_slow_down() {
    let till = Till::open().await;
    let (code, _) = till.codes().await;
    till.poll(&code).await;
    assert_eq!(till.poll(&code).await.error(), no(400, "slow_down"));
    till.emulator.advance_s(5);
    assert_eq!(till.poll(&code).await.error(), no(400, "authorization_pending"));
    till.switch("slow_down", false);
    assert_eq!(till.poll(&code).await.error(), no(400, "authorization_pending"));
    till.switch("slow_down", true);
    till.switch("slow_down_grows", true);
    assert_eq!(till.poll(&code).await.error(), no(400, "slow_down"));
    till.emulator.advance_s(6);
    assert_eq!(till.poll(&code).await.error(), no(400, "slow_down"));
    till.emulator.advance_s(15);
    assert_eq!(till.poll(&code).await.error(), no(400, "authorization_pending"));
    till.switch("interval", 0);
    let (code, _) = till.codes().await;
    till.poll(&code).await;
    assert_eq!(till.poll(&code).await.error(), no(400, "authorization_pending"));
}

#[tokio::test]
async fn item_04_a_device_code_expires_by_the_virtual_clock() {
    let till = Till::open().await;
    let (code, user_code) = till.codes().await;
    till.emulator.advance_s(600);
    assert_eq!(till.poll(&code).await.error(), no(400, "expired_token"));
    let late = till.emulator.operate(NAME, "approve", json!({ "user_code": user_code }));
    assert!(late.unwrap_err().to_string().starts_with("user_code"));
}

#[tokio::test]
async fn item_04_a_refused_code_and_an_unknown_one() {
    let till = Till::open().await;
    let (code, user_code) = till.codes().await;
    till.operate(NAME, "deny", json!({ "user_code": user_code }));
    assert_eq!(till.poll(&code).await.error(), no(400, "access_denied"));
    let again = till.emulator.operate(NAME, "approve", json!({ "user_code": user_code }));
    assert!(again.is_err());
    assert_eq!(till.poll("dc_unknown").await.error(), no(400, "invalid_grant"));
    assert_eq!(till.poll("").await.error(), no(400, "invalid_request"));
}

#[tokio::test]
async fn item_04_a_code_that_gave_tokens_is_spent() {
    let till = Till::open().await;
    let code = till.approved().await;
    assert_eq!(till.poll(&code).await.status, 200);
    assert_eq!(till.poll(&code).await.error(), no(400, "invalid_grant"));
}

#[tokio::test]
async fn item_04_the_code_of_another_client_is_no_grant() {
    let till = Till::open().await;
    till.emulator.seed(NAME, json!({ "client": { "client_id": "other" } })).unwrap();
    let code = till.approved().await;
    let body =
        format!("client_id=other&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={code}");
    assert_eq!(till.form("/oauth/token", &body).await.error(), no(400, "invalid_grant"));
}

#[tokio::test]
async fn item_04_wrong_requests_for_a_token() {
    let till = Till::open().await;
    for (body, error) in [
        ("client_id=demo-client", "invalid_request"),
        ("client_id=demo-client&grant_type=password", "unsupported_grant_type"),
        ("client_id=demo-client&grant_type=refresh_token", "invalid_request"),
    ] {
        assert_eq!(till.form("/oauth/token", body).await.error(), no(400, error), "{body}");
    }
}

#[tokio::test]
async fn item_05_the_answer_with_tokens() {
    let till = Till::open().await;
    let reply = till.poll(&till.approved().await).await;
    let known = ["expires_in", "token_type", "scope"].map(|name| reply.json()[name].clone());
    assert_eq!(known, [json!(3600), json!("Bearer"), json!("offline")]);
    assert!(!reply.text("refresh_token").is_empty());
    assert!(till.opens(&reply.text("access_token")).await);
    till.emulator.advance_s(3599);
    assert!(till.opens(&reply.text("access_token")).await);
    till.emulator.advance_s(2);
    assert!(!till.opens(&reply.text("access_token")).await);
    till.switch("expires_in", 10);
    let reply = till.refresh(&reply.text("refresh_token")).await;
    assert_eq!(reply.at("/expires_in"), 10);
    till.emulator.advance_s(11);
    assert!(!till.opens(&reply.text("access_token")).await);
}

#[tokio::test]
async fn item_06_refresh_tokens_rotate_and_the_old_access_token_lives_on() {
    let mut till = Till::open().await;
    let first = till.token.clone();
    let spent = till.config["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(till.log_in().await.error(), no(400, "invalid_grant"));
    let code = till.approved().await;
    let reply = till.poll(&code).await;
    let second = till.refresh(&reply.text("refresh_token")).await;
    assert_ne!(second.text("refresh_token"), reply.text("refresh_token"));
    assert_ne!(second.text("access_token"), reply.text("access_token"));
    for token in [&first, &reply.text("access_token"), &second.text("access_token")] {
        assert!(till.opens(token).await);
    }
    assert_eq!(till.refresh(&reply.text("refresh_token")).await.error(), no(400, "invalid_grant"));
    assert_eq!(till.refresh(&second.text("refresh_token")).await.status, 200);
    assert_eq!(till.refresh(&spent).await.error(), no(400, "invalid_grant"));
}

#[tokio::test]
async fn item_06_the_same_refresh_token_with_a_switch() {
    let mut till = Till::with(&[("reuse_refresh", json!(true))]).await;
    let reply = till.log_in().await;
    assert_eq!(reply.text("refresh_token"), till.config["refresh_token"].as_str().unwrap());
    assert_eq!(till.log_in().await.status, 200);
}

#[tokio::test]
async fn item_06_reuse_can_revoke_the_whole_family() {
    let till = Till::open().await;
    let reply = till.poll(&till.approved().await).await;
    let next = till.refresh(&reply.text("refresh_token")).await;
    till.switch("reuse_revokes", true);
    assert_eq!(till.refresh(&reply.text("refresh_token")).await.error(), no(400, "invalid_grant"));
    assert_eq!(till.refresh(&next.text("refresh_token")).await.error(), no(400, "invalid_grant"));
    for token in [reply.text("access_token"), next.text("access_token")] {
        assert!(!till.opens(&token).await);
    }
    assert!(till.opens(&till.token).await, "another login is not touched");
}

#[tokio::test]
async fn item_06_refresh_tokens_can_expire_and_belong_to_one_client() {
    let till = Till::with(&[("refresh_expires_in", json!(100))]).await;
    let reply = till.poll(&till.approved().await).await;
    till.emulator.seed(NAME, json!({ "client": { "client_id": "other" } })).unwrap();
    let token = reply.text("refresh_token");
    let body = format!("client_id=other&grant_type=refresh_token&refresh_token={token}");
    assert_eq!(till.form("/oauth/token", &body).await.error(), no(400, "invalid_grant"));
    till.emulator.advance_s(100);
    assert_eq!(till.refresh(&token).await.error(), no(400, "invalid_grant"));
}

#[tokio::test]
async fn item_07_errors_without_a_description() {
    let till = Till::with(&[("omit_error_description", json!(true))]).await;
    assert_eq!(till.poll("x").await.json(), json!({ "error": "invalid_grant" }));
}

#[tokio::test]
async fn item_08_client_credentials_are_off_by_default() {
    let till = Till::open().await;
    let all = "client_id=demo-client&grant_type=client_credentials&scope=api";
    let good = format!("{all}&client_secret=demo-secret&audience=100000001");
    assert_eq!(till.form("/oauth/token", &good).await.error(), no(400, "unsupported_grant_type"));
    till.switch("client_credentials", true);
    let reply = till.form("/oauth/token", &good).await;
    assert_eq!(reply.names(), ["access_token", "expires_in", "scope", "token_type", "ttl"]);
    assert_eq!(reply.text("scope"), "api");
    for (body, error) in [
        (all.to_owned(), no(401, "invalid_client")),
        (good.replace("demo-secret", "no"), no(401, "invalid_client")),
        (good.replace("&audience=100000001", ""), no(400, "invalid_request")),
    ] {
        assert_eq!(till.form("/oauth/token", &body).await.error(), error, "{body}");
    }
    let has_device =
        async |token: &str| till.call(token, "GET", "/api/workstations.cashbox", "").await.at("/hasDevice");
    assert_eq!(has_device(&reply.text("access_token")).await, false);
    till.switch("client_credentials_drive", true);
    let reply = till.form("/oauth/token", &good).await;
    assert_eq!(has_device(&reply.text("access_token")).await, true);
    let foreign = till.form("/oauth/token", &good.replace("100000001", "1")).await;
    assert_eq!(has_device(&foreign.text("access_token")).await, false);
}

#[tokio::test]
async fn approval_binds_the_named_register_or_the_one_that_is_not_bound() {
    let till = Till::open().await;
    let (code, user_code) = till.codes().await;
    let typed = format!("{}-{}", &user_code[..4].to_lowercase(), &user_code[4..]);
    let register = till.operate(NAME, "approve", json!({ "user_code": typed }));
    assert_eq!((&register["register"], &register["bound"]), (&json!(FRESH), &json!(true)));
    let fresh = till.poll(&code).await.text("access_token");
    let (code, user_code) = till.codes().await;
    till.operate(BOUND, "approve", json!({ "user_code": user_code }));
    let bound = till.poll(&code).await.text("access_token");
    for (token, register) in [(fresh, FRESH), (bound, BOUND)] {
        till.call(&token, "POST", "/api/workstations.shift.open", "").await;
        assert_eq!(till.ledger().last().unwrap().register, register);
    }
}

#[tokio::test]
async fn auto_approve_lets_a_demonstration_log_in_by_itself() {
    let till = Till::with(&[("auto_approve", json!(true))]).await;
    let (code, _) = till.codes().await;
    let token = till.poll(&code).await.text("access_token");
    let reply = till.call(&token, "GET", "/api/workstations.cashbox?skipShift=true", "").await;
    assert_eq!(reply.json(), json!({ "hasDevice": true }));
}

#[tokio::test]
async fn an_unbound_register_keeps_or_loses_its_tokens() {
    let till = Till::open().await;
    till.operate(BOUND, "unbind", Value::Null);
    assert_eq!(till.get("cashbox?skipShift=true").await.json(), json!({ "hasDevice": false }));
    till.operate(BOUND, "bind", Value::Null);
    assert_eq!(till.get("cashbox?skipShift=true").await.json(), json!({ "hasDevice": true }));
    till.switch("unbind_revokes", true);
    till.operate(BOUND, "unbind", Value::Null);
    till.operate(BOUND, "bind", Value::Null);
    assert!(!till.opens(&till.token).await);
}

#[tokio::test]
async fn an_operator_expires_and_revokes_tokens() {
    let till = Till::open().await;
    let (code, user_code) = till.codes().await;
    till.operate(BOUND, "approve", json!({ "user_code": user_code }));
    let reply = till.poll(&code).await;
    till.operate(BOUND, "expire_tokens", Value::Null);
    assert!(!till.opens(&reply.text("access_token")).await && !till.opens(&till.token).await);
    let next = till.refresh(&reply.text("refresh_token")).await;
    assert!(till.opens(&next.text("access_token")).await);
    till.operate(BOUND, "revoke", Value::Null);
    assert!(!till.opens(&next.text("access_token")).await);
    assert_eq!(till.refresh(&next.text("refresh_token")).await.error(), no(400, "invalid_grant"));
}
