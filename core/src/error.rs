//! The one error of the library: what happened, whether the sale is on record, what to do next.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::shown;

/// Result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// The family of an error; each one is an exception class in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ErrorKind")]
pub enum Kind {
    /// The configuration cannot be used as it is.
    Config,
    /// The request is wrong; `violations` names everything that is.
    Invalid,
    /// This vendor cannot do it; `capabilities` says so beforehand.
    Unsupported,
    /// The same id was used before with other content, or in another system.
    Conflict,
    /// The vendor does not accept the credentials.
    Auth,
    /// The vendor or its cash register refused the document for good.
    Refused,
    /// The cash register has to be made ready first: its shift, its paper, its drawer. Nothing came on
    /// record.
    NotReady,
    /// Somebody else is working on the same cash register or document, or the time was too short; nothing was
    /// sent.
    Busy,
    /// The vendor asks to slow down.
    Limited,
    /// The vendor could not be reached or did not answer; nothing came on record through the call.
    Unreachable,
    /// Something was sent and it is not known what became of it.
    InDoubt,
    /// The vendor answered something that its protocol does not know.
    Protocol,
    /// The journal could not be read or written.
    Journal,
    /// The client is closed.
    Closed,
    /// The client was opened before a fork and is used after it.
    Forked,
    /// A defect of this library.
    Internal,
}

/// Whether the sale is on the fiscal record: the only question a shop has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing came on record through this call.
    NotRegistered,
    /// The document is on record although the call failed afterwards.
    Registered,
    /// It is not known; ask again with the same id, or `resolve` it.
    Unknown,
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// JSON pointer into the request (RFC 6901); empty for the request as a whole.
    pub path: String,
    /// Stable code, one of the table of error codes.
    pub code: String,
    /// What is wrong, in a sentence.
    pub message: String,
}

/// What the vendor itself said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VendorFault {
    /// Which vendor.
    pub name: String,
    /// The vendor's own code, as it came.
    pub code: Option<String>,
    /// The vendor's own words.
    pub message: Option<String>,
    /// HTTP status of the answer.
    pub http_status: Option<u16>,
}

impl VendorFault {
    /// The same with control characters shown.
    #[must_use]
    pub fn legible(self) -> Self {
        Self { code: self.code.map(legible), message: self.message.map(legible), ..self }
    }
}

/// The text as a person may read it.
fn legible(text: String) -> String {
    match shown(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(shown) => shown,
    }
}

macro_rules! codes {
    ($($variant:ident $name:literal $kind:ident $advice:literal;)*) => {
        /// Stable code of an error. Codes are never renamed and never used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $advice] $variant,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code as it stands in an envelope.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// The family the code belongs to.
            pub const fn kind(self) -> Kind {
                match self { $(Code::$variant => Kind::$kind,)* }
            }

            /// What it means, and what to do about the cause. What to do with the id of a receipt depends on
            /// where that stands and is said in `delivery::verdict`.
            pub const fn advice(self) -> &'static str {
                match self { $(Code::$variant => $advice,)* }
            }
        }
    };
}

