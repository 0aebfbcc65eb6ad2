//! What an error means for the sale: code, class, outcome and advice, from what happened and from where the
//! receipt stands. Chosen here and nowhere else.

use std::borrow::Cow;

use crate::error::{Code, Error, Kind, Outcome};
use crate::receipt::registration::{Failure, State};

/// Where the receipt stands that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The journal has it in this state.
    At(State),
    /// The journal has it, of another system: here nothing is on record.
    Elsewhere,
    /// The journal never had it.
    Never,
    /// The journal does not tell.
    NotTold,
}

impl Standing {
    /// Every standing there is, for tables and tests.
    pub fn all() -> impl Iterator<Item = Self> {
        let states = State::ALL.iter().map(|state| Self::At(*state));
        states.chain([Self::Elsewhere, Self::Never, Self::NotTold])
    }

    /// Whether the sale is on record.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::At(State::Registered) => Outcome::Registered,
            Self::At(State::Queued | State::Failed) | Self::Elsewhere | Self::Never => Outcome::NotRegistered,
            Self::At(State::Sending | State::InDoubt | State::Accepted) | Self::NotTold => Outcome::Unknown,
        }
    }

    /// What to do with the id.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::At(State::Registered) => "The sale is on record: do not register it again.",
            Self::At(State::Failed) => {
                "The receipt is not on record and will not be: correct the cause and register it under a new id."
            }
            Self::Elsewhere => {
                "The receipt with this id is one of another system and does not count here: register the sale under a new \
                 id."
            }
            Self::At(State::Queued) | Self::Never => "Nothing is on record: call again with the same id.",
            Self::At(State::Sending | State::InDoubt) => {
                "Whether the sale is on record is not known: call again with the same id or `resolve` it, and never use \
                 a new id for it."
            }
            Self::At(State::Accepted) => {
                "The vendor has the document in its queue: ask with `status` or `wait`, and never use a new id for it."
            }
            Self::NotTold => {
                "Whether the sale is on record is not known: call again with the same id once the journal can be read, \
                 and never use a new id for it."
            }
        }
    }
}

/// The error that the caller sees: `cause`, told as what it means for a receipt that stands here.
pub fn verdict(cause: Error, standing: Standing) -> Error {
    let code = told_as(cause.code, standing);
    let outcome = match (code, cause.outcome) {
        // The vendor said so, and only writing it down failed.
        (_, Outcome::Registered) => Outcome::Registered,
        // What the journal holds is not to be believed, its state included.
        (Code::EntryDamaged, _) => Outcome::Unknown,
        _ => standing.outcome(),
    };
    let advice = match (code.kind(), outcome) {
        // The entry is not of this receipt.
        (Kind::Conflict, _) => code.advice().into(),
        (_, Outcome::Registered) => joined(code, Standing::At(State::Registered)),
        // What is to be corrected is no matter of the id.
        (
            Kind::Invalid | Kind::Config | Kind::Unsupported | Kind::Closed | Kind::Forked,
            Outcome::NotRegistered,
        ) => code.advice().into(),
        _ if code == Code::EntryDamaged => code.advice().into(),
        _ => joined(code, standing),
    };
    Error { code, outcome, advice, ..cause }
}

fn joined(code: Code, standing: Standing) -> Cow<'static, str> {
    format!("{} {}", code.advice(), standing.advice()).into()
}

/// The code under which a cause is told. Kinds that claim something of the sale are kept only where that is
/// so.
fn told_as(code: Code, standing: Standing) -> Code {
    use Kind::{Auth, InDoubt, Limited, NotReady, Protocol, Refused, Unreachable};
    if code == Code::EntryDamaged {
        return code;
    }
    match standing {
        Standing::At(State::Queued) | Standing::Elsewhere | Standing::Never => match code.kind() {
            Refused | InDoubt | Protocol => Code::NotTaken,
            _ if code == Code::NotFound => Code::NotTaken,
            _ => code,
        },
        Standing::At(State::Sending | State::InDoubt | State::Accepted) | Standing::NotTold => {
            match code.kind() {
                Refused | InDoubt | Protocol | Auth | Limited | Unreachable | NotReady => Code::InDoubt,
                // Somebody on the way may have said so; and it is the question that was not begun.
                _ if matches!(code, Code::NotFound | Code::NotBegun) => Code::InDoubt,
                _ => code,
            }
        }
        Standing::At(State::Registered) => match code.kind() {
            Refused | InDoubt => Code::AnswerNotUnderstood,
            _ => code,
        },
        Standing::At(State::Failed) => match code.kind() {
            InDoubt => Code::Refused,
            _ => code,
        },
    }
}

