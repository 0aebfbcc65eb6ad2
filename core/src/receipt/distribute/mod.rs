//! A receipt whose items and payments differ, as one in which every line says what was paid for it. Shops give a
//! discount on the whole and round; most fiscal records have neither.

mod split;
mod spread;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::{Field, Treatment};
use super::money::Amount;
use super::{Item, MOST_LINES, PaymentType, Receipt};
use crate::error::{Code, Error, Result, Violation, violation};

/// Said where hundredths do not fit into 64 bits.
const TOO_LARGE: &str = "the sums are too large to be added up";

/// What `distribute` made of a receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Distributed {
    /// The receipt in which items and payments are equal and no discount or surcharge stands on the whole.
    pub receipt: Receipt,
    /// What was taken off the lines.
    pub discount: Amount,
    /// What was put on the lines.
    pub surcharge: Amount,
    /// Cash to give back: it was handed over beyond the total, and is no payment.
    pub change: Amount,
    /// How many lines there are more than before: a line whose price does not divide becomes two or three.
    pub lines_added: u32,
}

/// What a line of a vendor's receipt may have beside its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjustments {
    /// A discount.
    pub discount: bool,
    /// A surcharge.
    pub surcharge: bool,
}

impl Adjustments {
    /// As a vendor's table of fields says.
    pub fn of(treatment: fn(Field) -> Treatment) -> Self {
        let is_carried = |field| treatment(field) == Treatment::Carried;
        Self { discount: is_carried(Field::ItemDiscount), surcharge: is_carried(Field::ItemSurcharge) }
    }
}

/// What the lines are to come to, and what is no part of that.
struct Plan {
    discount: u64,
    surcharge: u64,
    change: u64,
}

impl Receipt {
    /// The receipt with its discount, its surcharge and what its payments lack spread over the lines in proportion.
    /// `unit` is the smallest sum that the cash register knows, in hundredths. The same receipt gives the same result
    /// everywhere, and what was distributed once stays as it is.
    pub fn distributed(self, adjustments: Adjustments, unit: u64) -> Result<Distributed> {
        let before = self.items.len();
        let wrong = |found: Violation| Error::invalid(vec![found]);
        let lines = self.line_totals().map_err(wrong)?;
        let plan = self.plan(&lines).map_err(wrong)?;
        let receipt = self.with(&plan, &lines, adjustments, unit.max(1)).map_err(wrong)?;
        let amount = |hundredths| amount(hundredths).map_err(wrong);
        Ok(Distributed {
            discount: amount(plan.discount)?,
            surcharge: amount(plan.surcharge)?,
            change: amount(plan.change)?,
            lines_added: u32::try_from(receipt.items.len().saturating_sub(before)).unwrap_or(u32::MAX),
            receipt,
        })
    }

