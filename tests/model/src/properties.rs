//! What must always hold.

use kassa::receipt::registration::State;
use stateright::{Model, Property};

use crate::actions::{Action, Choice, Heard};
use crate::model::Protocol;
use crate::world::{Bound, Doc, Entry, Kind, Left, Pc, World};

/// At most one document of a receipt is on record through us.
pub const ONE_DOCUMENT: &str = "at most one document";
/// `registered` only of a document that is on record and is ours.
pub const REGISTERED_IS_ON_RECORD: &str = "registered is on record and ours";
/// `failed` only of a document that is not on record, and never comes there.
pub const FAILED_IS_NOT_ON_RECORD: &str = "failed is never on record";
/// `queued` only of a document that is not on record: that is what the shop is told of it.
pub const QUEUED_IS_NOT_ON_RECORD: &str = "queued is not on record";
/// What the shop was told stands in the journal.
pub const TOLD_IS_WRITTEN: &str = "what was told is written";
/// From where nothing is at work, one process without faults comes to an end, where the vendor can tell.
pub const NOTHING_STUCK: &str = "nothing is stuck that the vendor can settle";

/// Rounds of calls that a run without faults has for each receipt.
const ROUNDS: usize = 3;
/// Steps after which a run without faults has come to nothing.
const LONGEST_RUN: usize = 200;

/// Every property.
pub fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(ONE_DOCUMENT, |protocol: &Protocol, world: &World| {
            (0..protocol.receipts()).all(|receipt| world.recorded(receipt) <= 1)
        }),
        Property::always(REGISTERED_IS_ON_RECORD, |protocol: &Protocol, world: &World| {
            (0..protocol.receipts()).all(|receipt| registered_is_on_record(world, receipt))
        }),
        Property::always(FAILED_IS_NOT_ON_RECORD, |protocol: &Protocol, world: &World| {
            (0..protocol.receipts()).all(|receipt| {
                let is_failed = says(world, receipt, State::Failed);
                !is_failed || world.recorded(receipt) == 0
            })
        }),
        Property::always(QUEUED_IS_NOT_ON_RECORD, |protocol: &Protocol, world: &World| {
            (0..protocol.receipts()).all(|receipt| {
                let entry = world.journal[usize::from(receipt)];
                let is_queued = entry.is_some_and(|entry| entry.state == State::Queued);
                // What an earlier life of the shop did is not in this journal.
                !is_queued || world.recorded(receipt) == 0 || world.past.earlier_life
            })
        }),
        Property::always(TOLD_IS_WRITTEN, |_: &Protocol, world: &World| {
            world
                .told
                .iter()
                .zip(&world.journal)
                .all(|(told, entry)| told.is_none_or(|state| entry.is_some_and(|entry| entry.state == state)))
        }),
        Property::always(NOTHING_STUCK, nothing_is_stuck),
    ]
}

/// True where the journal or the shop has this state of a receipt.
fn says(world: &World, receipt: u8, state: State) -> bool {
    let place = usize::from(receipt);
    world.told[place] == Some(state) || world.journal[place].is_some_and(|entry| entry.state == state)
}

fn registered_is_on_record(world: &World, receipt: u8) -> bool {
    let entry = world.journal[usize::from(receipt)];
    let is_ours = |entry: Entry| entry.state != State::Registered || entry.fiscal == Some(Doc::Ours(receipt));
    !says(world, receipt, State::Registered) || (world.recorded(receipt) >= 1 && entry.is_none_or(is_ours))
}

/// Exactly when the vendor has no means to tell what became of a document.
pub fn has_no_means(protocol: &Protocol, world: &World, entry: &Entry) -> bool {
    // A register that was bound anew is refused by name while anything of the old one is open.
    let is_elsewhere = |entry: &Entry| !entry.state.is_final() && entry.system != world.vendor.system;
    if world.journal.iter().flatten().any(is_elsewhere) {
        return true;
    }
    match protocol.kind {
        Kind::Key | Kind::AskedKey => false,
        // Nothing was seen to answer to it, another writer moved the counters, or they could not be read.
        Kind::Counters => {
            let is_learned = matches!(entry.bound, Bound::Watch(watch) if watch.learned);
            entry.left_to_person && (!is_learned || world.past.stranger || world.past.unreadable)
        }
        // The key was used up by another or the answer with the next key was never heard: a person tells the
        // key.
        Kind::RotatingKey => world.past.stranger || world.past.forgot || world.past.verdict,
    }
}

fn nothing_is_stuck(protocol: &Protocol, world: &World) -> bool {
    let is_open = |entry: &Entry| !entry.state.is_final() && !has_no_means(protocol, world, entry);
    if !world.is_quiet() || !world.journal.iter().flatten().any(is_open) {
        return true;
    }
    let mut run = world.clone();
    run.left = Left { calls: u8::MAX, ticks: u8::MAX, faults: 0, by_person: 0 };
    for _ in 0..ROUNDS {
        for receipt in 0..protocol.receipts() {
            let is_open = run.journal[usize::from(receipt)].is_some_and(|entry| !entry.state.is_final());
            if is_open {
                without_faults(protocol, &mut run, receipt);
            }
        }
    }
    run.journal.iter().flatten().all(|entry| entry.state.is_final() || has_no_means(protocol, &run, entry))
}

/// One call of one process for a receipt, and what the vendor does by itself.
fn without_faults(protocol: &Protocol, world: &mut World, receipt: u8) {
    let mut next = Some(Action::Call { process: 0, receipt });
    for _ in 0..LONGEST_RUN {
        let Some(action) = next else { return };
        match protocol.next_state(world, action) {
            Some(after) => *world = after,
            None => return,
        }
        next = good_step(world, protocol);
    }
}

/// The step that is next where nothing goes wrong.
fn good_step(world: &World, protocol: &Protocol) -> Option<Action> {
    let mut possible = Vec::new();
    protocol.actions(world, &mut possible);
    let is_done = world.processes[0].pc == Pc::Idle;
    let in_turn = possible.into_iter().filter_map(|action| Some((turn(action, is_done)?, action)));
    in_turn.min_by_key(|(turn, _)| *turn).map(|(_, action)| action)
}

fn turn(action: Action, is_done: bool) -> Option<u8> {
    match action {
        Action::Call { .. } | Action::Requeue { .. } | Action::StopWaiting { .. } => None,
        Action::Bind { heard, .. } | Action::Ask { heard, .. } | Action::Hear { heard, .. } => {
            (heard == Heard::Whole).then_some(0)
        }
        Action::Intend { .. }
        | Action::Begin { .. }
        | Action::Send { .. }
        | Action::TakeOver { .. }
        | Action::WriteRepeat { .. }
        | Action::Conclude { .. }
        | Action::Keep { .. } => Some(0),
        Action::Arrive { choice: Choice::Takes, .. } => Some(1),
        Action::Record { .. } => Some(2),
        Action::TimePasses if !is_done => Some(3),
        _ => None,
    }
}
