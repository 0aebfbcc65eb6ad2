//! protocol/ikassa.md 6.4: the register behind the API.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod till;

use kassa_emulator::Kind;
use serde_json::{Value, json};
use till::{BOUND, FRESH, JSON, NAME, Till, cash, cash_in, no, receipt, rollback, with};

#[tokio::test]
async fn item_01_calls_without_a_good_token_in_both_forms() {
    let till = Till::selling().await;
    for token in ["", "nobody"] {
        for (method, what) in
            [("GET", "shift"), ("GET", "cashbox"), ("POST", "doc.sale"), ("POST", "shift.close")]
        {
            let reply = till.call(token, method, &format!("/api/workstations.{what}"), "{}").await;
            assert_eq!(reply.refused(), no(401, "auth.unauthorized"), "{token} {what}");
            assert!(!reply.text("message").is_empty());
        }
    }
    assert_eq!(till.send("GET", "/api/workstations.shift", &[JSON], "").await.status, 401);
    till.switch("unauthorized", "b");
    let reply = till.call("nobody", "GET", "/api/workstations.shift", "").await;
    assert_eq!((reply.status, reply.json()), (401, json!({ "error": "unauthorized" })));
    till.emulator.advance_s(3601);
    assert_eq!(till.get("shift").await.status, 401);
}

#[tokio::test]
async fn item_02_the_cashbox_with_and_without_the_shift() {
    let till = Till::open().await;
    assert_eq!(till.get("cashbox?skipShift=true").await.json(), json!({ "hasDevice": true }));
    assert_eq!(till.get("cashbox").await.json(), json!({ "hasDevice": true, "shift": {} }));
    till.post("shift.open", "").await;
    let shift = json!({ "document": null, "counters": {} });
    assert_eq!(till.get("cashbox").await.json(), json!({ "hasDevice": true, "shift": shift }));
    till.operate(BOUND, "unbind", Value::Null);
    assert_eq!(till.get("cashbox").await.json(), json!({ "hasDevice": false, "shift": {} }));
}

#[tokio::test]
async fn item_03_without_a_bound_register_nothing_else_works() {
    let till = Till::selling().await;
    till.operate(BOUND, "unbind", Value::Null);
    for (method, what) in [
        ("GET", "shift"),
        ("POST", "shift.open"),
        ("POST", "shift.close"),
        ("POST", "doc.deposit"),
        ("GET", "docs.get?uid=1"),
    ] {
        let reply = till.call(&till.token, method, &format!("/api/workstations.{what}"), "").await;
        assert_eq!(reply.refused(), no(409, "kernel.device.missing"), "{what}");
    }
}

#[tokio::test]
async fn item_04_the_shift_before_during_and_after() {
    let till = Till::open().await;
    assert_eq!(till.get("shift").await.json(), json!({}));
    till.post("shift.open", "").await;
    assert_eq!(till.get("shift").await.json(), json!({ "document": null, "counters": {} }));
    till.made("deposit", &cash(12350)).await;
    till.made("deposit", &cash_in("EUR", 5)).await;
    till.made("withdraw", &cash_in("EUR", 5)).await;
    let attributes = |sum: i64| json!({ "attributes": { "$.cashin.sum": sum } });
    let expected =
        json!({ "document": null, "counters": { "BYN": attributes(12350), "EUR": attributes(0) } });
    assert_eq!(till.get("shift").await.json(), expected);
    till.made("withdraw", &cash(12350)).await;
    till.post("shift.close", "").await;
    let closed = till.get("shift").await.json();
    assert_eq!(closed["document"]["uid"].as_str().unwrap().len(), 24);
    assert_eq!(closed["counters"], json!({ "BYN": attributes(0), "EUR": attributes(0) }));
    till.post("shift.open", "").await;
    assert_eq!(till.get("shift").await.json(), json!({ "document": null, "counters": {} }));
}