    /// Fails where there is nothing to distribute: without lines or payments, or with a tax on top, which is no sum to be
    /// spread.
    pub fn distributable(&self) -> Result<()> {
        let mut wrong = self.missing();
        if self.has_tax_on_top() {
            let message =
                "is the tax on top here, which the device computes: give the receipt without `distribute`";
            wrong.push(violation("/surcharge", Code::WrongValue, message));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::invalid(wrong)) }
    }

    fn line_totals(&self) -> std::result::Result<Vec<u64>, Violation> {
        let total = |(index, item): (usize, &Item)| {
            let total = item.total().ok_or_else(|| {
                let message = "the discount is larger than price × quantity";
                violation(format!("/items/{index}/discount"), Code::DiscountTooLarge, message)
            })?;
            let too_large = || violation(format!("/items/{index}"), Code::TooLarge, TOO_LARGE);
            hundredths(Some(total)).ok_or_else(too_large)
        };
        self.items.iter().enumerate().map(total).collect()
    }

    fn plan(&self, lines: &[u64]) -> std::result::Result<Plan, Violation> {
        let too_large = || violation("/items", Code::TooLarge, TOO_LARGE);
        let items = lines.iter().try_fold(0_u64, |sum, line| sum.checked_add(*line)).ok_or_else(too_large)?;
        let paid = hundredths(self.paid()).ok_or_else(too_large)?;
        let discount = hundredths(Some(self.discount.unwrap_or_default())).ok_or_else(too_large)?;
        let surcharge = hundredths(Some(self.surcharge.unwrap_or_default())).ok_or_else(too_large)?;
        let raised = items.checked_add(surcharge).ok_or_else(too_large)?;
        let message = "the discount is larger than the items";
        let wanted = raised
            .checked_sub(discount)
            .ok_or_else(|| violation("/discount", Code::DiscountTooLarge, message))?;
        match paid.checked_sub(wanted) {
            Some(more) => Ok(Plan { discount, surcharge, change: more }),
            None if discount == 0 && surcharge == 0 => {
                Ok(Plan { discount: wanted - paid, surcharge: 0, change: 0 })
            }
            None => {
                let message = "the payments are less than the items with the discount and the surcharge that the \
                               receipt names: leave both out to have the difference spread as a discount";
                Err(violation("/payments", Code::PaymentsDiffer, message))
            }
        }
    }

    fn with(
        mut self,
        plan: &Plan,
        lines: &[u64],
        adjustments: Adjustments,
        unit: u64,
    ) -> std::result::Result<Self, Violation> {
        self.give_back(plan.change)?;
        let nothing = || {
            violation("/items", Code::OutOfRange, "nothing costs anything: there is no line to put a sum on")
        };
        let is_round = lines.iter().chain([&plan.discount, &plan.surcharge]).all(|sum| sum % unit == 0);
        let unit = if is_round { unit } else { 1 };
        let in_units = |sum: &u64| sum / unit;
        let weights: Vec<u64> = lines.iter().map(in_units).collect();
        let more = spread::spread(plan.surcharge / unit, &weights).ok_or_else(nothing)?;
        let raised: Vec<u64> = weights.iter().zip(&more).map(|(line, more)| line + more).collect();
        let less = spread::spread(plan.discount / unit, &raised).ok_or_else(nothing)?;
        let mut items = Vec::with_capacity(self.items.len());
        for (index, item) in self.items.into_iter().enumerate() {
            let [more, less] = [&more, &less].map(|parts| parts.get(index).copied().unwrap_or(0) * unit);
            items.extend(adjusted(item, index, more, less, adjustments, unit)?);
        }
        if items.len() > MOST_LINES {
            let message = format!(
                "as {} lines, of which {MOST_LINES} are allowed, because prices do not divide",
                items.len()
            );
            return Err(violation("/items", Code::TooLong, message));
        }
        Ok(Self { items, discount: None, surcharge: None, ..self })
    }

    /// Takes the change from the cash.
    fn give_back(&mut self, change: u64) -> std::result::Result<(), Violation> {
        if change == 0 {
            return Ok(());
        }
        let cash = self.payments.iter_mut().rev().find(|payment| payment.payment_type == PaymentType::Cash);
        let left = cash.and_then(|cash| {
            let left = hundredths(Some(cash.sum))?.checked_sub(change)?;
            cash.sum = Amount::of_hundredths(i64::try_from(left).ok()?)?;
            Some(())
        });
        left.ok_or_else(|| {
            let message = "the payments are more than the items, and what is more is no cash to give change from; a \
                           surcharge is given as `surcharge`";
            violation("/payments", Code::PaymentsDiffer, message)
        })
    }
}

