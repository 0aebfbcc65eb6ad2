//! What protocol/atol.md leaves open, as switches; the defaults stand at the end.

use serde::{Deserialize, Serialize};

use super::order::CheckOrder;

/// The error of a body that is not JSON (protocol/atol.md 4.1 item 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BadJson {
    /// Error 0, type `unknown`, as observed.
    #[serde(rename = "0")]
    Undefined,
    /// Error 40.
    #[serde(rename = "40")]
    BadRequest,
}

/// The error of a malformed `getToken` (protocol/atol.md 5.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthValidation {
    /// 32, as observed.
    #[serde(rename = "32")]
    Receipt,
    /// 13, as documented.
    #[serde(rename = "13")]
    Request,
}

/// The HTTP status of error 33 (protocol/atol.md 5.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DuplicateHttp {
    /// By the table.
    #[serde(rename = "400")]
    BadRequest,
    /// As clients' mocks have it.
    #[serde(rename = "200")]
    Ok,
}

/// What a callback URL outside the mask does in v5 (protocol/atol.md 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadCallback {
    /// Error 32: the schema has the mask.
    #[serde(rename = "32")]
    Refused,
    /// The document is registered and the report warns.
    Warning,
}

/// The newest v4 document that the service knows (protocol/atol.md 5.5, 2.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RevisionV4 {
    /// 5.15 of May 2023.
    #[serde(rename = "5.15")]
    Old,
    /// 5.23 of December 2025.
    #[serde(rename = "5.23")]
    New,
}

/// The newest v5 document that the service knows (protocol/atol.md 4.1 item 11, 5.19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RevisionV5 {
    /// 3.5.
    #[serde(rename = "3.5")]
    Old,
    /// What newer clients send is known too.
    #[serde(rename = "newer")]
    New,
}

/// When a v4 correction needs `base_number` (protocol/atol.md 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseNumber {
    /// Never, as observed in 2026.
    Optional,
    /// For an order of the tax service, by the newer table.
    Instruction,
    /// Always, by the schema.
    Required,
}

/// The driver code of a wrong VAT amount (protocol/atol.md 4.1 item 21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum VatErrorCode {
    /// Wrong tax amount.
    #[serde(rename = "128")]
    First,
    /// The second code of the same meaning.
    #[serde(rename = "243")]
    Second,
}

/// What `vats[].sum` of `none` and `vat0` means (protocol/atol.md 5.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroVatSum {
    /// Zero and the settlement amount both pass.
    Any,
    /// Only zero passes.
    Zero,
    /// Only the settlement amount passes.
    Amount,
}

/// Which error bodies carry `error_id` (protocol/atol.md 2.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorIds {
    /// Those of the service, not those of registers in reports: as observed.
    Service,
    /// All, as the schema has it.
    Always,
    /// None.
    Never,
}

/// The form of the monitoring list (protocol/atol.md 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListForm {
    /// A bare array.
    Array,
    /// The array under `data`.
    Data,
}

