//! Writes the pictures of `docs/slips`: `make slips`.

fn main() -> std::io::Result<()> {
    for (path, picture) in slips::pictures() {
        std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
        std::fs::write(&path, picture)?;
        println!("{}", path.display());
    }
    Ok(())
}
