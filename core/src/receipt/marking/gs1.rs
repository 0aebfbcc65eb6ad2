//! A GS1 code as its elements.

use super::ai::Ai;
use super::parts::{Element, Fault};
use super::signs::{GS, Sign, text};

/// Said where a value ran on into the next.
pub const LOST: &str = "the separator after the serial is lost";

/// True where the characters from `index` on are this many digits at least.
pub fn digits_at(signs: &[Sign], index: usize, count: usize) -> bool {
    let found = signs.get(index..index + count);
    found.is_some_and(|found| found.iter().all(|sign| sign.letter.is_ascii_digit()))
}

/// True where the text stands at `index`.
pub fn stands_at(signs: &[Sign], index: usize, wanted: &str) -> bool {
    let found = signs.get(index..index + wanted.len());
    found.is_some_and(|found| found.iter().map(|sign| sign.letter).eq(wanted.chars()))
}

/// True where it can only be a GS1 code: it begins as one.
pub fn is_meant(signs: &[Sign]) -> bool {
    let begins = |ai: &str, digits: usize| stands_at(signs, 0, ai) && digits_at(signs, ai.len(), digits);
    begins("01", 14)
        || (begins("00", 18) && signs.len() == 20)
        || (begins("02", 14) && stands_at(signs, 16, "37"))
        || (stands_at(signs, 0, "01") && signs.iter().any(|sign| sign.letter == GS))
}

/// Where a second code begins: its GTIN and serial number stand within the first.
pub fn second_code(signs: &[Sign]) -> Option<usize> {
    let begins = |index: &usize| {
        stands_at(signs, *index, "01")
            && digits_at(signs, index + 2, 14)
            && stands_at(signs, index + 16, "21")
    };
    // The first one's GTIN and `21` take 18.
    (18..signs.len()).find(begins).and_then(|index| signs.get(index)).map(|sign| sign.at)
}

/// What is said of two codes in one text.
pub fn run_together(position: usize) -> Fault {
    Fault::new(
        position,
        "a second code begins here: scan each piece by itself, one code a line of the receipt",
    )
}

/// The elements of a code. Separators behind a value of fixed length are taken as they come.
pub fn elements(signs: &[Sign]) -> Result<Vec<Element>, Fault> {
    let (mut found, mut rest): (Vec<Element>, _) = (Vec::new(), signs);
    while let Some(first) = rest.first() {
        if first.letter == GS {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let head = text(rest.get(..rest.len().min(4)).unwrap_or_default());
        let Some(row) = Ai::of(&head) else {
            let behind = found.last().map_or("nothing", |last| last.ai.as_str());
            let message = format!(
                "no application identifier stands here, behind {behind}: a separator or a character is lost"
            );
            return Err(Fault::new(first.at, message));
        };
        let ai: String = head.chars().take(row.length).collect();
        let behind = rest.get(row.length..).unwrap_or_default();
        let until = behind.iter().position(|sign| sign.letter == GS).unwrap_or(behind.len());
        let length = if row.is_fixed() { until.min(row.most) } else { until };
        let value = behind.get(..length).unwrap_or_default();
        check(row, &ai, value, first.at)?;
        if found.iter().any(|earlier| earlier.ai == ai) {
            return Err(Fault::new(
                first.at,
                format!("{ai} stands twice: these are two codes, or a separator is lost"),
            ));
        }
        found.push(Element { ai, name: row.name.into(), value: text(value), position: first.at });
        rest = behind.get(length..).unwrap_or_default();
    }
    Ok(found)
}

fn check(row: &Ai, ai: &str, value: &[Sign], at: usize) -> Result<(), Fault> {
    let length = value.len();
    if let Some(odd) = value.iter().find(|sign| row.digits && !sign.letter.is_ascii_digit()) {
        return Err(Fault::new(odd.at, format!("{ai} ({}) has digits only, not `{}`", row.name, odd.letter)));
    }
    if length < row.least {
        let message =
            format!("{ai} ({}) has {} characters at least, and here are {length}", row.name, row.least);
        return Err(Fault::new(at, message));
    }
    if length > row.most {
        let most = row.most;
        let message = match ai {
            "21" => format!("{LOST}: 21 has {most} characters at most, and here are {length}"),
            _ => format!("{ai} ({}) has {most} characters at most, and here are {length}", row.name),
        };
        return Err(Fault::new(at, message));
    }
    Ok(())
}
