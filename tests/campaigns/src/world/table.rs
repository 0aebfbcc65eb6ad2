//! What happened in the world, as numbers and as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::world::cell::Row;
use crate::world::{ALL, Kind};

/// How often each of these kinds really happened.
pub fn happened(rows: &[Row], kinds: &[&'static Kind]) -> Value {
    let mut counts: BTreeMap<&str, u64> = kinds.iter().map(|kind| (kind.name, 0)).collect();
    for row in rows {
        *counts.entry(row.cell.kind.name).or_default() += row.happened;
    }
    let in_order = ALL.iter().filter_map(|kind| Some((kind.name.to_owned(), json!(counts.get(kind.name)?))));
    Value::Object(in_order.collect::<Map<_, _>>())
}

/// The kinds that happened less often than that.
pub fn too_few(happened: &Value, least: u64) -> Vec<String> {
    let counts = happened.as_object().into_iter().flatten();
    let few = counts.filter(|(_, count)| count.as_u64().is_none_or(|count| count < least));
    few.map(|(name, _)| name.clone()).collect()
}

/// The table, as Markdown.
pub fn markdown(rows: &[Row], kinds: &[&'static Kind]) -> String {
    let mut text = String::from(
        "\n## The world\n\nEach number is counted where the thing is done, by the relay between the library and the \
         vendor above all. `stuck` is a receipt that did not come to its end although the vendor could have told.\n\n\
         | kind | happened | what is done | doubled | lost | wrong | unreadable | stuck |\n|---|--:|---|--:|--:|--:|--:|--:|\n",
    );
    for kind in kinds {
        let of_kind: Vec<&Row> = rows.iter().filter(|row| row.cell.kind.name == kind.name).collect();
        let sum = |class: &str| of_kind.iter().map(|row| row.of_class(class)).sum::<usize>();
        let happened: u64 = of_kind.iter().map(|row| row.happened).sum();
        // A string takes everything.
        let _ = writeln!(
            text,
            "| `{}` | {happened} | {} | {} | {} | {} | {} | {} |",
            kind.name,
            kind.what,
            sum("doubled"),
            sum("lost"),
            sum("wrong"),
            sum("unreadable"),
            sum("stuck")
        );
    }
    text
}
