//! Checks a document against a table and names what is wrong as the service does: the error kinds
//! and paths of NJsonSchema (protocol/atol.md 2.13).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rust_decimal::Decimal;

use super::checks::{Check, Field, Need, Range, Shape};
use super::reading::{self, Fields, Raw};
use super::switches::{RevisionV5, Switches};

/// A value of the wrong type or size, by the kind's name.
type Kind = &'static str;

/// A field that is missing.
pub const PROPERTY_REQUIRED: Kind = "PropertyRequired";
/// A text that does not pass its pattern.
pub const PATTERN_MISMATCH: Kind = "PatternMismatch";
/// None of the alternatives fits.
pub const NOT_ANY_OF: Kind = "NotAnyOf";
/// Not exactly one of the alternatives fits.
pub const NOT_ONE_OF: Kind = "NotOneOf";
/// A word or number outside its list.
pub const NOT_IN_ENUMERATION: Kind = "NotInEnumeration";
/// A number below its bound.
pub const NUMBER_TOO_SMALL: Kind = "NumberTooSmall";
/// A number above its bound.
pub const NUMBER_TOO_BIG: Kind = "NumberTooBig";
/// A text that is too long.
pub const STRING_TOO_LONG: Kind = "StringTooLong";
const STRING_TOO_SHORT: Kind = "StringTooShort";
const NOT_MULTIPLE: Kind = "NumberNotMultipleOf";
const UNKNOWN_FIELD: Kind = "NoAdditionalPropertiesAllowed";
const TOO_MANY_ITEMS: Kind = "TooManyItems";
const TOO_FEW_ITEMS: Kind = "TooFewItems";
const STRING_EXPECTED: Kind = "StringExpected";
const NUMBER_EXPECTED: Kind = "NumberExpected";
const INTEGER_EXPECTED: Kind = "IntegerExpected";
const BOOLEAN_EXPECTED: Kind = "BooleanExpected";
const OBJECT_EXPECTED: Kind = "ObjectExpected";
const ARRAY_EXPECTED: Kind = "ArrayExpected";
const BASE64_EXPECTED: Kind = "Base64Expected";

/// Collects violations.
pub struct Checker<'a> {
    /// The switches that the tables ask.
    pub switches: &'a Switches,
    violations: Vec<String>,
}

impl<'a> Checker<'a> {
    /// Nothing is wrong yet.
    pub fn new(switches: &'a Switches) -> Self {
        Self { switches, violations: Vec::new() }
    }

    /// Everything that was wrong, in one text; None when nothing was.
    pub fn verdict(self) -> Option<String> {
        (!self.violations.is_empty()).then(|| self.violations.join(&self.switches.violation_separator))
    }

    /// Notes a violation at a path such as `receipt.items[0]`.
    pub fn violation(&mut self, kind: Kind, path: &str) {
        let violation = format!("{kind}: #/{path}");
        if !self.violations.contains(&violation) {
            self.violations.push(violation);
        }
    }

    /// Notes a missing field of an object.
    pub fn missing(&mut self, path: &str, name: &str) {
        self.violation(PROPERTY_REQUIRED, &joined(path, name));
    }

    /// Checks an object.
    pub fn object(&mut self, shape: &Shape, raw: Raw<'_>, path: &str) {
        let Some(fields) = reading::object(raw) else {
            return self.violation(OBJECT_EXPECTED, path);
        };
        for field in shape.fields {
            self.field(field, &fields, path);
        }
        let known = |name: &str| shape.fields.iter().any(|f| f.name == name && self.knows(f));
        let unknown: Vec<_> =
            fields.keys().filter(|name| !shape.open && !known(name)).map(|name| joined(path, name)).collect();
        for path in unknown {
            self.violation(UNKNOWN_FIELD, &path);
        }
    }

    fn knows(&self, field: &Field) -> bool {
        !matches!(field.need, Need::Newer) || self.switches.v5_revision == RevisionV5::New
    }

    fn field(&mut self, field: &Field, fields: &Fields<'_>, path: &str) {
        let required = match field.need {
            Need::Must => true,
            Need::May | Need::Newer => false,
            Need::MustIf(when) => when(self.switches),
        };
        match fields.get(field.name) {
            Some(raw) if self.knows(field) => self.value(field.check, raw, &joined(path, field.name)),
            None if required => self.missing(path, field.name),
            _ => {}
        }
    }

