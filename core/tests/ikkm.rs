//! iKKM: the key that must never be lost, against the emulated device and its ledger.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, error, ikkm, ok, tenge};
use serde_json::{Value, json};

fn switch(bench: &Bench, name: &str, value: Value) {
    bench.emulator.switch("ikkm", name, value).unwrap();
}

async fn quick() -> Bench {
    let bench = Bench::new().await;
    switch(&bench, "pace_ms", json!(0));
    bench
}

fn operate(bench: &Bench, action: &str, what: Value) -> Value {
    let register = bench.emulator.config("ikkm")["register"].as_str().unwrap().to_owned();
    bench.emulator.operate(&register, action, what).unwrap()
}

fn fault(bench: &Bench, fault: Value) {
    let mut whole = json!({"vendor": "ikkm", "route": "register"});
    for (name, value) in fault.as_object().unwrap() {
        whole[name] = value.clone();
    }
    bench.fault(whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_follow_each_other_and_the_key_with_them() {
    let bench = quick().await;
    let till = ikkm(&bench, json!({}));
    for number in 1..=5 {
        let sale = ok(&till, "register", tenge(&format!("order-{number}"))).await;
        assert_eq!(sale["state"], "registered");
        assert_eq!(sale["fiscal"]["total"], "290.00");
        assert_eq!(sale["fiscal"]["document_number"], bench.emulator.ledger()[number - 1].number);
    }
    // A new client on the same journal goes on with the key that the device gave last.
    ok(&ikkm(&bench, json!({})), "register", tenge("order-6")).await;
    assert_eq!(bench.emulator.ledger().len(), 6);
    let shown = ok(&till, "journal", json!({"id": "order-1"})).await.to_string();
    assert!(!shown.contains(bench.emulator.config("ikkm")["key"].as_str().unwrap()), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_by_the_same_bytes() {
    for lost in [
        json!({"when": "before_record", "do": "drop"}),
        json!({"when": "after_record", "do": "drop"}),
        json!({"when": "answer", "do": "cut"}),
        json!({"when": "answer", "do": "garbage"}),
        json!({"when": "after_record", "do": "status", "status": 502}),
    ] {
        let bench = quick().await;
        let till = ikkm(&bench, json!({}));
        ok(&till, "register", tenge("order-0")).await;
        fault(&bench, lost.clone());
        let sale = ok(&till, "register", tenge("order-1")).await;
        assert_eq!(sale["state"], "registered", "{lost}");
        ok(&till, "register", tenge("order-2")).await;
        let numbers: Vec<_> = bench.emulator.ledger().into_iter().map(|entry| entry.number).collect();
        assert_eq!(numbers.len(), 3, "{lost}");
        assert_eq!(sale["fiscal"]["document_number"], numbers[1], "{lost}");
        // The replay was the same bytes to the letter.
        let bodies: Vec<_> = bench
            .emulator
            .requests()
            .iter()
            .filter(|request| request.path == "/api")
            .map(|request| request.body.clone().unwrap())
            .collect();
        assert!(
            bodies.iter().any(|body| bodies.iter().filter(|other| *other == body).count() == 2),
            "{lost}: {bodies:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_on_a_clean_send_is_somebody_elses_receipt() {
    let bench = quick().await;
    let config = bench.emulator.config("ikkm");
    let (ours, theirs) = (ikkm(&bench, json!({})), ikkm(&bench, json!({"journal": "memory:"})));
    let mut cheap = tenge("their-1");
    cheap["items"][0] = json!({"name": "Mug", "price": "100", "quantity": "1"});
    cheap["payments"][0]["sum"] = json!("100");
    ok(&theirs, "register", cheap).await;
    // Our journal still believes in the first key: the device repeats their answer to us.
    let sale = ok(&ours, "register", tenge("our-1")).await;
    assert_eq!((sale["state"].clone(), sale["attempts"].clone()), (json!("registered"), json!(2)));
    let numbers: Vec<_> = bench.emulator.ledger().into_iter().map(|entry| entry.number).collect();
    assert_eq!(numbers.len(), 2);
    assert_eq!(sale["fiscal"]["document_number"], numbers[1]);
    assert!(config["key"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_of_a_receipt_like_ours_on_a_clean_send_is_for_a_person() {
    let bench = quick().await;
    let (ours, theirs) = (ikkm(&bench, json!({})), ikkm(&bench, json!({"journal": "memory:"})));
    ok(&theirs, "register", tenge("their-1")).await;
    for _ in 0..2 {
        let doubt = error(&ours, "register", tenge("our-1")).await;
        assert_eq!((&doubt["code"], &doubt["outcome"]), (&json!("in_doubt"), &json!("unknown")), "{doubt}");
    }
    assert_eq!(bench.emulator.ledger().len(), 1);
    // The device sells on with the key that came with the answer.
    assert_eq!(ok(&ours, "register", tenge("our-2")).await["state"], "registered");
    let verdict = json!({"id": "our-1", "verdict": {"on_record": true, "by": "Aliya"}});
    assert_eq!(ok(&ours, "resolve", verdict).await["state"], "registered");
    assert_eq!(bench.emulator.ledger().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_to_a_person_is_answered_from_the_journal_at_once() {
    let bench = quick().await;
    let (ours, theirs) = (ikkm(&bench, json!({})), ikkm(&bench, json!({"journal": "memory:"})));
    ok(&theirs, "register", tenge("their-1")).await;
    error(&ours, "register", tenge("our-1")).await;
    let steps = ok(&ours, "journal", json!({"id": "our-1"})).await["steps"].clone();
    let requests = bench.emulator.requests().len();
    // Somebody works on the cash register all the time.
    let journal = kassa::journal::Journals::default().open(&bench.journal(), None).unwrap();
    let name = format!("register {}", ours.about().register);
    let lease =
        journal.lease(&name, tokio::time::Instant::now() + std::time::Duration::from_secs(2)).await.unwrap();
    let begun = std::time::Instant::now();
    let told = error(&ours, "register", tenge("our-1")).await;
    assert_eq!((&told["code"], &told["outcome"]), (&json!("in_doubt"), &json!("unknown")), "{told}");
    assert!(told["message"].as_str().unwrap().contains("verdict"), "{told}");
    for operation in ["status", "resolve", "wait"] {
        assert_eq!(ok(&ours, operation, json!({"id": "our-1"})).await["state"], "in_doubt", "{operation}");
    }
    let delivered = ok(&ours, "deliver", json!({"receipts": true, "time_limit_ms": 2000, "all": true})).await;
    assert_eq!(delivered["errors"][0]["error"]["code"], "in_doubt", "{delivered}");
    let mut other = tenge("our-1");
    other["items"][0]["name"] = json!("Cup");
    assert_eq!(error(&ours, "register", other).await["code"], "receipt_conflict");
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(ok(&ours, "journal", json!({"id": "our-1"})).await["steps"], steps, "an event was written");
    assert_eq!(bench.emulator.requests().len(), requests);
    lease.give_back(std::time::Duration::ZERO).await;
    assert_eq!(ok(&ours, "register", tenge("our-2")).await["state"], "registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_is_sent_while_a_sale_is_in_doubt() {
    let bench = quick().await;
    let till = ikkm(&bench, json!({"response_timeout_ms": 200, "timeout_ms": 900}));
    ok(&till, "register", tenge("order-0")).await;
    fault(&bench, json!({"when": "after_record", "do": "drop"}));
    fault(&bench, json!({"route": "*", "when": "before_record", "do": "drop", "skip": 1, "times": 6}));
    assert_eq!(error(&till, "register", tenge("order-1")).await["code"], "in_doubt");
    let blocked = error(&till, "register", tenge("order-2")).await;
    assert_eq!(blocked["outcome"], "not_registered", "{blocked}");
    assert_eq!(ok(&till, "status", json!({"id": "order-2"})).await["state"], "queued");
    bench.emulator.clear_faults();
    // The device can be reached again: the next sale settles the earlier one first.
    assert_eq!(ok(&till, "register", tenge("order-2")).await["state"], "registered");
    assert_eq!(ok(&till, "status", json!({"id": "order-1"})).await["state"], "registered");
    assert_eq!(bench.emulator.ledger().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_frees_a_sale_that_never_arrived_and_does_not_make_it() {
    let bench = quick().await;
    let till = ikkm(&bench, json!({"timeout_ms": 900}));
    ok(&till, "register", tenge("order-0")).await;
    fault(&bench, json!({"when": "before_record", "do": "drop", "times": 9}));
    assert_eq!(error(&till, "register", tenge("order-1")).await["code"], "in_doubt");
    bench.emulator.clear_faults();
    let probed = ok(&till, "resolve", json!({"id": "order-1", "mode": "probe"})).await;
    assert_eq!(probed["state"], "queued");
    assert_eq!(bench.emulator.ledger().len(), 1);
    ok(&till, "resolve", json!({"id": "order-1", "mode": "complete"})).await;
    assert_eq!(bench.emulator.ledger().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reboot_an_operators_key_settles_it() {
    let bench = quick().await;
    let till = ikkm(&bench, json!({}));
    ok(&till, "register", tenge("order-0")).await;
    fault(&bench, json!({"when": "after_record", "do": "reboot"}));
    let doubt = error(&till, "register", tenge("order-1")).await;
    assert_eq!((doubt["code"].clone(), doubt["outcome"].clone()), (json!("in_doubt"), json!("unknown")));
    assert!(doubt["message"].as_str().unwrap().contains("key"), "{doubt}");
    operate(&bench, "user", json!({"role": "senior"}));
    let key = operate(&bench, "rekey", json!({}))["key"].clone();
    let settled = ok(&till, "resolve", json!({"id": "order-1", "key": key})).await;
    assert_eq!(settled["state"], "registered", "{settled}");
    assert_eq!(settled["fiscal"]["document_number"], bench.emulator.ledger()[1].number);
    ok(&till, "register", tenge("order-2")).await;
    assert_eq!(bench.emulator.ledger().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_receipt_is_never_ours() {
    let bench = quick().await;
    let till = ikkm(&bench, json!({"timeout_ms": 900}));
    ok(&till, "register", tenge("order-0")).await;
    fault(&bench, json!({"when": "before_record", "do": "drop", "times": 9}));
    assert_eq!(error(&till, "register", tenge("order-1")).await["code"], "in_doubt");
    bench.emulator.clear_faults();
    operate(&bench, "sell_by_hand", json!({"sum": "290"}));
    // The operator's receipt has our sum and comes at our time. It proves nothing.
    assert_eq!(ok(&till, "resolve", json!({"id": "order-1", "mode": "probe"})).await["state"], "in_doubt");
    let sale = ok(&till, "resolve", json!({"id": "order-1"})).await;
    assert_eq!(sale["state"], "registered");
    let ledger = bench.emulator.ledger();
    assert_eq!(ledger.len(), 3);
    assert_eq!(sale["fiscal"]["document_number"], ledger[2].number);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_writers_receipt_is_never_ours() {
    // Our bytes are lost, and another program sells with the key that they were bound to: once, so
    // that its answer is repeated to us, or twice, so that not even the key in it is current.
    for (depth, others) in [(1, 1), (0, 1), (0, 2)] {
        let bench = quick().await;
        switch(&bench, "repeat_depth", json!(depth));
        operate(&bench, "user", json!({"role": "senior"}));
        let till = ikkm(&bench, json!({}));
        ok(&till, "register", tenge("order-0")).await;
        fault(&bench, json!({"when": "before_record", "do": "drop"}));
        for _ in 0..others {
            fault(&bench, json!({"do": "other_writer"}));
        }
        let mut order = tenge("order-1");
        order["items"][0] = json!({"name": "Mug", "price": "290", "quantity": "1"});
        let mut doubt = error(&till, "register", order.clone()).await;
        assert_eq!(doubt["code"], "in_doubt", "{doubt}");
        if others > 1 {
            assert!(doubt["message"].as_str().unwrap().contains("set the key on the device"), "{doubt}");
            let key = operate(&bench, "rekey", json!({}))["key"].clone();
            let still = ok(&till, "resolve", json!({"id": "order-1", "key": key})).await;
            assert_eq!(still["state"], "in_doubt", "{still}");
            doubt = error(&till, "register", order).await;
        }
        assert!(doubt["message"].as_str().unwrap().contains("give a verdict"), "{doubt}");
        let verdict = json!({"id": "order-1", "verdict": {"on_record": false, "by": "Aliya"}});
        assert_eq!(ok(&till, "resolve", verdict).await["state"], "failed");
        let sale = ok(&till, "register", tenge("order-2")).await;
        let ours: Vec<_> = bench.emulator.ledger().into_iter().filter(|entry| entry.by.is_none()).collect();
        assert_eq!(ours.len(), 2);
        assert_eq!(sale["fiscal"]["document_number"], ours[1].number);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_writers_receipt_of_a_shift_that_was_closed_is_never_ours() {
    for is_ours in [false, true] {
        let bench = quick().await;
        switch(&bench, "repeat_depth", json!(0));
        operate(&bench, "user", json!({"role": "senior"}));
        let till = ikkm(&bench, json!({"timeout_ms": 900}));
        ok(&till, "register", tenge("order-0")).await;
        if is_ours {
            fault(&bench, json!({"when": "after_record", "do": "drop"}));
        } else {
            fault(&bench, json!({"when": "before_record", "do": "drop"}));
            fault(&bench, json!({"do": "other_writer"}));
        }
        // Nothing can be found out before the shift is closed and another one opened.
        bench.fault(json!({"vendor": "ikkm", "route": "register", "skip": 1 + usize::from(!is_ours),
                           "do": "drop", "times": null}));
        let mut order = tenge("order-1");
        order["items"][0] = json!({"name": "Mug", "price": "290", "quantity": "1"});
        assert_eq!(error(&till, "register", order.clone()).await["code"], "in_doubt");
        bench.emulator.clear_faults();
        let writers: Vec<_> = bench.emulator.ledger().into_iter().map(|document| document.by).collect();
        assert_eq!((writers.len(), writers[1].is_none()), (2, is_ours));
        for open in [false, true, false, true] {
            operate(&bench, "shift", json!({"open": open}));
        }
        if is_ours {
            let sale = ok(&till, "register", order).await;
            assert_eq!(sale["fiscal"]["document_number"], bench.emulator.ledger()[1].number);
        } else {
            let doubt = error(&till, "register", order).await;
            assert_eq!(doubt["code"], "in_doubt", "{doubt}");
            assert!(doubt["message"].as_str().unwrap().contains("give a verdict"), "{doubt}");
        }
        assert_eq!(bench.emulator.ledger().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_about_a_receipt_without_an_answer_does_not_make_it_ours() {
    // Another program's answer is repeated to us; or the device remembers only the one after it, and
    // its transactions tell of a receipt made with our key.
    let harms = [
        json!({"do": "drop"}),
        json!({"do": "garbage"}),
        json!({"do": "status", "status": 503}),
        json!({"do": "status", "status": 400, "body": "-3"}),
    ];
    let questions = [("info", 1), ("cheques", 1), ("info", 2), ("cheques", 2)];
    for ((question, others), harm) in
        questions.into_iter().flat_map(|each| harms.iter().map(move |harm| (each, harm)))
    {
        let bench = quick().await;
        switch(&bench, "repeat_depth", json!(1));
        operate(&bench, "user", json!({"role": "senior"}));
        let till = ikkm(&bench, json!({}));
        ok(&till, "register", tenge("order-0")).await;
        fault(&bench, json!({"when": "before_record", "do": "drop"}));
        for _ in 0..others {
            fault(&bench, json!({"do": "other_writer"}));
        }
        let lose = || {
            let mut fault = harm.clone();
            (fault["vendor"], fault["route"]) = (json!("ikkm"), json!(question));
            bench.fault(fault);
        };
        let mut order = tenge("order-1");
        order["items"][0] = json!({"name": "Mug", "price": "290", "quantity": "1"});
        if others == 1 {
            lose();
        }
        let doubt = error(&till, "register", order.clone()).await;
        assert_eq!(doubt["code"], "in_doubt", "{question} {harm}: {doubt}");
        if others == 2 {
            lose();
            let key = operate(&bench, "rekey", json!({}))["key"].clone();
            let still = ok(&till, "resolve", json!({"id": "order-1", "key": key})).await;
            assert_eq!(still["state"], "in_doubt", "{question} {harm}: {still}");
        }
        // Asked again, the device tells whose it is.
        let doubt = error(&till, "register", order).await;
        assert!(doubt["message"].as_str().unwrap().contains("give a verdict"), "{question} {harm}: {doubt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ours_stays_ours_when_another_writer_comes_after_it() {
    let bench = quick().await;
    switch(&bench, "repeat_depth", json!(0));
    operate(&bench, "user", json!({"role": "senior"}));
    let till = ikkm(&bench, json!({}));
    fault(&bench, json!({"when": "after_record", "do": "drop"}));
    fault(&bench, json!({"do": "other_writer", "skip": 1}));
    let doubt = error(&till, "register", tenge("order-1")).await;
    assert!(doubt["message"].as_str().unwrap().contains("set the key on the device"), "{doubt}");
    let key = operate(&bench, "rekey", json!({}))["key"].clone();
    let sale = ok(&till, "resolve", json!({"id": "order-1", "key": key})).await;
    assert_eq!(sale["fiscal"]["document_number"], bench.emulator.ledger()[0].number);
    // The key that the operator told is newer than the one in the repeated answer.
    assert_eq!(ok(&till, "register", tenge("order-2")).await["attempts"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_to_do_and_leave_the_key_alone() {
    let bench = quick().await;
    let till = ikkm(&bench, json!({}));
    ok(&till, "register", tenge("order-0")).await;
    operate(&bench, "battery", json!({"low": true}));
    let refused = error(&till, "register", tenge("order-1")).await;
    assert_eq!(
        (refused["code"].clone(), refused["vendor"]["code"].clone()),
        (json!("register_not_ready"), json!("-5"))
    );
    assert_eq!(refused["outcome"], "not_registered");
    operate(&bench, "battery", json!({"low": false}));
    ok(&till, "register", tenge("order-1")).await;
    let mut unknown_tax = tenge("order-2");
    unknown_tax["vendor"] = json!({"ikkm": {"tax_code": "99"}});
    let refused = error(&till, "register", unknown_tax).await;
    assert_eq!(
        (refused["code"].clone(), refused["vendor"]["code"].clone()),
        (json!("refused"), json!("-14"))
    );
    ok(&till, "register", tenge("order-3")).await;
    assert_eq!(bench.emulator.ledger().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_at_the_device() {
    let bench = quick().await;
    operate(&bench, "user", json!({"role": "senior"}));
    let till = ikkm(&bench, json!({}));
    assert_eq!(ok(&till, "check", json!({})).await["ready"], true);
    assert_eq!(ok(&till, "health", json!({})).await["ready"], true);
    ok(&till, "deposit", json!({"id": "in-1", "sum": "1000"})).await;
    let mut cash = tenge("order-1");
    cash["payments"] = json!([{"type": "cash", "sum": "290"}]);
    cash["vendor"] = json!({"ikkm": {"cash_received": "500", "print_text": "Рахмет! --line--"}});
    ok(&till, "register", cash).await;
    let mut back = tenge("order-2");
    back["kind"] = json!("sell_refund");
    back["payments"] = json!([{"type": "cash", "sum": "290"}]);
    ok(&till, "register", back).await;
    ok(&till, "withdraw", json!({"id": "out-1", "sum": "400"})).await;
    assert_eq!(ok(&till, "cash", json!({})).await["amounts"][0]["sum"], "600.00");
    let shift = ok(&till, "shift", json!({})).await;
    assert_eq!(shift["open"], true);
    let number: u32 = shift["number"].as_str().unwrap().parse().unwrap();
    let report = ok(&till, "shift_report", json!({"shift": number})).await;
    assert_eq!(report["sales"]["count"], "1", "{report}");
    assert_eq!(report["deposits"], "1");
    let cheques = ok(&till, "cheques", json!({"shift": number})).await;
    assert_eq!(cheques["cheques"].as_array().unwrap().len(), 2, "{cheques}");
    ok(&till, "sales", json!({"shift": number})).await;
    ok(&till, "shifts", json!({})).await;
    for table in ["items", "catalog", "taxes", "cashiers"] {
        ok(&till, table, json!({})).await;
    }
    let made = ok(&till, "transaction", json!({"id": "order-1"})).await;
    assert_eq!(
        made["receipt_number"],
        ok(&till, "status", json!({"id": "order-1"})).await["fiscal"]["receipt_number"]
    );
    assert_eq!(ok(&till, "x_report", json!({})).await["confirmed"], false);
    assert_eq!(ok(&till, "print_text", json!({"text": "hello"})).await["confirmed"], true);
    assert_eq!(ok(&till, "print_last", json!({})).await["confirmed"], true);
    let closed = ok(&till, "close_shift", json!({})).await;
    assert_eq!((closed["confirmed"].clone(), closed["shift"]["open"].clone()), (json!(true), json!(false)));
    assert_eq!(ok(&till, "close_shift", json!({})).await["confirmed"], true);
    assert_eq!(bench.emulator.requests().iter().filter(|request| request.path == "/apizreport").count(), 1);
    assert!(ok(&till, "info", json!({})).await["serial_number"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_deposit_is_settled_too() {
    for when in ["before_record", "after_record"] {
        let bench = quick().await;
        switch(&bench, "repeat_cash", json!(true));
        let till = ikkm(&bench, json!({}));
        fault(&bench, json!({"route": "deposit", "when": when, "do": "drop"}));
        assert_eq!(ok(&till, "deposit", json!({"id": "in-1", "sum": "1000"})).await["state"], "registered");
        assert_eq!(ok(&till, "cash", json!({})).await["amounts"][0]["sum"], "1000.00");
        assert_eq!(bench.emulator.ledger().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_device_cannot_carry_is_refused_before_anything_is_sent() {
    let bench = quick().await;
    let till = ikkm(&bench, json!({}));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut sale = tenge("order-1");
        change(&mut sale);
        sale
    };
    let row = json!({"name": "x", "price": "1", "quantity": "1", "discount": "0"});
    let many = |count: usize| {
        with(&|sale| {
            sale["items"] = json!(vec![row.clone(); count]);
            sale["payments"][0]["sum"] = json!(count.to_string());
        })
    };
    let cases = [
        ("/items", many(80)),
        (
            "/kind",
            with(&|s| {
                s["kind"] = json!("sell_correction");
                s["correction"] = json!({"type": "self", "base_date": "2026-01-01"});
            }),
        ),
        ("/items/0/vat", with(&|s| s["items"][0]["vat"] = json!("20"))),
        (
            "/payments/0/sum",
            with(&|s| {
                s["items"][0]["price"] = json!("150.25");
                s["payments"][0]["sum"] = json!("290.50");
            }),
        ),
        ("/payments/0/type", with(&|s| s["payments"][0]["type"] = json!("prepaid"))),
        ("/currency", with(&|s| s["currency"] = json!("RUB"))),
        ("/vendor/ikkm/cash_received", with(&|s| s["vendor"] = json!({"ikkm": {"cash_received": "500"}}))),
    ];
    for (path, sale) in cases {
        let refused = error(&till, "register", sale).await;
        let paths: Vec<_> =
            refused["violations"].as_array().unwrap().iter().map(|v| v["path"].clone()).collect();
        assert!(paths.contains(&json!(path)), "{path}: {refused}");
    }
    assert!(bench.emulator.requests().is_empty());
    let mut summary = many(80);
    summary["vendor"] = json!({"ikkm": {"summary_line": true}});
    ok(&till, "register", summary).await;
    assert_eq!(
        ok(&till, "register", {
            let mut s = many(79);
            s["id"] = json!("order-2");
            s
        })
        .await["state"],
        "registered"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_with_tiyn_is_rounded_down_by_a_discount_and_up_as_one_piece() {
    let bench = quick().await;
    let till = ikkm(&bench, json!({}));
    // 999 x 0.333 = 332.667
    let of = |line: Value, paid: &str| {
        let mut sale = tenge("order-1");
        sale["items"] = json!([line]);
        sale["payments"] = json!([{"type": "cash", "sum": paid}]);
        sale
    };
    let refused =
        ok(&till, "validate", of(json!({"name": "x", "price": "999", "quantity": "0.333"}), "332.67"));
    let refused = refused.await["violations"][0].clone();
    assert_eq!((&refused["path"], &refused["code"]), (&json!("/items/0"), &json!("too_many_decimals")));
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("Down to 332: 0.67 more") && message.contains("Up to 333:"), "{message}");
    let down = json!({"name": "x", "price": "999", "quantity": "0.333", "discount": "0.67"});
    let up = json!({"name": "x 0.333 kg", "price": "333", "quantity": "1"});
    for (line, paid) in [(down, "332"), (up, "333")] {
        let valid = ok(&till, "validate", of(line, paid)).await;
        assert_eq!(valid["valid"], true, "{valid}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_keep_the_devices_pace() {
    let bench = Bench::new().await;
    switch(&bench, "pace_ms", json!(150));
    let till = ikkm(&bench, json!({"pace_ms": 150}));
    let other = ikkm(&bench, json!({"pace_ms": 150}));
    for number in 0..3 {
        ok(&till, "register", tenge(&format!("order-{number}"))).await;
        ok(&other, "register", tenge(&format!("other-{number}"))).await;
    }
    assert_eq!(bench.emulator.ledger().len(), 6);
    let refused = ok(&till, "journal", json!({})).await;
    assert!(
        refused["entries"].as_array().unwrap().iter().all(|e| e["registration"]["attempts"] == 1),
        "{refused}"
    );
}
