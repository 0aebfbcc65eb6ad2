//! iKassa.Cloud: log-in, a day at the cash register, and sales that get lost, against the emulated
//! register and its ledger.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, error, ikassa, ok, roubles};
use kassa_emulator::{Kind, LedgerEntry};
use serde_json::{Value, json};

fn switch(bench: &Bench, name: &str, value: Value) {
    bench.emulator.switch("ikassa", name, value).unwrap();
}

fn operate(bench: &Bench, action: &str, what: Value) -> Value {
    bench.emulator.operate(&register(bench), action, what).unwrap()
}

fn register(bench: &Bench) -> String {
    bench.emulator.config("ikassa")["register"].as_str().unwrap().to_owned()
}

fn fault(bench: &Bench, route: &str, fault: Value) {
    let mut whole = json!({"vendor": "ikassa", "route": route});
    for (name, value) in fault.as_object().unwrap() {
        whole[name] = value.clone();
    }
    bench.fault(whole);
}

/// Sales and refunds of the shop.
fn receipts(bench: &Bench) -> Vec<LedgerEntry> {
    let is_receipt =
        |entry: &LedgerEntry| entry.by.is_none() && matches!(entry.kind, Kind::Sell | Kind::SellRefund);
    bench.emulator.ledger().into_iter().filter(is_receipt).collect()
}

