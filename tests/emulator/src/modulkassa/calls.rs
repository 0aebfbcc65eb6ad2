//! The HTTP calls of Modulkassa (protocol/modulkassa.md 1.3, 1.4).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::routing::{any, delete, get, post, put};
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::NoPoint;
use super::asked::{Asked, shown};
use super::document_calls::{REQUEUE, STATUS, document_status, requeue_document, submit_document};
use super::switches::RegisterState;
use super::{Modulkassa, dates};
use crate::answers::Answer;
use crate::faults::SUBMIT_ROUTE;

const ASSOCIATE: &str = "associate";
const DISSOCIATE: &str = "dissociate";
const SERVICE_STATUS: &str = "service_status";
const RETAIL_POINT: &str = "retail_point";

/// The route words for fault rules.
pub const ROUTES: &[&str] =
    &[SUBMIT_ROUTE, STATUS, ASSOCIATE, DISSOCIATE, SERVICE_STATUS, REQUEUE, RETAIL_POINT];

/// The router of the vendor.
pub fn router(modulkassa: Arc<Modulkassa>) -> Router {
    Router::new()
        .route("/api/fn/v1/associate/{point}", post(associate).delete(dissociate_point))
        .route("/api/fn/v1/associate", delete(dissociate))
        .route("/api/fn/v1/status", get(service_status))
        .route("/api/fn/v1/doc", post(submit_document))
        .route("/api/fn/v2/doc", post(submit_document))
        .route("/api/fn/v1/doc/{id}/status", get(document_status))
        .route("/api/fn/v1/doc/{id}/re-queue", put(requeue_document))
        .route("/api/v1/retail-point/{point}", get(retail_point))
        .route("/api/v1/retail-points", get(retail_points))
        .method_not_allowed_fallback(wrong_method)
        .route("/api/fn/{*unknown}", any(unknown_route))
        .with_state(modulkassa)
}

#[derive(Deserialize)]
struct Application {
    #[serde(rename = "clientId")]
    client_id: Option<String>,
}

async fn associate(asked: Asked, Path(id): Path<String>, Query(application): Query<Application>) -> Answer {
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

async fn dissociate(asked: Asked) -> Answer {
    remove_association(asked, None).await
}

async fn dissociate_point(asked: Asked, Path(id): Path<String>) -> Answer {
    remove_association(asked, Some(id)).await
}

async fn remove_association(asked: Asked, id: Option<String>) -> Answer {
    let work = async {
        let mut accounts = asked.modulkassa.accounts.write();
        let (Some(point), Some(who)) = (accounts.associated(asked.who.as_ref()), &asked.who) else {
            return asked.unauthorized();
        };
        if id.as_ref().is_some_and(|id| !id.eq_ignore_ascii_case(&point.id.to_string())) {
            return asked.no_point(NoPoint::Forbidden);
        }
        accounts.dissociate(&who.login);
        Answer::empty(StatusCode::OK)
    };
    asked.serve(DISSOCIATE, id.clone().into_iter().collect(), work).await
}

async fn service_status(asked: Asked) -> Answer {
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

async fn retail_point(asked: Asked, Path(id): Path<String>) -> Answer {
    let work = async {
        match asked.modulkassa.accounts.read().point_of(asked.who.as_ref(), &id) {
            Ok(point) => shown(&point.told()),
            Err(reason) => asked.no_point(reason),
        }
    };
    asked.serve(RETAIL_POINT, vec![id.clone()], work).await
}

async fn retail_points(asked: Asked) -> Answer {
    let work = async {
        match asked.modulkassa.accounts.read().points_of(asked.who.as_ref()) {
            Some(points) => shown(&points.iter().map(|point| point.told()).collect()),
            None => asked.unauthorized(),
        }
    };
    asked.serve(RETAIL_POINT, Vec::new(), work).await
}

async fn unknown_route(asked: Asked) -> Answer {
    asked.refusal.says(StatusCode::NOT_FOUND, "No such path")
}

async fn wrong_method(asked: Asked) -> Answer {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    asked.refusal.says(status, "Request method is not supported")
}
