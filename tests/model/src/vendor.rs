//! What the four kinds of vendor have in common: how they are asked and what they make of a request.

use kassa::delivery::transitions::Event;
use kassa::receipt::registration::State;

use crate::actions::{Choice, Heard};
use crate::model::Protocol;
use crate::world::{Answer, AtVendor, Bound, DOCUMENTS, Entry, Finding, Kind, Origin, Request, Stage, World};
use crate::{vendor_counters, vendor_key, vendor_rotating};

/// How a document in doubt or accepted is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// A question, answered at once.
    Question,
    /// The same bytes again.
    Repeat,
}

/// By what a document that stands like this is settled. `probe` where nothing may come on record through it.
pub fn means(protocol: &Protocol, entry: &Entry, probe: bool) -> Means {
    match protocol.kind {
        Kind::Key if vendor_key::is_to_be_repeated(protocol, entry) => Means::Repeat,
        Kind::Key if entry.document.is_some() => Means::Question,
        Kind::AskedKey if !protocol.rules.asked_by_look_up && entry.state == State::InDoubt => Means::Repeat,
        Kind::AskedKey | Kind::Counters => Means::Question,
        Kind::Key => Means::Repeat,
        Kind::RotatingKey if probe => Means::Question,
        Kind::RotatingKey => Means::Repeat,
    }
}

/// A request arrives: what the vendor makes of it. `None` where that choice is not its.
pub fn arrives(protocol: &Protocol, world: &mut World, request: &Request, choice: Choice) -> Option<Answer> {
    match protocol.kind {
        Kind::Key | Kind::AskedKey => vendor_key::arrives(protocol, world, request, choice),
        Kind::Counters => vendor_counters::arrives(world, request, choice),
        Kind::RotatingKey => vendor_rotating::arrives(world, request, choice),
    }
}

/// Notes a document that the vendor has; its place. `None` where there is no room.
pub fn note(world: &mut World, at: AtVendor) -> Option<u8> {
    let place = (0..DOCUMENTS).find(|place| world.vendor.documents[*place].is_none())?;
    world.vendor.documents[place] = Some(at);
    u8::try_from(place).ok()
}

/// What an answer to a request proves. `None` is an answer that never came, only a gateway's page did.
pub fn proves(
    protocol: &Protocol,
    world: &World,
    process: u8,
    from: Origin,
    answer: Option<Answer>,
    heard: Heard,
) -> Finding {
    let rules = &protocol.rules;
    let unknown = Finding::of(Event::NotKnown);
    match heard {
        Heard::GatewayLimit if rules.gateway_limits_prove_nothing => unknown,
        Heard::GatewayLimit => Finding::of(Event::NotTaken),
        Heard::GatewayRefusal if rules.only_own_refusal => unknown,
        Heard::GatewayRefusal => read(protocol, world, process, from, Answer::Refused, false),
        Heard::Mixed => match answer {
            Some(answer) => read(protocol, world, process, from, answer, true),
            None => unknown,
        },
        Heard::Whole => match answer {
            Some(answer) => read(protocol, world, process, from, answer, false),
            None => unknown,
        },
        _ => unknown,
    }
}

fn read(
    protocol: &Protocol,
    world: &World,
    process: u8,
    from: Origin,
    answer: Answer,
    is_mixed: bool,
) -> Finding {
    let held = world.processes[usize::from(process)];
    let Some(entry) = held.copy else { return Finding::of(Event::NotKnown) };
    match protocol.kind {
        Kind::Key | Kind::AskedKey => vendor_key::read(protocol, world, &held, &entry, answer, is_mixed),
        Kind::Counters => vendor_counters::read(protocol, &entry, held.receipt, answer),
        Kind::RotatingKey => {
            vendor_rotating::read(protocol, world, &entry, held.receipt, answer, from == Origin::Send)
        }
    }
}

/// Asks about a document, and hears the answer.
pub fn asked(protocol: &Protocol, world: &World, process: u8, heard: Heard) -> Finding {
    let held = world.processes[usize::from(process)];
    let Some(entry) = held.copy else { return Finding::of(Event::NotKnown) };
    match protocol.kind {
        Kind::Key | Kind::AskedKey => vendor_key::asked(protocol, world, &held, &entry, heard),
        Kind::Counters => vendor_counters::asked(protocol, world, &held, &entry, heard),
        Kind::RotatingKey => vendor_rotating::asked(protocol, world, &entry, held.receipt, heard),
    }
}

/// How an answer to a question may come, beside whole. Each is a fault.
pub fn spoilt_questions(protocol: &Protocol, entry: &Entry) -> Vec<Heard> {
    match protocol.kind {
        Kind::Key | Kind::AskedKey => {
            let mut ways = vec![Heard::Garbled, Heard::GatewayMissing, Heard::Mixed];
            if entry.state == State::Accepted {
                ways.push(Heard::Forgotten);
            }
            ways
        }
        Kind::Counters => vec![Heard::Garbled, Heard::Unreadable],
        Kind::RotatingKey => vec![Heard::Garbled],
    }
}

/// How an answer to a request may come, beside whole. Each is a fault. The device is asked directly, so no
/// gateway answers for it.
pub fn spoilt_answers(protocol: &Protocol) -> &'static [Heard] {
    match protocol.kind {
        Kind::Key => &[Heard::Garbled, Heard::GatewayRefusal, Heard::GatewayLimit, Heard::Mixed],
        Kind::AskedKey => &[Heard::Garbled, Heard::GatewayRefusal, Heard::GatewayLimit, Heard::Mixed],
        Kind::Counters => &[Heard::Garbled, Heard::GatewayRefusal, Heard::GatewayLimit],
        Kind::RotatingKey => &[Heard::Garbled],
    }
}

/// What the next attempt is bound to, as the vendor tells it; `None` where it does not tell.
pub fn bind(protocol: &Protocol, world: &World, process: u8, heard: Heard) -> Option<Bound> {
    match protocol.kind {
        Kind::Key | Kind::AskedKey => Some(Bound::Nothing),
        Kind::Counters => {
            vendor_counters::bind(protocol, world, world.processes[usize::from(process)].system, heard)
        }
        Kind::RotatingKey => vendor_rotating::bind(world, heard),
    }
}

/// A document on record that came with a key.
pub fn on_record(doc: crate::world::Doc, key: u8, system: u8) -> AtVendor {
    AtVendor { doc, key, system, stage: Stage::Done }
}
