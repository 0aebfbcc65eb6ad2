//! The fields of a Modulkassa document and their checks
//! (protocol/modulkassa.md 2, 6.1 items 13 to 18).

use crate::ledger::Kind;

/// How the value of a field is checked.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Text of at most so many characters.
    Text(usize),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A number not below zero.
    NotNegative,
    /// A number above zero.
    Positive,
    /// One of these whole numbers.
    OneOfNumbers(&'static [u32]),
    /// True or false.
    Flag,
    /// A date-time.
    DateTime,
    /// An e-mail address or a Russian phone.
    Contact,
    /// A Russian tax number, 10 or 12 digits.
    Inn,
    /// One to three digits.
    CountryCode,
    /// A phone with country code and nothing but digits after an optional `+`.
    Phone,
    /// An object with these fields.
    Object(&'static [Field]),
    /// An array; every element passes the check.
    Array(&'static Check),
    /// An array of at least one element; every element passes the check.
    Filled(&'static Check),
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name, case-sensitive.
    pub name: &'static str,
    /// Whether it may be absent or null.
    pub required: bool,
    /// The check of its value.
    pub check: Check,
}

const fn must(name: &'static str, check: Check) -> Field {
    Field { name, required: true, check }
}

const fn may(name: &'static str, check: Check) -> Field {
    Field { name, required: false, check }
}

const ANY_TEXT: Check = Check::Text(usize::MAX);

/// A row of the table of document types.
#[derive(Debug)]
pub struct DocType {
    /// `docType` of the request.
    pub word: &'static str,
    /// `checkType` of `fiscalInfo`.
    pub check_type: &'static str,
    /// `n` of the QR code.
    pub qr_n: u8,
    /// The word that all vendors share.
    pub kind: Kind,
    /// Whether `correctionInfo` is required.
    pub correction: bool,
}

const fn doc_type(
    word: &'static str,
    check_type: &'static str,
    qr_n: u8,
    kind: Kind,
    correction: bool,
) -> DocType {
    DocType { word, check_type, qr_n, kind, correction }
}

/// The document types (protocol/modulkassa.md 2.4).
pub const DOC_TYPES: &[DocType] = &[
    doc_type("SALE", "SALE", 1, Kind::Sell, false),
    doc_type("RETURN", "RETURN", 2, Kind::SellRefund, false),
    doc_type("BUY", "PURCHASE", 3, Kind::Buy, false),
    doc_type("BUY_RETURN", "RETURN_PURCHASE", 4, Kind::BuyRefund, false),
    doc_type("SALE_CORRECTION", "SALE_CORRECTION", 1, Kind::SellCorrection, true),
    doc_type("SALE_RETURN_CORRECTION", "RETURN_CORRECTION", 2, Kind::SellRefundCorrection, true),
    doc_type("BUY_CORRECTION", "PURCHASE_CORRECTION", 3, Kind::BuyCorrection, true),
    doc_type("BUY_RETURN_CORRECTION", "RETURN_PURCHASE_CORRECTION", 4, Kind::BuyRefundCorrection, true),
];

const DOC_TYPE_WORDS: &[&str] = &[
    DOC_TYPES[0].word,
    DOC_TYPES[1].word,
    DOC_TYPES[2].word,
    DOC_TYPES[3].word,
    DOC_TYPES[4].word,
    DOC_TYPES[5].word,
    DOC_TYPES[6].word,
    DOC_TYPES[7].word,
];

/// Tags of VAT rates (protocol/modulkassa.md 2.3); 1108 is a gap.
pub const VAT_TAGS: &[u32] = &[1102, 1103, 1104, 1105, 1106, 1107, 1109, 1110, 1111, 1112, 1113, 1114];

/// Taxation systems (protocol/modulkassa.md 2.5).
pub const TAX_MODES: &[&str] =
    &["COMMON", "SIMPLIFIED", "SIMPLIFIED_WITH_EXPENSE", "ENVD", "COMMON_AGRICULTURAL", "PATENT"];

/// What is sold, tag 1212 (protocol/modulkassa.md 2.6); one word has a hyphen.
pub const PAYMENT_OBJECTS: &[&str] = &[
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
    "composite",
    "another",
    "property_right",
    "non-operating_gain",
    "insurance_premium",
    "sales_tax",
    "resort_fee",
];

/// How it is paid, tag 1214 (protocol/modulkassa.md 2.7).
pub const PAYMENT_METHODS: &[&str] = &[
    "full_prepayment",
    "prepayment",
    "advance",
    "full_payment",
    "partial_payment",
    "credit",
    "credit_payment",
];

/// Kinds of agents (protocol/modulkassa.md 2.9).
pub const AGENT_TYPES: &[&str] = &[
    "bank_paying_agent",
    "bank_paying_subagent",
    "paying_agent",
    "paying_subagent",
    "attorney",
    "commission_agent",
    "another",
];

/// Kinds of payments (protocol/modulkassa.md 2.12).
pub const PAYMENT_TYPES: &[&str] = &["CARD", "CASH", "PREPAID", "POSTPAY", "OTHER"];

/// Why a receipt is corrected (protocol/modulkassa.md 2.10).
pub const CORRECTION_REASONS: &[&str] = &["INDEPENDENT", BY_ORDER];

/// The reason that needs `documentNum`.
pub const BY_ORDER: &str = "BY_ORDER";

/// The longest phone (protocol/modulkassa.md 2.9).
pub const MAX_PHONE: usize = 19;

const MAX_TEXT_TO_PRINT: usize = 3000;
const MAX_CASHIER: usize = 64;
const MAX_PRODUCT_MARK: usize = 255;
const MAX_OPERATION: usize = 24;

const PHONES: Check = Check::Array(&Check::Phone);

const AGENT: &[Field] = &[
    may("types", Check::Array(&Check::OneOf(AGENT_TYPES))),
    may("payingAgent", Check::Object(&[may("operation", Check::Text(MAX_OPERATION)), may("phones", PHONES)])),
    may("receivePaymentsOperator", Check::Object(&[may("phones", PHONES)])),
    may(
        "moneyTransferOperator",
        Check::Object(&[
            may("phones", PHONES),
            may("name", ANY_TEXT),
            may("address", ANY_TEXT),
            may("inn", Check::Inn),
        ]),
    ),
];

const SUPPLIER: &[Field] = &[may("phones", PHONES), may("name", ANY_TEXT), may("inn", Check::Inn)];

const INDUSTRY: &[Field] = &[
    must("foivId", ANY_TEXT),
    // Two sources name the date differently (protocol/modulkassa.md 7 item 14): either may come.
    may("docDateTime", ANY_TEXT),
    may("docDate", ANY_TEXT),
    must("docNumber", ANY_TEXT),
    must("docData", ANY_TEXT),
];

const CORRECTION: &[Field] = &[
    must("reason", Check::OneOf(CORRECTION_REASONS)),
    must("documentDate", Check::DateTime),
    may("documentNum", ANY_TEXT),
    may("fiscalSign", ANY_TEXT),
];

const POSITION: &[Field] = &[
    must("name", ANY_TEXT),
    must("price", Check::NotNegative),
    must("quantity", Check::Positive),
    must("vatTag", Check::OneOfNumbers(VAT_TAGS)),
    may("discSum", Check::NotNegative),
    may("vatSum", Check::NotNegative),
    may("paymentObject", Check::OneOf(PAYMENT_OBJECTS)),
    may("paymentMethod", Check::OneOf(PAYMENT_METHODS)),
    may("inventCode", ANY_TEXT),
    may("barcode", ANY_TEXT),
    may("originCountryCode", Check::CountryCode),
    may("customsDeclarationNumber", ANY_TEXT),
    may("nomenclatureCode", ANY_TEXT),
    may("productMark", Check::Text(MAX_PRODUCT_MARK)),
    may("industryRequisite", Check::Object(INDUSTRY)),
    may("agentInfo", Check::Object(AGENT)),
    may("supplierInfo", Check::Object(SUPPLIER)),
];

const MONEY: &[Field] = &[must("paymentType", Check::OneOf(PAYMENT_TYPES)), must("sum", Check::NotNegative)];

/// The document at the root (protocol/modulkassa.md 2.1).
pub const DOCUMENT: &[Field] = &[
    must("id", ANY_TEXT),
    must("docNum", ANY_TEXT),
    must("docType", Check::OneOf(DOC_TYPE_WORDS)),
    must("checkoutDateTime", Check::DateTime),
    must("email", Check::Contact),
    may("printReceipt", Check::Flag),
    may("textToPrint", Check::Text(MAX_TEXT_TO_PRINT)),
    may("cashierName", Check::Text(MAX_CASHIER)),
    may("cashierInn", Check::Inn),
    may("cashierPosition", Check::Text(MAX_CASHIER)),
    may("responseURL", ANY_TEXT),
    may("taxMode", Check::OneOf(TAX_MODES)),
    may("clientName", ANY_TEXT),
    may("clientInn", Check::Inn),
    must("inventPositions", Check::Filled(&Check::Object(POSITION))),
    must("moneyPositions", Check::Filled(&Check::Object(MONEY))),
    may("agentInfo", Check::Object(AGENT)),
    may("correctionInfo", Check::Object(CORRECTION)),
];
