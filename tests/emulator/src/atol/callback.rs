//! Bringing the result to the shop's `callback_url` (ATOL fact sheet 2.11; 4.1 item 32).

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use tokio::sync::Semaphore;

use super::errors::JSON;
use super::group::Group;
use super::switches::Switches;
use super::{Atol, NAME};
use crate::faults::{CALLBACK_ROUTE, Call, Stage};
use crate::outgoing::Outgoing;

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
    let twice = !atol.frame.faults.take(&call, Stage::Delivery).is_empty();
    let mut backoff = Duration::from_millis(switches.callback_backoff_ms);
    for attempt in 0..=switches.callback_retries {
        if attempt > 0 {
            tokio::time::sleep(backoff).await;
            backoff = backoff.saturating_mul(2);
        }
        let problem = attempt_once(&atol, &delivery, &call, &switches).await.err();
        let delivered = problem.is_none();
        note(&group, index, problem);
        if twice && attempt == 0 {
            let problem = attempt_once(&atol, &delivery, &call, &switches).await.err();
            note(&group, index, problem);
        }
        if delivered {
            return;
        }
    }
}

async fn attempt_once(
    atol: &Atol,
    delivery: &Outgoing,
    call: &Call<'_>,
    switches: &Switches,
) -> Result<(), String> {
    for fault in atol.frame.faults.take(call, Stage::BeforeRecord) {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms.unwrap_or_default())).await;
        if fault.action == crate::faults::Action::Drop {
            return Err("lost by a scripted fault".to_owned());
        }
    }
    let _place = atol.deliveries.acquire().await;
    let limit = Duration::from_millis(switches.callback_timeout_ms);
    match tokio::time::timeout(limit, delivery.send(switches.allow_foreign_callbacks)).await {
        Ok(Ok(status)) if status.is_success() => Ok(()),
        Ok(Ok(status)) => Err(format!("the shop answered {status}")),
        Ok(Err(problem)) => Err(problem),
        Err(_) => Err("the shop did not answer in time".to_owned()),
    }
}

fn note(group: &Group, index: usize, problem: Option<String>) {
    if let Some(document) = group.desk.lock().get_mut(index) {
        document.callback_attempts += 1;
        document.callback_problem = problem;
    }
}

fn prepare(group: &Group, index: usize, switches: &Switches) -> Option<(Outgoing, Vec<String>)> {
    let desk = group.desk.lock();
    let document = desk.get(index)?;
    let url = document.callback_url.clone()?;
    let body = serde_json::to_string(&document.report(&group.code, switches)?).ok()?;
    let keys = vec![document.external_id.clone(), document.uuid.to_string()];
    Some((Outgoing { method: Method::POST, url, content_type: JSON, body }, keys))
}
