//! The v4 schema, FFD 1.05: unknown properties are ignored (protocol/atol.md 2.5, 2.6, 2.9).

use super::checks::{Check, Field, Range, Shape, may, must, must_if, up_to};
use super::patterns;
use super::switches::{BaseNumber, RevisionV4, Switches};
use super::words;

const OLD_MOST_PRICE: (i64, u32) = (4_294_967_295, 2);
const OLD_MOST_AMOUNT: (i64, u32) = (100_000_000, 0);
const NEW_MOST_AMOUNT: (i64, u32) = (10_000_000_000, 0);
const ZERO: (i64, u32) = (0, 0);
const MAX_NAME: usize = 128;
const MAX_ITEMS: usize = 100;

fn price(switches: &Switches) -> Range {
    let most = match switches.v4_revision {
        RevisionV4::Old => OLD_MOST_PRICE,
        RevisionV4::New => NEW_MOST_AMOUNT,
    };
    Range { least: ZERO, most, decimals: 2 }
}

fn amount(switches: &Switches) -> Range {
    let most = match switches.v4_revision {
        RevisionV4::Old => OLD_MOST_AMOUNT,
        RevisionV4::New => NEW_MOST_AMOUNT,
    };
    Range { least: ZERO, most, decimals: 2 }
}

fn quantity(switches: &Switches) -> Range {
    match switches.v4_revision {
        RevisionV4::Old => Range { least: (1, 3), most: (99_999_999, 3), decimals: 3 },
        RevisionV4::New => Range { least: (1, 6), most: (99_999_999, 0), decimals: 6 },
    }
}

fn name_limit(switches: &Switches) -> usize {
    if switches.v4_table_limits { MAX_NAME } else { usize::MAX }
}

fn item_limit(switches: &Switches) -> usize {
    if switches.v4_table_limits { MAX_ITEMS } else { usize::MAX }
}

fn table_required(switches: &Switches) -> bool {
    switches.v4_table_required
}

fn base_number_required(switches: &Switches) -> bool {
    switches.v4_base_number == BaseNumber::Required
}

const AMOUNT: Check = Check::Number(amount);
const AMOUNT_OR_NULL: Check = Check::NumberOrNull(amount);
const INN: Check = Check::Pattern(12, patterns::inn);

const fn open(fields: &'static [Field]) -> Shape {
    Shape { fields, open: true }
}

const PHONES: Check = Check::Array(0, usize::MAX, &Check::Pattern(19, patterns::agent_phone));

const AGENT: Check = Check::Object(&open(&[
    must("type", Check::OneOf(words::AGENT_TYPES)),
    may("paying_agent", Check::Object(&open(&[may("operation", up_to(24)), may("phones", PHONES)]))),
    may("receive_payments_operator", Check::Object(&open(&[may("phones", PHONES)]))),
    may(
        "money_transfer_operator",
        Check::Object(&open(&[
            may("phones", PHONES),
            may("name", up_to(64)),
            may("address", up_to(256)),
            may("inn", INN),
        ])),
    ),
]));

const ITEM_SUPPLIER: Check =
    Check::Object(&open(&[may("phones", PHONES), may("name", up_to(256)), must("inn", INN)]));
const SUPPLIER: Check =
    Check::Object(&open(&[may("phones", PHONES), may("name", up_to(256)), may("inn", INN)]));

const VAT: Check =
    Check::Object(&open(&[must("type", Check::OneOfRevision(words::vat_v4)), may("sum", AMOUNT_OR_NULL)]));
const VATS: Check = Check::Array(
    1,
    6,
    &Check::Object(&open(&[must("type", Check::OneOfRevision(words::vat_v4)), must("sum", AMOUNT_OR_NULL)])),
);

const PAYMENTS: Check = Check::Array(
    1,
    10,
    &Check::Object(&open(&[must("type", Check::Whole(0, 9)), must("sum", AMOUNT_OR_NULL)])),
);

