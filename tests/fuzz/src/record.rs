//! What confirms and what refuses a document, written from the protocol sheets and from nothing of the library: what it
//! says must be in the bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::till;

/// An answer as the vendor gave it.
#[derive(Clone, Debug)]
pub struct Given {
    /// HTTP status.
    pub status: u16,
    /// Reason phrase.
    pub reason: Vec<u8>,
    /// Body.
    pub body: Vec<u8>,
}

/// Members of an object by name, each as it stands there.
type Members = BTreeMap<String, Box<RawValue>>;

fn members(body: &[u8]) -> Members {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // Bytes that are no text may stand in members that nobody looks at.
    serde_json::from_str(&String::from_utf8_lossy(body)).unwrap_or_default()
}

fn object(of: &Members, name: &str) -> Members {
    of.get(name).map(|inner| members(inner.get().as_bytes())).unwrap_or_default()
}

/// A text or number, as text.
fn scalar(of: &Members, name: &str) -> Option<String> {
    let text = of.get(name)?.get();
    match text.as_bytes().first()? {
        b'"' => serde_json::from_str(text).ok(),
        b'-' | b'0'..=b'9' | b't' | b'f' => Some(text.into()),
        _ => None,
    }
}

/// True where the answer says that a document is on record, and which.
pub fn confirms(vendor: &str, given: &Given) -> bool {
    let body = members(&given.body);
    let is_success = (200..300).contains(&given.status);
    match vendor {
        "modulkassa" => {
            let status = scalar(&body, "status").unwrap_or_default().to_uppercase();
            let fiscal = object(&body, "fiscalInfo");
            is_success
                && matches!(status.as_str(), "PRINTED" | "WAIT_FOR_CALLBACK" | "COMPLETED")
                && ["fnDocNumber", "fnDocMark", "sum", "qr"]
                    .iter()
                    .any(|name| scalar(&fiscal, name).is_some())
        }
        "atol" | "atol4" => {
            let payload = object(&body, "payload");
            scalar(&body, "status").as_deref() == Some("done")
                && scalar(&body, "uuid").is_some()
                && scalar(&payload, "fiscal_document_number").is_some()
                && scalar(&payload, "fiscal_document_attribute").is_some()
        }
        "ikassa" => {
            let uid = body.get("uid").is_some_and(|uid| uid.get().starts_with('"') && uid.get().len() > 2);
            is_success && uid && scalar(&body, "code").is_none()
        }
        _ => {
            let text = String::from_utf8_lossy(&given.body);
            let digits = text.trim_start_matches('\u{feff}').trim();
            let is_key = !digits.is_empty()
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && digits.bytes().any(|byte| byte != b'0');
            // Or the device's own list of what it made.
            matches!(given.status, 200 | 203) && is_key
                || given.status == 200 && scalar(&body, "docid").or(scalar(&body, "receipt_number")).is_some()
        }
    }
}

/// Type and code of every error that ATOL's table has.
static ATOLS: LazyLock<BTreeSet<(String, i64)>> = LazyLock::new(|| {
    let told = till::called(&till::client(&till::config("atol", till::NOWHERE)), "error_codes", "{}");
    let told: Value = serde_json::from_str(&told).unwrap();
    let row = |row: &Value| (row["type"].as_str().unwrap().to_owned(), row["code"].as_i64().unwrap());
    told["ok"]["errors"].as_array().unwrap().iter().map(row).collect()
});

/// Codes of the device that the bytes of a document alone decide.
const IKKMS: [&str; 8] = ["-7", "-8", "-9", "-10", "-12", "-13", "-14", "-17"];

/// True where the answer says in the vendor's own words that the document is not on record, for good.
pub fn refuses(vendor: &str, given: &Given) -> bool {
    let body = members(&given.body);
    match vendor {
        "modulkassa" => {
            let own = body.get("status").is_some_and(|status| status.get() == given.status.to_string());
            let is_failed = scalar(&body, "status").is_some_and(|status| status.to_uppercase() == "FAILED");
            matches!(given.status, 400 | 409 | 422) && own && scalar(&body, "error").is_some()
                || (200..300).contains(&given.status) && is_failed
        }
        "atol" | "atol4" => {
            let error = object(&body, "error");
            let kind = scalar(&error, "type").filter(|kind| !kind.is_empty());
            let code = scalar(&error, "code").and_then(|code| code.parse().ok());
            // Without a type the code has to do.
            code.is_some_and(|code| match kind {
                Some(kind) => ATOLS.contains(&(kind, code)),
                None => ATOLS.iter().any(|(_, known)| *known == code),
            })
        }
        "ikassa" => {
            let code = scalar(&body, "code").unwrap_or_default();
            let object = code.strip_prefix("kernel.").and_then(|rest| rest.split('.').next());
            (400..500).contains(&given.status)
                && matches!(object, Some("document" | "request" | "validation"))
                && scalar(&body, "message").is_some()
                && scalar(&body, "uid").is_none()
        }
        _ => {
            let text = String::from_utf8_lossy(&given.body);
            let code =
                text.trim_start_matches('\u{feff}').trim().parse::<i64>().ok().map(|code| code.to_string());
            given.status == 400 && code.is_some_and(|code| IKKMS.contains(&code.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_confirms_and_what_refuses_is_told_apart() {
        let given = |status, body: Value| Given { status, reason: Vec::new(), body: body.to_string().into() };
        let done = json!({"uuid": "x", "status": "done",
            "payload": {"fiscal_document_number": 1, "fiscal_document_attribute": 2}});
        assert!(confirms("atol", &given(200, done.clone())) && !refuses("atol", &given(200, done)));
        let refused = json!({"error": {"type": "system", "code": 32}});
        assert!(refuses("atol", &given(400, refused.clone())) && !confirms("atol", &given(400, refused)));
        assert!(!refuses("atol", &given(400, json!({"error": {"type": "system", "code": 32_000}}))));
        assert!(confirms("ikkm", &given(200, json!(33_334_444))) && refuses("ikkm", &given(400, json!(-10))));
        assert!(
            confirms("ikassa", &given(200, json!({"uid": "A1"})))
                && !confirms("ikassa", &given(200, json!({})))
        );
        let completed = json!({"status": "completed", "fiscalInfo": {"fnDocNumber": 7}});
        assert!(
            confirms("modulkassa", &given(200, completed.clone()))
                && !confirms("modulkassa", &given(302, completed))
        );
    }
}
