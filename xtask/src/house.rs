//! Whether the layers hold: `cargo xtask house`. The layers are the table in `ARCHITECTURE.md`, lowest first;
//! an arrow is a `use` or a path from one file of `core/src` to another.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use kassa::delivery::transitions::TRANSITIONS;
use kassa::receipt::fields::Field;
use kassa::vendors::VENDORS;
use serde_json::json;

use crate::references;

/// Largest circle of files that import each other.
const MOST_IN_A_CIRCLE: usize = 4;
/// Where `core/tests/transitions.rs` leaves the places of the rows that it reached.
const REACHED: &str = "target/transitions-reached.txt";

/// Files of `core/src` by their module path, such as `vendors::atol::api`.
type Files = BTreeMap<String, String>;
/// Modules that a module imports.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Prints what does not hold and, as the last line, the counts. Fails unless all of it holds.
pub fn check(root: &Path) -> Result<()> {
    let layers = layers(&fs::read_to_string(root.join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?)?;
    let mut files = Files::new();
    collect(&root.join("core/src"), "", &mut files)?;
    let arrows = arrows(&files);
    let upward = upward(&layers, &arrows)?;
    let between = between_vendors(&arrows);
    let circles = circles(&arrows);
    let largest = circles.iter().map(Vec::len).max().unwrap_or(1);
    let dangling = references::dangling(root)?;
    let unaccounted = unaccounted(root)?;
    let reached = reached(root)?;
    for line in upward.iter().chain(&between).chain(&dangling).chain(&unaccounted) {
        println!("{line}");
    }
    for circle in circles.iter().filter(|circle| circle.len() > 1) {
        println!("circle of {}: {}", circle.len(), circle.join(", "));
    }
    for (place, row) in TRANSITIONS.iter().enumerate().filter(|(place, _)| !reached.contains(place)) {
        println!("row {place} is reached by no test: {} \"{}\"", row.from.word(), row.event.word());
    }
    let counts = json!({
        "upward_arrows": upward.len(),
        "largest_circle": largest,
        "vendor_to_vendor": between.len(),
        "dangling_references": dangling.len(),
        "unaccounted_fields": unaccounted.len(),
        "transitions": TRANSITIONS.len(),
        "transitions_reached": reached.len(),
    });
    println!("{counts}");
    let holds = upward.is_empty()
        && between.is_empty()
        && dangling.is_empty()
        && unaccounted.is_empty()
        && largest <= MOST_IN_A_CIRCLE
        && reached.len() == TRANSITIONS.len();
    ensure!(holds, "the house does not hold");
    Ok(())
}

/// The layers of the table, lowest first: the word in backquotes that begins a row.
fn layers(text: &str) -> Result<Vec<String>> {
    let table = text.split("## Layers").nth(1).context("ARCHITECTURE.md has no part \"Layers\"")?;
    let table = table.split("\n## ").next().unwrap_or_default();
    let names = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let layers: Vec<String> = names.map(|name| name.trim_end_matches('/').to_owned()).collect();
    ensure!(layers.len() > 3, "the table of layers has {} rows", layers.len());
    Ok(layers)
}

fn collect(folder: &Path, module: &str, files: &mut Files) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let inner = if module.is_empty() { name.clone() } else { format!("{module}::{name}") };
        if path.is_dir() {
            collect(&path, &inner, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "lib" {
            let module = if name == "mod" { module.to_owned() } else { inner };
            files.insert(module, fs::read_to_string(path)?);
        }
    }
    Ok(())
}

/// Every arrow. Tests at the end of a file and comments are left out; a file's own modules are no arrows.
fn arrows(files: &Files) -> Arrows {
    let arrow = |(module, text): (&String, &String)| {
        let text = text.split("\nmod tests {").next().unwrap_or_default();
        let code: String = text
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default())
            .filter(|line| !line.trim_start().starts_with('#'))
            .collect::<Vec<_>>()
            .join("\n");
        let mut found = BTreeSet::new();
        for path in paths(&code) {
            found.extend(resolved(module, &path, files).filter(|other| other != module));
        }
        (module.clone(), found)
    };
    files.iter().map(arrow).collect()
}

