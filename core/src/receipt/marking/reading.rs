//! A scanned text as the code that it is.

use super::parts::{Element, Fault, MarkingKind, Repair};
use super::signs::{self, GS, REPLACEMENT, SWALLOWED, Sign};
use super::{brackets, gs1, kinds, lost};

/// A code that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What it is.
    pub kind: MarkingKind,
    /// The code itself: as scanned, with what was put right. Read again it is the same.
    pub code: String,
    /// The elements of a GS1 code.
    pub elements: Vec<Element>,
    /// What was put right.
    pub repairs: Vec<Repair>,
    /// What is odd and was left as it is.
    pub doubts: Vec<String>,
}

impl Reading {
    /// The value of an element.
    pub fn value(&self, ai: &str) -> Option<&str> {
        self.elements.iter().find(|element| element.ai == ai).map(|element| element.value.as_str())
    }

    /// What says which piece it is, where it is the code of one: a GTIN with its serial number, or the code as a whole.
    pub fn piece(&self) -> Option<String> {
        match self.kind {
            MarkingKind::Gs1 => Some(format!("{} {}", self.value("01")?, self.value("21")?)),
            MarkingKind::Unknown => None,
            kind if kind.is_barcode() => None,
            _ => Some(self.code.clone()),
        }
    }
}

/// Reads what a scanner, a keyboard or a file gave. What can mean one thing only is put right; the rest is a fault.
pub fn read(text: &str) -> Result<Reading, Fault> {
    let mut repairs = Vec::new();
    let code = signs::cleaned(text, &mut repairs);
    let mut code = signs::tidied(&brackets::removed(code, &mut repairs), &mut repairs);
    if code.is_empty() {
        return Err(Fault::new(1, "there is no code in this text"));
    }
    if let Some(position) = gs1::second_code(&code) {
        return Err(gs1::run_together(position));
    }
    let is_gs1 = gs1::is_meant(&code);
    if let Some(fault) = strange(&code, is_gs1) {
        return Err(fault);
    }
    if !is_gs1 {
        let code = signs::text(&code);
        let kind = kinds::kind_of(&code);
        let unknown = "this is no code that Kassa knows; it is passed on as it is".to_owned();
        let doubts = if kind == MarkingKind::Unknown { vec![unknown] } else { Vec::new() };
        return Ok(Reading { kind, code, elements: Vec::new(), repairs, doubts });
    }
    code = signs::tidied(&lost::restored(code, &mut repairs)?, &mut repairs);
    let elements = gs1::elements(&code)?;
    if let Some(fault) = lost::swallowed(&elements) {
        return Err(fault);
    }
    repairs.sort_by_key(|repair| repair.position);
    let doubts = doubts(&elements);
    Ok(Reading { kind: MarkingKind::Gs1, code: signs::text(&code), elements, repairs, doubts })
}

/// A character that no code has. Codes have `!` to `~`; GS1 codes have separators too, and blanks in place of them.
fn strange(code: &[Sign], is_gs1: bool) -> Option<Fault> {
    let is_known = |letter: char| {
        ('!'..='~').contains(&letter) || (is_gs1 && [GS, ' ', SWALLOWED, REPLACEMENT].contains(&letter))
    };
    let sign = code.iter().find(|sign| !is_known(sign.letter))?;
    Some(match sign.letter {
        '\r' | '\n' | '\t' => gs1::run_together(sign.at),
        GS => Fault::new(
            sign.at,
            "a separator, and the code does not begin with a GTIN (01): its begin is lost",
        ),
        '\u{400}'..='\u{4ff}' => {
            let message =
                format!("`{}` is Cyrillic: set the keyboard to Latin and scan it again", sign.letter);
            Fault::new(sign.at, message)
        }
        letter => {
            let message = format!("U+{:04X} stands in no marking code: scan it again", u32::from(letter));
            Fault::new(sign.at, message)
        }
    })
}

/// What is odd about a GS1 code that can be read.
fn doubts(elements: &[Element]) -> Vec<String> {
    let of = |ai: &str| elements.iter().find(|element| element.ai == ai);
    let wrong_digit =
        ["00", "01", "02"].into_iter().filter_map(of).find(|element| !kinds::is_checked(&element.value)).map(
            |element| format!("the check digit of {} {} is wrong: a digit may be", element.ai, element.value),
        );
    let no_serial =
        of("21").is_none().then(|| "without a serial number (21) it is the code of no single piece".into());
    let no_check = (of("21").is_some() && of("92").is_none() && of("93").is_none())
        .then(|| "the check (91 with 92, or 93) is not there: the code may be cut off".into());
    let long_check = of("93")
        .filter(|check| check.value.len() > 4)
        .map(|_| "93 mostly has 4 characters: a separator behind it may be lost".into());
    [wrong_digit, no_serial, no_check, long_check].into_iter().flatten().collect()
}
