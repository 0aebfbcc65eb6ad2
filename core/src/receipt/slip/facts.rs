//! What the vendor told of the document, and when it was: taken as it came, and what did not come is left out.

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::data::{Row, Weight};
use super::qr::Qr;
use super::source::Source;
use super::texts::legible;
use super::words::Word;
use crate::receipt::fields::Field;
use crate::receipt::place::Place;
use crate::receipt::registration::Fiscal;

/// When it was: as the vendor recorded it, else as the shop gave it to the vendor, else when the shop wrote it down.
pub fn when(source: &Source<'_>) -> Row {
    let recorded = source.fiscal().and_then(|fiscal| fiscal.registered_at);
    let issued = source.receipt.issued_at.as_deref().filter(|_| source.carries(Field::IssuedAt));
    let (word, when) = match recorded.as_deref().or(issued) {
        Some(text) => (Word::Date, moment(text, source.place)),
        None => (Word::WrittenDown, shown(source.at, source.place)),
    };
    source.fact(word, &when)
}

/// The fiscal data and the code to check it with.
pub fn fiscal(source: &Source<'_>) -> Vec<Row> {
    let Some(fiscal) = source.fiscal() else { return Vec::new() };
    // Without `..`: a new field of the struct does not compile until the slip says what becomes of it.
    let Fiscal {
        document_number,
        sign,
        storage_number,
        register_number,
        serial_number,
        shift_number,
        receipt_number,
        registered_at: _,
        total,
        qr,
        url,
    } = fiscal;
    // The register's id of the document stands for the sign where there is none.
    let document_id = source.registration.vendor_document_id.as_ref().filter(|_| sign.is_none());
    let on_record =
        total.filter(|total| Some(*total) != source.receipt.total()).map(|total| total.to_string());
    let facts = [
        (Word::Document, document_number.as_ref()),
        (Word::Sign, sign.as_ref()),
        (Word::DocumentId, document_id),
        (Word::Shift, shift_number.as_ref()),
        (Word::Receipt, receipt_number.as_ref()),
        (Word::Storage, storage_number.as_ref()),
        (Word::Register, register_number.as_ref()),
        (Word::Serial, serial_number.as_ref()),
        (Word::OnRecord, on_record.as_ref()),
    ];
    let mut rows: Vec<Row> =
        facts.iter().filter_map(|(word, value)| Some(source.fact(*word, value.as_ref()?))).collect();
    match rows.is_empty() {
        true => rows.push(Row::centred(source.said(Word::NoFiscalData), Weight::Small)),
        false => rows.insert(0, Row::centred(source.said(Word::FiscalData), Weight::Strong)),
    }
    rows.extend(qr.as_deref().or(url.as_deref()).and_then(Qr::of).map(Row::Qr));
    rows.extend(url.as_deref().map(|url| Row::Link(legible(url))));
    rows
}

/// A moment of RFC 3339 as a person writes it; what is no such moment stays as it is.
pub fn moment(text: &str, place: Place) -> String {
    OffsetDateTime::parse(text, &Rfc3339).map_or_else(|_| text.into(), |moment| shown(moment, place))
}

/// The time at the place where that is known, else the time as it was given; always with its offset.
fn shown(moment: OffsetDateTime, place: Place) -> String {
    let there = place.zone().and_then(|zone| moment.checked_to_offset(zone)).unwrap_or(moment);
    let format = format_description!("[day].[month].[year] [hour]:[minute]");
    let (hours, minutes, _) = there.offset().as_hms();
    let offset = match minutes {
        0 => format!("UTC{hours:+}"),
        _ => format!(
            "UTC{}{}:{:02}",
            if there.offset().is_negative() { '-' } else { '+' },
            hours.abs(),
            minutes.abs()
        ),
    };
    there.format(&format).map_or_else(|_| moment.to_string(), |time| format!("{time} {offset}"))
}

/// A day of ISO 8601 as a person writes it.
pub fn day(text: &str) -> String {
    let format = format_description!("[day].[month].[year]");
    let day = Date::parse(text, &Iso8601::DATE).ok().and_then(|day| day.format(&format).ok());
    day.unwrap_or_else(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::place::Country;
    use time::macros::offset;

    #[test]
    fn a_time_is_that_of_the_place_where_it_is_known() {
        let place = |country, time_zone| Place { country, time_zone };
        for (text, place, expected) in [
            ("2026-11-23T07:11:12Z", place(Country::Russia, None), "23.11.2026 07:11 UTC+0"),
            ("2026-11-23T10:11:12+03:00", place(Country::Russia, None), "23.11.2026 10:11 UTC+3"),
            ("2026-11-23T21:11:12Z", place(Country::Russia, Some(offset!(+5))), "24.11.2026 02:11 UTC+5"),
            ("2026-11-23T07:11:12Z", place(Country::Belarus, None), "23.11.2026 10:11 UTC+3"),
            ("2026-11-23T07:11:12Z", place(Country::Kazakhstan, None), "23.11.2026 12:11 UTC+5"),
            ("2026-11-23T07:11:12-03:30", place(Country::Russia, None), "23.11.2026 07:11 UTC-3:30"),
            ("yesterday", place(Country::Russia, None), "yesterday"),
        ] {
            assert_eq!(moment(text, place), expected);
        }
        assert_eq!(day("2026-11-03"), "03.11.2026");
        assert_eq!(day("soon"), "soon");
    }
}
