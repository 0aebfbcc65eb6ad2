//! What was done and what came of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::traces;

/// A case that ended wrong.
#[derive(Clone, Debug)]
pub struct Bad {
    /// The name of the case, by which it is run alone.
    pub case: String,
    /// What is wrong.
    pub what: String,
}

/// The count of a run.
#[derive(Debug, Default)]
pub struct Tally {
    only: Option<String>,
    places: BTreeSet<String>,
    failures: u64,
    bad: Vec<Bad>,
}

impl Tally {
    /// A count of the cases whose name begins with `only`.
    pub fn new(only: Option<String>) -> Self {
        Self { only, ..Self::default() }
    }

    /// Whether a case of this name is wanted.
    pub fn wants(&self, case: &str) -> bool {
        self.only.as_deref().is_none_or(|only| case.starts_with(only))
    }

    /// Whether cases may be wanted that begin like this.
    pub fn wants_some_of(&self, beginning: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only.starts_with(beginning) || beginning.starts_with(only))
    }

    /// Whether the whole run is wanted.
    pub fn is_whole(&self) -> bool {
        self.only.is_none()
    }

    /// Counts a failure that was really injected.
    pub fn injected(&mut self, place: impl Into<String>) {
        self.places.insert(place.into());
        self.failures += 1;
    }

    /// Notes what came of a case: an error is a complaint.
    pub fn judged<E: std::fmt::Display>(&mut self, case: &str, result: Result<(), E>) {
        if let Err(what) = result {
            println!("    {case}: {what}\n        again: torture --only '{case}'");
            self.bad.push(Bad { case: case.into(), what: what.to_string() });
        }
    }

    /// Prints what a group came to.
    pub fn group(&self, name: &str, before: (usize, u64, usize)) {
        let (places, failures, bad) = self.so_far();
        println!(
            "{name:<44}{:>9} places{:>9} failures{:>5} bad",
            places - before.0,
            failures - before.1,
            bad - before.2
        );
    }

    /// Places, failures and bad cases up to now.
    pub fn so_far(&self) -> (usize, u64, usize) {
        (self.places.len(), self.failures, self.bad.len())
    }

    /// The cases that ended wrong.
    pub fn bad(&self) -> &[Bad] {
        &self.bad
    }

    /// Whether something was injected, and every case ended right.
    pub fn is_right(&self) -> bool {
        self.failures > 0 && self.bad.is_empty()
    }

    /// The last line of a run.
    pub fn line(&self) -> Value {
        let (traces, violations) = traces::so_far();
        json!({
            "points": self.places.len(),
            "failures": self.failures,
            "bad": self.bad.len(),
            "traces": traces,
            "trace_violations": violations,
        })
    }
}
