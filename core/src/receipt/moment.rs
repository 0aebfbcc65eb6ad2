//! When a settlement took place, in Moscow time: ATOL's times on the wire are Moscow's (protocol/atol.md
//! 5.21). On which day that is at the place of settlement is said by `place`.

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::macros::offset;
use time::{Date, OffsetDateTime};

use super::Receipt;
use super::place::Place;
use crate::error::{Code, Violation, violation};

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

    /// A corrected day that lies in the future, or after the correction itself; `at` is now.
    pub fn future_correction(&self, place: Place, at: OffsetDateTime) -> Option<Violation> {
        let day = Date::parse(&self.correction.as_ref()?.base_date, &Iso8601::DATE).ok()?;
        let (_, today) = place.days(at);
        let (_, issued) = place.days(self.moment(at)?);
        let what = [("today", today), ("the correction", issued)].into_iter().find(|(_, last)| day > *last);
        let (what, last) = what?;
        let message =
            format!("{day} lies after {what}, {last}: give the day of the settlement that is corrected");
        Some(violation("/correction/base_date", Code::OutOfRange, message))
    }
}
