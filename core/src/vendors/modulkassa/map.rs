//! Receipt to Modulkassa's document, and its answers to registrations (protocol/modulkassa.md 2 and 3). No
//! I/O.

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::codes;
use super::config::{DocumentVersion, NAME};
use super::{callback, wire};
use crate::error::{Code, VendorFault, Violation, violation};
use crate::receipt::marking::checks::{checked, is_product_code};
use crate::receipt::marking::read;
use crate::receipt::modulkassa::{self, ItemExtras, ReceiptExtras};
use crate::receipt::money::Amount;
use crate::receipt::registration::{Failure, Fiscal, Raw};
use crate::receipt::tax_id;
use crate::receipt::{Cashier, Customer, Item, Kind, PaymentMethod, PaymentObject, Receipt, Vat};
use crate::transport::lenient::Scalar;
use crate::vendor::{Finding, look_up};

/// Most decimals of a quantity (protocol/modulkassa.md 2.2).
const QUANTITY_DECIMALS: u32 = 3;
/// The only currency.
pub const CURRENCY: &str = "RUB";

/// The rates that the version of the interface has.
pub fn rates(version: DocumentVersion) -> impl Iterator<Item = Vat> {
    let has = move |vat: &Vat| version == DocumentVersion::V1 || !codes::OF_2018.contains(vat);
    codes::VAT_TAGS.iter().map(|(vat, _)| *vat).filter(has)
}

/// Everything about a receipt that Modulkassa cannot carry.
pub fn violations(receipt: &Receipt, version: DocumentVersion) -> Vec<Violation> {
    let mut found = Vec::new();
    let is_return = matches!(receipt.kind, Kind::SellRefund | Kind::BuyRefund);
    let mut wrong = |path: String, code, message: &str| found.push(violation(path, code, message));
    if contact(receipt.customer.as_ref()).is_none() {
        wrong("/customer".into(), Code::MissingField, "give the buyer's e-mail address or phone");
    }
    let customer = receipt.customer.as_ref();
    if customer
        .is_some_and(|c| c.email.is_none() && c.phone.as_deref().is_some_and(|phone| !is_russian(phone)))
    {
        wrong("/customer/phone".into(), Code::WrongFormat, "must be +7 and 10 digits");
    }
    for (index, payment) in receipt.payments.iter().enumerate() {
        if look_up(codes::PAYMENT_TYPES, &payment.payment_type).is_none() {
            let path = format!("/payments/{index}/type");
            wrong(path, Code::NotForThisVendor, "Modulkassa does not know this type of payment");
        }
    }
    for (path, _) in numbers(receipt).into_iter().filter(|(_, number)| !tax_id::is_number(number)) {
        wrong(path, Code::WrongFormat, tax_id::FORM);
    }
    let has_agent = extras(receipt).is_some_and(|extras| extras.agent.is_some());
    for (index, item) in receipt.items.iter().enumerate() {
        let mut wrong = |field: &str, code, message: &str| {
            found.push(violation(format!("/items/{index}/{field}"), code, message));
        };
        let extras = item_extras(item);
        if extras.is_some_and(|extras| extras.supplier.is_some() && extras.agent.is_none()) && !has_agent {
            let message = "a supplier is an agent's: say what kind of agent, here or for the receipt";
            wrong("vendor/modulkassa/agent", Code::MissingField, message);
        }
        match item.vat {
            None => wrong("vat", Code::MissingField, "`vat` is required; `none` means not subject to VAT"),
            Some(vat) if !rates(version).any(|known| known == vat) => {
                let message = match codes::OF_2018.contains(&vat) {
                    true => "only `document_version` `v1` has this rate",
                    false => "Modulkassa does not know this rate",
                };
                wrong("vat", Code::VatNotAllowed, message);
            }
            Some(vat) if codes::OF_2018.contains(&vat) && !is_return => {
                wrong("vat", Code::VatNotAllowed, "Modulkassa has this rate in refunds only");
            }
            Some(_) => {}
        }
        if item.quantity.decimals() > QUANTITY_DECIMALS {
            wrong("quantity", Code::TooManyDecimals, "Modulkassa takes 3 decimals at most");
        }
        if item.payment_object.is_some_and(|object| !codes::OBJECTS.contains(&object)) {
            wrong(
                "payment_object",
                Code::NotForThisVendor,
                "Modulkassa does not know this settlement object",
            );
        }
        if item.unit.is_some_and(|unit| look_up(codes::MEASURES, &unit).is_none()) {
            wrong("unit", Code::NotForThisVendor, "Modulkassa has no word for this unit");
        }
        if item.country_code.as_deref().is_some_and(|c| !c.bytes().all(|b| b.is_ascii_digit())) {
            wrong("country_code", Code::WrongFormat, "must be 1 to 3 digits");
        }
        if item.sectoral.len() > 1 {
            wrong("sectoral", Code::TooLong, "Modulkassa takes one sectoral attribute a line");
        }
        let product_code = item.marking.as_ref().and_then(|marking| marking.nomenclature_code.as_deref());
        if product_code.is_some_and(|text| !is_product_code(text)) {
            let message = "must be 1 to 32 bytes in hex, separated by spaces";
            wrong("marking/nomenclature_code", Code::WrongFormat, message);
        }
    }
    found.extend(checked(receipt, scanned, |_| false).violations);
    found
}

