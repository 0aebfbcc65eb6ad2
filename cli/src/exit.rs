//! How the program ends.

use std::process::ExitCode;

use kassa::error::{ErrorBody, Kind, Outcome};
use kassa::receipt::registration::State;

/// How a command ended. Its number is the program's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Refused, not on record, or not carried out.
    Refused = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Whether a sale is on record is not known.
    Unknown = 3,
    /// Something differs.
    Differs = 4,
    /// Try later, or something is left.
    Later = 75,
}

/// Every way to end, and what it means.
pub const EXITS: &[(Exit, &str)] = &[
    (Exit::Done, "done"),
    (Exit::Refused, "refused or not on record; or the command could not be carried out"),
    (Exit::Usage, "wrong usage or configuration; doctor: something is wrong"),
    (Exit::Unknown, "whether the sale is on record is not known (in doubt)"),
    (Exit::Differs, "reconcile, verify: differences were found"),
    (Exit::Later, "try later, or something is left to be delivered"),
];

impl Exit {
    /// How a command about a receipt ends that is in this state.
    pub const fn of_state(state: State) -> Self {
        match state {
            State::Registered => Self::Done,
            State::Failed => Self::Refused,
            State::Queued | State::Accepted => Self::Later,
            State::Sending | State::InDoubt => Self::Unknown,
        }
    }

    /// How a command ends with this error.
    pub const fn of_error(error: &ErrorBody) -> Self {
        match (error.outcome, error.kind) {
            (Outcome::Unknown, _) => Self::Unknown,
            (_, Kind::Config | Kind::Auth | Kind::Unsupported | Kind::Closed | Kind::Forked) => Self::Usage,
            (_, Kind::NotReady | Kind::Busy | Kind::Limited | Kind::Unreachable) => Self::Later,
            _ => Self::Refused,
        }
    }

    /// The same for a command that is about no receipt: what is not known then is nothing that a shop waits for.
    #[must_use]
    pub fn about_no_receipt(self) -> Self {
        if self == Self::Unknown { Self::Refused } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
