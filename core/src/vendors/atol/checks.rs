//! What ATOL would refuse of a receipt, and what a shop should look at (protocol/atol.md 2.5 to 2.9). No I/O.

use super::codes;
use super::config::{AtolConfig, Protocol};
use super::map::{company, extras, item_extras, kind_known, object_known, price, rates};
use super::marking;
use crate::error::{Code, Violation, violation};
use crate::receipt::atol::{AgentInfo, ReceiptExtras, SupplierInfo};
use crate::receipt::moment;
use crate::receipt::money::Amount;
use crate::receipt::tax_id;
use crate::receipt::{AgentType, Company, Item, Receipt, Vat};

/// Largest price and line, in roubles (protocol/atol.md 2.9: the strictest of the documents).
const LARGEST_LINE: &str = "42949672.95";
/// Largest total, in roubles (protocol/atol.md 2.9).
const LARGEST_TOTAL: &str = "100000000";
/// Most decimals of a quantity (protocol/atol.md 2.9).
const QUANTITY_DECIMALS: u32 = 3;
/// Most lines of a v4 receipt (protocol/atol.md 2.6).
const MOST_LINES: usize = 100;
/// Of what v4 does not have.
const NEEDS_V5: &str = "this needs v5";
/// Of what v4's correction does not have (protocol/atol.md 2.6.4).
const NOT_IN_CORRECTION: &str = "v4's correction has no place for this";
/// Of a supplier without one.
const AGENT_OF_SUPPLIER: &str = "a supplier is an agent's: say what kind of agent";
/// Longest callback address (protocol/atol.md 2.5).
const CALLBACK_LENGTH: usize = 256;
/// Characters of a callback address beside letters and digits (protocol/atol.md 2.5, the vendor's mask).
const CALLBACK_CHARACTERS: &str = "-.:/?,'\\+&=%$#_";

/// The taxpayer numbers that go out beside the cashier's, and where they stand.
fn numbers<'a>(receipt: &'a Receipt, company: &'a Company) -> Vec<(String, &'a str)> {
    let of = |place: String, agent: Option<&'a AgentInfo>, supplier: Option<&'a SupplierInfo>| {
        let operator = agent.and_then(|agent| agent.money_transfer_operator.as_ref()?.inn.as_deref());
        [
            (format!("{place}/supplier_info/inn"), supplier.map(|supplier| supplier.inn.as_str())),
            (format!("{place}/agent_info/money_transfer_operator/inn"), operator),
        ]
    };
    let extras = extras(receipt);
    let customer = receipt.customer.as_ref().and_then(|customer| customer.tax_id.as_deref());
    let mut all =
        vec![("/company/tax_id".into(), company.tax_id.as_deref()), ("/customer/tax_id".into(), customer)];
    all.extend(of(
        "/vendor/atol".into(),
        extras.and_then(|extras| extras.agent_info.as_ref()),
        extras.and_then(|extras| extras.supplier_info.as_ref()),
    ));
    for (index, extras) in receipt.items.iter().map(item_extras).enumerate() {
        let place = format!("/items/{index}/vendor/atol");
        let agent = extras.and_then(|extras| extras.agent_info.as_ref());
        all.extend(of(place, agent, extras.and_then(|extras| extras.supplier_info.as_ref())));
    }
    all.into_iter().filter_map(|(path, number)| Some((path, number?))).collect()
}

