//! The table of VAT rates: which rates a country has, on which days, for whom, and where that is known from. A
//! new rate is its word in `Vat`, a row here, and its code in the table of each vendor that carries it.
//!
//! Kazakhstan has no row: the device knows its taxes, and no rate goes to it (protocol/ikkm.md 5.3).

use time::Date;
use time::macros::date;

use crate::receipt::place::Country;
use crate::receipt::words::Vat;

/// The first day that the table tells of.
pub const BEGINS: Date = date!(2018 - 01 - 01);
/// The last day that its sources tell of.
pub const ENDS: Date = date!(2028 - 12 - 31);

/// Who may sell at a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payers {
    /// Whoever pays VAT, or none.
    All,
    /// Shops with the simplified taxation system.
    Simplified,
}

/// What becomes of a new receipt with a rate that has ended and is no longer tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// A vendor refuses it, so the library does.
    Refused,
    /// Nobody is known to refuse it: a warning.
    Warned,
}

/// The end of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The last day on which it is in force.
    pub until: Date,
    /// The last day on which new receipts with it are still taken.
    pub tolerated_until: Date,
    /// What becomes of them from then on.
    pub afterwards: Afterwards,
}

/// Rates of a country that begin and end together.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Where.
    pub country: Country,
    /// The rates.
    pub rates: &'static [Vat],
    /// The first day on which they are in force; `None`: it lies before the table.
    pub since: Option<Date>,
    /// Their end; `None`: there is none yet.
    pub end: Option<End>,
    /// Who may use them.
    pub payers: Payers,
    /// Where it is known from.
    pub source: &'static str,
}

/// How a rate stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In force.
    InForce,
    /// Not yet; since when.
    NotYet(Date),
    /// No longer.
    Ended(End),
}

/// Rates with their days.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a>(pub &'a [Row]);

/// Every rate that the library knows.
pub const RATES: Table<'static> = Table(&[
    Row {
        country: Country::Russia,
        rates: &[Vat::None, Vat::Vat0, Vat::Vat10, Vat::Vat10Of110],
        since: None,
        end: None,
        payers: Payers::All,
        source: "protocol/atol.md 2.8.4",
    },
    Row {
        country: Country::Russia,
        rates: &[Vat::Vat18, Vat::Vat18Of118],
        since: None,
        end: Some(End {
            until: date!(2018 - 12 - 31),
            tolerated_until: date!(2019 - 03 - 31),
            afterwards: Afterwards::Refused,
        }),
        payers: Payers::All,
        source: "protocol/atol.md 2.8.4, protocol/modulkassa.md 2.3",
    },
    Row {
        country: Country::Russia,
        rates: &[Vat::Vat20, Vat::Vat20Of120],
        since: Some(date!(2019 - 01 - 01)),
        end: Some(End {
            until: date!(2025 - 12 - 31),
            tolerated_until: date!(2026 - 03 - 31),
            afterwards: Afterwards::Warned,
        }),
        payers: Payers::All,
        source: "protocol/modulkassa.md 2.3, protocol/rules-2026.md, protocol/atol.md 5.20",
    },
    Row {
        country: Country::Russia,
        rates: &[Vat::Vat5, Vat::Vat5Of105, Vat::Vat7, Vat::Vat7Of107],
        since: Some(date!(2025 - 01 - 01)),
        end: None,
        payers: Payers::Simplified,
        source: "protocol/rules-2026.md",
    },
    Row {
        country: Country::Russia,
        rates: &[Vat::Vat22, Vat::Vat22Of122],
        since: Some(date!(2026 - 01 - 01)),
        end: None,
        payers: Payers::All,
        source: "protocol/rules-2026.md",
    },
    Row {
        country: Country::Belarus,
        rates: &[Vat::None, Vat::Vat0, Vat::Vat10, Vat::Vat20, Vat::Vat25],
        since: None,
        end: None,
        payers: Payers::All,
        source: "protocol/ikassa.md 3.3",
    },
]);

impl Row {
    fn has(&self, country: Country, vat: Vat) -> bool {
        self.country == country && self.rates.contains(&vat)
    }

    fn began(&self, day: Date) -> bool {
        self.since.is_none_or(|since| since <= day)
    }

    fn is_in_force(&self, day: Date) -> bool {
        self.began(day) && self.end.is_none_or(|end| day <= end.until)
    }

    /// True where one of the two begins on the day after the other ends: one rate took the other's place.
    fn is_beside(&self, other: &Row) -> bool {
        let follows = |first: &Row, then: &Row| first.end.and_then(|end| end.until.next_day()) == then.since;
        self.end.is_some() && follows(self, other) || other.end.is_some() && follows(other, self)
    }
}

