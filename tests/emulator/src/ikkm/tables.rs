//! Goods, groups of goods, taxes and cashiers (protocol/ikkm.md 5.1 to 5.4, 6.1 item E11).

use super::money::{Tiyn, tax_on_top};
use super::user::User;

/// One tax.
#[derive(Debug, Clone)]
pub struct Tax {
    /// The code.
    pub code: u64,
    /// The name.
    pub name: String,
    /// The rate in percent.
    pub percent: i64,
    /// Whether it is charged on top of the amount.
    pub on_top: bool,
}

impl Tax {
    /// What is paid for an amount.
    pub fn total(&self, amount: Tiyn) -> Tiyn {
        if self.on_top { amount + tax_on_top(amount, self.percent) } else { amount }
    }
}

/// A good: `uid`, `code1`, `code2`, `name`, `price1` in tenge, `itemtax1`, `catalogid`
/// (protocol/ikkm.md 5.1).
pub type Item = (u64, u64, &'static str, &'static str, u64, u64, u64);

/// The tables of a device.
#[derive(Debug)]
pub struct Tables {
    /// Taxes.
    pub taxes: Vec<Tax>,
    /// The code of the tax that applies when none is named.
    pub default_tax: u64,
    /// Groups of goods.
    pub catalog: Vec<(u64, &'static str)>,
    /// Goods.
    pub items: Vec<Item>,
    /// Cashiers.
    pub cashiers: Vec<(u64, String)>,
    last_tax: u64,
}

impl Tables {
    /// The tables that a device has at first; the first two taxes and the groups are the
    /// documentation's.
    pub fn seeded() -> Self {
        let tax = |code, name: &str, percent, on_top| Tax { code, name: name.to_owned(), percent, on_top };
        let taxes =
            vec![tax(1, "НДС", 12, false), tax(2, "Без НДС", 0, false), tax(3, "НДС сверху", 12, true)];
        let user = User::seeded();
        Self {
            last_tax: taxes.len() as u64,
            taxes,
            default_tax: 2,
            catalog: vec![(1, "Кухня"), (2, "Бар")],
            items: vec![(11, 888, "008123563127", "Кофе", 77, 2, 2), (12, 1001, "", "Чай", 200, 1, 2)],
            cashiers: vec![(user.id, user.name), (201, "Наташа Старший Кассир".to_owned())],
        }
    }

    /// A tax by its code.
    pub fn tax(&self, code: u64) -> Option<&Tax> {
        self.taxes.iter().find(|tax| tax.code == code)
    }

    /// Changes a tax: it gets a new code (protocol/ikkm.md 2.1); None when there is no such tax.
    pub fn edit_tax(&mut self, code: u64, percent: i64, on_top: bool) -> Option<u64> {
        let next = self.last_tax + 1;
        let tax = self.taxes.iter_mut().find(|tax| tax.code == code)?;
        (tax.code, tax.percent, tax.on_top) = (next, percent, on_top);
        if self.default_tax == code {
            self.default_tax = next;
        }
        self.last_tax = next;
        Some(next)
    }

    /// A cashier that logs in is in the table.
    pub fn know(&mut self, user: &User) {
        self.cashiers.retain(|(id, _)| *id != user.id);
        self.cashiers.push((user.id, user.name.clone()));
    }
}
