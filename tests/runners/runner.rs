//! The runner for Rust: `open CONFIG`, `call OPERATION REQUEST`, `close` or `exit`, a line each;
//! one line of JSON back, `{"ok": ...}` or `{"error": {...}}`. With the feature `failpoints` also
//! `halt STEP RECEIPT`, see `halting.rs`, and `clock MS`: the wall clock is off the machine's by so much.
//!
//! With KASSA_RUNNER_SHOW=1 every runner writes on standard error what a careless program may write down: log lines,
//! dumps, traces, a line of JSON each. What it read is overwritten, so that its memory has no secret by its own doing.

#[cfg(feature = "failpoints")]
mod halting;
mod showing;

use std::alloc::System;
use std::io::{BufRead as _, Write as _, stdin, stdout};

use kassa::Client;
use kassa::error::{Code, Error};
use kassa::table::envelope;
use serde_json::value::RawValue;
use zeroizing_alloc::ZeroAlloc;

/// A Rust program chooses its allocator itself; this one takes that of libkassa.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> std::io::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("--describe") {
        println!("{}", kassa::table::describe());
        return Ok(());
    }
    #[cfg(feature = "failpoints")]
    let _failpoints = fail::FailScenario::setup();
    let shows = std::env::var("KASSA_RUNNER_SHOW").is_ok_and(|value| value == "1");
    if shows {
        showing::events();
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let mut client: Option<Client> = None;
    // As long as any line of a judge, because a buffer that grows leaves copies behind.
    let mut buffer = String::with_capacity(1 << 20);
    while stdin().lock().read_line(&mut buffer)? > 0 {
        let line = buffer.trim_end_matches('\n');
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let answer = match verb {
            "open" => runtime.block_on(async { open(rest, &mut client, shows) }),
            "call" => {
                let (operation, request) = rest.split_once(' ').unwrap_or((rest, "{}"));
                match &client {
                    Some(client) => runtime.block_on(client.call(operation, request)),
                    None => envelope(Err(Error::new(Code::ClientClosed, "no client is open"))),
                }
            }
            "close" => {
                client = None;
                envelope(Ok(RawValue::NULL.to_owned()))
            }
            "exit" => break,
            #[cfg(feature = "failpoints")]
            "halt" => halting::halt(rest),
            #[cfg(feature = "failpoints")]
            "clock" => turn_clock(rest),
            _ => envelope(Err(Error::new(Code::OperationUnknown, format!("no verb {verb}")))),
        };
        println!("{answer}");
        stdout().flush()?;
        buffer = overwritten(buffer);
    }
    Ok(())
}

/// The same buffer, empty, with none of its old bytes.
fn overwritten(buffer: String) -> String {
    let mut bytes = buffer.into_bytes();
    bytes.fill(0);
    std::hint::black_box(&bytes);
    bytes.clear();
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(feature = "failpoints")]
fn turn_clock(offset_ms: &str) -> String {
    let offset_ms = offset_ms.parse().map_err(|_| Error::new(Code::WrongValue, "clock MS"));
    envelope(offset_ms.map(|offset_ms| {
        kassa::faults::turn_clock(offset_ms);
        RawValue::NULL.to_owned()
    }))
}

fn open(config: &str, client: &mut Option<Client>, shows: bool) -> String {
    match Client::open(config) {
        Ok(opened) => {
            *client = Some(opened);
            r#"{"ok":{"opened":true}}"#.into()
        }
        Err(error) => {
            if shows {
                showing::show("trace", &format!("{error} {error:?}"));
            }
            envelope(Err(error))
        }
    }
}
