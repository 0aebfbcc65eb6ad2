//! A small part of what `make model` explores, and every broken rule.

#![allow(clippy::unwrap_used, clippy::panic)]

use kassa::delivery::transitions::{Due, Event, Transition, Written};
use kassa::receipt::registration::State;
use model::extent::Extent;
use model::model::{Bounds, Protocol};
use model::mutations::{Broken, MUTATIONS, found};
use model::rules::Rules;
use model::table::Table;
use model::world::Kind;

#[test]
fn what_must_hold_holds_for_each_kind_of_vendor() {
    for kind in Kind::ALL {
        let (states, way) = found(Protocol::kept(kind, Extent::Small.of(kind)), 2);
        assert!(states > 5_000, "{}: {states}", kind.name());
        if let Some(way) = way {
            panic!("{}: {}\n{}", kind.name(), way.property, way.steps.join("\n"));
        }
    }
}

#[test]
fn what_must_hold_holds_where_a_requeue_writes_its_intent_first() {
    let intent = Transition {
        from: State::Failed,
        event: Event::PutBack,
        to: State::InDoubt,
        written: Written::Note,
        due: Due::Now,
    };
    let mut protocol =
        Protocol::kept(Kind::AskedKey, Bounds { by_person: 2, ..Extent::Small.of(Kind::AskedKey) });
    protocol.table.replaced = Some(intent);
    let (without, _) = found(Protocol { table: Table::default(), ..protocol }, 2);
    let (with, way) = found(protocol, 2);
    assert!(with > without, "{with} {without}");
    if let Some(way) = way {
        panic!("{}\n{}", way.property, way.steps.join("\n"));
    }
}

#[test]
fn each_broken_rule_is_caught() {
    let rules = MUTATIONS.iter().filter(|mutation| matches!(mutation.broken, Broken::Rule(_)));
    assert_eq!(rules.count(), Rules::COUNT);
    let missed = MUTATIONS.iter().filter(|mutation| mutation.caught(Extent::OF_MUTATIONS).is_none());
    let missed: Vec<_> = missed.map(|mutation| mutation.name).collect();
    assert!(missed.is_empty(), "{missed:?}");
}
