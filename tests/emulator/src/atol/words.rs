//! The enumerations of both schemas, in the exact spelling (protocol/atol.md 2.8).

use super::switches::{RevisionV4, RevisionV5, Switches};

/// Taxation systems.
pub const SNO: &[&str] = &["osn", "usn_income", "usn_income_outcome", "envd", "esn", "patent"];

/// Why a receipt is corrected.
pub const CORRECTION_TYPES: &[&str] = &["self", INSTRUCTION];

/// The reason that needs `base_number`, if any does.
pub const INSTRUCTION: &str = "instruction";

/// Kinds of agents; the first four are payment agents.
pub const AGENT_TYPES: &[&str] = &[
    "bank_paying_agent",
    "bank_paying_subagent",
    "paying_agent",
    "paying_subagent",
    "attorney",
    "commission_agent",
    "another",
];

/// How many of [`AGENT_TYPES`] are payment agents.
pub const PAYMENT_AGENTS: usize = 4;

/// How it is paid, tag 1214.
pub const PAYMENT_METHODS: &[&str] = &[
    "full_prepayment",
    "prepayment",
    "advance",
    "full_payment",
    "partial_payment",
    "credit",
    "credit_payment",
];

/// What is sold, tag 1212, in v4; the last is in the schema although nobody uses it.
pub const PAYMENT_OBJECTS_V4: &[&str] = &[
    "commodity",
    "excise",
    "job",
    "service",
    "gambling_bet",
    "gambling_prize",
    "lottery",
    "lottery_prize",
    "intellectual_activity",
    "payment",
    "agent_commission",
    "award",
    "another",
    "property_right",
    "non-operating_gain",
    "insurance_premium",
    "sales_tax",
    "resort_fee",
    "deposit",
    "expense",
    "pension_insurance_ip",
    "pension_insurance",
    "medical_insurance_ip",
    "medical_insurance",
    "social_insurance",
    "casino_payment",
    "composite",
];

/// What is sold, tag 1212, in v5: 28 and 29 are not there.
pub const PAYMENT_OBJECTS_V5: &[i64] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 30,
    31, 32, 33,
];

/// The payment objects that are subject to marking and have a code.
pub const MARKED_OBJECTS: &[i64] = &[31, 33];

/// Units, tag 2108.
pub const MEASURES: &[i64] =
    &[0, 10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 70, 71, 72, 73, 80, 81, 82, 83, 255];

/// The kinds of identity documents, tag 1245.
pub const DOCUMENT_CODES: &[&str] =
    &["21", "22", "26", "27", "28", "31", "32", "33", "34", "35", "36", "37", "38", "40"];

const VAT: &[&str] = &["none", "vat0", "vat10", "vat110", "vat20", "vat120"];
const VAT_18: &[&str] = &["vat18", "vat118"];
const VAT_NEWER: &[&str] = &["vat5", "vat105", "vat7", "vat107", "vat22", "vat122"];

/// The kinds of VAT that v4 refuses in `sell` and `buy`.
pub const RETIRED_VAT: &[&str] = VAT_18;

/// The kinds of VAT that may be refused in `sell` and `buy` some day (protocol/atol.md 5.20).
pub const VAT_20: &[&str] = &["vat20", "vat120"];

/// The kinds of VAT in v4; 18 % is still in the schema.
pub fn vat_v4(switches: &Switches) -> Vec<&'static str> {
    let newer: &[&str] = if switches.v4_revision == RevisionV4::New { VAT_NEWER } else { &[] };
    [VAT, VAT_18, newer].concat()
}

/// The kinds of VAT in v5.
pub fn vat_v5(switches: &Switches) -> Vec<&'static str> {
    let newer: &[&str] = if switches.v5_revision == RevisionV5::New { VAT_NEWER } else { &[] };
    [VAT, newer].concat()
}
