//! What a text of a format is: amounts, times, addresses, and the control characters that no text has.

use crate::error::Code;
use crate::receipt::money::{Amount, Quantity};

/// True for a control character that no text of this format has. Ends of lines and tabs are blanks; what printers and
/// terminals take for a command is nothing that a shop writes. The format `any` takes them: a marking code has separators,
/// and an id is whatever it was when it was first used.
pub fn acts(letter: char, format: Option<&str>) -> bool {
    letter == '\0' || letter.is_control() && !matches!(letter, '\t' | '\n' | '\r') && format != Some("any")
}

/// What is wrong with a text of this format.
pub fn format_fault(format: &str, text: &str) -> Option<(Code, String)> {
    use time::format_description::well_known::{Iso8601, Rfc3339};
    let wrong = |wanted: &str| Some((Code::WrongFormat, format!("must be {wanted}")));
    match format {
        "amount" => decimal_fault(Amount::parse(text).err()),
        "quantity" => decimal_fault(Quantity::parse(text).err()),
        "date-time" if time::OffsetDateTime::parse(text, &Rfc3339).is_err() => {
            wrong("a time with offset like 2026-11-23T10:11:12+03:00")
        }
        "date" if text.len() != 10 || time::Date::parse(text, &Iso8601::DATE).is_err() => {
            wrong("a date like 2026-11-23")
        }
        "uri" if !is_web_address(text) => wrong("an http or https address"),
        "uuid" if uuid::Uuid::try_parse(text).is_err() => wrong("a UUID"),
        "email" if !is_email(text) => wrong("an e-mail address"),
        "phone" if !is_phone(text) => wrong("a phone number: + and 7 to 18 digits"),
        _ => None,
    }
}

fn decimal_fault(fault: Option<(&'static str, String)>) -> Option<(Code, String)> {
    let (name, message) = fault?;
    Some((Code::named(name).unwrap_or(Code::NotADecimal), message))
}

fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_email(text: &str) -> bool {
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
    text.split_once('@').is_some_and(|(local, domain)| {
        plain(local)
            && plain(domain)
            && !domain.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    })
}

fn is_phone(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|rest| (7..=18).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit()))
}
