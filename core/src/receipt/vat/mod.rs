//! Whether the VAT of a receipt is right: its rates on its day, at its methods, and the sums that the shop computed.
//! Which rates there are stands in `table`; what a shop should know of it in docs/vat.md.

mod sums;
pub mod table;

use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime, UtcOffset};

use super::place::Place;
use super::{Item, Kind, PaymentMethod, PaymentType, Receipt, TaxSystem, Vat};
use crate::error::{Code, Violation, violation};
use crate::receipt::money::Amount;
use table::{Afterwards, BEGINS, ENDS, End, Payers, Standing, Table};

/// The methods of a prepayment (protocol/atol.md 2.8.2): VAT is a part of the money then, at the calculated rate.
pub const PREPAYMENTS: [PaymentMethod; 3] =
    [PaymentMethod::FullPrepayment, PaymentMethod::Prepayment, PaymentMethod::Advance];
/// The taxation systems with rates of their own.
const SIMPLIFIED: [TaxSystem; 2] = [TaxSystem::UsnIncome, TaxSystem::UsnIncomeOutcome];

/// What a vendor adds to the receipt for this.
#[derive(Clone, Debug, Default)]
pub struct Seller {
    /// The taxation system that the receipt will have.
    pub tax_system: Option<TaxSystem>,
    /// The time zone, where the receipt itself says it to the vendor.
    pub time_zone: Option<UtcOffset>,
    /// VAT of the receipt as a whole, where it is given: the pointer of each part, its rate, its sum.
    pub totals: Vec<(String, Vat, Amount)>,
}

impl Seller {
    /// Where the receipt is made: what it says itself comes first.
    pub fn place(&self, place: Place) -> Place {
        Place { time_zone: self.time_zone.or(place.time_zone), ..place }
    }
}

/// Violations and warnings.
pub type Found = (Vec<Violation>, Vec<Violation>);

/// The VAT of a receipt of this place; `at` is now.
pub fn check(
    receipt: &Receipt,
    place: Place,
    seller: &Seller,
    at: OffsetDateTime,
    rates: Table<'_>,
) -> Found {
    let mut found = (Vec::new(), Vec::new());
    // Whoever cannot say the day is told so elsewhere.
    let Some(when) = When::of(receipt, place, at) else { return found };
    let lines = receipt.items.iter().enumerate();
    let lines = lines.filter_map(|(index, item)| Some((format!("/items/{index}/vat"), item.vat?)));
    let totals = seller.totals.iter().map(|(path, vat, _)| (format!("{path}/vat"), *vat));
    let of_the_country = |(_, vat): &(String, Vat)| rates.standing(place.country, *vat, when.last).is_some();
    let given: Vec<_> = lines.chain(totals).filter(of_the_country).collect();
    if let Some(day) = (!given.is_empty()).then(|| when.outside_of_the_table()).flatten() {
        let message = format!(
            "the library knows the VAT rates from {BEGINS} to {ENDS}, and {day} is another day: look whether the rate \
             is right, and whether there is a newer version of the library"
        );
        found.1.push(violation(when.pointer, Code::VatNotAllowed, message));
    }
    let check = Check { receipt, place, seller, rates, when };
    for (path, vat) in given {
        check.rate(&path, vat, &mut found);
    }
    for (index, item) in receipt.items.iter().enumerate() {
        check.method(index, item, &mut found);
        sums::line(index, item, &mut found);
    }
    sums::totals(receipt, &seller.totals, &mut found);
    found
}

/// Which rates a receipt of this kind may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Those of the day.
    OfTheDay,
    /// Those of the day or of an earlier one, on which the sale was that it takes back.
    OrEarlier,
}

/// The days that decide: one, or two where the time zone is not known.
struct When {
    first: Date,
    last: Date,
    /// Today, wherever in the country.
    today: Date,
    rule: Rule,
    /// The field that says the day.
    pointer: &'static str,
}

impl When {
    fn of(receipt: &Receipt, place: Place, at: OffsetDateTime) -> Option<Self> {
        let rule = match receipt.kind {
            Kind::Sell | Kind::Buy | Kind::SellCorrection | Kind::BuyCorrection => Rule::OfTheDay,
            Kind::SellRefund | Kind::BuyRefund | Kind::SellRefundCorrection | Kind::BuyRefundCorrection => {
                Rule::OrEarlier
            }
        };
        let (first, last) = place.days(receipt.moment(at)?);
        if !receipt.kind.is_correction() {
            return Some(Self { first, last, today: last, rule, pointer: "/issued_at" });
        }
        let day = Date::parse(&receipt.correction.as_ref()?.base_date, &Iso8601::DATE).ok()?;
        Some(Self { first: day, last: day, today: last, rule, pointer: "/correction/base_date" })
    }

    fn outside_of_the_table(&self) -> Option<Date> {
        [self.first, self.last].into_iter().find(|day| !(BEGINS..=ENDS).contains(day))
    }
}

/// What becomes of a rate on one day.
enum Verdict {
    Right,
    Warned(String),
    Refused(String),
}

