//! Chores of the workspace: see `USAGE`.

mod codegen;
mod house;
mod references;
mod size;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

const USAGE: &str = "cargo xtask codegen [--verify] | house | bindings-size | core-size REVISION";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["codegen"] => codegen::write(),
        ["codegen", "--verify"] => codegen::verify(),
        ["house"] => house::check(&root()),
        ["bindings-size"] => size::check(&root()),
        ["core-size", revision] => size::core_since(&root(), revision),
        _ => bail!("usage: {USAGE}"),
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
