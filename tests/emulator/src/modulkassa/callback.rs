//! Bringing the result to the shop's `responseURL` (protocol/modulkassa.md 3.5, 6.1 item 27).

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::points::Point;
use super::state::{Status, StoredDocument};
use super::switches::{CallbackForm, Switches};
use super::{Modulkassa, NAME, errors};
use crate::faults::{CALLBACK_ROUTE, Call, Stage};
use crate::outgoing::Outgoing;

const SUCCESS: &str = "SUCCESS";
/// No source names the word for a failure (protocol/modulkassa.md 7 item 4); any word but SUCCESS
/// will do.
const FAILURE: &str = "FAILED";
const URL_FIELD: &str = "responseURL";
const AT_ONCE: usize = 64;
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How many deliveries of a vendor run at the same time.
pub fn gate() -> tokio::sync::Semaphore {
    tokio::sync::Semaphore::new(AT_ONCE)
}

/// Delivers the result of a document, with retries, until the shop answers 200.
pub async fn deliver(modulkassa: Arc<Modulkassa>, point: Arc<Point>, index: usize) {
    let switches = modulkassa.switches();
    let Some((delivery, keys)) = prepare(&point, index, &switches) else {
        return;
    };
    let call = Call { vendor: NAME, route: CALLBACK_ROUTE, keys };
    let twice = !modulkassa.frame().faults.take(&call, Stage::Delivery).is_empty();
    let mut backoff = Duration::from_millis(switches.callback_backoff_ms);
    for attempt in 0..=switches.callback_retries {
        if attempt > 0 {
            tokio::time::sleep(backoff).await;
            backoff = backoff.saturating_mul(2);
        }
        let outcome = attempt_once(&modulkassa, &delivery, &switches).await;
        let delivered = outcome.is_ok();
        if !note(&modulkassa, &point, index, outcome) {
            return;
        }
        if twice && attempt == 0 {
            let again = attempt_once(&modulkassa, &delivery, &switches).await;
            if !note(&modulkassa, &point, index, again) {
                return;
            }
        }
        if delivered {
            return;
        }
    }
}

async fn attempt_once(
    modulkassa: &Modulkassa,
    delivery: &Outgoing,
    switches: &Switches,
) -> Result<(), String> {
    let _place = modulkassa.deliveries().acquire().await;
    let limit = Duration::from_millis(switches.callback_timeout_ms);
    let sending = delivery.send(switches.allow_foreign_callbacks);
    match tokio::time::timeout(limit, sending).await {
        Ok(Ok(StatusCode::OK)) => Ok(()),
        Ok(Ok(status)) => Err(format!("the shop answered {status}")),
        Ok(Err(problem)) => Err(problem),
        Err(_) => Err("the shop did not answer in time".to_owned()),
    }
}

/// Writes down how a delivery went; false when the document is gone.
fn note(modulkassa: &Modulkassa, point: &Point, index: usize, outcome: Result<(), String>) -> bool {
    let now = modulkassa.frame().clock.now();
    let mut queue = point.queue.lock();
    let Some(document) = queue.get_mut(index) else {
        return false;
    };
    document.callback_attempts += 1;
    match outcome {
        Ok(()) => {
            document.callback_problem = None;
            if matches!(document.status, Status::Printed | Status::WaitForCallback) {
                document.delivered = true;
                document.turn(Status::Completed, now);
            }
        }
        Err(problem) => {
            document.callback_problem = Some(problem);
            if document.status == Status::Printed {
                document.turn(Status::WaitForCallback, now);
            }
        }
    }
    true
}

fn prepare(point: &Point, index: usize, switches: &Switches) -> Option<(Outgoing, Vec<String>)> {
    let queue = point.queue.lock();
    let document = queue.get(index)?;
    let keys = vec![document.receipt.id.clone(), document.receipt.doc_num.clone()];
    let url = document.receipt.response_url.clone()?;
    if switches.callback_form == CallbackForm::PostJson {
        let told = document.told(switches, point.register_state(switches));
        let body = serde_json::to_string(&told).ok()?;
        return Some((
            Outgoing { name: URL_FIELD, method: Method::POST, url, content_type: errors::JSON, body },
            keys,
        ));
    }
    let url = with_query(&url, &query(document, switches.callback_form));
    Some((
        Outgoing {
            name: URL_FIELD,
            method: Method::GET,
            url,
            content_type: errors::JSON,
            body: String::new(),
        },
        keys,
    ))
}

fn query(document: &StoredDocument, form: CallbackForm) -> String {
    let Some(fiscal) = &document.fiscal else {
        return format!("status={FAILURE}");
    };
    let qr = escaped(&fiscal.qr);
    match form {
        CallbackForm::GetDoubleEncoded => format!("status={SUCCESS}&qr={}", escaped(&qr)),
        CallbackForm::GetWithoutStatus => format!("qr={qr}"),
        CallbackForm::Get | CallbackForm::PostJson => format!("status={SUCCESS}&qr={qr}"),
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// Adds parameters to a URL; what is there, a fragment included, stays.
fn with_query(url: &str, parameters: &str) -> String {
    let (before, fragment) = match url.split_once('#') {
        Some((before, fragment)) => (before, format!("#{fragment}")),
        None => (url, String::new()),
    };
    let joint = match before.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{before}{joint}{parameters}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn parameters_join_a_url_and_the_fragment_stays_last() {
        let cases = [
            ("http://h/p", "http://h/p?a=1"),
            ("http://h/p?x=2", "http://h/p?x=2&a=1"),
            ("http://h/p?", "http://h/p?a=1"),
            ("http://h/p?x=2&", "http://h/p?x=2&a=1"),
            ("http://h/p?x=2#top", "http://h/p?x=2&a=1#top"),
            ("http://h/p#top?no", "http://h/p?a=1#top?no"),
        ];
        for (url, expected) in cases {
            assert_eq!(with_query(url, "a=1"), expected);
        }
    }
}
