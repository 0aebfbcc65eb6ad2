//! Rows 30 and 31: the cash register itself. Row 32 of iKassa and iKKM. Row 64: the journal's own disk.

use serde_json::{Value, json};

use crate::common::{Bench, error, ikassa, ikkm, ok, receipt, roubles, tenge};
use crate::{answers_instead, text};

async fn device() -> Bench {
    let bench = Bench::new().await;
    bench.emulator.switch("ikkm", "pace_ms", json!(0)).unwrap();
    bench
}

fn operate(bench: &Bench, action: &str, what: Value) {
    let register = bench.emulator.config("ikkm")["register"].as_str().unwrap().to_owned();
    bench.emulator.operate(&register, action, what).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn row_30_no_paper_is_no_paper_and_a_rebooted_device_has_nothing_to_repeat() {
    let bench = device().await;
    let till = ikkm(&bench, json!({}));
    ok(&till, "register", tenge("order-1")).await;
    for (route, operation, request) in [
        ("print", "print_text", json!({"text": "Thanks"})),
        ("x_report", "x_report", json!({})),
        ("z_report", "close_shift", json!({})),
        ("print_last", "print_last", json!({})),
    ] {
        answers_instead(&bench, "ikkm", route, 400, "-6", json!({}));
        let told = error(&till, operation, request).await;
        assert_eq!((&told["kind"], &told["vendor"]["code"]), (&json!("not_ready"), &json!("-6")), "{told}");
        assert!(text(&told["message"]).contains("paper"), "{told}");
    }
    assert_eq!(ok(&till, "shift", json!({})).await["open"], true);
    operate(&bench, "reboot", json!({}));
    let told = error(&till, "print_last", json!({})).await;
    assert_eq!((&told["code"], &told["vendor"]["code"]), (&json!("not_found"), &json!("-7")), "{told}");
    assert!(text(&told["message"]).contains("restarted or is new"), "{told}");
    assert!(!told.to_string().contains("new id"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_30_what_the_manual_says_of_codes_and_silence_is_said() {
    let bench = device().await;
    let till = ikkm(&bench, json!({}));
    operate(&bench, "ofd_block", json!({"code": 15}));
    let told = error(&till, "register", tenge("order-1")).await;
    assert!(text(&told["message"]).contains("BLOCKED, the cash register is blocked"), "{told}");
    operate(&bench, "ofd_block", json!({}));
    for (code, said) in
        [("-7", "correct the parameters"), ("-111", "the shift is too long"), ("-101", "does not know")]
    {
        answers_instead(&bench, "ikkm", "register", 400, code, json!({}));
        let told = error(&till, "register", tenge(&format!("order{code}"))).await;
        assert!(text(&told["message"]).contains(said), "{code}: {told}");
    }
    operate(&bench, "web_api", json!({"on": false}));
    let told = error(&till, "register", tenge("order-2")).await;
    assert!(text(&told["message"]).contains("web-api is on"), "{told}");
    assert_eq!(
        (&told["kind"], &told["outcome"]),
        (&json!("unreachable"), &json!("not_registered")),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn row_31_a_register_whose_shift_is_closed_is_not_ready() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    let told = ok(&till, "health", json!({})).await;
    assert_eq!(told["ready"], false, "{told}");
    assert!(text(&told["message"]).contains("open_shift"), "{told}");
    assert_eq!(error(&till, "register", roubles("order-1", "cash")).await["kind"], "not_ready");
    ok(&till, "open_shift", json!({})).await;
    assert_eq!(ok(&till, "health", json!({})).await["ready"], true);
    ok(&till, "register", roubles("order-1", "cash")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_32_ikassa_the_qr_code_is_the_page_of_the_receipt() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    ok(&till, "open_shift", json!({})).await;
    let sale = ok(&till, "register", roubles("order-1", "cash")).await;
    let page = ok(&till, "receipt_url", json!({"id": "order-1"})).await["url"].clone();
    assert_eq!((&sale["fiscal"]["qr"], &sale["fiscal"]["url"]), (&page, &page), "{sale}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_32_modulkassa_the_qr_code_is_the_vendors() {
    let bench = Bench::new().await;
    let till = bench.client();
    ok(&till, "register", receipt("order-1")).await;
    let sale = ok(&till, "wait", json!({"id": "order-1"})).await;
    assert!(text(&sale["fiscal"]["qr"]).contains("&s=290.00&"), "{sale}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ikkm_a_total_is_told_where_it_is_on_record_and_nowhere_else() {
    let bench = device().await;
    let till = ikkm(&bench, json!({}));
    assert_eq!(ok(&till, "register", tenge("order-1")).await["fiscal"]["total"], "290.00");
    let mut cash = tenge("order-2");
    cash["payments"][0]["type"] = json!("cash");
    assert_eq!(ok(&till, "register", cash.clone()).await["fiscal"]["total"], "290.00");
    // Of 500 in cash nobody tells what is change and what a tax that the device put on top.
    cash["id"] = json!("order-3");
    cash["vendor"] = json!({"ikkm": {"cash_received": "500"}});
    assert_eq!(ok(&till, "register", cash).await["fiscal"]["total"], Value::Null);
    let moved = ok(&till, "deposit", json!({"id": "in-1", "sum": "100"})).await;
    assert_eq!(moved["fiscal"]["total"], "100.00", "{moved}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_64_fiscal_data_that_a_disk_bent_are_not_given_back() {
    let bench = Bench::new().await;
    let till = bench.client();
    ok(&till, "register", receipt("order-1")).await;
    ok(&till, "wait", json!({"id": "order-1"})).await;
    let journal = rusqlite::Connection::open(bench.folder.path().join("journal.sqlite")).unwrap();
    let sql = "UPDATE documents SET fiscal = replace(fiscal, '290.00', '290.10')";
    assert_eq!(journal.execute(sql, []).unwrap(), 1);
    for (operation, request) in [("register", receipt("order-1")), ("status", json!({"id": "order-1"}))] {
        let told = error(&till, operation, request).await;
        assert_eq!((&told["code"], &told["outcome"]), (&json!("entry_damaged"), &json!("unknown")), "{told}");
    }
    assert_eq!(bench.emulator.ledger().len(), 1);
}
