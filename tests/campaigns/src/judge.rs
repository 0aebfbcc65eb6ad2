//! Compares what the library says with the ledger.

use std::collections::BTreeSet;

use kassa::receipt::registration::State;
use kassa_emulator::LedgerEntry;
use model::replay::{Taken, replay};
use serde_json::Value;

/// What the library says of a document on record. What the vendor does not tell is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Number of the fiscal document.
    pub number: Option<String>,
    /// Total.
    pub total: Option<String>,
}

impl Claim {
    fn of(registration: &Value) -> Self {
        let text = |name: &str| registration["fiscal"][name].as_str().map(str::to_owned);
        Self { number: text("document_number"), total: text("total") }
    }

    /// Whether it may be told of this document.
    pub fn is_about(&self, document: &LedgerEntry, number_may_be_untold: bool) -> bool {
        (self.number.is_some() || number_may_be_untold) && self.is_of(document)
    }

    fn is_of(&self, document: &LedgerEntry) -> bool {
        let fits = |said: &Option<String>, is: &str| said.as_deref().is_none_or(|said| said == is);
        fits(&self.number, &document.fiscal_document_number) && fits(&self.total, &document.total)
    }
}

/// What the library told the shop of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// On record; like this, where the fiscal data comes with it.
    Registered(Option<Claim>),
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
            Some("registered") => Self::Registered(Some(Claim::of(registration))),
            Some("queued" | "failed") => Self::NotRegistered,
            _ => Self::Unknown,
        }
    }

    /// What a bare state says of the sale.
    pub fn of_bare_state(entry: &Value) -> Self {
        match Self::of_state(entry) {
            Self::Registered(_) => Self::Registered(None),
            report => report,
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
    /// Receipts whose steps in the journal were walked through the table of transitions.
    pub traces: usize,
    /// Those with a step that the table does not have.
    pub trace_violations: usize,
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
        self.traces += other.traces;
        self.trace_violations += other.trace_violations;
    }

    /// Whether every sale was told as it is, and came there by steps that there are.
    pub fn is_right(&self) -> bool {
        (self.lost, self.doubled, self.wrong, self.trace_violations) == (0, 0, 0, 0)
    }
}

/// Watches the sales of one run.
#[derive(Debug, Default)]
pub struct Judge {
    lost: BTreeSet<String>,
    doubled: BTreeSet<String>,
    wrong: BTreeSet<String>,
    traces: usize,
    trace_violations: usize,
    /// Whether the vendor may confirm a document without its number.
    pub number_may_be_untold: bool,
    /// What was found, for a person.
    pub findings: Vec<String>,
}

impl Judge {
    /// Compares a report with the documents that the receipt has at this moment.
    pub fn hear(&mut self, id: &str, report: &Report, documents: &[LedgerEntry], said: &str) {
        let untold = |claim: &Claim| claim.number.is_none() && !self.number_may_be_untold;
        let found = match (report, documents) {
            (_, [_, _, ..]) => &mut self.doubled,
            (Report::Registered(_), []) => &mut self.lost,
            (Report::Registered(Some(claim)), [one]) if untold(claim) || !claim.is_of(one) => &mut self.wrong,
            (Report::NotRegistered, [_]) => &mut self.wrong,
            _ => return,
        };
        if found.insert(id.to_owned()) {
            let numbers: Vec<&str> =
                documents.iter().map(|document| document.fiscal_document_number.as_str()).collect();
            self.findings.push(format!("{id}: documents {numbers:?}, but {report:?}: {said}"));
        }
    }

    /// Adds a receipt that a report was right about and that is wrong all the same.
    pub fn call_wrong(&mut self, id: &str, why: &str) {
        if self.wrong.insert(id.to_owned()) {
            self.findings.push(format!("{id}: {why}"));
        }
    }

    /// Adds a receipt that never appeared although nobody said that it failed.
    pub fn call_lost(&mut self, id: &str, why: &str) {
        if self.lost.insert(id.to_owned()) {
            self.findings.push(format!("{id}: {why}"));
        }
    }

