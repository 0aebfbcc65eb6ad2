//! What happens in a cell, drawn from its seed alone.

use kassa_emulator::{Action, Fault, When};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::disturbance::Step;
use crate::sale::Sale;
use crate::vendors::{Asked, Circumstances, Deed, Faults, Other, Vendor};

/// Totals of the first receipt, in whole units; ids of one length, so that no id is part of another.
const FIRST: u32 = 100_000;
/// In one round of so many, neighbours sell the same receipt at the same time.
const SHARED: usize = 16;
/// Of so many receipts …
const WHOLE: u32 = 1_000;
/// … these are struck by a fault,
const STRUCK: u32 = 140;
/// in these the client is killed at a step,
const KILLED_AT_STEP: u32 = 13;
/// in these while the vendor works,
const KILLED_IN_FLIGHT: u32 = 5;
/// before these the clock jumps,
const JUMPS: u32 = 2;
/// and before these another writer sells, where there is one.
const OTHERS: u32 = 30;
/// How long the vendor works on a receipt whose client is killed meanwhile, in milliseconds.
const WORKING_MS: std::ops::Range<u64> = 40..100;
/// How long one `wait` lasts, and one `deliver`, in milliseconds.
const PATIENCE_MS: u64 = 300;

/// When a client is killed.
#[derive(Clone, Debug)]
pub enum Kill {
    /// At a step of a delivery.
    At(Step),
    /// While this fault holds its request. The label tells the rule from others.
    InFlight(Box<Fault>),
}

