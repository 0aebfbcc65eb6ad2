//! The vendor's call to the shop's `callback_url`, in every form that was seen (protocol/modulkassa.md 3.5):
//! GET with `status` and `qr`, `qr` encoded once or twice, no `status` at all, or POST with a
//! DocumentStatus. It carries no proof of its sender: a hint to ask for the status.

use url::form_urlencoded;

use super::{map, wire};
use crate::error::{Code, Error, Result};
use crate::receipt::money::Amount;
use crate::receipt::registration::{Fiscal, Raw};
use crate::transport::lenient;
use crate::vendor::Finding;
use crate::vendor::messages::{Callback, CallbackReading};

/// Reads a callback.
pub fn read(callback: &Callback) -> Result<CallbackReading> {
    if let Some(body) = callback.body.as_deref().filter(|body| !body.trim().is_empty()) {
        return from_body(body);
    }
    let url = callback.url.as_deref().unwrap_or_default();
    let query = callback.query.as_deref().or_else(|| url.split_once('?').map(|(_, query)| query));
    let query = query.unwrap_or_default().trim_start_matches('?');
    let query = query.split('#').next().unwrap_or_default();
    from_query(query)
}

fn from_query(query: &str) -> Result<CallbackReading> {
    // The vendor adds its parameters behind the shop's own, so the last one of a name is its.
    let last = |name: &str| {
        let all = form_urlencoded::parse(query.as_bytes());
        all.filter(|(key, _)| key == name).last().map(|(_, value)| value.into_owned())
    };
    let (status, qr) = (last("status"), last("qr").filter(|qr| !qr.is_empty()));
    if status.is_none() && qr.is_none() {
        return Err(unreadable("neither `status` nor `qr` is in the query"));
    }
    let fiscal = qr.map(|qr| from_qr(&decoded_again(qr)));
    let success = match &status {
        Some(word) => word.eq_ignore_ascii_case("SUCCESS"),
        None => true,
    };
    Ok(CallbackReading {
        success,
        receipt_id: None,
        vendor_status: status,
        fiscal,
        registration: None,
        raw: None,
    })
}

fn from_body(body: &str) -> Result<CallbackReading> {
    let raw = Raw::from_body(body.as_bytes());
    let status: wire::DocumentStatus =
        lenient::object(body.as_bytes()).map_err(|_| unreadable("the body is not a DocumentStatus"))?;
    let told = map::told(&status, &raw).ok_or_else(|| unreadable("the body has no known `status`"))?;
    Ok(CallbackReading {
        success: matches!(told, Finding::Registered { .. }),
        receipt_id: None,
        vendor_status: status.status.0.clone(),
        fiscal: status.fiscal_info.as_ref().map(map::fiscal),
        registration: None,
        raw: Some(raw),
    })
}

fn unreadable(why: &str) -> Error {
    Error::new(Code::CallbackUnreadable, why)
}

/// Undoes the second encoding of early versions: a QR text always has `=`, an encoded one `%3D`.
fn decoded_again(qr: String) -> String {
    let twice = !qr.contains('=') && qr.to_ascii_uppercase().contains("%3D");
    if !twice {
        return qr;
    }
    let pairs = form_urlencoded::parse(qr.as_bytes());
    pairs.map(|(key, _)| key.into_owned()).next().unwrap_or(qr)
}

/// Fiscal data of a QR text `t=…&s=…&fn=…&i=…&fp=…&n=…`. Its time has no offset and is left out.
pub fn from_qr(qr: &str) -> Fiscal {
    let member = |name: &str| {
        let mut pairs = qr.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    };
    let number = member("i").map(|text| match text.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    });
    Fiscal {
        document_number: number,
        sign: member("fp"),
        storage_number: member("fn"),
        total: member("s").and_then(|sum| Amount::parse(&sum).ok()),
        qr: Some(qr.into()),
        ..Fiscal::default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ONCE: &str = "order=7&status=SUCCESS&qr=t%3D20250914T153012%26s%3D3200.50%26fn%3D9960440300112233%26i%3D0000004821%26fp%3D2718281828%26n%3D1";
    const TWICE: &str = "qr=t%253D20250914T153012%2526s%253D3200.50%2526fn%253D9960440300112233%2526i%253D4821%2526fp%253D2718281828%2526n%253D1";

    fn read_query(query: &str) -> CallbackReading {
        read(&Callback { query: Some(query.into()), ..Callback::default() }).unwrap()
    }

    #[test]
    fn the_get_form_is_read_whether_encoded_once_or_twice() {
        for query in [ONCE, TWICE] {
            let reading = read_query(query);
            let fiscal = reading.fiscal.unwrap();
            assert!(reading.success);
            assert_eq!(fiscal.document_number.as_deref(), Some("4821"));
            assert_eq!(fiscal.sign.as_deref(), Some("2718281828"));
            assert_eq!(fiscal.total.unwrap().to_string(), "3200.50");
        }
    }

    #[test]
    fn another_status_is_no_success_and_nothing_is_an_error() {
        assert!(!read_query("status=ERROR").success);
        assert!(read(&Callback::default()).is_err());
        assert!(read(&Callback { body: Some("<html>".into()), ..Callback::default() }).is_err());
    }

    #[test]
    fn the_shops_own_parameters_do_not_hide_the_vendors() {
        assert!(read_query(&format!("status=new&{ONCE}")).success);
    }
}
