//! The program: starts the emulator, prints one line of JSON when it is ready, and runs until it
//! is told to stop or its standard input closes.

use std::error::Error;
use std::io::{Read, Write};
use std::path::Path;

use clap::Parser;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::{Emulator, Options, beside};

const STDIN_BUFFER_BYTES: usize = 1024;

/// Plays fiscalization vendors on 127.0.0.1.
///
/// Prints one line of JSON on standard output when it is ready: where it listens and a config for
/// each vendor. Stops on SIGTERM and SIGINT, and when its standard input closes. With a command it prints nothing and
/// ends with the command: `kassa emulator --write modulkassa -- python sale.py`.
#[derive(Debug, Clone, Parser)]
pub struct Arguments {
    /// The port; 0 for any that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// The seed of ids, passwords and fiscal signs.
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,

    /// A switch, such as modulkassa.tick_ms=5000; may be repeated.
    #[arg(long = "switch", value_name = "VENDOR.NAME=VALUE", value_parser = switch)]
    switches: Vec<Switch>,

    /// Do not record requests (for long load tests).
    #[arg(long)]
    no_request_log: bool,

    /// Go on when standard input closes (for services and containers).
    #[arg(long)]
    ignore_stdin: bool,

    /// Write the configuration of this vendor to ./kassa.json, with a journal beside it. Only a file that an emulator
    /// wrote is replaced.
    #[arg(long, value_name = "VENDOR")]
    write: Option<String>,

    /// A command to run: the emulator ends with it, and with its exit code.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(Debug, Clone)]
struct Switch {
    vendor: String,
    name: String,
    value: Value,
}

fn switch(text: &str) -> Result<Switch, String> {
    let parts = text.split_once('=').and_then(|(name, value)| {
        let (vendor, name) = name.split_once('.')?;
        Some((vendor, name, value))
    });
    let (vendor, name, value) = parts.ok_or("expected VENDOR.NAME=VALUE")?;
    let as_text = |_| Value::String(value.to_owned());
    Ok(Switch {
        vendor: vendor.to_owned(),
        name: name.to_owned(),
        value: serde_json::from_str(value).unwrap_or_else(as_text),
    })
}

/// Runs until it is told to stop, or the command ends; gives back the command's exit code, else 0.
pub async fn run(arguments: Arguments) -> Result<u8, Box<dyn Error>> {
    let options = Options {
        port: arguments.port,
        seed: arguments.seed,
        record_requests: !arguments.no_request_log,
        ..Options::default()
    };
    let options = arguments
        .switches
        .into_iter()
        .fold(options, |options, switch| options.switch(&switch.vendor, &switch.name, switch.value));
    let stopped = told_to_stop()?;
    let running = Emulator::start(options).await?;
    if let Some(vendor) = &arguments.write {
        beside::write_config(&running, vendor, Path::new("kassa.json"))?;
    }
    let code = match arguments.command.split_first() {
        Some((program, given)) => beside::run_command(program, given, stopped).await?,
        None => {
            let mut out = std::io::stdout();
            writeln!(out, "{}", running.description())?;
            out.flush()?;
            tokio::select! {
                () = stopped => {}
                () = stdin_closed(), if !arguments.ignore_stdin => {}
            }
            0
        }
    };
    running.stop();
    Ok(code)
}

/// A thread of its own, because a blocked read would hold the runtime at the end.
async fn stdin_closed() {
    let (closed, waiting) = oneshot::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; STDIN_BUFFER_BYTES];
        while matches!(std::io::stdin().read(&mut buffer), Ok(read) if read > 0) {}
        let _ = closed.send(());
    });
    let _ = waiting.await;
}

/// Ends at SIGTERM and at SIGINT; elsewhere at Ctrl-C. It listens from the call on.
#[cfg(unix)]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
