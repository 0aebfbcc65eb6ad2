//! Chores of the workspace: `cargo xtask codegen [--verify]`, `cargo xtask bindings-size`.

mod codegen;
mod size;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["codegen"] => codegen::write(),
        ["codegen", "--verify"] => codegen::verify(),
        ["bindings-size"] => size::check(&root()),
        _ => bail!("usage: cargo xtask codegen [--verify] | bindings-size"),
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
