//! The v5 schema, FFD 1.2: unknown properties are refused (protocol/atol.md 2.5, 2.7, 2.9).

use super::checks::{Check, Field, Range, Shape, exactly, may, must, must_if, newer, up_to};
use super::patterns;
use super::switches::{BadCallback, Switches};
use super::words;

const ZERO: (i64, u32) = (0, 0);
/// The greatest price and item sum.
pub const MOST_PRICE: (i64, u32) = (4_294_967_295, 2);
const MOST_AMOUNT: (i64, u32) = (100_000_000, 0);

fn price(_: &Switches) -> Range {
    Range { least: ZERO, most: MOST_PRICE, decimals: 2 }
}

fn amount(_: &Switches) -> Range {
    Range { least: ZERO, most: MOST_AMOUNT, decimals: 2 }
}

fn quantity(_: &Switches) -> Range {
    Range { least: (1, 3), most: (99_999_999, 3), decimals: 3 }
}

fn schema_required(switches: &Switches) -> bool {
    !switches.v5_table_optional
}

fn callback_mask(text: &str, switches: &Switches) -> bool {
    match text.is_empty() {
        true => switches.empty_callback_v5 == BadCallback::Warning,
        false => switches.bad_callback_v5 == BadCallback::Warning || patterns::callback_url(text),
    }
}

const AMOUNT: Check = Check::Number(amount);
const INN: Check = Check::Pattern(12, patterns::inn);
const DAY: Check = Check::Pattern(10, patterns::day);

const fn closed(fields: &'static [Field]) -> Shape {
    Shape { fields, open: false }
}

const PHONES: Check = Check::Array(0, usize::MAX, &Check::Pattern(19, patterns::agent_phone));

const AGENT: Check = Check::Object(&closed(&[
    must("type", Check::OneOf(words::AGENT_TYPES)),
    may(
        "paying_agent",
        Check::Object(&closed(&[may("operation", up_to(24)), must_if("phones", schema_required, PHONES)])),
    ),
    may("receive_payments_operator", Check::Object(&closed(&[must_if("phones", schema_required, PHONES)]))),
    may(
        "money_transfer_operator",
        Check::Object(&closed(&[
            may("phones", PHONES),
            may("name", up_to(64)),
            may("address", up_to(256)),
            may("inn", INN),
        ])),
    ),
]));

const SUPPLIER: Check =
    Check::Object(&closed(&[may("phones", PHONES), may("name", up_to(256)), must("inn", INN)]));

const VAT: Check =
    Check::Object(&closed(&[must("type", Check::OneOfRevision(words::vat_v5)), may("sum", AMOUNT)]));
const VATS: Check = Check::Array(
    1,
    6,
    &Check::Object(&closed(&[
        must("type", Check::OneOfRevision(words::vat_v5)),
        must_if("sum", schema_required, AMOUNT),
    ])),
);

const PAYMENTS: Check =
    Check::Array(1, 10, &Check::Object(&closed(&[must("type", Check::Whole(0, 9)), must("sum", AMOUNT)])));

const CASHLESS: Check = Check::Array(
    1,
    usize::MAX,
    &Check::Object(&closed(&[
        must("sum", AMOUNT),
        must("method", Check::Whole(0, 255)),
        must("id", Check::Text(1, 256)),
        may("additional_info", Check::Text(1, 256)),
    ])),
);

const SECTORAL: Check = Check::Array(
    1,
    usize::MAX,
    &Check::Object(&closed(&[
        must("federal_id", Check::Pattern(3, patterns::federal_id)),
        must("date", DAY),
        must("number", up_to(32)),
        must("value", up_to(256)),
    ])),
);

const MARK_CODE: Check = Check::Object(&closed(&[
    may("unknown", up_to(32)),
    may("ean8", Check::Pattern(8, ean8)),
    may("ean13", Check::Pattern(13, ean13)),
    may("itf14", Check::Pattern(14, itf14)),
    may("gs10", up_to(38)),
    may("gs1m", Check::Base64(200)),
    may("short", up_to(38)),
    may("fur", Check::Pattern(20, patterns::fur)),
    may("egais20", exactly(23)),
    may("egais30", exactly(14)),
]));

fn ean8(text: &str) -> bool {
    text.len() == 8 && patterns::digits(text)
}

fn ean13(text: &str) -> bool {
    text.len() == 13 && patterns::digits(text)
}

fn itf14(text: &str) -> bool {
    text.len() == 14 && patterns::digits(text)
}

