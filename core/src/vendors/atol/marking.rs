//! Marked goods in the forms that ATOL takes (protocol/atol.md 2.6.1, 2.7.1, 2.7.2, 2.8.6). No I/O.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::config::{AtolConfig, Protocol};
use crate::error::{Code, Violation, violation};
use crate::receipt::atol::{ItemExtras, MarkCode};
use crate::receipt::marking::checks::{self, is_product_code};
use crate::receipt::marking::kinds::is_fur;
use crate::receipt::marking::{MarkingKind, Reading, read};
use crate::receipt::{Item, Kind, PaymentObject, Receipt, Unit};

/// Most marking codes of a receipt (protocol/atol.md 2.7.2: the fiscal drive's own limit).
const MOST_CODES: usize = 128;
/// Most characters of a code without separators in v4 (protocol/atol.md 2.6.1).
const V4_LENGTH: usize = 150;
/// Characters of a serial number that v4's service finds in such a code (protocol/atol.md 2.6.1).
const V4_SERIAL: usize = 13;
/// Characters of such a code beside letters and digits (protocol/atol.md 2.6.1).
const V4_CHARACTERS: &str = "!\"%&'()*+/-.,:;=<>?_";
/// Most characters of a serial number in tag 1162, which has 32 bytes.
const BYTES_SERIAL: usize = 24;

/// v5's forms: the kind, the key of `mark_code`, the most characters (protocol/atol.md 2.7.2).
const FORMS: &[(MarkingKind, &str, usize)] = &[
    (MarkingKind::Gs1, "gs1m", 200),
    (MarkingKind::Ean8, "ean8", 8),
    (MarkingKind::Ean13, "ean13", 13),
    (MarkingKind::Itf14, "itf14", 14),
    (MarkingKind::Fur, "fur", 20),
    (MarkingKind::Tobacco, "short", 38),
    (MarkingKind::Short, "short", 38),
    (MarkingKind::Unknown, "unknown", 32),
];

/// Keys of the codes that marked goods have.
const OF_MARKED_GOODS: [&str; 5] = ["gs1m", "short", "fur", "egais20", "egais30"];
/// Keys that need `planned_status` (protocol/atol.md 2.7.1).
const WITH_STATUS: [&str; 2] = ["gs1m", "short"];

/// `planned_status` of whole pieces (protocol/atol.md 2.8.6). What a purchase means for it is not known.
const STATUS_OF_A_PIECE: &[(Kind, u8)] =
    &[(Kind::Sell, 1), (Kind::SellCorrection, 1), (Kind::SellRefund, 3), (Kind::SellRefundCorrection, 3)];

fn extras(item: &Item) -> Option<&ItemExtras> {
    item.vendor.as_ref().and_then(|vendor| vendor.atol.as_ref())
}

fn mark_code(item: &Item) -> Option<&MarkCode> {
    extras(item)?.mark_code.as_ref()
}

fn of_several(item: &Item) -> bool {
    extras(item).and_then(|extras| extras.wholesale) == Some(true)
}

/// The scanned code, unless something else goes out in its place.
fn scanned(item: &Item, protocol: Protocol) -> Option<&str> {
    let marking = item.marking.as_ref()?;
    let is_replaced = match protocol {
        Protocol::V4 => marking.nomenclature_code.is_some(),
        Protocol::V5 => mark_code(item).is_some(),
    };
    marking.code.as_deref().filter(|_| !is_replaced)
}

/// v5's `mark_code` of a code: its key and value, or why it has none.
fn form_v5(reading: &Reading) -> Result<(&'static str, String), (Code, String)> {
    let row = FORMS.iter().find(|(kind, ..)| *kind == reading.kind);
    let Some((_, key, most)) = row else {
        let message = "v5 takes a part of an excise stamp: give it as `vendor.atol.mark_code`";
        return Err((Code::NotForThisVendor, message.into()));
    };
    let value = if *key == "gs1m" { STANDARD.encode(&reading.code) } else { reading.code.clone() };
    if value.len() > *most {
        let characters = reading.code.len();
        let message = match *key {
            "gs1m" => format!(
                "{characters} characters are {} in Base64, and v5 takes {most}: 150 characters of the code",
                value.len()
            ),
            _ => format!(
                "this is no code that Kassa knows, and v5 takes {most} characters of such, not {characters}"
            ),
        };
        return Err((Code::TooLong, message));
    }
    Ok((*key, value))
}

