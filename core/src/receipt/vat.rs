//! VAT rates and the dates from which they are in force. A new rate is one row here and its code
//! in the table of each vendor that carries it.

use time::Date;
use time::macros::date;

use super::words::Vat;

/// Rates that came later than the field's protocols: a receipt before the date cannot have them.
/// (protocol/modulkassa.md 2.3, protocol/atol.md 2.8.4.)
const SINCE: &[(Vat, Date)] = &[
    (Vat::Vat20, date!(2019 - 01 - 01)),
    (Vat::Vat20Of120, date!(2019 - 01 - 01)),
    (Vat::Vat5, date!(2025 - 01 - 01)),
    (Vat::Vat7, date!(2025 - 01 - 01)),
    (Vat::Vat5Of105, date!(2025 - 01 - 01)),
    (Vat::Vat7Of107, date!(2025 - 01 - 01)),
    (Vat::Vat22, date!(2026 - 01 - 01)),
    (Vat::Vat22Of122, date!(2026 - 01 - 01)),
];

/// Why a receipt of this day (`Receipt::moment`) cannot have the rate; `None` where it can.
pub fn not_yet(vat: Vat, day: Date) -> Option<String> {
    let (_, since) = SINCE.iter().find(|(rate, since)| *rate == vat && day < *since)?;
    Some(format!("{} is in force since {since}, the receipt is of {day}", vat.word()))
}
