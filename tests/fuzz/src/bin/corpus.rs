//! Writes the corpora of `tests/fuzz/corpus` anew: `cargo run -p fuzz-targets --bin corpus`. What libFuzzer found and
//! somebody kept on purpose has a name of its own (`kept-…`) and stays.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use fuzz_targets::{TARGETS, made_corpus};

fn main() {
    for target in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        fs::create_dir_all(&folder).unwrap();
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with("made-") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        let mut files = made_corpus(target.name);
        files.sort();
        files.dedup();
        for (number, file) in files.iter().enumerate() {
            fs::write(folder.join(format!("made-{number:03}")), file).unwrap();
        }
        println!("{}: {} files", target.name, files.len());
    }
}
