//! Codes as people print them, with brackets round the application identifiers.

use super::ai::Ai;
use super::parts::Repair;
use super::signs::{GS, Sign, text};

/// Opening and closing bracket.
const PAIRS: [(char, char); 2] = [('(', ')'), ('[', ']')];

/// The identifier in brackets that the characters begin with: its row, how many characters it takes.
fn bracketed(signs: &[Sign]) -> Option<(&'static Ai, usize)> {
    let (_, close) =
        PAIRS.into_iter().find(|(open, _)| signs.first().is_some_and(|sign| sign.letter == *open))?;
    let end = signs.iter().take(6).position(|sign| sign.letter == close)?;
    let inside = text(signs.get(1..end)?);
    let row = Ai::of(&inside).filter(|row| row.length == inside.len())?;
    Some((row, end + 1))
}

/// The code without such brackets, if it has any: with a separator where one belongs, and without blanks beside them.
pub fn removed(signs: Vec<Sign>, repairs: &mut Vec<Repair>) -> Vec<Sign> {
    if bracketed(&signs).is_none() {
        return signs;
    }
    let (mut code, mut rest, mut separated): (Vec<Sign>, _, _) = (Vec::new(), signs.as_slice(), false);
    let is_blank = |sign: &Sign| sign.letter == ' ';
    while let Some(sign) = rest.first() {
        let Some((row, length)) = bracketed(rest) else {
            code.push(*sign);
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        repairs.push(Repair::new(sign.at, "the brackets round the application identifier were left out"));
        while code.last().is_some_and(is_blank) {
            code.pop();
        }
        if separated && code.last().is_some_and(|last| last.letter != GS) {
            code.push(Sign { letter: GS, at: sign.at });
        }
        code.extend(rest.get(1..length - 1).unwrap_or_default());
        rest = rest.get(length..).unwrap_or_default();
        while rest.first().is_some_and(is_blank) {
            rest = rest.get(1..).unwrap_or_default();
        }
        separated = row.separated;
    }
    code
}
