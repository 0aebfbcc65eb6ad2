//! What a register says to a document (protocol/atol.md 2.14, 4.1 items 20 to 24).

use rust_decimal::Decimal;

use super::document::{Failure, MarkResult};
use super::group::Company;
use super::operations::Protocol;
use super::receipt::{Item, MONEY_DECIMALS, Receipt, Vat};
use super::switches::{Switches, VatErrorCode, ZeroVatSum};
use crate::faults::Fault;

/// The types of failure (protocol/atol.md 2.8.9).
pub const FAILURE_TYPES: &[&str] = &["system", DRIVER, "timeout", AGENT, "unknown"];

const DRIVER: &str = "driver";
const AGENT: &str = "agent";

const FOREIGN_INN: i64 = 2009;
const WRONG_SUM: i64 = 16;
const WRONG_TOTAL: i64 = 227;
const NOT_PAID: i64 = 66;
const CASHLESS_OVER_TOTAL: i64 = 52;
const WRONG_TAX_SYSTEM: i64 = 143;
const WRONG_VAT: i64 = 128;
const WRONG_VAT_TOO: i64 = 243;
const TOO_MANY_MARKS: i64 = 408;
const MARK_TIMEOUT: i64 = 421;
/// The code of a scripted failure that names none: the link was lost.
const LINK_LOST: i64 = 2;

const WRONG_VAT_TEXT: &str = "Некорректная сумма налога";

/// How many marking codes a fiscal drive takes by receipt (protocol/atol.md 2.7.2).
const MOST_MARKS: usize = 128;
const CASH: u8 = 0;

/// Half a kopeck: an exact half may go either way.
const HALF_KOPECK: (i64, u32) = (5, 3);
/// How far a v4 total may be from the sum of its items (protocol/atol.md 2.6).
const V4_ROUNDING: (i64, u32) = (99, 2);

/// Rates in percent, by word; a rate and its `1xx` form are both inside the price
/// (protocol/atol.md 2.8.4).
const RATES: &[(&str, u32)] = &[
    ("vat5", 5),
    ("vat105", 5),
    ("vat7", 7),
    ("vat107", 7),
    ("vat10", 10),
    ("vat110", 10),
    ("vat18", 18),
    ("vat118", 18),
    ("vat20", 20),
    ("vat120", 20),
    ("vat22", 22),
    ("vat122", 22),
];

fn decimal((mantissa, scale): (i64, u32)) -> Decimal {
    Decimal::new(mantissa, scale)
}

fn driver(code: i64) -> Failure {
    let text = match code {
        WRONG_VAT | WRONG_VAT_TOO => WRONG_VAT_TEXT.to_owned(),
        // No source has the other texts.
        _ => format!("Ошибка ККТ, код {code}"),
    };
    Failure { kind: DRIVER.to_owned(), code, text }
}

/// The failure that a fault asks for.
pub fn scripted(fault: Fault) -> Failure {
    let usual = driver(fault.failure_code.unwrap_or(LINK_LOST));
    Failure {
        kind: fault.failure_type.unwrap_or(usual.kind),
        code: usual.code,
        text: fault.failure_message.unwrap_or(usual.text),
    }
}

/// Why the register refuses a document, if it does.
pub fn failure(receipt: &Receipt, company: &Company, switches: &Switches) -> Option<Failure> {
    let tax_id = &company.tax_id;
    if receipt.tax_id != *tax_id {
        let text = format!(
            "ИНН, указанный в чеке {}, не соответствует ИНН группы касс {tax_id}. Попыток регистрировать чек не производилось.",
            receipt.tax_id
        );
        return Some(Failure { kind: AGENT.to_owned(), code: FOREIGN_INN, text });
    }
    let marks = receipt.items.iter().filter(|item| item.mark.is_some()).count();
    let vat_code = match switches.vat_error_code {
        VatErrorCode::First => WRONG_VAT,
        VatErrorCode::Second => WRONG_VAT_TOO,
    };
    let foreign = receipt.tax_system.as_ref().is_some_and(|system| *system != company.tax_system);
    let checks = [
        (foreign && switches.check_tax_system, WRONG_TAX_SYSTEM),
        (!receipt.items.iter().all(sum_is_right), WRONG_SUM),
        (!total_is_right(receipt), WRONG_TOTAL),
        (!is_paid(receipt), NOT_PAID),
        (cashless_exceeds_total(receipt), CASHLESS_OVER_TOTAL),
        (!vat_is_right(receipt, switches), vat_code),
        (marks > MOST_MARKS, TOO_MANY_MARKS),
        (marks > 0 && switches.ism_timeout && !receipt.ism_optional, MARK_TIMEOUT),
    ];
    checks.into_iter().find(|(wrong, _)| *wrong).map(|(_, code)| driver(code))
}

