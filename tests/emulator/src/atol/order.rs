//! The order in which a registration is checked (protocol/atol.md 4.1 item 10).

use serde::{Deserialize, Serialize};

/// One check of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// `Content-Type`: error 41.
    ContentType,
    /// The body is JSON: error 0 or 40.
    Json,
    /// The token is there and lives: errors 10, 11.
    Token,
    /// The group is the token's and speaks this protocol: errors 20, 21.
    Group,
    /// The operation exists: error 31.
    Operation,
    /// Schema and rules: error 32.
    Validation,
    /// The `external_id` is new: error 33.
    Duplicate,
}

const DEFAULT: [Step; 7] = [
    Step::ContentType,
    Step::Json,
    Step::Token,
    Step::Group,
    Step::Operation,
    Step::Validation,
    Step::Duplicate,
];

/// Every [`Step`] once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Step>")]
pub struct CheckOrder(Vec<Step>);

impl CheckOrder {
    /// The steps in order. A last [`Step::Duplicate`] is not among them: the document that is
    /// accepted is looked up anyway, in one go with its acceptance.
    pub fn steps(&self) -> &[Step] {
        self.0.strip_suffix(&[Step::Duplicate]).unwrap_or(&self.0)
    }
}

impl Default for CheckOrder {
    fn default() -> Self {
        Self(DEFAULT.to_vec())
    }
}

impl TryFrom<Vec<Step>> for CheckOrder {
    type Error = String;

    fn try_from(steps: Vec<Step>) -> Result<Self, String> {
        let whole = steps.len() == DEFAULT.len() && DEFAULT.iter().all(|step| steps.contains(step));
        if whole { Ok(Self(steps)) } else { Err("every check must be there once".to_owned()) }
    }
}
