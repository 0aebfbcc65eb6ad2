//! What can be typed.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use kassa_emulator::program;

use crate::commands::{deliver, init, list, reconcile, refund, resolve, slip, totals};
use crate::exit::EXITS;

/// Puts receipts on the fiscal record, and settles what is in doubt.
#[derive(Parser)]
#[command(name = "kassa", version, after_help = exits(), arg_required_else_help = true)]
pub struct Arguments {
    /// The configuration [default: $KASSA_CONFIG, else ./kassa.json]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// JSON for programs: one value, or one a line for lists; errors as JSON on standard error
    #[arg(long, global = true)]
    pub json: bool,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Put a receipt on the fiscal record, exactly once
    Register(Register),
    /// Deliver what is in the journal: queued, accepted and in doubt
    Deliver(deliver::Deliver),
    /// List the journal
    List(list::List),
    /// Show a receipt with every step that was taken for it
    Show(Id),
    /// Settle a receipt: ask the vendor and bring it on record, or write down what a person found out
    Resolve(resolve::Resolve),
    /// Refund a receipt, whole or in part
    Refund(refund::Refund),
    /// Compare the journal with the vendor's record, and with the shop's orders
    Reconcile(reconcile::Reconcile),
    /// Add up what is on record
    Totals(totals::Totals),
    /// Check the whole record of the journal: every event, every entry
    Verify,
    /// Write the journal with every step to a file, a line of JSON a receipt
    Export(File),
    /// Write a copy of the journal's file, while others work with it
    Backup(File),
    /// Look for what is wrong: configuration, credentials, clock, TLS, journal, cash register
    Doctor,
    /// Make a configuration: ask for what is needed, log in, associate or check
    #[command(subcommand)]
    Init(init::Init),
    /// Play all vendors on this machine, for tests
    Emulator(program::Arguments),
    /// Print a copy of a receipt
    Slip(slip::Slip),
    /// Carry out any operation by its name
    Call(Call),
    /// Write the completion for a shell
    Completion {
        /// The shell
        shell: Shell,
    },
}

impl Command {
    /// True where an unknown outcome is that of a receipt.
    pub const fn is_about_a_receipt(&self) -> bool {
        matches!(
            self,
            Self::Register(_)
                | Self::Show(_)
                | Self::Resolve(_)
                | Self::Refund(_)
                | Self::Slip(_)
                | Self::Call(_)
        )
    }
}

/// A receipt to be put on record.
#[derive(Args)]
pub struct Register {
    /// The receipt as JSON; - for standard input
    pub file: PathBuf,
    /// Do not wait for a receipt that the vendor only took into its queue
    #[arg(long)]
    pub no_wait: bool,
}

/// Which receipt.
#[derive(Args)]
pub struct Id {
    /// The receipt's id
    pub id: String,
}

/// A file to be written.
#[derive(Args)]
pub struct File {
    /// The file; it is for its owner only (mode 0600)
    pub file: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
}

/// An operation by name.
#[derive(Args)]
pub struct Call {
    /// Its name; `capabilities` lists them all
    pub operation: String,
    /// The request as JSON; - for standard input
    #[arg(default_value = "{}", hide_default_value = true)]
    pub request: String,
}

fn exits() -> String {
    let line = |(exit, meaning): &(_, &str)| format!("\n  {:>2}  {meaning}", *exit as u8);
    format!("Exit codes:{}", EXITS.iter().map(line).collect::<String>())
}

/// The completion of a shell.
pub fn completion(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "kassa", &mut script);
    script
}
