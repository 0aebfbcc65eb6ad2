//! Text for the device's paper (protocol/ikkm.md 2.4). A line that is a command of the device opens the drawer or
//! cuts the paper, so no text becomes such a line by itself.

/// What a line of its own means to the device.
pub const LINE: &str = "--line--";
/// Cuts the paper.
pub const CUT: &str = "--cut--";
/// Opens the drawer.
pub const OPEN_DRAWER: &str = "--open-cash--";

const COMMANDS: &[&str] = &[LINE, CUT, OPEN_DRAWER];
/// What may end a line at the device; the documentation does not say.
const LINE_ENDS: &[char] = &['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// The first command that stands in a text as a line of its own.
pub fn command_in(text: &str) -> Option<&'static str> {
    text.split(LINE_ENDS).find_map(|line| {
        let line = line.trim_matches(|letter: char| letter.is_whitespace() || letter.is_control());
        COMMANDS.iter().copied().find(|command| line.eq_ignore_ascii_case(command))
    })
}

/// The text as it is sent: no command in it, and no line longer than `width`.
pub fn printable(text: &str, width: Option<u16>) -> String {
    wrapped(&without_commands(text), width)
}

/// The text with a blank in each command: whoever wraps it makes no command of it.
fn without_commands(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        safe.push(letter);
        let begins_here = |command: &&str| {
            text.as_bytes()[at..]
                .get(..command.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(command.as_bytes()))
        };
        if COMMANDS.iter().any(begins_here) {
            safe.push(' ');
        }
    }
    safe
}

/// Lines no longer than `width`, broken at spaces where there are any.
fn wrapped(text: &str, width: Option<u16>) -> String {
    let Some(width) = width.map(usize::from) else { return text.into() };
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut rest: Vec<char> = line.chars().collect();
        while rest.len() > width {
            let space = rest[..=width].iter().rposition(|letter| *letter == ' ').filter(|at| *at > 0);
            let tail = rest.split_off(space.unwrap_or(width));
            lines.push(rest.into_iter().collect::<String>());
            rest = tail.into_iter().skip(usize::from(space.is_some())).collect();
        }
        lines.push(rest.into_iter().collect());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_at_spaces_or_cut() {
        assert_eq!(wrapped("one two three", Some(10)), "one two\nthree");
        assert_eq!(wrapped("12345678901234\nmore", Some(10)), "1234567890\n1234\nmore");
        assert_eq!(wrapped("as it is", None), "as it is");
    }

    #[test]
    fn a_line_that_is_a_command_is_found_however_it_ends() {
        for text in ["--cut--", "a\n--CUT--\nb", "a\r --line-- \rb", "a\u{2028}--open-cash--", "--cut--\0"] {
            assert!(command_in(text).is_some(), "{text:?}");
        }
        for text in ["", "a --cut-- b", "-cut-", "---cut---", "--cut"] {
            assert!(command_in(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn no_width_makes_a_command_of_a_text() {
        let texts = [
            "Thank you, come again --open-cash-- and again",
            "x--open-cash---x---CUT---",
            "----cut---- ---line---",
            "\u{43a}\u{430}\u{441}\u{441}\u{430}--line--\u{43a}\u{430}\u{441}\u{441}\u{430}",
        ];
        for text in texts {
            for width in 1..60 {
                let lines = printable(text, Some(width));
                assert!(command_in(&lines).is_none(), "{lines}");
            }
            let one = printable(text, None);
            assert!(!COMMANDS.iter().any(|command| one.to_ascii_lowercase().contains(command)), "{one}");
        }
    }
}