impl Verdict {
    /// The smaller, the better.
    const fn badness(&self) -> u8 {
        match self {
            Verdict::Right => 0,
            Verdict::Warned(_) => 1,
            Verdict::Refused(_) => 2,
        }
    }
}

struct Check<'a> {
    receipt: &'a Receipt,
    place: Place,
    seller: &'a Seller,
    rates: Table<'a>,
    when: When,
}

impl Check<'_> {
    /// The better verdict of the days that it can be, and a warning where they differ.
    fn rate(&self, path: &str, vat: Vat, found: &mut Found) {
        let When { first, last, .. } = self.when;
        let mut verdict = self.on(vat, last);
        if first != last {
            let in_the_west = self.on(vat, first);
            if in_the_west.badness() != verdict.badness() {
                let message = format!(
                    "it is {first} in the west of the country and {last} in the east, and {} is not the same on both \
                     days: say `time_zone` in the configuration",
                    vat.word()
                );
                found.1.push(violation(path, Code::VatNotAllowed, message));
            }
            if in_the_west.badness() < verdict.badness() {
                verdict = in_the_west;
            }
        }
        match verdict {
            Verdict::Right => {}
            Verdict::Warned(message) => found.1.push(violation(path, Code::VatNotAllowed, message)),
            Verdict::Refused(message) => found.0.push(violation(path, Code::VatNotAllowed, message)),
        }
        let payers = self.rates.payers(self.place.country, vat, self.when.first);
        if let (Some(Payers::Simplified), Some(system)) = (payers, self.seller.tax_system)
            && !SIMPLIFIED.contains(&system)
        {
            let message = format!(
                "{} is for shops with the simplified taxation system, and the receipt has `{}`: look which is wrong",
                vat.word(),
                system.word()
            );
            found.1.push(violation(path, Code::VatNotAllowed, message));
        }
    }

    fn on(&self, vat: Vat, day: Date) -> Verdict {
        match self.rates.standing(self.place.country, vat, day) {
            None | Some(Standing::InForce) => Verdict::Right,
            Some(Standing::Ended(_)) if self.when.rule == Rule::OrEarlier => Verdict::Right,
            Some(Standing::Ended(end)) => self.ended(vat, day, end),
            // The receipt that is taken back may have been the mistake.
            Some(Standing::NotYet(since))
                if self.receipt.kind.is_correction()
                    && self.when.rule == Rule::OrEarlier
                    && since <= self.when.today =>
            {
                Verdict::Warned(format!(
                    "{} is in force since {since}, and {day} is corrected: right only where the wrong receipt had it, \
                     else {}",
                    vat.word(),
                    self.use_instead(vat, day)
                ))
            }
            Some(Standing::NotYet(since)) => Verdict::Refused(format!(
                "{} is in force since {since}, and {} {day}: {}",
                vat.word(),
                self.what(),
                self.use_instead(vat, day)
            )),
        }
    }

    /// A rate on a day after its last one.
    fn ended(&self, vat: Vat, day: Date, end: End) -> Verdict {
        let until = end.until;
        let is_tolerated = day <= end.tolerated_until;
        // Money that was taken while the rate was in force keeps it (protocol/rules-2026.md).
        let is_set_off = self.receipt.payments.iter().any(|one| one.payment_type == PaymentType::Prepaid);
        if is_set_off && vat.is_calculated() && (is_tolerated || end.afterwards == Afterwards::Warned) {
            return Verdict::Right;
        }
        let tolerated = match is_tolerated {
            true => format!(" (new receipts with it are taken until {})", end.tolerated_until),
            false => String::new(),
        };
        let message = format!(
            "{} was in force until {until}{tolerated}, and {} {day}: {}; an old rate is for refunds, and for corrections \
             of days when it was in force",
            vat.word(),
            self.what(),
            self.use_instead(vat, day)
        );
        match end.afterwards {
            Afterwards::Refused if !is_tolerated => Verdict::Refused(message),
            _ => Verdict::Warned(message),
        }
    }

    fn use_instead(&self, vat: Vat, day: Date) -> String {
        let instead = self.rates.instead(self.place.country, vat, day);
        instead.map_or_else(|| "use a rate of that day".into(), |rate| format!("use {}", rate.word()))
    }

    const fn what(&self) -> &'static str {
        if self.receipt.kind.is_correction() { "the corrected day is" } else { "the receipt is of" }
    }

    /// A plain rate where the calculated one is meant. What takes a receipt back repeats that one's rate.
    fn method(&self, index: usize, item: &Item, found: &mut Found) {
        let is_prepayment = item.payment_method.is_some_and(|method| PREPAYMENTS.contains(&method));
        let Some(vat) = item.vat.filter(|_| is_prepayment && self.when.rule == Rule::OfTheDay) else {
            return;
        };
        let country = self.place.country;
        let of_the_day = self.rates.instead(country, vat, self.when.last).unwrap_or(vat);
        if let Some(calculated) = self.rates.calculated(country, of_the_day).filter(|_| !vat.is_calculated())
        {
            let message = format!(
                "VAT of a prepayment has the calculated rate: use {}, or the settlement method of what is handed over",
                calculated.word()
            );
            found.1.push(violation(format!("/items/{index}/vat"), Code::VatNotAllowed, message));
        }
    }
}
