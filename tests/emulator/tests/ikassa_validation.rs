//! protocol/ikassa.md 6.5: the validation table.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod till;

use serde_json::{Value, json};
use till::{Till, cash, header, no, receipt, rollback, with, without};

const MAX: i64 = 54_975_581_388_799;

fn sale() -> Value {
    receipt(1000, &[(1, 1000)])
}

impl Till {
    /// Each value is set in the body; the path that is refused, or none.
    async fn expect(&self, kind: &str, base: &Value, cases: &[(&str, Value, &str)]) {
        for (pointer, value, path) in cases {
            let body = with(base.clone(), pointer, value.clone());
            if path.is_empty() {
                self.made(kind, &body).await;
            } else {
                assert_eq!(self.broken(kind, &body.to_string()).await, *path, "{pointer} {value}");
            }
        }
    }
}

#[tokio::test]
async fn item_01_the_header() {
    let till = Till::selling().await;
    let long = "Константинопольский А. Б.";
    let cases = [
        ("/header/cashier", json!(""), "header.cashier"),
        ("/header/cashier", json!(1), "header.cashier"),
        ("/header/cashier", json!(long), ""),
        ("/header/currency", json!("GBP"), "header.currency"),
        ("/header/currency", json!("byn"), "header.currency"),
        ("/header/currency", json!("RUB"), ""),
        ("/header/@attrs", json!([]), "header.@attrs"),
        ("/header/@attrs", json!("x"), "header.@attrs"),
        ("/header/@attrs", json!({ "any": [1.5] }), ""),
        ("/header", json!("x"), "header"),
    ];
    for (kind, base) in [("sale", sale()), ("deposit", cash(1))] {
        till.expect(kind, &base, &cases).await;
        till.made(kind, &without(base.clone(), "/header/@attrs")).await;
        for name in ["cashier", "currency"] {
            let body = without(base.clone(), &format!("/header/{name}")).to_string();
            assert_eq!(till.broken(kind, &body).await, format!("header.{name}"));
        }
        assert_eq!(till.broken(kind, "{}").await, "header");
    }
    till.switch("cashier_max_16", true);
    till.expect("sale", &sale(), &[("/header/cashier", json!(long), "header.cashier")]).await;
    till.expect("sale", &sale(), &[("/header/cashier", json!("Шестнадцать_букв"), "")]).await;
}

#[tokio::test]
async fn item_02_sums_of_money_documents() {
    let till = Till::selling().await;
    let wrong = [json!(0), json!(-1), json!(1.5), json!("1"), Value::Null, json!(MAX + 1)];
    for kind in ["deposit", "withdraw", "chWithdraw"] {
        for value in &wrong {
            till.expect(kind, &cash(1), &[("/sum", value.clone(), "sum")]).await;
        }
    }
    let ledger = till.ledger().len();
    assert_eq!(ledger, 1, "only the opening of the shift");
}

