//! The state machine as a table: where an entry stands, what happened, where it stands then, what is written
//! with that, and when `deliver` takes it up again. `steps.rs` reads it; nothing else moves an entry. The
//! diagrams in README and docs are generated from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::receipt::registration::State::{self, Accepted, Failed, InDoubt, Queued, Registered, Sending};
use crate::receipt::words::words;

words! {
    /// What happened to an entry. The word begins the note of the step in the journal.
    Event {
        /// An attempt began.
        Begun "attempt begins",
        /// The vendor has it on record.
        Registered "registered",
        /// The vendor has it in its queue.
        Accepted "accepted",
        /// The vendor refused it for good.
        Failed "failed",
        /// The vendor does not know it: what was sent never arrived.
        Absent "never arrived",
        /// Nothing left this machine, or the vendor did not take it this time.
        NotTaken "not taken",
        /// What became of it is not known.
        NotKnown "not known",
        /// The process that sent it ended before it wrote down what came of it.
        Abandoned "abandoned",
        /// A person found it on record.
        FoundOnRecord "verdict: on record",
        /// A person decided that it is not on record.
        FoundMissing "verdict: not on record",
        /// A failed document is about to be put back into the vendor's queue.
        PutBack "put back into the queue",
    }
}

/// What is written with a step, beside the state and the note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// One attempt more, and what it is bound to.
    Attempt,
    /// Fiscal data, the vendor's id and answer.
    Record,
    /// The vendor's id and answer.
    Answer,
    /// Why it is not on record, and the vendor's answer.
    Failure,
    /// What a person needs for a verdict, where the vendor has such: readings, an answer that proves nothing.
    Evidence,
    /// Nothing more.
    Note,
}

/// When `deliver` takes an entry up after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Never: it is final.
    Never,
    /// At once.
    Now,
    /// After a pause that grows with each try (`backoff.rs`).
    Later,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Where the entry stood.
    pub from: State,
    /// What happened.
    pub event: Event,
    /// Where it stands then.
    pub to: State,
    /// What is written with it.
    pub written: Written,
    /// When `deliver` takes it up again.
    pub due: Due,
}

const fn row(from: State, event: Event, to: State, written: Written, due: Due) -> Transition {
    Transition { from, event, to, written, due }
}

/// Every step that there is.
#[rustfmt::skip]
pub const TRANSITIONS: &[Transition] = &[
    row(Queued, Event::Begun, Sending, Written::Attempt, Due::Now),

    row(Sending, Event::Registered, Registered, Written::Record, Due::Never),
    row(Sending, Event::Accepted, Accepted, Written::Answer, Due::Later),
    row(Sending, Event::Failed, Failed, Written::Failure, Due::Never),
    // Not on record through this attempt: the next one may be.
    row(Sending, Event::Absent, Queued, Written::Note, Due::Now),
    row(Sending, Event::NotTaken, Queued, Written::Note, Due::Later),
    row(Sending, Event::NotKnown, InDoubt, Written::Evidence, Due::Later),
    row(Sending, Event::Abandoned, InDoubt, Written::Note, Due::Later),

    row(InDoubt, Event::Registered, Registered, Written::Record, Due::Never),
    row(InDoubt, Event::Accepted, Accepted, Written::Answer, Due::Later),
    row(InDoubt, Event::Failed, Failed, Written::Failure, Due::Never),
    row(InDoubt, Event::Absent, Queued, Written::Note, Due::Now),
    // That a repeat was not taken says nothing of the first.
    row(InDoubt, Event::NotTaken, InDoubt, Written::Evidence, Due::Later),
    row(InDoubt, Event::NotKnown, InDoubt, Written::Evidence, Due::Later),

    row(Accepted, Event::Registered, Registered, Written::Record, Due::Never),
    row(Accepted, Event::Accepted, Accepted, Written::Answer, Due::Later),
    row(Accepted, Event::Failed, Failed, Written::Failure, Due::Never),
    // Known to the vendor once and not any more: nothing that may be sent again.
    row(Accepted, Event::Absent, Accepted, Written::Note, Due::Later),
    row(Accepted, Event::NotTaken, Accepted, Written::Note, Due::Later),
    row(Accepted, Event::NotKnown, Accepted, Written::Evidence, Due::Later),

    // A person may withdraw what was never sent.
    row(Queued, Event::FoundMissing, Failed, Written::Failure, Due::Never),
    row(Sending, Event::FoundOnRecord, Registered, Written::Record, Due::Never),
    row(Sending, Event::FoundMissing, Failed, Written::Failure, Due::Never),
    row(InDoubt, Event::FoundOnRecord, Registered, Written::Record, Due::Never),
    row(InDoubt, Event::FoundMissing, Failed, Written::Failure, Due::Never),
    row(Accepted, Event::FoundOnRecord, Registered, Written::Record, Due::Never),
    row(Accepted, Event::FoundMissing, Failed, Written::Failure, Due::Never),

    // Written before the vendor is asked to put it back: from then on it may come on record.
    row(Failed, Event::PutBack, InDoubt, Written::Note, Due::Later),
    // The vendor knows better than the journal.
    row(Failed, Event::Registered, Registered, Written::Record, Due::Never),
    row(Failed, Event::Accepted, Accepted, Written::Answer, Due::Later),
];

/// The row of a step; `None` where the table has no such step.
pub fn after(from: State, event: Event) -> Option<&'static Transition> {
    TRANSITIONS.iter().find(|row| row.from == from && row.event == event)
}

/// What a call does next with an entry that stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is final.
    Stop,
    /// Begin an attempt.
    Begin,
    /// Send what this call began.
    Send,
    /// Take over what a process began that ended.
    TakeOver,
    /// Ask the vendor what became of it, and go on from there.
    Settle,
    /// Ask the vendor where it stands, once.
    Ask,
}

/// What a call does next. `begun` is true where the attempt under way is this call's own.
pub const fn next(state: State, begun: bool) -> Next {
    match state {
        Registered | Failed => Next::Stop,
        Queued => Next::Begin,
        Sending if begun => Next::Send,
        Sending => Next::TakeOver,
        InDoubt => Next::Settle,
        Accepted => Next::Ask,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_stands_once_and_a_failure_is_left_on_the_vendors_word_or_by_a_put_back_only() {
        for (place, row) in TRANSITIONS.iter().enumerate() {
            let twin = |other: &Transition| (other.from, other.event) == (row.from, row.event);
            assert!(!TRANSITIONS[place + 1..].iter().any(twin), "{row:?}");
            let leaves_a_failure = matches!(row.event, Event::PutBack | Event::Registered | Event::Accepted);
            assert!(!row.from.is_final() || row.from == Failed && leaves_a_failure, "{row:?}");
            assert_eq!(row.to.is_final(), row.due == Due::Never, "{row:?}");
        }
    }

    #[test]
    fn nothing_is_sent_again_but_on_the_word_that_it_never_arrived() {
        for row in TRANSITIONS.iter().filter(|row| row.to == State::Queued) {
            let allowed = matches!(
                (row.from, row.event),
                (State::Sending | State::InDoubt, Event::Absent) | (State::Sending, Event::NotTaken)
            );
            assert!(allowed, "{row:?}");
        }
    }

    #[test]
    fn whatever_the_vendor_says_has_a_row_where_it_can_be_asked() {
        use Event::{Absent, Accepted, Failed, NotKnown, NotTaken, Registered};
        for from in [State::Sending, State::InDoubt, State::Accepted] {
            for event in [Registered, Accepted, Failed, Absent, NotTaken, NotKnown] {
                assert!(after(from, event).is_some(), "{from:?} {event:?}");
            }
        }
    }
}