fn extras(receipt: &Receipt) -> Option<&ReceiptExtras> {
    receipt.vendor.as_ref()?.modulkassa.as_ref()
}

fn item_extras(item: &Item) -> Option<&ItemExtras> {
    item.vendor.as_ref()?.modulkassa.as_ref()
}

/// The taxpayer numbers that go out, and where they stand.
fn numbers(receipt: &Receipt) -> Vec<(String, &str)> {
    fn operator(agent: Option<&modulkassa::Agent>) -> Option<&str> {
        agent?.money_transfer_operator.as_ref()?.tax_id.as_deref()
    }
    let agents = "agent/money_transfer_operator/tax_id";
    let mut all = vec![
        (
            "/customer/tax_id".into(),
            receipt.customer.as_ref().and_then(|customer| customer.tax_id.as_deref()),
        ),
        ("/cashier/tax_id".into(), receipt.cashier.as_ref().and_then(|cashier| cashier.tax_id.as_deref())),
        (
            format!("/vendor/modulkassa/{agents}"),
            extras(receipt).and_then(|extras| operator(extras.agent.as_ref())),
        ),
    ];
    for (index, extras) in receipt.items.iter().map(item_extras).enumerate() {
        let place = format!("/items/{index}/vendor/modulkassa");
        let supplier = extras.and_then(|extras| extras.supplier.as_ref()?.tax_id.as_deref());
        all.push((format!("{place}/supplier/tax_id"), supplier));
        all.push((format!("{place}/{agents}"), extras.and_then(|extras| operator(extras.agent.as_ref()))));
    }
    all.into_iter().filter_map(|(path, number)| Some((path, number?))).collect()
}

fn scanned(item: &Item) -> Option<&str> {
    item.marking.as_ref()?.code.as_deref()
}

/// The marking code as a good scanner gives it (protocol/modulkassa.md 2.2).
fn product_mark(item: &Item) -> Option<String> {
    scanned(item).and_then(|code| read(code).ok()).map(|reading| reading.code)
}

/// What the vendor would take but a shop should look at: a second contact, and taxpayer numbers that cannot
/// be right. (The vendor's own sample has one such, so it is no violation: sheet 7, question 16.)
pub fn warnings(receipt: &Receipt) -> Vec<Violation> {
    let mut found: Vec<Violation> = numbers(receipt)
        .into_iter()
        .filter(|(_, number)| tax_id::is_number(number) && !tax_id::is_checked(number))
        .map(|(path, _)| {
            violation(path, Code::WrongFormat, "the check digit of the taxpayer number is wrong")
        })
        .collect();
    if receipt.total().is_some_and(Amount::is_zero) {
        let message = "the total is 0.00: whether the cash register records that is not known";
        found.push(violation("/items", Code::OutOfRange, message));
    }
    if receipt.customer.as_ref().is_some_and(|customer| customer.email.is_some() && customer.phone.is_some())
    {
        let message = "Modulkassa takes one contact: the e-mail address goes out, the phone does not";
        found.push(violation("/customer/phone", Code::NotForThisVendor, message));
    }
    found.extend(checked(receipt, scanned, |_| false).warnings);
    found
}

