//! The table that core runs on, with one row replaced where a mutation asks for that.

use kassa::delivery::transitions::{Event, TRANSITIONS, Transition, after};
use kassa::receipt::registration::State;

/// Core's table, or the same with one row replaced.
#[derive(Clone, Copy, Debug, Default)]
pub struct Table {
    /// The row that stands in place of core's for the same state and event.
    pub replaced: Option<Transition>,
}

impl Table {
    /// The row of a step; `None` where the table has no such step.
    pub fn after(&self, from: State, event: Event) -> Option<Transition> {
        match self.replaced {
            Some(row) if row.from == from && row.event == event => Some(row),
            _ => after(from, event).copied(),
        }
    }

    /// The row by which a failed document is put back into the vendor's queue: the intent that is written
    /// before anything is sent. Absent where the table only knows what is written afterwards.
    pub fn requeue_intent(&self) -> Option<Transition> {
        self.put_back_to(State::InDoubt)
    }

    /// The row that writes down that a failed document is in the vendor's queue again.
    pub fn requeue_done(&self) -> Option<Transition> {
        self.put_back_to(State::Accepted)
    }

    fn put_back_to(&self, to: State) -> Option<Transition> {
        let mut rows = self.replaced.iter().chain(TRANSITIONS);
        rows.find(|row| row.from == State::Failed && row.to == to).copied()
    }
}
