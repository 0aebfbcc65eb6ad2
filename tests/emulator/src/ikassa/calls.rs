//! The HTTP calls of iKassa (protocol/ikassa.md 2.2): three hosts on one port
//! (protocol/ikassa.md 6.1).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};

use super::asked::Asked;
use super::kinds::MADE_BY_CLIENTS;
use super::oauth::{device_code, token};
use super::page::render;
use super::{Ikassa, document_calls, shift_calls};
use crate::faults::TOKEN_ROUTE;

/// The route word of the call for a device code.
pub const DEVICE_CODE: &str = "device_code";
/// The route word of the call that tells whether a register is bound.
pub const CASHBOX: &str = "cashbox";
/// The route word of the call that tells of the shift.
pub const SHIFT: &str = "shift";
/// The route word of the call for a document by its uid.
pub const DOCUMENT: &str = "document";
/// The route word of receipt pages.
pub const RENDER: &str = "render";

/// The route words for fault rules.
pub const ROUTES: &[&str] = &[
    DEVICE_CODE,
    TOKEN_ROUTE,
    CASHBOX,
    SHIFT,
    "open_shift",
    "close_shift",
    "sale",
    "refund",
    "deposit",
    "withdraw",
    "card_withdraw",
    "rollback",
    DOCUMENT,
    RENDER,
];

/// The router of the vendor.
pub fn router(ikassa: Arc<Ikassa>) -> Router {
    let fixed = Router::new()
        .route("/oauth/device/code", post(device_code))
        .route("/oauth/token", post(token))
        .route("/api/workstations.cashbox", get(shift_calls::cashbox))
        .route("/api/workstations.shift", get(shift_calls::shift))
        .route("/api/workstations.shift.open", post(shift_calls::open))
        .route("/api/workstations.shift.close", post(shift_calls::close))
        .route("/api/workstations.docs.get", get(document_calls::get))
        .route("/render/{uid}", get(render));
    let documents = MADE_BY_CLIENTS.iter().fold(fixed, |router, kind| {
        let make = move |asked: Asked, body: Bytes| document_calls::make(asked, kind, body);
        router.route(&format!("/api/workstations.doc.{}", kind.word), post(make))
    });
    documents.with_state(ikassa)
}