/// The line with so much put on it and taken off it, as what the vendor carries.
fn adjusted(
    item: Item,
    index: usize,
    more: u64,
    less: u64,
    adjustments: Adjustments,
    unit: u64,
) -> std::result::Result<Vec<Item>, Violation> {
    let is_carried = (adjustments.discount || less == 0 && item.discount.is_none_or(Amount::is_zero))
        && (adjustments.surcharge || more == 0 && item.surcharge.is_none_or(Amount::is_zero));
    if is_carried {
        // A discount beyond price × quantity is none: it goes against the surcharge first.
        let (more, less) = (more.saturating_sub(less), less.saturating_sub(more));
        if more == 0 && less == 0 {
            return Ok(vec![item]);
        }
        let kept = hundredths(item.surcharge).unwrap_or(0);
        let (surcharge, less) = match kept.min(less) {
            0 => (item.surcharge, less),
            taken => (Some(amount(kept - taken)?), less - taken),
        };
        let sum = |given: Option<Amount>, part: u64| {
            if part == 0 { Ok(given) } else { amount(part).map(|part| given.unwrap_or_default().plus(part)) }
        };
        let (discount, surcharge) = (sum(item.discount, less)?, sum(surcharge, more)?);
        return Ok(vec![Item { discount, surcharge, vat_sum: None, ..item }]);
    }
    let total = hundredths(item.total()).and_then(|total| (total + more).checked_sub(less));
    let total = total.map(amount).transpose()?.unwrap_or_default();
    let unit = i64::try_from(unit).unwrap_or(1);
    split::by_price(&item, total, unit).ok_or_else(|| {
        let message = format!(
            "no price of 2 decimals gives {total} for {}, and a line with marking is not split: give each piece with \
             its own code in a line of its own",
            item.quantity
        );
        violation(format!("/items/{index}/price"), Code::NotForThisVendor, message)
    })
}

fn hundredths(amount: Option<Amount>) -> Option<u64> {
    amount.and_then(Amount::hundredths).and_then(|sum| u64::try_from(sum).ok())
}

