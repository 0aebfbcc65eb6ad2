//! Random baskets through `distribute`. The last line is JSON; it fails where one sum is wrong. With `--write` some of
//! them are written down, one a line, with what every language has to make of them.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use campaigns::baskets::{VENDORS, basket, faults};
use campaigns::{Result, ending};
use clap::Parser;
use kassa::Receipt;
use serde_json::{Value, json};

/// Most faults that are shown.
const SHOWN: usize = 10;

/// Distributes each basket as one of the vendors carries it, twice.
#[derive(Parser)]
struct Arguments {
    /// How many baskets.
    #[arg(long, default_value_t = 10_000_000)]
    baskets: u64,
    /// The first one's number.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Where some of them are written.
    #[arg(long)]
    write: Option<PathBuf>,
    /// How many of them.
    #[arg(long, default_value_t = 10_000)]
    written: u64,
}

#[derive(Default)]
struct Count {
    baskets: u64,
    wrong: u64,
    negative: u64,
}

fn main() -> ExitCode {
    ending::end(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(Value, bool)> {
    if let Some(path) = &arguments.write {
        let mut file = BufWriter::new(File::create(path)?);
        for number in arguments.first..arguments.first + arguments.written {
            let (vendor, _) = VENDORS[number as usize % VENDORS.len()];
            let made = made(number)?.1;
            writeln!(file, "{}", json!({"vendor": vendor, "basket": basket(number), "made": made}))?;
        }
        file.flush()?;
    }
    let threads = thread::available_parallelism()?.get() as u64;
    let counts: Vec<Count> = thread::scope(|scope| {
        let start = |thread| scope.spawn(move || count(arguments, thread, threads));
        let running: Vec<_> = (0..threads).map(start).collect();
        running.into_iter().map(|one| one.join().map_err(|_| "a thread panicked")?).collect::<Result<_>>()
    })?;
    let sum = |of: fn(&Count) -> u64| counts.iter().map(of).sum::<u64>();
    let (baskets, wrong, negative) = (sum(|c| c.baskets), sum(|c| c.wrong), sum(|c| c.negative));
    let ok = baskets == arguments.baskets && wrong == 0 && negative == 0;
    Ok((json!({"baskets": baskets, "wrong": wrong, "negative": negative}), ok))
}

type Made = (Receipt, kassa::receipt::distribute::Distributed);

fn made(number: u64) -> Result<Made> {
    let (_, adjustments) = VENDORS[number as usize % VENDORS.len()];
    let before: Receipt = serde_json::from_value(basket(number))?;
    let made = before.clone().distributed(adjustments, 1).map_err(|error| error.message)?;
    Ok((before, made))
}

fn count(arguments: &Arguments, thread: u64, threads: u64) -> Result<Count> {
    let mut count = Count::default();
    for number in (arguments.first..arguments.first + arguments.baskets).filter(|n| n % threads == thread) {
        let (vendor, adjustments) = VENDORS[number as usize % VENDORS.len()];
        let (before, made) = made(number)?;
        let mut found = faults(&before, &made, adjustments);
        let again = made.receipt.clone().distributed(adjustments, 1).map_err(|error| error.message)?;
        if again.receipt != made.receipt {
            found.push("a second time gives something else");
        }
        count.baskets += 1;
        count.wrong += u64::from(!found.is_empty());
        count.negative += u64::from(found.contains(&"negative"));
        if !found.is_empty() && count.wrong <= SHOWN as u64 {
            eprintln!("{vendor} {number}: {found:?}");
        }
    }
    Ok(count)
}
