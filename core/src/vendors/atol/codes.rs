//! ATOL's value tables (protocol/atol.md 2.4, 2.8): the shared word and the protocol's.

use crate::receipt::{Kind, PaymentObject, PaymentType, Unit, Vat};

/// A settlement object: the shared word, v4's text, v5's number (protocol/atol.md 2.8.3).
pub type ObjectRow = (PaymentObject, Option<&'static str>, Option<u8>);

/// Settlement objects (protocol/atol.md 2.8.3). v5 has no `composite`; v4 has none of the last five.
#[rustfmt::skip]
pub const OBJECTS: &[ObjectRow] = &[
    (PaymentObject::Commodity, Some("commodity"), Some(1)),
    (PaymentObject::Excise, Some("excise"), Some(2)),
    (PaymentObject::Job, Some("job"), Some(3)),
    (PaymentObject::Service, Some("service"), Some(4)),
    (PaymentObject::GamblingBet, Some("gambling_bet"), Some(5)),
    (PaymentObject::GamblingPrize, Some("gambling_prize"), Some(6)),
    (PaymentObject::Lottery, Some("lottery"), Some(7)),
    (PaymentObject::LotteryPrize, Some("lottery_prize"), Some(8)),
    (PaymentObject::IntellectualActivity, Some("intellectual_activity"), Some(9)),
    (PaymentObject::Payment, Some("payment"), Some(10)),
    (PaymentObject::AgentCommission, Some("agent_commission"), Some(11)),
    (PaymentObject::Composite, Some("composite"), None),
    (PaymentObject::Award, Some("award"), Some(12)),
    (PaymentObject::Another, Some("another"), Some(13)),
    (PaymentObject::PropertyRight, Some("property_right"), Some(14)),
    (PaymentObject::NonOperatingGain, Some("non-operating_gain"), Some(15)),
    (PaymentObject::InsurancePremium, Some("insurance_premium"), Some(16)),
    (PaymentObject::SalesTax, Some("sales_tax"), Some(17)),
    (PaymentObject::ResortFee, Some("resort_fee"), Some(18)),
    (PaymentObject::Deposit, Some("deposit"), Some(19)),
    (PaymentObject::Expense, Some("expense"), Some(20)),
    (PaymentObject::PensionInsuranceIp, Some("pension_insurance_ip"), Some(21)),
    (PaymentObject::PensionInsurance, Some("pension_insurance"), Some(22)),
    (PaymentObject::MedicalInsuranceIp, Some("medical_insurance_ip"), Some(23)),
    (PaymentObject::MedicalInsurance, Some("medical_insurance"), Some(24)),
    (PaymentObject::SocialInsurance, Some("social_insurance"), Some(25)),
    (PaymentObject::CasinoPayment, Some("casino_payment"), Some(26)),
    (PaymentObject::BankAgentCash, None, Some(27)),
    (PaymentObject::ExciseMarkedWithoutCode, None, Some(30)),
    (PaymentObject::ExciseMarked, None, Some(31)),
    (PaymentObject::MarkedWithoutCode, None, Some(32)),
    (PaymentObject::Marked, None, Some(33)),
];

/// VAT: the shared word and the protocol's (protocol/atol.md 2.8.4).
pub const VATS: &[(Vat, &str)] = &[
    (Vat::None, "none"),
    (Vat::Vat0, "vat0"),
    (Vat::Vat5, "vat5"),
    (Vat::Vat5Of105, "vat105"),
    (Vat::Vat7, "vat7"),
    (Vat::Vat7Of107, "vat107"),
    (Vat::Vat10, "vat10"),
    (Vat::Vat10Of110, "vat110"),
    (Vat::Vat18, "vat18"),
    (Vat::Vat18Of118, "vat118"),
    (Vat::Vat20, "vat20"),
    (Vat::Vat20Of120, "vat120"),
    (Vat::Vat22, "vat22"),
    (Vat::Vat22Of122, "vat122"),
];

/// Rates that only v4 has (protocol/atol.md 2.8.4).
pub const V4_VATS: &[Vat] = &[Vat::Vat18, Vat::Vat18Of118];

/// Payments (protocol/atol.md 2.8.1).
pub const PAYMENTS: &[(PaymentType, u8)] = &[
    (PaymentType::Cash, 0),
    (PaymentType::Card, 1),
    (PaymentType::Prepaid, 2),
    (PaymentType::Credit, 3),
    (PaymentType::Other, 4),
];

/// Units: v5's number (protocol/atol.md 2.8.5) and the text that v4 gets, which is free.
#[rustfmt::skip]
pub const UNITS: &[(Unit, u8, &str)] = &[
    (Unit::Piece, 0, "шт"), (Unit::Gram, 10, "г"), (Unit::Kilogram, 11, "кг"), (Unit::Tonne, 12, "т"),
    (Unit::Centimetre, 20, "см"), (Unit::Decimetre, 21, "дм"), (Unit::Metre, 22, "м"),
    (Unit::SquareCentimetre, 30, "см2"), (Unit::SquareDecimetre, 31, "дм2"), (Unit::SquareMetre, 32, "м2"),
    (Unit::Millilitre, 40, "мл"), (Unit::Litre, 41, "л"), (Unit::CubicMetre, 42, "м3"),
    (Unit::KilowattHour, 50, "кВт·ч"), (Unit::Gigacalorie, 51, "Гкал"), (Unit::Day, 70, "сут"),
    (Unit::Hour, 71, "ч"), (Unit::Minute, 72, "мин"), (Unit::Second, 73, "с"),
    (Unit::Kilobyte, 80, "Кбайт"), (Unit::Megabyte, 81, "Мбайт"), (Unit::Gigabyte, 82, "Гбайт"), (Unit::Terabyte, 83, "Тбайт"), (Unit::Other, 255, "ед"),
];

/// The kind of a document in the text of its QR code. Russia's registers have one form of it: protocol/modulkassa.md 2.4
/// has its numbers, 3.3 its parts.
pub const QR_KINDS: &[(Kind, u8)] = &[
    (Kind::Sell, 1),
    (Kind::SellRefund, 2),
    (Kind::Buy, 3),
    (Kind::BuyRefund, 4),
    (Kind::SellCorrection, 1),
    (Kind::SellRefundCorrection, 2),
    (Kind::BuyCorrection, 3),
    (Kind::BuyRefundCorrection, 4),
];

/// Operations that v4 has too (protocol/atol.md 2.4); v5 has them all.
pub const V4_KINDS: &[Kind] =
    &[Kind::Sell, Kind::SellRefund, Kind::Buy, Kind::BuyRefund, Kind::SellCorrection, Kind::BuyCorrection];
