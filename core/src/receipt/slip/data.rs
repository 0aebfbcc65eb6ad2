//! A slip as rows, before anybody decides how they look.

use super::qr::Qr;
use super::texts::legible;
use super::words::Language;

/// How large the letters of a row are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// What few people read.
    Small,
    /// Most of it.
    Plain,
    /// What counts.
    Strong,
    /// What nobody may miss.
    Huge,
}

/// A row. Its texts are made with `legible`, whatever they were.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// In the middle.
    Centred(String, Weight),
    /// From the left.
    Text(String, Weight),
    /// One part on the left, the other on the right.
    Pair(String, String, Weight),
    /// A line across.
    Rule,
    /// A QR code.
    Qr(Qr),
    /// An address, to be followed.
    Link(String),
}

impl Row {
    /// A text in the middle.
    pub fn centred(text: &str, weight: Weight) -> Self {
        Row::Centred(legible(text), weight)
    }

    /// A text from the left.
    pub fn text(text: &str, weight: Weight) -> Self {
        Row::Text(legible(text), weight)
    }

    /// Two parts.
    pub fn pair(left: &str, right: &str, weight: Weight) -> Self {
        Row::Pair(legible(left), legible(right), weight)
    }
}

/// A slip that can be written in every format.
#[derive(Clone, Debug, PartialEq)]
pub struct Paper {
    /// Its language.
    pub language: Language,
    /// Its name, for the title of a document.
    pub title: String,
    /// Its rows, from the top.
    pub rows: Vec<Row>,
}

impl Paper {
    /// Its QR code, where it has one.
    pub fn qr(&self) -> Option<&Qr> {
        self.rows.iter().find_map(|row| match row {
            Row::Qr(qr) => Some(qr),
            _ => None,
        })
    }

    /// True where the address stands on it in letters.
    pub fn spells(&self, address: &str) -> bool {
        self.rows.iter().any(|row| matches!(row, Row::Link(link) if link == address))
    }
}
