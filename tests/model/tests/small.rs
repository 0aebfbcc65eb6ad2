//! A small part of what `make model` explores, and every broken rule.

#![allow(clippy::unwrap_used, clippy::panic)]

use model::extent::Extent;
use model::model::{Bounds, Protocol};
use model::mutations::{Broken, MUTATIONS, found};
use model::rules::Rules;
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
fn what_must_hold_holds_where_a_person_puts_documents_back() {
    let by_person = |by_person| {
        let bounds = Bounds { by_person, ..Extent::Small.of(Kind::AskedKey) };
        found(Protocol::kept(Kind::AskedKey, bounds), 2)
    };
    let (without, _) = by_person(0);
    let (with, way) = by_person(2);
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
