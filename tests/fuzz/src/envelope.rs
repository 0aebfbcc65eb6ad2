//! What an envelope must be, whatever was asked and answered.

use kassa::error::{Code, ErrorBody, Kind};
use serde::Deserialize;
use serde_json::value::RawValue;

/// An envelope that holds.
pub enum Envelope {
    /// The response.
    Ok(Box<RawValue>),
    /// The error.
    Error(ErrorBody),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Written {
    Ok(Box<RawValue>),
    Error(ErrorBody),
}

/// The members of a response that the properties speak of.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Told {
    /// State of a registration.
    pub state: Option<String>,
    /// Of `validate`.
    pub valid: Option<bool>,
    /// Total that `validate` computed.
    pub total: Option<String>,
    /// The id of a registration.
    pub receipt_id: Option<String>,
}

impl Envelope {
    /// The envelope in a text. Panics where it is none, or says that the library has a defect.
    pub fn held(text: &str, asked: &str) -> Self {
        let written: Written = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("not an envelope ({error}): {text}\nasked: {asked}"));
        match written {
            Written::Ok(response) => Self::Ok(response),
            Written::Error(error) => {
                let code = Code::named(&error.code).unwrap_or_else(|| panic!("no such code: {text}"));
                assert!(code != Code::Internal, "a defect: {text}\nasked: {asked}");
                assert_eq!(code.kind(), error.kind, "{text}");
                assert!(!error.message.is_empty() && !error.advice.is_empty(), "{text}");
                assert!(
                    error.violations.iter().all(|one| Code::named(&one.code).is_some()),
                    "a violation of an unknown code: {text}"
                );
                Self::Error(error)
            }
        }
    }

    /// The members of the response, where it is one.
    pub fn told(&self) -> Told {
        match self {
            Self::Ok(response) => serde_json::from_str(response.get()).unwrap_or_default(),
            Self::Error(_) => Told::default(),
        }
    }

    /// True for a response with this state.
    pub fn says(&self, state: &str) -> bool {
        self.told().state.as_deref() == Some(state)
    }

    /// True for an error that only the request can be the reason of.
    pub fn blames_the_request(&self) -> bool {
        match self {
            Self::Ok(_) => false,
            Self::Error(error) => {
                matches!(error.kind, Kind::Invalid | Kind::Unsupported | Kind::Conflict | Kind::Config)
            }
        }
    }
}
