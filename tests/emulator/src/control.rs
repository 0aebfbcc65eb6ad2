//! The control API under `/_emulator/`: what a test sees and changes from outside.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Emulator;
use crate::answers::Answer;
use crate::clock::rfc3339;
use crate::faults::Fault;
use crate::frame::Refused;

const JSON: &str = "application/json";
const PREFIX: &str = "/_emulator/";

type Outcome = Result<Answer, Refused>;

/// Whether a path belongs to the control API (and is therefore not recorded).
pub fn is_control(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// The control API of an emulator.
pub fn router(emulator: Arc<Emulator>) -> Router {
    Router::new()
        .route("/_emulator/ledger", get(ledger))
        .route("/_emulator/requests", get(requests))
        .route("/_emulator/documents", get(documents))
        .route("/_emulator/faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/_emulator/switches", get(switches).post(set_switches))
        .route("/_emulator/clock", get(clock).post(move_clock))
        .route("/_emulator/seed", post(seed))
        .route("/_emulator/devices/{register}/{action}", post(operate))
        .route("/_emulator/reset", post(reset))
        .route("/_emulator/describe", get(describe))
        .with_state(emulator)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_s: i64,
}

#[derive(Deserialize)]
struct ForVendor {
    vendor: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

async fn ledger(State(emulator): State<Arc<Emulator>>) -> Answer {
    shown(&emulator.ledger())
}

async fn requests(State(emulator): State<Arc<Emulator>>) -> Answer {
    let received = emulator.requests();
    let plain: Vec<_> = received.iter().map(AsRef::as_ref).collect();
    shown(&plain)
}

async fn documents(State(emulator): State<Arc<Emulator>>) -> Answer {
    shown(&emulator.documents())
}

async fn describe(State(emulator): State<Arc<Emulator>>) -> Answer {
    shown(&emulator.description())
}

async fn faults(State(emulator): State<Arc<Emulator>>) -> Answer {
    active_faults(&emulator)
}

async fn add_faults(State(emulator): State<Arc<Emulator>>, body: Bytes) -> Answer {
    carried_out(|| {
        let rules: Vec<Fault> = match read::<Value>(&body)? {
            Value::Array(rules) => read_value(Value::Array(rules))?,
            rule => vec![read_value(rule)?],
        };
        emulator.add_faults(rules)?;
        Ok(active_faults(&emulator))
    })
}

async fn clear_faults(State(emulator): State<Arc<Emulator>>) -> Answer {
    emulator.clear_faults();
    active_faults(&emulator)
}

async fn switches(State(emulator): State<Arc<Emulator>>) -> Answer {
    shown(&emulator.switches())
}

async fn set_switches(State(emulator): State<Arc<Emulator>>, body: Bytes) -> Answer {
    carried_out(|| {
        let ForVendor { vendor, rest } = read(&body)?;
        emulator.set_switches(&vendor, &rest)?;
        Ok(shown(&emulator.switches()))
    })
}

async fn clock(State(emulator): State<Arc<Emulator>>) -> Answer {
    shown(&json!({ "now": rfc3339(emulator.now()) }))
}

async fn move_clock(State(emulator): State<Arc<Emulator>>, body: Bytes) -> Answer {
    carried_out(|| {
        let Advance { advance_s } = read(&body)?;
        emulator.advance_s(advance_s);
        Ok(shown(&json!({ "now": rfc3339(emulator.now()) })))
    })
}

async fn seed(State(emulator): State<Arc<Emulator>>, body: Bytes) -> Answer {
    carried_out(|| {
        let ForVendor { vendor, rest } = read(&body)?;
        Ok(shown(&emulator.seed(&vendor, Value::Object(rest))?))
    })
}

async fn operate(
    State(emulator): State<Arc<Emulator>>,
    Path((register, action)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    carried_out(|| {
        let what = if body.is_empty() { Value::Null } else { read(&body)? };
        Ok(shown(&emulator.operate(&register, &action, what)?))
    })
}

async fn reset(State(emulator): State<Arc<Emulator>>) -> Answer {
    emulator.reset();
    shown(&emulator.description())
}

fn active_faults(emulator: &Emulator) -> Answer {
    shown(&json!({ "faults": emulator.faults() }))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(Refused::new)
}

fn read_value<T: DeserializeOwned>(value: Value) -> Result<T, Refused> {
    serde_json::from_value(value).map_err(Refused::new)
}

fn carried_out(work: impl FnOnce() -> Outcome) -> Answer {
    work().unwrap_or_else(|refused| said(StatusCode::BAD_REQUEST, &json!({ "error": refused.to_string() })))
}

fn shown(what: &impl Serialize) -> Answer {
    said(StatusCode::OK, what)
}

fn said(status: StatusCode, what: &impl Serialize) -> Answer {
    match serde_json::to_vec(what) {
        Ok(body) => Answer::new(status, JSON, body),
        Err(error) => Answer::new(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
    }
}
