//! A receipt of somebody who counts in kopecks: every sum is whole and large. It may be meant, so it is a warning.

use super::Receipt;
use super::money::Amount;
use super::place::Country;
use crate::error::{Code, Violation, violation};

/// Sums from which on it is told, in whole units.
const LARGE: &str = "10000";

impl Receipt {
    /// The warning where every price and payment is a whole number of 10,000 or more. In tenge that is an ordinary sum.
    pub fn counted_in_hundredths(&self, country: Country) -> Option<Violation> {
        let large = Amount::parse(LARGE).ok().filter(|_| country != Country::Kazakhstan)?;
        let prices = self.items.iter().map(|item| item.price);
        let mut sums = prices.chain(self.payments.iter().map(|payment| payment.sum)).peekable();
        sums.peek()?;
        if !sums.all(|sum| sum.is_whole() && sum >= large) {
            return None;
        }
        let message =
            "every sum is whole and large: sums are in roubles, such as \"150.00\", and not in kopecks";
        Some(violation("/items", Code::OutOfRange, message))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_whole_and_large_sums_everywhere_are_told() {
        let told = |price: &str, sum: &str, country| {
            let text = format!(
                r#"{{"id":"a","kind":"sell","items":[{{"name":"x","price":"{price}","quantity":"1"}}],
                    "payments":[{{"type":"cash","sum":"{sum}"}}]}}"#
            );
            serde_json::from_str::<Receipt>(&text).unwrap().counted_in_hundredths(country).is_some()
        };
        assert!(told("15000", "15000.00", Country::Russia));
        assert!(told("10000", "10000", Country::Belarus));
        assert!(!told("15000.50", "15000.50", Country::Russia));
        assert!(!told("9999", "15000", Country::Russia));
        assert!(!told("15000", "15000", Country::Kazakhstan));
    }
}