#[tokio::test]
async fn item_05_opening_a_shift() {
    let till = Till::open().await;
    let opened = till.post("shift.open", "").await;
    assert_eq!((opened.status, opened.json()), (200, till.get("shift").await.json()));
    for (status, body) in [(400, ""), (409, "{}")] {
        till.switch("shift_opened_status", status);
        let reply = till.post("shift.open", body).await;
        assert_eq!(reply.refused(), no(u16::try_from(status).unwrap(), "kernel.shift.opened"));
        assert_eq!(reply.text("message"), "Shift is already open");
    }
    till.post("shift.close", "{}").await;
    assert_eq!(till.post("shift.open", "[]").await.refused(), no(400, "kernel.request.malformed"));
    assert_eq!(till.post("shift.open", "{}").await.status, 200);
}

#[tokio::test]
async fn item_06_closing_a_shift() {
    let till = Till::open().await;
    assert_eq!(till.post("shift.close", "").await.refused(), no(400, "kernel.shift.closed"));
    till.post("shift.open", "").await;
    till.made("deposit", &cash_in("USD", 100)).await;
    assert_eq!(till.post("shift.close", "").await.refused(), no(400, "kernel.cashin.not_empty"));
    till.switch("refusal_status", 422);
    assert_eq!(till.post("shift.close", "").await.status, 422);
    till.made("withdraw", &cash_in("USD", 100)).await;
    let first = till.post("shift.close", "").await.json();
    assert_eq!(first["document"]["number"], 1);
    assert_eq!(till.post("shift.close", "").await.refused(), no(422, "kernel.shift.closed"));
    till.post("shift.open", "").await;
    let second = till.post("shift.close", "").await.json();
    assert_eq!(second["document"]["number"], 2);
    assert_ne!(first["document"]["uid"], second["document"]["uid"]);
}

#[tokio::test]
async fn item_06_an_empty_shift_can_be_refused() {
    let till = Till::selling_with(&[("refuse_empty_shift", json!(true))]).await;
    assert_eq!(till.post("shift.close", "").await.refused(), no(400, "kernel.shift.empty"));
    till.made("sale", &receipt(100, &[(1, 100)])).await;
    assert_eq!(till.post("shift.close", "").await.status, 200);
}

#[tokio::test]
async fn item_06_cash_left_in_the_drawer_stays_or_goes() {
    let till = Till::selling_with(&[("require_empty_drawer", json!(false))]).await;
    for (carries, sum) in [(false, Value::Null), (true, json!(700))] {
        till.switch("drawer_carries_over", carries);
        till.made("deposit", &cash(700)).await;
        till.post("shift.close", "").await;
        assert_eq!(till.cash("BYN").await, 700);
        till.post("shift.open", "").await;
        assert_eq!(till.counter("BYN", "$.cashin.sum").await, sum);
    }
}

#[tokio::test]
async fn item_07_documents_need_an_open_shift() {
    let till = Till::open().await;
    let sale = receipt(100, &[(1, 100)]);
    let bodies = [
        ("sale", sale.clone()),
        ("refund", sale),
        ("deposit", cash(1)),
        ("withdraw", cash(1)),
        ("chWithdraw", cash(1)),
        ("rollback", rollback(&json!(1))),
    ];
    for (kind, body) in &bodies {
        assert_eq!(till.make(kind, body).await.refused(), no(400, "kernel.shift.closed"), "{kind}");
    }
    till.post("shift.open", "").await;
    till.switch("max_shift_hours", 24);
    till.made("deposit", &cash(1)).await;
    till.emulator.advance_s(24 * 3600);
    till.switch("expires_in", 100_000);
    let login = till.emulator.seed(NAME, json!({ "register": { "number": BOUND } })).unwrap();
    let token = till.refresh(login["config"]["refresh_token"].as_str().unwrap()).await.text("access_token");
    let path = "/api/workstations.doc.deposit";
    let late = till.call(&token, "POST", path, &cash(1).to_string()).await;
    assert_eq!(late.refused(), no(400, "kernel.shift.expired"));
}

