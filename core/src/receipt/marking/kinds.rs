//! Codes that are not GS1: what their form says they are.

use super::parts::MarkingKind;

/// Digits of a GTIN.
const GTIN: usize = 14;

/// What the code is that has no application identifiers.
pub fn kind_of(code: &str) -> MarkingKind {
    let row = FORMS.iter().find(|(_, has_the_form)| has_the_form(code));
    row.map_or(MarkingKind::Unknown, |(kind, _)| *kind)
}

/// A kind, and what tells it.
type Form = (MarkingKind, fn(&str) -> bool);

/// The forms; the first one that fits counts.
const FORMS: &[Form] = &[
    (MarkingKind::Ean8, |code| code.len() == 8 && is_checked(code)),
    (MarkingKind::Ean13, |code| code.len() == 13 && is_checked(code)),
    (MarkingKind::Itf14, |code| code.len() == GTIN && is_checked(code)),
    (MarkingKind::Fur, is_fur),
    (MarkingKind::Tobacco, |code| code.len() == 29 && begins_with_gtin(code)),
    (MarkingKind::Short, |code| matches!(code.len(), 21 | 25) && begins_with_gtin(code)),
    (MarkingKind::Egais20, |code| code.len() == 68 && is_stamp(code)),
    (MarkingKind::Egais30, |code| code.len() == 150 && is_stamp(code)),
];

/// True where the last of the digits is the check digit of those before it.
pub fn is_checked(digits: &str) -> bool {
    let values: Option<Vec<u32>> = digits.chars().rev().map(|letter| letter.to_digit(10)).collect();
    let weights = [1, 3].into_iter().cycle();
    values.is_some_and(|values| {
        values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<u32>() % 10 == 0
    })
}

/// Two letters, six digits, ten letters or digits.
pub fn is_fur(code: &str) -> bool {
    let parts: Vec<&str> = code.split('-').collect();
    matches!(parts.as_slice(), [country, size, number]
        if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase())
            && size.len() == 6 && is_digits(size)
            && number.len() == 10 && number.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn begins_with_gtin(code: &str) -> bool {
    code.get(..GTIN).is_some_and(is_checked) && !is_digits(code)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_stamp(code: &str) -> bool {
    code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}
