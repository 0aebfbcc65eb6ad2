//! Random baskets with a discount, a surcharge or change, and what `distribute` has to make of them. The judge
//! computes in whole numbers of its own.

use kassa::receipt::distribute::{Adjustments, Distributed};
use kassa::receipt::{Item, Receipt};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// What the lines of each vendor's receipts carry, as its sheet says (docs/fields.md).
pub const VENDORS: &[(&str, Adjustments)] = &[
    ("atol", Adjustments { discount: false, surcharge: false }),
    ("modulkassa", Adjustments { discount: true, surcharge: false }),
    ("ikassa", Adjustments { discount: true, surcharge: true }),
    ("ikkm", Adjustments { discount: true, surcharge: false }),
];

/// A basket, reproducible from its number.
pub fn basket(number: u64) -> Value {
    let mut random = StdRng::seed_from_u64(number);
    let lines = random.random_range(1..=8_usize);
    let mut total = 0_u64;
    let mut items = Vec::with_capacity(lines);
    for line in 0..lines {
        let price = match random.random_range(0..10) {
            0 => random.random_range(0..100),
            1 => random.random_range(1_000_000..100_000_000),
            _ => random.random_range(100..500_000_u64),
        };
        let thousandths = match random.random_range(0..4) {
            0 => random.random_range(1..10_000_u64),
            1 => 1_000,
            _ => 1_000 * random.random_range(1..40),
        };
        let sum = rounded(price * thousandths, 1_000);
        let off = if random.random_range(0..5) == 0 { random.random_range(0..=sum) } else { 0 };
        total += sum - off;
        let mut item = json!({"name": format!("Line {line}"), "price": money(price),
            "quantity": format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)});
        if off > 0 {
            item["discount"] = json!(money(off));
        }
        items.push(item);
    }
    let mut receipt = json!({"id": format!("basket-{number}"), "kind": "sell", "items": items});
    let part = |random: &mut StdRng| match random.random_range(0..3) {
        0 => random.random_range(0..=total),
        1 => total % 100,
        _ => total * random.random_range(0..30) / 100,
    };
    let mut paid = total;
    match random.random_range(0..4) {
        // What the payments lack is the discount.
        0 => paid -= part(&mut random),
        1 => {
            let off = part(&mut random);
            receipt["discount"] = json!(money(off));
            paid -= off;
        }
        2 if total > 0 => {
            let (off, on) = (part(&mut random), part(&mut random));
            receipt["discount"] = json!(money(off));
            receipt["surcharge"] = json!(money(on));
            paid = total + on - off;
        }
        _ => {}
    }
    let card = if random.random_range(0..3) == 0 { random.random_range(0..=paid) } else { 0 };
    let change = if random.random_range(0..6) == 0 { random.random_range(0..100_000) } else { 0 };
    receipt["payments"] = json!([{"type": "card", "sum": money(card)},
        {"type": "cash", "sum": money(paid - card + change)}]);
    receipt
}

