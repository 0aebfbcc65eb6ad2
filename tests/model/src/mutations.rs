//! Rules that are broken on purpose, and what each of them costs.

use kassa::delivery::transitions::{Due, Event, Transition, Written};
use kassa::receipt::registration::State;
use stateright::{Checker, HasDiscoveries, Model};

use crate::actions::Action;
use crate::model::{Bounds, Protocol};
use crate::rules::Rules;
use crate::world::{Kind, Stage, World};

/// What is broken.
#[derive(Clone, Copy)]
pub enum Broken {
    /// A rule beside the table.
    Rule(fn(&mut Rules)),
    /// A row of the table.
    Row(Transition),
}

/// A broken rule and the kind of vendor that shows it.
pub struct Mutation {
    /// What is broken, in words.
    pub name: &'static str,
    /// The kind of vendor in whose world it shows.
    pub kind: Kind,
    /// What is broken.
    pub broken: Broken,
}

/// A way to a state in which a property does not hold.
pub struct Counterexample {
    /// The property.
    pub property: &'static str,
    /// What happened, step by step, and where the receipts stood after it.
    pub steps: Vec<String>,
}

const fn rule(kind: Kind, name: &'static str, breaks: fn(&mut Rules)) -> Mutation {
    Mutation { name, kind, broken: Broken::Rule(breaks) }
}

const fn row(kind: Kind, name: &'static str, from: State, event: Event, to: State) -> Mutation {
    let row = Transition { from, event, to, written: Written::Note, due: Due::Now };
    Mutation { name, kind, broken: Broken::Row(row) }
}

use Kind::{AskedKey, Counters, Key, RotatingKey};

/// Every mutation.
#[rustfmt::skip]
pub const MUTATIONS: &[Mutation] = &[
    rule(Counters, "sent before the intent is written", |rules| rules.intent_before_send = false),
    rule(Key, "reported before it is written", |rules| rules.conclusion_before_report = false),
    rule(Counters, "writes are not synced", |rules| rules.writes_are_synced = false),
    rule(Key, "a write counts whatever was written since", |rules| rules.revision_counts = false),
    rule(Counters, "no lease", |rules| rules.lease_needed = false),
    rule(Counters, "the lease is not looked at before sending", |rules| rules.lease_looked_at_again = false),
    rule(RotatingKey, "the lease is not looked at before writing", |rules| rules.lease_looked_at_before_writing = false),
    rule(Counters, "an exchange that timed out was not sent", |rules| rules.maybe_sent_is_in_doubt = false),
    rule(Counters, "sent anew in doubt without asking", |rules| rules.asked_before_resend = false),
    rule(Counters, "asked at once", |rules| rules.settle_wait = false),
    rule(AskedKey, "the wait is measured by a clock that can be set", |rules| rules.clock_that_cannot_be_set = false),
    rule(AskedKey, "bytes outlive their exchange", |rules| rules.bytes_end_with_exchange = false),
    rule(Counters, "an exchange begins without time for the whole of it", |rules| rules.whole_exchange_or_none = false),
    rule(RotatingKey, "a repeat is not written down", |rules| rules.repeat_written_first = false),
    rule(AskedKey, "a gateway's 404 is believed", |rules| rules.only_own_absence = false),
    rule(AskedKey, "a gateway's 4xx is a refusal", |rules| rules.only_own_refusal = false),
    rule(Counters, "a gateway's 429 says that nothing was taken", |rules| rules.gateway_limits_prove_nothing = false),
    rule(Key, "an answer about another document is believed", |rules| rules.about_this_document = false),
    rule(Key, "another's document under our key is ours", |rules| rules.content_compared = false),
    rule(Key, "a new key for each send", |rules| rules.key_is_derived = false),
    rule(AskedKey, "repeated where a repeat is not documented", |rules| rules.asked_by_look_up = false),
    rule(Counters, "counters that cannot be read are zero", |rules| rules.unreadable_proves_nothing = false),
    rule(Counters, "a counter that another moved is ours", |rules| rules.stranger_proves_nothing = false),
    rule(Counters, "counters prove what they never answered to", |rules| rules.learned_counters_only = false),
    rule(Counters, "the shift is changed in doubt", |rules| rules.shift_waits_for_doubt = false),
    rule(RotatingKey, "a new document beside one in doubt", |rules| rules.earlier_settled_first = false),
    rule(RotatingKey, "the next key is written by itself", |rules| rules.key_in_one_stroke = false),
    rule(RotatingKey, "\"repeated\" on a first send is ours", |rules| rules.first_repeat_compared = false),
    rule(RotatingKey, "\"repeated\" on a first send is never ours", |rules| rules.equal_repeat_is_in_doubt = false),
    rule(RotatingKey, "a document of another receipt is this one's", |rules| rules.number_held_once = false),
    rule(RotatingKey, "a refused key says that nothing was taken", |rules| rules.refused_key_is_in_doubt = false),
    rule(Key, "a register that was bound anew is not noticed", |rules| rules.identity_compared = false),
    rule(AskedKey, "put back without an intent", |rules| rules.requeue_intent_first = false),
    rule(AskedKey, "a verdict on what the vendor has in its queue", |rules| rules.verdict_only_where_unknown = false),
    rule(RotatingKey, "a verdict on another attempt", |rules| rules.verdict_about_what_was_seen = false),
    row(Counters, "sending x not known -> queued", State::Sending, Event::NotKnown, State::Queued),
    row(Counters, "sending x abandoned -> queued", State::Sending, Event::Abandoned, State::Queued),
    row(Key, "sending x not known -> failed", State::Sending, Event::NotKnown, State::Failed),
    row(AskedKey, "in doubt x not known -> queued", State::InDoubt, Event::NotKnown, State::Queued),
    row(AskedKey, "accepted x never arrived -> queued", State::Accepted, Event::Absent, State::Queued),
    row(AskedKey, "accepted x not known -> queued", State::Accepted, Event::NotKnown, State::Queued),
    row(AskedKey, "in doubt x accepted -> queued", State::InDoubt, Event::Accepted, State::Queued),
    row(Key, "in doubt x not taken -> queued", State::InDoubt, Event::NotTaken, State::Queued),
    row(Key, "in doubt x not taken -> failed", State::InDoubt, Event::NotTaken, State::Failed),
    row(Key, "accepted x failed -> accepted", State::Accepted, Event::Failed, State::Accepted),
    row(Key, "in doubt x accepted -> registered", State::InDoubt, Event::Accepted, State::Registered),
];

