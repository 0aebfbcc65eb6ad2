//! The commands, a file each.

pub mod deliver;
pub mod doctor;
pub mod init;
pub mod keep;
pub mod list;
pub mod reconcile;
pub mod refund;
pub mod register;
pub mod resolve;
pub mod show;
pub mod slip;
pub mod totals;

use clap_complete::Shell;
use kassa_emulator::program;
use serde_json::Value;

use crate::arguments::{self, Call};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::out::{Done, Out, pretty};
use crate::till::{Till, text_of};

/// The members of an answer that are not shown: `associate` gives a password back.
const SECRET: &str = "password";

/// Writes the completion of a shell.
pub fn completion(out: &mut Out, shell: Shell) -> Done {
    out.text(&String::from_utf8_lossy(&arguments::completion(shell)))?;
    Ok(Exit::Done)
}

/// Plays the vendors until it is told to stop.
pub async fn emulator(arguments: program::Arguments) -> Done {
    let advice = "Look at the port, at the names of switches and vendors, and at ./kassa.json.";
    let ended = program::run(arguments).await;
    match ended.map_err(|error| Failure::usage(format!("the emulator did not start: {error}"), advice))? {
        0 => Ok(Exit::Done),
        // The command's own, whatever it means there.
        code => std::process::exit(code.into()),
    }
}

/// Carries out any operation.
pub async fn call(till: &Till, out: &mut Out, call: &Call) -> Done {
    let request = match &*call.request {
        "-" => text_of("-".as_ref())?,
        text => text.to_owned(),
    };
    let answer = till.call_with(&call.operation, &request).await?;
    let answer = without_secret(answer.0.get());
    out.line(&if out.json { answer } else { pretty(&answer) })?;
    Ok(Exit::Done)
}

/// The answer with `***` for a password in it.
fn without_secret(answer: &str) -> String {
    let secret = serde_json::from_str::<Value>(answer).ok().and_then(|answer| answer.get(SECRET).cloned());
    match secret {
        Some(secret) => answer.replace(&secret.to_string(), "\"***\""),
        None => answer.to_owned(),
    }
}