/// Everything that ATOL would refuse.
pub fn violations(receipt: &Receipt, config: &AtolConfig) -> Vec<Violation> {
    let mut found = Vec::new();
    let protocol = config.protocol();
    let (v4, correction) = (protocol == Protocol::V4, receipt.kind.is_correction());
    let mut wrong = |path: String, code, message: &str| found.push(violation(path, code, message));
    if !kind_known(receipt.kind, protocol) {
        wrong("/kind".into(), Code::NotForThisVendor, "v4 has no corrections of refunds");
    }
    let customer = receipt.customer.as_ref();
    let reachable = customer.is_some_and(|c| c.email.is_some() || c.phone.is_some());
    if !correction && !reachable {
        wrong("/customer".into(), Code::MissingField, "give the buyer's e-mail address or phone");
    }
    let company = company(receipt, config);
    let missing = [
        ("/company/tax_id", company.tax_id.is_none()),
        ("/company/payment_address", company.payment_address.is_none()),
        ("/company/email", company.email.is_none() && !(v4 && correction)),
        ("/company/tax_system", company.tax_system.is_none() && !v4),
    ];
    for (path, _) in missing.into_iter().filter(|(_, missing)| *missing) {
        wrong(path.into(), Code::MissingField, "needed here or as `company` in the configuration");
    }
    for (path, _) in numbers(receipt, &company).into_iter().filter(|(_, number)| !tax_id::is_number(number)) {
        wrong(path, Code::WrongFormat, tax_id::FORM);
    }
    let of_cashier = receipt.cashier.as_ref().and_then(|cashier| cashier.tax_id.as_deref());
    if of_cashier.is_some_and(|number| number.len() != 12 || !tax_id::is_number(number)) {
        wrong("/cashier/tax_id".into(), Code::WrongFormat, "must be 12 digits");
    }
    if receipt.callback_url.as_deref().is_some_and(|url| !is_callback(url)) {
        wrong("/callback_url".into(), Code::WrongFormat, "ATOL's mask does not let this address through");
    }
    if receipt.total().is_some_and(|total| over(total, LARGEST_TOTAL)) {
        wrong("/items".into(), Code::OutOfRange, "the total is at most 100000000.00");
    }
    if v4 && receipt.items.len() > MOST_LINES {
        wrong("/items".into(), Code::TooLong, "v4 takes 100 lines at most");
    }
    if receipt.payments.len() > 10 {
        wrong("/payments".into(), Code::TooLong, "ATOL takes 10 payments at most");
    }
    for (index, payment) in receipt.payments.iter().enumerate() {
        if !codes::PAYMENTS.iter().any(|(known, _)| *known == payment.payment_type) {
            wrong(format!("/payments/{index}/type"), Code::NotForThisVendor, "ATOL does not know this type");
        }
    }
    for (index, item) in receipt.items.iter().enumerate() {
        let mut wrong =
            |field: &str, code, message: &str| wrong(format!("/items/{index}/{field}"), code, message);
        item_violations(item, receipt, protocol, &mut wrong);
    }
    if let Some(extras) = extras(receipt) {
        extras_violations(extras, protocol, correction, &mut wrong);
    }
    found.extend(marking::violations(receipt, config));
    found
}

fn item_violations(
    item: &Item,
    receipt: &Receipt,
    protocol: Protocol,
    wrong: &mut dyn FnMut(&str, Code, &str),
) {
    let v4 = protocol == Protocol::V4;
    match item.vat {
        None => wrong("vat", Code::MissingField, "`vat` is required; `none` means not subject to VAT"),
        Some(vat) if !rates(protocol).any(|known| known == vat) => {
            wrong("vat", Code::VatNotAllowed, unknown_rate(vat))
        }
        Some(_) => {}
    }
    if item.quantity.decimals() > QUANTITY_DECIMALS {
        wrong("quantity", Code::TooManyDecimals, "ATOL takes 3 decimals at most");
    }
    if over(item.price, LARGEST_LINE) || item.total().is_some_and(|total| over(total, LARGEST_LINE)) {
        wrong("price", Code::OutOfRange, "price and line are at most 42949672.95");
    }
    if item.total().is_some() && !item.quantity.is_zero() && price(item).is_none() {
        let message =
            "ATOL has no discounts, and no price of 2 decimals gives this line; `distribute` splits it";
        wrong("discount", Code::NotForThisVendor, message);
    }
    if item.payment_object.is_some_and(|object| !object_known(object, protocol)) {
        wrong("payment_object", Code::NotForThisVendor, "this version of the protocol does not know it");
    }
    if v4 && receipt.kind.is_correction() && item.vat_sum.is_some() {
        let message = "v4's correction has the VAT by rate; see `vendor.atol.vats`";
        wrong("vat_sum", Code::NotForThisVendor, message);
    }
    if v4 && !item.sectoral.is_empty() {
        wrong("sectoral", Code::NotForThisVendor, "sectoral attributes need v5");
    }
    if !v4 && item.country_code.as_deref().is_some_and(|code| code.len() != 3) {
        wrong("country_code", Code::WrongFormat, "must be 3 digits");
    }
    let Some(extras) = item_extras(item) else { return };
    let of_receipt = self::extras(receipt).is_some_and(|extras| v4 && extras.agent_info.is_some());
    if extras.supplier_info.is_some() && extras.agent_info.is_none() && !of_receipt {
        wrong("vendor/atol/agent_info", Code::MissingField, AGENT_OF_SUPPLIER);
    }
    if let Some(agent) = &extras.agent_info {
        let supplier = extras.supplier_info.as_ref();
        if supplier.is_none() {
            wrong("vendor/atol/supplier_info", Code::MissingField, "an agent's line names its supplier");
        }
        let pays = matches!(
            agent.agent_type,
            AgentType::BankPayingAgent
                | AgentType::BankPayingSubagent
                | AgentType::PayingAgent
                | AgentType::PayingSubagent
        );
        if !v4 && pays && supplier.is_some_and(|s| s.name.is_none() || s.phones.is_empty()) {
            wrong(
                "vendor/atol/supplier_info",
                Code::MissingField,
                "a paying agent's supplier has name and phones",
            );
        }
    }
}

