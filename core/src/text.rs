//! Text from outside, as a person may read it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// True for what moves the cursor, colours a terminal, ends a line of a log, or turns the order of letters round.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text with such letters shown by their number, `\u001b` for instance, instead of sent.
pub fn shown(text: &str) -> Cow<'_, str> {
    shown_but(text, "")
}

/// The same, where the letters of `kept` may stay.
pub(crate) fn shown_but<'a>(text: &'a str, kept: &str) -> Cow<'a, str> {
    let is_shown = |letter: char| acts(letter) && !kept.contains(letter);
    if !text.contains(is_shown) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match is_shown(letter) {
            true => _ = write!(shown, "\\u{:04x}", u32::from(letter)),
            false => shown.push(letter),
        }
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown_and_the_rest_stays() {
        for (text, expected) in [
            ("\u{1b}[2Jpaid", "\\u001b[2Jpaid"),
            ("a\r\nb\tc", "a\\u000d\\u000ab\\u0009c"),
            ("\u{9b}31m\0", "\\u009b31m\\u0000"),
            ("100\u{202e}00\u{2028}", "100\\u202e00\\u2028"),
            ("Кружка 😀 \"quoted\" \\", "Кружка 😀 \"quoted\" \\"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }
}
