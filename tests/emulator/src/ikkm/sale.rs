//! Registration: operation, payments, tax (protocol/ikkm.md 2, 6.1 items E9, E11).

use super::codes::{BAD_ITEMS, BAD_REQUEST, BAD_VALUE, Code, NO_TAX, OVERPAID, UNDERPAID, UNDERPAID_TAX};
use super::fiscal::{Draft, Unsettled};
use super::items::{self, MAX_ROWS, Row};
use super::money::{self, Tiyn};
use super::parameters::Parameters;
use super::switches::{Amounts, ItemData, OverpaidReturn, Switches};
use super::tables::{Tables, Tax};
use crate::ledger::Kind;

/// Parameter, kind, name of the one position when there is none, whether cash comes in.
const OPERATIONS: &[(&str, Kind, &str, bool)] = &[
    ("sale", Kind::Sell, "Продажа", true),
    ("buy", Kind::Buy, "Покупка", false),
    ("saleReturn", Kind::SellRefund, "Возврат продажи", false),
    ("buyReturn", Kind::BuyRefund, "Возврат покупки", true),
];

const CASH: &str = "cash";
const OTHER_PAYMENTS: &[&str] = &["bank", "tara", "credit"];

/// The name of an operation, for a receipt without positions.
pub fn name_of(kind: Kind) -> &'static str {
    OPERATIONS.iter().find(|(_, known, ..)| *known == kind).map_or("", |(_, _, name, _)| name)
}

struct Payments {
    cash: Option<Tiyn>,
    others: Vec<Tiyn>,
}

impl Payments {
    fn read(parameters: &Parameters, amounts: Amounts) -> Result<Self, Code> {
        let read = |name: &&str| parameters.get(name).map(|text| money::amount(text, amounts));
        let cash = read(&CASH).transpose()?;
        let others = OTHER_PAYMENTS.iter().filter_map(read).collect::<Result<Vec<_>, _>>()?;
        let payments = Self { cash, others };
        if payments.kinds() == 0 { Err(BAD_REQUEST) } else { Ok(payments) }
    }

    fn kinds(&self) -> usize {
        self.others.len() + usize::from(self.cash.is_some())
    }

    fn in_cash(&self) -> Tiyn {
        self.cash.unwrap_or(0)
    }

    fn otherwise(&self) -> Tiyn {
        self.others.iter().sum()
    }

    fn sum(&self) -> Tiyn {
        self.in_cash() + self.otherwise()
    }
}

/// Reads a registration and checks its amounts.
pub fn draft(parameters: &Parameters, switches: &Switches, tables: &Tables) -> Result<Unsettled, Code> {
    let mut operations = OPERATIONS.iter().filter(|(name, ..)| parameters.has(name));
    let (Some((name, kind, title, comes_in)), None) = (operations.next(), operations.next()) else {
        return Err(BAD_REQUEST);
    };
    let amount = money::amount(parameters.required(name)?, switches.amounts)?;
    let payments = Payments::read(parameters, switches.amounts)?;
    let tax_code = parameters.get("tax").map_or(Ok(tables.default_tax), tax_code)?;
    let rows = rows(parameters, switches, title, amount)?;
    let tax = tables.tax(tax_code);
    let total = tax.map_or(amount, |tax| tax.total(amount));
    check_payments(*kind, amount, total, &payments, switches)?;
    let cash = match (*kind, comes_in) {
        // The rest of the cash is change.
        (Kind::Sell, _) => total - payments.otherwise(),
        _ if payments.cash.is_none() => 0,
        (_, true) => total,
        (_, false) => -total,
    };
    let refusal = refusal(tax, payments.sum(), total);
    let print = parameters.get("print").unwrap_or_default().to_owned();
    Ok(Unsettled { draft: Draft { kind: *kind, total, cash, tax: tax_code, rows, print }, refusal })
}

fn tax_code(text: &str) -> Result<u64, Code> {
    let all_digits = text.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| text.parse().ok()).flatten().ok_or(BAD_VALUE)
}

/// -14 and -12 come after the state of the device (protocol/ikkm.md 6.1 item E8).
fn refusal(tax: Option<&Tax>, paid: Tiyn, total: Tiyn) -> Option<Code> {
    match tax {
        None => Some(NO_TAX),
        Some(_) if paid < total => Some(UNDERPAID_TAX),
        Some(_) => None,
    }
}

/// The payment rules (protocol/ikkm.md 2.2).
fn check_payments(
    kind: Kind,
    amount: Tiyn,
    total: Tiyn,
    payments: &Payments,
    switches: &Switches,
) -> Result<(), Code> {
    let is_sale = kind == Kind::Sell;
    let noncash = payments.otherwise();
    if !is_sale && (payments.kinds() > 1 || (noncash > 0 && !switches.noncash_return)) {
        return Err(BAD_REQUEST);
    }
    if payments.sum() < amount {
        return Err(UNDERPAID);
    }
    let not_needed = is_sale && noncash > 0 && payments.in_cash() >= total;
    if noncash > total || not_needed {
        return Err(OVERPAID);
    }
    let is_return = matches!(kind, Kind::SellRefund | Kind::BuyRefund);
    if is_return && payments.sum() > total {
        return Err(match switches.overpaid_return {
            OverpaidReturn::MoreThanTotal => OVERPAID,
            OverpaidReturn::BadValue => BAD_VALUE,
        });
    }
    Ok(())
}

fn rows(parameters: &Parameters, switches: &Switches, title: &str, amount: Tiyn) -> Result<Vec<Row>, Code> {
    let one = || vec![Row::one(title, amount)];
    let sent = match (parameters.get("itemdata"), switches.itemdata) {
        (None, _) | (_, ItemData::Ignored) => return Ok(one()),
        (_, ItemData::Refused) => return Err(BAD_ITEMS),
        (Some(json), ItemData::Enabled) => items::read(json)?,
    };
    let sum: Tiyn = sent.iter().map(|row| row.sum).sum();
    if switches.itemdata_sum_checked && sum != amount {
        return Err(BAD_ITEMS);
    }
    // No error above the limit: the itemisation is lost in silence (protocol/ikkm.md 2.5).
    Ok(if sent.is_empty() || sent.len() > MAX_ROWS { one() } else { sent })
}