/// One receipt in the hands of one client.
#[derive(Clone, Debug)]
pub struct Act {
    /// The receipt.
    pub asked: Asked,
    /// Calls, until the receipt is registered.
    pub calls: Vec<(&'static str, Value)>,
    /// The neighbour sells it at the same time.
    pub is_shared: bool,
    /// What strikes from now on.
    pub faults: Vec<Fault>,
    /// Whether and when the client is killed.
    pub kill: Option<Kill>,
    /// Seconds by which the clock jumps first.
    pub jump_s: Option<i64>,
    /// What an operator has another program do first.
    pub elsewhere: Option<Deed>,
}

/// What each client does, in order.
pub fn draw(vendor: &Vendor, seed: u64, clients: usize, receipts: usize) -> Vec<Vec<Act>> {
    let all = (vendor.faults)();
    let circumstances = vendor.circumstances_of(seed);
    let mut random = StdRng::seed_from_u64(seed);
    let mut numbers = FIRST..;
    let mut left = receipts;
    let mut plans = vec![Vec::new(); clients];
    for round in 0.. {
        for client in 0..clients {
            // The odd neighbour takes what the even one has.
            let is_odd = client % 2 == 1;
            let has_neighbour = client + 1 < clients || is_odd;
            let is_shared = round % SHARED == SHARED - 1 && has_neighbour;
            let taken =
                plans[client.saturating_sub(1)].last().map(|act: &Act| (act.asked.clone(), act.is_shared));
            let asked = match (taken, is_shared && is_odd) {
                (Some((asked, true)), true) => asked,
                (_, true) => return plans,
                _ if left == 0 => return plans,
                _ => {
                    left -= 1;
                    vendor.asked(&Sale::of(numbers.next().unwrap_or(FIRST)))
                }
            };
            let act = act(&mut random, vendor, circumstances, &all, asked, is_shared);
            plans[client].push(act);
        }
    }
    plans
}

fn act(
    random: &mut StdRng,
    vendor: &Vendor,
    circumstances: &Circumstances,
    all: &Faults,
    asked: Asked,
    is_shared: bool,
) -> Act {
    let mut happens = |often: u32| random.random_range(0..WHOLE) < often;
    let (struck, at_step, in_flight) = (happens(STRUCK), happens(KILLED_AT_STEP), happens(KILLED_IN_FLIGHT));
    let (jumps, other) = (happens(JUMPS), happens(OTHERS));
    let mut faults = Vec::new();
    if struck {
        faults.push(drawn(random, all));
    }
    let mut elsewhere = None;
    match circumstances.other {
        Other::ByFault(fault) if other => faults.push(fault()),
        Other::ByOperator { later, .. } if other => elsewhere = Some(later(random)),
        _ => {}
    }
    let kill = match (at_step, in_flight) {
        (true, _) => Some(Kill::At(Step::ALL[random.random_range(0..Step::ALL.len())])),
        (_, true) => {
            let when = [When::BeforeRecord, When::AfterRecord][random.random_range(0..2)];
            let working_ms = random.random_range(WORKING_MS);
            Some(Kill::InFlight(Box::new(held(vendor, &asked, when, working_ms))))
        }
        _ => None,
    };
    let jump_s = jumps.then(|| vendor.jumps_s[random.random_range(0..vendor.jumps_s.len())]);
    Act { calls: calls(random, &asked), asked, is_shared, faults, kill, jump_s, elsewhere }
}

fn drawn(random: &mut StdRng, all: &Faults) -> Fault {
    let list = match random.random_range(0..20) {
        0..12 => &all.receipt,
        12..15 => &all.questions,
        15 => &all.late,
        _ => &all.own,
    };
    list[random.random_range(0..list.len())].clone()
}

/// The vendor works on the receipt for so long, before or after it is on record.
pub fn held(vendor: &Vendor, asked: &Asked, when: When, working_ms: u64) -> Fault {
    Fault {
        delay_ms: Some(working_ms),
        matching: vendor.rules_know_receipts.then(|| asked.id.clone()),
        // Of no effect with a delay: a label.
        failure_message: Some(format!("kill {}", asked.id)),
        ..Fault::new(vendor.name, vendor.route, Action::Delay).when(when)
    }
}

fn calls(random: &mut StdRng, asked: &Asked) -> Vec<(&'static str, Value)> {
    let id = json!({"id": asked.id});
    let register = ("register", asked.receipt.clone());
    let wait = ("wait", json!({"id": asked.id, "timeout_ms": PATIENCE_MS}));
    let again = register.clone();
    match random.random_range(0..20) {
        0..9 => vec![register, again],
        9..12 => vec![register, wait],
        12..14 => vec![register, ("status", id)],
        14 => vec![register, ("resolve", id), wait],
        15 => vec![register, ("resolve", json!({"id": asked.id, "mode": "probe"})), again],
        16 | 17 => vec![("enqueue", json!({"receipts": [asked.receipt]})), ("status", id), register],
        _ => vec![
            ("enqueue", json!({"receipts": [asked.receipt]})),
            ("deliver", json!({"time_limit_ms": PATIENCE_MS})),
            ("status", id),
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::vendors;

    #[test]
    fn a_schedule_has_every_receipt_and_depends_on_the_seed_alone() {
        for vendor in vendors::ALL {
            let plans = draw(vendor, 7, 5, 200);
            let ids: BTreeSet<&str> = plans.iter().flatten().map(|act| act.asked.id.as_str()).collect();
            assert_eq!(ids.len(), 200);
            assert!(plans.iter().flatten().any(|act| act.is_shared));
            assert_eq!(format!("{plans:?}"), format!("{:?}", draw(vendor, 7, 5, 200)));
            assert_ne!(format!("{plans:?}"), format!("{:?}", draw(vendor, 8, 5, 200)));
        }
    }

    #[test]
    fn neighbours_share_the_same_receipts() {
        let plans = draw(vendors::ALL[0], 3, 4, 500);
        let shared = |client: usize| -> Vec<&str> {
            plans[client].iter().filter(|act| act.is_shared).map(|act| act.asked.id.as_str()).collect()
        };
        assert!(!shared(0).is_empty());
        assert_eq!((shared(0), shared(2)), (shared(1), shared(3)));
    }
}
