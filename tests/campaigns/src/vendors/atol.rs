//! ATOL Online: knows a document by an id of ours and needs a token, so that everything settles.

use kassa_emulator::{Action, Fault, When};
use serde_json::json;

use super::{Circumstances, Faults, Other, Switch, Vendor, common_faults, modulkassa};

const NAME: &str = "atol";
const RECEIPT: &str = "submit";
const REPORT: &str = "report";
const TOKEN: &str = "token";
/// Longer than one exchange may take: two thirds of the call.
const LATE_MS: u64 = 500;
/// Documents do not fail because the clock jumps while they wait.
const FOR_EVER_S: Switch = Switch::Number(100_000_000);

/// The row of this vendor.
pub const ROW: Vendor = Vendor {
    name: NAME,
    config: || json!({"timeout_ms": 600, "poll_ms": 10}),
    // Tokens are kept by login, and a group is a cash register: those that no other cell has.
    account: |emulator, cell| {
        let mut seeded = emulator.seed(NAME, json!({"account": {"login": cell}, "group": {"code": cell}}))?;
        Ok(seeded["config"].take())
    },
    opening: &[],
    preparation: super::nothing_first,
    route: RECEIPT,
    rules_know_receipts: true,
    receipt: modulkassa::receipt,
    find_by: super::shops_own_id,
    key: super::number_of_the_shop,
    jumps_s: &[600, 25 * 3_600, -600],
    faults,
    circumstances: &[
        Circumstances {
            name: "one token",
            switches: &[("tick_ms", Switch::Number(10)), ("queue_timeout_s", FOR_EVER_S)],
            other: Other::Nobody,
            doubt: super::must_settle,
        },
        Circumstances {
            name: "three tokens",
            switches: &[
                ("tick_ms", Switch::Number(10)),
                ("queue_timeout_s", FOR_EVER_S),
                ("token_replicas", Switch::Number(3)),
            ],
            other: Other::Nobody,
            doubt: super::must_settle,
        },
    ],
    number_may_be_untold: false,
    is_left: super::is_never_left,
    one_at_a_time: false,
    has_person: false,
};

fn faults() -> Faults {
    let lost = |route| common_faults::lost(NAME, route);
    let token = |action, route| Fault::new(NAME, route, action);
    Faults {
        receipt: lost(RECEIPT),
        questions: [lost(REPORT), lost(TOKEN)].concat(),
        late: common_faults::late_both(NAME, RECEIPT, LATE_MS),
        own: vec![
            common_faults::limited(NAME, RECEIPT),
            common_faults::limited(NAME, REPORT),
            common_faults::limited(NAME, TOKEN),
            token(Action::ExpireToken, RECEIPT),
            token(Action::ForgetToken, RECEIPT),
            token(Action::ExpireToken, REPORT),
            token(Action::ForgetToken, REPORT),
            // The service's own error, although the document is in the queue.
            Fault {
                status: Some(500),
                ..common_faults::at(NAME, RECEIPT, Action::Status, When::AfterRecord)
            },
        ],
    }
}