codes! {
    ConfigInvalid "config_invalid" Config "The configuration has mistakes; correct what `violations` names.";
    JournalUnset "journal_unset" Config "No place for the journal was found; set `journal` or KASSA_JOURNAL to `sqlite:PATH`.";
    CredentialsMissing "credentials_missing" Config "The call needs credentials that neither the configuration nor the journal has.";

    RegisterChanged "register_changed" Config "The configuration leads to another cash register than the one that the journal has under this name, or gives a known one a new name; nothing was sent. Go back to the former configuration and settle what is not final (`deliver`, or a verdict with `resolve`), or give a new cash register a `register` name of its own.";

    JsonBroken "json_broken" Invalid "The text is not JSON.";
    RequestTooLarge "request_too_large" Invalid "The request is larger than the library takes.";
    UnknownField "unknown_field" Invalid "The field does not exist; check its spelling.";
    DuplicateField "duplicate_field" Invalid "The field is given twice.";
    MissingField "missing_field" Invalid "The field is required.";
    WrongType "wrong_type" Invalid "The value has the wrong JSON type.";
    WrongValue "wrong_value" Invalid "The value is not one of those allowed.";
    WrongFormat "wrong_format" Invalid "The text does not have the form that the field asks for.";
    TooLong "too_long" Invalid "The text or list is longer than allowed.";
    TooShort "too_short" Invalid "The text or list is shorter than allowed.";
    TooDeep "too_deep" Invalid "The JSON is nested too deeply.";
    OutOfRange "out_of_range" Invalid "The number is outside of the range allowed.";
    Negative "negative" Invalid "Amounts and quantities are never negative.";
    NotADecimal "not_a_decimal" Invalid "Write the value as a plain decimal string such as \"150.00\".";
    TooManyDecimals "too_many_decimals" Invalid "Amounts have 2 decimals at most, quantities 3 (6 where the vendor allows it).";
    TooLarge "too_large" Invalid "The number is too large for a receipt.";
    PaymentsDiffer "payments_differ" Invalid "The payments do not add up to the items.";
    DiscountTooLarge "discount_too_large" Invalid "The discount is larger than the line it belongs to.";
    VatNotAllowed "vat_not_allowed" Invalid "This vendor does not know the VAT rate, or it was not in force on the receipt's day; in a warning: look whether the rate is meant.";
    VatSumDiffers "vat_sum_differs" Invalid "The VAT sum is not what the rate gives of the line.";
    CorrectionMismatch "correction_mismatch" Invalid "`correction` belongs to the correction kinds, and to them only.";
    NotForThisVendor "not_for_this_vendor" Invalid "This vendor cannot carry the field.";
    ReceiptUnknown "receipt_unknown" Invalid "The journal has no receipt with this id.";
    NotOnRecord "not_on_record" Invalid "A slip is a copy of what is on the fiscal record, and the receipt is not known to be there. Bring it there first, or ask for a `draft`: that says on it that it is no receipt.";
    ContentUnknown "content_unknown" Invalid "The journal does not hold what the receipt says: it is a document of the vendor's own form or a movement of cash, or an earlier version wrote it.";
    VerdictNotWanted "verdict_not_wanted" Invalid "A person's verdict is for receipts whose fate is not known.";
    CallbackUnreadable "callback_unreadable" Invalid "This is not a callback of the vendor; ask for the status instead.";
    NotFound "not_found" Invalid "The vendor does not know the object that was asked for.";
    NotRequeueable "not_requeueable" Invalid "Only a failed document can be put back into the queue.";

    OperationUnknown "operation_unknown" Unsupported "There is no such operation.";
    Unsupported "unsupported" Unsupported "The vendor cannot do this; see `capabilities`.";

    ReceiptConflict "receipt_conflict" Conflict "The id belongs to a receipt with other content, and `outcome` is that receipt's; nothing was sent now. Use a new id for a new receipt, and settle that one first where its outcome is `unknown`.";
    OtherSystem "other_system" Conflict "The id belongs to a receipt of another system, such as the emulator or a demo system, and does not count here; nothing was sent now. Use a new id for the sale.";

    BasisUnusable "basis_unusable" Conflict "The receipt that this one builds on is not on record, or the journal does not hold what it says; nothing was sent. Settle that one, or give `items` and `payments` yourself, without `refund_of`, `settles` and `corrects`.";
    BasisExceeded "basis_exceeded" Conflict "It asks for more than is left of the receipt that it builds on; nothing was sent. The message says what is left. One that was never sent and is not wanted any more is withdrawn with a verdict (`resolve`, `on_record` false).";

    CredentialsRefused "credentials_refused" Auth "The vendor refuses the credentials: correct them.";
    NotPermitted "not_permitted" Auth "The credentials have no right to this: ask the vendor.";
    LoginNeeded "login_needed" Auth "A person has to log in: `start_login`, tell the code, `finish_login`.";
    KeyRefused "key_refused" Auth "The cash register does not accept the web-api key: read or set the key on the device and give it to `resolve` or the configuration.";

    Refused "refused" Refused "The vendor refused it for good.";
    FiscalizationFailed "fiscalization_failed" Refused "The cash register could not record the document.";
    KeyTaken "key_taken" Refused "The vendor has another document under this id, made by another program or another cash register's journal.";
    WithdrawnByPerson "withdrawn_by_person" Refused "A person decided that this receipt is not on record.";

    RegisterNotReady "register_not_ready" NotReady "The cash register cannot record now: remove the cause.";
    DrawerNotEmpty "drawer_not_empty" NotReady "There is cash in the drawer, so the shift stays open: `withdraw` it, or let `close_shift` do that.";

    Busy "busy" Busy "Another process works on the same document or cash register.";
    RegisterBlocked "register_blocked" Busy "An earlier document of this cash register is in doubt: settle it with `resolve`.";
    NotBegun "not_begun" Busy "The time of the call did not suffice for a whole exchange with the vendor, so none was begun.";
    HostExhausted "host_exhausted" Busy "This process has no thread or file left that the library needs; nothing was sent.";
    Limited "limited" Limited "The vendor asks to slow down: wait, for `retry_after_ms` where it says how long.";
    Unreachable "unreachable" Unreachable "The vendor could not be reached, and nothing was sent.";
    NoAnswer "no_answer" Unreachable "The vendor did not answer.";
    NotTaken "not_taken" Unreachable "The vendor did not take the document this time.";
    InDoubt "in_doubt" InDoubt "What became of it is not known.";
    EntryDamaged "entry_damaged" InDoubt "What the journal holds of this receipt is not what was written there. Look at the cash register's own list, then decide with a verdict (`resolve`); never use a new id for this sale.";
    AnswerNotUnderstood "answer_not_understood" Protocol "The vendor answered something its protocol does not know.";
    JournalUnavailable "journal_unavailable" Journal "The journal cannot be opened, read or written: check path, rights and disk space.";
    JournalInUse "journal_in_use" Journal "Another copy of this library in this process has the journal open, and the two would destroy it; nothing was sent. Have the process load one copy only: one installed package, one release; after an upgrade restart it.";
    JournalLocked "journal_locked" Journal "Secrets in the journal are encrypted with a key that `journal_key` does not name. Give that key, as a further line behind newer ones.";
    JournalTooNew "journal_too_new" Journal "The journal was written by a newer version of this library; nothing in it was touched. Upgrade.";
    JournalDamaged "journal_damaged" Journal "The journal holds something that cannot be read. Keep the file and ask for help.";
    Superseded "superseded" Journal "Another process took over this document while this one was slow.";
    ClientClosed "client_closed" Closed "The client was closed or never opened; open a new one.";
    ClientForked "client_forked" Forked "The client was opened before a fork; nothing was sent. Open a new one in this process.";
    Internal "internal" Internal "A defect of this library. Please report it with the message.";
}