/// The error of a receipt that failed for good.
pub fn failed(failure: Option<&Failure>) -> Error {
    let code = failure.and_then(|failure| Code::named(&failure.code)).unwrap_or(Code::Refused);
    let message = failure.map_or("failed without a reason", |failure| &failure.message);
    let vendor = failure.and_then(|failure| failure.vendor.clone());
    let error = verdict(Error::new(code, message), Standing::At(State::Failed));
    Error { vendor: vendor.map(Box::new), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each class claims of the sale, by the words of its documentation.
    fn outcomes_that_fit(kind: Kind) -> &'static [Outcome] {
        match kind {
            Kind::Refused => &[Outcome::NotRegistered],
            Kind::InDoubt => &[Outcome::Unknown],
            Kind::Auth | Kind::Unreachable | Kind::Limited | Kind::NotReady => {
                &[Outcome::NotRegistered, Outcome::Registered]
            }
            _ => &[Outcome::NotRegistered, Outcome::Registered, Outcome::Unknown],
        }
    }

    #[test]
    fn text_class_outcome_and_state_never_contradict_each_other() {
        for code in Code::ALL {
            for standing in Standing::all() {
                let error = verdict(Error::new(*code, "cause"), standing);
                let place = format!("{} at {standing:?}: {error:?}", code.name());
                assert!(outcomes_that_fit(error.kind()).contains(&error.outcome), "{place}");
                let stays = *code == Code::EntryDamaged;
                assert_eq!(error.code == Code::EntryDamaged, stays, "{place}");
                assert_eq!(
                    error.outcome,
                    if stays { Outcome::Unknown } else { standing.outcome() },
                    "{place}"
                );
                if error.code == Code::NotBegun {
                    assert_ne!(error.outcome, Outcome::Unknown, "{place}");
                }
                if error.kind() == Kind::Refused {
                    assert_eq!(standing, Standing::At(State::Failed), "{place}");
                }
                let advice = error.advice.to_lowercase();
                let new_id = advice.contains("a new id") && !advice.contains("never use a new id");
                let is_free = error.kind() == Kind::Conflict
                    || matches!(standing, Standing::At(State::Failed) | Standing::Elsewhere);
                assert!(!new_id || is_free, "{place}");
                let same_id = advice.contains("the same id");
                assert!(!same_id || standing != Standing::At(State::Failed), "{place}");
                assert!(!same_id || standing != Standing::At(State::Registered), "{place}");
                if error.outcome == Outcome::Unknown && error.kind() != Kind::Conflict {
                    assert!(advice.contains("never use a new id"), "{place}");
                }
            }
        }
    }

    #[test]
    fn what_the_vendor_said_counts_where_only_writing_it_down_failed() {
        let cause = Error::new(Code::JournalUnavailable, "disk full").with_outcome(Outcome::Registered);
        let error = verdict(cause, Standing::At(State::Sending));
        assert_eq!((error.code, error.outcome), (Code::JournalUnavailable, Outcome::Registered));
        assert!(error.advice.contains("do not register it again"), "{}", error.advice);
    }

    #[test]
    fn a_conflict_has_the_outcome_of_the_receipt_that_has_the_id() {
        let of = |state| verdict(Error::new(Code::ReceiptConflict, "cause"), Standing::At(state)).outcome;
        assert_eq!(of(State::Registered), Outcome::Registered);
        assert_eq!(of(State::InDoubt), Outcome::Unknown);
        assert_eq!(of(State::Failed), Outcome::NotRegistered);
    }
}
