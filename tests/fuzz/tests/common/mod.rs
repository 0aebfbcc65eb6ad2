//! Replays the corpus of a target.

use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fuzz_targets::{made_corpus, mutations, target};

/// Of which mutations are made.
const SEED: u64 = 20_261_130;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs the target on each file and on mutations of them. An input that breaks a property is left in a file.
pub fn replay(name: &str) {
    let target = target(name);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder("corpus").join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let files: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    for file in made_corpus(name) {
        assert!(
            files.contains(&file),
            "the corpus is not what `cargo run -p fuzz-targets --bin corpus` writes"
        );
    }
    for input in files.iter().cloned().chain(mutations(&files, target.mutations, SEED)) {
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| (target.run)(&input))) {
            let path = folder("../../target").join(format!("fuzz-{name}-broken"));
            fs::write(&path, &input).unwrap();
            panic!("{name} breaks on {}: {}\n{}", path.display(), text(&*cause), input.escape_ascii());
        }
    }
}

fn text(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().cloned();
    text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).into())).unwrap_or_default()
}
