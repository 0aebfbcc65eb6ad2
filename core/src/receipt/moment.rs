//! When a settlement took place, in Moscow time: ATOL's times on the wire are Moscow's (protocol/atol.md
//! 5.21), and the day there decides which VAT rates are in force, however the receipt writes the moment.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::offset;

use super::Receipt;

/// The message for a moment that no Russian document can have.
pub const OUT_OF_RANGE: &str = "must lie in the years 0 to 9999, in Moscow time";

/// The moment in Moscow time; `None` where its year there does not have 4 digits.
pub fn in_moscow(moment: OffsetDateTime) -> Option<OffsetDateTime> {
    moment.checked_to_offset(offset!(+3)).filter(|there| there.year() >= 0)
}

/// A moment of RFC 3339 in Moscow time.
pub fn read(text: &str) -> Option<OffsetDateTime> {
    in_moscow(OffsetDateTime::parse(text, &Rfc3339).ok()?)
}

impl Receipt {
    /// When the settlement took place; `at` is now.
    pub fn moment(&self, at: OffsetDateTime) -> Option<OffsetDateTime> {
        self.issued_at.as_deref().map_or_else(|| in_moscow(at), read)
    }
}
