//! protocol/ikkm.md 2, 6.1 items E8 to E12.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod device;

use device::{Kkm, post_request};
use kassa_emulator::Kind;
use serde_json::{Value, json};

const TEN_THOUSAND: &str = "10000";

/// Parameters of `/api` and the code that they are refused with; 0 when they are accepted.
async fn codes(kkm: &Kkm, cases: &[(&str, i32)]) {
    for (parameters, expected) in cases {
        let reply = kkm.api(parameters).await;
        let code = if reply.status == 200 { 0 } else { reply.code() };
        assert_eq!(code, *expected, "{parameters}");
    }
}

#[tokio::test]
async fn item_08_form_of_requests() {
    let kkm = Kkm::open().await;
    codes(
        &kkm,
        &[
            ("", -7),
            ("cash=5", -7),
            ("sale=5", -7),
            ("Sale=5&cash=5", -7),
            ("sale=5&buy=5&cash=5", -7),
            ("sale=5&sale=5&cash=5", -7),
            ("sale=5&cash=5&print=x", -7),
            ("sale=5&cash=5&itemdata=[]", -7),
            ("sale=&cash=5", -9),
            ("sale=x&cash=5", -9),
            ("sale=0&cash=5", -9),
            ("sale=-5&cash=5", -9),
            ("sale=5&cash=5,0", -9),
            ("sale=5&cash=5&tax=x", -9),
            ("sale=5&cash=%FF", -9),
            ("sale=5&cash=5&unknown=1", 0),
        ],
    )
    .await;
    assert_eq!(kkm.get("/api?sale=5&cash=5").await.code(), -7);
    for wrong in ["", "x", "-1", "1.5"] {
        assert_eq!(kkm.get(&format!("/api?key={wrong}&sale=5&cash=5")).await.code(), -9, "{wrong:?}");
    }
    assert_eq!(kkm.get(&format!("/apiprint?key={}&print=x", kkm.key())).await.code(), -7);
    assert_eq!(kkm.post("/apiprint", &[("key", &kkm.key())]).await.code(), -7);
    for path in ["/apideposit/", "/apiwithdraw/"] {
        for (rest, code) in [("", -7), ("&cash=", -9), ("&cash=0", -9), ("&cash=20000001", -9)] {
            assert_eq!(kkm.call(path, rest).await.code(), code, "{path}{rest}");
        }
    }
    assert_eq!(kkm.call("/apibank/", "").await.code(), -7);
    assert_eq!(kkm.call("/apibank/", "&amount=x").await.code(), -9);
}

#[tokio::test]
async fn item_08_order_of_checks() {
    let kkm = Kkm::open().await;
    kkm.sell(5).await;
    // Each line removes the cause of the refusal before it.
    kkm.act("paper", json!({ "out": true }));
    kkm.act("battery", json!({ "low": true }));
    kkm.act("user", json!({ "id": 201 }));
    kkm.emulator.advance_s(25 * 3600);
    kkm.act("offline_since", json!({ "hours": 73 }));
    kkm.act("ofd_block", json!({ "code": 15 }));
    kkm.act("busy", json!({ "ms": 60_000 }));
    let bad = "sale=5&cash=4&tax=99&itemdata=x";
    assert_eq!(kkm.get(&format!("/api?key=x&{bad}")).await.code(), -7, "by GET");
    let key = kkm.key();
    let form = |key: &str, cash: &str, items: &str| {
        post_request(
            "/api",
            &[("key", key), ("saleReturn", "900"), ("cash", cash), ("tax", "99"), ("itemdata", items)],
        )
    };
    let code = async |request: String| device::reply(kkm.try_raw(request.as_bytes()).await.unwrap()).code();
    assert_eq!(code(form("x", "4", "x")).await, -9);
    assert_eq!(code(form("1", "4", "x")).await, -1);
    assert_eq!(code(form(&key, "4", "x")).await, -2);
    kkm.act("busy", json!({ "ms": 0 }));
    assert_eq!(code(form(&key, "x", "x")).await, -9);
    assert_eq!(code(form(&key, "4", "x")).await, -17);
    assert_eq!(code(form(&key, "4", "[]")).await, -10);
    assert_eq!(code(form(&key, "901", "[]")).await, -13);
    let states: [(&str, Value, i32); 5] = [
        ("ofd_block", json!({}), -115),
        ("offline_since", json!({}), -4),
        ("shift", json!({ "open": false }), -3),
        ("battery", json!({ "low": false }), -5),
        ("paper", json!({ "out": false }), -6),
    ];
    for (action, right, expected) in states {
        assert_eq!(code(form(&key, "900", "[]")).await, expected);
        assert_eq!(kkm.call("/apicheck", "").await.code(), expected, "the check says the same");
        kkm.act(action, right);
    }
    assert_eq!(code(form(&key, "900", "[]")).await, -14);
    let without_tax = format!("/api?key={key}&saleReturn=900&cash=900");
    assert_eq!(kkm.get(&without_tax).await.code(), -15);
    assert_eq!(kkm.ledger().len(), 1);
}

