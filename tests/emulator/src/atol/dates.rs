//! Dates as ATOL Online reads and writes them (protocol/atol.md 2.2, 1.5).

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime, UtcOffset};

type Format = &'static [BorrowedFormatItem<'static>];

const WIRE: Format = format_description!("[day].[month].[year] [hour]:[minute]:[second]");
const DAY: Format = format_description!("[day].[month].[year]");
const ISO: Format = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory]:[offset_minute]"
);

/// `14.02.2026 09:05:01`, so many hours ahead of UTC.
pub fn wire(moment: OffsetDateTime, offset_hours: i8) -> String {
    let offset = UtcOffset::from_hms(offset_hours, 0, 0).unwrap_or(UtcOffset::UTC);
    moment.to_offset(offset).format(WIRE).unwrap_or_default()
}

/// `2026-02-14T06:30:00+00:00` (protocol/atol.md 1.5).
pub fn iso(moment: OffsetDateTime) -> String {
    moment.to_offset(UtcOffset::UTC).format(ISO).unwrap_or_default()
}

/// Whether a text is `dd.mm.yyyy`.
pub fn is_day(text: &str) -> bool {
    Date::parse(text, DAY).is_ok()
}

/// Whether a text passes the v5 pattern `dd.mm.yyyy HH:MM:SS`: days to 31 in every month, years of
/// 19 and 20 (protocol/atol.md 2.5).
pub fn is_wire(text: &str, hour_24: bool) -> bool {
    let digits = |from: usize| text.get(from..from + 2).filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
    let number = |from| digits(from).and_then(|t| t.parse::<u8>().ok());
    let within = |from, least: u8, most: u8| number(from).is_some_and(|n| (least..=most).contains(&n));
    let separators = [(2, b'.'), (5, b'.'), (10, b' '), (13, b':'), (16, b':')];
    text.len() == 19
        && separators.iter().all(|(at, byte)| text.as_bytes().get(*at) == Some(byte))
        && within(0, 1, 31)
        && within(3, 1, 12)
        && within(6, 19, 20)
        && within(8, 0, 99)
        && within(11, 0, if hour_24 { 24 } else { 23 })
        && within(14, 0, 59)
        && within(17, 0, 59)
}
