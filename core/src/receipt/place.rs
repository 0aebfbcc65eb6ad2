//! Where a settlement takes place, and so on which day: the day at the place counts, not that of UTC
//! (protocol/rules-2026.md, "Everywhere").

use time::macros::{format_description, offset};
use time::{Date, OffsetDateTime, UtcOffset};

/// Countries whose cash registers the vendors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Country {
    /// Russia.
    Russia,
    /// Belarus.
    Belarus,
    /// Kazakhstan.
    Kazakhstan,
}

impl Country {
    /// Every country.
    pub const ALL: &'static [Country] = &[Country::Russia, Country::Belarus, Country::Kazakhstan];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Country::Russia => "Russia",
            Country::Belarus => "Belarus",
            Country::Kazakhstan => "Kazakhstan",
        }
    }

    /// The zones of its west and its east (protocol/rules-2026.md, "Everywhere").
    const fn zones(self) -> (UtcOffset, UtcOffset) {
        match self {
            Country::Russia => (offset!(+2), offset!(+12)),
            Country::Belarus => (offset!(+3), offset!(+3)),
            Country::Kazakhstan => (offset!(+5), offset!(+5)),
        }
    }
}

/// Where a cash register stands, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The country.
    pub country: Country,
    /// The time zone there; `None` where nobody said it.
    pub time_zone: Option<UtcOffset>,
}

impl Place {
    /// The time zone, where it is known or the country has only one.
    pub fn zone(self) -> Option<UtcOffset> {
        let (west, east) = self.country.zones();
        self.time_zone.or_else(|| (west == east).then_some(west))
    }

    /// The first and the last day that the moment can be of: the same one where the zone is known, or where the
    /// whole country has that day.
    pub fn days(self, moment: OffsetDateTime) -> (Date, Date) {
        let (west, east) = self.time_zone.map_or_else(|| self.country.zones(), |zone| (zone, zone));
        // The last hours of the year 9999 are of no later day in the east.
        let day = |zone| moment.checked_to_offset(zone).unwrap_or(moment).date();
        (day(west), day(east))
    }
}

/// A time zone as the configuration writes it, such as `+03:00`: a time of the country.
pub fn time_zone(text: &str, country: Country) -> Result<UtcOffset, String> {
    let (first, last) = country.zones();
    let is_there =
        |zone: &UtcOffset| (first.whole_seconds()..=last.whole_seconds()).contains(&zone.whole_seconds());
    read(text).filter(is_there).ok_or_else(|| {
        let (name, first, last) = (country.name(), first.whole_hours(), last.whole_hours());
        match first == last {
            true => format!("must be +{last:02}:00, the offset from UTC in {name}"),
            false => format!("must be an offset from UTC in {name}: +{first:02}:00 to +{last:02}:00"),
        }
    })
}

/// `+HH:MM` or `-HH:MM`.
fn read(text: &str) -> Option<UtcOffset> {
    let format = format_description!("[offset_hour sign:mandatory]:[offset_minute]");
    UtcOffset::parse(text, &format).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn without_a_zone_a_moment_is_of_every_day_that_the_country_has_then() {
        let place = |time_zone| Place { country: Country::Russia, time_zone };
        let moment = datetime!(2025-12-31 12:00 UTC);
        assert_eq!(place(None).days(moment), (date!(2025 - 12 - 31), date!(2026 - 01 - 01)));
        let there = place(Some(offset!(+12))).days(moment);
        assert_eq!(there, (date!(2026 - 01 - 01), date!(2026 - 01 - 01)));
        let there = place(Some(offset!(+11:30))).days(moment);
        assert_eq!(there, (date!(2025 - 12 - 31), date!(2025 - 12 - 31)));
        let noon = place(None).days(datetime!(2025-12-31 11:59:59 UTC));
        assert_eq!(noon, (date!(2025 - 12 - 31), date!(2025 - 12 - 31)));
        let minsk = Place { country: Country::Belarus, time_zone: None };
        let there = minsk.days(datetime!(2025-12-31 21:00 UTC));
        assert_eq!(there, (date!(2026 - 01 - 01), date!(2026 - 01 - 01)));
    }

    #[test]
    fn a_zone_is_one_of_the_country() {
        for (text, country) in [
            ("+02:00", Country::Russia),
            ("+12:00", Country::Russia),
            ("+03:00", Country::Belarus),
            ("+05:00", Country::Kazakhstan),
        ] {
            assert!(time_zone(text, country).is_ok(), "{text}");
        }
        for (text, country) in [
            ("+01:59", Country::Russia),
            ("+12:01", Country::Russia),
            ("-03:00", Country::Russia),
            ("+04:00", Country::Belarus),
            ("+06:00", Country::Kazakhstan),
            ("+3", Country::Russia),
            ("03:00", Country::Russia),
            ("Z", Country::Russia),
            ("Europe/Moscow", Country::Russia),
        ] {
            assert!(time_zone(text, country).is_err(), "{text}");
        }
    }
}
