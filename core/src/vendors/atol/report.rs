//! What ATOL says of a document: the error object, the report and the fiscal data in it (protocol/atol.md 2.10 to
//! 2.13). No I/O.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use time::macros::format_description;
use uuid::Uuid;

use super::codes;
use super::config::NAME;
use super::errors::{self, Row};
use super::map;
use super::marks::MarkResult;
use crate::address;
use crate::error::{Code, Error, Result, VendorFault};
use crate::receipt::Kind;
use crate::receipt::money::Amount;
use crate::receipt::registration::{Fiscal, Raw};
use crate::transport::Answer;
use crate::transport::lenient::{self, Scalar, object_or_null};
use crate::vendor::{Finding, look_up};

/// Digits of the numbers of a cash register and of a fiscal storage (protocol/atol.md 2.11).
const LONG_NUMBER: usize = 16;
/// The type of an error of the service itself.
const OF_SERVICE: &str = "system";

/// The error object (protocol/atol.md 2.13). Every member may be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fault {
    pub code: Scalar,
    pub text: Scalar,
    #[serde(rename = "type")]
    pub error_type: Scalar,
}

impl Fault {
    pub fn number(&self) -> Option<i64> {
        self.code.0.as_deref()?.parse().ok()
    }

    fn kind(&self) -> Option<&str> {
        self.error_type.0.as_deref().filter(|kind| !kind.is_empty())
    }

    /// Its row, where it came with this status. An error without a type is one of the service where the status is
    /// one of an error: what a cash register says comes in a report with 200. Else it is known only where
    /// one type alone has the code.
    pub fn row(&self, status: u16) -> Option<Row> {
        match (self.kind(), self.number()?) {
            (Some(kind), code) => errors::find(kind, code),
            (None, code) if status >= 400 => errors::find(OF_SERVICE, code),
            (None, code) => errors::only(code),
        }
    }

    /// Its row in an answer that only the service gives.
    pub fn of_service(&self) -> Option<Row> {
        self.row(400)
    }

    pub fn said(&self) -> &str {
        self.text.0.as_deref().unwrap_or("no text")
    }

    /// What the vendor said.
    pub fn of_vendor(&self, status: u16) -> VendorFault {
        let number = self.number().map_or_else(|| "?".into(), |number| number.to_string());
        let row = self.row(status).map(|row| row.error_type);
        VendorFault {
            name: NAME.into(),
            code: Some(format!("{}/{number}", self.kind().or(row).unwrap_or("unknown"))),
            message: self.text.0.clone(),
            http_status: Some(status),
        }
    }

    /// The vendor's error as ours, with what to do.
    pub fn error(&self, status: u16) -> Error {
        let error = match self.row(status) {
            _ if status == 429 => {
                Error::new(Code::Limited, format!("the service asks to slow down ({})", self.said()))
            }
            Some(Row { remedy, english, .. }) => {
                Error::new(remedy.code(), format!("{english} ({}); {}", self.said(), remedy.advice()))
            }
            None => Error::new(
                Code::AnswerNotUnderstood,
                format!("an error that is not documented: {}", self.said()),
            ),
        };
        error.with_vendor(self.of_vendor(status))
    }

    /// A document that will never be on record, for this reason.
    pub fn refused(&self, status: u16, raw: Raw) -> Finding {
        let code = self.row(status).map_or(Code::FiscalizationFailed, |row| row.remedy.code());
        Finding::failed(self.error(status).with_code(code), raw)
    }
}

/// Answer to a registration, report and callback (protocol/atol.md 2.10, 2.11).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Report {
    pub uuid: Scalar,
    pub status: Scalar,
    #[serde(deserialize_with = "object_or_null")]
    pub error: Option<Fault>,
    #[serde(deserialize_with = "object_or_null")]
    pub payload: Option<Payload>,
    pub external_id: Scalar,
    pub device_code: Scalar,
    pub daemon_code: Scalar,
    warnings: Option<Box<RawValue>>,
}

impl Report {
    /// The report in a body, or what is wrong with that.
    pub fn in_body(body: &[u8]) -> std::result::Result<Self, String> {
        lenient::object(body)
    }

    /// The report in an answer.
    pub fn read(answer: &Answer) -> Result<Self> {
        Self::in_body(&answer.body).map_err(|why| answer.unreadable(&why, &answer.seen()))
    }

