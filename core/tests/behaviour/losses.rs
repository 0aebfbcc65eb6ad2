//! What was sent and got lost ends with one document; no answer of a stranger ends a sale.

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::common::{error, ok};
use crate::row::Row;
use crate::shop::{EXCHANGE_MS, Shop};

/// Shops that are open at a time: what they wait for costs nothing, what they do has to be done in time.
const SHOPS: usize = 8;
/// Pages of somebody on the way.
const PAGES: [u64; 11] = [301, 400, 404, 405, 408, 413, 422, 500, 502, 503, 504];

/// How long after the client gave up a late sale is recorded: before the vendor's word on it is believed.
const LATE_MS: u64 = 100;
const PAGE: &str = "<html>no such page</html>";

/// Every way in which the answer to a sale gets lost, or the sale itself.
fn losses() -> Vec<Value> {
    let mut all = vec![
        json!({"when": "before_record", "do": "drop"}),
        json!({"when": "after_record", "do": "drop"}),
        json!({"do": "cut"}),
        json!({"do": "garbage"}),
        json!({"do": "empty"}),
        json!({"when": "before_record", "do": "status", "status": 500}),
        json!({"when": "after_record", "do": "status", "status": 500}),
        json!({"when": "before_record", "do": "status", "status": 502}),
        // No answer in time; and one that is recorded after the client gave up.
        json!({"when": "after_record", "do": "delay", "delay_ms": 60_000}),
        json!({"when": "before_record", "do": "delay", "delay_ms": EXCHANGE_MS + LATE_MS}),
    ];
    all.extend(PAGES.map(|status| {
        json!({"when": "after_record", "do": "status", "status": status,
            "body": PAGE, "content_type": "text/html"})
    }));
    all
}

/// Whatever is lost, however it is paid.
pub async fn a_lost_answer_ends_with_one_document(row: &'static Row) {
    let offered = ok(&Shop::open(row).await.till, "capabilities", json!({})).await["payment_types"].clone();
    let mut cases = Vec::new();
    for payment in ["cash", "card"].into_iter().filter(|payment| offered.to_string().contains(payment)) {
        cases.extend(losses().into_iter().map(|loss| (payment, loss)));
    }
    let each = cases.into_iter().map(async |(payment, loss)| {
        let shop = Shop::open(row).await;
        shop.fault(loss.clone());
        let mut sale = shop.sale("order-1");
        sale["payments"][0]["type"] = json!(payment);
        let mut end = shop.sold(&sale).await;
        if end["state"] == "in_doubt" {
            let on_record = !shop.sales().is_empty();
            let verdict = json!({"id": "order-1", "verdict": {"on_record": on_record, "by": "Anna"}});
            end = ok(&shop.till, "resolve", verdict).await;
            assert_eq!(end["state"] == "registered", on_record, "{payment} {loss}: {end}");
        }
        let expected = usize::from(end["state"] == "registered");
        assert_eq!(shop.sales().len(), expected, "{payment} {loss}: {end}");
        // The shop sells on.
        assert_eq!(shop.sold(&shop.sale("order-2")).await["state"], "registered");
        assert_eq!(shop.sales().len(), expected + 1, "{payment} {loss}");
    });
    stream::iter(each).buffer_unordered(SHOPS).collect::<Vec<()>>().await;
}

/// Words and codes that came later: the sale is not failed, and ends with one document.
pub async fn what_the_protocol_does_not_know_proves_nothing(row: &'static Row) {
    for strange in (row.strange)() {
        let shop = Shop::open(row).await;
        let mut fault = json!({"when": "after_record", "do": "status", "status": 200, "content_type": "application/json"});
        fault.as_object_mut().unwrap().extend(strange.as_object().unwrap().clone());
        shop.fault(fault);
        let end = shop.sold(&shop.sale("order-1")).await;
        assert_eq!(end["state"], "registered", "{strange}: {end}");
        assert_eq!(shop.sales().len(), 1, "{strange}");
    }
}

/// A page says nothing of the vendor's documents, whatever its status: the sale is not sent again for it.
pub async fn a_page_in_answer_to_a_question_proves_nothing(row: &'static Row) {
    let each = PAGES.into_iter().chain([200]).map(async |status| {
        let shop = Shop::open(row).await;
        shop.sold(&shop.sale("order-0")).await;
        shop.fault(json!({"when": "after_record", "do": "drop"}));
        shop.fault(json!({"route": "*", "when": "before_record", "do": "status", "status": status,
            "body": PAGE, "content_type": "text/html", "skip": row.calls_of_a_sale}));
        let end = shop.sold(&shop.sale("order-1")).await;
        assert_eq!((&end["state"], &end["attempts"]), (&json!("registered"), &json!(1)), "{status}: {end}");
        assert_eq!(shop.sales().len(), 2, "{status}: {end}");
    });
    stream::iter(each).buffer_unordered(SHOPS).collect::<Vec<()>>().await;
}

/// It waits, and is sent once somebody listens.
pub async fn nobody_listening_is_not_sent(row: &'static Row) {
    let shop = Shop::open(row).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = shop.client_at(&format!("http://{closed}"));
    let refused = error(&gone, "register", shop.sale("order-1")).await;
    assert_eq!(
        (&refused["kind"], &refused["outcome"]),
        (&json!("unreachable"), &json!("not_registered")),
        "{refused}"
    );
    assert_eq!(shop.kept("order-1").await["state"], "queued");
    assert_eq!(shop.sold(&shop.sale("order-1")).await["state"], "registered");
    assert_eq!(shop.sales().len(), 1);
}