impl Mutation {
    /// The library with this broken.
    pub fn protocol(&self, bounds: Bounds) -> Protocol {
        let mut protocol = Protocol::kept(self.kind, bounds);
        match self.broken {
            Broken::Rule(breaks) => breaks(&mut protocol.rules),
            Broken::Row(row) => protocol.table.replaced = Some(row),
        }
        protocol
    }

    /// What the checker finds with as few faults as will do. One thread finds the shortest way.
    pub fn caught(&self, bounds: Bounds) -> Option<Counterexample> {
        (0..=bounds.faults).find_map(|faults| found(self.protocol(Bounds { faults, ..bounds }), 1).1)
    }
}

/// Explores a world to its end or to the first property that does not hold: how many states, and the way there.
pub fn found(protocol: Protocol, threads: usize) -> (usize, Option<Counterexample>) {
    let checker = protocol.checker().threads(threads).finish_when(HasDiscoveries::Any).spawn_bfs().join();
    let mut ways = checker.discoveries().into_iter().map(|(property, path)| {
        let steps = path.into_vec();
        let after = steps.iter().skip(1).map(|(world, _)| Some(world)).chain([None]);
        let steps = steps.iter().zip(after).filter_map(|((_, action), after)| Some(told((*action)?, after?)));
        Counterexample { property, steps: steps.collect() }
    });
    let shortest = ways.by_ref().min_by_key(|way| way.steps.len());
    (checker.unique_state_count(), shortest)
}

/// What happened, and where the receipts stand then.
fn told(action: Action, after: &World) -> String {
    let states = after.journal.iter().flatten().map(|entry| entry.state.word());
    let states: Vec<&str> = states.collect();
    let on_record = after.vendor.documents.iter().flatten().filter(|at| at.stage == Stage::Done);
    let states = if states.is_empty() { "nothing written".to_owned() } else { states.join(", ") };
    format!("{action}  [{states}; {} on record]", on_record.count())
}