#[tokio::test]
async fn item_08_cash_into_and_out_of_the_drawer() {
    let till = Till::selling().await;
    till.made("deposit", &cash(5000)).await;
    till.made("withdraw", &cash(1500)).await;
    till.made("chWithdraw", &cash(500)).await;
    assert_eq!(till.cash("BYN").await, 3000);
    for kind in ["withdraw", "chWithdraw"] {
        assert_eq!(till.make(kind, &cash(3001)).await.refused(), no(400, "kernel.cashin.not_enough"));
        let foreign = till.make(kind, &cash_in("RUB", 1)).await;
        assert_eq!(foreign.refused(), no(400, "kernel.cashin.not_enough"));
    }
    assert_eq!(till.cash("BYN").await, 3000);
}

#[tokio::test]
async fn item_09_sales_and_refunds_move_cash_less_the_change() {
    let till = Till::selling().await;
    till.made("sale", &receipt(1000, &[(0, 700), (1, 600)])).await;
    assert_eq!(till.cash("BYN").await, 400);
    till.made("sale", &receipt(1000, &[(1, 400), (2, 600)])).await;
    assert_eq!(till.cash("BYN").await, 400);
    till.made("refund", &receipt(300, &[(0, 150), (1, 150)])).await;
    assert_eq!(till.cash("BYN").await, 250);
    let refused = till.make("refund", &receipt(251, &[(0, 251)])).await;
    assert_eq!(refused.refused(), no(400, "kernel.cashin.not_enough"));
    till.made("refund", &receipt(100_000, &[(1, 100_000)])).await;
    assert_eq!(till.cash("BYN").await, 250);
}

#[tokio::test]
async fn item_09_type_1_is_cash_with_a_switch() {
    let till = Till::selling_with(&[("cash_type", json!(1))]).await;
    till.made("sale", &receipt(1000, &[(0, 600), (1, 400)])).await;
    assert_eq!(till.cash("BYN").await, 400);
}

#[tokio::test]
async fn item_09_a_deposit_can_be_required_first() {
    let till = Till::selling_with(&[("deposit_first", json!(true))]).await;
    let sale = receipt(1000, &[(1, 1000)]);
    assert_eq!(till.make("sale", &sale).await.refused(), no(400, "kernel.cashin.required"));
    till.made("deposit", &cash(1)).await;
    till.made("sale", &sale).await;
}

#[tokio::test]
async fn item_10_the_last_document_is_rolled_back_once() {
    let till = Till::selling().await;
    let sale = receipt(1000, &[(0, 1000)]);
    let first = till.made("sale", &sale).await;
    let second = till.made("sale", &sale).await;
    let wrong = till.make("rollback", &rollback(&first.at("/number"))).await;
    assert_eq!(wrong.refused(), no(400, "kernel.document.not_last"));
    let unknown = till.make("rollback", &rollback(&json!(77))).await;
    assert_eq!(unknown.refused(), no(400, "kernel.document.not_last"));
    let undone = till.made("rollback", &rollback(&second.at("/number"))).await;
    assert_eq!((undone.at("/number"), till.cash("BYN").await), (json!(3), 1000));
    let again = till.make("rollback", &rollback(&second.at("/number"))).await;
    assert_eq!(again.refused(), no(400, "kernel.document.rolled_back"));
    let of_rollback = till.make("rollback", &rollback(&json!(3))).await;
    assert_eq!(of_rollback.refused(), no(400, "kernel.document.not_allowed"));
    let marked: Vec<_> = till.documents().iter().map(|document| document["rolledBack"].clone()).collect();
    assert_eq!(marked, [json!(false), json!(false), json!(true), json!(false)]);
    let entry = till.ledger().pop().unwrap();
    assert_eq!((entry.kind, entry.total.as_str()), (Kind::Rollback, "10.00"));
    let content = entry.content.unwrap();
    assert_eq!((content.rolls_back, content.currency.as_str()), (Some(second.text("uid")), "BYN"));
}

#[tokio::test]
async fn item_10_a_refund_is_rolled_back_and_its_cash_returns() {
    let till = Till::selling().await;
    till.made("deposit", &cash(1000)).await;
    let refund = till.made("refund", &receipt(400, &[(0, 300), (1, 100)])).await;
    till.made("rollback", &rollback(&refund.at("/number"))).await;
    assert_eq!(till.cash("BYN").await, 1000);
}

