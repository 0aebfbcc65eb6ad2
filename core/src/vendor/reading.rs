//! Answers read by themselves, for tests that make answers up (feature `testing`). Each vendor lists its readers: the
//! functions that its calls use, without a call around them.

use super::Finding;
use crate::error::{Code, Result};
use crate::receipt::registration::Fiscal;
use crate::transport::Answer;

/// A reader of one kind of answer.
pub struct Reader {
    /// The vendor's name.
    pub vendor: &'static str,
    /// What it reads.
    pub name: &'static str,
    /// What it makes of an answer. Where the vendor has an HTTP of its own, the body is all that came.
    pub read: fn(&Answer) -> Said,
}

/// What an answer says, in words that all readers share.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// `registered`, `accepted`, `failed`, `absent`, `not_taken`, `unknown` of a document; `known` where there is one
    /// under our id; `read` or `unreadable` of an answer that is about no document.
    pub word: &'static str,
    /// Fiscal data of what is on record.
    pub fiscal: Option<Fiscal>,
    /// The code of the error or failure.
    pub code: Option<String>,
}

impl Said {
    /// Only the word.
    pub fn only(word: &'static str) -> Self {
        Self { word, fiscal: None, code: None }
    }

    /// What an answer about a document says; one that cannot be read proves nothing.
    pub fn about(finding: Result<Finding>) -> Self {
        finding.unwrap_or_else(Finding::Unknown).into()
    }

    fn with(word: &'static str, code: Code) -> Self {
        Self { code: Some(code.name().into()), ..Self::only(word) }
    }
}

impl From<Finding> for Said {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::Registered { fiscal, .. } => Self { fiscal: Some(*fiscal), ..Self::only("registered") },
            Finding::Accepted { .. } => Self::only("accepted"),
            Finding::Failed { failure, .. } => Self { code: Some(failure.code), ..Self::only("failed") },
            Finding::Absent => Self::only("absent"),
            Finding::NotTaken(error) => Self::with("not_taken", error.code),
            Finding::Unknown(error) => Self::with("unknown", error.code),
        }
    }
}

impl<T> From<Result<T>> for Said {
    fn from(read: Result<T>) -> Self {
        match read {
            Ok(_) => Self::only("read"),
            Err(error) => Self::with("unreadable", error.code),
        }
    }
}