fn extras_violations(
    extras: &ReceiptExtras,
    protocol: Protocol,
    correction: bool,
    wrong: &mut dyn FnMut(String, Code, &str),
) {
    let v4 = protocol == Protocol::V4;
    let v4_correction = v4 && correction;
    let (agent, supplier) = (extras.agent_info.is_some(), extras.supplier_info.is_some());
    let misplaced = [
        (v4, "client", extras.client.is_some(), NEEDS_V5),
        (v4, "operating_check_props", extras.operating_check_props.is_some(), NEEDS_V5),
        (v4, "sectoral_check_props", extras.sectoral_check_props.is_some(), NEEDS_V5),
        (v4, "timezone", extras.timezone.is_some(), NEEDS_V5),
        (v4, "ism_optional", extras.ism_optional.is_some(), NEEDS_V5),
        (!v4, "agent_info", agent, "v5 has this on the lines only"),
        (!v4, "supplier_info", supplier, "v5 has this on the lines only"),
        (v4_correction, "agent_info", agent, NOT_IN_CORRECTION),
        (v4_correction, "supplier_info", supplier, NOT_IN_CORRECTION),
        (v4_correction, "additional_check_props", extras.additional_check_props.is_some(), NOT_IN_CORRECTION),
        (v4_correction, "additional_user_props", extras.additional_user_props.is_some(), NOT_IN_CORRECTION),
        (v4_correction, "cashless_payments", extras.cashless_payments.is_some(), NOT_IN_CORRECTION),
    ];
    for (_, name, _, message) in misplaced.into_iter().filter(|(here, _, given, _)| *here && *given) {
        wrong(format!("/vendor/atol/{name}"), Code::NotForThisVendor, message);
    }
    if extras.operating_check_props.as_ref().is_some_and(|props| moment::read(&props.at).is_none()) {
        wrong("/vendor/atol/operating_check_props/at".into(), Code::OutOfRange, moment::OUT_OF_RANGE);
    }
    for (index, row) in extras.vats.iter().flatten().enumerate() {
        if !rates(protocol).any(|known| known == row.vat) {
            wrong(format!("/vendor/atol/vats/{index}/vat"), Code::VatNotAllowed, unknown_rate(row.vat));
        }
    }
    if v4 && extras.supplier_info.is_some() && extras.agent_info.is_none() {
        wrong("/vendor/atol/agent_info".into(), Code::MissingField, AGENT_OF_SUPPLIER);
    }
    if v4 && extras.agent_info.is_some() && extras.supplier_info.is_none() {
        wrong(
            "/vendor/atol/supplier_info".into(),
            Code::MissingField,
            "an agent's receipt names its supplier",
        );
    }
}

/// What does not reach ATOL only now and then: not in v4, not in v4's correction (protocol/atol.md 2.6.4), or
/// because something else says it.
pub fn warnings(receipt: &Receipt, config: &AtolConfig) -> Vec<Violation> {
    let v4 = config.protocol() == Protocol::V4;
    let v4_correction = v4 && receipt.kind.is_correction();
    let on_the_internet = extras(receipt).and_then(|extras| extras.internet) == Some(true);
    let has_tax_id = receipt.cashier.as_ref().is_some_and(|cashier| cashier.tax_id.is_some());
    let has_email = receipt.company.as_ref().is_some_and(|company| company.email.is_some());
    let has_customer = receipt.customer.is_some() && !on_the_internet;
    let lost = [
        ("/items", v4_correction, "v4's correction has no lines: their VAT goes out by rate"),
        ("/customer", v4_correction && has_customer, "only with `vendor.atol.internet`"),
        ("/company/email", v4_correction && has_email, NOT_IN_CORRECTION),
        ("/cashier/tax_id", v4 && has_tax_id, NEEDS_V5),
    ];
    let lost = lost.into_iter().filter(|(_, is_lost, _)| *is_lost);
    let told = lost.map(|(path, _, message)| violation(path, Code::NotForThisVendor, message));
    let mut found: Vec<Violation> = told.collect();
    if receipt.total().is_some_and(Amount::is_zero) {
        let message = "the total is 0.00: whether the cash register records that is not known";
        found.push(violation("/items", Code::OutOfRange, message));
    }
    if !v4_correction {
        found.extend(marking::warnings(receipt, config));
    }
    found
}

fn unknown_rate(vat: Vat) -> &'static str {
    if codes::V4_VATS.contains(&vat) {
        "only `protocol` `v4` has this rate"
    } else {
        "ATOL does not know this rate"
    }
}

fn over(amount: Amount, most: &str) -> bool {
    Amount::parse(most).is_ok_and(|most| amount > most)
}

fn is_callback(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    let allowed = |letter: char| letter.is_alphanumeric() || CALLBACK_CHARACTERS.contains(letter);
    url.chars().count() <= CALLBACK_LENGTH
        && rest.starts_with(char::is_alphanumeric)
        && rest.chars().all(allowed)
}
