//! Receipt to the body of a v4 or v5 document (protocol/atol.md 2.5 to 2.7). No I/O.

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::macros::{format_description, offset};
use time::{Date, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::codes;
use super::config::{AtolConfig, Protocol};
use super::json::Object;
use super::marking;
use crate::error::{Code, Violation, violation};
use crate::receipt::atol::{AgentInfo, ItemExtras, ReceiptExtras, SupplierInfo};
use crate::receipt::moment;
use crate::receipt::money::Amount;
use crate::receipt::tax_id;
use crate::receipt::vat::Seller;
use crate::receipt::{
    AgentType, Company, Item, Kind, PaymentMethod, PaymentObject, PaymentType, Receipt, Unit, Vat,
};
use crate::vendor::look_up;

/// The only currency.
pub const CURRENCY: &str = "RUB";
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

/// A settlement object's value for the protocol: a text in v4, a number in v5.
pub fn object_known(object: PaymentObject, protocol: Protocol) -> bool {
    let row = codes::OBJECTS.iter().find(|(known, ..)| *known == object);
    row.is_some_and(|(_, text, number)| match protocol {
        Protocol::V4 => text.is_some(),
        Protocol::V5 => number.is_some(),
    })
}

/// True for the kinds that the protocol has.
pub fn kind_known(kind: Kind, protocol: Protocol) -> bool {
    protocol == Protocol::V5 || codes::V4_KINDS.contains(&kind)
}

/// The rates that the protocol has.
pub fn rates(protocol: Protocol) -> impl Iterator<Item = Vat> {
    let has = move |vat: &Vat| protocol == Protocol::V4 || !codes::V4_VATS.contains(vat);
    codes::VATS.iter().map(|(vat, _)| *vat).filter(has)
}

/// What decides the VAT: the configuration's company, the time zone and the sums of the receipt as a whole.
pub fn seller(receipt: &Receipt, config: &AtolConfig) -> Seller {
    let extras = extras(receipt);
    // 1 is UTC+2 (protocol/atol.md 2.7).
    let hours = extras.and_then(|extras| i8::try_from(extras.timezone?).ok()?.checked_add(1));
    let vats = extras.and_then(|extras| extras.vats.as_deref()).unwrap_or_default();
    let place = |index| format!("/vendor/atol/vats/{index}");
    Seller {
        tax_system: company(receipt, config).tax_system,
        time_zone: hours.and_then(|hours| UtcOffset::from_hms(hours, 0, 0).ok()),
        totals: vats.iter().enumerate().map(|(index, row)| (place(index), row.vat, row.sum)).collect(),
    }
}

fn extras(receipt: &Receipt) -> Option<&ReceiptExtras> {
    receipt.vendor.as_ref().and_then(|vendor| vendor.atol.as_ref())
}

fn item_extras(item: &Item) -> Option<&ItemExtras> {
    item.vendor.as_ref().and_then(|vendor| vendor.atol.as_ref())
}

/// The receipt's company, with what it leaves out from the configuration.
fn company(receipt: &Receipt, config: &AtolConfig) -> Company {
    let (said, usual) =
        (receipt.company.clone().unwrap_or_default(), config.company.clone().unwrap_or_default());
    Company {
        tax_id: said.tax_id.or(usual.tax_id),
        tax_system: said.tax_system.or(usual.tax_system),
        payment_address: said.payment_address.or(usual.payment_address),
        email: said.email.or(usual.email),
    }
}

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

/// A time as the protocol writes it: `dd.mm.yyyy HH:MM:SS`, in Moscow time without a zone (protocol/atol.md
/// 2.2).
fn wire_time(time: OffsetDateTime) -> String {
    let format = format_description!("[day].[month].[year] [hour]:[minute]:[second]");
    time.format(&format).unwrap_or_default()
}

/// A date as the protocol writes it: `dd.mm.yyyy`.
fn wire_date(date: &str) -> String {
    let format = format_description!("[day].[month].[year]");
    let parsed = Date::parse(date, &Iso8601::DATE).ok();
    parsed.and_then(|date| date.format(&format).ok()).unwrap_or_else(|| date.into())
}

/// A time of the protocol, taken for Moscow time (protocol/atol.md 5.21); one in RFC 3339 says its own zone.
pub fn moment(text: &str) -> Option<OffsetDateTime> {
    let format = format_description!("[day].[month].[year] [hour]:[minute]:[second]");
    let said = PrimitiveDateTime::parse(text, &format).map(|time| time.assume_offset(offset!(+3)));
    said.or_else(|_| OffsetDateTime::parse(text, &Rfc3339)).ok()
}

/// A time as RFC 3339.
pub fn rfc3339(time: OffsetDateTime) -> Option<String> {
    time.format(&Rfc3339).ok()
}

/// The body for a receipt without violations.
pub fn body(receipt: &Receipt, config: &AtolConfig, at: OffsetDateTime) -> Option<String> {
    let (extras, protocol) = (extras(receipt), config.protocol());
    let mut root = Object::new();
    root.put("timestamp", &wire_time(receipt.moment(at)?));
    root.put("external_id", &receipt.id);
    if let Some(url) = &receipt.callback_url {
        let mut service = Object::new();
        service.put("callback_url", url);
        root.object("service", service);
    }
    root.maybe("ism_optional", extras.and_then(|e| e.ism_optional));
    root.maybe("source_id", extras.and_then(|e| e.source_id));
    let name = if receipt.kind.is_correction() { "correction" } else { "receipt" };
    let content = match (protocol, receipt.kind.is_correction()) {
        (Protocol::V4, true) => correction_v4(receipt, config)?,
        _ => content(receipt, config)?,
    };
    root.object(name, content);
    Some(root.end())
}

fn client(receipt: &Receipt, protocol: Protocol) -> Option<Object> {
    let customer = receipt.customer.as_ref()?;
    let mut client = Object::new();
    client.maybe("email", customer.email.as_ref());
    client.maybe("phone", customer.phone.as_ref());
    client.maybe("name", customer.name.as_ref());
    client.maybe("inn", customer.tax_id.as_ref());
    if let Some(more) = extras(receipt).and_then(|e| e.client.as_ref()).filter(|_| protocol == Protocol::V5) {
        client.maybe("birthdate", more.birthdate.as_deref().map(wire_date));
        client.maybe("citizenship", more.citizenship.as_ref());
        client.maybe("document_code", more.document_code.as_ref());
        client.maybe("document_data", more.document_data.as_ref());
        client.maybe("address", more.address.as_ref());
    }
    Some(client)
}

fn company_object(receipt: &Receipt, config: &AtolConfig, with_email: bool) -> Object {
    let company = company(receipt, config);
    let mut object = Object::new();
    object.maybe("email", company.email.filter(|_| with_email));
    object.maybe("sno", company.tax_system.map(|system| system.word()));
    object.maybe("inn", company.tax_id);
    object.maybe("payment_address", company.payment_address);
    object.maybe("location", extras(receipt).and_then(|e| e.location.as_ref()));
    object
}

fn correction_info(receipt: &Receipt) -> Option<Object> {
    let correction = receipt.correction.as_ref()?;
    let mut info = Object::new();
    info.put("type", correction.correction_type.word());
    info.put("base_date", &wire_date(&correction.base_date));
    info.maybe("base_number", correction.base_number.as_ref());
    Some(info)
}

fn payments(receipt: &Receipt) -> Option<Vec<Object>> {
    let other = extras(receipt).and_then(|extras| extras.other_payment);
    let one = |payment: &crate::receipt::Payment| {
        let usual = look_up(codes::PAYMENTS, &payment.payment_type)?;
        let number = other.filter(|_| payment.payment_type == PaymentType::Other).unwrap_or(usual);
        let mut object = Object::new();
        object.put("type", &number).amount("sum", payment.sum);
        Some(object)
    };
    receipt.payments.iter().map(one).collect()
}

/// `receipt` of both versions, and v5's `correction`.
fn content(receipt: &Receipt, config: &AtolConfig) -> Option<Object> {
    let (extras, protocol) = (extras(receipt), config.protocol());
    let mut content = Object::new();
    if let Some(client) = client(receipt, protocol) {
        content.object("client", client);
    }
    content.object("company", company_object(receipt, config, true));
    if let Some(info) = correction_info(receipt) {
        content.object("correction_info", info);
    }
    content.maybe("agent_info", extras.and_then(|e| e.agent_info.as_ref()));
    content.maybe("supplier_info", extras.and_then(|e| e.supplier_info.as_ref()));
    content.list(
        "items",
        receipt.items.iter().map(|line| item(line, receipt.kind, config)).collect::<Option<Vec<_>>>()?,
    );
    content.list("payments", payments(receipt)?);
    if let Some(vats) = given_vats(extras) {
        content.list("vats", vats?);
    }
    content.amount("total", receipt.total()?);
    content.maybe("cashier", receipt.cashier.as_ref().map(|cashier| &cashier.name));
    if protocol == Protocol::V5 {
        content.maybe("cashier_inn", receipt.cashier.as_ref().and_then(|cashier| cashier.tax_id.as_ref()));
    }
    if let Some(extras) = extras {
        more(&mut content, extras);
    }
    Some(content)
}

fn more(content: &mut Object, extras: &ReceiptExtras) {
    content.maybe("additional_check_props", extras.additional_check_props.as_ref());
    content.maybe("additional_user_props", extras.additional_user_props.as_ref());
    if let Some(props) = &extras.operating_check_props {
        let time = moment::read(&props.at).map(wire_time);
        let mut object = Object::new();
        object.put("name", "0").put("value", &props.value).put("timestamp", &time.unwrap_or_default());
        content.object("operating_check_props", object);
    }
    if let Some(all) = &extras.sectoral_check_props {
        content.list("sectoral_check_props", all.iter().map(sectoral));
    }
    content.maybe("device_number", extras.device_number.as_ref());
    content.maybe("internet", extras.internet);
    if let Some(all) = &extras.cashless_payments {
        content.list(
            "cashless_payments",
            all.iter().map(|payment| {
                let mut object = Object::new();
                object.amount("sum", payment.sum).put("method", &payment.method).put("id", &payment.id);
                object.maybe("additional_info", payment.additional_info.as_ref());
                object
            }),
        );
    }
    content.maybe("timezone", extras.timezone);
}

fn sectoral(attribute: &crate::receipt::Sectoral) -> Object {
    let mut object = Object::new();
    object.put("federal_id", &attribute.federal_id).put("date", &wire_date(&attribute.date));
    object.put("number", &attribute.number).put("value", &attribute.value);
    object
}

/// The price as given; with a discount the price after it, because the protocol has no discounts
/// (protocol/atol.md 2.6.1, 2.7.1). `None` where no price of 2 decimals gives the line.
fn price(item: &Item) -> Option<Amount> {
    match item.discount.filter(|discount| !discount.is_zero()) {
        None => Some(item.price),
        Some(_) => item.total()?.per(item.quantity),
    }
}

fn item(item: &Item, kind: Kind, config: &AtolConfig) -> Option<Object> {
    let extras = item_extras(item);
    let total = item.total()?;
    let v5 = config.protocol() == Protocol::V5;
    let mut object = Object::new();
    object.put("name", &item.name);
    object.amount("price", price(item)?);
    object.quantity("quantity", item.quantity);
    let unit = |unit: Unit| codes::UNITS.iter().find(|(known, ..)| *known == unit);
    if v5 {
        object.put("measure", &unit(item.unit.unwrap_or(Unit::Piece))?.1);
    }
    object.amount("sum", total);
    if !v5 {
        let free = extras.and_then(|e| e.measurement_unit.as_deref());
        object.maybe("measurement_unit", free.or_else(|| unit(item.unit?).map(|row| row.2)));
    }
    object.put("payment_method", item.payment_method.unwrap_or(PaymentMethod::FullPayment).word());
    let object_of_settlement = marking::object(item, config.protocol());
    let (_, text, number) = codes::OBJECTS.iter().find(|(known, ..)| *known == object_of_settlement)?;
    match v5 {
        true => object.put("payment_object", &(*number)?),
        false => object.put("payment_object", (*text)?),
    };
    object.object("vat", vat_object(item.vat?, item.vat_sum)?);
    object.maybe("agent_info", extras.and_then(|e| e.agent_info.as_ref()));
    object.maybe("supplier_info", extras.and_then(|e| e.supplier_info.as_ref()));
    object.maybe("user_data", extras.and_then(|e| e.user_data.as_ref()));
    if let Some(excise) = extras.and_then(|e| e.excise) {
        object.amount("excise", excise);
    }
    object.maybe("country_code", item.country_code.as_ref());
    object.maybe("declaration_number", item.customs_declaration.as_ref());
    if !v5 {
        object.maybe("nomenclature_code", marking::nomenclature_code(item));
        return Some(object);
    }
    if !item.sectoral.is_empty() {
        object.list("sectoral_item_props", item.sectoral.iter().map(sectoral));
    }
    if let Some((key, value)) = marking::key_and_value(item) {
        let mut mark_code = Object::new();
        mark_code.put(key, &value);
        object.put("mark_processing_mode", "0");
        object.object("mark_code", mark_code);
    }
    object.maybe("mark_quantity", extras.and_then(|e| e.mark_quantity));
    object.maybe("wholesale", extras.and_then(|e| e.wholesale));
    object.maybe("planned_status", marking::planned_status(item, kind, config));
    Some(object)
}

fn vat_object(vat: Vat, sum: Option<Amount>) -> Option<Object> {
    let mut object = Object::new();
    object.put("type", look_up(codes::VATS, &vat)?);
    if let Some(sum) = sum {
        object.amount("sum", sum);
    }
    Some(object)
}

/// v4's `correction` has no lines: payments, and the VAT of the lines by rate (protocol/atol.md 2.6.4). The
/// sum of `none` and `vat0` is written as 0, with which the vendor's stand finished a correction
/// (protocol/atol.md 5.9).
fn correction_v4(receipt: &Receipt, config: &AtolConfig) -> Option<Object> {
    let extras = extras(receipt);
    let internet = extras.and_then(|e| e.internet);
    let mut content = Object::new();
    if internet == Some(true)
        && let Some(client) = client(receipt, Protocol::V4)
    {
        content.object("client", client);
    }
    content.object("company", company_object(receipt, config, false));
    content.object("correction_info", correction_info(receipt)?);
    content.list("payments", payments(receipt)?);
    content.list("vats", given_vats(extras).unwrap_or_else(|| vats_by_rate(receipt))?);
    content.maybe("cashier", receipt.cashier.as_ref().map(|cashier| &cashier.name));
    content.maybe("device_number", extras.and_then(|e| e.device_number.as_ref()));
    content.maybe("internet", internet);
    Some(content)
}

/// The VAT of the whole receipt where it gives it; the inner `None` where a rate is not known.
fn given_vats(extras: Option<&ReceiptExtras>) -> Option<Option<Vec<Object>>> {
    let vats = extras?.vats.as_ref()?;
    Some(vats.iter().map(|row| vat_object(row.vat, Some(row.sum))).collect())
}

fn vats_by_rate(receipt: &Receipt) -> Option<Vec<Object>> {
    let mut vats: Vec<Object> = Vec::new();
    for (vat, _) in codes::VATS {
        let lines: Vec<&Item> = receipt.items.iter().filter(|item| item.vat == Some(*vat)).collect();
        if !lines.is_empty() {
            let total = lines.iter().try_fold(Amount::ZERO, |sum, item| sum.plus(item.total()?))?;
            vats.push(vat_object(*vat, Some(total.vat(vat.percent())?))?);
        }
    }
    Some(vats)
}