#[tokio::test]
async fn item_10_which_documents_can_be_rolled_back_is_a_switch() {
    let till = Till::selling().await;
    let deposit = till.made("deposit", &cash(1000)).await.at("/number");
    let refused = till.make("rollback", &rollback(&deposit)).await;
    assert_eq!(refused.refused(), no(400, "kernel.document.not_allowed"));
    till.switch("rollback_any", true);
    till.made("rollback", &rollback(&deposit)).await;
    assert_eq!(till.cash("BYN").await, 0);
    let sale = till.made("sale", &receipt(5, &[(1, 5)])).await.at("/number");
    till.post("shift.close", "").await;
    till.post("shift.open", "").await;
    let earlier = till.make("rollback", &rollback(&sale)).await;
    assert_eq!(earlier.refused(), no(400, "kernel.document.not_allowed"));
    till.switch("rollback_earlier_shift", true);
    till.made("rollback", &rollback(&sale)).await;
}

#[tokio::test]
async fn item_11_a_document_by_its_uid() {
    let till = Till::selling().await;
    let made = till.made("sale", &receipt(1000, &[(1, 1000)])).await;
    let uid = made.text("uid");
    for spelled in [uid.clone(), uid.to_ascii_lowercase()] {
        let document = till.get(&format!("docs.get?uid={spelled}")).await.json();
        let known = ["uid", "number", "kind", "sum"].map(|name| document[name].clone());
        assert_eq!(known, [json!(uid), json!(1), json!("sale"), json!(1000)]);
        assert_eq!(document["items"][0]["name"], "Notebook A5");
    }
    let unknown = till.get("docs.get?uid=000000000000000000000000").await;
    assert_eq!(unknown.refused(), no(404, "kernel.document.not_found"));
    assert_eq!(till.get("docs.get").await.refused(), no(400, "kernel.validation"));
    assert_eq!(till.get("docs.get?uid=").await.status, 400);
    till.switch("rich_documents", false);
    assert_eq!(till.get(&format!("docs.get?uid={uid}")).await.json(), json!({ "uid": uid }));
}

#[tokio::test]
async fn item_12_answers_are_rich_or_bare() {
    let till = Till::selling().await;
    let sale = receipt(1000, &[(0, 1000)]);
    for kind in ["sale", "refund"] {
        let reply = till.made(kind, &sale).await;
        assert_eq!(reply.names(), ["number", "sum", "uid"], "{kind}");
    }
    till.switch("rich_answers", false);
    let number = till.documents().len();
    for (kind, body) in [
        ("deposit", cash(10)),
        ("withdraw", cash(9)),
        ("chWithdraw", cash(1)),
        ("sale", sale.clone()),
        ("rollback", rollback(&json!(number + 3))),
    ] {
        let reply = till.made(kind, &body).await;
        assert_eq!((reply.status, reply.names()), (200, vec!["uid".to_owned()]), "{kind}");
    }
    assert_eq!(till.post("shift.close", "").await.json(), json!({}));
    assert_eq!(till.get("shift").await.json()["document"].as_object().unwrap().len(), 1);
    assert_eq!(till.post("shift.open", "").await.json(), json!({}));
}

#[tokio::test]
async fn item_13_the_receipt_page() {
    let till = Till::selling().await;
    let sale = with(receipt(320, &[(1, 280)]), "/items/0/name", json!("Tea & <b>"));
    let sale = with(sale, "/items/0/modifiers", json!([{ "modifier": -40 }]));
    let uid = till.made("sale", &sale).await.text("uid");
    let page = till.send("GET", &format!("/render/{}", uid.to_ascii_lowercase()), &[], "").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let expected = format!(
        "<div id=\"receiptBody\"><pre>Tea &amp; &lt;b&gt;</pre><pre>3.20 * 1.000          3.20</pre>\
         <pre>СКИДКА               -0.40</pre><pre>ИТОГО К ОПЛАТЕ        2.80</pre><pre>УИ {uid}</pre></div>"
    );
    assert!(page.body.contains(&expected), "{}", page.body);
    assert_eq!(till.send("GET", "/render/000000000000000000000000", &[], "").await.status, 404);
    till.switch("scripted_page", true);
    let page = till.send("GET", &format!("/render/{uid}"), &[], "").await;
    assert!(page.body.contains("<div id=\"receiptBody\"></div>"), "{}", page.body);
}