    fn value(&mut self, check: Check, raw: Raw<'_>, path: &str) {
        match check {
            Check::Object(shape) => self.object(shape, raw, path),
            Check::Array(least, most, each) => self.array((least, most), each, raw, path),
            Check::ArrayUpTo(most, each) => self.array((1, most(self.switches)), each, raw, path),
            _ => {
                if let Some(kind) = self.scalar(check, raw) {
                    self.violation(kind, path);
                }
            }
        }
    }

    fn array(&mut self, (least, most): (usize, usize), each: &Check, raw: Raw<'_>, path: &str) {
        let Some(elements) = reading::array(raw) else {
            return self.violation(ARRAY_EXPECTED, path);
        };
        if elements.len() < least {
            self.violation(TOO_FEW_ITEMS, path);
        }
        if elements.len() > most {
            self.violation(TOO_MANY_ITEMS, path);
        }
        let checked = if self.switches.check_every_element { elements.len() } else { 1 };
        for (index, element) in elements.into_iter().take(checked).enumerate() {
            self.value(*each, element, &format!("{path}[{index}]"));
        }
    }

    fn scalar(&self, check: Check, raw: Raw<'_>) -> Option<Kind> {
        match check {
            Check::Number(range) => number(raw, range(self.switches)),
            Check::NumberOrNull(_) if raw.get() == "null" => None,
            Check::NumberOrNull(range) => number(raw, range(self.switches)),
            Check::Whole(least, most) => whole(raw).map_or_else(Some, |number| {
                let bounds = [
                    (number < Decimal::from(least), NUMBER_TOO_SMALL),
                    (number > Decimal::from(most), NUMBER_TOO_BIG),
                ];
                first(&bounds)
            }),
            Check::OneOfNumbers(known) => whole(raw).map_or_else(Some, |number| {
                let known = known.iter().any(|k| Decimal::from(*k) == number);
                (!known).then_some(NOT_IN_ENUMERATION)
            }),
            Check::Flag => reading::flag(raw).is_none().then_some(BOOLEAN_EXPECTED),
            _ => reading::text(raw).map_or(Some(STRING_EXPECTED), |text| self.text(check, &text)),
        }
    }

    fn text(&self, check: Check, text: &str) -> Option<Kind> {
        let length = text.chars().count();
        let sized = |least: usize, most: usize| {
            first(&[(length < least, STRING_TOO_SHORT), (length > most, STRING_TOO_LONG)])
        };
        let matches = |passes: bool| (!passes).then_some(PATTERN_MISMATCH);
        let listed = |words: &[&str]| (!words.contains(&text)).then_some(NOT_IN_ENUMERATION);
        match check {
            Check::Text(least, most) => sized(least, most),
            Check::TextUpTo(most) => sized(0, most(self.switches)),
            Check::Pattern(most, test) => sized(0, most).or_else(|| matches(test(text))),
            Check::SwitchedPattern(most, test) => {
                sized(0, most).or_else(|| matches(test(text, self.switches)))
            }
            Check::Base64(most) => {
                sized(1, most).or_else(|| STANDARD.decode(text).is_err().then_some(BASE64_EXPECTED))
            }
            Check::OneOf(words) => listed(words),
            Check::OneOfRevision(words) => listed(&words(self.switches)),
            _ => None,
        }
    }
}

/// The path of a field.
pub fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn first(problems: &[(bool, Kind)]) -> Option<Kind> {
    problems.iter().find(|(wrong, _)| *wrong).map(|(_, kind)| *kind)
}

fn number(raw: Raw<'_>, range: Range) -> Option<Kind> {
    if !reading::is_number(raw) {
        return Some(NUMBER_EXPECTED);
    }
    let Some(number) = reading::number(raw) else {
        // More digits than any amount has, before the point or behind it.
        return Some(if raw.get().contains('.') { NOT_MULTIPLE } else { NUMBER_TOO_BIG });
    };
    first(&[
        (number < Range::bound(range.least), NUMBER_TOO_SMALL),
        (number > Range::bound(range.most), NUMBER_TOO_BIG),
        (number.normalize().scale() > range.decimals, NOT_MULTIPLE),
    ])
}

fn whole(raw: Raw<'_>) -> Result<Decimal, Kind> {
    reading::number(raw).filter(Decimal::is_integer).ok_or(INTEGER_EXPECTED)
}
