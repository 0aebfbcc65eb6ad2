//! The arithmetic of a sale or a refund, and the rules about its sums
//! (protocol/ikassa.md 2.6, 6.5).

use super::body::{Item, Modifier, Payment, ReceiptBody};
use super::errors::Refusal;
use super::kinds::{DocumentKind, REFUND};
use super::money::{MAX_AMOUNT, cost};
use super::switches::{RefundModifiers, Switches};

/// What a receipt comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The total in kopecks.
    pub total: i64,
    /// The cash that stays with the seller (or leaves, with a refund).
    pub cash: i64,
    /// The change.
    pub change: i64,
}

struct Sums {
    lowest_line: i128,
    total: i128,
    cashless: i128,
    cash: i128,
    cash_payments: usize,
    has_modifiers: bool,
    is_refund: bool,
}

impl Sums {
    fn of(body: &ReceiptBody, kind: &DocumentKind, switches: &Switches) -> Self {
        let is_refund = *kind == REFUND;
        let counted = !is_refund || switches.refund_modifiers == RefundModifiers::Apply;
        let lines: Vec<i128> = body.items.iter().map(line).collect();
        let of_receipt = if counted { sum_of(&body.modifiers) } else { 0 };
        let is_cash = |payment: &&Payment| payment.kind == switches.cash_type;
        let paid = |payments: &mut dyn Iterator<Item = &Payment>| {
            payments.map(|payment| i128::from(payment.sum)).sum::<i128>()
        };
        let cash = paid(&mut body.payments.iter().filter(is_cash));
        Self {
            lowest_line: lines.iter().copied().min().unwrap_or_default(),
            total: lines.iter().sum::<i128>() + of_receipt,
            cashless: paid(&mut body.payments.iter()) - cash,
            cash,
            cash_payments: body.payments.iter().filter(is_cash).count(),
            has_modifiers: !body.modifiers.is_empty(),
            is_refund,
        }
    }

    fn surplus(&self) -> i128 {
        self.cash + self.cashless - self.total
    }
}

type Broken = fn(&Sums, &Switches) -> bool;

/// The rules about sums: what breaks them and what is said then, the path first.
const RULES: &[(Broken, &str)] = &[
    (
        |sums, switches| {
            sums.is_refund && sums.has_modifiers && switches.refund_modifiers == RefundModifiers::Refuse
        },
        "modifiers: a refund has none",
    ),
    (|sums, _| sums.lowest_line < 0, "items: a line below zero"),
    (|sums, _| sums.total <= 0, "items: a total not above zero"),
    (|sums, _| sums.total > i128::from(MAX_AMOUNT), "items: a total too large"),
    (|sums, _| sums.cash_payments > 1, "payments: at most one in cash"),
    (|sums, _| sums.cashless > sums.total, "payments: more than the total without cash"),
    (|sums, _| sums.surplus() < 0, "payments: less than the total"),
    (|sums, switches| exact(sums, switches) && sums.surplus() > 0, "payments: more than the total"),
];

fn exact(sums: &Sums, switches: &Switches) -> bool {
    sums.is_refund || switches.exact_payment
}

/// The cost of a line with its modifiers.
fn line(item: &Item) -> i128 {
    cost(item.price, item.quantity) + sum_of(&item.modifiers)
}

fn sum_of(modifiers: &[Modifier]) -> i128 {
    modifiers.iter().map(|modifier| i128::from(modifier.modifier)).sum()
}

/// Refuses sums that break a rule.
pub fn settle(body: &ReceiptBody, kind: &DocumentKind, switches: &Switches) -> Result<Settled, Refusal> {
    let sums = Sums::of(body, kind, switches);
    if let Some((_, says)) = RULES.iter().find(|(broken, _)| broken(&sums, switches)) {
        return Err(Refusal::invalid((*says).to_owned()));
    }
    let narrow =
        |sum: i128| i64::try_from(sum).map_err(|_| Refusal::invalid("payments: a sum too large".to_owned()));
    let change = sums.surplus();
    Ok(Settled { total: narrow(sums.total)?, cash: narrow(sums.cash - change)?, change: narrow(change)? })
}