#[tokio::test]
async fn item_09_payments_of_a_sale() {
    let kkm = Kkm::open().await;
    codes(
        &kkm,
        &[
            ("sale=500&cash=499", -10),
            ("sale=500&cash=100&bank=100&tara=100&credit=199", -10),
            ("sale=500&bank=501", -13),
            ("sale=500&bank=300&credit=201", -13),
            ("sale=500&cash=500&bank=1", -13),
            ("sale=500&cash=600&tara=1", -13),
            ("sale=500&cash=100&bank=100&tara=100&credit=200", 0),
            ("sale=500&cash=600", 0),
            ("sale=500&bank=500", 0),
            ("sale=20000000&bank=20000000", 0),
            ("sale=20000001&bank=20000001", -9),
            ("sale=5&cash=20000001", -9),
        ],
    )
    .await;
}

#[tokio::test]
async fn item_09_payments_of_returns_and_purchases() {
    let kkm = Kkm::open().await;
    kkm.deposit(10_000).await;
    codes(
        &kkm,
        &[
            ("saleReturn=500&cash=499", -10),
            ("saleReturn=500&cash=501", -13),
            ("buyReturn=500&cash=501", -13),
            ("saleReturn=500&cash=400&bank=100", -7),
            ("buy=500&cash=400&bank=100", -7),
            ("buy=500&cash=499", -10),
            ("buy=500&cash=501", 0),
            ("saleReturn=500&cash=500", 0),
            ("buyReturn=500&cash=500", 0),
            ("saleReturn=500&bank=500", 0),
        ],
    )
    .await;
    kkm.switch("overpaid_return", "-9");
    kkm.switch("noncash_return", false);
    codes(
        &kkm,
        &[("saleReturn=500&cash=501", -9), ("saleReturn=500&bank=500", -7), ("buy=500&bank=500", -7)],
    )
    .await;
    let kinds: Vec<_> = kkm.ledger().iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [Kind::Deposit, Kind::Buy, Kind::SellRefund, Kind::BuyRefund, Kind::SellRefund]);
}

fn positions(count: usize) -> String {
    let row = json!({ "name": "Чай", "price": "10", "qty": "1", "sum": "10" });
    Value::Array(vec![row; count]).to_string()
}

#[tokio::test]
async fn item_09_positions_and_discounts() {
    let kkm = Kkm::open().await;
    let items = json!([
        { "name": "Чай", "price": "200", "qty": "2", "sum": "400" },
        { "name": "Стейк", "price": "6000", "qty": "2", "sum": "12000" },
        { "name": "Скидка 10%", "discount": "1240" },
    ])
    .to_string();
    let form = [
        ("sale", "11160"),
        ("cash", "5000"),
        ("bank", "6160"),
        ("print", "Стол 7\nСпасибо!"),
        ("itemdata", &items),
    ];
    assert_eq!(kkm.register(&form).await.status, 200);
    let entry = kkm.ledger()[0].clone();
    assert_eq!((entry.total.as_str(), entry.lines), ("11160.00", 2));
    let paper = kkm.device()["paper"].clone();
    let printed =
        ["№1 Sell 11160.00", "Стол 7", "Спасибо!", "Чай 400.00", "Стейк 12000.00", "Скидка 10% -1240.00"];
    assert_eq!(paper, json!(printed));
    let rows = kkm.device()["documents"][0]["rows"].clone();
    assert_eq!(rows[2], json!({ "name": "Скидка 10%", "sum": "-1240.00" }));
}

