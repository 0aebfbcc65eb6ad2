//! Whether every reference to a protocol sheet resolves.
//!
//! The form is `protocol/VENDOR.md 2.4, 2.8`, `... 4.1 items 7 to 9` or `... 3.6 to 3.11`. A section
//! is a heading with its number; an item begins a line (`7. `) or a row (`| E7 |`) of its section.

use std::collections::{BTreeMap, BTreeSet};
use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};

const KINDS: &[&str] = &["*.rs", "*.md", "*.json", "*.py", "*.php", "*.mjs", "*.js", "*.toml", "*.c", "*.h"];

/// The sections of a sheet by number, with the names of their items.
type Sheet = BTreeMap<String, BTreeSet<String>>;

/// What does not resolve, as `file:line: what`.
pub fn dangling(root: &Path) -> Result<Vec<String>> {
    let listed = Command::new("git").arg("-C").arg(root).args(["ls-files", "--"]).args(KINDS).output()?;
    ensure!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let mut sheets = BTreeMap::new();
    for entry in fs::read_dir(root.join("docs/protocol")).context("docs/protocol")? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        sheets.insert(name, sheet(&fs::read_to_string(path)?));
    }
    let mut found = Vec::new();
    for file in String::from_utf8(listed.stdout)?.lines() {
        let text = fs::read_to_string(root.join(file)).with_context(|| file.to_owned())?;
        found.extend(broken(&text, &sheets).into_iter().map(|(line, what)| format!("{file}:{line}: {what}")));
    }
    Ok(found)
}

fn sheet(text: &str) -> Sheet {
    let (mut sections, mut section) = (Sheet::new(), String::new());
    for line in text.lines() {
        let mut words = line.split([' ', '|']).filter(|word| !word.trim_matches('#').is_empty());
        let first = words.next().unwrap_or_default();
        let name = first.trim_matches(['*', '`', '.']).to_owned();
        if line.starts_with('#') {
            section.clone_from(&name);
            sections.entry(name).or_default();
        } else if line.starts_with('|') || first.ends_with('.') {
            sections.entry(section.clone()).or_default().insert(name);
        }
    }
    sections
}

/// A number such as `2.6.1`, `7`, `E7` or `-7`.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix(['-', 'E', 'I', 'P']).unwrap_or(word);
    digits.split('.').all(|part| part.parse::<u16>().is_ok())
}

fn broken(text: &str, sheets: &BTreeMap<String, Sheet>) -> Vec<(usize, String)> {
    // Without the marks of comments, so that a reference may go on in the next line.
    let words: Vec<(usize, &str)> = (1..)
        .zip(text.lines())
        .flat_map(|(line, text)| text.split_whitespace().map(move |word| (line, word)))
        .filter(|(_, word)| !["//", "///", "//!", "#", "*"].contains(word))
        .collect();
    let mut found = Vec::new();
    for (at, (line, word)) in words.iter().enumerate() {
        let after = &words[at + 1..];
        let next = after.first().map_or("", |(_, next)| next);
        if word.to_lowercase().ends_with("fact") && next.starts_with("sheet") {
            found.push((*line, "the old name of a sheet".to_owned()));
        }
        let name = word.rsplit_once("protocol/").and_then(|(_, path)| path.split_once(".md"));
        if let Some((name, "" | ")" | "`")) = name.filter(|(name, _)| name.chars().all(char::is_lowercase)) {
            let none = || Some((*line, "is not there".to_owned()));
            let what = sheets.get(name).map_or_else(none, |sheet| missing(after, sheet));
            found.extend(what.map(|(line, what)| (line, format!("protocol/{name}.md {what}"))));
        }
    }
    found
}

/// The first section or item that a sheet does not have, in the words behind its name.
fn missing(words: &[(usize, &str)], sheet: &Sheet) -> Option<(usize, String)> {
    let (mut section, mut in_items) = ("", false);
    for (line, word) in words {
        let bare = word.trim_end_matches([',', '.', ';', ':', ')', '`', '"', '|']);
        let is_item = in_items && !bare.contains('.');
        match bare {
            "to" | "and" => {}
            "item" | "items" => in_items = true,
            _ if !is_number(bare) => return None,
            _ if is_item && sheet.get(section).is_some_and(|items| items.contains(bare)) => {}
            _ if is_item => return Some((*line, format!("{section} has no item {bare}"))),
            _ if sheet.contains_key(bare) => (section, in_items) = (bare, false),
            _ => return Some((*line, format!("has no section {bare}"))),
        }
        // Any mark but a comma ends the reference.
        if bare.len() < word.trim_end_matches(',').len() {
            return None;
        }
    }
    None
}

#[cfg(test)]
#[test]
fn what_does_not_resolve_is_told_with_its_line() {
    let one = "# One\n## 2. Two\n### 2.4 Four\n1. a\n2. b\n\n## 7. Seven\n| E9 | x |\n| `-3` | y |";
    let sheets = BTreeMap::from([("one".to_owned(), sheet(one))]);
    for (text, expected) in [
        ("(AT 2.4, 2), 9; AT 2 to 2.4 item 2. 9; `AT` has (AT 7 items E9, -3, 2.4 item\n/// 2)", ""),
        ("\n(AT 2.4,\n2.5)", "3: AT has no section 2.5\n"),
        ("AT 2.4 items 1 to 3 and ATT", "1: AT 2.4 has no item 3\n1: ATT is not there\n"),
        ("a fact_\n//! sheets", "1: the old name of a sheet\n"),
    ] {
        let text = text.replace("ATT", "protocol/two.md").replace("AT", "protocol/one.md").replace('_', "");
        let found: String =
            broken(&text, &sheets).iter().map(|(at, what)| format!("{at}: {what}\n")).collect();
        assert_eq!(found.replace("protocol/one.md", "AT").replace("protocol/two.md", "ATT"), expected);
    }
}
