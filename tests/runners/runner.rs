//! The runner for Rust: `open CONFIG`, `call OPERATION REQUEST`, `close` or `exit`, a line each;
//! one line of JSON back, `{"ok": ...}` or `{"error": {...}}`. With the feature `failpoints` also
//! `halt STEP RECEIPT`, see `halting.rs`, and `clock MS`: the wall clock is off the machine's by so much.

#[cfg(feature = "failpoints")]
mod halting;

use std::io::{BufRead as _, Write as _, stdin, stdout};

use kassa::Client;
use kassa::error::{Code, Error};
use kassa::table::envelope;
use serde_json::value::RawValue;

fn main() -> std::io::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("--describe") {
        println!("{}", kassa::table::describe());
        return Ok(());
    }
    #[cfg(feature = "failpoints")]
    let _failpoints = fail::FailScenario::setup();
    let runtime = tokio::runtime::Runtime::new()?;
    let mut client: Option<Client> = None;
    for line in stdin().lock().lines() {
        let line = line?;
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match verb {
            "open" => runtime.block_on(async { open(rest, &mut client) }),
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
    }
    Ok(())
}

#[cfg(feature = "failpoints")]
fn turn_clock(offset_ms: &str) -> String {
    let offset_ms = offset_ms.parse().map_err(|_| Error::new(Code::WrongValue, "clock MS"));
    envelope(offset_ms.map(|offset_ms| {
        kassa::faults::turn_clock(offset_ms);
        RawValue::NULL.to_owned()
    }))
}

fn open(config: &str, client: &mut Option<Client>) -> String {
    match Client::open(config) {
        Ok(opened) => {
            *client = Some(opened);
            r#"{"ok":{"opened":true}}"#.into()
        }
        Err(error) => envelope(Err(error)),
    }
}
