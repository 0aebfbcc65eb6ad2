//! What went wrong, told in one way everywhere: what happened, whether a sale is on record, what to do.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use kassa::error::{Code, Error, ErrorBody, Outcome};
use kassa::shown;
use serde_json::json;

use crate::exit::Exit;

/// Why a command did not do what it should.
#[derive(Debug)]
pub struct Failure {
    /// The error, as in every language.
    pub error: Box<ErrorBody>,
    /// How the program ends with it.
    pub exit: Exit,
}

impl From<ErrorBody> for Failure {
    fn from(error: ErrorBody) -> Self {
        Self { exit: Exit::of_error(&error), error: error.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        ErrorBody::from(error).into()
    }
}

impl Failure {
    /// Wrong usage: what is wrong, and what to do.
    pub fn usage(message: impl Into<String>, advice: impl Into<String>) -> Self {
        let error = Error { advice: advice.into().into(), ..Error::new(Code::ConfigInvalid, message) };
        Self { error: ErrorBody { code: "usage".into(), ..error.into() }.into(), exit: Exit::Usage }
    }

    /// A file that cannot be read or written.
    pub fn of_file(path: &Path, error: &std::io::Error) -> Self {
        Self::usage(format!("{}: {error}", path.display()), "Look at the path and the rights.")
    }

    /// The error for a person.
    pub fn text(&self) -> String {
        let error = &self.error;
        let mut text = format!("kassa: {} ({})\n", shown(&error.message), error.code);
        // One violation is the message.
        for violation in error.violations.iter().filter(|_| error.violations.len() > 1) {
            let _ = writeln!(text, "  {}: {}", shown(&violation.path), shown(&violation.message));
        }
        let said = error.vendor.as_ref().and_then(|vendor| Some((vendor, vendor.message.as_ref()?)));
        if let Some((vendor, message)) = said {
            let code = vendor.code.as_ref().map_or_else(String::new, |code| format!(" {}", shown(code)));
            let _ = writeln!(text, "{} said{code}: {}", vendor.name, shown(message));
        }
        let _ = writeln!(text, "On record: {}", on_record(error.outcome));
        let _ = writeln!(text, "What to do: {}", shown(&error.advice));
        if let Some(ms) = error.retry_after_ms {
            let _ = writeln!(text, "Not before: {} s from now", ms.div_ceil(1_000));
        }
        text
    }

    /// Tells it on standard error.
    pub fn tell(&self, as_json: bool) {
        let text = match as_json {
            true => format!("{}\n", json!({ "error": self.error })),
            false => self.text(),
        };
        say(&text);
    }
}

/// Writes to standard error. There is nobody to tell where that is closed.
pub fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

const fn on_record(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotRegistered => "nothing through this call.",
        Outcome::Registered => "yes.",
        Outcome::Unknown => "not known.",
    }
}