const CASHLESS: Check = Check::Array(
    1,
    usize::MAX,
    &Check::Object(&open(&[
        must("sum", AMOUNT),
        must("method", Check::Whole(0, 255)),
        must("id", Check::Text(1, 256)),
        may("additional_info", Check::Text(1, 256)),
    ])),
);

const ITEM: Check = Check::Object(&open(&[
    must("name", Check::TextUpTo(name_limit)),
    must("price", Check::Number(price)),
    must("quantity", Check::Number(quantity)),
    must("sum", Check::NumberOrNull(price)),
    may("measurement_unit", up_to(16)),
    may("nomenclature_code", Check::Pattern(150, patterns::nomenclature)),
    may("payment_method", Check::OneOf(words::PAYMENT_METHODS)),
    may("payment_object", Check::OneOf(words::PAYMENT_OBJECTS_V4)),
    must_if("vat", table_required, VAT),
    may("agent_info", AGENT),
    may("supplier_info", ITEM_SUPPLIER),
    may("user_data", up_to(64)),
    may("excise", AMOUNT),
    may("country_code", Check::Pattern(3, patterns::digits)),
    may("declaration_number", Check::Text(1, 32)),
]));

const COMPANY: Check = Check::Object(&open(&[
    must_if("email", table_required, up_to(64)),
    may("sno", Check::OneOf(words::SNO)),
    must("inn", INN),
    must("payment_address", up_to(256)),
    may("location", Check::Text(1, 256)),
]));

const CORRECTION_COMPANY: Check = Check::Object(&open(&[
    may("sno", Check::OneOf(words::SNO)),
    must("inn", INN),
    must("payment_address", up_to(256)),
    may("location", Check::Text(1, 256)),
]));

const RECEIPT: Check = Check::Object(&open(&[
    must(
        "client",
        Check::Object(&open(&[
            may("email", up_to(64)),
            may("phone", up_to(64)),
            may("name", up_to(256)),
            may("inn", INN),
        ])),
    ),
    must("company", COMPANY),
    may("agent_info", AGENT),
    may("supplier_info", SUPPLIER),
    must("items", Check::ArrayUpTo(item_limit, &ITEM)),
    must("payments", PAYMENTS),
    may("vats", VATS),
    must("total", AMOUNT),
    may("additional_check_props", up_to(16)),
    may("cashier", up_to(64)),
    may("additional_user_props", Check::Object(&open(&[must("name", up_to(64)), must("value", up_to(256))]))),
    may("device_number", Check::Text(1, 20)),
    may("internet", Check::Flag),
    may("cashless_payments", CASHLESS),
]));

const CORRECTION: Check = Check::Object(&open(&[
    must("company", CORRECTION_COMPANY),
    may(
        "client",
        Check::Object(&open(&[
            may("email", Check::Pattern(64, patterns::correction_email)),
            may("phone", Check::Pattern(19, patterns::correction_phone)),
        ])),
    ),
    must(
        "correction_info",
        Check::Object(&open(&[
            must("type", Check::OneOf(words::CORRECTION_TYPES)),
            must("base_date", Check::Pattern(10, patterns::day)),
            must_if("base_number", base_number_required, up_to(usize::MAX)),
        ])),
    ),
    must("payments", PAYMENTS),
    must("vats", VATS),
    may("cashier", up_to(64)),
    may("device_number", Check::Text(1, 20)),
    may("internet", Check::Flag),
]));

const TIMESTAMP: Field = must("timestamp", Check::Text(1, usize::MAX));
const EXTERNAL_ID: Field = must("external_id", Check::Text(1, 128));
const SERVICE: Field = may("service", Check::Object(&open(&[may("callback_url", up_to(256))])));
const SOURCE_ID: Field = may("source_id", Check::Whole(0, 9));

/// The body of a receipt.
pub const RECEIPT_BODY: Shape = open(&[TIMESTAMP, EXTERNAL_ID, SERVICE, SOURCE_ID, must("receipt", RECEIPT)]);

/// The body of a correction.
pub const CORRECTION_BODY: Shape =
    open(&[TIMESTAMP, EXTERNAL_ID, SERVICE, SOURCE_ID, must("correction", CORRECTION)]);
