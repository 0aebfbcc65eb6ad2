//! The program `kassa`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    kassa_cli::main()
}