/// v4's `nomenclature_code` of a code. Without separators only where the service must find the same serial number that we
/// found; else as the bytes of tag 1162.
fn form_v4(reading: &Reading) -> Option<String> {
    let in_pattern = |code: &str| {
        code.len() <= V4_LENGTH
            && code.chars().all(|c| c.is_ascii_alphanumeric() || V4_CHARACTERS.contains(c))
    };
    match reading.kind {
        MarkingKind::Gs1 => {
            let (gtin, serial) = (reading.value("01")?, reading.value("21")?);
            let code: String = reading.code.chars().filter(|letter| !letter.is_control()).collect();
            let begins = code.starts_with(&format!("01{gtin}21{serial}"));
            match begins && serial.len() == V4_SERIAL && in_pattern(&code) {
                true => Some(code),
                false => bytes_of_gs1(gtin, serial),
            }
        }
        MarkingKind::Tobacco | MarkingKind::Ean13 => {
            Some(reading.code.clone()).filter(|code| in_pattern(code))
        }
        _ => None,
    }
}

/// The bytes of tag 1162 for a DataMatrix: its sign, the GTIN as a number of 6 bytes, the serial number.
fn bytes_of_gs1(gtin: &str, serial: &str) -> Option<String> {
    let gtin = gtin.parse::<u64>().ok()?.to_be_bytes();
    let bytes = [0x44, 0x4d].iter().chain(gtin.iter().skip(2)).chain(serial.as_bytes());
    let hex: Vec<String> = bytes.map(|byte| format!("{byte:02X}")).collect();
    (serial.len() <= BYTES_SERIAL).then(|| hex.join(" "))
}

/// What stands in v4's `nomenclature_code`.
pub fn nomenclature_code(item: &Item) -> Option<String> {
    let marking = item.marking.as_ref()?;
    marking.nomenclature_code.clone().or_else(|| form_v4(&read(marking.code.as_deref()?).ok()?))
}

/// What stands in v5's `mark_code`: its key and value.
pub fn key_and_value(item: &Item) -> Option<(&'static str, String)> {
    match mark_code(item) {
        Some(given) => given.given().first().map(|(key, value)| (*key, (*value).to_owned())),
        None => form_v5(&read(scanned(item, Protocol::V5)?).ok()?).ok(),
    }
}

fn key_of(item: &Item) -> Option<&'static str> {
    key_and_value(item).map(|(key, _)| key)
}

/// The settlement object that goes out: with the code of marked goods they are marked ones.
pub fn object(item: &Item, protocol: Protocol) -> PaymentObject {
    let said = item.payment_object.unwrap_or(PaymentObject::Commodity);
    if protocol == Protocol::V4 || !key_of(item).is_some_and(|key| OF_MARKED_GOODS.contains(&key)) {
        return said;
    }
    let has_excise = extras(item).and_then(|extras| extras.excise).is_some_and(|excise| !excise.is_zero());
    match said {
        PaymentObject::Commodity if !has_excise => PaymentObject::Marked,
        PaymentObject::Commodity | PaymentObject::Excise => PaymentObject::ExciseMarked,
        other => other,
    }
}

/// v5's `planned_status`: as given, or else what whole pieces have. None where the group does not take it.
pub fn planned_status(item: &Item, kind: Kind, config: &AtolConfig) -> Option<u8> {
    let given = extras(item).and_then(|extras| extras.planned_status);
    given.or_else(|| {
        let is_needed = needs_status(item, config) && is_whole(item);
        STATUS_OF_A_PIECE.iter().find(|(known, _)| is_needed && *known == kind).map(|(_, status)| *status)
    })
}