#[tokio::test]
async fn item_14_a_token_sent_to_the_receipts_host_is_counted() {
    let till = Till::selling().await;
    let uid = till.made("sale", &receipt(100, &[(1, 100)])).await.text("uid");
    let path = format!("/render/{uid}");
    till.send("GET", &path, &[], "").await;
    let counted = || {
        (
            till.documents()[1]["render_authorizations"].clone(),
            till.operate(BOUND, "show", Value::Null)["render_authorizations"].clone(),
        )
    };
    assert_eq!(counted(), (json!(0), json!(0)));
    let leaked = till.send("GET", &path, &["Authorization: Bearer nobody"], "").await;
    assert_eq!(leaked.status, 200);
    till.send("GET", "/render/nothing", &["Authorization: Bearer nobody"], "").await;
    assert_eq!(counted(), (json!(1), json!(2)));
}

#[tokio::test]
async fn item_15_bodies_that_are_no_json_or_too_large() {
    let till = Till::selling().await;
    for kind in ["sale", "deposit", "rollback"] {
        for body in ["", "{", "{\"sum\":1,}", "текст"] {
            let reply = till.post(&format!("doc.{kind}"), body).await;
            assert_eq!(reply.refused(), no(400, "kernel.request.malformed"), "{kind} {body}");
        }
    }
    let padding = " ".repeat(1024 * 1024);
    let reply = till.post("doc.deposit", &format!("{}{padding}", cash(1))).await;
    assert_eq!(reply.status, 413);
    let body = cash(1).to_string();
    let fits = format!("{body}{}", &padding[body.len()..]);
    assert_eq!(till.post("doc.deposit", &fits).await.status, 200);
}

#[tokio::test]
async fn item_15_unknown_paths_and_wrong_methods() {
    let till = Till::open().await;
    for what in ["docs.sale", "doc.get", "doc.chwithdraw", "doc.openShift"] {
        assert_eq!(till.post(what, "{}").await.status, 404, "{what}");
    }
    assert_eq!(till.get("doc.sale").await.status, 405);
    assert_eq!(till.post("shift", "").await.status, 405);
    assert_eq!(till.send("GET", "/oauth/token", &[], "").await.status, 405);
}

#[tokio::test]
async fn numbers_count_documents_and_shifts_only_with_a_switch() {
    for (counted, expected) in [(false, ["", "1", "2", ""]), (true, ["1", "2", "3", "4"])] {
        let till = Till::selling_with(&[("number_of_shift_documents", json!(counted))]).await;
        till.made("deposit", &cash(1)).await;
        till.made("withdraw", &cash(1)).await;
        till.post("shift.close", "").await;
        let numbers: Vec<_> = till.ledger().into_iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, expected);
    }
}

#[tokio::test]
async fn uids_end_in_the_number_of_the_register_and_are_the_same_after_a_reset() {
    let mut till = Till::selling().await;
    let before: Vec<_> = till.ledger().into_iter().map(|entry| entry.receipt_key).collect();
    assert!(before[0].ends_with("0717CBC1") && before[0].len() == 24, "{before:?}");
    assert!(before[0].chars().all(|c| c.is_ascii_digit() || ('A'..='F').contains(&c)));
    till.emulator.reset();
    assert_eq!(till.emulator.config(NAME), till.config);
    assert_eq!(till.log_in().await.status, 200);
    assert_eq!(till.get("shift").await.json(), json!({}));
    till.post("shift.open", "").await;
    let after: Vec<_> = till.ledger().into_iter().map(|entry| entry.receipt_key).collect();
    assert_eq!(before, after);
}

