//! Texts in columns. A letter of Cyrillic is one column wide, a letter of Chinese and most emoji are two.

use std::mem::take;

use unicode_width::UnicodeWidthChar as _;

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    text.chars().map(wide).sum()
}

fn wide(letter: char) -> usize {
    letter.width().unwrap_or(1)
}

/// A text in lines of at most so many columns, broken between words, and in a word that is longer than a line.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        for (index, piece) in pieces(word, columns).into_iter().enumerate() {
            let fits = index == 0 && width(&line) + 1 + width(&piece) <= columns;
            if !line.is_empty() && !fits {
                lines.push(take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&piece);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A word in pieces that fit into a line; a mark stays with its letter.
fn pieces(word: &str, columns: usize) -> Vec<String> {
    let (mut pieces, mut piece, mut used) = (Vec::new(), String::new(), 0);
    for letter in word.chars() {
        if used + wide(letter) > columns {
            pieces.push(take(&mut piece));
            used = 0;
        }
        piece.push(letter);
        used += wide(letter);
    }
    pieces.push(piece);
    pieces
}

/// Two parts in lines, the left and the right of each: side by side where they fit, else the right one below.
pub fn paired(left: &str, right: &str, columns: usize) -> Vec<(String, String)> {
    let mut lines: Vec<_> = wrapped(left, columns).into_iter().map(|line| (line, String::new())).collect();
    match lines.last_mut() {
        Some((last, beside)) if width(last) + 1 + width(right) <= columns => *beside = right.into(),
        _ => lines.extend(wrapped(right, columns).into_iter().map(|line| (String::new(), line))),
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_between_words_and_else_anywhere() {
        for (text, lines) in [
            ("", vec![]),
            ("   ", vec![]),
            ("чай зелёный", vec!["чай", "зелёный"]),
            ("чай  с мёдом", vec!["чай с", "мёдом"]),
            ("қызылдықызыл чай", vec!["қызылдық", "ызыл чай"]),
            ("茶茶茶茶茶", vec!["茶茶茶茶", "茶"]),
            (
                "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
                vec!["e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}"],
            ),
        ] {
            assert_eq!(wrapped(text, 8), lines, "{text:?}");
        }
    }

    #[test]
    fn the_right_part_goes_below_where_it_does_not_fit() {
        let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
        assert_eq!(paired("ИТОГО", "1.00", 10), [pair("ИТОГО", "1.00")]);
        assert_eq!(paired("ИТОГО", "12.00", 10), [pair("ИТОГО", ""), pair("", "12.00")]);
        assert_eq!(paired("Без НДС", "1.00", 10), [pair("Без НДС", ""), pair("", "1.00")]);
        assert_eq!(paired("Сумма без НДС", "1.00", 11), [pair("Сумма без", ""), pair("НДС", "1.00")]);
        assert_eq!(paired("a", "123456789012", 10), [pair("a", ""), pair("", "1234567890"), pair("", "12")]);
        assert_eq!(paired("", "1.00", 10), [pair("", "1.00")]);
    }
}
