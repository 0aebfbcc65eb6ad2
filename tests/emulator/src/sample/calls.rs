//! The HTTP calls of the sample (protocol/sample.md 1, 4).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::document::Document;
use super::{BASE_PATH, NAME, Sample};
use crate::answers::Answer;
use crate::faults::{Call, SUBMIT_ROUTE};

const JSON: &str = "application/json";
const STATUS: &str = "status";
const HEALTH: &str = "health";

/// The route words for fault rules.
pub const ROUTES: &[&str] = &[SUBMIT_ROUTE, STATUS, HEALTH];

/// The router of the vendor.
pub fn router(sample: Arc<Sample>) -> Router {
    Router::new()
        .route(&format!("{BASE_PATH}/documents"), post(submit))
        .route(&format!("{BASE_PATH}/documents/{{id}}"), get(status))
        .route(&format!("{BASE_PATH}/health"), get(health))
        .with_state(sample)
}

async fn submit(State(sample): State<Arc<Sample>>, headers: HeaderMap, body: Bytes) -> Answer {
    let read = Document::read(&body);
    let keys = read.iter().map(|document| document.id.to_string()).collect();
    let work = |sample: &Sample| match &read {
        Ok(document) => shown(&sample.take(document)),
        Err(why) => says(StatusCode::BAD_REQUEST, "bad_document", why),
    };
    serve(&sample, &headers, SUBMIT_ROUTE, keys, work).await
}

async fn status(State(sample): State<Arc<Sample>>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let work = |sample: &Sample| sample.find(&id).map_or_else(|| refused(404), |status| shown(&status));
    serve(&sample, &headers, STATUS, vec![id.clone()], work).await
}

async fn health(State(sample): State<Arc<Sample>>, headers: HeaderMap) -> Answer {
    let work = |_: &Sample| shown(&json!({"ready": true, "message": "ready"}));
    serve(&sample, &headers, HEALTH, Vec::new(), work).await
}

/// Does the call, where the credentials are right, with the scripted faults around it.
async fn serve(
    sample: &Sample,
    headers: &HeaderMap,
    route: &str,
    keys: Vec<String>,
    work: impl FnOnce(&Sample) -> Answer,
) -> Answer {
    let work = async { if is_ours(sample, headers) { work(sample) } else { refused(401) } };
    sample.frame.serve(Call { vendor: NAME, route, keys }, refused, work).await
}

fn shown(body: &Value) -> Answer {
    Answer::new(StatusCode::OK, JSON, body.to_string())
}

fn is_ours(sample: &Sample, headers: &HeaderMap) -> bool {
    let wanted = format!("Basic {}", STANDARD.encode(format!("{}:{}", super::USER, sample.password())));
    headers.get(header::AUTHORIZATION).is_some_and(|sent| sent.as_bytes() == wanted.as_bytes())
}

/// The vendor's own answer for a status; from 500 on it has none (protocol/sample.md 4).
fn refused(status: u16) -> Answer {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    match status {
        400 => says(code, "bad_document", "refused"),
        401 => says(code, "bad_credentials", "unknown user or wrong password"),
        404 => says(code, "unknown_document", "no document has this id"),
        429 => says(code, "slow_down", "too many calls"),
        _ => Answer::new(code, "text/html", format!("<html><h1>{code}</h1></html>")),
    }
}

fn says(status: StatusCode, error: &str, message: &str) -> Answer {
    Answer::new(status, JSON, json!({ "error": error, "message": message }).to_string())
}