#[tokio::test]
async fn the_ledger_tells_what_each_document_says() {
    let till = Till::selling().await;
    let sale = with(receipt(1000, &[(0, 400), (1, 600)]), "/header/@attrs", json!({ "order": "A-17" }));
    let reply = till.made("sale", &sale).await;
    till.made("chWithdraw", &cash(400)).await;
    till.post("shift.close", "").await;
    let ledger = till.ledger();
    let kinds: Vec<_> = ledger.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [Kind::OpenShift, Kind::Sell, Kind::CardWithdraw, Kind::CloseShift]);
    let expected = json!({
        "vendor": "ikassa", "register": BOUND, "receipt_key": reply.text("uid"), "number": "1", "kind": "sell",
        "total": "10.00", "lines": 1, "fiscal_document_number": "1", "fiscal_sign": reply.text("uid"),
        "at": ledger[1].at,
        "content": {
            "cashier": "Sidorova A. V.", "currency": "BYN", "attrs": { "order": "A-17" },
            "items": ["Notebook A5"],
            "payments": [{ "type": 0, "sum": "4.00" }, { "type": 1, "sum": "6.00" }],
        },
    });
    assert_eq!(serde_json::to_value(&ledger[1]).unwrap(), expected);
}

#[tokio::test]
async fn more_counters_tell_of_other_payments() {
    let till = Till::selling().await;
    till.made("deposit", &cash(500)).await;
    till.made("sale", &receipt(1000, &[(0, 700), (1, 600)])).await;
    till.made("sale", &receipt(50, &[(2, 50)])).await;
    till.made("refund", &receipt(200, &[(1, 200)])).await;
    let last = till.made("sale", &receipt(100, &[(1, 100)])).await;
    till.made("rollback", &rollback(&last.at("/number"))).await;
    let shift = till.get("shift").await.json();
    assert_eq!(shift["counters"]["BYN"]["attributes"], json!({ "$.cashin.sum": 900 }));
    till.switch("more_counters", true);
    for (name, expected) in [
        ("$.cashin.sum", 900),
        ("$.sale.cash.sum", 400),
        ("$.sale.cash.count", 1),
        ("$.sale.cashless.sum", 700),
        ("$.sale.cashless.count", 2),
        ("$.sale.other.sum", 50),
        ("$.sale.other.count", 1),
        ("$.refund.cash.count", 0),
        ("$.refund.cashless.sum", 200),
        ("$.refund.cashless.count", 1),
        ("$.deposit.sum", 500),
        ("$.deposit.count", 1),
        ("$.withdraw.sum", 0),
        ("$.chWithdraw.count", 0),
        ("$.rollback.sum", 100),
        ("$.rollback.count", 1),
    ] {
        assert_eq!(till.counter("BYN", name).await, expected, "{name}");
    }
    till.made("withdraw", &cash(900)).await;
    till.post("shift.close", "").await;
    assert_eq!(till.counter("BYN", "$.sale.cashless.sum").await, 700);
    till.post("shift.open", "").await;
    till.made("deposit", &cash(1)).await;
    assert_eq!(till.counter("BYN", "$.sale.cashless.sum").await, 0);
}

#[tokio::test]
async fn another_writer_makes_documents_on_the_same_register() {
    let till = Till::selling().await;
    let made = till.operate(BOUND, "sell_elsewhere", json!({ "sum": 1000 }));
    assert_eq!((&made["last_number"], till.cash("BYN").await), (&json!(1), 1000));
    for (kind, payment, cash_after) in [
        ("sale", "card", 1000),
        ("refund", "other", 1000),
        ("refund", "cash", 900),
        ("deposit", "cash", 1000),
    ] {
        let what = json!({ "kind": kind, "payment": payment, "sum": 100, "currency": "BYN" });
        till.operate(BOUND, "sell_elsewhere", what);
        assert_eq!(till.cash("BYN").await, cash_after, "{kind} {payment}");
    }
    let ledger = till.ledger();
    assert_eq!(ledger.len(), 6);
    assert!(ledger[0].by.is_none());
    assert!(ledger[1..].iter().all(|entry| entry.by.as_deref() == Some("other_writer")));
    let mine = till.made("sale", &receipt(100, &[(1, 100)])).await;
    assert_eq!(mine.at("/number"), 6);
    till.operate(BOUND, "sell_elsewhere", json!({ "sum": 1 }));
    let refused = till.make("rollback", &rollback(&mine.at("/number"))).await;
    assert_eq!(refused.refused(), no(400, "kernel.document.not_last"));
}

