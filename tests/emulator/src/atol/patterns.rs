//! The patterns of the vendor's schemas, spelled out (protocol/atol.md 2.3, 2.5 to 2.7).

use super::dates;
use super::switches::Switches;

const INN_LENGTHS: [usize; 2] = [10, 12];
const CASHIER_INN: usize = 12;
const MAX_NOMENCLATURE: usize = 150;
const MAX_NOMENCLATURE_BYTES: usize = 32;
const NOMENCLATURE_SIGNS: &str = "!\" %&'()*+/-.,:;=<>?_";
const LAST_FEDERAL_ID: u8 = 73;

fn all_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// 10 or 12 digits.
pub fn inn(text: &str) -> bool {
    INN_LENGTHS.contains(&text.len()) && all_digits(text)
}

/// 12 digits.
pub fn cashier_inn(text: &str) -> bool {
    text.len() == CASHIER_INN && all_digits(text)
}

/// Digits.
pub fn digits(text: &str) -> bool {
    !text.is_empty() && all_digits(text)
}

/// `^([^\s\\]{0,17}|\+[^\s\\]{1,18})$`: digits are not required.
pub fn agent_phone(text: &str) -> bool {
    let plain = |text: &str, most: usize| {
        text.chars().count() <= most && !text.chars().any(|c| c.is_whitespace() || c == '\\')
    };
    plain(text, 17) || text.strip_prefix('+').is_some_and(|rest| !rest.is_empty() && plain(rest, 18))
}

/// `^(none|\+[0-9]{1,18})$`.
pub fn client_phone(text: &str) -> bool {
    let number = |rest: &str| (1..=18).contains(&rest.len()) && all_digits(rest);
    text == "none" || text.strip_prefix('+').is_some_and(number)
}

/// `^\+\d+$`, of a v4 correction.
pub fn correction_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(digits)
}

/// `^.+@.+$`, of a v4 correction.
pub fn correction_email(text: &str) -> bool {
    text.char_indices().any(|(at, c)| c == '@' && at > 0 && at + 1 < text.len())
}

/// `dd.mm.yyyy`.
pub fn day(text: &str) -> bool {
    dates::is_day(text)
}

/// The v5 timestamp.
pub fn timestamp(text: &str, switches: &Switches) -> bool {
    dates::is_wire(text, switches.hour_24)
}

/// A fur code, `^.{2}-[0-9]{6}-.{10}$`.
pub fn fur(text: &str) -> bool {
    let parts: Vec<char> = text.chars().collect();
    parts.len() == 20 && parts[2] == '-' && parts[9] == '-' && parts[3..9].iter().all(char::is_ascii_digit)
}

/// 001 to 073, although the list ends at 072 (protocol/atol.md 2.7.3).
pub fn federal_id(text: &str) -> bool {
    text.len() == 3 && all_digits(text) && text.parse().is_ok_and(|n: u8| (1..=LAST_FEDERAL_ID).contains(&n))
}

/// The only number of an operation and mode that there is.
pub fn zero(text: &str) -> bool {
    text == "0"
}

/// A login: no white space.
pub fn login(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_whitespace)
}

/// The name of an integrator.
pub fn source(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-@.".contains(c))
}

/// Hex bytes with spaces, a GS1 code, a tobacco code, or 13 digits (protocol/atol.md 2.6.1).
pub fn nomenclature(text: &str) -> bool {
    let sign = |c: char| c.is_ascii_alphanumeric() || NOMENCLATURE_SIGNS.contains(c);
    let hex = |byte: &str| byte.len() == 2 && byte.bytes().all(|b| b.is_ascii_hexdigit());
    let bytes: Vec<&str> = text.split(' ').collect();
    if bytes.len() <= MAX_NOMENCLATURE_BYTES && bytes.iter().all(|byte| hex(byte)) {
        return true;
    }
    if text.len() > MAX_NOMENCLATURE || !text.chars().all(sign) {
        return false;
    }
    let starts_with_digits = |text: &str, count: usize| text.get(..count).is_some_and(all_digits);
    let gs1 = text.strip_prefix("01").is_some_and(|rest| {
        starts_with_digits(rest, 14) && rest.get(14..16) == Some("21") && (29..=148).contains(&rest.len())
    });
    gs1 || (text.len() == 29 && starts_with_digits(text, 14)) || (text.len() == 13 && all_digits(text))
}

/// The mask of `callback_url` (protocol/atol.md 2.5): a host that begins and ends with a letter or
/// digit, one place for colons, then nothing but the signs of the mask.
pub fn callback_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let letter = |c: char| c.is_ascii_alphanumeric() || ('а'..='я').contains(&c) || ('А'..='Я').contains(&c);
    let in_host = |c: char| c.is_alphanumeric() || "-._".contains(c);
    let in_tail = |c: char| letter(c) || "-.?,'/\\+&=%$#_".contains(c);
    let Some(rest) = rest.filter(|rest| rest.starts_with(letter)) else {
        return false;
    };
    let host = &rest[..rest.find(|c| !in_host(c)).unwrap_or(rest.len())];
    let tail = &rest[host.trim_end_matches(|c| !letter(c)).len()..];
    tail.trim_start_matches(':').chars().all(in_tail)
}
