//! protocol/ikkm.md 5, 6.1 items E13, E21: counters; every field with its spelling and literal.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod device;

use device::Kkm;
use serde_json::{Value, json};

/// A day of work: two sales, a purchase, both returns, cash in and out, then a Z report and a sale
/// in the next shift.
async fn day(kkm: &Kkm) {
    for (path, parameters) in [
        ("/apideposit/", "cash=1000"),
        ("/api", "sale=5210&cash=5210"),
        ("/api", "sale=100&bank=100&tax=1"),
        ("/api", "buy=100&cash=100"),
        ("/api", "saleReturn=803&cash=803"),
        ("/api", "buyReturn=50&cash=50"),
        ("/apiwithdraw/", "cash=249"),
    ] {
        assert_eq!(kkm.call(path, &format!("&{parameters}")).await.status, 200, "{parameters}");
    }
    kkm.call("/apizreport", "").await;
    kkm.sell(7).await;
}

async fn dump(kkm: &Kkm, what: &str) -> String {
    let reply = kkm.call(&format!("/dump/{what}"), "").await;
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"), "{reply:?}");
    reply.body().to_owned()
}

/// Dates by their digits alone, so that answers can be compared.
fn undated(body: &str) -> String {
    let mut parts = body.split('"').map(str::to_owned).collect::<Vec<_>>();
    for part in parts.iter_mut().filter(|part| part.len() >= 16 && part.as_bytes()[10] == b' ') {
        *part = part.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    }
    parts.join("\"")
}

