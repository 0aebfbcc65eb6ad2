//! How a field is checked: the words in which the tables of both schemas are written.

use rust_decimal::Decimal;

use super::switches::Switches;

/// The bounds of a number, and how many decimals it may have.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// The least value: digits and scale.
    pub least: (i64, u32),
    /// The greatest value: digits and scale.
    pub most: (i64, u32),
    /// How many decimals.
    pub decimals: u32,
}

impl Range {
    /// A bound as a number.
    pub fn bound((digits, scale): (i64, u32)) -> Decimal {
        Decimal::new(digits, scale)
    }
}

/// How the value of a field is checked.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Text of so many characters, at least and at most.
    Text(usize, usize),
    /// Text of at most so many characters, the bound by switches.
    TextUpTo(fn(&Switches) -> usize),
    /// Text of at most so many characters that passes a test.
    Pattern(usize, fn(&str) -> bool),
    /// The same, the test by switches.
    SwitchedPattern(usize, fn(&str, &Switches) -> bool),
    /// Base64 of at most so many characters.
    Base64(usize),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// One of the words that the known revision has.
    OneOfRevision(fn(&Switches) -> Vec<&'static str>),
    /// A number.
    Number(fn(&Switches) -> Range),
    /// A number or null.
    NumberOrNull(fn(&Switches) -> Range),
    /// A whole number, at least and at most.
    Whole(i64, i64),
    /// One of these whole numbers.
    OneOfNumbers(&'static [i64]),
    /// True or false.
    Flag,
    /// An object.
    Object(&'static Shape),
    /// An array of so many elements, at least and at most.
    Array(usize, usize, &'static Check),
    /// The same, the upper bound by switches.
    ArrayUpTo(fn(&Switches) -> usize, &'static Check),
}

/// Whether a field must be there.
#[derive(Debug, Clone, Copy)]
pub enum Need {
    /// Always.
    Must,
    /// No.
    May,
    /// Under some switches.
    MustIf(fn(&Switches) -> bool),
    /// No, and an older revision does not know it.
    Newer,
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name, case-sensitive.
    pub name: &'static str,
    /// Whether it must be there.
    pub need: Need,
    /// The check of its value.
    pub check: Check,
}

/// The fields of an object.
#[derive(Debug)]
pub struct Shape {
    /// The fields that are known.
    pub fields: &'static [Field],
    /// Whether others are ignored (v4) or refused (v5).
    pub open: bool,
}

/// A field that must be there.
pub const fn must(name: &'static str, check: Check) -> Field {
    Field { name, need: Need::Must, check }
}

/// A field that may be there.
pub const fn may(name: &'static str, check: Check) -> Field {
    Field { name, need: Need::May, check }
}

/// A field that must be there under some switches.
pub const fn must_if(name: &'static str, when: fn(&Switches) -> bool, check: Check) -> Field {
    Field { name, need: Need::MustIf(when), check }
}

/// A field that only the newer revision knows.
pub const fn newer(name: &'static str, check: Check) -> Field {
    Field { name, need: Need::Newer, check }
}

/// Text of at most so many characters.
pub const fn up_to(characters: usize) -> Check {
    Check::Text(0, characters)
}

/// Text of exactly so many characters.
pub const fn exactly(characters: usize) -> Check {
    Check::Text(characters, characters)
}
