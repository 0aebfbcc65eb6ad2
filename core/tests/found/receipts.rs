//! Rows 1 to 17: the receipt.

use serde_json::{Value, json};

use crate::common::{self, Bench, atol, error, ikassa, ikkm, ok, receipt, roubles, tenge};
use crate::{found_in, text};

fn with(mut receipt: Value, pointer: &str, value: Value) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    receipt.pointer_mut(parent).unwrap()[field] = value;
    receipt
}

#[tokio::test(flavor = "multi_thread")]
async fn row_05_a_supplier_has_an_agent_and_a_number_of_digits() {
    let bench = Bench::new().await;
    let (a4, a5, mk) = (atol(&bench, "v4", json!({})), atol(&bench, "v5", json!({})), bench.client());
    let agent = json!({"type": "commission_agent"});
    for inn in ["7708709686", "500100732259", "000000000000"] {
        let line = json!({"atol": {"agent_info": agent, "supplier_info": {"inn": inn}}});
        let sale = with(receipt("order-1"), "/items/0/vendor", line);
        for till in [&a4, &a5] {
            assert_eq!(found_in(till, "violations", &sale).await, Vec::<String>::new(), "{inn}");
        }
    }
    for inn in ["7708709686  ", "77087096861", "770870968Ы"] {
        let line = json!({"atol": {"agent_info": agent, "supplier_info": {"inn": inn}}});
        let sale = with(receipt("order-1"), "/items/0/vendor", line);
        for till in [&a4, &a5] {
            let found = found_in(till, "violations", &sale).await;
            assert_eq!(found, ["/items/0/vendor/atol/supplier_info/inn"], "{inn:?}");
        }
        let line =
            json!({"modulkassa": {"agent": {"types": ["commission_agent"]}, "supplier": {"tax_id": inn}}});
        let found = found_in(&mk, "violations", &with(receipt("order-1"), "/items/0/vendor", line)).await;
        assert_eq!(found, ["/items/0/vendor/modulkassa/supplier/tax_id"], "{inn:?}");
    }
    let line =
        json!({"atol": {"supplier_info": {"inn": "7708709686"}}, "modulkassa": {"supplier": {"name": "S"}}});
    let sale = with(receipt("order-1"), "/items/0/vendor", line);
    for till in [&a4, &a5] {
        assert_eq!(found_in(till, "violations", &sale).await, ["/items/0/vendor/atol/agent_info"]);
    }
    assert_eq!(found_in(&mk, "violations", &sale).await, ["/items/0/vendor/modulkassa/agent"]);
    // The agent of the receipt as a whole is one of the line too, where the vendor has such.
    let whole = with(sale.clone(), "/vendor", json!({"modulkassa": {"agent": {"types": ["attorney"]}}}));
    assert_eq!(found_in(&mk, "violations", &whole).await, Vec::<String>::new());
    for (pointer, number) in [("/customer/tax_id", "77087096861"), ("/cashier", "7")] {
        let value =
            if pointer == "/cashier" { json!({"name": "A", "tax_id": number}) } else { json!(number) };
        let sale = with(receipt("order-1"), pointer, value);
        let path = if pointer == "/cashier" { "/cashier/tax_id" } else { pointer };
        for till in [&a5, &mk] {
            assert_eq!(found_in(till, "violations", &sale).await, [path]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_08_what_a_vendor_has_no_place_for_is_told() {
    let bench = Bench::new().await;
    let mut sale = tenge("order-1");
    for (pointer, value) in [
        ("/customer", json!({"email": "buyer@shop.example", "phone": "+77011234567"})),
        ("/issued_at", json!("2026-11-29T10:00:00+05:00")),
        ("/print", json!(true)),
        ("/items/0/unit", json!("kilogram")),
        ("/items/0/article", json!("A-1")),
        ("/company", json!({"tax_id": "123456789012"})),
    ] {
        sale = with(sale, pointer, value);
    }
    for till in [ikkm(&bench, json!({})), ikassa(&bench, json!({}))] {
        let found = found_in(
            &till,
            "warnings",
            &with(sale.clone(), "/cashier", json!({"name": "A", "position": "B"})),
        )
        .await;
        for path in [
            "/customer/email",
            "/customer/phone",
            "/issued_at",
            "/print",
            "/items/0/unit",
            "/items/0/article",
            "/company/tax_id",
            "/cashier/position",
        ] {
            assert!(found.contains(&path.to_owned()), "{path}: {found:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_09_the_names_of_agents_and_suppliers_are_written_in_the_records_letters_too() {
    let bench = Bench::new().await;
    let supplier = |name: &str| {
        let atol =
            json!({"agent_info": {"type": "attorney"}, "supplier_info": {"inn": "7708709686", "name": name}});
        let modulkassa = json!({"agent": {"types": ["attorney"]}, "supplier": {"name": name}});
        with(receipt("order-1"), "/items/0/vendor", json!({"atol": atol, "modulkassa": modulkassa}))
    };
    let places = [
        (atol(&bench, "v5", json!({})), "/items/0/vendor/atol/supplier_info/name"),
        (bench.client(), "/items/0/vendor/modulkassa/supplier/name"),
    ];
    for (till, place) in places {
        // Only its own part is looked at.
        for (name, list) in [("   ", "violations"), ("ООО «Ромашка»", "warnings"), ("Rose 🌹", "warnings")]
        {
            let found = found_in(&till, list, &supplier(name)).await;
            assert_eq!(
                found.iter().filter(|path| path.ends_with("/name")).collect::<Vec<_>>(),
                [place],
                "{name}"
            );
        }
        ok(&till, "register", supplier("ООО «Ромашка»")).await;
        let sent = bench.emulator.requests().last().unwrap().body.clone().unwrap();
        assert!(sent.contains(r#"ООО \"Ромашка\""#), "{sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_10_a_total_of_nothing_is_warned_of_or_refused() {
    let bench = Bench::new().await;
    let free = |sale: Value| {
        let sale = with(sale, "/items/0/discount", json!("300.00"));
        with(sale, "/payments/0/sum", json!("0.00"))
    };
    for till in [bench.client(), atol(&bench, "v4", json!({})), atol(&bench, "v5", json!({}))] {
        let sale = free(receipt("order-1"));
        let sale = with(sale, "/items/0/quantity", json!("2"));
        assert_eq!(found_in(&till, "violations", &sale).await, Vec::<String>::new());
        assert!(found_in(&till, "warnings", &sale).await.contains(&"/items".to_owned()));
    }
    for till in [ikkm(&bench, json!({})), ikassa(&bench, json!({}))] {
        let found = found_in(&till, "violations", &free(tenge("order-1"))).await;
        assert!(found.contains(&"/items".to_owned()), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_11_a_list_with_holes_is_a_list() {
    let bench = Bench::new().await;
    let till = bench.client();
    let line = receipt("order-1")["items"][0].clone();
    let mut sale = with(receipt("order-1"), "/items", json!({"5": line, "9": line}));
    sale["payments"][0]["sum"] = json!("580.00");
    let validation = ok(&till, "validate", sale).await;
    assert_eq!(
        (&validation["valid"], &validation["total"]),
        (&json!(true), &json!("580.00")),
        "{validation}"
    );
    let told = error(&till, "register", with(receipt("order-1"), "/items", json!({"name": "Mug"}))).await;
    assert_eq!(told["violations"][0]["message"], "must be array", "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_13_a_code_of_goods_that_have_none_is_a_contradiction() {
    let bench = Bench::new().await;
    let till = atol(&bench, "v5", json!({}));
    let mut sale = with(receipt("order-1"), "/items/0/marking", json!({"code": common::codes::milk()}));
    for (pointer, value) in [
        ("/items/0/quantity", json!("1")),
        ("/items/0/discount", json!(null)),
        ("/payments/0/sum", json!("150.00")),
    ] {
        sale = with(sale, pointer, value);
    }
    for word in ["marked_without_code", "excise_marked_without_code"] {
        let sale = with(sale.clone(), "/items/0/payment_object", json!(word));
        assert_eq!(found_in(&till, "violations", &sale).await, ["/items/0/payment_object"], "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_15_the_manuals_own_example_has_its_discount_row() {
    let bench = Bench::new().await;
    bench.emulator.switch("ikkm", "pace_ms", json!(0)).unwrap();
    bench.emulator.switch("ikkm", "itemdata_sum_checked", json!(true)).unwrap();
    let till = ikkm(&bench, json!({}));
    let sale = json!({
        "id": "order-1", "kind": "sell", "discount": "1240",
        "items": [{"name": "Чай", "price": "200", "quantity": "2"}, {"name": "Стейк", "price": "6000", "quantity": "2"}],
        "payments": [{"type": "cash", "sum": "11160"}]
    });
    let done = ok(&till, "register", sale.clone()).await;
    assert_eq!(
        (&done["state"], &done["fiscal"]["total"]),
        (&json!("registered"), &json!("11160.00")),
        "{done}"
    );
    assert_eq!(bench.emulator.ledger()[0].total, "11160.00");
    let sent = bench
        .emulator
        .requests()
        .iter()
        .find(|request| request.path == "/api")
        .unwrap()
        .body
        .clone()
        .unwrap();
    let rows = sent.split("itemdata=").nth(1).unwrap().to_owned();
    let rows: String = url_decoded(&rows);
    let rows: Value = serde_json::from_str(&rows).unwrap();
    assert_eq!(rows[2], json!({"name": "Скидка", "discount": "1240"}));
    // Tiyn at a device of whole tenge are told at their place.
    let odd = with(with(sale, "/discount", json!("1240.50")), "/payments/0/sum", json!("11159.50"));
    let found = found_in(&till, "violations", &odd).await;
    assert!(found.contains(&"/discount".to_owned()), "{found:?}");
}

fn url_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let hex = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn row_16_a_tax_on_top_is_paid_by_card_and_what_is_not_told_is_no_total() {
    let bench = Bench::new().await;
    bench.emulator.switch("ikkm", "pace_ms", json!(0)).unwrap();
    let register = bench.emulator.config("ikkm")["register"].as_str().unwrap().to_owned();
    let till = ikkm(&bench, json!({}));
    let codes = ok(&till, "taxes", json!({})).await["names"].clone();
    let code: u64 = codes.as_object().unwrap().keys().next().unwrap().parse().unwrap();
    bench.emulator.operate(&register, "tax", json!({"code": code, "percent": 12, "on_top": true})).unwrap();
    let now = ok(&till, "taxes", json!({})).await["names"].clone();
    let on_top =
        now.as_object().unwrap().keys().find(|code| codes.get(code.as_str()).is_none()).unwrap().clone();
    let mut sale = tenge("order-1");
    sale["vendor"] = json!({"ikkm": {"tax_code": on_top}});
    // Paid without the tax: the device says no, and the message what is missing.
    let told = error(&till, "register", sale.clone()).await;
    assert_eq!(told["vendor"]["code"], "-12", "{told}");
    assert!(text(&told["message"]).contains("tax_on_top"), "{told}");
    // 12 % of 290 is 34.8, in whole tenge 35.
    sale["id"] = json!("order-2");
    sale["surcharge"] = json!("35");
    sale["payments"][0]["sum"] = json!("325");
    assert_eq!(found_in(&till, "violations", &sale).await, ["/surcharge"]);
    sale["vendor"]["ikkm"]["tax_on_top"] = json!(true);
    let done = ok(&till, "register", sale.clone()).await;
    assert_eq!(done["state"], "registered", "{done}");
    assert_eq!(bench.emulator.ledger()[0].total, "325.00");
    // Nobody tells how much of what is beyond the amount is tax, so no total is claimed.
    assert_eq!(done["fiscal"]["total"], Value::Null, "{done}");
    for (pointer, value) in [("/surcharge", json!(null)), ("/kind", json!("sell_refund"))] {
        let found = found_in(&till, "violations", &with(sale.clone(), pointer, value)).await;
        assert!(found.contains(&"/surcharge".to_owned()), "{pointer}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_17_whole_and_large_sums_at_ikassa_are_looked_at() {
    let bench = Bench::new().await;
    let till = ikassa(&bench, json!({}));
    for (price, paid, is_told) in
        [("14505.00", "29000", true), ("14505.50", "29001", false), ("145.00", "280", false)]
    {
        let sale = with(roubles("order-1", "cash"), "/items/0/price", json!(price));
        let sale = with(sale, "/payments/0/sum", json!(paid));
        let warnings = found_in(&till, "warnings", &sale).await;
        assert_eq!(warnings.contains(&"/items".to_owned()), is_told, "{price}: {warnings:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn atol_the_extended_kinds_of_payment_go_out_by_number() {
    let bench = Bench::new().await;
    for protocol in ["v4", "v5"] {
        let till = atol(&bench, protocol, json!({"journal": "memory:"}));
        for kind in [4, 5, 9] {
            let id = format!("{protocol}-{kind}");
            let sale = with(receipt(&id), "/payments/0/type", json!("other"));
            ok(&till, "register", with(sale, "/vendor", json!({"atol": {"other_payment": kind}}))).await;
            let sent = bench.emulator.requests().last().unwrap().body.clone().unwrap();
            let sent: Value = serde_json::from_str(&sent).unwrap();
            assert_eq!(sent["receipt"]["payments"][0]["type"], kind);
            assert_eq!(ok(&till, "wait", json!({"id": id})).await["state"], "registered");
        }
        let wrong = with(receipt("wrong"), "/vendor", json!({"atol": {"other_payment": 3}}));
        let told = error(&till, "validate", wrong).await;
        assert_eq!(told["violations"][0]["path"], "/vendor/atol/other_payment", "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_carried_is_listed() {
    let bench = Bench::new().await;
    for till in [ikkm(&bench, json!({})), ikassa(&bench, json!({}))] {
        let can = ok(&till, "capabilities", json!({})).await;
        assert_eq!((&can["payment_objects"], &can["units"]), (&json!([]), &json!([])), "{can}");
    }
    let can = ok(&bench.client(), "capabilities", json!({})).await;
    assert!(!can["payment_objects"].as_array().unwrap().is_empty(), "{can}");
}