fn amount(hundredths: u64) -> std::result::Result<Amount, Violation> {
    let sum = i64::try_from(hundredths).ok().and_then(Amount::of_hundredths);
    sum.ok_or_else(|| violation("/items", Code::TooLarge, TOO_LARGE))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;

    /// What a vendor carries and its unit, prices and quantities, what is paid; prices, quantities and discounts.
    type Case<'a> = (Adjustments, u64, &'a [(&'a str, &'a str)], &'a str, &'a [(&'a str, &'a str, &'a str)]);

    const BY_PRICE: Adjustments = Adjustments { discount: false, surcharge: false };
    const WITH_DISCOUNT: Adjustments = Adjustments { discount: true, surcharge: false };

    fn receipt(items: &[(&str, &str)], changes: Value) -> Receipt {
        let items: Vec<Value> = items
            .iter()
            .map(|(price, quantity)| json!({"name": "Mug", "price": price, "quantity": quantity}))
            .collect();
        let mut receipt = json!({"id": "a", "kind": "sell", "items": items});
        receipt.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(receipt).unwrap()
    }

    fn paid(sum: &str) -> Value {
        json!({"payments": [{"type": "cash", "sum": sum}]})
    }

    fn lines(receipt: &Receipt) -> Vec<(String, String, String)> {
        let text = |item: &Item| {
            let discount = item.discount.unwrap_or_default();
            (item.price.to_string(), item.quantity.to_string(), discount.to_string())
        };
        receipt.items.iter().map(text).collect()
    }

    #[test]
    fn a_discount_is_spread_to_the_kopeck() {
        let cases: &[Case<'_>] = &[
            (BY_PRICE, 1, &[("3417.18", "1")], "3417.00", &[("3417.00", "1", "0.00")]),
            (BY_PRICE, 1, &[("100.00", "3")], "290.00", &[("96.67", "2", "0.00"), ("96.66", "1", "0.00")]),
            (WITH_DISCOUNT, 1, &[("100.00", "3")], "290.00", &[("100.00", "3", "10.00")]),
            (
                BY_PRICE,
                1,
                &[("1.00", "1"), ("1.00", "1")],
                "0.00",
                &[("0.00", "1", "0.00"), ("0.00", "1", "0.00")],
            ),
            (
                BY_PRICE,
                100,
                &[("334.00", "3")],
                "1000.00",
                &[("334.00", "1", "0.00"), ("333.00", "2", "0.00")],
            ),
            (
                BY_PRICE,
                1,
                &[("100.00", "1.5")],
                "149.98",
                &[("99.99", "1", "0.00"), ("99.98", "0.5", "0.00")],
            ),
            (BY_PRICE, 1, &[("100.00", "0.001")], "0.09", &[("90.00", "0.001", "0.00")]),
        ];
        for (adjustments, unit, items, total, expected) in cases {
            let given = receipt(items, paid(total));
            let made = given.distributed(*adjustments, *unit).unwrap();
            let found = lines(&made.receipt);
            let found: Vec<_> = found.iter().map(|(p, q, d)| (p.as_str(), q.as_str(), d.as_str())).collect();
            assert_eq!(found, *expected, "{items:?} for {total}");
            assert_eq!(made.receipt.total(), made.receipt.paid());
            let again = made.receipt.clone().distributed(*adjustments, *unit).unwrap();
            assert_eq!(again.receipt, made.receipt);
        }
    }

    #[test]
    fn change_is_given_from_cash_and_from_nothing_else() {
        let made = receipt(&[("272.00", "1")], paid("500.00")).distributed(BY_PRICE, 1).unwrap();
        assert_eq!((made.change.to_string(), made.receipt.paid()), ("228.00".into(), made.receipt.total()));
        let card = json!({"payments": [{"type": "card", "sum": "500.00"}]});
        let error = receipt(&[("272.00", "1")], card).distributed(BY_PRICE, 1).unwrap_err();
        assert_eq!(error.violations[0].path, "/payments");
    }

    #[test]
    fn sums_that_do_not_fit_are_told() {
        let line = ("99999999999.99", "900000");
        for (lines, path) in [(vec![line; 3], "/items"), (vec![("99999999999.99", "9999999")], "/items/0")] {
            let error = receipt(&lines, paid("1.00")).distributed(BY_PRICE, 1).unwrap_err();
            let found = &error.violations[0];
            assert_eq!((found.path.as_str(), found.code.as_str()), (path, "too_large"));
        }
    }

    #[test]
    fn a_line_of_one_code_is_not_split() {
        let mut given = receipt(&[("100.00", "3")], paid("290.00"));
        given.items[0].marking = serde_json::from_value(json!({"code": "x"})).unwrap();
        let error = given.distributed(BY_PRICE, 1).unwrap_err();
        assert_eq!(error.violations[0].path, "/items/0/price");
    }

    #[test]
    fn a_surcharge_is_spread_and_a_contradiction_is_named() {
        let mut sale = paid("103.00");
        sale["surcharge"] = json!("3.00");
        let made = receipt(&[("50.00", "1"), ("50.00", "1")], sale).distributed(WITH_DISCOUNT, 1).unwrap();
        assert_eq!(made.receipt.items[0].price.to_string(), "51.50");
        // All but nothing off a line that was raised is a discount of what it cost.
        let both = Adjustments { discount: true, surcharge: true };
        let mut sale = paid("0.01");
        sale["surcharge"] = json!("20.00");
        sale["discount"] = json!("119.99");
        let made = receipt(&[("100.00", "1")], sale).distributed(both, 1).unwrap();
        assert_eq!(made.receipt.items[0].discount.unwrap().to_string(), "99.99");
        assert_eq!(made.receipt.total(), made.receipt.paid());
        let mut sale = paid("80.00");
        sale["discount"] = json!("10.00");
        let error = receipt(&[("100.00", "1")], sale).distributed(BY_PRICE, 1).unwrap_err();
        assert_eq!(error.violations[0].code, "payments_differ");
    }
}
