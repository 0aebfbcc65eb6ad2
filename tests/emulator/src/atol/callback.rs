//! Bringing the result to the shop's `callback_url` (protocol/atol.md 2.11, 4.1 item 32).

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use tokio::sync::Semaphore;

use super::errors::JSON;
use super::group::Group;
use super::switches::Switches;
use super::{Atol, NAME};
use crate::faults::{Action, CALLBACK_ROUTE, Call, Stage};
use crate::outgoing::Outgoing;

const URL_FIELD: &str = "callback_url";
const AT_ONCE: usize = 64;

/// How many deliveries run at the same time.
pub fn gate() -> Semaphore {
    Semaphore::new(AT_ONCE)
}

/// Delivers the report of a finished document, if the shop wants it.
pub async fn deliver(atol: Arc<Atol>, group: Arc<Group>, index: usize) {
    let switches = atol.switches();
    let Some((delivery, keys)) = prepare(&group, index, &switches) else {
        return;
    };
    let call = Call { vendor: NAME, route: CALLBACK_ROUTE, keys };
    let mut backoff = Duration::from_millis(switches.callback_backoff_ms);
    for attempt in 0..=switches.callback_retries {
        if attempt > 0 {
            tokio::time::sleep(backoff).await;
            backoff = backoff.saturating_mul(2);
        }
        let faults = atol.frame.faults.take(&call, Stage::Delivery);
        let delay_ms = faults.iter().filter_map(|fault| fault.delay_ms).sum();
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        let strikes = |action| faults.iter().any(|fault| fault.action == action);
        let outcome = if strikes(Action::Drop) {
            Err("lost by a scripted fault".to_owned())
        } else {
            attempt_once(&atol, &delivery, &switches).await
        };
        let delivered = outcome.is_ok();
        note(&group, index, outcome);
        if strikes(Action::Twice) {
            note(&group, index, attempt_once(&atol, &delivery, &switches).await);
        }
        if delivered {
            return;
        }
    }
}

async fn attempt_once(atol: &Atol, delivery: &Outgoing, switches: &Switches) -> Result<(), String> {
    let _place = atol.deliveries.acquire().await;
    let limit = Duration::from_millis(switches.callback_timeout_ms);
    match tokio::time::timeout(limit, delivery.send(switches.allow_foreign_callbacks)).await {
        Ok(Ok(status)) if status.is_success() => Ok(()),
        Ok(Ok(status)) => Err(format!("the shop answered {status}")),
        Ok(Err(problem)) => Err(problem),
        Err(_) => Err("the shop did not answer in time".to_owned()),
    }
}

fn note(group: &Group, index: usize, outcome: Result<(), String>) {
    if let Some(document) = group.desk.lock().get_mut(index) {
        document.callback_attempts += 1;
        document.callback_problem = outcome.err();
    }
}

fn prepare(group: &Group, index: usize, switches: &Switches) -> Option<(Outgoing, Vec<String>)> {
    let desk = group.desk.lock();
    let document = desk.get(index)?;
    let url = document.callback_url.clone()?;
    let body = serde_json::to_string(&document.report(&group.code, switches)?).ok()?;
    let keys = vec![document.external_id.clone(), document.uuid.to_string()];
    Some((Outgoing { name: URL_FIELD, method: Method::POST, url, content_type: JSON, body }, keys))
}