    /// Walks the steps of a receipt, as `journal` and `export` tell them, through the table of transitions.
    pub fn trace(&mut self, registration: &Value, steps: &Value) {
        self.traces += 1;
        if let Err(what) = traced(registration, steps) {
            self.trace_violations += 1;
            self.findings.push(what);
        }
    }

    /// Walks every receipt of a page of `export` through the table.
    pub fn trace_page(&mut self, page: &Value) {
        for entry in page["entries"].as_array().into_iter().flatten() {
            self.trace(&entry["entry"]["registration"], &entry["steps"]);
        }
    }

    /// Adds what was found to a count.
    pub fn add_to(&self, count: &mut Count) {
        count.traces += self.traces;
        count.trace_violations += self.trace_violations;
        count.lost += self.lost.len();
        count.doubled += self.doubled.len();
        count.wrong += self.wrong.len();
    }
}

fn state_of(told: &Value) -> Option<State> {
    State::named(told["state"].as_str()?)
}

fn taken(step: &Value) -> Option<Taken<'_>> {
    let attempt = u32::try_from(step["attempt"].as_u64()?).ok()?;
    Some(Taken { attempt, state: state_of(step)?, note: step["note"].as_str()? })
}

fn traced(registration: &Value, steps: &Value) -> Result<usize, String> {
    let id = registration["receipt_id"].as_str().unwrap_or_default();
    let all: Option<Vec<Taken<'_>>> = steps.as_array().into_iter().flatten().map(taken).collect();
    let (Some(all), Some(last)) = (all, state_of(registration)) else {
        return Err(format!("{id}: its steps cannot be read: {steps}"));
    };
    replay(id, &all, last).map_err(|violation| violation.to_string())
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

    fn counted(envelope: &Value, numbers: &[&str]) -> (usize, usize, usize) {
        let (mut judge, mut count) = (Judge::default(), Count::default());
        // Said twice it is still one sale.
        judge.hear("sale-1000", &Report::of(envelope), &documents(numbers), "");
        judge.hear("sale-1000", &Report::of(envelope), &documents(numbers), "");
        judge.add_to(&mut count);
        (count.lost, count.doubled, count.wrong)
    }

    #[test]
    fn a_step_that_the_table_does_not_have_is_a_finding() {
        let registration = json!({"receipt_id": "order-1", "state": "registered"});
        let begun = json!({"attempt": 1, "state": "sending", "note": "written down; attempt begins"});
        let counted = |note: &str| {
            let (mut judge, mut count) = (Judge::default(), Count::default());
            let last = json!({"attempt": 1, "state": "registered", "note": note});
            let entry = json!({"entry": {"registration": registration}, "steps": [begun, last]});
            judge.trace_page(&json!({"entries": [entry]}));
            judge.add_to(&mut count);
            (count.traces, count.trace_violations, judge.findings.len())
        };
        assert_eq!(counted("sent: registered"), (1, 0, 0));
        assert_eq!(counted("sent: accepted"), (1, 1, 1));
    }

    #[test]
    fn every_report_is_compared_with_the_ledger() {
        let registered = json!({"ok": {"state": "registered", "fiscal": {"document_number": "7"}}});
        assert_eq!(counted(&registered, &["7"]), (0, 0, 0));
        assert_eq!(counted(&registered, &[]), (1, 0, 0));
        assert_eq!(counted(&registered, &["7", "8"]), (0, 1, 0));
        assert_eq!(counted(&registered, &["8"]), (0, 0, 1));
        for not_registered in [
            json!({"ok": {"state": "queued"}}),
            json!({"ok": {"state": "failed"}}),
            json!({"error": {"code": "busy", "outcome": "not_registered"}}),
        ] {
            assert_eq!(counted(&not_registered, &[]), (0, 0, 0));
            assert_eq!(counted(&not_registered, &["7"]), (0, 0, 1));
        }
        for unknown in [json!({"ok": {"state": "in_doubt"}}), json!({"error": {"outcome": "unknown"}})] {
            assert_eq!(counted(&unknown, &[]), (0, 0, 0));
            assert_eq!(counted(&unknown, &["7"]), (0, 0, 0));
        }
    }
}
