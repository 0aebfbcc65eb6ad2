//! Chores of the workspace: `cargo xtask codegen [--verify]`, `cargo xtask references`.

mod codegen;
mod references;

use std::path::Path;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["codegen"] => codegen::write(),
        ["codegen", "--verify"] => codegen::verify(),
        ["references"] => check_references(),
        _ => bail!("usage: cargo xtask codegen [--verify] | references"),
    }
}

fn check_references() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let found = references::dangling(&root)?;
    found.iter().for_each(|line| eprintln!("{line}"));
    if found.is_empty() { Ok(()) } else { bail!("{} references do not resolve", found.len()) }
}