impl Code {
    /// The code with this name; violations carry names, errors carry codes.
    pub fn named(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// Whether something may have come on record, as far as the code alone tells.
    pub const fn outcome(self) -> Outcome {
        match self {
            Code::InDoubt
            | Code::EntryDamaged
            | Code::AnswerNotUnderstood
            | Code::Superseded
            | Code::Internal => Outcome::Unknown,
            _ => Outcome::NotRegistered,
        }
    }
}

/// What went wrong, in the words of the envelope (`error` in DESIGN terms).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Stable code; it decides the kind.
    pub code: Code,
    /// What happened, for a person.
    pub message: String,
    /// What to do next.
    pub advice: Cow<'static, str>,
    /// Whether the sale is on record.
    pub outcome: Outcome,
    /// When it makes sense to try again, in milliseconds from now.
    pub retry_after_ms: Option<u64>,
    /// Everything that is wrong with the request, at once.
    pub violations: Vec<Violation>,
    /// What the vendor said.
    pub vendor: Option<Box<VendorFault>>,
}

impl Error {
    /// An error that is about no receipt: outcome and advice are what the code says by itself. Control characters in
    /// the message are shown, not kept: some of it may come from outside.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: legible(message.into()),
            advice: code.advice().into(),
            outcome: code.outcome(),
            retry_after_ms: None,
            violations: Vec::new(),
            vendor: None,
        }
    }

    /// The request has these mistakes. The list must not be empty.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let code = match violations.first() {
            Some(first) => Code::named(&first.code).unwrap_or(Code::WrongValue),
            None => Code::Internal,
        };
        let place = |v: &Violation| match v.path.as_str() {
            "" => v.message.clone(),
            path => format!("{path}: {}", v.message),
        };
        let message = match violations.as_slice() {
            [] => "refused without a reason".into(),
            [only] => place(only),
            [first, rest @ ..] => format!("{}, and {} more", place(first), rest.len()),
        };
        Self { violations, ..Self::new(code, message) }
    }

    /// The same error under another code.
    #[must_use]
    pub fn with_code(self, code: Code) -> Self {
        Self { code, advice: code.advice().into(), outcome: code.outcome(), ..self }
    }

    /// The same error with another answer to "is it on record?".
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// The same error with the time after which it makes sense to try again.
    #[must_use]
    pub fn after(mut self, retry_after_ms: Option<u64>) -> Self {
        self.retry_after_ms = retry_after_ms;
        self
    }

    /// The same error with what the vendor said.
    #[must_use]
    pub fn with_vendor(mut self, fault: VendorFault) -> Self {
        self.vendor = Some(Box::new(fault.legible()));
        self
    }

    /// The family of the error.
    pub fn kind(&self) -> Kind {
        self.code.kind()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.code.name(), self.message, self.advice)
    }
}

impl std::error::Error for Error {}

/// The error as it crosses the boundary: `{"error": {...}}`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// Stable code.
    pub code: String,
    /// Family of the code: the exception class.
    pub kind: Kind,
    /// What happened, for a person.
    pub message: String,
    /// What to do next.
    pub advice: String,
    /// Whether the sale is on record.
    pub outcome: Outcome,
    /// When it makes sense to try again, in milliseconds from now.
    pub retry_after_ms: Option<u64>,
    /// Everything that is wrong with the request.
    pub violations: Vec<Violation>,
    /// What the vendor said.
    pub vendor: Option<VendorFault>,
}

impl From<Error> for ErrorBody {
    fn from(error: Error) -> Self {
        Self {
            code: error.code.name().into(),
            kind: error.kind(),
            message: error.message,
            advice: error.advice.into_owned(),
            outcome: error.outcome,
            retry_after_ms: error.retry_after_ms,
            violations: error.violations,
            vendor: error.vendor.map(|fault| *fault),
        }
    }
}

/// A violation at a JSON pointer.
pub(crate) fn violation(path: impl Into<String>, code: Code, message: impl Into<String>) -> Violation {
    Violation { path: path.into(), code: code.name().into(), message: legible(message.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_names_are_unique() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn one_violation_gives_the_error_its_code() {
        let error = Error::invalid(vec![violation("/payments", Code::PaymentsDiffer, "x")]);
        assert_eq!((error.code, error.kind()), (Code::PaymentsDiffer, Kind::Invalid));
        assert_eq!(error.outcome, Outcome::NotRegistered);
    }
}