const ITEM: Check = Check::Object(&closed(&[
    must("name", up_to(128)),
    must("price", Check::Number(price)),
    must("quantity", Check::Number(quantity)),
    must("measure", Check::OneOfNumbers(words::MEASURES)),
    must("sum", Check::Number(price)),
    must("payment_method", Check::OneOf(words::PAYMENT_METHODS)),
    must("payment_object", Check::OneOfNumbers(words::PAYMENT_OBJECTS_V5)),
    must("vat", VAT),
    may("user_data", up_to(64)),
    may("excise", AMOUNT),
    may("country_code", exactly(3)),
    may("declaration_number", up_to(32)),
    may(
        "mark_quantity",
        Check::Object(&closed(&[
            must("numerator", Check::Whole(1, i64::MAX)),
            must("denominator", Check::Whole(1, i64::MAX)),
        ])),
    ),
    may("mark_processing_mode", Check::Pattern(1, patterns::zero)),
    may("sectoral_item_props", SECTORAL),
    may("mark_code", MARK_CODE),
    may("agent_info", AGENT),
    may("supplier_info", SUPPLIER),
    newer("wholesale", Check::Flag),
    newer("planned_status", Check::Whole(1, 6)),
]));

const CLIENT: Check = Check::Object(&closed(&[
    may("email", up_to(64)),
    may("phone", Check::Pattern(19, patterns::client_phone)),
    may("name", up_to(256)),
    may("inn", INN),
    may("birthdate", DAY),
    may("citizenship", Check::Pattern(3, patterns::digits)),
    may("document_code", Check::OneOf(words::DOCUMENT_CODES)),
    may("document_data", up_to(64)),
    may("address", up_to(256)),
]));

const COMPANY: Field = must(
    "company",
    Check::Object(&closed(&[
        must("email", up_to(64)),
        must("sno", Check::OneOf(words::SNO)),
        must("inn", INN),
        must("payment_address", up_to(256)),
        may("location", Check::Text(1, 256)),
    ])),
);

const CORRECTION_INFO: Field = must(
    "correction_info",
    Check::Object(&closed(&[
        must("type", Check::OneOf(words::CORRECTION_TYPES)),
        must("base_date", DAY),
        may("base_number", up_to(32)),
    ])),
);

const ITEMS: Field = must("items", Check::Array(1, usize::MAX, &ITEM));
const PAID: Field = must("payments", PAYMENTS);
const TAXES: Field = may("vats", VATS);
const CASHIER: Field = may("cashier", up_to(64));
const CASHIER_INN: Field = may("cashier_inn", Check::Pattern(12, patterns::cashier_inn));
const CHECK_PROPS: Field = may("additional_check_props", up_to(16));
const TOTAL: Field = must("total", AMOUNT);
const USER_PROPS: Field = may(
    "additional_user_props",
    Check::Object(&closed(&[must("name", up_to(64)), must("value", up_to(256))])),
);
const OPERATING_PROPS: Field = may(
    "operating_check_props",
    Check::Object(&closed(&[
        must("name", Check::Pattern(1, patterns::zero)),
        must("value", up_to(64)),
        must("timestamp", Check::SwitchedPattern(usize::MAX, patterns::timestamp)),
    ])),
);
const SECTORAL_PROPS: Field = may("sectoral_check_props", SECTORAL);
const DEVICE: Field = may("device_number", Check::Text(1, 20));
const INTERNET: Field = newer("internet", Check::Flag);
const CASHLESS_PAYMENTS: Field = newer("cashless_payments", CASHLESS);
const TIMEZONE: Field = newer("timezone", Check::Whole(1, 11));

const RECEIPT: Check = Check::Object(&closed(&[
    must("client", CLIENT),
    COMPANY,
    ITEMS,
    PAID,
    TAXES,
    CASHIER,
    CASHIER_INN,
    CHECK_PROPS,
    TOTAL,
    USER_PROPS,
    OPERATING_PROPS,
    SECTORAL_PROPS,
    DEVICE,
    INTERNET,
    CASHLESS_PAYMENTS,
    TIMEZONE,
]));

const CORRECTION: Check = Check::Object(&closed(&[
    may("client", CLIENT),
    COMPANY,
    CORRECTION_INFO,
    ITEMS,
    PAID,
    TAXES,
    CASHIER,
    CASHIER_INN,
    CHECK_PROPS,
    TOTAL,
    USER_PROPS,
    OPERATING_PROPS,
    SECTORAL_PROPS,
    DEVICE,
    INTERNET,
    CASHLESS_PAYMENTS,
    TIMEZONE,
]));

const TIMESTAMP: Field = must("timestamp", Check::SwitchedPattern(usize::MAX, patterns::timestamp));
const EXTERNAL_ID: Field = must("external_id", Check::Text(1, 128));
const SERVICE: Field = may(
    "service",
    Check::Object(&closed(&[may("callback_url", Check::SwitchedPattern(256, callback_mask))])),
);
const ISM_OPTIONAL: Field = may("ism_optional", Check::Flag);
const SOURCE_ID: Field = newer("source_id", Check::Whole(0, 9));

/// The body of a receipt.
pub const RECEIPT_BODY: Shape =
    closed(&[TIMESTAMP, EXTERNAL_ID, SERVICE, ISM_OPTIONAL, SOURCE_ID, must("receipt", RECEIPT)]);

/// The body of a correction.
pub const CORRECTION_BODY: Shape =
    closed(&[TIMESTAMP, EXTERNAL_ID, SERVICE, ISM_OPTIONAL, SOURCE_ID, must("correction", CORRECTION)]);
