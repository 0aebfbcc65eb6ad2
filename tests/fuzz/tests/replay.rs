//! The short run: every file of the corpus of each target, and seeded mutations of them.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::replay;

#[test]
fn dispatch() {
    replay("dispatch");
}

#[test]
fn answers() {
    replay("answers");
}

#[test]
fn callbacks() {
    replay("callbacks");
}

#[test]
fn exchange() {
    replay("exchange");
}

#[test]
fn journal() {
    replay("journal");
}