/// The document for a receipt without violations.
pub fn document<'a>(receipt: &'a Receipt, id: String, at: OffsetDateTime) -> Option<wire::Document<'a>> {
    let extras = extras(receipt);
    let customer = receipt.customer.as_ref();
    let cashier = receipt.cashier.as_ref();
    Some(wire::Document {
        id,
        doc_num: extras.and_then(|e| e.document_number.as_deref()).unwrap_or(&receipt.id),
        doc_type: look_up(codes::DOC_TYPES, &receipt.kind)?,
        checkout_date_time: match &receipt.issued_at {
            Some(said) => said.clone(),
            None => at.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()?,
        },
        email: contact(customer)?,
        print_receipt: receipt.print,
        text_to_print: extras.and_then(|e| e.text_to_print.as_deref()),
        cashier_name: cashier.map(|c: &Cashier| c.name.as_str()),
        cashier_inn: cashier.and_then(|c| c.tax_id.as_deref()),
        cashier_position: cashier.and_then(|c| c.position.as_deref()),
        response_url: receipt.callback_url.as_deref(),
        tax_mode: receipt.company.as_ref().and_then(|c| look_up(codes::TAX_MODES, &c.tax_system?)),
        client_name: customer.and_then(|c| c.name.as_deref()),
        client_inn: customer.and_then(|c| c.tax_id.as_deref()),
        invent_positions: receipt.items.iter().map(position).collect::<Option<_>>()?,
        money_positions: receipt
            .payments
            .iter()
            .map(|payment| {
                let payment_type = look_up(codes::PAYMENT_TYPES, &payment.payment_type)?;
                Some(wire::Money { payment_type, sum: payment.sum })
            })
            .collect::<Option<_>>()?,
        agent_info: extras.and_then(|e: &ReceiptExtras| e.agent.as_ref()).map(agent),
        correction_info: match &receipt.correction {
            None => None,
            Some(correction) => Some(wire::Correction {
                reason: look_up(codes::CORRECTION_REASONS, &correction.correction_type)?,
                document_date: midnight(&correction.base_date),
                document_num: correction.base_number.as_deref(),
                fiscal_sign: correction.fiscal_sign.as_deref(),
            }),
        },
    })
}

fn position(item: &Item) -> Option<wire::Position<'_>> {
    let extras = item_extras(item);
    let marking = item.marking.as_ref();
    Some(wire::Position {
        name: &item.name,
        price: item.price,
        quantity: item.quantity,
        disc_sum: item.discount,
        vat_tag: look_up(codes::VAT_TAGS, &item.vat?)?,
        vat_revision: item.vat.filter(|vat| codes::OF_2018.contains(vat)).map(|_| codes::VAT_REVISION),
        vat_sum: item.vat_sum,
        payment_object: item.payment_object.unwrap_or(PaymentObject::Commodity).word(),
        payment_method: item.payment_method.unwrap_or(PaymentMethod::FullPayment).word(),
        invent_code: item.article.as_deref(),
        barcode: item.barcode.as_deref(),
        origin_country_code: item.country_code.as_deref(),
        customs_declaration_number: item.customs_declaration.as_deref(),
        nomenclature_code: marking.and_then(|m| m.nomenclature_code.as_deref()),
        product_mark: product_mark(item),
        industry_requisite: item.sectoral.first().map(|attribute| wire::Industry {
            foiv_id: &attribute.federal_id,
            doc_date_time: midnight(&attribute.date),
            doc_number: &attribute.number,
            doc_data: &attribute.value,
        }),
        measure: item.unit.and_then(|unit| look_up(codes::MEASURES, &unit)),
        description: extras.and_then(|e| e.description.as_deref()),
        agent_info: extras.and_then(|e| e.agent.as_ref()).map(agent),
        supplier_info: extras.and_then(|e| e.supplier.as_ref()).map(|supplier| wire::Supplier {
            phones: &supplier.phones,
            name: supplier.name.as_deref(),
            inn: supplier.tax_id.as_deref(),
        }),
    })
}

fn agent(agent: &modulkassa::Agent) -> wire::Agent<'_> {
    wire::Agent {
        types: &agent.types,
        paying_agent: agent.paying_agent.as_ref(),
        receive_payments_operator: agent.receive_payments_operator.as_ref(),
        money_transfer_operator: agent.money_transfer_operator.as_ref().map(|operator| {
            wire::TransferOperator {
                phones: &operator.phones,
                name: operator.name.as_deref(),
                address: operator.address.as_deref(),
                inn: operator.tax_id.as_deref(),
            }
        }),
    }
}

