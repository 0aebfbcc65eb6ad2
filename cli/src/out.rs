//! Standard output: tables for people, JSON for programs.

use std::io::{ErrorKind, Write as _};

use kassa::shown;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use unicode_width::UnicodeWidthStr as _;

use crate::exit::Exit;
use crate::failure::Failure;

/// What comes of a command.
pub type Done = Result<Exit, Failure>;

/// An answer of the library, as it came: JSON whose order and digits stay as they are.
pub struct Answer(pub Box<RawValue>);

impl Answer {
    /// The answer as a type of the library.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        read(&self.0)
    }
}

/// JSON of the library as one of its types.
pub fn read<T: DeserializeOwned>(json: &RawValue) -> Result<T, Failure> {
    serde_json::from_str(json.get()).map_err(|error| {
        let message = format!("an answer of the library cannot be read: {error}");
        kassa::Error::new(kassa::error::Code::Internal, message).into()
    })
}

/// Standard output.
pub struct Out {
    /// JSON for programs.
    pub json: bool,
    is_closed: bool,
}

impl Out {
    /// Standard output, with JSON where that is wanted.
    pub const fn new(json: bool) -> Self {
        Self { json, is_closed: false }
    }

    /// True once nobody reads any more. What was begun is brought to its end all the same.
    pub const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Writes a text as it is.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        if self.is_closed {
            return Ok(());
        }
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            Err(error) => Err(Failure::of_file("standard output".as_ref(), &error)),
        }
    }

    /// Writes a line.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.text(&format!("{line}\n"))
    }

    /// Writes names with values, one a line; those without a value are left out.
    pub fn pairs(&mut self, pairs: &[(&str, Option<String>)]) -> Result<(), Failure> {
        let there = || pairs.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let width = there().map(|(name, _)| name.width()).max().unwrap_or_default();
        let line = |(name, value): (&&str, &String)| format!("  {name:width$}  {}\n", shown(value));
        self.text(&there().map(line).collect::<String>())
    }
}

/// Columns: a name, and true where numbers stand in it.
pub type Columns = &'static [(&'static str, bool)];

/// A table whose columns are as wide as what is in them. A long one is written in parts.
pub struct Table {
    columns: Columns,
    widths: Vec<usize>,
    rows: Vec<Vec<String>>,
    is_begun: bool,
}

impl Table {
    /// An empty table.
    pub fn new(columns: Columns) -> Self {
        let widths = columns.iter().map(|(name, _)| name.width()).collect();
        Self { columns, widths, rows: Vec::new(), is_begun: false }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        let cells: Vec<String> = cells.iter().map(|cell| shown(cell).into_owned()).collect();
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = cell.width().max(*width);
        }
        self.rows.push(cells);
    }

    /// Writes the rows that were added, the first time under the names of the columns. An empty table is nothing.
    pub fn write(&mut self, out: &mut Out) -> Result<(), Failure> {
        let rows = std::mem::take(&mut self.rows);
        let mut text = String::new();
        if !self.is_begun && !rows.is_empty() {
            self.is_begun = true;
            let names: Vec<String> = self.columns.iter().map(|(name, _)| (*name).into()).collect();
            text += &self.line(&names);
        }
        rows.iter().for_each(|row| text += &self.line(row));
        out.text(&text)
    }

    fn line(&self, cells: &[String]) -> String {
        let mut line = String::new();
        for ((cell, width), (_, is_number)) in cells.iter().zip(&self.widths).zip(self.columns) {
            let blank = " ".repeat(width.saturating_sub(cell.width()));
            line += &if *is_number { blank + cell } else { format!("{cell}{blank}") };
            line += "  ";
        }
        format!("{}\n", line.trim_end())
    }
}

/// JSON over several lines, in its own order and with its own digits.
pub fn pretty(json: &str) -> String {
    let mut pretty = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    let mut letters = json.chars().peekable();
    let new_line = |depth: usize| format!("\n{}", "  ".repeat(depth));
    while let Some(letter) = letters.next() {
        if in_text {
            pretty.push(letter);
            in_text = is_escaped || letter != '"';
            is_escaped = !is_escaped && letter == '\\';
            continue;
        }
        match letter {
            '{' | '[' => {
                pretty.push(letter);
                while letters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                match letters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => pretty.push(end),
                    None => {
                        depth += 1;
                        pretty += &new_line(depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                pretty += &new_line(depth);
                pretty.push(letter);
            }
            ',' => pretty += &format!(",{}", new_line(depth)),
            ':' => pretty += ": ",
            _ if letter.is_ascii_whitespace() => {}
            _ => {
                in_text = letter == '"';
                pretty.push(letter);
            }
        }
    }
    pretty
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_over_several_lines_keeps_its_order_and_digits() {
        let text = r#"{"b":[1.10, {}],"a":"x\"{,:","c":[],"d":{"e":null}}"#;
        let expected = r#"{
  "b": [
    1.10,
    {}
  ],
  "a": "x\"{,:",
  "c": [],
  "d": {
    "e": null
  }
}"#;
        assert_eq!(pretty(text), expected);
    }

    #[test]
    fn columns_are_as_wide_as_what_is_seen_of_it() {
        let mut table = Table::new(&[("ID", false), ("TOTAL", true), ("WHY", false)]);
        table.row(["заказ-1".into(), "5.00".into(), "\u{1b}[2J".into()]);
        table.row(["日本".into(), "1290.00".into(), String::new()]);
        let lines: Vec<String> = table.rows.iter().map(|row| table.line(row)).collect();
        assert_eq!(lines, ["заказ-1     5.00  \\u001b[2J\n", "日本     1290.00\n"]);
    }
}