/// A register with an open shift.
async fn open() -> Bench {
    let bench = Bench::new().await;
    ok(&ikassa(&bench, json!({})), "open_shift", json!({})).await;
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_and_a_restart_needs_no_new_login() {
    let bench = Bench::new().await;
    switch(&bench, "interval", json!(0));
    let unbound = bench.emulator.description()["vendors"]["ikassa"]["others"][0].clone();
    let config = json!({"register": unbound["register"], "refresh_token": null});
    let till = ikassa(&bench, config.clone());
    assert_eq!(error(&till, "cashbox", json!({})).await["code"], "login_needed");
    let started = ok(&till, "start_login", json!({"device": "till-7"})).await;
    let code = json!({"user_code": started["user_code"]});
    let waits = ok(&till, "finish_login", json!({"timeout_ms": 0})).await;
    assert_eq!(waits["state"], "pending");
    bench.emulator.operate(unbound["register"].as_str().unwrap(), "approve", code).unwrap();
    let approved = ok(&till, "finish_login", json!({})).await;
    assert_eq!(approved["state"], "approved");
    assert_eq!(ok(&till, "cashbox", json!({})).await["has_device"], true);
    drop(till);
    let restarted = ikassa(&bench, config);
    assert_eq!(ok(&restarted, "cashbox", json!({})).await["has_device"], true);
    assert_eq!(bench.requests("POST", "/oauth/device/code"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_may_be_denied_or_grow_too_old() {
    let bench = Bench::new().await;
    switch(&bench, "interval", json!(0));
    let till = ikassa(&bench, json!({"refresh_token": null}));
    let started = ok(&till, "start_login", json!({})).await;
    operate(&bench, "deny", json!({"user_code": started["user_code"]}));
    assert_eq!(ok(&till, "finish_login", json!({})).await["state"], "denied");
    ok(&till, "start_login", json!({})).await;
    bench.emulator.advance_s(700);
    assert_eq!(ok(&till, "finish_login", json!({})).await["state"], "expired");
    // The vendor asks to slow down: it is waited for.
    fault(&bench, "token", json!({"do": "slow_down"}));
    let started = ok(&till, "start_login", json!({})).await;
    operate(&bench, "approve", json!({"user_code": started["user_code"]}));
    let slow = ok(&till, "finish_login", json!({"timeout_ms": 500})).await;
    assert_eq!(slow["state"], "slow_down");
    assert!(slow["retry_after_ms"].as_u64().unwrap() > 3_000, "{slow}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_refresh_token_is_in_the_journal_before_it_is_needed() {
    let bench = open().await;
    switch(&bench, "reuse_revokes", json!(true));
    for renewal in 0..5 {
        operate(&bench, "expire_tokens", json!({}));
        let till = ikassa(&bench, json!({}));
        assert_eq!(ok(&till, "cashbox", json!({})).await["has_device"], true, "renewal {renewal}");
    }
    // The first log-in, and one for each expiry.
    assert_eq!(bench.requests("POST", "/oauth/token"), 6);
    operate(&bench, "revoke", json!({}));
    let till = ikassa(&bench, json!({}));
    let refused = error(&till, "register", roubles("order-1", "cash")).await;
    assert_eq!((&refused["code"], &refused["outcome"]), (&json!("login_needed"), &json!("not_registered")));
    assert!(receipts(&bench).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_cannot_be_written_is_kept_and_written_later() {
    let bench = open().await;
    switch(&bench, "reuse_revokes", json!(true));
    operate(&bench, "expire_tokens", json!({}));
    let person = rusqlite::Connection::open(bench.folder.path().join("journal.sqlite")).unwrap();
    let full =
        "CREATE TRIGGER full BEFORE UPDATE ON secrets WHEN NEW.value <> OLD.value AND NEW.name = 'tokens'
                BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    person.execute_batch(full).unwrap();
    let till = ikassa(&bench, json!({}));
    for _ in 0..2 {
        let told = error(&till, "register", roubles("order-1", "cash")).await;
        assert_eq!(
            (&told["code"], &told["outcome"]),
            (&json!("journal_unavailable"), &json!("not_registered"))
        );
    }
    person.execute_batch("DROP TRIGGER full").unwrap();
    // Another client, as in the next request of a web server.
    drop(till);
    let till = ikassa(&bench, json!({}));
    assert_eq!(ok(&till, "register", roubles("order-1", "cash")).await["state"], "registered");
    // The first log-in and one renewal, whose tokens were not lost.
    assert_eq!(bench.requests("POST", "/oauth/token"), 2);
    operate(&bench, "expire_tokens", json!({}));
    assert_eq!(ok(&till, "register", roubles("order-2", "cash")).await["state"], "registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_is_renewed_before_its_end_by_one_worker() {
    let bench = open().await;
    switch(&bench, "expires_in", json!(2));
    operate(&bench, "expire_tokens", json!({}));
    let till = ikassa(&bench, json!({}));
    let asked = bench.requests("POST", "/oauth/token");
    let mut calls = Vec::new();
    for _ in 0..16 {
        calls.push(ok(&till, "cashbox", json!({})));
    }
    futures_util::future::join_all(calls).await;
    assert_eq!(bench.requests("POST", "/oauth/token"), asked + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_token_that_no_header_can_carry_is_renewed() {
    let bench = open().await;
    let asked = bench.requests("POST", "/oauth/token");
    bench.damage_secret("tokens", "json_set(value, '$.access', value ->> '$.access' || char(1))");
    ok(&ikassa(&bench, json!({})), "cashbox", json!({})).await;
    assert_eq!(bench.requests("POST", "/oauth/token"), asked + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_of_times_that_cannot_be_is_polled_and_its_tokens_are_renewed() {
    let bench = open().await;
    let till = ikassa(&bench, json!({}));
    let least = i64::MIN + 1;
    bench.damage_secret(
        "tokens",
        &format!("json_set(value, '$.ends_at_ms', {least}, '$.renew_at_ms', {least})"),
    );
    assert_eq!(ok(&till, "finish_login", json!({})).await["expires_in_s"], 0);
    ok(&till, "cashbox", json!({})).await;
    ok(&till, "start_login", json!({})).await;
    bench.damage_secret("pending_login", &format!("json_set(value, '$.next_poll_ms', {least})"));
    let waits = ok(&till, "finish_login", json!({"timeout_ms": 0})).await;
    assert_eq!(waits["state"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_at_the_cash_register() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    assert_eq!(ok(&till, "shift", json!({})).await["open"], false);
    let early = error(&till, "register", roubles("order-0", "cash")).await;
    assert_eq!((&early["code"], &early["outcome"]), (&json!("register_not_ready"), &json!("not_registered")));
    assert_eq!(ok(&till, "open_shift", json!({})).await["open"], true);
    ok(&till, "deposit", json!({"id": "in-1", "sum": "100.00"})).await;
    ok(&till, "deposit", json!({"id": "in-2", "sum": "50.00", "currency": "USD"})).await;
    // The same id, now that the shift is open.
    let sale = ok(&till, "register", roubles("order-0", "cash")).await;
    assert_eq!(sale["fiscal"]["total"], "290.00");
    let page = sale["fiscal"]["url"].as_str().unwrap().to_owned();
    assert!(page.ends_with(sale["vendor_document_id"].as_str().unwrap()), "{page}");
    ok(&till, "register", roubles("order-1", "card")).await;
    let mut refund = roubles("refund-1", "cash");
    refund["kind"] = json!("sell_refund");
    let refund = ok(&till, "register", refund).await;
    let number: u64 = refund["fiscal"]["document_number"].as_str().unwrap().parse().unwrap();
    ok(&till, "rollback", json!({"id": "undo-1", "number": number})).await;
    let again = error(&till, "rollback", json!({"id": "undo-2", "number": number})).await;
    assert_eq!((&again["kind"], &again["outcome"]), (&json!("refused"), &json!("not_registered")));
    ok(&till, "card_withdraw", json!({"id": "out-1", "sum": "40.00"})).await;
    let amounts = ok(&till, "cash", json!({})).await["amounts"].clone();
    let drawer = json!([{"currency": "BYN", "sum": "350.00"}, {"currency": "USD", "sum": "50.00"}]);
    assert_eq!(amounts, drawer);
    let full = error(&till, "close_shift", json!({})).await;
    assert_eq!(full["message"], "350.00 BYN and 50.00 USD in the drawer");
    let closed = ok(&till, "close_shift", json!({"withdraw_first": {"id": "evening"}})).await;
    assert_eq!((&closed["confirmed"], &closed["shift"]["open"]), (&json!(true), &json!(false)));
    let kinds: Vec<Kind> = bench.emulator.ledger().iter().map(|entry| entry.kind).collect();
    use Kind::{CardWithdraw, CloseShift, Deposit, OpenShift, Rollback, Sell, SellRefund, Withdraw};
    let day = [
        OpenShift,
        Deposit,
        Deposit,
        Sell,
        Sell,
        SellRefund,
        Rollback,
        CardWithdraw,
        Withdraw,
        Withdraw,
        CloseShift,
    ];
    assert_eq!(kinds, day);
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_settles_by_the_drawer_whatever_is_lost() {
    let bench = open().await;
    let till = ikassa(&bench, json!({}));
    let losses = [
        json!({"when": "before_record", "do": "drop"}),
        json!({"when": "after_record", "do": "drop"}),
        json!({"do": "cut"}),
        json!({"do": "empty"}),
        json!({"do": "garbage"}),
        json!({"when": "after_record", "do": "status", "status": 502}),
        json!({"when": "before_record", "do": "status", "status": 502}),
    ];
    for (index, loss) in losses.iter().enumerate() {
        fault(&bench, "sale", loss.clone());
        let sale = ok(&till, "register", roubles(&format!("order-{index}"), "cash")).await;
        assert_eq!(sale["state"], "registered", "{loss}");
        assert_eq!(receipts(&bench).len(), index + 1, "{loss}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_sale_that_nothing_tells_about_is_in_doubt_with_its_evidence() {
    let bench = open().await;
    let till = ikassa(&bench, json!({}));
    for (index, when) in ["before_record", "after_record"].into_iter().enumerate() {
        fault(&bench, "sale", json!({"when": when, "do": "drop"}));
        let id = format!("card-{index}");
        let doubt = error(&till, "register", roubles(&id, "card")).await;
        assert_eq!((&doubt["code"], &doubt["outcome"]), (&json!("in_doubt"), &json!("unknown")));
        let status = ok(&till, "status", json!({"id": id})).await;
        assert!(
            status["raw"]["evidence"]["before"].is_object() && status["raw"]["evidence"]["after"].is_object()
        );
        // It is not sent again, and the shop sells on.
        error(&till, "register", roubles(&id, "card")).await;
        ok(&till, "register", roubles(&format!("cash-{index}"), "cash")).await;
    }
    assert_eq!(receipts(&bench).len(), 3);
    let verdict = json!({"id": "card-0", "verdict": {"on_record": false, "by": "Sidorova"}});
    assert_eq!(ok(&till, "resolve", verdict).await["state"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_sale_settles_once_a_counter_is_known_to_answer() {
    let bench = open().await;
    switch(&bench, "more_counters", json!(true));
    let till = ikassa(&bench, json!({}));
    ok(&till, "register", roubles("first", "card")).await;
    for (index, when) in ["before_record", "after_record", "before_record"].into_iter().enumerate() {
        fault(&bench, "sale", json!({"when": when, "do": "drop"}));
        let sale = ok(&till, "register", roubles(&format!("order-{index}"), "card")).await;
        assert_eq!(sale["state"], "registered");
        assert_eq!(receipts(&bench).len(), index + 2);
    }
    // Refunds are another composition: nothing is known about them yet.
    fault(&bench, "refund", json!({"when": "after_record", "do": "drop"}));
    let mut refund = roubles("refund", "card");
    refund["kind"] = json!("sell_refund");
    assert_eq!(error(&till, "register", refund).await["code"], "in_doubt");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learned_stays_after_the_shift_and_its_counters_end() {
    let bench = open().await;
    switch(&bench, "more_counters", json!(true));
    let till = ikassa(&bench, json!({}));
    ok(&till, "register", roubles("first", "card")).await;
    ok(&till, "register", roubles("second", "card")).await;
    ok(&till, "close_shift", json!({})).await;
    ok(&till, "open_shift", json!({})).await;
    fault(&bench, "sale", json!({"when": "after_record", "do": "drop"}));
    assert_eq!(ok(&till, "register", roubles("third", "card")).await["state"], "registered");
    assert_eq!(receipts(&bench).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_writer_ends_what_the_counters_prove_until_the_next_shift() {
    let bench = open().await;
    let till = ikassa(&bench, json!({}));
    ok(&till, "register", roubles("order-1", "cash")).await;
    operate(&bench, "sell_elsewhere", json!({"sum": 29_000}));
    // Recorded, and only the drawer would say so: it moved by exactly this sale.
    fault(&bench, "sale", json!({"when": "after_record", "do": "drop"}));
    assert_eq!(error(&till, "register", roubles("order-2", "cash")).await["code"], "in_doubt");
    let raw = ok(&till, "status", json!({"id": "order-2"})).await["raw"].clone();
    assert!(raw["evidence"]["reason"].as_str().unwrap().contains("another writer"), "{raw}");
    ok(&till, "close_shift", json!({"withdraw_first": {"id": "evening"}})).await;
    ok(&till, "open_shift", json!({})).await;
    fault(&bench, "sale", json!({"when": "after_record", "do": "drop"}));
    assert_eq!(ok(&till, "register", roubles("order-3", "cash")).await["state"], "registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_does_not_end_before_what_is_in_doubt_in_it_is_settled() {
    let bench = open().await;
    switch(&bench, "more_counters", json!(true));
    let till = ikassa(&bench, json!({}));
    for id in ["first", "second"] {
        ok(&till, "register", roubles(id, "card")).await;
    }
    for operation in ["close_shift", "open_shift"] {
        ok(&till, operation, json!({})).await;
    }
    // The counters stand at nothing before this sale, as they will after the next shift has begun.
    let impatient = ikassa(&bench, json!({"timeout_ms": 900, "settle_ms": 2_000}));
    fault(&bench, "sale", json!({"when": "after_record", "do": "drop"}));
    assert_eq!(error(&impatient, "register", roubles("order-1", "card")).await["outcome"], "unknown");
    for operation in ["close_shift", "open_shift"] {
        ok(&till, operation, json!({})).await;
    }
    assert_eq!(ok(&till, "register", roubles("order-1", "card")).await["state"], "registered");
    assert_eq!(receipts(&bench).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_final_or_waits_for_the_cash_register() {
    let bench = open().await;
    switch(&bench, "refusal_status", json!(409));
    let till = ikassa(&bench, json!({}));
    let poor = error(&till, "withdraw", json!({"id": "out-1", "sum": "1.00"})).await;
    assert_eq!((&poor["code"], &poor["outcome"]), (&json!("register_not_ready"), &json!("not_registered")));
    ok(&till, "deposit", json!({"id": "in-1", "sum": "1.00"})).await;
    assert_eq!(ok(&till, "withdraw", json!({"id": "out-1", "sum": "1.00"})).await["attempts"], 2);
    operate(&bench, "unbind", json!({}));
    assert_eq!(ok(&till, "health", json!({})).await["ready"], false);
    let unbound = error(&till, "register", roubles("order-1", "cash")).await;
    assert_eq!(unbound["outcome"], "not_registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_call_whose_answer_is_lost_is_told_by_the_state() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    for when in ["before_record", "after_record"] {
        for (operation, open) in [("open_shift", true), ("close_shift", false)] {
            fault(&bench, operation, json!({"when": when, "do": "drop"}));
            ok(&till, operation, json!({})).await;
            assert_eq!(ok(&till, "shift", json!({})).await["open"], open);
        }
    }
    assert_eq!(bench.emulator.ledger().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_reaches_the_receipt_pages_or_a_debug_text() {
    let bench = open().await;
    let till = ikassa(&bench, json!({"log": "debug"}));
    let sale = ok(&till, "register", roubles("order-1", "cash")).await;
    let link = ok(&till, "receipt_url", json!({"id": "order-1"})).await;
    assert_eq!(link["url"], sale["fiscal"]["url"]);
    assert_eq!(operate(&bench, "show", json!({}))["render_authorizations"], 0);
    let tokens = bench.emulator.config("ikassa")["refresh_token"].as_str().unwrap().to_owned();
    assert!(!sale.to_string().contains(&tokens));
}
