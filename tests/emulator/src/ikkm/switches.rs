//! What protocol/ikkm.md leaves open, as switches with the sheet's defaults.

use serde::{Deserialize, Serialize};

/// What makes a call a repeat (protocol/ikkm.md 3.3 item 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatCriterion {
    /// The key alone.
    Key,
    /// The key, the path and all parameters.
    KeyAndPayload,
}

/// Where a repeat is recognised (protocol/ikkm.md 3.3 item 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatCheck {
    /// Before everything but the form of the key.
    First,
    /// After the checks of battery, paper, shift, OFD and drawer.
    Last,
}

/// The answer of `/dump/transaction` for a key that made nothing (protocol/ikkm.md 7 item 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupNotFound {
    /// 400 and `-7`.
    Code,
    /// 200 and no body.
    Empty,
    /// 200 and `{}`.
    Object,
    /// 404.
    #[serde(rename = "404")]
    NotFound,
}

/// Which amounts the firmware reads (protocol/ikkm.md 2.3, 6.1 item E10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amounts {
    /// Old firmware: digits only.
    Whole,
    /// New firmware: a point and decimals; more than two are rounded.
    Tiyn,
}

/// The reason phrase of a success that has a receipt number (protocol/ikkm.md 3.1, 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptReason {
    /// The number.
    Number,
    /// `OK`.
    Ok,
    /// Nothing, not even a space.
    Absent,
}

/// Language and bytes of the cause in the reason phrase (protocol/ikkm.md 7 item 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// English.
    English,
    /// Russian in UTF-8.
    RussianUtf8,
    /// Russian in Windows-1251.
    RussianWindows1251,
}

/// What stands around the number in a text body (protocol/ikkm.md 6.1 item E2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextBody {
    /// Nothing.
    Bare,
    /// A line end behind it.
    Crlf,
    /// A byte order mark before it.
    Bom,
}

/// The number in the reason phrase of a deposit or withdrawal (protocol/ikkm.md 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CashNumber {
    /// The next in the series of receipts.
    Next,
    /// The number of the last receipt.
    LastReceipt,
}

/// What too fast a client gets (protocol/ikkm.md 6.1 item E20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaceAnswer {
    /// `-2`.
    Busy,
    /// The connection is closed.
    Close,
}

/// The answer of `/apizreport` and `/apixreport` (protocol/ikkm.md 6.1 item E16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportAnswer {
    /// 200 and `0`.
    Zero,
    /// The connection is closed.
    Close,
}

/// The code of a return whose payment exceeds it (protocol/ikkm.md 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OverpaidReturn {
    /// `-13`.
    #[serde(rename = "-13")]
    MoreThanTotal,
    /// `-9`.
    #[serde(rename = "-9")]
    BadValue,
}

/// What happens with `itemdata` (protocol/ikkm.md 2.5, 6.1 item E9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemData {
    /// It is read and stored.
    Enabled,
    /// The function is off: it is not looked at.
    Ignored,
    /// The function is off: `-17`.
    Refused,
}

/// Literal types in JSON (protocol/ikkm.md 5, 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonLiterals {
    /// As documented.
    Documented,
    /// Every number is a string.
    Strings,
    /// Every string that is a number, without a leading zero, is a number.
    Numbers,
}

/// The fiscal object of an archived shift (protocol/ikkm.md 5.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArchivedFiscal {
    /// `fiscalData`.
    #[serde(rename = "fiscalData")]
    Current,
    /// `fiscalDataOnShiftOpen`.
    #[serde(rename = "fiscalDataOnShiftOpen")]
    OnShiftOpen,
}

/// The name of the mark of an archived shift (protocol/ikkm.md 5.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArchivedName {
    /// As documented, without "c".
    #[serde(rename = "isArhived")]
    Documented,
    /// As English has it.
    #[serde(rename = "isArchived")]
    Correct,
}