/// What a DocumentStatus says (protocol/modulkassa.md 3.4). `None` where its status is none of the known
/// ones, or where it says that something is on record and not what.
pub fn told(status: &wire::DocumentStatus, raw: &Raw) -> Option<Finding> {
    let raw = raw.clone();
    Some(match word(&status.status)?.as_str() {
        "QUEUED" | "PENDING" | "REQUEUED" => Finding::Accepted { document_id: None, raw },
        "PRINTED" | "WAIT_FOR_CALLBACK" | "COMPLETED" => {
            let fiscal = status.fiscal_info.as_ref().map(fiscal)?;
            let says_something =
                fiscal.document_number.is_some() || fiscal.sign.is_some() || fiscal.total.is_some();
            says_something.then_some(Finding::Registered {
                document_id: None,
                fiscal: Box::new(fiscal),
                raw,
            })?
        }
        // One that failed has no number and no sign.
        "FAILED" if !says_on_record(status) => Finding::Failed { failure: failure(status), raw: Some(raw) },
        _ => return None,
    })
}

fn says_on_record(status: &wire::DocumentStatus) -> bool {
    let fiscal = status.fiscal_info.as_ref().map(fiscal);
    fiscal.is_some_and(|fiscal| fiscal.document_number.is_some() || fiscal.sign.is_some())
}

/// A status word, upper case whatever the age of the vendor's system (7, question 10).
pub fn word(scalar: &Scalar) -> Option<String> {
    scalar.0.as_deref().map(str::to_uppercase)
}

/// Why a document FAILED (protocol/modulkassa.md 3.3).
pub fn failure(status: &wire::DocumentStatus) -> Failure {
    let said = status.failure_info.as_ref();
    let message = said.and_then(|f| f.message.0.clone()).or_else(|| status.message.0.clone());
    let code = said.and_then(|f| f.kind.0.clone());
    let fault = VendorFault { name: NAME.into(), code, message, http_status: None }.legible();
    Failure {
        code: Code::FiscalizationFailed.name().into(),
        message: fault.message.clone().unwrap_or_else(|| "the cash register gave no reason".into()),
        vendor: Some(fault),
    }
}

fn in_qr(info: &wire::FiscalInfo) -> Option<Fiscal> {
    info.qr.0.as_deref().map(callback::from_qr)
}

/// Fiscal data (protocol/modulkassa.md 3.3). Members that are absent stay absent.
pub fn fiscal(info: &wire::FiscalInfo) -> Fiscal {
    Fiscal {
        document_number: info.fn_doc_number.0.clone(),
        sign: info.fn_doc_mark.0.clone(),
        storage_number: info.fn_number.0.clone(),
        register_number: info.ecr_registration_number.0.clone(),
        serial_number: info.kkt_number.0.clone(),
        shift_number: info.shift_number.0.clone(),
        receipt_number: info.check_number.0.clone(),
        registered_at: info.date.0.as_deref().and_then(rfc3339),
        total: info.sum.0.as_deref().and_then(|sum| Amount::parse(sum).ok()).or_else(|| in_qr(info)?.total),
        qr: info.qr.0.clone(),
        url: None,
    }
}

/// A time of the vendor as RFC 3339. Its offset has a colon or has none (7, question 11).
pub fn rfc3339(text: &str) -> Option<String> {
    let without_colon = format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond][offset_hour sign:mandatory][offset_minute]"
    );
    let whole_seconds = format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory][offset_minute]"
    );
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(text, &without_colon))
        .or_else(|_| OffsetDateTime::parse(text, &whole_seconds));
    time.ok()?.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()
}

/// The one contact field: e-mail address first, else phone (protocol/modulkassa.md 2.1).
fn contact(customer: Option<&Customer>) -> Option<&str> {
    customer.and_then(|customer| customer.email.as_deref().or(customer.phone.as_deref()))
}

fn is_russian(phone: &str) -> bool {
    phone.strip_prefix("+7").is_some_and(|rest| rest.len() == 10)
}

/// A date as the ISO 8601 date-time that the protocol sheet shows (protocol/modulkassa.md 2.8, 2.10).
fn midnight(date: &str) -> String {
    match Date::parse(date, &Iso8601::DATE) {
        Ok(date) => format!("{date}T00:00:00"),
        Err(_) => date.into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_of_both_forms_are_read() {
        assert_eq!(rfc3339("2020-02-26T00:31:19.000+0000").unwrap(), "2020-02-26T00:31:19Z");
        assert_eq!(rfc3339("2019-09-04T07:14:00+00:00").unwrap(), "2019-09-04T07:14:00Z");
        assert_eq!(rfc3339("2019-09-04T07:14:00+0700").unwrap(), "2019-09-04T07:14:00+07:00");
        assert_eq!(rfc3339("yesterday"), None);
    }
}
