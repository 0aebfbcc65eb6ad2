//! The program: see `program.rs`.

use std::process::ExitCode;

use clap::Parser as _;
use kassa_emulator::program::{Arguments, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("kassa-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}
