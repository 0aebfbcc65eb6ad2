//! Dates in the device's local time, without a zone (protocol/ikkm.md 5).

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use super::switches::Switches;

type Format = &'static [BorrowedFormatItem<'static>];

const SECONDS: Format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const MINUTES: Format = format_description!("[year]-[month]-[day] [hour]:[minute]");

/// `2016-01-18 20:41:06`.
pub fn seconds(moment: OffsetDateTime, switches: &Switches) -> String {
    local(moment, switches).format(SECONDS).unwrap_or_default()
}

/// `2016-07-18 20:03`, as the report has it (protocol/ikkm.md 5.12 item 12).
pub fn minutes(moment: OffsetDateTime, switches: &Switches) -> String {
    local(moment, switches).format(MINUTES).unwrap_or_default()
}

fn local(moment: OffsetDateTime, switches: &Switches) -> OffsetDateTime {
    let offset = UtcOffset::from_hms(switches.utc_offset_hours, 0, 0).unwrap_or(UtcOffset::UTC);
    moment.to_offset(offset)
}
