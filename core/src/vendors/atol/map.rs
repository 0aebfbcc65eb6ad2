//! Receipt to the body of a v4 or v5 document (protocol/atol.md 2.5 to 2.7). No I/O.

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::macros::{format_description, offset};
use time::{Date, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::codes;
use super::config::{AtolConfig, Protocol};
use super::json::Object;
use super::marking;
use crate::receipt::atol::{ItemExtras, ReceiptExtras};
use crate::receipt::moment;
use crate::receipt::money::Amount;
use crate::receipt::vat::Seller;
use crate::receipt::{Company, Item, Kind, PaymentMethod, PaymentObject, PaymentType, Receipt, Unit, Vat};
use crate::vendor::look_up;

/// The only currency.
pub const CURRENCY: &str = "RUB";
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

/// ATOL's own part of the receipt.
pub fn extras(receipt: &Receipt) -> Option<&ReceiptExtras> {
    receipt.vendor.as_ref().and_then(|vendor| vendor.atol.as_ref())
}

/// ATOL's own part of a line.
pub fn item_extras(item: &Item) -> Option<&ItemExtras> {
    item.vendor.as_ref().and_then(|vendor| vendor.atol.as_ref())
}

/// The receipt's company, with what it leaves out from the configuration.
pub fn company(receipt: &Receipt, config: &AtolConfig) -> Company {
    let (said, usual) =
        (receipt.company.clone().unwrap_or_default(), config.company.clone().unwrap_or_default());
    Company {
        tax_id: said.tax_id.or(usual.tax_id),
        tax_system: said.tax_system.or(usual.tax_system),
        payment_address: said.payment_address.or(usual.payment_address),
        email: said.email.or(usual.email),
    }
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
pub fn price(item: &Item) -> Option<Amount> {
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
