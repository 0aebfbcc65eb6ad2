//! Sums in whole kopecks, and the arithmetic of lines (protocol/ikassa.md 2.1, 2.6, 6.5).

/// The largest amount: the bound that is stated for modifiers (protocol/ikassa.md 2.6). For the
/// other amounts it is invented.
pub const MAX_AMOUNT: i64 = 0x31FF_FFFF_FFFF;

const THOUSANDTHS: i128 = 1000;
const KOPECKS: u64 = 100;

/// `price * quantity / 1000`, half away from zero. The rounding is invented
/// (protocol/ikassa.md 6.5).
pub fn cost(price: i64, quantity: i64) -> i128 {
    let exact = i128::from(price) * i128::from(quantity);
    let half = if exact < 0 { -THOUSANDTHS / 2 } else { THOUSANDTHS / 2 };
    (exact + half) / THOUSANDTHS
}

/// An amount with two decimals.
pub fn two_decimals(amount: i64) -> String {
    decimal(amount, KOPECKS, 2)
}

/// A quantity with three decimals.
pub fn three_decimals(thousandths: i64) -> String {
    decimal(thousandths, 1000, 3)
}

fn decimal(value: i64, unit: u64, decimals: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let size = value.unsigned_abs();
    format!("{sign}{}.{:0decimals$}", size / unit, size % unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_rounded_half_away_from_zero() {
        let cases = [(320, 2000, 640), (1190, 350, 417), (1, 499, 0), (1, 500, 1), (-1, 500, -1)];
        for (price, quantity, expected) in cases {
            assert_eq!(cost(price, quantity), expected, "{price} {quantity}");
        }
        assert_eq!(cost(MAX_AMOUNT, 1000), i128::from(MAX_AMOUNT));
    }

    #[test]
    fn amounts_are_written_without_floats() {
        assert_eq!(
            (two_decimals(1050), two_decimals(-40), two_decimals(7)),
            ("10.50".into(), "-0.40".into(), "0.07".into())
        );
        assert_eq!(three_decimals(350), "0.350");
    }
}
