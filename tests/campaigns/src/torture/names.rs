//! The names of all calls that can fail, read from the sources of the library: none can be forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::io::Result;
use std::path::Path;
use std::sync::LazyLock;

/// Every name, in order. Those of a lost answer end in `_answer`.
pub static POINTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut source = String::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/src");
    // Without the sources there is nothing to torture; the run then says that no case was there.
    let _ = sources(&folder, &mut source);
    names(&source).into_iter().collect()
});

fn sources(folder: &Path, found: &mut String) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push_str(&fs::read_to_string(path)?);
        }
    }
    Ok(())
}

fn names(source: &str) -> BTreeSet<String> {
    let after = |word: &str| {
        let call = format!("{word}(\"");
        let texts = source.split(&call).skip(1).filter_map(|rest| rest.split_once('"'));
        texts.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    let fails = ["may_fail", "Access::Read", "Access::Write"].map(after).concat();
    let answers = ["answer_may_be_lost", "Access::Read", "Access::Write"].map(after).concat();
    fails.into_iter().chain(answers.into_iter().map(|name| name + "_answer")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_the_source() {
        let found = names(r#"may_fail("a")?; answer_may_be_lost("a")?; Access::Read("b")"#);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "a_answer", "b", "b_answer"]);
        assert!(POINTS.len() > 90, "{}", POINTS.len());
    }
}