    /// The id of the document: a UUID (protocol/atol.md 2.10), or none at all.
    pub fn uuid(&self) -> Option<String> {
        Uuid::try_parse(self.uuid.0.as_deref()?).ok().map(|uuid| uuid.to_string())
    }

    /// The error, where there is one: some reports of success have one of the type `none`.
    pub fn fault(&self) -> Option<&Fault> {
        self.error.as_ref().filter(|fault| fault.kind() != Some("none"))
    }

    /// True for a report with the number or the sign of a document: whatever else it says, one is on record.
    fn says_on_record(&self) -> bool {
        let payload = self.payload.as_ref();
        payload.is_some_and(|told| {
            told.fiscal_document_number.0.is_some() || told.fiscal_document_attribute.0.is_some()
        })
    }

    /// What the service warns of, by field.
    pub fn warnings(&self) -> BTreeMap<String, String> {
        let all: Option<BTreeMap<String, Scalar>> =
            self.warnings.as_ref().and_then(|json| lenient::object(json.get().as_bytes()).ok());
        let all = all.unwrap_or_default().into_iter();
        all.filter_map(|(field, said)| Some((field, said.0?))).collect()
    }

    /// The checks of the marking codes.
    pub fn marks(&self) -> Vec<MarkResult> {
        let payload = self.payload.as_ref().and_then(|payload| payload.marks_result.as_deref());
        payload.map(MarkResult::read).unwrap_or_default()
    }
}

/// Fiscal data (protocol/atol.md 2.11).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Payload {
    pub fiscal_receipt_number: Scalar,
    pub shift_number: Scalar,
    pub receipt_datetime: Scalar,
    pub total: Scalar,
    pub fn_number: Scalar,
    pub ecr_registration_number: Scalar,
    pub fiscal_document_number: Scalar,
    pub fiscal_document_attribute: Scalar,
    pub ofd_receipt_url: Scalar,
    marks_result: Option<Box<RawValue>>,
}

impl Payload {
    /// Fiscal data of a document of this kind. Members that are absent stay absent.
    pub fn fiscal(&self, kind: Option<Kind>) -> Fiscal {
        let time = self.receipt_datetime.0.as_deref().and_then(map::moment);
        let fiscal = Fiscal {
            document_number: self.fiscal_document_number.0.clone(),
            sign: self.fiscal_document_attribute.0.clone(),
            storage_number: self.fn_number.0.as_deref().map(with_zeros),
            register_number: self.ecr_registration_number.0.as_deref().map(with_zeros),
            serial_number: None,
            shift_number: self.shift_number.0.clone(),
            receipt_number: self.fiscal_receipt_number.0.clone(),
            registered_at: time.and_then(map::rfc3339),
            total: self.total.0.as_deref().and_then(|total| Amount::parse(total).ok()),
            qr: None,
            url: self.ofd_receipt_url.0.as_deref().and_then(address::link),
        };
        let qr = kind.zip(time).and_then(|(kind, time)| qr(kind, time, &fiscal));
        Fiscal { qr, ..fiscal }
    }
}

/// The text of the QR code, which the vendor leaves to who shows the receipt: the fiscal data of its parts, the time as
/// the cash register has it. `None` unless all of them are there.
fn qr(kind: Kind, time: time::OffsetDateTime, fiscal: &Fiscal) -> Option<String> {
    let digits = |text: &Option<String>| {
        text.clone().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let time = time.format(format_description!("[year][month][day]T[hour][minute]")).ok()?;
    let (storage, number, sign) =
        (digits(&fiscal.storage_number)?, digits(&fiscal.document_number)?, digits(&fiscal.sign)?);
    let kind = look_up(codes::QR_KINDS, &kind)?;
    Some(format!("t={time}&s={}&fn={storage}&i={number}&fp={sign}&n={kind}", fiscal.total?))
}

/// A long number with the zeros that it loses where it is written as a JSON number.
fn with_zeros(text: &str) -> String {
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => format!("{text:0>LONG_NUMBER$}"),
        false => text.into(),
    }
}

/// Which document was asked about.
#[derive(Clone, Copy, Default)]
pub struct Asked<'a> {
    /// The service's id.
    pub uuid: &'a str,
    /// The caller's id, where it is known.
    pub ours: Option<&'a str>,
    /// Its kind, where it is known: the report has none.
    pub kind: Option<Kind>,
}

