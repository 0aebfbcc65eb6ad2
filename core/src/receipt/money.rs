//! Exact money and quantities. Nothing here passes through a binary float.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most decimals an amount of money may have (kopecks, tiyn).
pub const AMOUNT_DECIMALS: u32 = 2;
/// Most decimals a quantity may have; a vendor may allow fewer.
pub const QUANTITY_DECIMALS: u32 = 6;
/// Most digits before the decimal point of an amount. With the decimals they fit into 64 bits.
const AMOUNT_DIGITS: usize = 11;
/// Most digits before the decimal point of a quantity.
const QUANTITY_DIGITS: usize = 7;

/// What is wrong with the text of an amount or a quantity: a stable code and a sentence.
pub type DecimalFault = (&'static str, String);

/// An amount of money in the receipt's currency: not negative, at most 2 decimals.
///
/// On the boundary it is a string (`"1234.50"`); a JSON number is read from its literal text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(Decimal);

/// A quantity of goods: not negative, at most 6 decimals (most vendors take 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(Decimal);

impl Amount {
    /// No money.
    pub const ZERO: Amount = Amount(Decimal::ZERO);

    /// Reads the plain decimal text of an amount.
    pub fn parse(text: &str) -> Result<Self, DecimalFault> {
        parse(text, "amount", AMOUNT_DIGITS, AMOUNT_DECIMALS).map(Self)
    }

    /// `price × quantity`, rounded half up to 2 decimals; `None` where it does not fit.
    pub fn times(self, quantity: Quantity) -> Option<Self> {
        let product = self.0.checked_mul(quantity.0)?;
        let rounded = product.round_dp_with_strategy(AMOUNT_DECIMALS, RoundingStrategy::MidpointAwayFromZero);
        Some(Self(rounded))
    }

    /// The sum of two amounts; `None` where it does not fit.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference of two amounts; `None` where it would be negative.
    pub fn minus(self, other: Self) -> Option<Self> {
        let difference = self.0.checked_sub(other.0)?;
        (!difference.is_sign_negative() || difference.is_zero()).then_some(Self(difference))
    }

    /// The price per unit that gives exactly this total; `None` where there is none of 2 decimals.
    pub fn per(self, quantity: Quantity) -> Option<Self> {
        let price = self.0.checked_div(quantity.0)?;
        let price =
            Self(price.round_dp_with_strategy(AMOUNT_DECIMALS, RoundingStrategy::MidpointAwayFromZero));
        (price.times(quantity)? == self).then_some(price)
    }

    /// The part of the amount that falls to `part` of `whole`, rounded half up.
    pub fn share(self, part: Quantity, whole: Quantity) -> Option<Self> {
        let share = self.0.checked_mul(part.0)?.checked_div(whole.0)?;
        Some(Self(share.round_dp_with_strategy(AMOUNT_DECIMALS, RoundingStrategy::MidpointAwayFromZero)))
    }

    /// The VAT contained in the amount at `rate` percent, rounded half up.
    pub fn vat(self, rate: u8) -> Option<Self> {
        let rate = Decimal::from(rate);
        let share = self.0.checked_mul(rate)?.checked_div(rate.checked_add(Decimal::ONE_HUNDRED)?)?;
        Some(Self(share.round_dp_with_strategy(AMOUNT_DECIMALS, RoundingStrategy::MidpointAwayFromZero)))
    }

    /// In hundredths (kopecks, cents); `None` where it does not fit.
    pub fn hundredths(self) -> Option<i64> {
        self.0.checked_mul(Decimal::ONE_HUNDRED)?.to_i64()
    }

    /// An amount of hundredths (kopecks, cents); `None` for a negative number.
    pub fn of_hundredths(hundredths: i64) -> Option<Self> {
        (hundredths >= 0).then(|| Self(Decimal::new(hundredths, AMOUNT_DECIMALS)))
    }

    /// True without kopecks or tiyn.
    pub fn is_whole(self) -> bool {
        self.0.fract().is_zero()
    }

    /// Without its kopecks or tiyn.
    #[must_use]
    pub fn whole(self) -> Self {
        Self(self.0.trunc())
    }

    /// The next whole amount, or this one.
    #[must_use]
    pub fn whole_above(self) -> Self {
        Self(self.0.ceil())
    }

    /// Digits only where it is whole, else with 2 decimals: `2920`, `2920.50`.
    pub fn shortest(self) -> String {
        if self.is_whole() { format!("{:.0}", self.0) } else { self.to_string() }
    }

    /// True for an amount of nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl Quantity {
    /// Reads the plain decimal text of a quantity.
    pub fn parse(text: &str) -> Result<Self, DecimalFault> {
        parse(text, "quantity", QUANTITY_DIGITS, QUANTITY_DECIMALS).map(Self)
    }

    /// In thousandths; `None` where it has more than 3 decimals or does not fit.
    pub fn thousandths(self) -> Option<i64> {
        let thousandths = self.0.checked_mul(Decimal::ONE_THOUSAND)?;
        thousandths.fract().is_zero().then(|| thousandths.to_i64()).flatten()
    }

    /// Whole pieces, and what is left of a piece.
    pub fn pieces(self) -> Option<(i64, Self)> {
        Some((self.0.trunc().to_i64()?, Self(self.0.fract())))
    }

    /// So many whole pieces; `None` for a negative number.
    pub fn of_pieces(pieces: i64) -> Option<Self> {
        (pieces >= 0).then(|| Self(Decimal::from(pieces)))
    }

    /// The sum of two quantities; `None` where it does not fit.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference of two quantities; `None` where it would be negative.
    pub fn minus(self, other: Self) -> Option<Self> {
        let difference = self.0.checked_sub(other.0)?;
        (!difference.is_sign_negative() || difference.is_zero()).then_some(Self(difference))
    }

    /// How many decimals are in use: 3 for `1.250` is 2.
    pub fn decimals(self) -> u32 {
        self.0.normalize().scale()
    }

    /// True for a quantity of nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

fn parse(
    text: &str,
    what: &'static str,
    most_digits: usize,
    most_decimals: u32,
) -> Result<Decimal, DecimalFault> {
    // Some languages have a zero with a sign.
    let is_zero = |rest: &str| rest.contains('0') && rest.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let text = text.strip_prefix('-').filter(|rest| is_zero(rest)).unwrap_or(text);
    if text.starts_with('-') {
        return Err(("negative", format!("the {what} {} is negative", shown(text))));
    }
    let (digits, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(digits) || !plain(fraction) {
        let message = format!("{} is not a plain decimal number like \"150.00\"", shown(text));
        return Err(("not_a_decimal", message));
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > most_decimals as usize {
        let message = format!("the {what} {} has more than {most_decimals} decimals", shown(text));
        return Err(("too_many_decimals", message));
    }
    let digits = digits.trim_start_matches('0');
    if digits.len() > most_digits {
        let message =
            format!("the {what} {} has more than {most_digits} digits before the point", shown(text));
        return Err(("too_large", message));
    }
    let digit = |number: i64, byte: u8| number * 10 + i64::from(byte - b'0');
    let number = digits.bytes().chain(fraction.bytes()).fold(0, digit);
    Ok(Decimal::new(number, fraction.len() as u32))
}

/// The text, cut so that a hostile one cannot fill a message.
fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(24) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

impl fmt::Display for Amount {
    /// Always with 2 decimals: `290.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

impl fmt::Display for Quantity {
    /// Without needless zeros: `2`, `0.321`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.normalize())
    }
}

macro_rules! decimal_on_the_boundary {
    ($type:ident, $format:literal, $doc:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a decimal text")
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        $type::parse(text).map_err(|(_, message)| E::custom(message))
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": ["string", "number"], "format": $format, "description": $doc })
            }
        }
    };
}

decimal_on_the_boundary!(
    Amount,
    "amount",
    "Money in the receipt's currency: a decimal string, not negative, at most 2 decimals."
);
decimal_on_the_boundary!(
    Quantity,
    "quantity",
    "A quantity: a decimal string, not negative, at most 3 decimals (6 where the vendor allows it)."
);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_exactly_or_refused() {
        for (text, shown) in
            [("0", "0.00"), ("-0.00", "0.00"), ("150", "150.00"), ("0.10", "0.10"), ("1.50000", "1.50")]
        {
            assert_eq!(Amount::parse(text).unwrap().to_string(), shown);
        }
        for (text, code) in [
            ("-1", "negative"),
            ("-0.01", "negative"),
            ("-.", "negative"),
            ("1.005", "too_many_decimals"),
            ("1e3", "not_a_decimal"),
            ("", "not_a_decimal"),
            (".5", "not_a_decimal"),
            ("1.", "not_a_decimal"),
            ("１", "not_a_decimal"),
            ("NaN", "not_a_decimal"),
            ("79228162514264337593543950335", "too_large"),
        ] {
            assert_eq!(Amount::parse(text).unwrap_err().0, code, "{text}");
        }
    }

    #[test]
    fn a_line_is_rounded_half_up() {
        let price = Amount::parse("10.01").unwrap();
        let half = Quantity::parse("0.5").unwrap();
        assert_eq!(price.times(half).unwrap().to_string(), "5.01");
    }

    #[test]
    fn the_largest_values_do_not_overflow() {
        let price = Amount::parse("99999999999.99").unwrap();
        let quantity = Quantity::parse("9999999.999999").unwrap();
        assert!(price.times(quantity).is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC*") {
            let _ = Amount::parse(&text);
            let _ = Quantity::parse(&text);
        }

        #[test]
        fn kopecks_survive_the_round_trip(kopecks in 0u64..10_000_000_000_000) {
            let text = format!("{}.{:02}", kopecks / 100, kopecks % 100);
            prop_assert_eq!(Amount::parse(&text).unwrap().to_string(), text);
        }
    }
}