/// The paths of `use` items, and every other path that begins with `crate` or `super`.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let before = rest[..at].rsplit('\n').next().unwrap_or_default().trim();
        let is_item = before.is_empty() || before.starts_with("pub");
        let item = &rest[at + 4..];
        let end = item.find(';').unwrap_or(item.len());
        if is_item {
            found.extend(expanded("", &item[..end]));
        }
        rest = &item[if is_item { end } else { 0 }..];
    }
    for (start, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        let path = &code[start..];
        let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(path.len());
        // Braces are read above.
        if !path[..end].ends_with(':') {
            found.push(path[..end].to_owned());
        }
    }
    found
}

/// `a::{b, c::{d}}` as `a::b` and `a::c::d`.
fn expanded(before: &str, item: &str) -> Vec<String> {
    let item = item.trim();
    let Some((head, tail)) = item.split_once('{') else {
        let path = item.split(" as ").next().unwrap_or_default().trim();
        return vec![format!("{before}{path}")];
    };
    let inner = tail.strip_suffix('}').unwrap_or(tail);
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, letter) in inner.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    let head = format!("{before}{}", head.trim());
    parts.iter().filter(|part| !part.trim().is_empty()).flat_map(|part| expanded(&head, part)).collect()
}

/// The module that a path means, seen from `module`: the longest one that is a file.
fn resolved(module: &str, path: &str, files: &Files) -> Option<String> {
    let mut base: Vec<&str> = module.split("::").collect();
    let mut words = path.split("::").peekable();
    match words.peek().copied()? {
        "crate" => {
            words.next();
            base.clear();
        }
        "self" => {
            words.next();
        }
        "super" => {
            while words.next_if_eq(&"super").is_some() {
                base.pop();
            }
        }
        first => {
            let inner = format!("{module}::{first}");
            if !files.contains_key(&inner) {
                return None;
            }
        }
    }
    base.extend(words);
    while !base.is_empty() {
        let name = base.join("::");
        if files.contains_key(&name) {
            return Some(name);
        }
        base.pop();
    }
    None
}

/// The place of a module's layer.
fn layer(layers: &[String], module: &str) -> Result<usize> {
    let first = module.split("::").next().unwrap_or_default();
    let place = layers.iter().position(|layer| layer == first);
    place.with_context(|| format!("`{first}` is in no layer of ARCHITECTURE.md"))
}

fn upward(layers: &[String], arrows: &Arrows) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (from, targets) in arrows {
        for to in targets {
            if layer(layers, from)? < layer(layers, to)? {
                found.push(format!("upward: {from} -> {to}"));
            }
        }
    }
    Ok(found)
}

/// The folder of a vendor.
fn vendor(module: &str) -> Option<&str> {
    module.strip_prefix("vendors::")?.split("::").next()
}

fn between_vendors(arrows: &Arrows) -> Vec<String> {
    let is_between =
        |from: &str, to: &str| matches!((vendor(from), vendor(to)), (Some(a), Some(b)) if a != b);
    let pairs = arrows.iter().flat_map(|(from, targets)| targets.iter().map(move |to| (from, to)));
    pairs
        .filter(|(from, to)| is_between(from, to))
        .map(|(a, b)| format!("between vendors: {a} -> {b}"))
        .collect()
}