#[tokio::test]
async fn another_writer_opens_and_closes_shifts() {
    let till = Till::open().await;
    let opened = till.operate(BOUND, "open_shift", Value::Null);
    assert_eq!(opened["shift"]["document"], Value::Null);
    assert_eq!(till.post("shift.open", "").await.refused(), no(400, "kernel.shift.opened"));
    let closed = till.operate(BOUND, "close_shift", Value::Null);
    assert!(closed["shift"]["document"].is_object());
    let refused = till.emulator.operate(BOUND, "close_shift", Value::Null).unwrap_err();
    assert!(refused.to_string().starts_with("kernel.shift.closed"));
    assert!(till.ledger().iter().all(|entry| entry.by.as_deref() == Some("other_writer")));
}

#[tokio::test]
async fn operator_actions_that_make_no_sense_are_refused() {
    let till = Till::selling().await;
    for (action, what, named) in [
        ("explode", Value::Null, "action"),
        ("approve", json!({}), "missing field"),
        ("approve", json!({ "user_code": "nobody" }), "user_code"),
        ("sell_elsewhere", json!({ "sum": 0 }), "sum"),
        ("sell_elsewhere", json!({ "sum": 1, "currency": "GBP" }), "sum"),
        ("sell_elsewhere", json!({ "sum": 1, "kind": "rollback" }), "kind"),
        ("sell_elsewhere", json!({ "sum": 1, "kind": "withdraw" }), "kernel.cashin.not_enough"),
    ] {
        let error = till.emulator.operate(BOUND, action, what.clone()).unwrap_err().to_string();
        assert!(error.starts_with(named), "{action} {what}: {error}");
    }
    assert!(till.emulator.operate("119999999", "show", Value::Null).is_err());
}

#[tokio::test]
async fn seeding_adds_clients_registers_and_logins() {
    let till = Till::selling().await;
    let url = till.emulator.url();
    let description = till.emulator.description();
    let fresh = &description["vendors"][NAME]["others"];
    let expected = json!([{
        "vendor": "ikassa", "base_url": url, "cashier": "Sidorova A. V.", "client_id": "demo-client",
        "register": FRESH,
    }]);
    assert_eq!(fresh, &expected);
    assert_eq!(till.config["register"], BOUND);
    let seed = json!({ "client": { "client_id": "shop" }, "register": { "refresh_token": "rt_mine" } });
    let config = till.emulator.seed(NAME, seed.clone()).unwrap()["config"].clone();
    assert_eq!((&config["register"], &config["refresh_token"]), (&json!("119000003"), &json!("rt_mine")));
    let body = "client_id=shop&grant_type=refresh_token&refresh_token=rt_mine";
    let token = till.form("/oauth/token", body).await.text("access_token");
    let shift = till.call(&token, "GET", "/api/workstations.shift", "").await;
    assert_eq!((shift.status, shift.json()), (200, json!({})));
    let again = till.emulator.seed(NAME, json!({ "register": { "number": BOUND } })).unwrap();
    let second = till.refresh(again["config"]["refresh_token"].as_str().unwrap()).await.text("access_token");
    let same = till.call(&second, "GET", "/api/workstations.shift", "").await;
    assert_eq!(same.json(), till.get("shift").await.json());
    let unbound = till.emulator.seed(NAME, json!({ "register": { "bound": false } })).unwrap();
    assert_eq!(unbound["config"].get("refresh_token"), None);
    for wrong in [
        seed,
        json!({ "register": { "number": "12" } }),
        json!({ "register": { "bound": false, "refresh_token": "x" } }),
        json!({ "account": {} }),
    ] {
        assert!(till.emulator.seed(NAME, wrong.clone()).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn switches_out_of_range_are_refused() {
    let till = Till::open().await;
    for (name, value) in [
        ("cash_type", json!(2)),
        ("refusal_status", json!(200)),
        ("shift_opened_status", json!(500)),
        ("interval", json!(-1)),
        ("unauthorized", json!("c")),
        ("unknown", json!(true)),
    ] {
        let error = till.emulator.switch(NAME, name, value).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}
