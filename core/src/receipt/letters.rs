//! The letters of a receipt's texts. A fiscal record in Russia is written in CP866; what that has no place for is
//! written with what it has, where there is one way to do so. A text is never cut: a letter without another way is
//! sent as it is, with a warning.

use super::{MOST_CASHIER, MOST_NAME, MOST_TEXT, Receipt};
use crate::error::{Code, Violation, violation};

/// Which letters a vendor's fiscal record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// All that can be seen.
    All,
    /// Those of CP866.
    Cp866,
}

/// What is written for letters that CP866 has not.
const INSTEAD: &[(&str, &str)] = &[
    ("\u{ab}\u{bb}\u{201c}\u{201d}\u{201e}\u{201f}\u{2033}", "\""),
    ("\u{2018}\u{2019}\u{201a}\u{201b}\u{2032}\u{2bc}", "'"),
    ("\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}", "-"),
    ("\u{2026}", "..."),
    ("\u{d7}", "x"),
    ("\u{a9}", "(c)"),
    ("\u{ae}", "(R)"),
    ("\u{2122}", "(TM)"),
    ("\u{20bd}", "руб."),
    ("\u{20ac}", "EUR"),
    ("\u{b1}", "+/-"),
    ("\u{b2}", "2"),
    ("\u{b3}", "3"),
    ("\u{bd}", "1/2"),
    ("\u{bc}", "1/4"),
    ("\u{be}", "3/4"),
];
/// What CP866 has beside ASCII and the Russian letters; signs that draw boxes are no part of a text.
const CP866: &str = "ЁёЄєЇїЎў°∙·√№¤";

/// A blank of whatever width or kind, an end of a line among them.
fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{2800}'
}

/// A letter that nobody sees: joiners, marks of direction, soft hyphens.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

impl Letters {
    fn has(self, letter: char) -> bool {
        match self {
            Letters::All => !is_unseen(letter) && (!is_blank(letter) || letter == ' '),
            Letters::Cp866 => matches!(letter, ' '..='~' | 'А'..='я') || CP866.contains(letter),
        }
    }

    /// The text in these letters; none where it is so already.
    pub(super) fn written(self, text: &str) -> Option<String> {
        let instead = |letter| INSTEAD.iter().find(|(letters, _)| letters.contains(letter));
        let mut written = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                _ if self.has(letter) => written.push(letter),
                _ if is_blank(letter) => written.push(' '),
                _ if is_unseen(letter) => {}
                _ => match instead(letter) {
                    Some((_, instead)) => written.push_str(instead),
                    None => written.push(letter),
                },
            }
        }
        (written != text).then_some(written)
    }
}

/// A text that comes on record: where it stands, and how many letters it may have.
pub type Text<'a> = (String, Option<&'a mut String>, usize);

/// The texts of a receipt that come on record, beside those that only one vendor has.
fn texts(receipt: &mut Receipt) -> Vec<Text<'_>> {
    let Receipt { items, customer, cashier, company, .. } = receipt;
    let items = items.iter_mut().enumerate();
    let mut all: Vec<_> = items
        .map(|(index, item)| (format!("/items/{index}/name"), Some(&mut item.name), MOST_NAME))
        .collect();
    if let Some(customer) = customer {
        all.push(("/customer/name".into(), customer.name.as_mut(), MOST_TEXT));
    }
    if let Some(cashier) = cashier {
        all.push(("/cashier/name".into(), Some(&mut cashier.name), MOST_CASHIER));
        all.push(("/cashier/position".into(), cashier.position.as_mut(), MOST_CASHIER));
    }
    if let Some(company) = company {
        all.push(("/company/payment_address".into(), company.payment_address.as_mut(), MOST_TEXT));
    }
    all
}

impl Receipt {
    /// Writes its texts in the letters that the record holds; with violations and warnings.
    pub fn write_in(&mut self, letters: Letters) -> (Vec<Violation>, Vec<Violation>) {
        letters.write(texts(self))
    }
}

impl Letters {
    /// A copy of a receipt in which these texts of a vendor's own part are written so, with violations and warnings.
    /// `None` where no vendor has a part.
    pub fn copy_with(
        self,
        receipt: &Receipt,
        texts: fn(&mut Receipt) -> Vec<Text<'_>>,
    ) -> Option<(Receipt, Vec<Violation>, Vec<Violation>)> {
        let has_part = receipt.vendor.is_some() || receipt.items.iter().any(|item| item.vendor.is_some());
        has_part.then(|| {
            let mut copy = receipt.clone();
            let (violations, warnings) = self.write(texts(&mut copy));
            (copy, violations, warnings)
        })
    }

    /// Writes texts in these letters; with violations and warnings.
    fn write(self, texts: Vec<Text<'_>>) -> (Vec<Violation>, Vec<Violation>) {
        let (mut violations, mut warnings) = (Vec::new(), Vec::new());
        for (path, text, most) in texts {
            let Some(text) = text else { continue };
            if let Some(written) = self.written(text) {
                let message = format!("the fiscal record holds other letters: it is sent as {written:?}");
                warnings.push(violation(path.clone(), Code::WrongFormat, message));
                *text = written;
            }
            let strange: String = text.chars().filter(|letter| !self.has(*letter)).take(10).collect();
            if !strange.is_empty() {
                let message = format!(
                    "the fiscal record has no letter for {strange:?}; it is sent as it is, and what comes on record in \
                     its place is not known"
                );
                warnings.push(violation(path.clone(), Code::WrongFormat, message));
            }
            let length = text.chars().count();
            if text.trim().is_empty() {
                violations.push(violation(path, Code::TooShort, "nothing but blanks"));
            } else if length > most {
                let message = format!(
                    "{length} letters as they are sent ({:?}...); at most {most} are allowed",
                    text.chars().take(20).collect::<String>()
                );
                violations.push(violation(path, Code::TooLong, message));
            }
        }
        (violations, warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_in_what_the_record_holds() {
        for (text, all, cp866) in [
            ("Кружка \"Ёж\" №5", None, None),
            ("«Чай — зелёный»…", None, Some("\"Чай - зелёный\"...")),
            ("a\u{200b}b\u{ad}c", Some("abc"), Some("abc")),
            ("Mug\r\nred\tbig", Some("Mug  red big"), Some("Mug  red big")),
            ("5\u{a0}000\u{202f}₽", Some("5 000 ₽"), Some("5 000 руб.")),
            ("Шай 😀 қызыл", None, None),
            ("3 × ½", None, Some("3 x 1/2")),
        ] {
            assert_eq!(Letters::All.written(text).as_deref(), all, "{text:?}");
            assert_eq!(Letters::Cp866.written(text).as_deref(), cp866, "{text:?}");
        }
        for (letters, instead) in INSTEAD {
            assert!(instead.chars().all(|letter| Letters::Cp866.has(letter)), "{instead}");
            assert!(letters.chars().all(|letter| !Letters::Cp866.has(letter)), "{letters}");
        }
    }
}
