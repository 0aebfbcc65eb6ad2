//! protocol/modulkassa.md 6.1 items 17 to 19: sums, corrections, repeated ids.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Shop, document, with};
use serde_json::{Value, json};

#[tokio::test]
async fn item_17_a_difference_of_sums_fails_at_the_register() {
    let shop = Shop::open().await;
    let wrong = with(document("a"), "/moneyPositions/0/sum", json!(350.49));
    let failed = shop.submit_until(&wrong, "FAILED").await.json();
    assert_eq!(failed["failureInfo"]["type"], "NON_FN_FAILURE");
    assert_eq!(failed["fiscalInfo"], Value::Null);
    assert!(shop.emulator.ledger().is_empty());
    shop.switch("sum_mismatch", "400");
    assert_eq!(shop.submit(&with(wrong, "/id", json!("b"))).await.status, 400);
}

#[tokio::test]
async fn item_17_positions_are_rounded_to_kopecks_one_by_one() {
    let shop = Shop::open().await;
    let position = |price: &str, quantity: &str, discount: &str| json!({ "name": "x", "price": price, "quantity": quantity, "discSum": discount, "vatTag": 1103 });
    // 0.321 x 99.99 = 32.09679, twice; 0.5 x 0.01 = 0.005 goes up; 1500 x 2 - 150.
    let positions = json!([
        position("99.99", "0.321", "0"),
        position("99.99", "0.321", "0"),
        position("0.01", "0.5", "0"),
        position("1500.00", "2.000", "150.00"),
    ]);
    let payments = json!([
        { "paymentType": "PREPAID", "sum": "1000" }, { "paymentType": "CARD", "sum": "914.21" },
        { "paymentType": "CARD", "sum": "1000" },
    ]);
    let whole = with(with(document("a"), "/inventPositions", positions), "/moneyPositions", payments);
    shop.submit_until(&whole, "COMPLETED").await;
    let entry = &shop.emulator.ledger()[0];
    assert_eq!((entry.total.as_str(), entry.lines), ("2914.21", 4));
}

#[tokio::test]
async fn item_11_a_document_with_everything() {
    let shop = Shop::open().await;
    let body = r#"{"id": "full", "docNum": "WEB-100235", "docType": "SALE", "checkoutDateTime": "2025-09-14T15:29:55+03:00",
        "email": "+79990001122", "printReceipt": true, "textToPrint": "Спасибо за заказ", "cashierName": "Кассирова К.К.",
        "cashierInn": "770012345606", "cashierPosition": "Кассир", "taxMode": "COMMON", "clientName": "ООО Пример", "clientInn": "7700123459",
        "inventPositions": [
            {"inventCode": "SKU-77", "barcode": "4600000000017", "name": "Мёд 1 кг", "price": 1500.00, "quantity": 2.000, "discSum": 150.00,
             "vatTag": 1103, "vatSum": 259.09, "paymentObject": "commodity", "paymentMethod": "full_payment", "originCountryCode": "643",
             "productMark": "0104600000000017215AbCdEfGhIjK"},
            {"name": "Доставка", "price": 350.50, "quantity": 1, "vatTag": 1105, "paymentObject": "service", "paymentMethod": "full_payment",
             "agentInfo": {"types": ["commission_agent"], "moneyTransferOperator": {"phones": ["+74950001122"], "name": "О", "address": "А", "inn": "9901002000"}},
             "supplierInfo": {"name": "ООО Перевоз", "inn": "9901002000", "phones": ["+74950001122"]}}],
        "moneyPositions": [{"paymentType": "PREPAID", "sum": 1000.00}, {"paymentType": "CARD", "sum": 2200.50}]}"#;
    assert_eq!(shop.call("POST", "/api/fn/v2/doc", body).await.status, 200);
    let done = shop.until_status("full", "COMPLETED").await;
    assert!(done.body.contains("\"sum\":3200.50,"), "{}", done.body);
}

#[tokio::test]
async fn a_document_of_many_megabytes_is_read() {
    let shop = Shop::open().await;
    let position = document("a")["inventPositions"][0].clone();
    let positions = vec![position; 40_000];
    let payments = json!([{ "paymentType": "CARD", "sum": "14020000" }]);
    let big = with(document("a"), "/inventPositions", json!(positions));
    let big = with(big, "/moneyPositions", payments);
    shop.submit_until(&big, "COMPLETED").await;
    assert_eq!(shop.emulator.ledger()[0].total, "14020000.00");
}

#[tokio::test]
async fn item_18_corrections_need_their_grounds() {
    let shop = Shop::open().await;
    let correction = |info: Value| {
        let info = with(document("c"), "/correctionInfo", info);
        with(info, "/docType", json!("SALE_CORRECTION"))
    };
    let date = "2025-08-30T00:00:00";
    let bad = [
        Value::Null,
        json!({ "reason": "INDEPENDENT" }),
        json!({ "documentDate": date }),
        json!({ "reason": "WHIM", "documentDate": date }),
        json!({ "reason": "INDEPENDENT", "documentDate": "then" }),
        json!({ "reason": "BY_ORDER", "documentDate": date }),
    ];
    for info in bad {
        assert_eq!(shop.submit(&correction(info.clone())).await.status, 400, "{info}");
    }
    let good = json!({ "reason": "BY_ORDER", "documentDate": date, "documentNum": "17-04/2211", "fiscalSign": "1234567890" });
    shop.submit_until(&correction(good), "COMPLETED").await;
    let independent = json!({ "reason": "INDEPENDENT", "documentDate": date });
    assert_eq!(shop.submit(&with(correction(independent), "/id", json!("d"))).await.status, 200);
}

#[tokio::test]
async fn item_19_a_repeated_id_never_makes_a_second_fiscal_document() {
    let shop = Shop::open().await;
    let done = shop.submit_until(&document("a"), "COMPLETED").await;
    let again = shop.submit(&document("a")).await;
    assert_eq!((again.status, again.json()), (200, done.json()));
    for (answer, status) in [("409", 409), ("400", 400)] {
        shop.switch("duplicate", answer);
        assert_eq!(shop.submit(&document("a")).await.status, status);
    }
    shop.submit_until(&document("b"), "COMPLETED").await;
    assert_eq!(shop.emulator.ledger().len(), 2);
}