/// What a report or callback says (protocol/atol.md 2.11) of the document that was asked about.
pub fn told(report: &Report, asked: Asked<'_>, raw: Raw, status: u16) -> Finding {
    let not_understood = |message: &str| Finding::Unknown(Error::new(Code::AnswerNotUnderstood, message));
    let is_named = report.uuid().is_some_and(|told| told.eq_ignore_ascii_case(asked.uuid));
    let is_anothers = (report.uuid.0.is_some() && !is_named)
        || matches!((&report.external_id.0, asked.ours), (Some(told), Some(ours)) if told != ours);
    if is_anothers {
        return not_understood("the report is about another document");
    }
    let document_id = Some(asked.uuid.to_owned());
    match (report.status.0.as_deref(), report.fault()) {
        (Some("done"), None) => match report.payload.as_ref().map(|payload| payload.fiscal(asked.kind)) {
            Some(fiscal) if is_named && fiscal.document_number.is_some() && fiscal.sign.is_some() => {
                Finding::Registered { document_id, fiscal: Box::new(fiscal), raw }
            }
            _ => not_understood("the report says `done` and not of which document on record"),
        },
        (Some("wait"), _) => Finding::Accepted { document_id, raw },
        (Some("fail"), Some(fault))
            if is_named
                && status < 300
                && !report.says_on_record()
                && fault.row(status).is_some_and(|row| row.ends_a_document()) =>
        {
            fault.refused(status, raw)
        }
        (_, Some(fault)) => Finding::Unknown(fault.error(status)),
        (Some("fail"), None) => not_understood("the report says `fail` without a reason"),
        (_, None) => not_understood("the report has no known status"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;
    use crate::vendors::atol::errors::Remedy;

    fn fiscal(kind: Option<Kind>, changes: Value) -> Fiscal {
        let mut payload = json!({"fiscal_receipt_number": 7, "shift_number": 41, "total": 649.85,
            "receipt_datetime": "14.02.2026 09:05:00", "fn_number": "9999078900000123",
            "ecr_registration_number": "0000000009900417", "fiscal_document_number": 10518,
            "fiscal_document_attribute": 3_211_640_095_u32});
        payload.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let payload: Payload = serde_json::from_str(&payload.to_string()).unwrap();
        payload.fiscal(kind)
    }

    #[test]
    fn the_qr_text_is_made_of_its_parts_and_only_where_all_are_there() {
        let text = "t=20260214T0905&s=649.85&fn=9999078900000123&i=10518&fp=3211640095&n=";
        for (kind, number) in codes::QR_KINDS {
            assert_eq!(fiscal(Some(*kind), json!({})).qr, Some(format!("{text}{number}")), "{kind:?}");
        }
        let whole = fiscal(Some(Kind::Sell), json!({"total": 200}));
        assert!(whole.qr.unwrap().contains("&s=200.00&"));
        assert_eq!(fiscal(None, json!({})).qr, None);
        for (name, value) in [
            ("receipt_datetime", json!("yesterday")),
            ("total", json!(null)),
            ("fn_number", json!(null)),
            ("fiscal_document_number", json!("a&n=2")),
            ("fiscal_document_attribute", json!("")),
        ] {
            assert_eq!(fiscal(Some(Kind::Sell), json!({name: value})).qr, None, "{name}");
        }
    }

    #[test]
    fn a_number_keeps_its_zeros_and_a_time_is_read_in_both_forms() {
        let told = fiscal(
            None,
            json!({"ecr_registration_number": 9_900_417, "receipt_datetime": "2026-02-14T09:05:00+03:00"}),
        );
        assert_eq!(told.register_number.as_deref(), Some("0000000009900417"));
        assert_eq!(told.registered_at.as_deref(), Some("2026-02-14T09:05:00+03:00"));
        assert_eq!(fiscal(None, json!({})).registered_at, told.registered_at);
    }

    #[test]
    fn an_error_without_a_type_is_known_by_its_code_where_that_leaves_no_choice() {
        let of = |code: i64, status| {
            let fault: Fault = serde_json::from_str(&json!({"code": code}).to_string()).unwrap();
            fault.row(status).map(|row| (row.error_type, row.remedy))
        };
        assert_eq!(of(11, 401), Some((OF_SERVICE, Remedy::Token)));
        assert_eq!(of(32, 400), Some((OF_SERVICE, Remedy::Correct)));
        assert_eq!(of(2009, 200), Some(("agent", Remedy::Correct)));
        // The service's and the driver's.
        assert_eq!(of(11, 200), None);
        assert_eq!(of(9_999, 400), None);
    }
}
