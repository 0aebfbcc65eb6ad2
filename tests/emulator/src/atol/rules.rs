//! What a document must satisfy beyond the type of each field
//! (protocol/atol.md 4.1 items 11 to 14).

use rust_decimal::Decimal;

use super::checker::{
    Checker, NOT_ANY_OF, NOT_IN_ENUMERATION, NOT_ONE_OF, NUMBER_TOO_BIG, NUMBER_TOO_SMALL, joined,
};
use super::checks::Range;
use super::operations::{Operation, Protocol};
use super::reading::{self, Fields, Raw};
use super::switches::{BaseNumber, RevisionV5};
use super::{schema_v4, schema_v5, words};
use crate::ledger::Kind;

/// Checks a whole body; everything that is wrong, in one text.
pub fn violations(
    mut checker: Checker<'_>,
    body: Raw<'_>,
    operation: &Operation,
    protocol: Protocol,
) -> Option<String> {
    let shape = match (protocol, operation.correction) {
        (Protocol::V4, false) => &schema_v4::RECEIPT_BODY,
        (Protocol::V4, true) => &schema_v4::CORRECTION_BODY,
        (Protocol::V5, false) => &schema_v5::RECEIPT_BODY,
        (Protocol::V5, true) => &schema_v5::CORRECTION_BODY,
    };
    checker.object(shape, body, "");
    let path = operation.root();
    if let Some(root) = reading::at(body, &[path]).and_then(reading::object) {
        let items = root.get("items").and_then(|raw| reading::array(raw)).unwrap_or_default();
        let items: Vec<_> = items.into_iter().map(|item| reading::object(item).unwrap_or_default()).collect();
        let mut rules = Rules { checker: &mut checker, operation, protocol };
        rules.client(&root, path);
        match protocol {
            Protocol::V4 => rules.v4(&root, &items, path),
            Protocol::V5 => {
                items.iter().enumerate().for_each(|(i, item)| rules.v5_item(item, &item_path(path, i)))
            }
        }
        rules.vat(&root, &items, path);
    }
    checker.verdict()
}

fn item_path(path: &str, index: usize) -> String {
    format!("{path}.items[{index}]")
}

struct Rules<'a, 'b> {
    checker: &'a mut Checker<'b>,
    operation: &'a Operation,
    protocol: Protocol,
}

fn text(fields: &Fields<'_>, name: &str) -> Option<String> {
    fields.get(name).and_then(|raw| reading::text(raw))
}

fn number(fields: &Fields<'_>, name: &str) -> Option<Decimal> {
    fields.get(name).and_then(|raw| reading::number(raw))
}

fn object<'a>(fields: &Fields<'a>, name: &str) -> Option<Fields<'a>> {
    fields.get(name).and_then(|raw| reading::object(raw))
}

fn is_true(fields: &Fields<'_>, name: &str) -> bool {
    fields.get(name).and_then(|raw| reading::flag(raw)).unwrap_or_default()
}

impl Rules<'_, '_> {
    /// A receipt goes to an e-mail address or a phone.
    fn client(&mut self, root: &Fields<'_>, path: &str) {
        let Some(client) = object(root, "client") else {
            return;
        };
        let needed =
            !self.operation.correction || (self.protocol == Protocol::V4 && is_true(root, "internet"));
        let given =
            ["email", "phone"].into_iter().any(|name| text(&client, name).is_some_and(|t| !t.is_empty()));
        if needed && !given {
            self.checker.violation(NOT_ANY_OF, &joined(path, "client"));
        }
    }

    /// An agent's supplier is told.
    fn agent(&mut self, fields: &Fields<'_>, path: &str) {
        if fields.contains_key("agent_info") && !fields.contains_key("supplier_info") {
            self.checker.missing(path, "supplier_info");
        }
    }

