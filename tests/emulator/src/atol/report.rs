//! The call that tells how a document is (protocol/atol.md 2.11, 4.1 items 27 to 31).

use axum::extract::Path;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::asked::Asked;
use super::calls::{REPORT, not_found};
use super::errors::{BAD_REQUEST, FOREIGN_GROUP, MISSING_UUID, OTHER_PROTOCOL, ServiceError, shown};
use super::group::Group;
use super::operations::Protocol;
use super::receipt::money;
use super::tokens::Service;
use crate::answers::Answer;

/// Invented: no source has the answer to too many reports (protocol/atol.md 2.11).
const TOO_MANY_REQUESTS: ServiceError = ServiceError { http: 429, ..BAD_REQUEST };

/// `GET {group}/report/{uuid}`.
pub async fn report(asked: Asked, Path((version, code, uuid)): Path<(String, String, String)>) -> Answer {
    let Some(protocol) = Protocol::named(&version) else {
        return not_found(&asked);
    };
    let keys = keys(&asked, &code, &uuid);
    let work = async {
        match told(&asked, protocol, &code, &uuid, keys.clone()) {
            Ok(answer) | Err(answer) => answer,
        }
    };
    asked.serve(REPORT, keys.clone(), work).await
}

/// The uuid and the shop's id of the document, for fault rules.
fn keys(asked: &Asked, code: &str, uuid: &str) -> Vec<String> {
    let mut keys = vec![uuid.to_owned()];
    if let (Some(group), Ok(uuid)) = (asked.atol.accounts.read().group(code), Uuid::parse_str(uuid)) {
        keys.extend(group.desk.lock().found(&uuid).map(|document| document.external_id.clone()));
    }
    keys
}

fn told(
    asked: &Asked,
    protocol: Protocol,
    code: &str,
    uuid: &str,
    keys: Vec<String>,
) -> Result<Answer, Answer> {
    let login = asked.login(Service::Registration, REPORT, keys)?;
    let group = asked.group(&login, code).ok_or_else(|| asked.refused(&FOREIGN_GROUP))?;
    if group.protocol != protocol {
        return Err(asked.refused(&OTHER_PROTOCOL));
    }
    let mut desk = group.desk.lock();
    if asked.switches.report_rate_limit && protocol == Protocol::V4 && !desk.may_report(asked.now) {
        return Err(asked.refused(&TOO_MANY_REQUESTS));
    }
    let days = match protocol {
        Protocol::V4 => asked.switches.v4_retention_days,
        Protocol::V5 => asked.switches.v5_retention_days,
    };
    let document = Uuid::parse_str(uuid).ok().and_then(|uuid| desk.found(&uuid));
    let document = document.filter(|document| asked.now - document.accepted < Duration::days(days));
    let document = document.ok_or_else(|| asked.refused(&MISSING_UUID))?;
    Ok(match document.report(code, &asked.switches) {
        Some(report) => shown(&report),
        None => shown(&document.waiting(&asked.switches, &asked.refusal)),
    })
}

/// The documents of a group for the control API.
pub fn listed(group: &Group) -> Vec<Value> {
    let desk = group.desk.lock();
    let told = desk.documents().iter().map(|document| {
        let outcome = document.outcome.as_ref();
        let failure = outcome.and_then(|outcome| outcome.result.as_ref().err());
        json!({
            "group_code": group.code,
            "uuid": document.uuid,
            "external_id": document.external_id,
            "operation": document.operation.word,
            "status": document.status(),
            "total": money(document.receipt.total),
            "error": failure.map(|f| json!({ "type": f.kind, "code": f.code, "text": f.text })),
            "device_code": outcome.map(|outcome| &outcome.device_code),
            "callback_attempts": document.callback_attempts,
            "callback_problem": document.callback_problem,
        })
    });
    told.collect()
}
