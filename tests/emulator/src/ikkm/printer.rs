//! The printer: what came out on paper (protocol/ikkm.md 2.4).

/// A line that does something.
const SPECIAL_LINES: &[(&str, &str)] =
    &[("--cut--", "[cut]"), ("--line--", "[line]"), ("--open-cash--", "[drawer]")];

/// The printer of a device.
#[derive(Debug, Default)]
pub struct Printer {
    /// Whether the paper is out.
    pub no_paper: bool,
    /// Every line that was printed; what a special line does stands in brackets.
    pub lines: Vec<String>,
    last: Option<Vec<String>>,
}

impl Printer {
    /// Prints text in lines of so many characters; a longer line is wrapped.
    pub fn print(&mut self, text: &str, columns: usize) {
        let lines = laid_out(text, columns, true);
        self.lines.extend(lines);
    }

    /// Prints a document and keeps it as the last one.
    pub fn print_document(&mut self, lines: Vec<String>) {
        self.lines.extend(lines.iter().cloned());
        self.last = Some(lines);
    }

    /// Prints the last document again; whether there is one.
    pub fn print_last(&mut self) -> bool {
        let lines = self.last.clone();
        self.lines.extend(lines.iter().flatten().cloned());
        lines.is_some()
    }

    /// The device was started anew.
    pub fn forget_last(&mut self) {
        self.last = None;
    }
}

/// Text in lines of so many characters.
pub fn laid_out(text: &str, columns: usize, special: bool) -> Vec<String> {
    let lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
    let laid = lines.flat_map(|line| match SPECIAL_LINES.iter().find(|(word, _)| special && *word == line) {
        Some((_, effect)) => vec![(*effect).to_owned()],
        None => wrapped(line, columns.max(1)),
    });
    laid.collect()
}

fn wrapped(line: &str, columns: usize) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    if letters.is_empty() {
        return vec![String::new()];
    }
    letters.chunks(columns).map(|part| part.iter().collect()).collect()
}