/// The checks of the marking codes of a document that was recorded.
pub fn marks(receipt: &Receipt, switches: &Switches) -> Vec<MarkResult> {
    let result = if switches.ism_timeout { 0 } else { switches.mark_result };
    let of_item = |(position, item): (usize, &Item)| {
        Some(MarkResult { position, mark_code: item.mark.clone()?, result })
    };
    receipt.items.iter().enumerate().filter_map(of_item).collect()
}

fn sum_is_right(item: &Item) -> bool {
    let cost = item.price.checked_mul(item.quantity);
    cost.is_some_and(|cost| (item.sum - cost).abs() <= decimal(HALF_KOPECK))
}

fn total_is_right(receipt: &Receipt) -> bool {
    let allowance = match receipt.protocol {
        Protocol::V4 => decimal(V4_ROUNDING),
        Protocol::V5 => Decimal::ZERO,
    };
    receipt.stated.is_none_or(|stated| (stated - receipt.total).abs() <= allowance)
}

fn is_paid(receipt: &Receipt) -> bool {
    let paid: Decimal = receipt.payments.iter().map(|(_, sum)| *sum).sum();
    let due = receipt.stated.map_or(receipt.total, |stated| stated.min(receipt.total));
    paid >= due
}

fn cashless_exceeds_total(receipt: &Receipt) -> bool {
    let cashless: Decimal =
        receipt.payments.iter().filter(|(kind, _)| *kind != CASH).map(|(_, sum)| *sum).sum();
    let most = receipt.stated.map_or(receipt.total, |stated| stated.max(receipt.total));
    cashless > most
}

/// Receipt-level sums are the only ones that count, if there are any.
fn vat_is_right(receipt: &Receipt, switches: &Switches) -> bool {
    if receipt.vats.is_empty() {
        let of_item = |item: &Item| item.vat.as_ref().is_none_or(|vat| fits(vat, item.sum, 1, switches));
        return receipt.items.iter().all(of_item);
    }
    receipt.vats.iter().all(|vat| {
        let (base, positions) = match taxed(receipt, vat) {
            Some(found) => found,
            // Nothing says how much of the total is under this rate.
            None if receipt.vats.len() > 1 => return true,
            None => (receipt.total, receipt.items.len().max(1)),
        };
        fits(vat, base, positions, switches)
    })
}

/// The amount under a rate and the number of its positions, if items tell their rates.
fn taxed(receipt: &Receipt, vat: &Vat) -> Option<(Decimal, usize)> {
    if receipt.items.is_empty() || receipt.items.iter().any(|item| item.vat.is_none()) {
        return None;
    }
    let under = |item: &&Item| item.vat.as_ref().is_some_and(|own| own.word == vat.word);
    let items: Vec<_> = receipt.items.iter().filter(under).collect();
    Some((items.iter().map(|item| item.sum).sum(), items.len().max(1)))
}

fn fits(vat: &Vat, base: Decimal, positions: usize, switches: &Switches) -> bool {
    let Some(given) = vat.sum else {
        return true;
    };
    let tolerance =
        Decimal::new(switches.vat_tolerance_kopecks.into(), MONEY_DECIMALS) * Decimal::from(positions);
    let near = |expected: Decimal| (given - expected).abs() <= tolerance;
    match RATES.iter().find(|(word, _)| *word == vat.word) {
        Some((_, rate)) => {
            let rate = Decimal::from(*rate);
            near(base * rate / (Decimal::ONE_HUNDRED + rate))
        }
        None => match switches.zero_vat_sum {
            ZeroVatSum::Any => near(Decimal::ZERO) || near(base),
            ZeroVatSum::Zero => near(Decimal::ZERO),
            ZeroVatSum::Amount => near(base),
        },
    }
}
