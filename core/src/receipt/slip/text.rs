//! A slip as plain text, for a printer or the body of a letter.

use super::data::{Paper, Row, Weight};
use super::layout::{paired, width, wrapped};
use super::texts::legible;

/// The widths that there are, in columns.
pub const WIDTHS: &[u32] = &[24, 32, 42, 48];
/// The one that is taken where none is asked for.
pub const WIDTH: u32 = 42;

/// The slip in lines of at most so many columns.
pub fn write(paper: &Paper, columns: usize) -> String {
    let mut lines = Vec::new();
    for row in &paper.rows {
        match row {
            Row::Centred(text, Weight::Huge) => {
                lines.push("*".repeat(columns));
                lines.extend(centred(text, columns));
                lines.push("*".repeat(columns));
            }
            Row::Centred(text, _) => lines.extend(centred(text, columns)),
            Row::Text(text, _) | Row::Link(text) => lines.extend(wrapped(text, columns)),
            Row::Pair(left, right, _) => {
                let pairs = paired(left, right, columns).into_iter();
                lines.extend(pairs.map(|(left, right)| apart(&left, &right, columns)));
            }
            Row::Rule => lines.push("-".repeat(columns)),
            // An address stands below it anyway.
            Row::Qr(qr) if paper.spells(&qr.text) => {}
            Row::Qr(qr) => lines.extend(wrapped(&legible(&format!("QR: {}", qr.text)), columns)),
        }
    }
    lines.iter().fold(String::new(), |text, line| text + line + "\n")
}

fn centred(text: &str, columns: usize) -> impl Iterator<Item = String> {
    let lines = wrapped(text, columns).into_iter();
    lines.map(move |line| " ".repeat(columns.saturating_sub(width(&line)) / 2) + &line)
}

fn apart(left: &str, right: &str, columns: usize) -> String {
    if right.is_empty() {
        return left.into();
    }
    format!("{left}{}{right}", " ".repeat(columns.saturating_sub(width(left) + width(right))))
}
