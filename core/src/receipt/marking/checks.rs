//! The marking codes of a whole receipt, for the vendors that carry them.

use std::collections::HashMap;

use super::reading::read;
use crate::error::{Code, Violation, violation};
use crate::receipt::money::Quantity;
use crate::receipt::{Item, Receipt, Unit};

/// Most bytes of a product code, tag 1162.
const PRODUCT_CODE_BYTES: usize = 32;

/// What is wrong with the codes of a receipt, and what a shop should look at.
#[derive(Default)]
pub struct Checked {
    /// What the vendor or the state's system would refuse.
    pub violations: Vec<Violation>,
    /// What was put right or is odd.
    pub warnings: Vec<Violation>,
}

/// Checks the codes that `sent` says go out. Lines for which `of_several` is true may have one code for several pieces.
pub fn checked(
    receipt: &Receipt,
    sent: impl Fn(&Item) -> Option<&str>,
    of_several: impl Fn(&Item) -> bool,
) -> Checked {
    let mut checked = Checked::default();
    let mut pieces: HashMap<String, usize> = HashMap::new();
    for (index, item) in receipt.items.iter().enumerate() {
        let Some(text) = sent(item) else { continue };
        let path = format!("/items/{index}/marking/code");
        let reading = match read(text) {
            Ok(reading) => reading,
            Err(fault) => {
                checked.violations.push(violation(path, Code::WrongFormat, fault.to_string()));
                continue;
            }
        };
        let repairs =
            reading.repairs.iter().map(|repair| format!("position {}: {}", repair.position, repair.message));
        let notes = repairs.chain(reading.doubts.iter().cloned());
        checked.warnings.extend(notes.map(|note| violation(path.clone(), Code::WrongFormat, note)));
        let Some(piece) = reading.piece() else { continue };
        if has_several_pieces(item) && !of_several(item) {
            checked.violations.push(violation(
                format!("/items/{index}/quantity"),
                Code::WrongValue,
                ONE_PIECE,
            ));
        }
        if let Some(first) = pieces.get(&piece) {
            let message = format!("line {first} has the same code");
            match is_a_piece(item) {
                true => {
                    let message = format!("{message}: each piece has its own");
                    checked.violations.push(violation(path, Code::WrongValue, message));
                }
                // What is poured or cut off may come from one package twice.
                false => checked.warnings.push(violation(path, Code::WrongValue, message)),
            }
            continue;
        }
        pieces.insert(piece, index);
    }
    checked
}

/// Said of one code for several pieces.
pub const ONE_PIECE: &str =
    "a marking code is of one piece: write a line of quantity 1 for each piece, with its own code";

/// True where the line is of pieces, whole ones.
pub fn is_a_piece(item: &Item) -> bool {
    matches!(item.unit, None | Some(Unit::Piece)) && item.quantity.decimals() == 0
}

/// True where the line is of more than one piece.
pub fn has_several_pieces(item: &Item) -> bool {
    let is_counted = matches!(item.unit, None | Some(Unit::Piece));
    is_counted && Quantity::parse("1").is_ok_and(|one| item.quantity > one)
}

/// True for bytes in hex with spaces between, as tag 1162 has them.
pub fn is_product_code(text: &str) -> bool {
    let is_byte = |byte: &str| byte.len() == 2 && byte.bytes().all(|b| b.is_ascii_hexdigit());
    text.split(' ').all(is_byte) && text.split(' ').count() <= PRODUCT_CODE_BYTES
}
