//! Counters of one client. They hold names, numbers and times; nothing of a receipt.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Calls of one operation.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct OperationMetrics {
    /// How often it was called.
    pub calls: u64,
    /// How often each kind of error came of it.
    pub errors: BTreeMap<String, u64>,
    /// Milliseconds in all calls together.
    pub total_ms: u64,
    /// Milliseconds of the longest call.
    pub longest_ms: u64,
}

/// Counters of one client.
#[derive(Default)]
pub(crate) struct Counters(Mutex<BTreeMap<&'static str, OperationMetrics>>);

impl Counters {
    pub(crate) fn count(&self, operation: &'static str, took: Duration, error: Option<&Error>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = all.entry(operation).or_default();
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        one.calls += 1;
        one.total_ms = one.total_ms.saturating_add(ms);
        one.longest_ms = one.longest_ms.max(ms);
        if let Some(error) = error {
            let kind = serde_json::to_string(&error.kind()).unwrap_or_default();
            *one.errors.entry(kind.trim_matches('"').into()).or_default() += 1;
        }
    }

    pub(crate) fn read(&self) -> BTreeMap<String, OperationMetrics> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(name, one)| ((*name).into(), one.clone())).collect()
    }
}