#[tokio::test]
async fn item_03_numbers_with_a_fraction_or_an_exponent_are_no_integers() {
    let till = Till::selling().await;
    for literal in ["1.0", "1e2", "1E2", "100.5", "1e0"] {
        let body = format!(r#"{{"header":{},"sum":{literal}}}"#, header("BYN"));
        assert_eq!(till.broken("deposit", &body).await, "sum", "{literal}");
    }
    let plain = sale().to_string();
    for (field, path) in [
        ("\"price\":1000", "items[0].price"),
        ("\"quantity\":1000", "items[0].quantity"),
        ("\"sum\":1000", "payments[0].sum"),
        ("\"type\":1", "payments[0].type"),
    ] {
        let body = plain.replace(field, &format!("{field}.0"));
        assert_ne!(body, plain);
        assert_eq!(till.broken("sale", &body).await, path);
    }
    let body = rollback(&json!(1)).to_string().replace(":1}", ":1.0}");
    assert_eq!(till.broken("rollback", &body).await, "number");
}

#[tokio::test]
async fn item_04_items() {
    let till = Till::selling().await;
    let cases = [
        ("/items", json!([]), "items"),
        ("/items", json!({}), "items"),
        ("/items/0", json!(1), "items[0]"),
        ("/items/0/name", json!(""), "items[0].name"),
        ("/items/0/name", Value::Null, "items[0].name"),
        ("/items/0/price", json!(-1), "items[0].price"),
        ("/items/0/price", json!("1000"), "items[0].price"),
        ("/items/0/quantity", json!(0), "items[0].quantity"),
        ("/items/0/quantity", json!(-1000), "items[0].quantity"),
    ];
    till.expect("sale", &sale(), &cases).await;
    till.expect("refund", &sale(), &cases).await;
    for name in ["name", "price", "quantity"] {
        let body = without(sale(), &format!("/items/0/{name}")).to_string();
        assert_eq!(till.broken("sale", &body).await, format!("items[0].{name}"));
    }
    let free = json!({ "name": "Gift", "price": 0, "quantity": 1 });
    let body = with(sale(), "/items", json!([sale()["items"][0], free]));
    till.made("sale", &body).await;
}

#[tokio::test]
async fn item_05_tax() {
    let till = Till::selling().await;
    till.made("sale", &without(sale(), "/items/0/tax")).await;
    let path = "items[0].tax";
    for good in [json!("0"), json!("10"), json!("20"), json!("25"), json!(0), json!(25)] {
        till.expect("sale", &sale(), &[("/items/0/tax", good, "")]).await;
    }
    for wrong in [json!(""), json!("10.0"), json!("18"), json!(18), json!(20.0), Value::Null] {
        till.expect("sale", &sale(), &[("/items/0/tax", wrong, path)]).await;
    }
    till.switch("tax_string_only", true);
    till.expect("sale", &sale(), &[("/items/0/tax", json!(20), path), ("/items/0/tax", json!("20"), "")])
        .await;
}

#[tokio::test]
async fn item_06_section() {
    let till = Till::selling().await;
    let cases = [
        (json!({ "code": 0, "name": "" }), ""),
        (json!({ "code": 255, "name": "Stationery" }), ""),
        (json!({ "code": 256, "name": "x" }), "items[0].section.code"),
        (json!({ "code": -1, "name": "x" }), "items[0].section.code"),
        (json!({ "code": 1 }), "items[0].section.name"),
        (json!({ "name": "x" }), "items[0].section.code"),
        (json!("x"), "items[0].section"),
    ];
    for (value, path) in cases {
        till.expect("sale", &sale(), &[("/items/0/section", value, path)]).await;
    }
}

#[tokio::test]
async fn item_07_a_strange_taxpayer_number_is_only_a_warning() {
    let till = Till::selling().await;
    for (number, warned) in
        [("123456789", false), ("AB1234567", false), ("АВ1234567", false), ("12", true), ("A12345678", true)]
    {
        till.made("sale", &with(sale(), "/items/0/tpTaxNumber", json!(number))).await;
        let expected = if warned { json!(["items[0].tpTaxNumber"]) } else { json!([]) };
        assert_eq!(till.documents().last().unwrap()["warnings"], expected, "{number}");
    }
    till.expect("sale", &sale(), &[("/items/0/tpTaxNumber", json!(123_456_789), "items[0].tpTaxNumber")])
        .await;
}

#[tokio::test]
async fn item_08_modifiers() {
    let till = Till::selling().await;
    let one = |amount: Value| json!([{ "modifier": amount }]);
    for (place, path) in [("/items/0/modifiers", "items[0].modifiers"), ("/modifiers", "modifiers")] {
        let amount = format!("{path}[0].modifier");
        for wrong in [json!(0), json!(MAX + 1), json!(-MAX - 1), json!(1.5), json!("1")] {
            till.expect("sale", &sale(), &[(place, one(wrong), &amount)]).await;
        }
        let two = json!([{ "modifier": -1 }, { "modifier": -2 }]);
        till.expect("sale", &sale(), &[(place, two, path)]).await;
        let two = json!([{ "modifier": 1 }, { "modifier": 2 }]);
        till.expect("sale", &sale(), &[(place, two, path), (place, json!({}), path)]).await;
        let name = format!("{path}[0].name");
        till.expect("sale", &sale(), &[(place, json!([{ "modifier": -1, "name": 1 }]), &name)]).await;
        let both = json!([{ "modifier": -100, "name": "Card", "group": "loyalty" }, { "modifier": 100 }]);
        till.expect("sale", &sale(), &[(place, both, ""), (place, json!([]), "")]).await;
    }
}

#[tokio::test]
async fn item_08_receipt_modifiers_of_a_refund() {
    let till = Till::selling().await;
    let refund = with(sale(), "/modifiers", json!([{ "modifier": -100 }]));
    assert_eq!(till.broken("refund", &refund.to_string()).await, "modifiers");
    till.switch("refund_modifiers", "ignore");
    assert_eq!(till.made("refund", &refund).await.at("/sum"), 1000);
    till.switch("refund_modifiers", "apply");
    assert_eq!(till.broken("refund", &refund.to_string()).await, "payments");
    let refund = with(refund, "/payments/0/sum", json!(900));
    assert_eq!(till.made("refund", &refund).await.at("/sum"), 900);
}

#[tokio::test]
async fn item_09_codes() {
    let till = Till::selling().await;
    for kind in ["code", "gtin", "service", "prepayment"] {
        for value in [json!(0), json!("04607028394287")] {
            till.expect("sale", &sale(), &[("/items/0/code", json!({ kind: value }), "")]).await;
        }
        till.expect("sale", &sale(), &[("/items/0/code", json!({ kind: 1.5 }), "items[0].code")]).await;
    }
    for wrong in [json!({}), json!({ "service": 0, "gtin": 1 }), json!({ "other": 0 }), json!(0)] {
        till.expect("sale", &sale(), &[("/items/0/code", wrong, "items[0].code")]).await;
    }
}

#[tokio::test]
async fn item_10_lines_and_the_total() {
    let till = Till::selling().await;
    let below = with(sale(), "/items/0/modifiers", json!([{ "modifier": -1001 }]));
    assert_eq!(till.broken("sale", &below.to_string()).await, "items");
    let zero = with(sale(), "/items/0/modifiers", json!([{ "modifier": -1000 }]));
    assert_eq!(till.broken("sale", &zero.to_string()).await, "items");
    let huge = with(sale(), "/items/0/price", json!(MAX));
    let huge = with(huge, "/items/0/quantity", json!(MAX));
    assert_eq!(till.broken("sale", &huge.to_string()).await, "items");
}

#[tokio::test]
async fn item_11_payments() {
    let till = Till::selling().await;
    let path = "payments";
    let cases = [
        ("/payments", json!([]), path),
        ("/payments/0/type", json!(3), "payments[0].type"),
        ("/payments/0/type", json!(-1), "payments[0].type"),
        ("/payments/0/type", json!("1"), "payments[0].type"),
        ("/payments/0/sum", json!(0), "payments[0].sum"),
        ("/payments", json!([{ "type": 0, "sum": 500 }, { "type": 0, "sum": 500 }]), path),
        ("/payments", json!([{ "type": 1, "sum": 500 }, { "type": 1, "sum": 500 }]), ""),
        (
            "/payments",
            json!([{ "type": 0, "sum": 1 }, { "type": 1, "sum": 2 }, { "type": 2, "sum": 997 }]),
            "",
        ),
    ];
    till.expect("sale", &sale(), &cases).await;
}

#[tokio::test]
async fn item_12_payments_against_the_total() {
    let till = Till::selling().await;
    let paid = |payments: &[(i64, i64)]| receipt(1000, payments);
    assert_eq!(till.broken("sale", &paid(&[(1, 999)]).to_string()).await, "payments");
    assert_eq!(till.broken("sale", &paid(&[(1, 1001)]).to_string()).await, "payments");
    assert_eq!(till.broken("sale", &paid(&[(0, 500), (1, 1001)]).to_string()).await, "payments");
    till.made("sale", &paid(&[(0, 2000)])).await;
    till.made("sale", &paid(&[(0, 500), (1, 900)])).await;
    assert_eq!(till.cash("BYN").await, 1100);
    assert_eq!(till.documents().last().unwrap()["change"], 400);
    assert_eq!(till.broken("refund", &paid(&[(0, 1001)]).to_string()).await, "payments");
    till.made("refund", &paid(&[(0, 1000)])).await;
    till.switch("exact_payment", true);
    assert_eq!(till.broken("sale", &paid(&[(0, 1001)]).to_string()).await, "payments");
    till.made("sale", &paid(&[(0, 1000)])).await;
}

#[tokio::test]
async fn item_13_lines_are_rounded_half_away_from_zero() {
    let till = Till::selling().await;
    for (price, quantity, sum) in [(1190, 350, 417), (1190, 349, 415), (1, 500, 1), (333, 3333, 1110)] {
        let body = with(receipt(price, &[(1, sum)]), "/items/0/quantity", json!(quantity));
        assert_eq!(till.made("sale", &body).await.at("/sum"), sum, "{price} {quantity}");
    }
}

#[tokio::test]
async fn item_14_rollback_needs_no_currency() {
    let till = Till::selling().await;
    let number = till.made("sale", &sale()).await.at("/number");
    for wrong in [json!(0), json!("1"), Value::Null] {
        till.expect("rollback", &rollback(&number), &[("/number", wrong, "number")]).await;
    }
    assert_eq!(till.broken("rollback", r#"{"header":{},"number":1}"#).await, "header.cashier");
    till.made("rollback", &rollback(&number)).await;
}

#[tokio::test]
async fn item_15_a_refused_document_leaves_no_trace() {
    let till = Till::selling().await;
    let before = (till.ledger().len(), till.get("shift").await.json());
    till.broken("sale", &with(sale(), "/items/0/quantity", json!(0)).to_string()).await;
    assert_eq!(till.make("withdraw", &cash(1)).await.refused(), no(400, "kernel.cashin.not_enough"));
    assert_eq!((till.ledger().len(), till.get("shift").await.json()), before);
    assert_eq!(till.made("sale", &sale()).await.at("/number"), 1);
}
