//! The HTTP calls of Modulkassa (fact sheet 1.3 and 1.4).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{any, delete, get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::{self, NoPoint};
use super::errors::{JSON, Refusal};
use super::points::Point;
use super::state::{Status, StoredDocument};
use super::switches::{Duplicate, RegisterState, RequeueAnswer, Switches, UnknownDocument};
use super::worker::Retired;
use super::{Modulkassa, NAME, callback, dates, document};
use crate::answers::Answer;
use crate::faults::{CALLBACK_ROUTE, Call, SUBMIT_ROUTE, Stage};
use crate::server::SentPath;

const ASSOCIATE: &str = "associate";
const DISSOCIATE: &str = "dissociate";
const SERVICE_STATUS: &str = "service_status";
const STATUS: &str = "status";
const REQUEUE: &str = "requeue";
const RETAIL_POINT: &str = "retail_point";

/// The route words for fault rules.
pub const ROUTES: &[&str] = &[
    SUBMIT_ROUTE,
    STATUS,
    ASSOCIATE,
    DISSOCIATE,
    SERVICE_STATUS,
    REQUEUE,
    RETAIL_POINT,
];

type Shared = Arc<Modulkassa>;

/// The router of the vendor.
pub fn router(modulkassa: Shared) -> Router {
    let submit = || post(submit_document);
    Router::new()
        .route(
            "/api/fn/v1/associate/{point}",
            post(associate).delete(dissociate_point),
        )
        .route("/api/fn/v1/associate", delete(dissociate))
        .route("/api/fn/v1/status", get(service_status))
        .route("/api/fn/v1/doc", submit())
        .route("/api/fn/v2/doc", submit())
        .route("/api/fn/v1/doc/{id}/status", get(document_status))
        .route("/api/fn/v1/doc/{id}/re-queue", put(requeue_document))
        .route("/api/v1/retail-point/{point}", get(retail_point))
        .route("/api/v1/retail-points", get(retail_points))
        .method_not_allowed_fallback(wrong_method)
        .route("/api/fn/{*unknown}", any(unknown_route))
        .with_state(modulkassa)
}

/// What every call starts from.
struct Asked {
    modulkassa: Shared,
    switches: Arc<Switches>,
    refusal: Refusal,
    who: Option<accounts::Basic>,
}

impl Asked {
    fn new(modulkassa: Shared, path: SentPath, headers: &HeaderMap) -> Self {
        let switches = modulkassa.switches();
        let refusal = Refusal {
            bodies: switches.error_bodies,
            path: path.0,
            now: modulkassa.frame().clock.now(),
        };
        let who = accounts::basic(headers);
        Self {
            modulkassa,
            switches,
            refusal,
            who,
        }
    }

    fn point(&self) -> Option<Arc<Point>> {
        self.modulkassa
            .accounts
            .read()
            .associated(self.who.as_ref())
    }

    fn unauthorized(&self) -> Answer {
        self.refusal
            .says(StatusCode::UNAUTHORIZED, "Bad credentials")
    }

    fn no_point(&self, reason: NoPoint) -> Answer {
        match reason {
            NoPoint::Unauthorized => self.unauthorized(),
            NoPoint::NotFound => self
                .refusal
                .says(StatusCode::NOT_FOUND, "Retail point not found"),
            NoPoint::Forbidden => self.refusal.says(StatusCode::FORBIDDEN, "Access is denied"),
        }
    }

    fn no_document(&self) -> Answer {
        let status = match self.switches.unknown_document {
            UnknownDocument::NotFound => StatusCode::NOT_FOUND,
            UnknownDocument::BadRequest => StatusCode::BAD_REQUEST,
        };
        self.refusal.says(status, "Document not found")
    }

    fn bad_request(&self, message: &str) -> Answer {
        self.refusal.says(StatusCode::BAD_REQUEST, message)
    }