#[tokio::test]
async fn item_21_tables() {
    let kkm = Kkm::open().await;
    let items = dump(&kkm, "table/items").await;
    let first = "[{\"uid\":11,\"code1\":888,\"code2\":\"008123563127\",\"name\":\"Кофе\",\"price1\":77,\
                 \"itemtax1\":2,\"itemtype\":0,\"measure\":0,\"catalogid\":2},";
    assert!(items.starts_with(first), "{items}");
    assert_eq!(dump(&kkm, "table/catalog").await, r#"{"1":"Кухня","2":"Бар"}"#);
    assert_eq!(dump(&kkm, "table/taxes").await, r#"{"1":"НДС","2":"Без НДС","3":"НДС сверху"}"#);
    assert_eq!(dump(&kkm, "table/cashiers").await, r#"{"166":"Алия","201":"Наташа Старший Кассир"}"#);
}

#[tokio::test]
async fn item_21_shifts_with_totals_at_their_start() {
    let kkm = Kkm::open().await;
    day(&kkm).await;
    let expected = concat!(
        r#"[{"id":1,"opened":0,"openDate":"0000-00-00 00:00:00","closeDate":"0000-00-00 00:00:00","cashierId":166,"#,
        r#""sale":0,"buy":0,"saleReturn":0,"buyReturn":0},"#,
        r#"{"id":2,"opened":1,"openDate":"0000-00-00 00:00:00","closeDate":"","cashierId":166,"#,
        r#""sale":5310,"buy":100,"saleReturn":803,"buyReturn":50}]"#,
    );
    assert_eq!(undated(&dump(&kkm, "table/shifts").await), expected);
}

#[tokio::test]
async fn item_21_receipts_and_their_rows() {
    let kkm = Kkm::open().await;
    day(&kkm).await;
    let row = |id: u64, sum: u64, tax: u64| json!({ "id": id, "itemCode": "", "qty": 1, "price": sum, "saleSum": sum, "taxId": tax });
    let cheques: Value = serde_json::from_str(&dump(&kkm, "table/shifts/1/cheques").await).unwrap();
    let told: Vec<_> = cheques
        .as_array()
        .unwrap()
        .iter()
        .map(|c| json!([c["chequeId"], c["chequeType"], c["chequeSales"]]))
        .collect();
    let expected = json!([
        [2, "0", [row(1, 5210, 2)]],
        [3, "0", [row(2, 100, 1)]],
        [4, "1", [row(3, 100, 2)]],
        [5, "2", [row(4, 803, 2)]],
        [6, "3", [row(5, 50, 2)]],
    ]);
    assert_eq!(json!(told), expected);
    assert_eq!(cheques[0]["chequeDate"].as_str().unwrap().len(), 19);
    let sales = dump(&kkm, "table/shifts/2/sales").await;
    assert_eq!(sales, r#"[{"id":6,"chequeId":8,"itemCode":"","qty":1,"price":7,"saleSum":7,"taxId":2}]"#);
    let items = r#"[{"name":"Сыр","price":"100","qty":"1.5","sum":"150"}]"#;
    kkm.register(&[("sale", "150"), ("cash", "150"), ("itemdata", items)]).await;
    assert!(dump(&kkm, "table/shifts/2/sales").await.contains(r#""qty":1.5,"price":100,"saleSum":150"#));
    for wrong in ["3/report", "0/cheques", "x/sales"] {
        assert_eq!(kkm.call(&format!("/dump/table/shifts/{wrong}"), "").await.code(), -7, "{wrong}");
    }
}

#[tokio::test]
async fn item_21_the_report_of_a_shift() {
    let kkm = Kkm::open().await;
    day(&kkm).await;
    let expected = concat!(
        r#"{"shiftState":"closed","dateOpen":"0000-00-00 00:00","dateClose":"0000-00-00 00:00","#,
        r#""fiscalDataOnShiftOpen":{"sale":0,"buy":0,"saleReturn":0,"buyReturn":0},"#,
        r#""totalSaleCheques":2,"saleDetails":{"sum":5310,"cheques":2},"#,
        r#""totalBuyCheques":1,"buyDetails":{"sum":100,"cheques":1},"#,
        r#""totalSaleReturnCheques":1,"saleReturnDetails":{"sum":803,"cheques":1},"#,
        r#""totalBuyReturnCheques":1,"buyRetDetails":{"sum":50,"cheques":1},"#,
        r#""cashOutDocCount":1,"cashOutTotal":249,"cashInDocCount":1,"cashInTotal":1000,"#,
        r#""cashWeHave":5108.00,"revenue":4457,"#,
        r#""fiscalData":{"sales":5317,"buy":100,"saleReturn":803,"buyReturn":50}}"#,
    );
    assert_eq!(undated(&dump(&kkm, "table/shifts/1/report").await), expected);
    let open: Value = serde_json::from_str(&dump(&kkm, "table/shifts/2/report").await).unwrap();
    assert_eq!((&open["shiftState"], &open["dateClose"]), (&json!("opened"), &Value::Null));
    assert_eq!(open["fiscalDataOnShiftOpen"]["sale"], 5310);
    assert_eq!((&open["totalSaleCheques"], &open["saleDetails"]["cheques"]), (&json!(3), &json!(1)));
}

#[tokio::test]
async fn item_13_an_archived_shift_keeps_its_totals_only() {
    let kkm = Kkm::open().await;
    day(&kkm).await;
    assert!(kkm.emulator.operate(device::REGISTER, "archive", json!({ "shift": 2 })).is_err(), "it is open");
    kkm.act("archive", json!({ "shift": 1 }));
    assert!(dump(&kkm, "table/shifts").await.starts_with(r#"[{"id":2,"#));
    let report = async || dump(&kkm, "table/shifts/1/report").await;
    let current = r#"{"fiscalData":{"sales":5317,"buy":100,"saleReturn":803,"buyReturn":50},"#;
    assert_eq!(report().await, format!("{current}\"isArhived\":true}}"));
    kkm.switch("archived_name", "isArchived");
    kkm.switch("archived_as_string", true);
    assert_eq!(report().await, format!("{current}\"isArchived\":\"true\"}}"));
    kkm.switch("archived_fiscal", "fiscalDataOnShiftOpen");
    assert!(report().await.starts_with(r#"{"fiscalDataOnShiftOpen":{"sale":0,"#));
}

#[tokio::test]
async fn item_21_transaction_and_dates_in_local_time() {
    let kkm = Kkm::open_with(&[("utc_offset_hours", json!(0))]).await;
    let key = kkm.key();
    kkm.sell(5).await;
    let at = kkm.ledger()[0].at.clone();
    let utc = format!("{} {}", &at[..10], &at[11..19]);
    let body = dump(&kkm, &format!("transaction/{key}")).await;
    let code = &kkm.ledger()[0].fiscal_sign;
    let expected = format!(
        r#"{{"docid":"1","createDate":"{utc}","submitDate":"{utc}","status":1,"onlineCode":"{code}"}}"#
    );
    assert_eq!(body, expected);
    kkm.switch("utc_offset_hours", 5);
    let local = dump(&kkm, &format!("transaction/{key}")).await;
    let hour = |text: &str| text.split("createDate\":\"").nth(1).unwrap()[11..13].parse::<u32>().unwrap();
    assert_eq!(hour(&local), (hour(&body) + 5) % 24);
}

#[tokio::test]
async fn item_21_info_full_and_minimum() {
    let kkm = Kkm::open().await;
    kkm.sell(1108).await;
    let full = kkm.call("/apicheck/getInfo", "").await;
    let expected = concat!(
        r#"{"applicationVersion":101021,"batteryCapacityPerc":"80","cashWeHave":"1108.00","cashierID":"166","#,
        r#""cashierName":"Алия","currentShiftID":"1","currentShiftStatus":"opened","databaseSizeKb":"46","#,
        r#""defaultApiTaxID":"2","factorySerialNumber":"011700029000","lastClosedChequeId":"1","#,
        r#""messagesQueueSize":"0","printingMode":"internal","roundingRule":"no","totalFlashUsedMb":"78","#,
        r#""totalRamUsedMb":"70"}"#,
    );
    assert_eq!(full.body(), expected);
    let minimum = kkm.call("/apicheck/getInfo/", "&show=minimum").await;
    let expected = concat!(
        r#"{"lastClosedChequeId":"1","currentShiftID":"1","currentShiftStatus":"opened","#,
        r#""defaultApiTaxID":"2","cashierID":"166","cashierName":"Алия"}"#,
    );
    assert_eq!(minimum.body(), expected);
    kkm.act("battery", json!({ "low": true }));
    assert_eq!(kkm.call("/apicheck/getInfo", "").await.json()["batteryCapacityPerc"], "5");
    kkm.switch("battery_present", false);
    assert_eq!(kkm.call("/apicheck/getInfo", "").await.json()["batteryCapacityPerc"], Value::Null);
}

#[tokio::test]
async fn item_21_literals_missing_and_unknown_fields() {
    let kkm = Kkm::open_with(&[("json_literals", json!("strings"))]).await;
    kkm.sell(5).await;
    let shift = async || dump(&kkm, "table/shifts").await;
    assert!(shift().await.starts_with(r#"[{"id":"1","opened":"1","#));
    kkm.switch("json_literals", "numbers");
    let info = kkm.call("/apicheck/getInfo", "").await.body().to_owned();
    assert!(
        info.contains(r#""cashWeHave":5.00,"#) && info.contains(r#""factorySerialNumber":"011700029000""#)
    );
    assert!(dump(&kkm, "table/items").await.contains(r#""code2":"008123563127""#));
    kkm.switch("json_literals", "documented");
    kkm.switch("json_omit", "openDate, cashierId");
    let fields = shift().await;
    assert!(!fields.contains("openDate") && !fields.contains("cashierId") && fields.contains("closeDate"));
    kkm.switch("json_unknown_field", true);
    assert!(shift().await.contains(r#","unknownField":"?"}"#));
}
