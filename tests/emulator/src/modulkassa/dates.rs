//! Dates as Modulkassa reads and writes them.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::switches::DateFormat;

type Format = &'static [BorrowedFormatItem<'static>];

const WITHOUT_OFFSET: Format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const WITH_OFFSET: Format = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory]:[offset_minute]"
);
const MILLIS_NO_COLON: Format = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3][offset_hour sign:mandatory][offset_minute]"
);
const QR_LOCAL: Format = format_description!("[year][month][day]T[hour][minute][second]");

const SECONDS_END: usize = 19;
const MAX_FRACTION_DIGITS: usize = 9;

/// Whether a text is a date-time: offset `Z`, `+hh:mm`, `+hhmm` or none, up to 9 fraction digits
/// (protocol/modulkassa.md 6.1 item 14).
pub fn is_date_time(text: &str) -> bool {
    let Some((seconds, rest)) = text.split_at_checked(SECONDS_END) else {
        return false;
    };
    if PrimitiveDateTime::parse(seconds, WITHOUT_OFFSET).is_err() {
        return false;
    }
    let Some(fraction) = rest.strip_prefix('.') else {
        return is_offset(rest);
    };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    (1..=MAX_FRACTION_DIGITS).contains(&digits) && is_offset(&fraction[digits..])
}

fn is_offset(text: &str) -> bool {
    if text.is_empty() || text == "Z" {
        return true;
    }
    let Some(digits) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    let parts = digits.split_once(':').or_else(|| digits.split_at_checked(2));
    parts.is_some_and(|(hours, minutes)| is_below(hours, 24) && is_below(minutes, 60))
}

fn is_below(text: &str, limit: u8) -> bool {
    let two_digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    two_digits && text.parse::<u8>().is_ok_and(|n| n < limit)
}

/// `2019-09-16T14:01:08+00:00`.
pub fn with_offset(moment: OffsetDateTime) -> String {
    moment.format(WITH_OFFSET).unwrap_or_default()
}

/// `2025-09-14T12:29:56.123+0000`.
pub fn millis_no_colon(moment: OffsetDateTime) -> String {
    moment.format(MILLIS_NO_COLON).unwrap_or_default()
}

/// The date of a fiscal document, in UTC, in the chosen format (protocol/modulkassa.md 3.3).
pub fn fiscal(moment: OffsetDateTime, format: DateFormat) -> String {
    // The register knows no fractions of a second.
    let moment = moment.replace_nanosecond(0).unwrap_or(moment);
    match format {
        DateFormat::Offset => with_offset(moment),
        DateFormat::MillisNoColon => millis_no_colon(moment),
    }
}

/// The local time of a retail point as the QR code has it: `20250914T153012`.
pub fn qr_local(moment: OffsetDateTime, offset: UtcOffset) -> String {
    moment.to_offset(offset).format(QR_LOCAL).unwrap_or_default()
}
