//! Texts of whatever origin, made fit for a slip.

use crate::receipt::letters::Letters;
use crate::text::shown;

/// The text on one line, as a person may read it: nothing in it is unseen, turns the order of letters round, commands a
/// printer, or cannot stand in XML.
pub fn legible(text: &str) -> String {
    let written = Letters::All.written(text);
    let text = shown(written.as_deref().unwrap_or(text));
    let seen = text.chars().filter(|letter| *letter != '\u{61c}');
    seen.map(|letter| if matches!(letter, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { letter }).collect()
}

/// The text where markup may stand, between tags and in attributes.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}
