//! Explores the model of each kind of vendor, then breaks each rule: prints what was found, and one line of
//! JSON as the last. Fails where a property does not hold, or where it holds although a rule is broken.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use model::extent::Extent;
use model::model::Protocol;
use model::mutations::{Counterexample, MUTATIONS, found};
use model::rules::Rules;
use model::world::Kind;
use serde_json::{Map, json};

/// Explores the protocol of delivery completely.
#[derive(Parser)]
struct Arguments {
    /// A small part of it, for the tests.
    #[arg(long)]
    small: bool,
    /// Only the kinds and mutations whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let extent = if arguments.small { Extent::Small } else { Extent::Full };
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|part| name.contains(part));
    let started = Instant::now();
    println!("{} rules, {} mutations", Rules::COUNT, MUTATIONS.len());
    let (mut states, mut violations) = (Map::new(), 0);
    for kind in Kind::ALL.into_iter().filter(|kind| wanted(kind.name())) {
        let (count, way) = found(Protocol::kept(kind, extent.of(kind)), arguments.threads);
        println!("{:<14}{count:>10} states after {:.0} s", kind.name(), started.elapsed().as_secs_f64());
        states.insert(kind.name().into(), json!(count));
        if let Some(way) = way {
            violations += 1;
            print(&way);
        }
    }
    let (mut mutations, mut caught) = (0, 0);
    for mutation in MUTATIONS.iter().filter(|mutation| wanted(mutation.name)) {
        mutations += 1;
        println!("{} ({}):", mutation.name, mutation.kind.name());
        match mutation.caught(Extent::OF_MUTATIONS) {
            Some(way) => {
                caught += 1;
                print(&way);
            }
            None => println!("    NOT CAUGHT"),
        }
    }
    let is_whole = arguments.only.is_none();
    let ok = violations == 0 && caught == mutations && (!is_whole || states.len() == Kind::ALL.len());
    println!("{:.0} s", started.elapsed().as_secs_f64());
    println!(
        "{}",
        json!({
            "states": states,
            "violations": violations,
            "mutations": mutations,
            "mutations_caught": caught,
            "ok": ok,
        })
    );
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print(way: &Counterexample) {
    println!("    does not hold: {}", way.property);
    for (number, step) in (1..).zip(&way.steps) {
        println!("    {number:>3}. {step}");
    }
}
