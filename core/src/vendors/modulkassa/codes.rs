//! Modulkassa's code tables (protocol/modulkassa.md 2.3 to 2.11): the shared word and the vendor's.

use crate::receipt::{CorrectionType, Kind, PaymentObject, PaymentType, TaxSystem, Unit, Vat};

/// `vatTag` (protocol/modulkassa.md 2.3). 1108 is a gap, not a rate. 18 has the tags of 20: see `OF_2018`.
pub const VAT_TAGS: &[(Vat, u16)] = &[
    (Vat::Vat20, 1102),
    (Vat::Vat10, 1103),
    (Vat::Vat0, 1104),
    (Vat::None, 1105),
    (Vat::Vat20Of120, 1106),
    (Vat::Vat10Of110, 1107),
    (Vat::Vat5, 1109),
    (Vat::Vat7, 1110),
    (Vat::Vat5Of105, 1111),
    (Vat::Vat7Of107, 1112),
    (Vat::Vat22, 1113),
    (Vat::Vat22Of122, 1114),
    (Vat::Vat18, 1102),
    (Vat::Vat18Of118, 1106),
];

/// Rates that share their tag with newer ones, and which a return says by `vatRevision` (protocol/modulkassa.md
/// 2.2). Version 2 of the interface no longer has that.
pub const OF_2018: &[Vat] = &[Vat::Vat18, Vat::Vat18Of118];
/// The only value of `vatRevision`.
pub const VAT_REVISION: u16 = 2018;

/// `docType` (protocol/modulkassa.md 2.4).
pub const DOC_TYPES: &[(Kind, &str)] = &[
    (Kind::Sell, "SALE"),
    (Kind::SellRefund, "RETURN"),
    (Kind::Buy, "BUY"),
    (Kind::BuyRefund, "BUY_RETURN"),
    (Kind::SellCorrection, "SALE_CORRECTION"),
    (Kind::SellRefundCorrection, "SALE_RETURN_CORRECTION"),
    (Kind::BuyCorrection, "BUY_CORRECTION"),
    (Kind::BuyRefundCorrection, "BUY_RETURN_CORRECTION"),
];

/// `taxMode` (protocol/modulkassa.md 2.5).
pub const TAX_MODES: &[(TaxSystem, &str)] = &[
    (TaxSystem::Osn, "COMMON"),
    (TaxSystem::UsnIncome, "SIMPLIFIED"),
    (TaxSystem::UsnIncomeOutcome, "SIMPLIFIED_WITH_EXPENSE"),
    (TaxSystem::Envd, "ENVD"),
    (TaxSystem::Esn, "COMMON_AGRICULTURAL"),
    (TaxSystem::Patent, "PATENT"),
];

/// `paymentType` (protocol/modulkassa.md 2.12).
pub const PAYMENT_TYPES: &[(PaymentType, &str)] = &[
    (PaymentType::Cash, "CASH"),
    (PaymentType::Card, "CARD"),
    (PaymentType::Prepaid, "PREPAID"),
    (PaymentType::Credit, "POSTPAY"),
    (PaymentType::Other, "OTHER"),
];

/// `correctionInfo.reason` (protocol/modulkassa.md 2.10).
pub const CORRECTION_REASONS: &[(CorrectionType, &str)] =
    &[(CorrectionType::Own, "INDEPENDENT"), (CorrectionType::Instruction, "BY_ORDER")];

/// `measure` (protocol/modulkassa.md 2.11): the words of the vendor's Orders API; whether this one reads them is not
/// documented, so a unit goes out only where the receipt has one.
pub const MEASURES: &[(Unit, &str)] = &[
    (Unit::Piece, "pcs"),
    (Unit::Litre, "ltr"),
    (Unit::Kilogram, "kg"),
    (Unit::Metre, "m"),
    (Unit::SquareMetre, "m2"),
    (Unit::CubicMetre, "m3"),
    (Unit::Hour, "h"),
    (Unit::Other, "other"),
];

/// `paymentObject` (protocol/modulkassa.md 2.6): the vendor spells them as we do.
pub const OBJECTS: &[PaymentObject] = &[
    PaymentObject::Commodity,
    PaymentObject::Excise,
    PaymentObject::Job,
    PaymentObject::Service,
    PaymentObject::GamblingBet,
    PaymentObject::GamblingPrize,
    PaymentObject::Lottery,
    PaymentObject::LotteryPrize,
    PaymentObject::IntellectualActivity,
    PaymentObject::Payment,
    PaymentObject::AgentCommission,
    PaymentObject::Composite,
    PaymentObject::Another,
    PaymentObject::PropertyRight,
    PaymentObject::NonOperatingGain,
    PaymentObject::InsurancePremium,
    PaymentObject::SalesTax,
    PaymentObject::ResortFee,
];