    fn v4(&mut self, root: &Fields<'_>, items: &[Fields<'_>], path: &str) {
        self.agent(root, path);
        for (index, item) in items.iter().enumerate() {
            self.agent(item, &item_path(path, index));
        }
        if !self.operation.correction {
            return;
        }
        if is_true(root, "internet") && !root.contains_key("client") {
            self.checker.missing(path, "client");
        }
        let info = object(root, "correction_info").unwrap_or_default();
        let by_order = text(&info, "type").as_deref() == Some(words::INSTRUCTION);
        let wanted = self.checker.switches.v4_base_number == BaseNumber::Instruction;
        if wanted && by_order && !info.contains_key("base_number") {
            self.checker.missing(&joined(path, "correction_info"), "base_number");
        }
    }

    fn v5_item(&mut self, item: &Fields<'_>, path: &str) {
        self.agent(item, path);
        self.payment_agent(item, path);
        self.marking(item, path);
        let cost = number(item, "price").zip(number(item, "quantity")).and_then(|(p, q)| p.checked_mul(q));
        if cost.is_some_and(|cost| cost > Range::bound(schema_v5::MOST_PRICE)) {
            self.checker.violation(NUMBER_TOO_BIG, &joined(path, "price"));
        }
        if self.checker.switches.v5_revision == RevisionV5::New && is_true(item, "wholesale") {
            self.wholesale(item, path);
        }
    }

    /// The suppliers of payment agents have a name and phones.
    fn payment_agent(&mut self, item: &Fields<'_>, path: &str) {
        let kind = object(item, "agent_info").and_then(|agent| text(&agent, "type")).unwrap_or_default();
        let Some(supplier) = object(item, "supplier_info") else {
            return;
        };
        if words::AGENT_TYPES[..words::PAYMENT_AGENTS].contains(&kind.as_str()) {
            for name in ["phones", "name"] {
                if !supplier.contains_key(name) {
                    self.checker.missing(&joined(path, "supplier_info"), name);
                }
            }
        }
    }

    fn marking(&mut self, item: &Fields<'_>, path: &str) {
        let mark = object(item, "mark_code");
        if mark.as_ref().is_some_and(|mark| mark.len() != 1) {
            self.checker.violation(NOT_ONE_OF, &joined(path, "mark_code"));
        }
        let payment_object = number(item, "payment_object");
        if words::MARKED_OBJECTS.iter().any(|marked| Some(Decimal::from(*marked)) == payment_object) {
            for name in ["mark_code", "mark_processing_mode"] {
                if !item.contains_key(name) {
                    self.checker.missing(path, name);
                }
            }
        }
        if let Some(quantity) = object(item, "mark_quantity") {
            self.mark_quantity(&quantity, item, path);
        }
        let Some(mark) = mark else {
            return;
        };
        let needs_status = ["gs1m", "short"].into_iter().any(|name| mark.contains_key(name));
        let asked = self.checker.switches.v5_planned_status_required;
        if asked && needs_status && !item.contains_key("planned_status") {
            self.checker.missing(path, "planned_status");
        }
        if self.checker.switches.v5_marked_item_is_one_piece {
            for (name, wanted) in [("quantity", Decimal::ONE), ("measure", Decimal::ZERO)] {
                if number(item, name).is_some_and(|given| given != wanted) {
                    self.checker.violation(NOT_IN_ENUMERATION, &joined(path, name));
                }
            }
        }
    }

    /// A part of a marked piece.
    fn mark_quantity(&mut self, quantity: &Fields<'_>, item: &Fields<'_>, path: &str) {
        let parts = number(quantity, "numerator").zip(number(quantity, "denominator"));
        if parts.is_some_and(|(numerator, denominator)| numerator >= denominator) {
            self.checker.violation(NUMBER_TOO_BIG, &joined(path, "mark_quantity.numerator"));
        }
        if number(item, "measure").is_some_and(|measure| !measure.is_zero()) {
            self.checker.violation(NOT_IN_ENUMERATION, &joined(path, "measure"));
        }
        if !item.contains_key("mark_code") {
            self.checker.missing(path, "mark_code");
        }
    }

    fn wholesale(&mut self, item: &Fields<'_>, path: &str) {
        if number(item, "quantity").is_some_and(|quantity| quantity <= Decimal::ONE) {
            self.checker.violation(NUMBER_TOO_SMALL, &joined(path, "quantity"));
        }
        for name in ["mark_code", "sectoral_item_props"] {
            if !item.contains_key(name) {
                self.checker.missing(path, name);
            }
        }
    }

    /// Rates that have ended are refused where money comes from a new sale
    /// (protocol/atol.md 4.1 item 13, 5.20).
    fn vat(&mut self, root: &Fields<'_>, items: &[Fields<'_>], path: &str) {
        if !matches!(self.operation.kind, Kind::Sell | Kind::Buy) {
            return;
        }
        let of_items = items
            .iter()
            .enumerate()
            .map(|(i, item)| (format!("{}.vat", item_path(path, i)), object(item, "vat")));
        let vats = root.get("vats").and_then(|raw| reading::array(raw)).unwrap_or_default();
        let of_root =
            vats.into_iter().enumerate().map(|(i, vat)| (format!("{path}.vats[{i}]"), reading::object(vat)));
        let all: Vec<_> = of_items.chain(of_root).collect();
        for (path, vat) in all {
            let word = vat.and_then(|vat| text(&vat, "type")).unwrap_or_default();
            let ended = self.protocol == Protocol::V4 && words::RETIRED_VAT.contains(&word.as_str());
            let refused =
                ended || self.checker.switches.refuse_vat20 && words::VAT_20.contains(&word.as_str());
            if refused {
                self.checker.violation(NOT_IN_ENUMERATION, &format!("{path}.type"));
            }
        }
    }
}
