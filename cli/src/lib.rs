//! The program `kassa`: receipts, the journal and what is in doubt, from the command line.
//!
//! It knows nothing that the library does not know: a command carries out an operation and shows what came of it.

mod arguments;
mod commands;
mod exit;
mod failure;
mod out;
mod place;
mod questions;
mod terminal;
mod till;
mod warnings;

use std::process::ExitCode;

use clap::Parser as _;
use tokio::runtime::Runtime;

use arguments::{Arguments, Command};
pub use exit::{EXITS, Exit};
use failure::Failure;
use out::{Done, Out};
use till::Till;

/// Carries out what the arguments of this process say.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody reads it where the terminal is gone.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    warnings::tell();
    let (json, is_about_a_receipt) = (arguments.json, arguments.command.is_about_a_receipt());
    let done = Runtime::new()
        .map_err(|error| Failure::of_file("the runtime".as_ref(), &error))
        .and_then(|runtime| runtime.block_on(carry_out(arguments)));
    let exit = done.unwrap_or_else(|failure| {
        failure.tell(json);
        failure.exit
    });
    if is_about_a_receipt { exit } else { exit.about_no_receipt() }.into()
}

async fn carry_out(arguments: Arguments) -> Done {
    let place = till::place(arguments.config.as_deref());
    let out = &mut Out::new(arguments.json);
    // What needs no configuration.
    let command = match arguments.command {
        Command::Completion { shell } => return commands::completion(out, shell),
        Command::Emulator(emulator) => return commands::emulator(emulator).await,
        Command::Doctor => return commands::doctor::doctor(out, &place).await,
        Command::Init(init) => return commands::init::init(out, &place, init).await,
        command => command,
    };
    let till = &Till::open(&till::config(&place)?)?;
    match command {
        Command::Register(register) => commands::register::register(till, out, &register).await,
        Command::Deliver(deliver) => commands::deliver::deliver(till, out, &deliver).await,
        Command::List(list) => commands::list::list(till, out, list).await,
        Command::Show(id) => commands::show::show(till, out, &id.id).await,
        Command::Resolve(resolve) => commands::resolve::resolve(till, out, resolve).await,
        Command::Refund(refund) => commands::refund::refund(till, out, refund).await,
        Command::Reconcile(reconcile) => commands::reconcile::reconcile(till, out, reconcile).await,
        Command::Totals(totals) => commands::totals::totals(till, out, totals).await,
        Command::Verify => commands::keep::verify(till, out).await,
        Command::Export(file) => commands::keep::export(till, out, &file).await,
        Command::Backup(file) => commands::keep::backup(till, out, &file).await,
        Command::Slip(slip) => commands::slip::slip(till, out, slip).await,
        Command::Call(call) => commands::call(till, out, &call).await,
        Command::Completion { .. } | Command::Emulator(_) | Command::Doctor | Command::Init(_) => {
            Ok(Exit::Done)
        }
    }
}