/// Files that import each other, directly or through others: the strongly connected parts.
fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let reach = |start: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(next) = open.pop() {
            for target in arrows.get(next).into_iter().flatten() {
                if seen.insert(target.clone()) {
                    open.push(target);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> =
        arrows.keys().map(|module| (module, reach(module))).collect();
    let mut done = BTreeSet::new();
    let mut found = Vec::new();
    for module in arrows.keys() {
        let together = |other: &&String| reached[module].contains(*other) && reached[*other].contains(module);
        let circle: Vec<String> = arrows.keys().filter(together).cloned().collect();
        if circle.len() > 1 && circle.iter().all(|member| done.insert(member.clone())) {
            found.push(circle);
        }
    }
    found
}

/// Fields of the receipt of which `docs/fields.md` does not tell what becomes of them at every vendor.
fn unaccounted(root: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(root.join("docs/fields.md")).context("docs/fields.md")?;
    let missing = Field::ALL.iter().map(|field| field.place()).filter(|place| !is_told(&text, place));
    Ok(missing.map(|place| format!("docs/fields.md: {place}")).collect())
}

/// True where the field has a row with a word for every vendor.
fn is_told(text: &str, place: &str) -> bool {
    let row = text.lines().find_map(|line| line.strip_prefix(&format!("| `{place}` |")));
    let cells = row.map(|row| row.trim_end_matches('|').split('|').collect::<Vec<_>>());
    cells
        .is_some_and(|cells| cells.len() == VENDORS.len() && cells.iter().all(|cell| !cell.trim().is_empty()))
}

/// Places of the rows of the table of transitions that a test reached.
fn reached(root: &Path) -> Result<BTreeSet<usize>> {
    let path = root.join(REACHED);
    let Ok(text) = fs::read_to_string(&path) else {
        bail!("{REACHED} is missing: `make house` runs the test that writes it");
    };
    text.split_whitespace().map(|place| Ok(place.parse()?)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn files(texts: &[(&str, &str)]) -> Files {
        texts.iter().map(|(module, text)| ((*module).into(), (*text).into())).collect()
    }

    #[test]
    fn an_arrow_up_a_circle_and_an_arrow_between_vendors_are_seen() {
        let files = files(&[
            ("error", "use crate::client::Client;\n"),
            ("client", "pub use crate::error::{Error, Result};\n"),
            ("vendors", ""),
            ("vendors::a", "use super::b;\nlet x = crate::error::f();"),
            ("vendors::b", "// use crate::vendors::a;\n#[cfg(test)]\nmod tests { use crate::vendors::a; }"),
        ]);
        let arrows = arrows(&files);
        let layers: Vec<String> = ["error", "vendors", "client"].map(str::to_owned).into();
        assert_eq!(upward(&layers, &arrows).unwrap(), ["upward: error -> client"]);
        assert_eq!(between_vendors(&arrows), ["between vendors: vendors::a -> vendors::b"]);
        assert_eq!(circles(&arrows), [["client", "error"]]);
    }

    #[test]
    fn paths_are_read_through_braces_and_supers() {
        let code =
            "use super::{api::{self, Fault}, map as other};\npub use std::fmt;\nlet x = super::y::f();";
        let expected = ["super::api::self", "super::api::Fault", "super::map", "std::fmt", "super::y::f"];
        assert_eq!(paths(code), expected);
        let files = files(&[("v::a", ""), ("v::a::api", ""), ("v::a::map", ""), ("v::a::x", "")]);
        assert_eq!(resolved("v::a::x", "super::api::Fault", &files), Some("v::a::api".into()));
        assert_eq!(resolved("v::a", "map::body", &files), Some("v::a::map".into()));
        assert_eq!(resolved("v::a", "serde::Serialize", &files), None);
    }

    #[test]
    fn a_field_without_a_row_or_with_an_empty_cell_is_not_told() {
        let row = |cells: usize| format!("| `print` |{}", " carried |".repeat(cells));
        assert!(is_told(&row(VENDORS.len()), "print"));
        assert!(!is_told(&row(VENDORS.len() - 1), "print"));
        assert!(!is_told(&row(VENDORS.len()).replacen("carried", "", 1), "print"));
        assert!(!is_told("", "print"));
    }

    #[test]
    fn the_table_of_layers_is_read() {
        let text = "# A\n## Layers\n| layer | what |\n|--|--|\n| `error` | x |\n| `receipt/` | y |\n| `a` | |\n| `b` | |\n\n## Next\n| `z` | |";
        assert_eq!(layers(text).unwrap(), ["error", "receipt", "a", "b"]);
    }
}
