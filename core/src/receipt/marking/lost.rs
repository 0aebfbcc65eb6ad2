//! Separators that are lost or were replaced, put back where only one reading is left.
//!
//! The state's marking adds a check to GTIN and serial number: a key of 4 characters (91) with a code in Base64 of 44 or 88
//! (92), or 4 characters alone (93). Where these stand shows where the separators stood.

use super::gs1::{LOST, digits_at, elements, stands_at};
use super::parts::{Element, Fault, Repair};
use super::signs::{GS, REPLACEMENT, SWALLOWED, Sign};

/// Characters of 01 with its GTIN.
const GTIN: usize = 16;
/// Characters of 01 with its GTIN and of 21.
const HEAD: usize = 18;
/// Most characters of a serial number.
const SERIAL: usize = 20;
/// Characters of the serial number of goods that carry 91 and 92.
const USUAL_SERIAL: usize = 13;
/// Characters of the check key, and of the short check.
const KEY: usize = 4;
/// Characters of the check code in Base64.
const CHECKS: [usize; 2] = [44, 88];

/// The code with its separators back, or why that is not certain.
pub fn restored(signs: Vec<Sign>, repairs: &mut Vec<Repair>) -> Result<Vec<Sign>, Fault> {
    let signs = unswallowed(signs, repairs);
    let signs = of_blanks(signs, repairs)?;
    Ok(by_the_check(&signs, repairs).unwrap_or(signs))
}

/// U+1D21 behind the GTIN is the separator and `21`, elsewhere the separator.
fn unswallowed(signs: Vec<Sign>, repairs: &mut Vec<Repair>) -> Vec<Sign> {
    let mut code = Vec::with_capacity(signs.len());
    for (index, sign) in signs.iter().enumerate() {
        if sign.letter != SWALLOWED {
            code.push(*sign);
            continue;
        }
        let with_21 = code.len() == GTIN && !stands_at(&signs, index + 1, "21");
        let message = match with_21 {
            true => "U+1D21 was taken for the separator with the 21 behind it",
            false => "U+1D21 was taken for the separator",
        };
        repairs.push(Repair::new(sign.at, message));
        code.push(Sign { letter: GS, at: sign.at });
        if with_21 {
            code.extend(['2', '1'].map(|letter| Sign { letter, at: sign.at }));
        }
    }
    code
}

/// Blanks are separators where each stands right before a check that has the length of a check.
fn of_blanks(signs: Vec<Sign>, repairs: &mut Vec<Repair>) -> Result<Vec<Sign>, Fault> {
    let is_blank = |sign: &&Sign| sign.letter == ' ' || sign.letter == REPLACEMENT;
    let Some(first) = signs.iter().find(is_blank) else { return Ok(signs) };
    let replaced: Vec<Sign> = signs
        .iter()
        .map(|sign| if is_blank(&sign) { Sign { letter: GS, at: sign.at } } else { *sign })
        .collect();
    let found = elements(&replaced).unwrap_or_default();
    let is_before_a_check =
        |sign: &Sign| found.iter().any(|element| element.position == sign.at + 1 && is_check(element));
    if !signs.iter().filter(is_blank).all(is_before_a_check) {
        let message =
            "a blank, or a character that was lost, and it is not certain what stood here: scan it again";
        return Err(Fault::new(first.at, message));
    }
    repairs.extend(
        signs.iter().filter(is_blank).map(|s| Repair::new(s.at, "the blank was taken for the separator")),
    );
    Ok(replaced)
}

fn is_check(element: &Element) -> bool {
    match element.ai.as_str() {
        "91" | "93" => element.value.len() == KEY,
        "92" => CHECKS.contains(&element.value.len()),
        _ => false,
    }
}

/// The code with the separators before 91 and 92 where both can stand in one place only: 92 is the rest of the code, in
/// Base64 of a known length, 91 stands before it, and before that a serial number that ends with a separator or has the
/// length that such goods have.
fn by_the_check(signs: &[Sign], repairs: &mut Vec<Repair>) -> Option<Vec<Sign>> {
    let letters: Vec<Sign> = signs.iter().copied().filter(|sign| sign.letter != GS).collect();
    if !(stands_at(&letters, 0, "01") && digits_at(&letters, 2, 14) && stands_at(&letters, GTIN, "21")) {
        return None;
    }
    // Where the separators stand: the letters before each.
    let stand: Vec<usize> =
        signs.iter().enumerate().filter(|(_, sign)| sign.letter == GS).map(|(i, _)| i).collect();
    let stand: Vec<usize> = stand.iter().enumerate().map(|(before, index)| index - before).collect();
    let [key, code] = CHECKS.into_iter().find_map(|check| places(&letters, check))?;
    let belongs = |place: &usize| [GTIN, key, code].contains(place);
    let is_certain = stand.contains(&key) || key - HEAD == USUAL_SERIAL;
    let lost: Vec<usize> = [key, code].into_iter().filter(|place| !stand.contains(place)).collect();
    if lost.is_empty() || !is_certain || !stand.iter().all(belongs) {
        return None;
    }
    let mut restored = Vec::with_capacity(signs.len() + lost.len());
    for (index, sign) in letters.iter().enumerate() {
        if lost.contains(&index) {
            repairs.push(Repair::new(sign.at, "the separator that was lost here was put back"));
        }
        if lost.contains(&index) || stand.contains(&index) {
            restored.push(Sign { letter: GS, at: sign.at });
        }
        restored.push(*sign);
    }
    Some(restored)
}

/// Where 91 and 92 stand if 92 has a code of this length and is the last.
fn places(letters: &[Sign], check: usize) -> Option<[usize; 2]> {
    let code = letters.len().checked_sub(check + 2)?;
    let key = code.checked_sub(KEY + 2)?;
    let serial = key.checked_sub(HEAD)?;
    let fits = (1..=SERIAL).contains(&serial)
        && stands_at(letters, key, "91")
        && stands_at(letters, code, "92")
        && is_base64(letters.get(code + 2..)?);
    fits.then_some([key, code])
}

fn is_base64(value: &[Sign]) -> bool {
    let letters = value.iter().take_while(|sign| sign.letter != '=');
    let padding = value.len() - letters.clone().count();
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "+/-_".contains(letter);
    (1..=2).contains(&padding)
        && letters.map(|sign| sign.letter).all(is_letter)
        && value.iter().rev().take(padding).all(|sign| sign.letter == '=')
}

/// A separator that must be lost although the text can be read without it: the next element stands within a value.
pub fn swallowed(found: &[Element]) -> Option<Fault> {
    let of = |ai: &str| found.iter().find(|element| element.ai == ai);
    let at_the_end = |value: &str, ai: &str| {
        value
            .len()
            .checked_sub(KEY + 2)
            .and_then(|start| value.get(start..))
            .is_some_and(|end| end.starts_with(ai))
    };
    let serial = of("21").filter(|_| of("91").is_none() && of("93").is_none());
    let within_serial = serial.filter(|serial| {
        at_the_end(&serial.value, "93") || (of("92").is_some() && at_the_end(&serial.value, "91"))
    });
    if let Some(serial) = within_serial {
        let position = serial.position + 2 + serial.value.len() - KEY - 2;
        return Some(Fault::new(position, LOST));
    }
    let key = of("91")
        .filter(|key| of("92").is_none() && key.value.get(KEY..).is_some_and(|rest| rest.starts_with("92")));
    key.map(|key| Fault::new(key.position + 2 + KEY, "the separator after the key (91) is lost"))
}