#[tokio::test]
async fn item_09_eighty_rows_become_one_without_an_error() {
    let kkm = Kkm::open().await;
    for (count, lines) in [(0, 1), (1, 1), (79, 79), (80, 1), (200, 1)] {
        let reply =
            kkm.register(&[("sale", "2000"), ("cash", "2000"), ("itemdata", &positions(count))]).await;
        assert_eq!(reply.status, 200, "{count}");
        assert_eq!(kkm.ledger().last().unwrap().lines, lines, "{count}");
    }
    let last = kkm.device()["documents"][4]["rows"].clone();
    assert_eq!(last, json!([{ "name": "Продажа", "sum": "2000.00" }]));
}

#[tokio::test]
async fn item_09_itemdata_that_cannot_be_processed() {
    let kkm = Kkm::open().await;
    let wrong = [
        "",
        "x",
        "{}",
        "[1]",
        r#"[{"name":"a"}]"#,
        r#"[{"price":"1","qty":"1","sum":"1"}]"#,
        r#"[{"name":"a","price":"1","qty":"1"}]"#,
        r#"[{"name":"a","price":"1","qty":"1","sum":"1","discount":"1"}]"#,
        r#"[{"name":"a","discount":"x"}]"#,
        r#"[{"name":"a","discount":"-1"}]"#,
        r#"[{"name":"a","price":1,"qty":1,"sum":1}]"#,
        r#"[{"name":"a","price":"1","qty":"1","sum":"20000001"}]"#,
    ];
    for items in wrong {
        assert_eq!(
            kkm.register(&[("sale", "5"), ("cash", "5"), ("itemdata", items)]).await.code(),
            -17,
            "{items}"
        );
    }
    kkm.switch("itemdata", "ignored");
    assert_eq!(kkm.register(&[("sale", "5"), ("cash", "5"), ("itemdata", "x")]).await.status, 200);
    assert_eq!(kkm.ledger()[0].lines, 1);
    kkm.switch("itemdata", "refused");
    assert_eq!(kkm.register(&[("sale", "5"), ("cash", "5"), ("itemdata", "[]")]).await.code(), -17);
    kkm.switch("itemdata", "enabled");
    kkm.switch("itemdata_sum_checked", true);
    assert_eq!(
        kkm.register(&[("sale", "11"), ("cash", "11"), ("itemdata", &positions(1))]).await.code(),
        -17
    );
    assert_eq!(
        kkm.register(&[("sale", "10"), ("cash", "10"), ("itemdata", &positions(1))]).await.status,
        200
    );
}

#[tokio::test]
async fn item_09_print_lines_are_wrapped_and_special_lines_known() {
    let kkm = Kkm::open_with(&[("printer_columns", json!(5))]).await;
    let text = "12345678\r\n--cut--\n\n--line--\n--open-cash--";
    let printed = ["12345", "678", "[cut]", "", "[line]", "[drawer]"];
    assert_eq!(kkm.post("/apiprint", &[("key", &kkm.key()), ("print", text)]).await.told().2, "0");
    assert_eq!(kkm.device()["paper"], json!(printed));
    kkm.switch("special_lines_in_receipt", false);
    kkm.register(&[("sale", "5"), ("cash", "5"), ("print", "--cut--")]).await;
    let paper = kkm.device()["paper"].clone();
    assert_eq!((&paper[7], &paper[8]), (&json!("--cut"), &json!("--")));
    kkm.act("paper", json!({ "out": true }));
    for request in [post_request("/apiprint", &[("key", &kkm.key()), ("print", "x")])] {
        assert!(kkm.try_raw(request.as_bytes()).await.unwrap().ends_with(b"\r\n\r\n-6"));
    }
    for path in ["/apixreport", "/apizreport", "/apicheck/printLastDocument"] {
        assert_eq!(kkm.call(path, "").await.code(), -6, "{path}");
    }
}