/// All switches of iKKM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// How many answers the device remembers; 0 for all (protocol/ikkm.md 3.3 item 1, 6.1 item E6).
    pub repeat_depth: usize,
    /// Whether a reboot forgets them (protocol/ikkm.md 3.3 item 3, 6.1 item E6).
    pub repeat_volatile: bool,
    /// What makes a call a repeat (protocol/ikkm.md 3.3 item 2, 6.1 item E6).
    pub repeat_criterion: RepeatCriterion,
    /// Where a repeat is recognised (protocol/ikkm.md 3.3 item 4, 6.1 item E6).
    pub repeat_check: RepeatCheck,
    /// Whether deposits and withdrawals are remembered too (protocol/ikkm.md 3.3 item 5).
    pub repeat_cash: bool,
    /// Whether the operator's new key leaves the remembered answers alone (protocol/ikkm.md 3.2).
    pub repeat_survives_rekey: bool,
    /// Whether `/apicheck` compares the key at all (protocol/ikkm.md 7 item 2).
    pub check_compares_key: bool,
    /// Whether `/apicheck` takes the previous key too (protocol/ikkm.md 3.3 item 6).
    pub check_accepts_previous_key: bool,
    /// Whether `/dump/...` takes the previous key too (protocol/ikkm.md 3.3 item 6).
    pub dump_accepts_previous_key: bool,
    /// Whether the key outlives a reboot (protocol/ikkm.md 7 item 4).
    pub key_survives_reboot: bool,
    /// Whether a receipt made by hand moves the key (protocol/ikkm.md 7 item 4).
    pub hand_sale_moves_key: bool,
    /// Whether switching the web-api off and on moves the key (protocol/ikkm.md 7 item 4).
    pub web_api_moves_key: bool,
    /// How many digits a new key has (protocol/ikkm.md 6.1 item E4).
    pub key_digits: u32,
    /// The answer for a key that made nothing (protocol/ikkm.md 7 item 2, 6.1 item E7).
    pub lookup_not_found: LookupNotFound,
    /// Whether `/dump/transaction` finds deposits and withdrawals (protocol/ikkm.md 7 item 2).
    pub lookup_finds_cash: bool,
    /// Whether `/dump/transaction` needs the senior cashier
    /// (protocol/ikkm.md 7 item 2, 6.1 item E15).
    pub lookup_needs_senior: bool,
    /// Which amounts the firmware reads (protocol/ikkm.md 6.1 item E10).
    pub amounts: Amounts,
    /// Whether a `+` in parameters is a space (1, encoding).
    pub plus_is_space: bool,
    /// The code of a return whose payment exceeds it (protocol/ikkm.md 2.2).
    pub overpaid_return: OverpaidReturn,
    /// Whether a return or purchase may be paid otherwise than in cash (protocol/ikkm.md 7 item 7);
    /// else -7.
    pub noncash_return: bool,
    /// What happens with `itemdata` (protocol/ikkm.md 2.5, 6.1 item E9).
    pub itemdata: ItemData,
    /// Whether positions must add up to the amount (protocol/ikkm.md 2.5); else -17.
    pub itemdata_sum_checked: bool,
    /// Characters in a printed line (protocol/ikkm.md 2.4).
    pub printer_columns: usize,
    /// Whether `print` of `/api` honours the special lines (protocol/ikkm.md 2.4).
    pub special_lines_in_receipt: bool,
    /// The reason phrase of a success with a receipt number (protocol/ikkm.md 3.1).
    pub receipt_reason: ReceiptReason,
    /// Language and bytes of error causes (protocol/ikkm.md 7 item 8).
    pub cause: Cause,
    /// What stands around the number in a text body (protocol/ikkm.md 6.1 item E2).
    pub text_body: TextBody,
    /// The number of a deposit or withdrawal (protocol/ikkm.md 6.3).
    pub cash_number: CashNumber,
    /// The answer of the reports (protocol/ikkm.md 6.1 item E16).
    pub report_answer: ReportAnswer,
    /// Whether a Z report works in states -3 and -11 (protocol/ikkm.md 7 item 9).
    pub z_in_any_shift: bool,
    /// Milliseconds of real time between two requests (protocol/ikkm.md 0.1, 6.1 item E20); 0 for
    /// no limit.
    pub pace_ms: u64,
    /// What too fast a client gets (protocol/ikkm.md 6.1 item E20).
    pub pace_answer: PaceAnswer,
    /// Milliseconds of real time that a registration takes (protocol/ikkm.md 6.1 item E19).
    pub processing_ms: u64,
    /// Milliseconds of real time that the bank application takes (protocol/ikkm.md 6.1 item E17).
    pub bank_busy_ms: u64,
    /// Literal types in JSON (protocol/ikkm.md 5.12, 6.2).
    pub json_literals: JsonLiterals,
    /// Fields left out of JSON, separated by commas (protocol/ikkm.md 6.2).
    pub json_omit: String,
    /// Whether every JSON object has a field that is not documented (protocol/ikkm.md 6.2).
    pub json_unknown_field: bool,
    /// The name of the mark of an archived shift (protocol/ikkm.md 5.8).
    pub archived_name: ArchivedName,
    /// Whether that mark is a string (protocol/ikkm.md 5.8).
    pub archived_as_string: bool,
    /// The fiscal object of an archived shift (protocol/ikkm.md 5.8).
    pub archived_fiscal: ArchivedFiscal,
    /// Whether the device has a battery (protocol/ikkm.md 5.10).
    pub battery_present: bool,
    /// Hours of the device's local time ahead of UTC (5).
    pub utc_offset_hours: i8,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            repeat_depth: 1,
            repeat_volatile: true,
            repeat_criterion: RepeatCriterion::Key,
            repeat_check: RepeatCheck::First,
            repeat_cash: true,
            repeat_survives_rekey: true,
            check_compares_key: true,
            check_accepts_previous_key: false,
            dump_accepts_previous_key: false,
            key_survives_reboot: true,
            hand_sale_moves_key: false,
            web_api_moves_key: false,
            key_digits: 8,
            lookup_not_found: LookupNotFound::Code,
            lookup_finds_cash: true,
            lookup_needs_senior: true,
            amounts: Amounts::Whole,
            plus_is_space: true,
            overpaid_return: OverpaidReturn::MoreThanTotal,
            noncash_return: true,
            itemdata: ItemData::Enabled,
            itemdata_sum_checked: false,
            printer_columns: 24,
            special_lines_in_receipt: true,
            receipt_reason: ReceiptReason::Number,
            cause: Cause::English,
            text_body: TextBody::Bare,
            cash_number: CashNumber::Next,
            report_answer: ReportAnswer::Zero,
            z_in_any_shift: true,
            pace_ms: 1000,
            pace_answer: PaceAnswer::Busy,
            processing_ms: 0,
            bank_busy_ms: 2000,
            json_literals: JsonLiterals::Documented,
            json_omit: String::new(),
            json_unknown_field: false,
            archived_name: ArchivedName::Documented,
            archived_as_string: false,
            archived_fiscal: ArchivedFiscal::Current,
            battery_present: true,
            utc_offset_hours: 5,
        }
    }
}
