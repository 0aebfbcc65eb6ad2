//! How long `deliver` leaves a receipt alone after a try that came to nothing.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

/// The longest pause, unless the vendor asks for a longer one.
const LONGEST: Duration = Duration::from_secs(600);

/// The pause before the next try: `first`, doubled with each try up to ten minutes, and up to a
/// quarter more or less, so that receipts that failed together do not come back together. It is the
/// same in every process for the same receipt and try. `asked` is what the vendor asks for
/// (`Retry-After`); the pause is never shorter.
pub fn pause(first: Duration, tries: u32, receipt_id: &str, asked: Option<Duration>) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1).min(20))).min(LONGEST);
    let digest = Sha256::digest(format!("{tries} {receipt_id}"));
    // 192 to 320 of 256.
    let share = 192 + u32::from(digest[0] >> 1);
    (doubled * share / 256).max(asked.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(2);

    #[test]
    fn it_doubles_up_to_ten_minutes_within_a_quarter() {
        for (tries, expected) in [(0, 2), (1, 2), (2, 4), (3, 8), (9, 512), (10, 600), (u32::MAX, 600)] {
            for id in ["order-1", "order-2", "order-3"] {
                let pause = pause(FIRST, tries, id, None).as_secs_f64() / f64::from(expected);
                assert!((0.75..=1.25).contains(&pause), "{tries}: {pause}");
            }
        }
    }

    #[test]
    fn receipts_do_not_come_back_together() {
        let pauses: std::collections::BTreeSet<_> =
            (0..100).map(|number| pause(FIRST, 1, &format!("order-{number}"), None)).collect();
        assert!(pauses.len() > 30, "{}", pauses.len());
    }

    #[test]
    fn the_vendor_is_not_asked_before_the_time_that_it_names() {
        let asked = Duration::from_secs(3_600);
        assert_eq!(pause(FIRST, 1, "order-1", Some(asked)), asked);
        assert!(pause(FIRST, 5, "order-1", Some(Duration::from_secs(1))) > Duration::from_secs(20));
    }
}
