//! Chores of the workspace: `cargo xtask codegen [--verify]`.

mod codegen;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["codegen"] => codegen::write(),
        ["codegen", "--verify"] => codegen::verify(),
        _ => bail!("usage: cargo xtask codegen [--verify]"),
    }
}
