//! What no input from outside may do, as functions of bytes that panic where it does. `make fuzz` has libFuzzer call
//! them with what it makes up; the tests of this crate replay every file of the corpora and mutations of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod abi;
mod answers;
mod bytes;
mod callbacks;
mod dispatch;
mod envelope;
mod exchange;
mod fake;
mod journal;
mod mutate;
mod receipts;
mod record;
mod schema;
mod till;
mod wire;

pub use mutate::mutations;

/// A target: a function of bytes that holds what it tests to its properties.
pub struct Target {
    /// Its name, and that of its folder of the corpus.
    pub name: &'static str,
    /// Panics where a property is broken.
    pub run: fn(&[u8]),
    /// How many mutations the tests make.
    pub mutations: usize,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "dispatch", run: dispatch::dispatch, mutations: 1_500 },
    Target { name: "answers", run: answers::answers, mutations: 20_000 },
    Target { name: "callbacks", run: callbacks::callbacks, mutations: 3_000 },
    Target { name: "exchange", run: exchange::exchange, mutations: 700 },
    Target { name: "journal", run: journal::journal, mutations: 300 },
    Target { name: "abi", run: abi::abi, mutations: 600 },
];

/// The target with this name.
pub fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target {name}"))
}

/// A file of the corpus of a target, as `corpus` writes it.
pub fn made_corpus(name: &str) -> Vec<Vec<u8>> {
    match name {
        "dispatch" => dispatch::corpus(),
        "answers" => answers::corpus(),
        "callbacks" => callbacks::corpus(),
        "exchange" => exchange::corpus(),
        "journal" => journal::corpus(),
        "abi" => abi::corpus(),
        _ => Vec::new(),
    }
}
