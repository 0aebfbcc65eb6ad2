//! Taxpayer numbers of Russia (INN): 10 digits for organisations, 12 for persons.

/// What a number that is none has to be.
pub const FORM: &str = "must be 10 or 12 digits";

/// True for a text in the form of a number.
pub fn is_number(text: &str) -> bool {
    matches!(text.len(), 10 | 12) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// True where the check digits are right too.
pub fn is_checked(text: &str) -> bool {
    const WEIGHTS: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(10)).collect();
    let check = |length: usize| {
        let weights = &WEIGHTS[WEIGHTS.len() - length..];
        digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 % 10
    };
    is_number(text)
        && match digits.len() {
            10 => check(9) == digits[9],
            _ => check(10) == digits[10] && check(11) == digits[11],
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_form_and_their_check_digits() {
        for (text, has_form, has_check) in [
            ("7707083893", true, true),
            ("500100732259", true, true),
            ("123456789012", true, false),
            ("000000000000", true, true),
            ("77070838", false, false),
            ("77070838931", false, false),
            ("7708709686  ", false, false),
            ("77070838ЯЯ", false, false),
        ] {
            assert_eq!((is_number(text), is_checked(text)), (has_form, has_check), "{text:?}");
        }
    }
}
