//! Compares what the library says with the ledger.

use std::collections::BTreeSet;

use kassa_emulator::LedgerEntry;
use serde_json::Value;

use crate::sale::Sale;

/// What the library told the shop of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// On record, under this number.
    Registered(Option<String>),
    /// Not on record.
    NotRegistered,
    /// Not known.
    Unknown,
}

impl Report {
    /// What an envelope says of the sale.
    pub fn of(envelope: &Value) -> Self {
        let registration = &envelope["ok"];
        if registration.is_object() {
            return Self::of_state(registration);
        }
        match envelope["error"]["outcome"].as_str() {
            Some("registered") => Self::Registered(None),
            Some("not_registered") => Self::NotRegistered,
            _ => Self::Unknown,
        }
    }

    /// What a registration says of the sale.
    pub fn of_state(registration: &Value) -> Self {
        match registration["state"].as_str() {
            Some("registered") => {
                Self::Registered(registration["fiscal"]["document_number"].as_str().map(str::to_owned))
            }
            Some("queued" | "failed") => Self::NotRegistered,
            _ => Self::Unknown,
        }
    }
}

/// What came of some sales.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Sales asked for.
    pub sales: usize,
    /// Registered by the library, also where an operator told it the key.
    pub settled: usize,
    /// Reported as in doubt, and decided by a person.
    pub left_for_a_person: usize,
    /// Reported as registered without a document.
    pub lost: usize,
    /// More than one document.
    pub doubled: usize,
    /// Reported with another document's number, or as not registered although there is one.
    pub wrong: usize,
}

impl Count {
    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        self.sales += other.sales;
        self.settled += other.settled;
        self.left_for_a_person += other.left_for_a_person;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.wrong += other.wrong;
    }

    /// Whether every sale was told as it is.
    pub fn is_right(&self) -> bool {
        (self.lost, self.doubled, self.wrong) == (0, 0, 0)
    }
}

/// Watches the sales of one run.
#[derive(Debug, Default)]
pub struct Judge {
    lost: BTreeSet<String>,
    doubled: BTreeSet<String>,
    wrong: BTreeSet<String>,
    /// What was found, for a person.
    pub findings: Vec<String>,
}

impl Judge {
    /// Compares a report with the documents that the sale has at this moment.
    pub fn hear(&mut self, sale: &Sale, report: &Report, documents: &[LedgerEntry], said: &str) {
        let numbers: Vec<&str> = documents.iter().map(|document| document.number.as_str()).collect();
        let found = match report {
            _ if numbers.len() > 1 => &mut self.doubled,
            Report::Registered(_) if numbers.is_empty() => &mut self.lost,
            Report::Registered(number) if number.as_deref() != numbers.first().copied() => &mut self.wrong,
            Report::NotRegistered if !numbers.is_empty() => &mut self.wrong,
            _ => return,
        };
        if found.insert(sale.id.clone()) {
            self.findings.push(format!("{}: documents {numbers:?}, but {report:?}: {said}", sale.id));
        }
    }

    /// Adds what was found wrong to a count.
    pub fn sentence(&self, count: &mut Count) {
        count.lost += self.lost.len();
        count.doubled += self.doubled.len();
        count.wrong += self.wrong.len();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn documents(numbers: &[&str]) -> Vec<LedgerEntry> {
        let document = |number: &&str| {
            serde_json::from_value(json!({
                "vendor": "ikkm", "register": "1", "receipt_key": "2", "number": number, "kind": "sell",
                "total": "1000.00", "lines": 1, "fiscal_document_number": number, "fiscal_sign": "", "at": ""
            }))
            .unwrap()
        };
        numbers.iter().map(document).collect()
    }

    fn sentence(envelope: &Value, numbers: &[&str]) -> (usize, usize, usize) {
        let (mut judge, mut count) = (Judge::default(), Count::default());
        let sale = Sale::of(1_000);
        // Said twice it is still one sale.
        judge.hear(&sale, &Report::of(envelope), &documents(numbers), "");
        judge.hear(&sale, &Report::of(envelope), &documents(numbers), "");
        judge.sentence(&mut count);
        (count.lost, count.doubled, count.wrong)
    }

    #[test]
    fn every_report_is_compared_with_the_ledger() {
        let registered = json!({"ok": {"state": "registered", "fiscal": {"document_number": "7"}}});
        assert_eq!(sentence(&registered, &["7"]), (0, 0, 0));
        assert_eq!(sentence(&registered, &[]), (1, 0, 0));
        assert_eq!(sentence(&registered, &["7", "8"]), (0, 1, 0));
        assert_eq!(sentence(&registered, &["8"]), (0, 0, 1));
        for not_registered in [
            json!({"ok": {"state": "queued"}}),
            json!({"ok": {"state": "failed"}}),
            json!({"error": {"code": "busy", "outcome": "not_registered"}}),
        ] {
            assert_eq!(sentence(&not_registered, &[]), (0, 0, 0));
            assert_eq!(sentence(&not_registered, &["7"]), (0, 0, 1));
        }
        for unknown in [json!({"ok": {"state": "in_doubt"}}), json!({"error": {"outcome": "unknown"}})] {
            assert_eq!(sentence(&unknown, &[]), (0, 0, 0));
            assert_eq!(sentence(&unknown, &["7"]), (0, 0, 0));
        }
    }
}