fn needs_status(item: &Item, config: &AtolConfig) -> bool {
    config.planned_status.unwrap_or(true) && key_of(item).is_some_and(|key| WITH_STATUS.contains(&key))
}

/// True where the line is of whole pieces: nothing measured, and no part of one.
fn is_whole(item: &Item) -> bool {
    checks::is_a_piece(item) && extras(item).is_none_or(|extras| extras.mark_quantity.is_none())
}

/// What ATOL would refuse of marked goods.
pub fn violations(receipt: &Receipt, config: &AtolConfig) -> Vec<Violation> {
    let protocol = config.protocol();
    let mut found = checks::checked(receipt, |item| scanned(item, protocol), of_several).violations;
    let codes =
        receipt.items.iter().filter(|item| scanned(item, protocol).is_some() || mark_code(item).is_some());
    if codes.count() > MOST_CODES {
        let message = "a receipt has at most 128 marking codes: split it";
        found.push(violation("/items", Code::TooLong, message));
    }
    for (index, item) in receipt.items.iter().enumerate() {
        let mut wrong = |field: &str, code, message: &str| {
            found.push(violation(format!("/items/{index}/{field}"), code, message));
        };
        match protocol {
            Protocol::V4 => line_v4(item, &mut wrong),
            Protocol::V5 => line_v5(item, receipt.kind, config, &mut wrong),
        }
    }
    found
}

type Wrong<'a> = dyn FnMut(&str, Code, &str) + 'a;

fn line_v4(item: &Item, wrong: &mut Wrong<'_>) {
    let marking = item.marking.as_ref();
    if marking.and_then(|m| m.nomenclature_code.as_deref()).is_some_and(|text| !is_product_code(text)) {
        let message = "must be 1 to 32 bytes in hex, separated by spaces; give a scanned code as `code`";
        wrong("marking/nomenclature_code", Code::WrongFormat, message);
    }
    let reading = scanned(item, Protocol::V4).and_then(|text| read(text).ok());
    if reading.is_some_and(|reading| form_v4(&reading).is_none()) {
        let message = "v4 takes GTIN with serial number, a pack of tobacco or EAN-13; give `nomenclature_code`, the bytes of tag 1162";
        wrong("marking/code", Code::NotForThisVendor, message);
    }
    let has_forms = extras(item).is_some_and(|extras| {
        extras.mark_code.is_some()
            || extras.mark_quantity.is_some()
            || extras.planned_status.is_some()
            || extras.wholesale.is_some()
    });
    if has_forms {
        wrong("vendor/atol", Code::NotForThisVendor, "marking in these forms needs v5");
    }
}

fn line_v5(item: &Item, kind: Kind, config: &AtolConfig, wrong: &mut Wrong<'_>) {
    if item.marking.as_ref().is_some_and(|marking| marking.nomenclature_code.is_some()) {
        wrong("marking/nomenclature_code", Code::NotForThisVendor, "v5 takes `code`");
    }
    let has_code = scanned(item, Protocol::V5).is_some() || mark_code(item).is_some();
    match item.payment_object {
        Some(PaymentObject::ExciseMarked | PaymentObject::Marked) if !has_code => {
            wrong("marking/code", Code::MissingField, "goods that have a marking code are sold with it");
        }
        Some(PaymentObject::ExciseMarkedWithoutCode | PaymentObject::MarkedWithoutCode) if has_code => {
            let message = "this says that there is no code, and the line has one: `marked` or `excise_marked`, or no code";
            wrong("payment_object", Code::WrongValue, message);
        }
        _ => {}
    }
    let reading = scanned(item, Protocol::V5).and_then(|text| read(text).ok());
    if let Some(Err((code, message))) = reading.as_ref().map(form_v5) {
        wrong("marking/code", code, &message);
    }
    if let Some(given) = mark_code(item) {
        given_form(given, wrong);
        let is_of_a_piece = key_of(item).is_some_and(|key| OF_MARKED_GOODS.contains(&key));
        if is_of_a_piece && checks::has_several_pieces(item) && !of_several(item) {
            wrong("quantity", Code::WrongValue, checks::ONE_PIECE);
        }
    }
    if extras(item).and_then(|e| e.mark_quantity).is_some_and(|part| part.numerator >= part.denominator) {
        wrong("vendor/atol/mark_quantity", Code::OutOfRange, "the numerator is smaller than the denominator");
    }
    if needs_status(item, config) && planned_status(item, kind, config).is_none() {
        let message = "what becomes of these goods is not known: 2 or 6 for measured goods that are being or were sold, 4 \
                       for a part that comes back";
        wrong("vendor/atol/planned_status", Code::MissingField, message);
    }
}

