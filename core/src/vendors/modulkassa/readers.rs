//! Readers of Modulkassa's answers (feature `testing`).

use super::api;
use super::config::NAME;
use super::operations::retail_points;
use crate::vendor::reading::{Reader, Said};

/// The rows.
pub const READERS: &[Reader] = &[
    Reader {
        vendor: NAME,
        name: "submit",
        read: |answer| api::submitted(answer).map_or(Said::only("known"), |told| told.finding.into()),
    },
    Reader { vendor: NAME, name: "look_up", read: |answer| api::looked_up(answer).finding.into() },
    Reader { vendor: NAME, name: "requeue", read: |answer| api::put_back(answer).finding.into() },
    Reader { vendor: NAME, name: "status", read: |answer| api::document_status(answer, "order-1").into() },
    Reader { vendor: NAME, name: "service_status", read: |answer| api::service_status(answer).into() },
    Reader { vendor: NAME, name: "association", read: |answer| api::associated(answer).into() },
    Reader { vendor: NAME, name: "retail_point", read: |answer| retail_points(answer, true).into() },
    Reader { vendor: NAME, name: "retail_points", read: |answer| retail_points(answer, false).into() },
];
