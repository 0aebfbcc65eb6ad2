//! iKassa.Cloud: no key of ours, so that the counters of the shift settle what they prove.

use kassa_emulator::{Action, Fault, Kind, LedgerEntry, When};
use rand::RngExt as _;
use serde_json::{Value, json};

use super::{Circumstances, Deed, Doubt, Faults, Other, Switch, Vendor, common_faults};
use crate::sale::Sale;

const NAME: &str = "ikassa";
const RECEIPT: &str = "sale";
const SHIFT: &str = "shift";
const TOKEN: &str = "token";
const CALL_MS: u64 = 900;
/// Longer than one exchange may take: two thirds of the call.
const LATE_ANSWER_MS: u64 = 650;
/// The longest that a receipt is on its way in a campaign, and how long the library allows for it.
const LATE_RECEIPT_MS: u64 = 100;
const SETTLE_MS: u64 = 400;

/// Sums of sales in roubles, the other writer's too: they coincide.
pub const SUMS: [u32; 4] = [5, 10, 15, 20];
/// How sales are paid, in turn.
const WAYS: [Paid; 3] = [Paid::Cash, Paid::Card, Paid::Both];

/// How a sale is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    /// In cash.
    Cash,
    /// By card.
    Card,
    /// Two roubles by card, the rest in cash.
    Both,
}

/// The login survives a lost answer.
const LASTING_LOGIN: (&str, Switch) = ("reuse_refresh", Switch::Is(true));

/// The row of this vendor.
pub const ROW: Vendor = Vendor {
    name: NAME,
    config,
    account: |emulator, _| Ok(emulator.config(NAME)),
    opening: &["open_shift"],
    preparation: super::nothing_first,
    route: RECEIPT,
    rules_know_receipts: true,
    receipt: |sale| sold(sale, WAYS[sale.tenge as usize % WAYS.len()]),
    find_by: super::shops_own_id,
    key,
    jumps_s: &[600, 2 * 3_600, -600],
    faults,
    circumstances: &[
        Circumstances {
            name: "counters",
            switches: &[("more_counters", Switch::Is(true)), LASTING_LOGIN],
            other: Other::Nobody,
            doubt: not_learned,
        },
        Circumstances {
            name: "drawer only",
            switches: &[("more_counters", Switch::Is(false)), LASTING_LOGIN],
            other: Other::Nobody,
            doubt: no_counter,
        },
        Circumstances {
            name: "another writer",
            switches: &[("more_counters", Switch::Is(true)), LASTING_LOGIN],
            other: ANOTHER_PROGRAM,
            doubt: written_by_another,
        },
    ],
    number_may_be_untold: true,
    is_left: |registration| evidence(registration).is_some(),
    one_at_a_time: true,
    has_person: false,
};

/// The cash registers of the matrix: with and without counters, with and without another writer.
/// One sale of each kind is confirmed before anything is lost.
pub const MATRIX: [Circumstances; 4] = [
    Circumstances {
        name: "counters",
        switches: &[("more_counters", Switch::Is(true))],
        other: Other::Nobody,
        doubt: super::must_settle,
    },
    Circumstances {
        name: "drawer",
        switches: &[("more_counters", Switch::Is(false))],
        other: Other::Nobody,
        doubt: no_counter,
    },
    Circumstances {
        name: "counters,writer",
        switches: &[("more_counters", Switch::Is(true))],
        other: ANOTHER_PROGRAM,
        doubt: written_by_another,
    },
    Circumstances {
        name: "drawer,writer",
        switches: &[("more_counters", Switch::Is(false))],
        other: ANOTHER_PROGRAM,
        doubt: written_by_another,
    },
];

fn config() -> Value {
    json!({"timeout_ms": CALL_MS, "settle_ms": SETTLE_MS})
}

/// The receipt of a sale that is paid like this.
pub fn sold(sale: &Sale, paid: Paid) -> Value {
    let roubles = SUMS[(sale.tenge / 3) as usize % SUMS.len()];
    let payment = |kind: &str, roubles: u32| json!({"type": kind, "sum": format!("{roubles}.00")});
    let payments = match paid {
        Paid::Cash => vec![payment("cash", roubles)],
        Paid::Card => vec![payment("card", roubles)],
        Paid::Both => vec![payment("card", 2), payment("cash", roubles - 2)],
    };
    json!({
        "id": sale.id, "kind": "sell",
        "items": [{"name": sale.id, "price": format!("{roubles}.00"), "quantity": "1", "vat": "20"}],
        "payments": payments
    })
}

/// The item's name is the receipt's id.
fn key(entry: &LedgerEntry) -> Option<String> {
    let is_ours = entry.by.is_none() && entry.kind == Kind::Sell;
    entry.content.as_ref().filter(|_| is_ours)?.items.first().cloned()
}

/// Another program. It begins with cash, which every cash register counts.
const ANOTHER_PROGRAM: Other = Other::ByOperator {
    first: || sell_elsewhere(SUMS[0], "cash"),
    later: |random| {
        sell_elsewhere(SUMS[random.random_range(0..SUMS.len())], ["cash", "card"][random.random_range(0..2)])
    },
};

fn sell_elsewhere(roubles: u32, payment: &str) -> Deed {
    ("sell_elsewhere", json!({"sum": roubles * 100, "payment": payment}))
}

/// The reason that the library kept with both readings.
pub fn evidence(registration: &Value) -> Option<&str> {
    let kept = &registration["raw"]["evidence"];
    let both = kept["before"].is_object() && kept["after"].is_object();
    kept["reason"].as_str().filter(|_| both)
}

fn has_cash(payments: &Value) -> bool {
    payments.as_array().into_iter().flatten().any(|payment| payment["type"] == "cash")
}

fn not_learned(doubt: &Doubt<'_>) -> Option<&'static str> {
    let unlearned = doubt.is_first_of_its_kind && !has_cash(doubt.payments);
    (unlearned && evidence(doubt.registration).is_some()).then_some("before its counters were learned")
}

fn no_counter(doubt: &Doubt<'_>) -> Option<&'static str> {
    let proves_nothing = !has_cash(doubt.payments) && evidence(doubt.registration).is_some();
    proves_nothing.then_some("no counter for its payment")
}

fn written_by_another(doubt: &Doubt<'_>) -> Option<&'static str> {
    evidence(doubt.registration).map(|_| "another writer")
}

fn faults() -> Faults {
    let lost = |route| common_faults::lost(NAME, route);
    let rule = |action, route| Fault::new(NAME, route, action);
    Faults {
        receipt: lost(RECEIPT),
        questions: [lost(SHIFT), lost(TOKEN)].concat(),
        late: vec![
            common_faults::late(NAME, RECEIPT, When::BeforeRecord, LATE_RECEIPT_MS),
            common_faults::late(NAME, RECEIPT, When::AfterRecord, LATE_ANSWER_MS),
        ],
        own: vec![
            common_faults::limited(NAME, RECEIPT),
            common_faults::limited(NAME, SHIFT),
            rule(Action::WrongContentType, RECEIPT),
            rule(Action::WrongContentType, SHIFT),
            rule(Action::ExpireToken, RECEIPT),
            rule(Action::ForgetToken, RECEIPT),
            rule(Action::ExpireToken, SHIFT),
            common_faults::at(NAME, TOKEN, Action::Drop, When::BeforeRecord),
        ],
    }
}
