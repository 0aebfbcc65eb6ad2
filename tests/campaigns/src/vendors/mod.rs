//! What differs between the vendors, as a table: a row and a file each. Everything else in a
//! campaign is the same for all.

mod atol;
mod common_faults;
pub mod ikassa;
pub mod ikkm;
mod modulkassa;

use kassa_emulator::{Emulator, Fault, LedgerEntry};
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};

use crate::Result;
use crate::sale::Sale;

/// A receipt as the shop asks for it, and how its documents are found.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The shop's id.
    pub id: String,
    /// The request of `register`.
    pub receipt: Value,
    /// What the vendor's `key` gives for its documents.
    pub key: String,
    /// Its total as the ledger writes it.
    pub total: String,
}

/// The faults that a campaign strikes with; each list has at least one.
#[derive(Debug)]
pub struct Faults {
    /// The answer to the receipt gets lost, or the receipt itself.
    pub receipt: Vec<Fault>,
    /// The same for calls that ask what became of a receipt, and for log-ins.
    pub questions: Vec<Fault>,
    /// The answer comes after the call's time.
    pub late: Vec<Fault>,
    /// What only this vendor has.
    pub own: Vec<Fault>,
}

/// What an operator does: action and request.
pub type Deed = (&'static str, Value);

/// Who else sells at the cash register.
#[derive(Clone, Copy, Debug)]
pub enum Other {
    /// Nobody.
    Nobody,
    /// Another program, by a fault rule.
    ByFault(fn() -> Fault),
    /// Another program, by what an operator does.
    ByOperator {
        /// What it does first. Every cash register shows it.
        first: fn() -> Deed,
        /// What it does later.
        later: fn(&mut StdRng) -> Deed,
    },
}

/// What a cell's cash register is like.
#[derive(Debug)]
pub struct Circumstances {
    /// Name in the line of the cell.
    pub name: &'static str,
    /// Switches of the emulator.
    pub switches: &'static [(&'static str, Switch)],
    /// Who else sells.
    pub other: Other,
    /// Why a receipt may stay in doubt: the name of the reason, or `None` where it must settle.
    pub doubt: fn(&Doubt<'_>) -> Option<&'static str>,
}

/// The value of a switch.
#[derive(Clone, Copy, Debug)]
pub enum Switch {
    /// A truth value.
    Is(bool),
    /// A number.
    Number(i64),
}

/// A receipt that is left in doubt.
#[derive(Debug)]
pub struct Doubt<'a> {
    /// The registration as the journal has it.
    pub registration: &'a Value,
    /// What the library said.
    pub text: &'a str,
    /// Its payments, as the shop asked for them.
    pub payments: &'a Value,
    /// Whether a receipt of the same payments was registered before it.
    pub is_first_of_its_kind: bool,
}

/// A row of the table.
pub struct Vendor {
    /// Name in configurations, and in the emulator.
    pub name: &'static str,
    /// What a campaign changes in the emulator's configuration.
    pub config: fn() -> Value,
    /// What only this cell knows the vendor by; the answer replaces the emulator's configuration.
    pub account: fn(&Emulator, &str) -> Result<Value>,
    /// Operations before the first receipt.
    pub opening: &'static [&'static str],
    /// What an operator does before the first receipt.
    pub preparation: fn() -> Vec<Deed>,
    /// The call that brings a receipt, by the emulator's word.
    pub route: &'static str,
    /// Whether a fault rule can be about one receipt.
    pub rules_know_receipts: bool,
    /// The receipt of a sale.
    pub receipt: fn(&Sale) -> Value,
    /// What a sale's documents are found by: the receipt's id, or what stands for it.
    pub find_by: fn(&Sale) -> String,
    /// The same, of a document. `None` for what is no receipt of the shop.
    pub key: fn(&LedgerEntry) -> Option<String>,
    /// Seconds by which the clock may jump.
    pub jumps_s: &'static [i64],
    /// The faults.
    pub faults: fn() -> Faults,
    /// What cash registers there are.
    pub circumstances: &'static [Circumstances],
    /// Whether the vendor may confirm a document without its number.
    pub number_may_be_untold: bool,
    /// Whether a receipt in doubt is left to a person although nothing waits for that.
    pub is_left: fn(&Value) -> bool,
    /// Whether a cash register takes one document at a time, so that one worker holds up the others.
    pub one_at_a_time: bool,
    /// Whether a person sets keys and gives verdicts while the shop sells (iKKM).
    pub has_person: bool,
}

/// Every vendor.
pub const ALL: [&Vendor; 4] = [&modulkassa::ROW, &ikkm::ROW, &atol::ROW, &ikassa::ROW];

impl Vendor {
    /// The vendor with this name.
    pub fn named(name: &str) -> Result<&'static Self> {
        let found = ALL.into_iter().find(|vendor| vendor.name == name);
        found.ok_or_else(|| format!("{name} is not a vendor").into())
    }

    /// The cash register of a seed.
    pub fn circumstances_of(&self, seed: u64) -> &'static Circumstances {
        let place = seed % self.circumstances.len() as u64;
        &self.circumstances[usize::try_from(place).unwrap_or_default()]
    }

    /// How many of so many workers can be at work on receipts at the same time.
    pub fn workers_at_once(&self, workers: usize) -> usize {
        if self.one_at_a_time { workers.min(1) } else { workers }
    }

    /// A sale as the shop asks for it.
    pub fn asked(&self, sale: &Sale) -> Asked {
        self.asked_with(sale, (self.receipt)(sale))
    }

    /// A sale with another receipt than usual.
    pub fn asked_with(&self, sale: &Sale, receipt: Value) -> Asked {
        let sums = receipt["payments"].as_array().into_iter().flatten();
        let sums = sums.filter_map(|payment| payment["sum"].as_str()?.parse::<f64>().ok());
        let total = format!("{:.2}", sums.sum::<f64>());
        Asked { id: sale.id.clone(), receipt, key: (self.find_by)(sale), total }
    }
}

impl Circumstances {
    /// The switches as the emulator takes them.
    pub fn switches(&self) -> Map<String, Value> {
        let value = |switch: Switch| match switch {
            Switch::Is(is) => json!(is),
            Switch::Number(number) => json!(number),
        };
        self.switches.iter().map(|(name, switch)| ((*name).to_owned(), value(*switch))).collect()
    }
}

fn must_settle(_: &Doubt<'_>) -> Option<&'static str> {
    None
}

fn is_never_left(_: &Value) -> bool {
    false
}

fn shops_own_id(sale: &Sale) -> String {
    sale.id.clone()
}

fn number_of_the_shop(entry: &LedgerEntry) -> Option<String> {
    Some(entry.number.clone())
}

fn nothing_first() -> Vec<(&'static str, Value)> {
    Vec::new()
}
