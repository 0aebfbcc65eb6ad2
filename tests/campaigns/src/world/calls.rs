//! The kinds of call of each vendor, by method and path: the document first, then what is asked.

use crate::relay::Call;

/// The call that brings a receipt.
pub const DOCUMENT: &str = "document";
/// What became of it, or how the cash register stands.
pub const QUESTION: &str = "question";
/// A log-in.
pub const TOKEN: &str = "token";
/// A failed document goes back into the queue (Modulkassa).
pub const REQUEUE: &str = "requeue";

/// The kinds of call of a vendor.
pub fn of(vendor: &str) -> Vec<Call> {
    let call = |name, is| Call { name, is };
    match vendor {
        "modulkassa" => vec![
            call(DOCUMENT, |line| line.starts_with("POST ") && line.ends_with("/doc")),
            call(QUESTION, |line| line.starts_with("GET ") && line.contains("/doc/")),
            call(REQUEUE, |line| line.starts_with("PUT ") && line.ends_with("/re-queue")),
        ],
        "atol" => vec![
            call(DOCUMENT, |line| line.starts_with("POST ") && line.ends_with("/sell")),
            call(QUESTION, |line| line.contains("/report/")),
            call(TOKEN, |line| line.contains("/getToken")),
        ],
        "ikassa" => vec![
            call(DOCUMENT, |line| line.contains("workstations.doc.sale")),
            call(QUESTION, |line| line.ends_with("workstations.shift")),
            call(TOKEN, |line| line.contains("/token")),
        ],
        _ => {
            vec![call(DOCUMENT, |line| line == "POST /api"), call(QUESTION, |line| line.starts_with("GET "))]
        }
    }
}
