//! iKassa.Cloud's numbers and words (protocol/ikassa.md 2.6, 3, 2.12) and what its errors prove.

use crate::error::Code;
use crate::receipt::{PaymentType, Vat};
use crate::vendor::look_up;

/// Currencies (protocol/ikassa.md 3.1); the first is the country's own.
pub const CURRENCIES: &[&str] = &["BYN", "USD", "EUR", "RUB"];

/// Payment types (protocol/ikassa.md 3.2). The vendor's own text could not be had and the public sources
/// disagree: the code of both public clients and the newer description say 0 = cash and 1 = card, one older
/// description the opposite. The code is followed: its example pays 100 by type 0 and 100 by type 1 under the
/// rule "at most one cash payment", and its constants are what shops run with.
pub const PAYMENTS: &[(PaymentType, u8)] =
    &[(PaymentType::Cash, 0), (PaymentType::Card, 1), (PaymentType::Other, 2)];

/// VAT rates as the wire wants them: a text of percent; without VAT the field is absent (protocol/ikassa.md
/// 2.6, 3.3).
pub const VATS: &[(Vat, Option<&str>)] = &[
    (Vat::None, None),
    (Vat::Vat0, Some("0")),
    (Vat::Vat10, Some("10")),
    (Vat::Vat20, Some("20")),
    (Vat::Vat25, Some("25")),
];

/// Largest absolute value of a discount or surcharge, in hundredths (protocol/ikassa.md 2.6).
pub const LARGEST_MODIFIER: i64 = 54_975_581_388_799;

/// Objects within codes of the form `kernel.object.state` (protocol/ikassa.md 2.12), and the library's code for a
/// refusal because of them: the state of the cash register is in the way and the same document may be sent later,
/// or the document itself is refused. The one code that is confirmed is `kernel.shift.opened`; the others are
/// inferred from the form. What is not here proves nothing: the counters tell what became of the document.
const OBJECTS: &[(&str, Code)] = &[
    ("shift", Code::RegisterNotReady),
    ("device", Code::RegisterNotReady),
    ("cashin", Code::RegisterNotReady),
    ("document", Code::Refused),
    ("request", Code::Refused),
    ("validation", Code::Refused),
];

/// The library's code for a refusal of the cash register; `None` for one that is not known.
pub fn refusal(code: &str) -> Option<Code> {
    let object = code.strip_prefix("kernel.")?.split('.').next()?;
    look_up(OBJECTS, &object)
}
