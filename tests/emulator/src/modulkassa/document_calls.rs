//! The calls about documents: submit, status, re-queue (protocol/modulkassa.md 1.3 items E4 to E6).

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;

use super::asked::Asked;
use super::state::{Status, StoredDocument};
use super::switches::{Duplicate, RegisterState, RequeueAnswer};
use super::worker::Retired;
use super::{NAME, callback, document};
use crate::answers::Answer;
use crate::faults::{CALLBACK_ROUTE, Call, SUBMIT_ROUTE, Stage};

/// The route word of the call that asks for a document's status.
pub const STATUS: &str = "status";
/// The route word of the call that puts a failed document back into the queue.
pub const REQUEUE: &str = "requeue";

/// E4: a document comes (protocol/modulkassa.md 6.1 item 11).
pub async fn submit_document(asked: Asked, body: Bytes) -> Answer {
    let text = String::from_utf8_lossy(&body);
    let keys = document::keys(&text);
    asked.serve(SUBMIT_ROUTE, keys, accept(&asked, &text)).await
}

async fn accept(asked: &Asked, body: &str) -> Answer {
    let Some(point) = asked.point() else {
        return asked.unauthorized();
    };
    let receipt = match document::read(body, &asked.switches) {
        Ok(receipt) => receipt,
        Err(violations) => return asked.bad_request(&violations.join("; ")),
    };
    let frame = asked.modulkassa.frame();
    let state = point.register_state(&asked.switches);
    let keys = vec![receipt.id.clone(), receipt.doc_num.clone()];
    let (answer, early, due) = {
        let mut queue = point.queue.lock();
        if let Some(document) = queue.find(&receipt.id).and_then(|index| queue.get(index)) {
            return duplicate(asked, document, state);
        }
        let call = Call { vendor: NAME, route: CALLBACK_ROUTE, keys };
        let early =
            receipt.response_url.is_some() && !frame.faults.take(&call, Stage::EarlyDelivery).is_empty();
        let stored = StoredDocument::queued(receipt, frame.clock.now());
        let as_queued = asked.told(&stored, state);
        let index = match queue.accept(stored) {
            Ok(index) => index,
            Err(Retired) => return Answer::dropped(),
        };
        let mut due = Vec::new();
        if early || asked.switches.instant {
            due = queue.rush(index, &point, frame, &asked.switches);
        }
        let now = queue.get(index).filter(|_| asked.switches.instant);
        let answer = now.map_or(as_queued, |document| asked.told(document, state));
        (answer, early.then_some(index), due)
    };
    point.wake.notify_one();
    for index in due {
        let delivery = callback::deliver(asked.modulkassa.clone(), point.clone(), index);
        if early == Some(index) {
            delivery.await;
        } else {
            frame.runtime.spawn(delivery);
        }
    }
    answer
}

/// protocol/modulkassa.md 6.1 item 19.
fn duplicate(asked: &Asked, document: &StoredDocument, state: RegisterState) -> Answer {
    let message = "Document with this id already exists";
    match asked.switches.duplicate {
        Duplicate::Status => asked.told(document, state),
        Duplicate::Conflict => asked.refusal.says(StatusCode::CONFLICT, message),
        Duplicate::BadRequest => asked.bad_request(message),
    }
}

/// E5: the status of a document (protocol/modulkassa.md 1.3 item E5).
pub async fn document_status(asked: Asked, Path(id): Path<String>) -> Answer {
    let work = async {
        let Some(point) = asked.point() else {
            return asked.unauthorized();
        };
        let state = point.register_state(&asked.switches);
        let queue = point.queue.lock();
        let document = queue.find(&id).and_then(|index| queue.get(index));
        document.map_or_else(|| asked.no_document(), |document| asked.told(document, state))
    };
    asked.serve(STATUS, asked.keys(&id), work).await
}

/// E6: a failed document goes back into the queue (protocol/modulkassa.md 6.1 item 26).
pub async fn requeue_document(asked: Asked, Path(id): Path<String>) -> Answer {
    let work = async {
        let Some(point) = asked.point() else {
            return asked.unauthorized();
        };
        let status = match asked.switches.requeue_answer {
            RequeueAnswer::Requeued => Status::Requeued,
            RequeueAnswer::Queued => Status::Queued,
        };
        let state = point.register_state(&asked.switches);
        let mut queue = point.queue.lock();
        let Some(index) = queue.find(&id) else {
            return asked.no_document();
        };
        if !queue.requeue(index, status, asked.modulkassa.frame()) {
            return asked.bad_request("Only a failed document can be re-queued");
        }
        point.wake.notify_one();
        let document = queue.get(index);
        document.map_or_else(|| asked.no_document(), |document| asked.told(document, state))
    };
    asked.serve(REQUEUE, asked.keys(&id), work).await
}