#[tokio::test]
async fn item_09_a_plus_may_be_a_space() {
    for (is_space, name) in [(true, "a b"), (false, "a+b")] {
        let kkm = Kkm::open_with(&[("plus_is_space", json!(is_space))]).await;
        let body = format!("key={}&sale=5&cash=5&print=a+b", kkm.key());
        let request = post_request("/api", &[]);
        let head =
            request.trim_end().replace("Content-Length: 0", &format!("Content-Length: {}", body.len()));
        kkm.try_raw(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
        assert_eq!(kkm.device()["paper"][1], name);
    }
}

#[tokio::test]
async fn item_10_decimals_of_old_and_new_firmware() {
    let kkm = Kkm::open().await;
    codes(&kkm, &[("sale=2920.00&cash=3000", -9), ("sale=2920.5&cash=3000", -9)]).await;
    kkm.switch("amounts", "tiyn");
    let read = [
        ("sale=2920.5&cash=3000", "2920.50"),
        ("sale=0.07&cash=0.07", "0.07"),
        ("sale=0.1&bank=0.1", "0.10"),
        ("sale=1.005&bank=1.005", "1.01"),
        ("sale=19999999.99&bank=19999999.99", "19999999.99"),
        ("sale=7&cash=7", "7.00"),
    ];
    for (parameters, total) in read {
        assert_eq!(kkm.api(parameters).await.status, 200, "{parameters}");
        assert_eq!(kkm.ledger().last().unwrap().total, total);
    }
    codes(&kkm, &[("sale=1e3&cash=3000", -9), ("sale=1,5&cash=3000", -9), ("sale=0.004&cash=1", -9)]).await;
    assert_eq!(kkm.call("/apideposit/", "&cash=10.5").await.code(), -9, "always whole");
    assert_eq!(kkm.device()["drawer"], "2927.57");
}

#[tokio::test]
async fn item_11_taxes_included_and_on_top() {
    let kkm = Kkm::open().await;
    codes(
        &kkm,
        &[
            ("sale=2920&cash=2920&tax=1", 0),
            ("sale=2920&cash=2920&tax=3", -12),
            ("sale=2920&cash=3270&tax=3", 0),
            ("sale=2920&cash=2919&tax=3", -10),
            ("sale=2920&bank=3271&tax=3", -13),
            ("sale=2920&cash=2900&bank=370&tax=3", 0),
            ("sale=5&cash=5&tax=4", -14),
        ],
    )
    .await;
    let totals: Vec<_> = kkm.ledger().iter().map(|entry| entry.total.clone()).collect();
    assert_eq!(totals, ["2920.00", "3270.00", "3270.00"]);
    kkm.act("tax", json!({ "code": 3, "percent": 16, "on_top": true }));
    assert_eq!(
        kkm.call("/dump/table/taxes", "").await.json(),
        json!({"1":"НДС","2":"Без НДС","4":"НДС сверху"})
    );
    codes(
        &kkm,
        &[("sale=100&cash=116&tax=3", -14), ("sale=100&cash=115&tax=4", -12), ("sale=100&cash=116&tax=4", 0)],
    )
    .await;
    kkm.act("tax", json!({ "code": 2, "percent": 5, "on_top": true }));
    assert_eq!(kkm.call("/apicheck/getInfo", "").await.json()["defaultApiTaxID"], "5");
    codes(&kkm, &[("sale=100&cash=104", -12), ("sale=100&cash=105", 0)]).await;
}

#[tokio::test]
async fn item_12_cash_in_the_drawer() {
    let kkm = Kkm::open().await;
    let steps = [
        ("/api", "sale=2920&cash=3000", "2920.00"),
        ("/api", "sale=100&cash=40&bank=60", "2960.00"),
        ("/api", "sale=100&bank=100", "2960.00"),
        ("/apideposit/", "cash=10000", "12960.00"),
        ("/apiwithdraw/", "cash=960", "12000.00"),
        ("/api", "saleReturn=1000&cash=1000", "11000.00"),
        ("/api", "saleReturn=1000&bank=1000", "11000.00"),
        ("/api", "buy=500&cash=600", "10500.00"),
        ("/api", "buyReturn=500&cash=500", "11000.00"),
        ("/apiwithdraw/", "cash=11000", "0.00"),
    ];
    for (path, parameters, drawer) in steps {
        assert_eq!(kkm.call(path, &format!("&{parameters}")).await.status, 200, "{parameters}");
        assert_eq!(kkm.device()["drawer"], drawer, "{parameters}");
    }
    for (path, parameters) in
        [("/api", "saleReturn=1&cash=1"), ("/api", "buy=1&cash=1"), ("/apiwithdraw/", "cash=1")]
    {
        assert_eq!(kkm.call(path, &format!("&{parameters}")).await.code(), -15, "{parameters}");
    }
    let cash: Vec<_> = kkm.ledger().into_iter().filter(|entry| entry.kind == Kind::Deposit).collect();
    assert_eq!((cash.len(), cash[0].total.as_str(), cash[0].lines), (1, &*format!("{TEN_THOUSAND}.00"), 0));
}
