//! Money in whole tiyn, and how numbers are read and written (protocol/ikkm.md 2.3).

use super::codes::{BAD_VALUE, Code};
use super::switches::Amounts;

/// An amount in tiyn: 0.01 tenge.
pub type Tiyn = i64;

/// Tiyn in a tenge.
pub const TENGE: Tiyn = 100;

/// The largest amount (protocol/ikkm.md 2.3, 6.1 item E9: the limit itself is allowed).
pub const MAX_AMOUNT: Tiyn = 20_000_000 * TENGE;

const MONEY_DECIMALS: u32 = 2;
const QUANTITY_DECIMALS: u32 = 3;

/// Reads the amount of a parameter: above zero, not above the limit.
pub fn amount(text: &str, amounts: Amounts) -> Result<Tiyn, Code> {
    let read = match amounts {
        Amounts::Whole => fixed(text, 0).and_then(|tenge| tenge.checked_mul(TENGE)),
        Amounts::Tiyn => rounded(text, MONEY_DECIMALS),
    };
    read.filter(|amount| (1..=MAX_AMOUNT).contains(amount)).ok_or(BAD_VALUE)
}

/// Reads money inside `itemdata`.
pub fn money(text: &str) -> Option<Tiyn> {
    rounded(text, MONEY_DECIMALS).filter(|amount| *amount <= MAX_AMOUNT)
}

/// Reads a quantity in thousandths (protocol/ikkm.md 0.1: more decimals are rounded).
pub fn quantity(text: &str) -> Option<i64> {
    rounded(text, QUANTITY_DECIMALS)
}

/// Money with two decimals.
pub fn two_decimals(amount: Tiyn) -> String {
    decimal(amount, MONEY_DECIMALS)
}

/// Money without needless decimals.
pub fn plain(amount: Tiyn) -> String {
    trimmed(&two_decimals(amount))
}

/// A quantity without needless decimals.
pub fn plain_quantity(thousandths: i64) -> String {
    trimmed(&decimal(thousandths, QUANTITY_DECIMALS))
}

/// A tax on top of an amount, rounded to whole tenge like the sample receipt
/// (protocol/ikkm.md 2.3).
pub fn tax_on_top(amount: Tiyn, percent: i64) -> Tiyn {
    let exact = amount * percent;
    (exact + 50 * TENGE) / (100 * TENGE) * TENGE
}

fn trimmed(decimal: &str) -> String {
    decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn decimal(value: i64, decimals: u32) -> String {
    let unit = 10_u64.pow(decimals);
    let sign = if value < 0 { "-" } else { "" };
    let size = value.unsigned_abs();
    format!("{sign}{}.{:0width$}", size / unit, size % unit, width = decimals as usize)
}

/// Digits with at most one point, in units of the last decimal kept; half a unit is rounded up.
fn rounded(text: &str, decimals: u32) -> Option<i64> {
    let Some((whole, fraction)) = text.split_once('.') else {
        return fixed(text, decimals);
    };
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let kept: String =
        fraction.chars().chain("0".repeat(decimals as usize).chars()).take(decimals as usize).collect();
    let up = fraction.as_bytes().get(decimals as usize).is_some_and(|next| *next >= b'5');
    fixed(whole, decimals)?.checked_add(kept.parse::<i64>().ok()?)?.checked_add(i64::from(up))
}

fn fixed(digits: &str, decimals: u32) -> Option<i64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let whole: i64 = all_digits.then(|| digits.parse().ok())??;
    whole.checked_mul(10_i64.pow(decimals))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        let whole = |text| amount(text, Amounts::Whole);
        let tiyn = |text| amount(text, Amounts::Tiyn);
        assert_eq!((whole("2920"), tiyn("2920.5"), tiyn("0.07")), (Ok(292_000), Ok(292_050), Ok(7)));
        assert_eq!((tiyn("1.005"), tiyn("1.0049"), tiyn("1.999")), (Ok(101), Ok(100), Ok(200)));
        assert_eq!((whole("20000000"), whole("20000001")), (Ok(MAX_AMOUNT), Err(BAD_VALUE)));
        for wrong in ["", "0", "-1", "+1", "1e3", "1,5", "1 000", "99999999999999999999", "1.", ".5", "1.5.1"]
        {
            assert_eq!((whole(wrong), tiyn(wrong)), (Err(BAD_VALUE), Err(BAD_VALUE)), "{wrong}");
        }
        assert_eq!(whole("2920.00"), Err(BAD_VALUE));
    }

    #[test]
    fn numbers_are_written_without_floats() {
        assert_eq!(
            (two_decimals(110_800), plain(110_800), plain(5)),
            ("1108.00".into(), "1108".into(), "0.05".into())
        );
        assert_eq!((plain(0), plain(100_000), plain(-150)), ("0".into(), "1000".into(), "-1.5".into()));
        assert_eq!(plain_quantity(quantity("1.5").unwrap()), "1.5");
        assert_eq!((tax_on_top(292_000, 12), tax_on_top(100, 12)), (35_000, 0));
    }
}
