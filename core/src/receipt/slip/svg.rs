//! A slip as a picture: one SVG that needs nothing beside it.

use std::fmt::Write as _;

use super::data::{Paper, Row, Weight};
use super::layout::{paired, wrapped};
use super::qr::Qr;
use super::texts::escaped;

/// Width of a column for each unit of a letter's size, with some room: fonts differ.
const COLUMN: f64 = 0.602;
/// Size of a plain letter.
const LETTER: f64 = 16.0;
/// White beside the text, above and below it.
const MARGIN: f64 = 24.0;
/// Width of the picture.
const WIDTH: f64 = 454.0;
/// Width of a tooth of the torn edge.
const TOOTH: f64 = WIDTH / 50.0;
/// Side of a module of the QR code, unless the code is too large for that.
const MODULE: f64 = 5.0;

/// The slip as a picture.
pub fn write(paper: &Paper) -> String {
    let mut sheet = Sheet { y: MARGIN, drawn: String::new() };
    paper.rows.iter().for_each(|row| sheet.row(row));
    let height = sheet.y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         lang=\"{}\" font-family=\"'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace\" fill=\"#111\">\n\
         <title>{}</title>\n{}{}</svg>\n",
        paper.language.word(),
        escaped(&paper.title),
        edges(height),
        sheet.drawn
    )
}

/// The paper, torn off above and below.
fn edges(height: f64) -> String {
    let teeth =
        |up: f64, along: f64| format!("l{along} {up}l{along} {}", -up).repeat((WIDTH / TOOTH) as usize);
    let (half, deep) = (TOOTH / 2.0, TOOTH / 2.0);
    format!(
        "<path fill=\"#fff\" stroke=\"#ccc\" d=\"M0 {deep}{}V{}{}z\"/>\n",
        teeth(-deep, half),
        height - deep,
        teeth(deep, -half)
    )
}

struct Sheet {
    y: f64,
    drawn: String,
}

/// Size of a letter, and whether it is bold.
const fn face(weight: Weight) -> (f64, bool) {
    match weight {
        Weight::Small => (13.0, false),
        Weight::Plain => (LETTER, false),
        Weight::Strong => (LETTER, true),
        Weight::Huge => (24.0, true),
    }
}

/// Columns of letters of this size.
fn columns(size: f64) -> usize {
    ((WIDTH - 2.0 * MARGIN) / (size * COLUMN)) as usize
}

impl Sheet {
    fn row(&mut self, row: &Row) {
        match row {
            Row::Centred(text, weight) => self.centred(text, *weight),
            Row::Text(text, weight) => {
                for line in wrapped(text, columns(face(*weight).0)) {
                    self.line(&line, "", *weight);
                }
            }
            Row::Pair(left, right, weight) => {
                for (left, right) in paired(left, right, columns(face(*weight).0)) {
                    self.line(&left, &right, *weight);
                }
            }
            Row::Rule => {
                let _ = writeln!(
                    self.drawn,
                    "<path stroke=\"#888\" stroke-dasharray=\"4 4\" d=\"M{MARGIN} {}H{}\"/>",
                    self.y + 8.0,
                    WIDTH - MARGIN
                );
                self.y += 16.0;
            }
            Row::Qr(qr) => self.qr(qr),
            Row::Link(address) => self.centred(address, Weight::Small),
        }
    }

    fn centred(&mut self, text: &str, weight: Weight) {
        for line in wrapped(text, columns(face(weight).0)) {
            self.next_line(weight);
            self.letters(&line, WIDTH / 2.0, "middle", weight);
        }
    }

    fn line(&mut self, left: &str, right: &str, weight: Weight) {
        self.next_line(weight);
        self.letters(left, MARGIN, "start", weight);
        self.letters(right, WIDTH - MARGIN, "end", weight);
    }

    fn next_line(&mut self, weight: Weight) {
        self.y += (face(weight).0 * 1.35).ceil();
    }

    /// Letters on the line that was begun.
    fn letters(&mut self, text: &str, x: f64, anchor: &str, weight: Weight) {
        if text.is_empty() {
            return;
        }
        let (size, is_bold) = face(weight);
        let bold = if is_bold { " font-weight=\"bold\"" } else { "" };
        // Above the foot of the line, so that no letter reaches below it.
        let y = self.y - (size * 0.3).ceil();
        let _ = writeln!(
            self.drawn,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\"{bold}>{}</text>",
            escaped(text)
        );
    }

    fn qr(&mut self, qr: &Qr) {
        let modules = qr.side() as f64;
        let module = ((WIDTH - 2.0 * MARGIN) / modules).floor().clamp(1.0, MODULE);
        let side = modules * module;
        let (x, y) = ((WIDTH - side) / 2.0, self.y + 8.0);
        let placed = format!("x=\"{}\" y=\"{y}\" width=\"{side}\" height=\"{side}\"", x.floor());
        self.drawn.push_str(&qr.svg(&placed));
        self.drawn.push('\n');
        self.y += side + 16.0;
    }
}