/// All switches of ATOL Online.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// The order in which a registration is checked (protocol/atol.md 4.1 item 10).
    pub check_order: CheckOrder,
    /// The error of a body that is not JSON (protocol/atol.md 4.1 item 4).
    pub bad_json: BadJson,
    /// The error of a malformed `getToken` (protocol/atol.md 5.11).
    pub auth_validation: AuthValidation,
    /// How many tokens of a login live at a time on each service (protocol/atol.md 4.1 item 6).
    pub token_replicas: usize,
    /// Hours from the issue of a token to its end (protocol/atol.md 2.3).
    pub token_hours: i64,
    /// Whether the tokens of registration and monitoring are the same (protocol/atol.md 1.2).
    pub tokens_shared: bool,
    /// What stands between two violations in one text (protocol/atol.md 2.13).
    pub violation_separator: String,
    /// Which error bodies carry `error_id` (protocol/atol.md 2.13).
    pub error_ids: ErrorIds,
    /// The HTTP status of error 33 (protocol/atol.md 5.12).
    pub duplicate_http: DuplicateHttp,
    /// Whether the `external_id` of a failed document may be sent again (protocol/atol.md 5.22).
    pub reuse_after_fail: bool,
    /// What a callback URL outside the mask does in v5 (protocol/atol.md 5.6).
    pub bad_callback_v5: BadCallback,
    /// What a callback URL of `""` does in v5: its schema has the mask, which lets no empty text pass; `warning` takes it
    /// for none, as v4 does (protocol/atol.md 5.6).
    pub empty_callback_v5: BadCallback,
    /// The newest v4 document known: limits and VAT words (protocol/atol.md 5.5).
    pub v4_revision: RevisionV4,
    /// Whether v4 requires what only the tables require: `company.email`, `vat`
    /// (protocol/atol.md 5.4).
    pub v4_table_required: bool,
    /// Whether v4 has the limits that only the tables have: names of 128 characters, 100 items
    /// (protocol/atol.md 2.6).
    pub v4_table_limits: bool,
    /// When a v4 correction needs `base_number` (protocol/atol.md 5.3).
    pub v4_base_number: BaseNumber,
    /// The newest v5 document known: fields and VAT words (protocol/atol.md 4.1 item 11).
    pub v5_revision: RevisionV5,
    /// Whether `planned_status` is required with `gs1m` and `short` (protocol/atol.md 2.7.1).
    pub v5_planned_status_required: bool,
    /// Whether a marked item must have quantity 1 and measure 0 (protocol/atol.md 2.7.1).
    pub v5_marked_item_is_one_piece: bool,
    /// Whether v5 leaves optional what the tables leave optional: `vats[].sum`, phones of agents
    /// (protocol/atol.md 5.7).
    pub v5_table_optional: bool,
    /// Whether every element of an array is checked, not only the first (protocol/atol.md 5.8).
    pub check_every_element: bool,
    /// Whether `vat20` and `vat120` are refused in `sell` and `buy` (protocol/atol.md 5.20).
    pub refuse_vat20: bool,
    /// Whether a v5 timestamp may have the hour 24 (protocol/atol.md 5.24).
    pub hour_24: bool,
    /// The offset of the times on the wire from UTC (protocol/atol.md 5.21).
    pub utc_offset_hours: i8,
    /// Milliseconds of real time between two looks of the registers at their queue
    /// (protocol/atol.md 4.1 item 19).
    pub tick_ms: u64,
    /// How many documents each register works off at a look (protocol/atol.md 4.1 item 19).
    pub documents_per_tick: usize,
    /// Whether the registers are on; off, documents wait (protocol/atol.md 4.1 item 19).
    pub registers_on: bool,
    /// Seconds in the queue after which a document fails (protocol/atol.md 2.15).
    pub queue_timeout_s: i64,
    /// Whether a document whose `company.sno` is not the group's fails with `driver` 143 (protocol/atol.md 2.14). A cash
    /// register may be registered with more than one; the emulator's group has one.
    pub check_tax_system: bool,
    /// How many kopecks a VAT amount may be off, by position (protocol/atol.md 4.1 item 21).
    pub vat_tolerance_kopecks: u32,
    /// The driver code of a wrong VAT amount (protocol/atol.md 4.1 item 21).
    pub vat_error_code: VatErrorCode,
    /// What `vats[].sum` of `none` and `vat0` means (protocol/atol.md 5.9).
    pub zero_vat_sum: ZeroVatSum,
    /// The result of every check of a marking code (protocol/atol.md 4.1 item 24).
    pub mark_result: u8,
    /// Whether the marking system does not answer (protocol/atol.md 4.1 item 24).
    pub ism_timeout: bool,
    /// Whether the report of a waiting document has its `uuid` (protocol/atol.md 5.10).
    pub wait_has_uuid: bool,
    /// For how many days a v4 document can be asked for (protocol/atol.md 5.13).
    pub v4_retention_days: i64,
    /// For how many days a v5 document can be asked for (protocol/atol.md 5.13).
    pub v5_retention_days: i64,
    /// Whether v4 reports are limited to one a second for each register; the answer is invented
    /// (protocol/atol.md 4.1 item 31).
    pub report_rate_limit: bool,
    /// How many times a callback is tried again (protocol/atol.md 5.23).
    pub callback_retries: u32,
    /// Milliseconds before the first retry; doubled at each further one (protocol/atol.md 5.23).
    pub callback_backoff_ms: u64,
    /// Milliseconds to wait for the shop's answer (protocol/atol.md 4.1 item 32).
    pub callback_timeout_ms: u64,
    /// Whether a callback may leave this machine.
    pub allow_foreign_callbacks: bool,
    /// The form of the monitoring list (protocol/atol.md 5.2).
    pub monitoring_list: ListForm,
    /// How many registers a list has when no `limit` is given; 0 for all (protocol/atol.md 1.3).
    pub monitoring_default_limit: usize,
    /// How many registers a list has at most; 0 for no limit (protocol/atol.md 1.3).
    pub monitoring_max_limit: usize,
    /// The HTTP status for an unknown serial number (protocol/atol.md 1.4).
    pub monitoring_unknown_serial: u16,
    /// `networkErrorCode` of the registers that have none of their own, 0 to 8
    /// (protocol/atol.md 1.6).
    pub network_error_code: u8,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            check_order: CheckOrder::default(),
            bad_json: BadJson::Undefined,
            auth_validation: AuthValidation::Receipt,
            token_replicas: 1,
            token_hours: 24,
            tokens_shared: false,
            violation_separator: ", ".to_owned(),
            error_ids: ErrorIds::Service,
            duplicate_http: DuplicateHttp::BadRequest,
            reuse_after_fail: false,
            bad_callback_v5: BadCallback::Refused,
            empty_callback_v5: BadCallback::Refused,
            v4_revision: RevisionV4::New,
            v4_table_required: false,
            v4_table_limits: true,
            v4_base_number: BaseNumber::Optional,
            v5_revision: RevisionV5::New,
            v5_planned_status_required: false,
            v5_marked_item_is_one_piece: false,
            v5_table_optional: false,
            check_every_element: true,
            refuse_vat20: false,
            hour_24: false,
            utc_offset_hours: 3,
            tick_ms: 20,
            documents_per_tick: 100,
            registers_on: true,
            queue_timeout_s: 300,
            check_tax_system: false,
            vat_tolerance_kopecks: 1,
            vat_error_code: VatErrorCode::First,
            zero_vat_sum: ZeroVatSum::Any,
            mark_result: 15,
            ism_timeout: false,
            wait_has_uuid: true,
            v4_retention_days: 32,
            v5_retention_days: 30,
            report_rate_limit: false,
            callback_retries: 0,
            callback_backoff_ms: 100,
            callback_timeout_ms: 5000,
            allow_foreign_callbacks: false,
            monitoring_list: ListForm::Array,
            monitoring_default_limit: 0,
            monitoring_max_limit: 0,
            monitoring_unknown_serial: 404,
            network_error_code: 0,
        }
    }
}
