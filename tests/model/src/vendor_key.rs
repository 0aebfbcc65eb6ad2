//! Vendors that know a document by a key of ours: ATOL answers a repeat with the first document, Modulkassa
//! is looked up.

use kassa::delivery::transitions::Event;
use kassa::receipt::registration::State;

use crate::actions::{Choice, Heard};
use crate::model::Protocol;
use crate::vendor::note;
use crate::world::{Answer, AtVendor, Doc, Entry, Finding, Kind, Process, Request, Stage, World};

/// The id of a document that is always on record there, another's: an answer that is mixed up tells it.
const ANOTHERS: u8 = 9;

/// The place of the document with this key.
fn with_key(world: &World, key: u8, system: u8) -> Option<u8> {
    let is_it = |at: &Option<AtVendor>| at.is_some_and(|at| (at.key, at.system) == (key, system));
    u8::try_from(world.vendor.documents.iter().position(is_it)?).ok()
}

/// What the vendor makes of a request.
pub fn arrives(protocol: &Protocol, world: &mut World, request: &Request, choice: Choice) -> Option<Answer> {
    let known = with_key(world, request.key, request.system);
    if request.requeue {
        if choice == Choice::IsBusy {
            return None;
        }
        let failed = known.and_then(|place| world.vendor.documents[usize::from(place)].as_mut());
        return Some(match (known, failed) {
            (Some(place), Some(at)) if at.stage == Stage::Failed => {
                at.stage = Stage::Queued;
                Answer::Status(place)
            }
            _ => Answer::Busy,
        });
    }
    if choice == Choice::IsBusy {
        return known.is_none().then_some(Answer::Busy);
    }
    match known {
        Some(place) if protocol.kind == Kind::Key => Some(Answer::Known(place)),
        Some(_) if world.vendor.keeps_keys => Some(Answer::Refused),
        _ if world.vendor.refuses => Some(Answer::Refused),
        _ => {
            let (doc, key) = (Doc::Ours(request.receipt), request.key);
            let at = AtVendor { doc, key, system: request.system, stage: Stage::Queued };
            note(world, at).map(Answer::Taken)
        }
    }
}

/// What a whole answer to a request proves.
pub fn read(
    protocol: &Protocol,
    world: &World,
    held: &Process,
    entry: &Entry,
    answer: Answer,
    is_mixed: bool,
) -> Finding {
    match answer {
        // ATOL's answer carries no more than the id: another's is found out by its report. Modulkassa's
        // repeats the id that we chose.
        Answer::Taken(_) | Answer::Known(_) if is_mixed && protocol.kind == Kind::Key => {
            Finding::accepted(Some(ANOTHERS))
        }
        _ if is_mixed => told(protocol, world, held, ANOTHERS),
        Answer::Taken(place) | Answer::Known(place) => Finding::accepted(Some(place)),
        Answer::Refused if protocol.kind == Kind::AskedKey => after_refusal(protocol, world, held, entry),
        Answer::Refused => Finding::of(Event::Failed),
        Answer::Status(place) => told(protocol, world, held, place),
        Answer::Busy => Finding::of(Event::NotTaken),
        _ => Finding::of(Event::NotKnown),
    }
}

/// Tells a refused document from one that the vendor has had for long.
fn after_refusal(protocol: &Protocol, world: &World, held: &Process, entry: &Entry) -> Finding {
    match with_key(world, protocol.key_of(entry), held.system) {
        Some(place) => told(protocol, world, held, place),
        None => Finding::of(Event::Failed),
    }
}

/// What is told of a document proves.
fn told(protocol: &Protocol, world: &World, held: &Process, place: u8) -> Finding {
    let at = world.vendor.documents.get(usize::from(place)).copied().flatten();
    if at.is_some_and(|at| at.system != held.system) {
        return Finding::of(Event::Absent);
    }
    // The id of another's document is not ours.
    let Some(at) = at else {
        return match protocol.rules.about_this_document {
            true => Finding::of(Event::NotKnown),
            false => Finding { document: Some(place), ..Finding::registered(Doc::Theirs) },
        };
    };
    let is_of_other_content = at.doc != Doc::Ours(held.receipt);
    match at.stage {
        // Our key, another's document: it is taken for good.
        _ if is_of_other_content && protocol.rules.content_compared => Finding::of(Event::Failed),
        Stage::Done => Finding { document: Some(place), ..Finding::registered(at.doc) },
        Stage::Queued => Finding::accepted(Some(place)),
        Stage::Failed => Finding::of(Event::Failed),
    }
}

/// What the answer to a question about a document proves.
pub fn asked(protocol: &Protocol, world: &World, held: &Process, entry: &Entry, heard: Heard) -> Finding {
    let place = match protocol.kind {
        Kind::Key => entry.document,
        _ => with_key(world, protocol.key_of(entry), held.system),
    };
    match heard {
        Heard::Mixed => told(protocol, world, held, ANOTHERS),
        Heard::GatewayMissing if protocol.rules.only_own_absence => Finding::of(Event::NotKnown),
        Heard::GatewayMissing | Heard::Forgotten => Finding::of(Event::Absent),
        Heard::Whole => match place {
            Some(place) => told(protocol, world, held, place),
            None => Finding::of(Event::Absent),
        },
        _ => Finding::of(Event::NotKnown),
    }
}

/// True where the id that the journal has is not that of our document: only the same bytes again tell it.
pub fn is_to_be_repeated(protocol: &Protocol, entry: &Entry) -> bool {
    let is_anothers = entry.document == Some(ANOTHERS) && protocol.rules.about_this_document;
    entry.state == State::Accepted && is_anothers
}
