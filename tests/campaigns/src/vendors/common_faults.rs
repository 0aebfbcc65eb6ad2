//! Faults that every vendor has.

use kassa_emulator::{Action, Fault, When};

/// Statuses of a gateway in front of a vendor; it says nothing about what is behind it.
const GATEWAY: [u16; 3] = [502, 503, 504];
/// What a vendor that is asked too often tells, in seconds.
const RETRY_AFTER_S: u64 = 1;

/// A fault at a moment.
pub fn at(vendor: &str, route: &str, action: Action, when: When) -> Fault {
    Fault::new(vendor, route, action).when(when)
}

/// The call or its answer is lost.
pub fn lost(vendor: &str, route: &str) -> Vec<Fault> {
    let mut all = vec![
        at(vendor, route, Action::Drop, When::BeforeRecord),
        at(vendor, route, Action::Drop, When::AfterRecord),
    ];
    all.extend([Action::Cut, Action::Garbage, Action::Empty].map(|action| Fault::new(vendor, route, action)));
    for when in [When::BeforeRecord, When::AfterRecord] {
        let page = |status| Fault { status: Some(status), ..at(vendor, route, Action::Status, when) };
        all.extend(GATEWAY.map(page));
    }
    all
}

/// The vendor asks to slow down; nothing came on record.
pub fn limited(vendor: &str, route: &str) -> Fault {
    Fault {
        status: Some(429),
        retry_after_s: Some(RETRY_AFTER_S),
        ..at(vendor, route, Action::Status, When::BeforeRecord)
    }
}

/// The call takes so long before or after the record.
pub fn late(vendor: &str, route: &str, when: When, delay_ms: u64) -> Fault {
    Fault { delay_ms: Some(delay_ms), ..at(vendor, route, Action::Delay, when) }
}

/// Both of them.
pub fn late_both(vendor: &str, route: &str, delay_ms: u64) -> Vec<Fault> {
    [When::BeforeRecord, When::AfterRecord].map(|when| late(vendor, route, when, delay_ms)).into()
}
