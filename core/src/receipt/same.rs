//! What the same content is: one form for every way to write a receipt. `docs/guarantee.md` has it field by field.
//!
//! A receipt that is written without needless words has the form that earlier versions kept, so that it is known
//! again in their journals.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use serde_with::skip_serializing_none;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::offset;

use super::{
    Cashier, Company, Customer, Item, PaymentMethod, PaymentObject, Receipt, VendorItem, VendorReceipt, atol,
    ikassa, ikkm, modulkassa,
};
use crate::receipt::money::Amount;

impl Receipt {
    /// The receipt in the one form for the vendor with this name, whose receipts are in `currency` unless they say
    /// another. It says what is recorded, and leaves out what is as if it were absent.
    #[must_use]
    pub fn canonical(&self, vendor: &str, currency: Option<&str>) -> Self {
        // Named one by one, so that whoever adds a field decides here.
        let Self {
            id,
            kind,
            items,
            payments,
            refund_of,
            settles,
            corrects,
            discount,
            surcharge,
            customer,
            cashier,
            company,
            currency: own_currency,
            // A shop that makes it anew at each try means the same sale.
            issued_at: _,
            callback_url,
            print,
            correction,
            vendor: extras,
        } = self.clone();
        let extras = extras.map(|extras| without_defaults(extras, &id).of(vendor));
        Self {
            items: items.into_iter().map(|item| canonical_item(item, vendor)).collect(),
            discount: given(discount, &Amount::ZERO),
            surcharge: given(surcharge, &Amount::ZERO),
            customer: given(customer, &Customer::default()),
            cashier: given(cashier, &Cashier::default()),
            company: given(company, &Company::default()),
            currency: own_currency.filter(|own| Some(own.as_str()) != currency),
            issued_at: None,
            vendor: given(extras, &VendorReceipt::default()),
            id,
            kind,
            payments,
            refund_of,
            settles,
            corrects,
            callback_url,
            print,
            correction,
        }
    }

    /// How earlier versions wrote the receipt down, beside the one form.
    pub fn earlier_forms(&self) -> serde_json::Result<Vec<Vec<u8>>> {
        let mut forms = vec![serde_json::to_vec(self)?];
        // The extras of iKassa once stood in front of ATOL's.
        if let Some(VendorReceipt { modulkassa, ikkm, ikassa: Some(ikassa), atol: Some(atol) }) = &self.vendor
        {
            let vendor = InFormerOrder { modulkassa: modulkassa.as_ref(), ikkm: ikkm.as_ref(), ikassa, atol };
            let receipt = serde_json::to_string(&Self { vendor: None, ..self.clone() })?;
            let receipt = receipt.strip_suffix('}').unwrap_or(&receipt);
            forms.push(format!("{receipt},\"vendor\":{}}}", serde_json::to_string(&vendor)?).into_bytes());
        }
        Ok(forms)
    }
}

#[skip_serializing_none]
#[derive(Serialize)]
struct InFormerOrder<'a> {
    modulkassa: Option<&'a modulkassa::ReceiptExtras>,
    ikkm: Option<&'a ikkm::ReceiptExtras>,
    ikassa: &'a ikassa::ReceiptExtras,
    atol: &'a atol::ReceiptExtras,
}

fn given<T: PartialEq>(value: Option<T>, default: &T) -> Option<T> {
    value.filter(|value| value != default)
}

fn canonical_item(item: Item, vendor: &str) -> Item {
    let Item {
        name,
        price,
        quantity,
        discount,
        surcharge,
        vat,
        vat_sum,
        payment_method,
        payment_object,
        unit,
        barcode,
        article,
        marking,
        sectoral,
        country_code,
        customs_declaration,
        vendor: extras,
    } = item;
    Item {
        discount: given(discount, &Amount::ZERO),
        surcharge: given(surcharge, &Amount::ZERO),
        payment_method: given(payment_method, &PaymentMethod::FullPayment),
        payment_object: given(payment_object, &PaymentObject::Commodity),
        vendor: given(extras.map(|extras| extras.of(vendor)), &VendorItem::default()),
        name,
        price,
        quantity,
        vat,
        vat_sum,
        unit,
        barcode,
        article,
        marking,
        sectoral,
        country_code,
        customs_declaration,
    }
}

/// The extras without what their documentation says of an absent field.
fn without_defaults(mut extras: VendorReceipt, id: &str) -> VendorReceipt {
    if let Some(own) = &mut extras.modulkassa {
        own.document_number = own.document_number.take().filter(|number| number != id);
    }
    if let Some(own) = &mut extras.ikkm {
        own.summary_line = given(own.summary_line, &false);
    }
    if let Some(props) = extras.atol.as_mut().and_then(|own| own.operating_check_props.as_mut()) {
        props.at = instant(&props.at);
    }
    extras
}

/// A moment in UTC; a text that is none stays as it is.
fn instant(text: &str) -> String {
    let moment =
        OffsetDateTime::parse(text, &Rfc3339).ok().and_then(|moment| moment.checked_to_offset(offset!(UTC)));
    moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_else(|| text.into())
}

/// A document of the vendor's own form in one form: without needless spaces, its members in order, `290.0` as `290`.
/// A text that is no JSON stays as it is.
pub fn document(text: &str) -> String {
    // Read as a whole first: what is nested without end is no document.
    let is_json = serde_json::from_str::<Value>(text).is_ok();
    is_json.then(|| plain(text)).flatten().unwrap_or_else(|| text.into())
}

/// JSON with its members in order and each number in the shortest way to write it, read from its digits.
fn plain(json: &str) -> Option<String> {
    Some(match json.trim_start().as_bytes().first()? {
        b'{' => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
            let member = |(name, value): (String, &RawValue)| {
                Some(format!("{}:{}", Value::from(name), plain(value.get())?))
            };
            format!("{{{}}}", members.into_iter().map(member).collect::<Option<Vec<_>>>()?.join(","))
        }
        b'[' => {
            let values: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            let values = values.into_iter().map(|value| plain(value.get()));
            format!("[{}]", values.collect::<Option<Vec<_>>>()?.join(","))
        }
        b'-' | b'0'..=b'9' => {
            let number = json.trim();
            let exact = Decimal::from_str_exact(number).ok();
            // One with more digits than an exact decimal holds is the same only letter by letter.
            exact.map_or_else(|| number.into(), |exact| exact.normalize().to_string())
        }
        _ => serde_json::from_str::<Value>(json).ok()?.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::document;

    #[test]
    fn numbers_of_a_document_are_compared_digit_by_digit() {
        let same = |one: &str, other: &str| document(one) == document(other);
        assert!(same(r#"{"b": [1.50, "x"], "a": 290.0}"#, r#"{"a":290,"b":[1.5,"x"]}"#));
        assert!(same(r#"{"a": -0.10}"#, r#"{"a": -0.1}"#));
        for (one, other) in [
            ("9007199254740992.1", "9007199254740992.2"),
            ("12345678901234567.89", "12345678901234567.9"),
            ("0.1", "0.10000000000000000001"),
            ("100000000000000000000000000000000000001", "100000000000000000000000000000000000002"),
            ("290", "\"290\""),
        ] {
            assert!(!same(&format!("{{\"sum\": {one}}}"), &format!("{{\"sum\": {other}}}")), "{one} {other}");
        }
        assert_eq!(document("no json"), "no json");
    }
}