    fn told(&self, document: &StoredDocument, state: RegisterState) -> Answer {
        match serde_json::to_vec(&document.told(&self.switches, state)) {
            Ok(body) => Answer::new(StatusCode::OK, JSON, body),
            Err(error) => self
                .refusal
                .says(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    async fn serve(
        &self,
        route: &str,
        keys: Vec<String>,
        work: impl Future<Output = Answer>,
    ) -> Answer {
        let call = Call {
            vendor: NAME,
            route,
            keys,
        };
        let scripted = |status| self.refusal.scripted(status);
        self.modulkassa.frame().serve(call, scripted, work).await
    }

    /// Id and number of a document that a call is about.
    fn keys(&self, id: &str) -> Vec<String> {
        let mut keys = vec![id.to_owned()];
        if let Some(point) = self.point() {
            let queue = point.queue.lock();
            let document = queue.find(id).and_then(|index| queue.get(index));
            keys.extend(document.map(|document| document.receipt.doc_num.clone()));
        }
        keys
    }
}

fn shown(body: &Value) -> Answer {
    Answer::new(StatusCode::OK, JSON, body.to_string())
}

#[derive(Deserialize)]
struct Application {
    #[serde(rename = "clientId")]
    client_id: Option<String>,
}

async fn associate(
    State(modulkassa): State<Shared>,
    Extension(path): Extension<SentPath>,
    Path(id): Path<String>,
    Query(application): Query<Application>,
    headers: HeaderMap,
) -> Answer {
    let asked = Asked::new(modulkassa, path, &headers);
    let work = async {
        let mut accounts = asked.modulkassa.accounts.write();
        let point = match accounts.point_of(asked.who.as_ref(), &id) {
            Ok(point) => point,
            Err(reason) => return asked.no_point(reason),
        };
        let client_id = application.client_id.filter(|id| !id.is_empty());
        let association = accounts.associate(point.id, client_id);
        shown(&json!({
            "userName": association.user_name,
            "password": association.password,
            "name": point.data.name,
            "address": point.data.address,
        }))
    };
    asked.serve(ASSOCIATE, vec![id.clone()], work).await
}

async fn dissociate(
    State(modulkassa): State<Shared>,
    Extension(path): Extension<SentPath>,
    headers: HeaderMap,
) -> Answer {
    remove_association(Asked::new(modulkassa, path, &headers), None).await
}

async fn dissociate_point(
    State(modulkassa): State<Shared>,
    Extension(path): Extension<SentPath>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    remove_association(Asked::new(modulkassa, path, &headers), Some(id)).await
}

async fn remove_association(asked: Asked, id: Option<String>) -> Answer {
    let work = async {
        let mut accounts = asked.modulkassa.accounts.write();
        let (Some(point), Some(who)) = (accounts.associated(asked.who.as_ref()), &asked.who) else {
            return asked.unauthorized();
        };
        if id
            .as_ref()
            .is_some_and(|id| !id.eq_ignore_ascii_case(&point.id.to_string()))
        {
            return asked.no_point(NoPoint::Forbidden);
        }
        accounts.dissociate(&who.login);
        Answer::empty(StatusCode::OK)
    };
    asked
        .serve(DISSOCIATE, id.clone().into_iter().collect(), work)
        .await
}

async fn service_status(
    State(modulkassa): State<Shared>,
    Extension(path): Extension<SentPath>,
    headers: HeaderMap,
) -> Answer {
    let asked = Asked::new(modulkassa, path, &headers);
    let work = async {
        let Some(point) = asked.point() else {
            return asked.unauthorized();
        };
        let state = point.register_state(&asked.switches);
        let mut status = json!({ "status": state.word() });
        if state != RegisterState::Associated {
            let polled = asked.modulkassa.register_time(&asked.switches);
            status["dateTime"] = Value::String(dates::with_offset(polled));
        }
        shown(&status)
    };
    asked.serve(SERVICE_STATUS, Vec::new(), work).await
}

async fn submit_document(
    State(modulkassa): State<Shared>,
    Extension(path): Extension<SentPath>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let asked = Asked::new(modulkassa, path, &headers);
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
        let call = Call {
            vendor: NAME,
            route: CALLBACK_ROUTE,
            keys,
        };
        let early = receipt.response_url.is_some()
            && !frame.faults.take(&call, Stage::EarlyDelivery).is_empty();
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

/// Modulkassa fact sheet 6.1 item 19.
fn duplicate(asked: &Asked, document: &StoredDocument, state: RegisterState) -> Answer {
    let message = "Document with this id already exists";
    match asked.switches.duplicate {
        Duplicate::Status => asked.told(document, state),
        Duplicate::Conflict => asked.refusal.says(StatusCode::CONFLICT, message),
        Duplicate::BadRequest => asked.bad_request(message),
    }
}

async fn document_status(
    State(modulkassa): State<Shared>,
    Extension(path): Extension<SentPath>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let asked = Asked::new(modulkassa, path, &headers);
    let work = async {
        let Some(point) = asked.point() else {
            return asked.unauthorized();
        };
        let state = point.register_state(&asked.switches);
        let queue = point.queue.lock();
        let document = queue.find(&id).and_then(|index| queue.get(index));
        document.map_or_else(
            || asked.no_document(),
            |document| asked.told(document, state),
        )
    };
    asked.serve(STATUS, asked.keys(&id), work).await
}

/// Modulkassa fact sheet 6.1 item 26.
async fn requeue_document(
    State(modulkassa): State<Shared>,
    Extension(path): Extension<SentPath>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let asked = Asked::new(modulkassa, path, &headers);
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
        document.map_or_else(
            || asked.no_document(),
            |document| asked.told(document, state),
        )
    };
    asked.serve(REQUEUE, asked.keys(&id), work).await
}

async fn retail_point(
    State(modulkassa): State<Shared>,
    Extension(path): Extension<SentPath>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let asked = Asked::new(modulkassa, path, &headers);
    let work = async {
        match asked
            .modulkassa
            .accounts
            .read()
            .point_of(asked.who.as_ref(), &id)
        {
            Ok(point) => shown(&point.told()),
            Err(reason) => asked.no_point(reason),
        }
    };
    asked.serve(RETAIL_POINT, vec![id.clone()], work).await
}

async fn retail_points(
    State(modulkassa): State<Shared>,
    Extension(path): Extension<SentPath>,
    headers: HeaderMap,
) -> Answer {
    let asked = Asked::new(modulkassa, path, &headers);
    let work = async {
        match asked
            .modulkassa
            .accounts
            .read()
            .points_of(asked.who.as_ref())
        {
            Some(points) => shown(&points.iter().map(|point| point.told()).collect()),
            None => asked.unauthorized(),
        }
    };
    asked.serve(RETAIL_POINT, Vec::new(), work).await
}

async fn unknown_route(
    State(modulkassa): State<Shared>,
    Extension(path): Extension<SentPath>,
) -> Answer {
    let asked = Asked::new(modulkassa, path, &HeaderMap::new());
    asked.refusal.says(StatusCode::NOT_FOUND, "No such path")
}

async fn wrong_method() -> (StatusCode, Json<Value>) {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    (
        status,
        Json(json!({ "status": status.as_u16(), "error": status.canonical_reason() })),
    )
}