/// A form that the shop chose itself: exactly one, and of its own alphabet.
fn given_form(given: &MarkCode, wrong: &mut Wrong<'_>) {
    let place = "vendor/atol/mark_code";
    let [(key, value)] = given.given()[..] else {
        wrong(place, Code::WrongValue, "give exactly one form");
        return;
    };
    let message = match key {
        "ean8" | "ean13" | "itf14" if !value.bytes().all(|byte| byte.is_ascii_digit()) => "must be digits",
        "gs1m" if STANDARD.decode(value).is_err() => {
            "must be the whole code in Base64; give a scanned one as `marking.code`"
        }
        "fur" if !is_fur(value) => "must be such as RU-430302-ABC1234567",
        _ => return,
    };
    wrong(&format!("{place}/{key}"), Code::WrongFormat, message);
}

/// What the vendor would take of marked goods but a shop should look at.
pub fn warnings(receipt: &Receipt, config: &AtolConfig) -> Vec<Violation> {
    let protocol = config.protocol();
    let mut found = checks::checked(receipt, |item| scanned(item, protocol), of_several).warnings;
    for (index, item) in receipt.items.iter().enumerate() {
        let mut note = |field: &str, code, message: &str| {
            found.push(violation(format!("/items/{index}/{field}"), code, message));
        };
        let given = item.marking.as_ref().is_some_and(|marking| marking.code.is_some());
        if given && scanned(item, protocol).is_none() {
            note("marking/code", Code::NotForThisVendor, "another form of the code goes out instead");
        }
        if protocol == Protocol::V5 {
            notes_v5(item, &mut note);
        }
    }
    found
}

fn notes_v5(item: &Item, note: &mut Wrong<'_>) {
    let Some(key) = key_of(item) else { return };
    let said = item.payment_object.unwrap_or(PaymentObject::Commodity);
    let object = object(item, Protocol::V5);
    let is_marked = matches!(object, PaymentObject::Marked | PaymentObject::ExciseMarked);
    let of_marked_goods = OF_MARKED_GOODS.contains(&key);
    if object != said {
        let message = format!("goes out as `{}`: the line has the code of marked goods", object.word());
        note("payment_object", Code::WrongValue, &message);
    } else if of_marked_goods && !is_marked {
        note(
            "payment_object",
            Code::WrongValue,
            "with the code of marked goods it is `marked` or `excise_marked`",
        );
    } else if !of_marked_goods && is_marked {
        note("payment_object", Code::WrongValue, "the code is none that marked goods have");
    }
    let reading = scanned(item, Protocol::V5).and_then(|text| read(text).ok());
    if reading.is_some_and(|reading| matches!(reading.kind, MarkingKind::Tobacco | MarkingKind::Short)) {
        let message = "goes out as `short`, whole; if your group takes another part of it, give `vendor.atol.mark_code`";
        note("marking/code", Code::WrongFormat, message);
    }
    if of_marked_goods && !matches!(item.unit, None | Some(Unit::Piece)) {
        let message =
            "some groups take marked goods by the piece only, a part of one as `vendor.atol.mark_quantity`";
        note("unit", Code::WrongValue, message);
    }
}