impl Table<'_> {
    fn rows(&self, country: Country, vat: Vat) -> impl DoubleEndedIterator<Item = &Row> {
        self.0.iter().filter(move |row| row.has(country, vat))
    }

    /// How the rate stands on the day; `None` where the country has no such rate. A rate may have several rows: the
    /// last one that began counts.
    pub fn standing(&self, country: Country, vat: Vat, day: Date) -> Option<Standing> {
        let first = self.rows(country, vat).next()?;
        let Some(row) = self.rows(country, vat).rfind(|row| row.began(day)) else {
            return first.since.map(Standing::NotYet);
        };
        Some(match row.end {
            Some(end) if day > end.until => Standing::Ended(end),
            _ => Standing::InForce,
        })
    }

    /// Who may use the rate on the day.
    pub fn payers(&self, country: Country, vat: Vat, day: Date) -> Option<Payers> {
        self.rows(country, vat).rfind(|row| row.is_in_force(day)).map(|row| row.payers)
    }

    /// The rate of the same form that has the place of this one on the day: 22 for 20 in 2026, 20 for 22 in 2025.
    pub fn instead(&self, country: Country, vat: Vat, day: Date) -> Option<Vat> {
        let of_the_country = || self.0.iter().filter(|row| row.country == country);
        // Only rates that took another's place.
        let is_in_the_line = |row: &&Row| of_the_country().any(|other| row.is_beside(other));
        of_the_country().find(|row| row.has(country, vat)).filter(is_in_the_line)?;
        let there = of_the_country().filter(is_in_the_line).find(|row| row.is_in_force(day))?;
        there.rates.iter().copied().find(|rate| rate.is_calculated() == vat.is_calculated())
    }

    /// The calculated form of a plain rate, where the country has it: 22/122 of 22.
    pub fn calculated(&self, country: Country, vat: Vat) -> Option<Vat> {
        let is_of = |rate: &Vat| rate.is_calculated() && rate.percent() == vat.percent();
        let form = Vat::ALL.iter().copied().find(is_of).filter(|_| !vat.is_calculated())?;
        self.rows(country, form).next().map(|_| form)
    }
}

impl Vat {
    /// The percent that is named by the word: 22 of `22/122`.
    pub fn percent(self) -> u8 {
        self.word().split('/').next().and_then(|percent| percent.parse().ok()).unwrap_or(0)
    }

    /// True for `22/122` and its kin.
    pub fn is_calculated(self) -> bool {
        self.word().contains('/')
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rows_of_a_rate_are_in_order_and_do_not_overlap() {
        for (index, row) in RATES.0.iter().enumerate() {
            assert!(row.end.is_none_or(|end| end.until <= end.tolerated_until), "{row:?}");
            assert!(row.end.is_none_or(|end| row.since.is_none_or(|since| since <= end.until)), "{row:?}");
            assert!(!row.source.is_empty() && !row.rates.is_empty());
            for later in &RATES.0[index + 1..] {
                let same = row.rates.iter().any(|rate| later.has(row.country, *rate));
                assert!(!same || row.end.unwrap().until < later.since.unwrap(), "{row:?} {later:?}");
            }
        }
    }

    #[test]
    fn every_rate_has_a_row_and_a_percent() {
        for rate in Vat::ALL {
            assert!(RATES.0.iter().any(|row| row.rates.contains(rate)), "{}", rate.word());
            let percent = rate.percent();
            let words =
                [percent.to_string(), format!("{percent}/{}", u16::from(percent) + 100), "none".into()];
            assert!(words.contains(&rate.word().to_owned()), "{}", rate.word());
        }
    }

    #[test]
    fn one_rate_takes_the_place_of_another() {
        let instead = |vat, day| RATES.instead(Country::Russia, vat, day);
        assert_eq!(instead(Vat::Vat20, date!(2026 - 11 - 01)), Some(Vat::Vat22));
        assert_eq!(instead(Vat::Vat18Of118, date!(2026 - 11 - 01)), Some(Vat::Vat22Of122));
        assert_eq!(instead(Vat::Vat22, date!(2018 - 06 - 01)), Some(Vat::Vat18));
        assert_eq!(instead(Vat::Vat5, date!(2024 - 12 - 31)), None);
        assert_eq!(instead(Vat::Vat10, date!(2026 - 11 - 01)), None);
        assert_eq!(RATES.instead(Country::Belarus, Vat::Vat20, date!(2026 - 11 - 01)), None);
    }

    /// A rate that ends and comes back: 20, then 22, then 20 again.
    #[test]
    fn a_rate_may_have_more_than_one_row() {
        let end = |until| End { until, tolerated_until: until, afterwards: Afterwards::Refused };
        let row = |rates, since, end| Row {
            country: Country::Belarus,
            rates,
            since,
            end,
            payers: Payers::All,
            source: "",
        };
        let rows = [
            row(&[Vat::Vat20], None, Some(end(date!(2020 - 05 - 31)))),
            row(&[Vat::Vat22], Some(date!(2020 - 06 - 01)), Some(end(date!(2021 - 05 - 31)))),
            row(&[Vat::Vat20], Some(date!(2021 - 06 - 01)), None),
        ];
        let on = |vat, day| Table(&rows).standing(Country::Belarus, vat, day).unwrap();
        assert_eq!(on(Vat::Vat20, date!(2020 - 05 - 31)), Standing::InForce);
        assert!(matches!(on(Vat::Vat20, date!(2020 - 06 - 01)), Standing::Ended(_)));
        assert_eq!(on(Vat::Vat20, date!(2021 - 06 - 01)), Standing::InForce);
        assert_eq!(on(Vat::Vat22, date!(2020 - 05 - 31)), Standing::NotYet(date!(2020 - 06 - 01)));
        assert!(matches!(on(Vat::Vat22, date!(2021 - 06 - 01)), Standing::Ended(_)));
        assert_eq!(
            Table(&rows).instead(Country::Belarus, Vat::Vat22, date!(2021 - 06 - 01)),
            Some(Vat::Vat20)
        );
    }
}
