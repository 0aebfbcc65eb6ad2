//! Makes the rows of a slip of a receipt and of what became of it. What the vendor does not carry is not on the
//! electronic receipt, so it is not on its copy.

use super::data::{Paper, Row, Weight};
use super::source::Source;
use super::texts::legible;
use super::words::{Said as _, Settlement, Word};
use super::{facts, goods};
use crate::receipt::Correction;
use crate::receipt::fields::Field;
use crate::receipt::place::Country;

/// The slip. One that is no copy of a document on record says so above and below, and has no fiscal data.
pub fn paper(source: &Source<'_>) -> Paper {
    let sections = [
        head(source),
        correction(source),
        goods::lines(source),
        goods::total(source),
        goods::payments(source),
        goods::vat(source),
        customer(source),
        facts::fiscal(source),
        foot(source),
    ];
    let mut rows = Vec::new();
    for section in sections.into_iter().filter(|section| !section.is_empty()) {
        if !rows.is_empty() {
            rows.push(Row::Rule);
        }
        rows.extend(section);
    }
    let heading = if source.is_copy() { Word::Copy } else { Word::NoReceipt };
    let title = format!("{} {}", source.said(heading), source.receipt.id);
    Paper { language: source.language, title: legible(&title), rows }
}

fn heading(source: &Source<'_>) -> Row {
    match source.is_copy() {
        true => Row::centred(source.said(Word::Copy), Weight::Strong),
        false => Row::centred(source.said(Word::NoReceipt), Weight::Huge),
    }
}

fn head(source: &Source<'_>) -> Vec<Row> {
    let (receipt, language) = (source.receipt, source.language);
    let kind = match source.place.country {
        Country::Russia => Settlement(receipt.kind).said(language),
        Country::Belarus | Country::Kazakhstan => receipt.kind.said(language),
    };
    let mut rows = vec![heading(source)];
    if !source.is_copy() {
        rows.push(Row::centred(source.registration.state.said(language), Weight::Strong));
    }
    rows.push(Row::centred(kind, Weight::Strong));
    rows.push(facts::when(source));
    rows.push(source.fact(Word::SellersNumber, &receipt.id));
    let basis = receipt.basis().ok().flatten();
    rows.extend(basis.map(|basis| source.fact(Word::RefersTo, basis.id())));
    let company = receipt.company.clone().unwrap_or_default();
    let tax_system = company.tax_system.map(|system| system.said(language));
    let cashier = receipt.cashier.clone().unwrap_or_default();
    let position = cashier.position.filter(|_| source.carries(Field::CashierPosition));
    let name = [position.as_deref().unwrap_or_default(), &cashier.name].join(" ");
    let name = Some(name.trim()).filter(|name| !name.is_empty());
    let rest = [
        source.carried(Word::Place, Field::CompanyPaymentAddress, company.payment_address.as_deref()),
        source.carried(Word::TaxId, Field::CompanyTaxId, company.tax_id.as_deref()),
        source.carried(Word::Taxation, Field::CompanyTaxSystem, tax_system),
        source.carried(Word::ShopEmail, Field::CompanyEmail, company.email.as_deref()),
        source.carried(Word::Cashier, Field::CashierName, name),
        source.carried(Word::CashierTaxId, Field::CashierTaxId, cashier.tax_id.as_deref()),
    ];
    rows.extend(rest.into_iter().flatten());
    rows
}

fn correction(source: &Source<'_>) -> Vec<Row> {
    let Some(correction) = &source.receipt.correction else { return Vec::new() };
    let Correction { correction_type, base_date, base_number, fiscal_sign } = correction;
    let rows = [
        source.carried(Word::Basis, Field::CorrectionType, Some(correction_type.said(source.language))),
        source.carried(Word::BaseDate, Field::CorrectionBaseDate, Some(&facts::day(base_date))),
        source.carried(Word::BaseNumber, Field::CorrectionBaseNumber, base_number.as_deref()),
        source.carried(Word::BaseSign, Field::CorrectionFiscalSign, fiscal_sign.as_deref()),
    ];
    rows.into_iter().flatten().collect()
}

/// The buyer, where the caller wants the data of a person on the slip.
fn customer(source: &Source<'_>) -> Vec<Row> {
    let Some(customer) = source.receipt.customer.as_ref().filter(|_| source.customer) else {
        return Vec::new();
    };
    let rows = [
        source.carried(Word::Buyer, Field::CustomerName, customer.name.as_deref()),
        source.carried(Word::BuyerTaxId, Field::CustomerTaxId, customer.tax_id.as_deref()),
        source.carried(Word::BuyerEmail, Field::CustomerEmail, customer.email.as_deref()),
        source.carried(Word::BuyerPhone, Field::CustomerPhone, customer.phone.as_deref()),
    ];
    rows.into_iter().flatten().collect()
}

/// Once more what it is: a strip of paper may be cut.
fn foot(source: &Source<'_>) -> Vec<Row> {
    match source.is_copy() {
        true => vec![Row::centred(source.said(Word::Copy), Weight::Small)],
        false => vec![heading(source)],
    }
}