/// What is wrong with the result, and whether a line of it is negative.
pub fn faults(before: &Receipt, made: &Distributed, adjustments: Adjustments) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut expect = |is_right: bool, what| {
        if !is_right {
            found.push(what);
        }
    };
    let after = &made.receipt;
    let paid = |receipt: &Receipt| receipt.payments.iter().map(|payment| cents(&payment.sum)).sum::<i128>();
    let lines: i128 = after.items.iter().map(line).sum();
    expect(lines == paid(after), "items and payments differ");
    expect(
        paid(before) - paid(after) == cents(&made.change),
        "the change is not what was taken from the cash",
    );
    let old: i128 = before.items.iter().map(line).sum();
    let moved = cents(&made.surcharge) - cents(&made.discount);
    expect(old + moved == lines, "what was moved is not what is told");
    expect(after.discount.is_none() && after.surcharge.is_none(), "something is left on the whole");
    expect(after.items.iter().all(|item| line(item) >= 0), "negative");
    let is_carried = |item: &Item| {
        let is_there = |sum: Option<_>| sum.as_ref().is_some_and(|sum| cents(sum) != 0);
        (adjustments.discount || !is_there(item.discount))
            && (adjustments.surcharge || !is_there(item.surcharge))
    };
    expect(after.items.iter().all(is_carried), "a line has what the vendor does not carry");
    // Every line is there as often as before, and is not further from its part than the rounding of two parts.
    let mut rest = after.items.iter().peekable();
    for item in &before.items {
        let (mut quantity, mut sum, mut count) = (0, 0, 0);
        while let Some(next) = rest.next_if(|next| next.name == item.name) {
            quantity += millionths(next);
            sum += line(next);
            count += 1;
        }
        expect(quantity == millionths(item), "a quantity changed");
        expect((1..=3).contains(&count), "a line became too many");
        // In proportion: |sum / line - lines / old| is at most 2 kopecks of the line.
        expect((sum * old - line(item) * lines).abs() <= 2 * old.max(1), "not in proportion");
    }
    expect(rest.next().is_none(), "a line came from nowhere");
    found
}

/// A line in hundredths: price by quantity, rounded half up, with its discount and surcharge.
fn line(item: &Item) -> i128 {
    let gross = (cents(&item.price) * millionths(item) * 2 + 1_000_000).div_euclid(2_000_000);
    gross - item.discount.as_ref().map_or(0, cents) + item.surcharge.as_ref().map_or(0, cents)
}

/// An amount in hundredths, from its text.
fn cents(amount: &impl ToString) -> i128 {
    digits(&amount.to_string(), 2)
}

fn millionths(item: &Item) -> i128 {
    digits(&item.quantity.to_string(), 6)
}

/// A decimal text as a whole number of its last decimal.
fn digits(text: &str, decimals: usize) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<decimals$}").parse().unwrap_or(i128::MIN / 4)
}

fn money(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn rounded(number: u64, by: u64) -> u64 {
    (number * 2 + by) / (2 * by)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn receipt(number: u64) -> Receipt {
        serde_json::from_value(basket(number)).unwrap()
    }

    #[test]
    fn ten_thousand_baskets_are_right() {
        for number in 0..10_000 {
            for (vendor, adjustments) in VENDORS {
                let made = receipt(number).distributed(*adjustments, 1).unwrap();
                let found = faults(&receipt(number), &made, *adjustments);
                assert!(found.is_empty(), "{vendor} {number}: {found:?} {} {made:?}", basket(number));
            }
        }
    }

    #[test]
    fn the_judge_sees_a_kopeck_too_many_a_lost_piece_and_a_discount_nobody_carries() {
        let (_, adjustments) = VENDORS[0];
        let before: Receipt = serde_json::from_value(json!({"id": "a", "kind": "sell",
            "items": [{"name": "a", "price": "100.00", "quantity": "3"}],
            "payments": [{"type": "cash", "sum": "290.00"}]}))
        .unwrap();
        let made = before.clone().distributed(adjustments, 1).unwrap();
        assert!(faults(&before, &made, adjustments).is_empty());
        let bent = |bend: &dyn Fn(&mut Distributed)| {
            let mut bent = made.clone();
            bend(&mut bent);
            faults(&before, &bent, adjustments)
        };
        let cheap = |text: &str| serde_json::from_value(json!(text)).unwrap();
        assert!(
            bent(&|made| made.receipt.items[0].price = cheap("96.68")).contains(&"items and payments differ")
        );
        assert!(bent(&|made| made.receipt.items.truncate(1)).contains(&"a quantity changed"));
        assert!(bent(&|made| made.discount = cheap("9.99")).contains(&"what was moved is not what is told"));
        let carried = bent(&|made| made.receipt.items[0].discount = Some(cheap("0.01")));
        assert!(carried.contains(&"a line has what the vendor does not carry"), "{carried:?}");
    }
}
