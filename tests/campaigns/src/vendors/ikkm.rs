//! iKKM: a key that changes with every sale. What the device has forgotten and what another writer
//! did with the key is left to a person; everything else settles.

use kassa_emulator::{Action, Fault, Part, When};
use serde_json::{Value, json};

use super::{Circumstances, Doubt, Faults, Other, Switch, Vendor, common_faults};
use crate::sale::Sale;

const NAME: &str = "ikkm";
const RECEIPT: &str = "register";
/// Longer than an answer may take.
const LATE_MS: u64 = 350;
const ANSWER_MS: u64 = 300;
/// Milliseconds in which what was sent arrives, on a machine that is busy with all of the campaign.
const ARRIVAL_MS: u64 = 200;

const ALL_ANSWERS: Switch = Switch::Number(0);
const LAST_ANSWER: Switch = Switch::Number(1);
const AT_ONCE: (&str, Switch) = ("pace_ms", Switch::Number(0));

/// The row of this vendor.
pub const ROW: Vendor = Vendor {
    name: NAME,
    // A call ends before the device's pause after "busy": another process goes on meanwhile.
    config: || json!({"timeout_ms": 900, "response_timeout_ms": ANSWER_MS, "settle_ms": ARRIVAL_MS, "pace_ms": 0}),
    account: |emulator, _| Ok(emulator.config(NAME)),
    opening: &[],
    // Only they are told what others sold.
    preparation: || vec![("user", json!({"role": "senior"}))],
    route: RECEIPT,
    rules_know_receipts: false,
    receipt: Sale::receipt,
    find_by: Sale::total,
    key,
    // A shift has to be closed after a day.
    jumps_s: &[60, -60],
    faults,
    circumstances: &[
        Circumstances {
            name: "remembers all",
            switches: &[("repeat_depth", ALL_ANSWERS), ("repeat_volatile", Switch::Is(false)), AT_ONCE],
            other: Other::Nobody,
            doubt: super::must_settle,
        },
        Circumstances {
            name: "remembers one",
            switches: &[("repeat_depth", LAST_ANSWER), ("repeat_volatile", Switch::Is(false)), AT_ONCE],
            other: Other::Nobody,
            doubt: super::must_settle,
        },
        Circumstances {
            name: "forgets at a reboot",
            switches: &[("repeat_depth", LAST_ANSWER), ("repeat_volatile", Switch::Is(true)), AT_ONCE],
            other: Other::Nobody,
            doubt: forgotten,
        },
        Circumstances {
            name: "another writer",
            switches: &[("repeat_depth", LAST_ANSWER), ("repeat_volatile", Switch::Is(false)), AT_ONCE],
            other: Other::ByFault(|| Fault::new(NAME, RECEIPT, Action::OtherWriter)),
            doubt: written_by_another,
        },
    ],
    number_may_be_untold: false,
    is_left: super::is_never_left,
    one_at_a_time: true,
    has_person: true,
};

/// Every sale of a run has another total.
fn key(entry: &kassa_emulator::LedgerEntry) -> Option<String> {
    entry.by.is_none().then(|| entry.total.clone())
}

fn forgotten(doubt: &Doubt<'_>) -> Option<&'static str> {
    (!doubt.text.is_empty()).then_some("the device forgot the answer")
}

fn written_by_another(doubt: &Doubt<'_>) -> Option<&'static str> {
    (!doubt.text.is_empty()).then_some("another writer")
}

fn faults() -> Faults {
    let receipt = |action| Fault::new(NAME, RECEIPT, action);
    let cut = |part| Fault { part: Some(part), ..receipt(Action::Cut) };
    Faults {
        receipt: common_faults::lost(NAME, RECEIPT),
        questions: common_faults::lost(NAME, "check"),
        late: common_faults::late_both(NAME, RECEIPT, LATE_MS),
        own: vec![
            receipt(Action::Busy),
            receipt(Action::Reboot).when(When::BeforeRecord),
            receipt(Action::Reboot).when(When::AfterRecord),
            cut(Part::StatusLine),
            cut(Part::Headers),
            cut(Part::Length),
            Fault::new(NAME, "connect", Action::Drop),
            common_faults::limited(NAME, RECEIPT),
        ],
    }
}

/// What a verdict tells of a document on record.
pub fn verdict(document: Option<&kassa_emulator::LedgerEntry>) -> Value {
    let mut verdict = json!({"on_record": document.is_some(), "by": "operator"});
    if let Some(document) = document {
        let number = &document.fiscal_document_number;
        verdict["fiscal"] = json!({"document_number": number, "receipt_number": number});
    }
    verdict
}
