//! The call that brings a document (protocol/atol.md 2.4, 2.10, 4.1 items 10 to 18).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::Path;
use serde::Serialize;
use uuid::Uuid;

use super::asked::Asked;
use super::calls::not_found;
use super::checker::Checker;
use super::document::Stored;
use super::errors::{
    DUPLICATE, FOREIGN_GROUP, INVALID_RECEIPT, NOT_PROCESSED, OTHER_PROTOCOL, SERVER_ERROR, ServiceError,
    UNKNOWN_OPERATION, WAIT, WRONG_MEDIA_TYPE, shown,
};
use super::group::{Desk, Group, Retired};
use super::operations::{Operation, Protocol};
use super::order::Step;
use super::reading::Raw;
use super::switches::{DuplicateHttp, Switches};
use super::tokens::Service;
use super::{NAME, callback, patterns, reading, receipt, rules};
use crate::answers::Answer;
use crate::faults::{CALLBACK_ROUTE, Call, SUBMIT_ROUTE, Stage};

#[derive(Debug, Serialize)]
struct Accepted<'a> {
    uuid: Uuid,
    status: &'static str,
    error: Option<()>,
    timestamp: &'a str,
}

/// `POST {group}/{operation}`.
pub async fn submit(
    asked: Asked,
    Path((version, group, operation)): Path<(String, String, String)>,
    body: Bytes,
) -> Answer {
    let Some(protocol) = Protocol::named(&version) else {
        return not_found(&asked);
    };
    let body = reading::body(&body);
    let external_id = body.and_then(|body| reading::text_at(body, &["external_id"])).unwrap_or_default();
    let came = Came {
        protocol,
        group_code: &group,
        operation: Operation::named(&operation, protocol),
        body,
        external_id: &external_id,
    };
    asked.serve(SUBMIT_ROUTE, vec![external_id.clone()], accept(&asked, &came)).await
}

struct Came<'a> {
    protocol: Protocol,
    group_code: &'a str,
    operation: Option<&'static Operation>,
    body: Option<Raw<'a>>,
    external_id: &'a str,
}

async fn accept(asked: &Asked, came: &Came<'_>) -> Answer {
    let group = match check(asked, came) {
        Ok(group) => group,
        Err(answer) => return answer,
    };
    let (Some(body), Some(operation)) = (came.body, came.operation) else {
        return asked.refused(&SERVER_ERROR);
    };
    let Some(receipt) = receipt::read(body, operation, came.protocol) else {
        return asked.refused(&NOT_PROCESSED);
    };
    let url = reading::text_at(body, &["service", "callback_url"]).filter(|url| !url.is_empty());
    let frame = &asked.atol.frame;
    let (uuid, early, due) = {
        let mut desk = group.desk.lock();
        // Under the lock, so that nobody else accepts the same id.
        if let Some(answer) = duplicate(asked, &desk, came) {
            return answer;
        }
        let uuid = desk.new_id();
        let stored = Stored {
            uuid,
            external_id: came.external_id.to_owned(),
            operation,
            receipt: Arc::new(receipt),
            bad_callback: url.as_deref().is_some_and(|url| !patterns::callback_url(url)),
            callback_url: url,
            accepted: asked.now,
            outcome: None,
            callback_attempts: 0,
            callback_problem: None,
        };
        let has_url = stored.callback_url.is_some();
        let index = match desk.accept(stored) {
            Ok(index) => index,
            Err(Retired) => return Answer::dropped(),
        };
        let call = Call { vendor: NAME, route: CALLBACK_ROUTE, keys: vec![came.external_id.to_owned()] };
        let early = has_url && !frame.faults.take(&call, Stage::EarlyDelivery).is_empty();
        let due = if early { desk.rush(index, &group, frame, &asked.switches) } else { Vec::new() };
        (uuid, early.then_some(index), due)
    };
    group.wake.notify_one();
    for index in due {
        let delivery = callback::deliver(asked.atol.clone(), group.clone(), index);
        if early == Some(index) {
            delivery.await;
        } else {
            frame.runtime.spawn(delivery);
        }
    }
    shown(&Accepted { uuid, status: WAIT, error: None, timestamp: &asked.refusal.timestamp })
}

/// The group, if every check passes, in the order of the switch.
fn check(asked: &Asked, came: &Came<'_>) -> Result<Arc<Group>, Answer> {
    let (mut login, mut group) = (None, None);
    let named = || asked.atol.accounts.read().group(came.group_code).cloned();
    for step in asked.switches.check_order.steps() {
        match step {
            Step::ContentType if !asked.is_json => return Err(asked.refused(&WRONG_MEDIA_TYPE)),
            Step::Json if came.body.is_none() => return Err(asked.bad_json()),
            Step::Token => {
                let keys = vec![came.external_id.to_owned()];
                login = Some(asked.login(Service::Registration, SUBMIT_ROUTE, keys)?);
            }
            Step::Group => {
                let found = match &login {
                    Some(login) => asked.group(login, came.group_code),
                    None => named(),
                };
                let found = found.ok_or_else(|| asked.refused(&FOREIGN_GROUP))?;
                if found.protocol != came.protocol {
                    return Err(asked.refused(&OTHER_PROTOCOL));
                }
                group = Some(found);
            }
            Step::Operation if came.operation.is_none() => return Err(asked.refused(&UNKNOWN_OPERATION)),
            Step::Validation => {
                if let (Some(body), Some(operation)) = (came.body, came.operation) {
                    let checker = Checker::new(&asked.switches);
                    if let Some(violations) = rules::violations(checker, body, operation, came.protocol) {
                        return Err(asked.refusal.about(&INVALID_RECEIPT, &violations));
                    }
                }
            }
            Step::Duplicate => {
                let of_group = group.clone().or_else(named);
                let known = of_group.and_then(|group| duplicate(asked, &group.desk.lock(), came));
                if let Some(answer) = known {
                    return Err(answer);
                }
            }
            Step::ContentType | Step::Json | Step::Operation => {}
        }
    }
    // The group may have been found before the user was known.
    let of_user = login.and_then(|login| asked.group(&login, came.group_code));
    of_user.ok_or_else(|| asked.refused(&FOREIGN_GROUP))
}

/// Error 33 with the first uuid (protocol/atol.md 2.12, 4.1 item 17).
fn duplicate(asked: &Asked, desk: &Desk, came: &Came<'_>) -> Option<Answer> {
    let known = desk.known(came.external_id).filter(|known| is_taken(known, &asked.switches))?;
    let text = format!(
        "В системе существует чек с external_id : \"{}\" и group_code: \"{}\"",
        came.external_id, came.group_code
    );
    let http = match asked.switches.duplicate_http {
        DuplicateHttp::BadRequest => DUPLICATE.http,
        DuplicateHttp::Ok => 200,
    };
    Some(asked.refusal.of_document(&ServiceError { http, ..DUPLICATE }, text, known.uuid))
}

fn is_taken(known: &Stored, switches: &Switches) -> bool {
    !(switches.reuse_after_fail && known.failed())
}
