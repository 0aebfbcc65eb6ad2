//! What a person does: looks at the vendor's record and gives a verdict, tells a device's key.

use kassa::delivery::transitions::Event;
use kassa::receipt::registration::State;

use crate::actions::Action;
use crate::model::Protocol;
use crate::process::concluded;
use crate::world::{Age, Doc, Entry, Finding, Kind, Person, Stage, World};

/// What a person can do now.
pub fn actions(protocol: &Protocol, world: &World, actions: &mut Vec<Action>) {
    if let Person::Looked { .. } = world.person {
        if world.lease.is_none() || !protocol.rules.lease_needed {
            actions.push(Action::Decide);
        }
        return;
    }
    if world.left.by_person == 0 {
        return;
    }
    for receipt in 0..protocol.receipts() {
        if world.journal[usize::from(receipt)].is_some_and(|entry| may_look(protocol, world, receipt, &entry))
        {
            actions.push(Action::Look { receipt });
        }
    }
    let is_key_lost = protocol.kind == Kind::RotatingKey && world.secrets.key != world.vendor.key;
    if is_key_lost && world.lease.is_none() {
        actions.push(Action::TellKey);
    }
}

/// Whether a person looks: where the fate is unknown, the time is over in which something may still arrive, and
/// the vendor has it not in its queue.
fn may_look(protocol: &Protocol, world: &World, receipt: u8, entry: &Entry) -> bool {
    if !protocol.rules.verdict_only_where_unknown {
        return !entry.state.is_final();
    }
    let is_queued = world
        .vendor
        .documents
        .iter()
        .flatten()
        .any(|at| at.doc == Doc::Ours(receipt) && at.stage == Stage::Queued);
    // Where counters could still tell, they are asked first: the next reading stands on theirs.
    let is_asked = protocol.kind != Kind::Counters || entry.left_to_person;
    entry.state == State::InDoubt && entry.age.true_age >= 1 && !is_queued && is_asked
}

/// What a person does to the world. `None` where it comes to nothing.
pub fn happens(protocol: &Protocol, world: &mut World, action: Action) -> Option<()> {
    match action {
        Action::Look { receipt } => {
            let entry = world.journal[usize::from(receipt)]?;
            let on_record = world.recorded(receipt) > 0;
            world.person = Person::Looked { receipt, revision: entry.revision, on_record };
        }
        Action::Decide => {
            let Person::Looked { receipt, revision, on_record } = world.person else { return None };
            world.person = Person::Away;
            decide(protocol, world, receipt, revision, on_record);
        }
        Action::TellKey => {
            world.secrets.key = world.vendor.key;
            world.secrets.last = None;
        }
        _ => return None,
    }
    Some(())
}

fn decide(protocol: &Protocol, world: &mut World, receipt: u8, revision: u8, on_record: bool) {
    let place = usize::from(receipt);
    let Some(entry) = world.journal[place] else { return };
    let is_open = match protocol.rules.verdict_only_where_unknown {
        true => entry.state == State::InDoubt,
        false => !entry.state.is_final(),
    };
    let is_seen = entry.revision == revision || !protocol.rules.verdict_about_what_was_seen;
    let event = if on_record { Event::FoundOnRecord } else { Event::FoundMissing };
    let Some(row) = protocol.table.after(entry.state, event).filter(|_| is_open && is_seen) else { return };
    let finding = Finding { fiscal: Some(Doc::Ours(receipt)), ..Finding::of(event) };
    let new = concluded(&entry, &row, &finding);
    world.journal[place] = Some(Entry { revision: entry.revision + 1, age: Age::default(), ..new });
    world.told[place] = Some(new.state);
    world.past.verdict |= on_record;
}
