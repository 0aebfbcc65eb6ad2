//! The device whose key changes with each document.

use kassa::delivery::transitions::Event;

use crate::actions::{Choice, Heard};
use crate::model::Protocol;
use crate::vendor::{note, on_record};
use crate::world::{Answer, Bound, Doc, Entry, Finding, Request, Secrets, World};

/// What the device makes of a request. It compares the key alone, in the worst case.
pub fn arrives(world: &mut World, request: &Request, choice: Choice) -> Option<Answer> {
    if choice == Choice::IsBusy {
        return None;
    }
    if request.key == world.vendor.key {
        if world.vendor.refuses {
            return Some(Answer::Refused);
        }
        let number = registers(world, Doc::Ours(request.receipt))?;
        return Some(Answer::Done { number, key: world.vendor.key });
    }
    Some(of_used_key(world, request.key))
}

/// The answer to a key that is not the current one.
fn of_used_key(world: &World, key: u8) -> Answer {
    let came_with = |place: &u8| {
        let at = world.vendor.documents.get(usize::from(*place)).copied().flatten();
        at.is_some_and(|at| at.key == key)
    };
    match world.vendor.repeats.filter(came_with) {
        Some(number) => Answer::Repeated { number, key: world.vendor.key },
        None => Answer::KeyRefused,
    }
}

/// A document with the current key: the key changes, and the device remembers it for a repeat.
pub fn registers(world: &mut World, doc: Doc) -> Option<u8> {
    let number = note(world, on_record(doc, world.vendor.key, 0))?;
    world.vendor.key += 1;
    world.vendor.repeats = Some(number);
    Some(number)
}

fn count(world: &World) -> u8 {
    u8::try_from(world.vendor.documents.iter().flatten().count()).unwrap_or(u8::MAX)
}

/// The key of the next attempt, and the last receipt before it.
pub fn bind(world: &World, heard: Heard) -> Option<Bound> {
    if heard != Heard::Whole {
        return None;
    }
    let Secrets { key, last, .. } = world.secrets;
    let asked = (key == world.vendor.key).then(|| count(world));
    Some(Bound::Key { key, last: last.or(asked) })
}

fn bound_to(entry: &Entry) -> (u8, Option<u8>) {
    match entry.bound {
        Bound::Key { key, last } => (key, last),
        _ => (0, None),
    }
}

fn kept(key: u8, last: Option<u8>) -> Option<Secrets> {
    Some(Secrets { key, last, ..Secrets::default() })
}

fn is_alike(world: &World, number: u8) -> Option<Doc> {
    let at = world.vendor.documents[usize::from(number)]?;
    (at.doc != Doc::Theirs).then_some(at.doc)
}

/// True where the journal holds this number for another receipt.
fn is_anothers(protocol: &Protocol, world: &World, doc: Doc, receipt: u8) -> bool {
    let holds = |place: u8| {
        place != receipt && world.journal[usize::from(place)].is_some_and(|entry| entry.fiscal == Some(doc))
    };
    protocol.rules.number_held_once && (0..protocol.receipts()).any(holds)
}

/// What a whole answer proves: to a first send, or to a repeat in doubt.
pub fn read(
    protocol: &Protocol,
    world: &World,
    entry: &Entry,
    receipt: u8,
    answer: Answer,
    is_first: bool,
) -> Finding {
    let rules = &protocol.rules;
    let unknown = Finding::of(Event::NotKnown);
    match answer {
        Answer::Done { number, key } => {
            Finding { secrets: kept(key, Some(number + 1)), ..Finding::registered(Doc::Ours(receipt)) }
        }
        Answer::Repeated { number, key } => {
            let secrets = kept(key, None);
            match is_alike(world, number) {
                // Each key makes one document: with this one ours was never made, and never will be.
                Some(doc) if is_anothers(protocol, world, doc, receipt) => {
                    Finding { secrets, ..Finding::of(Event::Absent) }
                }
                Some(_) if is_first && rules.first_repeat_compared && rules.equal_repeat_is_in_doubt => {
                    unknown
                }
                Some(_) if is_first && rules.first_repeat_compared => {
                    Finding { secrets, ..Finding::of(Event::Absent) }
                }
                Some(doc) => Finding { secrets, ..Finding::registered(doc) },
                // Ours was not registered, and never will be with this key.
                None if is_first && rules.first_repeat_compared => {
                    Finding { secrets, ..Finding::of(Event::Absent) }
                }
                None if is_first => Finding { secrets, ..Finding::registered(Doc::Theirs) },
                None if rules.about_this_document => unknown,
                None => Finding { secrets, ..Finding::registered(Doc::Theirs) },
            }
        }
        Answer::Refused => Finding::of(Event::Failed),
        Answer::KeyRefused if is_first && rules.refused_key_is_in_doubt => unknown,
        Answer::KeyRefused if is_first => Finding::of(Event::NotTaken),
        Answer::KeyRefused => after_lost_key(protocol, world, entry, receipt),
        _ => unknown,
    }
}

/// The device has forgotten the key. With the current one, which a person has to tell, it is asked what was
/// made with it.
fn after_lost_key(protocol: &Protocol, world: &World, entry: &Entry, receipt: u8) -> Finding {
    let (key, _) = bound_to(entry);
    let unknown = Finding::of(Event::NotKnown);
    if world.secrets.key != world.vendor.key || world.secrets.key == key {
        return unknown;
    }
    let made = world.vendor.documents.iter().flatten().find(|at| at.key == key);
    match made {
        Some(at) if at.doc == Doc::Theirs && protocol.rules.about_this_document => unknown,
        Some(at) if is_anothers(protocol, world, at.doc, receipt) => Finding::of(Event::Absent),
        Some(at) => Finding { secrets: kept(world.secrets.key, None), ..Finding::registered(at.doc) },
        None => unknown,
    }
}

/// Whether the key is still current and nothing was made since. Nothing is registered by that.
pub fn asked(protocol: &Protocol, world: &World, entry: &Entry, receipt: u8, heard: Heard) -> Finding {
    let (key, last) = bound_to(entry);
    let is_untouched = last.is_some() && last == Some(count(world));
    match heard {
        Heard::Whole if key == world.vendor.key && is_untouched => Finding::of(Event::Absent),
        Heard::Whole if key == world.vendor.key => Finding::of(Event::NotKnown),
        // The key is used up: the same bytes again cannot register anything, and tell what was.
        Heard::Whole => {
            let answer = of_used_key(world, key);
            read(protocol, world, entry, receipt, answer, false)
        }
        _ => Finding::of(Event::NotKnown),
    }
}
