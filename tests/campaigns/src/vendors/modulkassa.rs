//! Modulkassa: knows a document by an id of ours, so that everything settles.

use kassa_emulator::{Action, Fault, When};
use serde_json::{Value, json};

use super::{Circumstances, Faults, Other, Switch, Vendor, common_faults};
use crate::sale::Sale;

const NAME: &str = "modulkassa";
const RECEIPT: &str = "submit";
/// Longer than one exchange may take: two thirds of the call.
const LATE_MS: u64 = 500;
/// Milliseconds in which what was sent arrives: what is late does so a hundred after its sender gave up.
const ARRIVAL_MS: u64 = 250;

/// The row of this vendor.
pub const ROW: Vendor = Vendor {
    name: NAME,
    config: || json!({"timeout_ms": 600, "settle_ms": ARRIVAL_MS}),
    account: |emulator, _| Ok(emulator.config(NAME)),
    opening: &[],
    preparation: super::nothing_first,
    route: RECEIPT,
    rules_know_receipts: true,
    receipt,
    find_by: super::shops_own_id,
    key: super::number_of_the_shop,
    jumps_s: &[60, 3_600, -600],
    faults,
    circumstances: &[
        Circumstances {
            name: "at once",
            switches: &[("instant", Switch::Is(true))],
            other: Other::Nobody,
            doubt: super::must_settle,
        },
        Circumstances {
            name: "queue",
            switches: &[("tick_ms", Switch::Number(10))],
            other: Other::Nobody,
            doubt: super::must_settle,
        },
    ],
    number_may_be_untold: false,
    is_left: super::is_never_left,
    one_at_a_time: false,
    has_person: false,
};

/// A sale that Modulkassa and ATOL take.
pub fn receipt(sale: &Sale) -> Value {
    let sum = sale.total();
    json!({
        "id": sale.id, "kind": "sell",
        "items": [{"name": "Mug", "price": sum, "quantity": "1", "vat": "22"}],
        "payments": [{"type": "card", "sum": sum}],
        "customer": {"email": "buyer@shop.example"}
    })
}

fn faults() -> Faults {
    Faults {
        receipt: common_faults::lost(NAME, RECEIPT),
        questions: common_faults::lost(NAME, "status"),
        late: common_faults::late_both(NAME, RECEIPT, LATE_MS),
        own: vec![
            common_faults::limited(NAME, RECEIPT),
            common_faults::limited(NAME, "status"),
            // A gateway that does not know the address, after the vendor took the document.
            Fault {
                status: Some(404),
                body: Some("<html>no such page</html>".to_owned()),
                content_type: Some("text/html".to_owned()),
                ..common_faults::at(NAME, RECEIPT, Action::Status, When::AfterRecord)
            },
        ],
    }
}
