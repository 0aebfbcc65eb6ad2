//! What protocol/modulkassa.md leaves open, as switches with the sheet's defaults.

use serde::{Deserialize, Serialize};

/// The answer to a document id that was sent before (protocol/modulkassa.md 7 item 6, 6.1 item 19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicate {
    /// 200 with the status of the document that is there.
    Status,
    /// 409.
    #[serde(rename = "409")]
    Conflict,
    /// 400.
    #[serde(rename = "400")]
    BadRequest,
}

/// What error answers carry (protocol/modulkassa.md 7 item 7, 6.1 item 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorBodies {
    /// The JSON that clients have seen.
    Spring,
    /// Nothing, as the vendor's specification has it.
    None,
}

/// The answer for an unknown or foreign document (protocol/modulkassa.md 7 item 8, 6.1 item 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnknownDocument {
    /// 404, observed in production.
    #[serde(rename = "404")]
    NotFound,
    /// 400, as the vendor's specification could be read.
    #[serde(rename = "400")]
    BadRequest,
}

/// What happens when positions and payments differ (protocol/modulkassa.md 2.13, 6.1 item 17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SumMismatch {
    /// The document is accepted and fails at the register.
    #[serde(rename = "fail")]
    Fail,
    /// The document is refused with 400.
    #[serde(rename = "400")]
    BadRequest,
}

/// Where a document without `responseURL` ends (protocol/modulkassa.md 7 item 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinalState {
    /// `COMPLETED`.
    Completed,
    /// `PRINTED`.
    Printed,
}

/// The state after a re-queue (protocol/modulkassa.md 3.4, 6.1 item 26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequeueAnswer {
    /// `REQUEUED`, as the vendor's specification has it.
    Requeued,
    /// `QUEUED`, as a client's recorded answer has it.
    Queued,
}

/// How `fiscalInfo.date` is written (protocol/modulkassa.md 7 item 11, 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateFormat {
    /// `2019-09-04T07:14:00+00:00`.
    Offset,
    /// `2020-02-26T00:31:19.000+0000`.
    MillisNoColon,
}

/// The state of a register (protocol/modulkassa.md 3.2, 6.1 item 20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisterState {
    /// Reachable, works on documents.
    Ready,
    /// Linked, has never reported.
    Associated,
    /// Cannot read its fiscal storage; documents are accepted and wait.
    Failed,
    /// Fiscalization is switched off.
    Disabled,
}

impl RegisterState {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::Associated => "ASSOCIATED",
            Self::Failed => "FAILED",
            Self::Disabled => "DISABLED",
        }
    }
}

/// How the result is brought to the shop (protocol/modulkassa.md 3.5, 7 items 3 and 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackForm {
    /// GET with `status` and `qr`.
    Get,
    /// The same with `qr` encoded twice, as in 2017.
    GetDoubleEncoded,
    /// GET with `qr` only, as in early 2017.
    GetWithoutStatus,
    /// POST with the document's status as JSON.
    PostJson,
}

/// All switches of Modulkassa.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// The answer to a repeated document id (protocol/modulkassa.md 7 item 6).
    pub duplicate: Duplicate,
    /// What error answers carry (protocol/modulkassa.md 7 item 7).
    pub error_bodies: ErrorBodies,
    /// The answer for an unknown document (protocol/modulkassa.md 7 item 8).
    pub unknown_document: UnknownDocument,
    /// What happens when positions and payments differ (protocol/modulkassa.md 2.13).
    pub sum_mismatch: SumMismatch,
    /// Whether `email` must be an e-mail address or a phone (protocol/modulkassa.md 6.1 item 15).
    pub check_contact: bool,
    /// Whether the checksum of an INN is checked (protocol/modulkassa.md 7 item 16, 6.1 item 16).
    pub check_inn: bool,
    /// Where a document without `responseURL` ends (protocol/modulkassa.md 7 item 9).
    pub final_state: FinalState,
    /// The state after a re-queue (protocol/modulkassa.md 3.4).
    pub requeue_answer: RequeueAnswer,
    /// How `fiscalInfo.date` is written (protocol/modulkassa.md 7 item 11).
    pub date_format: DateFormat,
    /// Whether `fiscalInfo.sum` is a string (protocol/modulkassa.md 7 item 11).
    pub sum_as_string: bool,
    /// Whether `fiscalInfo.ecrRegistrationNumber` is left out (protocol/modulkassa.md 3.3).
    pub omit_registration_number: bool,
    /// The state of all registers that were not seeded with one of their own
    /// (protocol/modulkassa.md 3.2).
    pub register_state: RegisterState,
    /// The registers are offline: their time stands still and documents wait
    /// (protocol/modulkassa.md 3.2, 6.1 items 20 and 23).
    pub freeze_register_time: bool,
    /// Whether a submit is answered `COMPLETED` at once (protocol/modulkassa.md 3.4, 6.1 item 22).
    /// A document with a `responseURL` is answered `PRINTED`.
    pub instant: bool,
    /// Milliseconds of real time between two polls of a register; 5000 in the vendor's words
    /// (protocol/modulkassa.md 3.6).
    pub tick_ms: u64,
    /// How the result is brought to the shop (protocol/modulkassa.md 3.5).
    pub callback_form: CallbackForm,
    /// Whether the shop is told of a failure too (protocol/modulkassa.md 7 item 4).
    pub callback_on_failure: bool,
    /// How many times a delivery is tried again (protocol/modulkassa.md 7 item 25).
    pub callback_retries: u32,
    /// Milliseconds before the first retry; doubled at each further one
    /// (protocol/modulkassa.md 7 item 25).
    pub callback_backoff_ms: u64,
    /// Milliseconds to wait for the shop's answer (protocol/modulkassa.md 7 item 25).
    pub callback_timeout_ms: u64,
    /// Whether a callback may leave this machine (protocol/modulkassa.md 6.1 item 27).
    pub allow_foreign_callbacks: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            duplicate: Duplicate::Status,
            error_bodies: ErrorBodies::Spring,
            unknown_document: UnknownDocument::NotFound,
            sum_mismatch: SumMismatch::Fail,
            check_contact: true,
            check_inn: false,
            final_state: FinalState::Completed,
            requeue_answer: RequeueAnswer::Requeued,
            date_format: DateFormat::Offset,
            sum_as_string: false,
            omit_registration_number: false,
            register_state: RegisterState::Ready,
            freeze_register_time: false,
            instant: false,
            tick_ms: 20,
            callback_form: CallbackForm::Get,
            callback_on_failure: false,
            callback_retries: 3,
            callback_backoff_ms: 100,
            callback_timeout_ms: 5000,
            allow_foreign_callbacks: false,
        }
    }
}
