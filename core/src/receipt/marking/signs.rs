//! The characters of a scanned text, each with its place, after what a scanner, a keyboard or a file put round the code was
//! taken off.

use super::parts::Repair;

/// The separator of GS1 elements, ASCII 29.
pub const GS: char = '\u{1d}';
/// Stands where `1D` and the `21` behind it were read as one character; others put it for the separator alone.
pub const SWALLOWED: char = '\u{1d21}';
/// A character that some program could not keep.
pub const REPLACEMENT: char = '\u{fffd}';

/// How a separator is written by programs that cannot show it. None of these can stand in a code, or not by chance.
const SPELLINGS: &[&str] = &[
    "\u{241d}", "\u{e8}", "\\u001d", "\\x1d", "{FNC1}", "<FNC1>", "{GS}", "<GS>", "[GS]", "_x001D_", "&#29;",
    "&#x1d;", "^]",
];

/// A character of the code and where it stood in the text that was given, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The character.
    pub letter: char,
    /// Its place.
    pub at: usize,
}

/// The characters as text.
pub fn text(signs: &[Sign]) -> String {
    signs.iter().map(|sign| sign.letter).collect()
}

/// The characters of a scanned text: separators that were written out are separators again; prefix, blanks and line ends
/// round the code are gone.
pub fn cleaned(text: &str, repairs: &mut Vec<Repair>) -> Vec<Sign> {
    let signs = spelled(text, repairs);
    tidied(&signs, repairs)
}

/// The characters without what stands round the code, and with one separator where there were several.
pub fn tidied(signs: &[Sign], repairs: &mut Vec<Repair>) -> Vec<Sign> {
    let mut signs = trimmed(signs, repairs).to_vec();
    signs.dedup_by(|next, sign| {
        let twice = next.letter == GS && sign.letter == GS;
        if twice {
            repairs.push(Repair::new(next.at, "a second separator was left out"));
        }
        twice
    });
    signs
}

fn spelled(text: &str, repairs: &mut Vec<Repair>) -> Vec<Sign> {
    let (mut signs, mut rest, mut at) = (Vec::new(), text, 1);
    while let Some(letter) = rest.chars().next() {
        let is_next = |spelling: &&&str| {
            rest.get(..spelling.len()).is_some_and(|head| head.eq_ignore_ascii_case(spelling))
        };
        let taken = match SPELLINGS.iter().find(is_next) {
            Some(spelling) => {
                signs.push(Sign { letter: GS, at });
                repairs.push(Repair::new(at, format!("`{spelling}` was taken for the separator")));
                *spelling
            }
            None => {
                signs.push(Sign { letter, at });
                rest.get(..letter.len_utf8()).unwrap_or_default()
            }
        };
        at += taken.chars().count();
        rest = rest.get(taken.len()..).unwrap_or_default();
    }
    signs
}

/// Takes off what stands round the code, as long as there is anything.
fn trimmed<'a>(mut signs: &'a [Sign], repairs: &mut Vec<Repair>) -> &'a [Sign] {
    let is_blank = |letter: char| letter.is_whitespace() || letter == '\u{feff}' || letter == '\0';
    loop {
        let (place, message, rest) = match signs {
            [first, rest @ ..] if is_blank(first.letter) => {
                (first, "a blank before the code was left out", rest)
            }
            [first, rest @ ..] if first.letter == GS => {
                (first, "the separator before the code was left out", rest)
            }
            [first, letter, digit, rest @ ..]
                if first.letter == ']'
                    && letter.letter.is_ascii_alphabetic()
                    && digit.letter.is_ascii_digit() =>
            {
                (first, "the scanner's prefix was left out", rest)
            }
            [rest @ .., last] if is_blank(last.letter) => {
                (last, "a blank or line end behind the code was left out", rest)
            }
            [rest @ .., last] if last.letter == GS => {
                (last, "the separator behind the code was left out", rest)
            }
            _ => return signs,
        };
        repairs.push(Repair::new(place.at, message));
        signs = rest;
    }
}
