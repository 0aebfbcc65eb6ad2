//! The HTTP calls of ATOL Online (protocol/atol.md 1.1, 2.3, 2.4, 2.11).

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::Atol;
use super::asked::Asked;
use super::auth::{monitoring_token, token};
use super::errors::{BAD_REQUEST, ServiceError};
use super::monitoring::{kkt, kkts};
use super::report::report;
use super::submit::submit;
use crate::answers::Answer;
use crate::faults::{CALLBACK_ROUTE, SUBMIT_ROUTE};

/// The route word of the calls that give a token.
pub const TOKEN: &str = "token";
/// The route word of the call that tells how a document is.
pub const REPORT: &str = "report";
/// The route word of the call that lists registers.
pub const KKTS: &str = "kkts";
/// The route word of the call that tells of one register.
pub const KKT: &str = "kkt";

/// The route words for fault rules.
pub const ROUTES: &[&str] = &[TOKEN, SUBMIT_ROUTE, REPORT, CALLBACK_ROUTE, KKTS, KKT];

/// What the paths of the vendor begin with.
pub const PREFIXES: &[&str] = &["/possystem/", "/api/auth/v1/", "/api/kkt/v1/"];

/// The router of the vendor.
pub fn router(atol: Arc<Atol>) -> Router {
    Router::new()
        .route("/possystem/{version}/getToken", get(token).post(token))
        .route("/possystem/{version}/{group}/{operation}", post(submit))
        .route("/possystem/{version}/{group}/report/{uuid}", get(report))
        .route("/api/auth/v1/gettoken", get(monitoring_token).post(monitoring_token))
        .route("/api/kkt/v1/cash-registers", get(kkts))
        .route("/api/kkt/v1/cash-registers/{serial}", get(kkt))
        .method_not_allowed_fallback(wrong_method)
        .with_state(atol)
}

/// No source has the answer: error 40 with the usual status.
async fn wrong_method(asked: Asked) -> Answer {
    asked.refused(&ServiceError { http: 405, ..BAD_REQUEST })
}

/// 404 with error 40, for a version that there is not.
pub fn not_found(asked: &Asked) -> Answer {
    asked.refused(&ServiceError { http: 404, ..BAD_REQUEST })
}
