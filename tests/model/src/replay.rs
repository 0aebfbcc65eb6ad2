//! What happened, held against the table: the steps of a receipt in an exported journal, each of which must be
//! a row.
//!
//! A step's note begins with what the step was, then has the word of the event: `sent: registered`,
//! `settled: not known: why`, `operator: verdict: on record`. The first two notes of a receipt are the
//! journal's own: `written down`, `attempt begins`.

use std::fmt;

use kassa::delivery::transitions::{Event, after};
use kassa::receipt::registration::State;

/// The note of an intent.
const WRITTEN_DOWN: &str = "written down";
/// The note of an intent whose attempt began in the same write.
const WRITTEN_AND_BEGUN: &str = "written down; attempt begins";

/// A step as the journal tells it.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// The attempt it belongs to; 0 before the first.
    pub attempt: u32,
    /// The state after it.
    pub state: State,
    /// What it was and what came of it.
    pub note: &'a str,
}

/// A step that the table does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The receipt.
    pub receipt: String,
    /// Which step of it; the first is 1. One more than there are where the entry differs from the last.
    pub step: usize,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { receipt, step, reason } = self;
        write!(f, "{receipt}: step {step} is none of the table: {reason}")
    }
}

/// Walks the steps of a receipt through the table; `last` is where its entry stands. Gives back how many there
/// were.
pub fn replay(receipt: &str, steps: &[Taken<'_>], last: State) -> Result<usize, Violation> {
    let violation = |step, reason| Violation { receipt: receipt.to_owned(), step, reason };
    let mut before: Option<(State, u32)> = None;
    for (number, step) in (1..).zip(steps) {
        let is_right = match before {
            None => is_intent(step),
            Some((state, attempt)) => is_row(state, attempt, step),
        };
        if !is_right {
            let from = before.map_or("nothing", |(state, _)| state.word());
            let reason = format!("from {from} to {} by {:?}", step.state.word(), step.note);
            return Err(violation(number, reason));
        }
        before = Some((step.state, step.attempt));
    }
    match before {
        Some((state, _)) if state == last => Ok(steps.len()),
        Some((state, _)) => {
            let reason = format!("the last is {}, the entry {}", state.word(), last.word());
            Err(violation(steps.len() + 1, reason))
        }
        None => Err(violation(1, "there is none".into())),
    }
}

fn is_intent(step: &Taken<'_>) -> bool {
    matches!(
        (step.note, step.state, step.attempt),
        (WRITTEN_DOWN, State::Queued, 0) | (WRITTEN_AND_BEGUN, State::Sending, 1)
    )
}

/// Whether some row of the table leads there by an event that the note names. Only a new attempt counts one
/// more.
fn is_row(from: State, attempt: u32, step: &Taken<'_>) -> bool {
    Event::ALL.iter().any(|event| {
        let attempts = attempt + u32::from(*event == Event::Begun);
        names(step.note, *event)
            && step.attempt == attempts
            && after(from, *event).is_some_and(|row| row.to == step.state)
    })
}

/// Whether a note names an event: by itself, or behind the name of the step or of the person who decided. That
/// name may have colons too, so every place counts.
fn names(note: &str, event: Event) -> bool {
    let word = event.word();
    let places = note.match_indices(word).map(|(place, _)| place);
    places.into_iter().any(|place| {
        let (before, behind) = (&note[..place], &note[place + word.len()..]);
        let is_begun = before.is_empty() || before.ends_with(": ");
        is_begun && (behind.is_empty() || behind.starts_with(": "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(steps: &[(u32, State, &str)], last: State) -> Result<usize, (usize, String)> {
        let taken: Vec<_> = steps
            .iter()
            .map(|(attempt, state, note)| Taken { attempt: *attempt, state: *state, note })
            .collect();
        replay("order-1", &taken, last).map_err(|violation| (violation.step, violation.reason))
    }

    #[test]
    fn what_the_table_has_is_counted() {
        let lost = [
            (0, State::Queued, "written down"),
            (1, State::Sending, "attempt begins"),
            (1, State::InDoubt, "sent: not known: the answer (502) cannot be read"),
            (1, State::Queued, "settled: never arrived"),
            (2, State::Sending, "attempt begins"),
            (2, State::InDoubt, "taken over: abandoned"),
            (2, State::Registered, "shop: keeper: verdict: on record: seen in the cabinet"),
        ];
        assert_eq!(walk(&lost, State::Registered), Ok(7));
        let at_once =
            [(1, State::Sending, "written down; attempt begins"), (1, State::Accepted, "sent: accepted")];
        assert_eq!(walk(&at_once, State::Accepted), Ok(2));
    }

    #[test]
    fn what_it_has_not_is_named_with_its_step() {
        let begun = (1, State::Sending, "written down; attempt begins");
        let sent_again =
            [begun, (1, State::InDoubt, "sent: not known"), (1, State::Queued, "settled: not taken")];
        let found = walk(&sent_again, State::Queued);
        assert!(
            matches!(&found, Err((3, reason)) if reason.contains("from in_doubt to queued")),
            "{found:?}"
        );
        // The event of another state, an attempt too many, an entry that is not what was written.
        assert!(matches!(
            walk(&[begun, (1, State::Registered, "sent: accepted")], State::Registered),
            Err((2, _))
        ));
        assert!(matches!(
            walk(&[begun, (2, State::Accepted, "sent: accepted")], State::Accepted),
            Err((2, _))
        ));
        assert!(matches!(walk(&[begun], State::Registered), Err((2, _))));
        assert!(matches!(walk(&[], State::Queued), Err((1, _))));
        assert!(matches!(
            walk(&[(1, State::Registered, "sent: registered")], State::Registered),
            Err((1, _))
        ));
    }

    #[test]
    fn a_word_within_a_text_names_nothing() {
        assert!(names("sent: registered", Event::Registered));
        assert!(!names("sent: not known: it is registered already", Event::Registered));
        assert!(!names("sent: registered already", Event::Registered));
    }
}
