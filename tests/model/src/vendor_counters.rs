//! The vendor without a key: a counter of the shift before and after.

use kassa::delivery::transitions::Event;

use crate::actions::{Choice, Heard};
use crate::model::Protocol;
use crate::vendor::{note, on_record};
use crate::world::{Answer, Bound, Doc, Entry, Finding, Process, Request, Secrets, Watch, World};

/// What a document of ours adds to the counter; another program's adds more.
pub const OURS: i8 = 1;
/// What another program's document adds to the counter.
pub const THEIRS: i8 = 2;

/// What the vendor makes of a request: a document, each time.
pub fn arrives(world: &mut World, request: &Request, choice: Choice) -> Option<Answer> {
    if choice == Choice::IsBusy {
        return Some(Answer::Busy);
    }
    if world.vendor.refuses {
        return Some(Answer::Refused);
    }
    note(world, on_record(Doc::Ours(request.receipt), 0, request.system))?;
    if world.vendor.counts {
        world.vendor.counter[usize::from(request.system)] += OURS;
    }
    Some(Answer::Recorded)
}

fn watch_of(entry: &Entry) -> Watch {
    match entry.bound {
        Bound::Watch(watch) => watch,
        _ => Watch::default(),
    }
}

fn kept(watch: Watch) -> Option<Secrets> {
    Some(Secrets { watch, ..Secrets::default() })
}

/// The reading before an attempt: what the last document moved is learned, what it does not explain is
/// another writer's.
pub fn bind(protocol: &Protocol, world: &World, system: u8, heard: Heard) -> Option<Bound> {
    let watch = world.secrets.watch;
    let now = match heard {
        Heard::Whole => Some(world.vendor.counter[usize::from(system)]),
        Heard::Unreadable if protocol.rules.unreadable_proves_nothing => None,
        Heard::Unreadable => Some(0),
        _ => return None,
    };
    let Some(now) = now else {
        return Some(Bound::Watch(Watch { before: None, since: false, ..watch }));
    };
    let mut looked = Watch { before: Some(now), since: false, ..watch };
    if let Some(before) = watch.before {
        let moved = now - before;
        match (watch.since, moved) {
            (true, OURS) if !watch.stranger => looked.learned = true,
            // Nothing answers to it.
            (true, 0) if !watch.learned => {}
            (false, 0) => {}
            _ => looked.stranger = true,
        }
    }
    Some(Bound::Watch(looked))
}

/// What a whole answer to a request proves.
pub fn read(_: &Protocol, entry: &Entry, receipt: u8, answer: Answer) -> Finding {
    let bound = watch_of(entry);
    match answer {
        Answer::Recorded => Finding {
            secrets: kept(Watch { since: true, ..bound }),
            ..Finding::registered(Doc::Ours(receipt))
        },
        Answer::Refused => Finding { secrets: kept(bound), ..Finding::of(Event::Failed) },
        Answer::Busy => Finding { secrets: kept(bound), ..Finding::of(Event::NotTaken) },
        _ => Finding::of(Event::NotKnown),
    }
}

/// Compares the counter before and after a document whose answer was lost.
pub fn asked(protocol: &Protocol, world: &World, held: &Process, entry: &Entry, heard: Heard) -> Finding {
    let rules = &protocol.rules;
    let bound = watch_of(entry);
    if entry.left_to_person {
        return Finding { left_to_person: true, ..Finding::of(Event::NotKnown) };
    }
    let now = match heard {
        Heard::Whole => Some(world.vendor.counter[usize::from(held.system)]),
        Heard::Unreadable if rules.unreadable_proves_nothing => None,
        Heard::Unreadable => Some(0),
        _ => return Finding::of(Event::NotKnown),
    };
    let seen = Watch { before: now, since: false, ..bound };
    let proven = match (bound.before, now) {
        _ if bound.stranger && rules.stranger_proves_nothing => None,
        _ if !bound.learned && rules.learned_counters_only => None,
        (Some(before), Some(now)) => match now - before {
            0 => Some(Finding::of(Event::Absent)),
            OURS => Some(Finding::registered(Doc::Ours(held.receipt))),
            _ if !rules.stranger_proves_nothing => Some(Finding::registered(Doc::Ours(held.receipt))),
            _ => None,
        },
        _ => None,
    };
    match proven {
        Some(finding) => Finding { secrets: kept(seen), ..finding },
        None => Finding { left_to_person: true, secrets: kept(seen), ..Finding::of(Event::NotKnown) },
    }
}
